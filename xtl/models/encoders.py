"""Encoders of others: loading them and their tokenizers, with one readable sentence where that fails."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError
from torch import nn
from transformers import AutoConfig, AutoModel, PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging

from xtl.base.errors import UserError
from xtl.models.checkpoints import mirrored
from xtl.models.tokenizers import read_tokenizer

M = TypeVar("M", bound=nn.Module)
INPUTS = ("input_ids", "attention_mask", "token_type_ids")  # what an encoder may read of a text


def load_tokenizer(checkpoint: str | Path, revision: str | None = None) -> PreTrainedTokenizerBase:
    """The tokenizer of a checkpoint, quiet about long inputs (tasks cut or split them themselves)."""
    folder_or_id = mirrored(str(checkpoint))
    with loading(checkpoint):
        config = AutoConfig.from_pretrained(folder_or_id, revision=revision, trust_remote_code=False)
        inputs = inputs_of(config)
        tokenizer = read_tokenizer(folder_or_id, config, revision)
    tokenizer.model_input_names = inputs
    tokenizer.deprecation_warnings["sequence-length-is-longer-than-the-specified-maximum"] = True
    return tokenizer


def load_config(checkpoint: str | Path, revision: str | None = None, **changes: Any) -> PretrainedConfig:
    """The configuration of a checkpoint with some keys changed.

    An encoder with modules for several languages that names none as its default (X-MOD) reads all by its English ones.
    """
    place = mirrored(str(checkpoint))
    with loading(checkpoint):
        config = AutoConfig.from_pretrained(place, revision=revision, trust_remote_code=False, **changes)
    config.architectures = config.architectures or []  # transformers asks it, where one kind has two bare models
    languages = list(getattr(config, "languages", None) or ())
    if languages and getattr(config, "default_language", "") is None:
        english = [name for name in languages if name.startswith("en")]
        config.default_language = (english or languages)[0]
    return config


def load_model(
    auto_class: Any,
    checkpoint: str | Path,
    config: PretrainedConfig,
    revision: str | None = None,
    device: str = "cpu",
) -> tuple[Any, set[str]]:
    """A model with a checkpoint's weights in float32, and the names of its weights that the checkpoint does not have.

    Those are drawn, a head's for instance. On the device "meta" only names and shapes of the weights are read. Raises
    UserError where the encoder's own weights are absent or of another shape; only its pooler may be.
    """
    place = mirrored(str(checkpoint))
    inputs_of(config)
    with loading(checkpoint):
        model, report = auto_class.from_pretrained(
            place,
            config=config,
            revision=revision,
            dtype=torch.float32,
            weights_only=True,
            device_map=None if device == "cpu" else device,
            ignore_mismatched_sizes=True,
            output_loading_info=True,
        )
    misshapen = {name: shapes for name, *shapes in report["mismatched_keys"]}
    absent = {*report["missing_keys"], *misshapen}
    own = own_weights(model)
    lacking = [name for name in own if name in absent]
    if lacking and not misshapen.keys() & own:
        raise UserError(
            f"encoder '{checkpoint}': its weights lack {len(lacking)} of the encoder's {len(own)} ({lacking[0][:80]}, "
            "say); give a checkpoint that holds the encoder, named as its config.json says."
        )
    if lacking:
        name = next(name for name in own if name in misshapen)
        given, needed = (tuple(shape) for shape in misshapen[name])
        raise UserError(
            f"encoder '{checkpoint}': weight {name[:80]} has the shape {given} where config.json asks for {needed}; "
            "give the configuration that belongs to the weights."
        )
    return model, absent


def own_weights(model: PreTrainedModel) -> dict[str, nn.Parameter]:
    """The weights that a model's encoder computes hidden states with: no head, no decoder, no pooler."""
    base: Any = model.base_model
    encoder = {id(weight) for weight in text_encoder(base).parameters()}
    weights = {}
    for name, weight in model.named_parameters():
        if id(weight) in encoder and "pooler" not in name.split("."):
            weights[name] = weight
    return weights


def text_encoder(model: PreTrainedModel) -> PreTrainedModel:
    """What makes hidden states of a text: the model itself, of an encoder with a decoder the encoder alone."""
    return model.get_encoder() if model.config.is_encoder_decoder else model


def load_encoder(checkpoint: str | Path, revision: str | None = None) -> PreTrainedModel:
    """The bare encoder of a checkpoint, in evaluation mode and float32."""
    model, _ = load_model(AutoModel, checkpoint, load_config(checkpoint, revision), revision)
    return text_encoder(model).eval()


def inputs_of(config: PretrainedConfig) -> list[str]:
    """Which of INPUTS an encoder reads; segment ids only where it knows more than one segment.

    Raises UserError for what reads no text.
    """
    if type(config) not in AutoModel._model_mapping:
        raise UserError(
            f"the model type '{config.model_type}' is no encoder that transformers knows; take another one."
        )
    model_class: Any = AutoModel._model_mapping[type(config)]
    model_class = model_class[0] if isinstance(model_class, tuple) else model_class
    read = inspect.signature(model_class.forward).parameters
    if "input_ids" not in read:
        inputs = " and ".join(name for name in list(read)[1:3])
        raise UserError(f"the model type '{config.model_type}' reads {inputs}, no tokens of a text; take another one.")
    if hasattr(config, "type_vocab_sizes"):
        raise UserError(
            f"the model type '{config.model_type}' reads tables, with the row and the column of every token, no plain "
            "text; take another one."
        )
    segments = getattr(config, "type_vocab_size", None)
    one_segment = segments is not None and segments < 2
    return [name for name in INPUTS if name in read and not (name == "token_type_ids" and one_segment)]


@contextmanager
def loading(checkpoint: str | Path) -> Iterator[None]:
    """Hold back what transformers prints while a checkpoint is loaded, and raise UserError where it cannot be.

    Its report of head weights that find no place is the intention here.
    """
    level = logging.get_verbosity()
    had_bars = logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    except (OSError, ValueError, KeyError, SafetensorError) as error:  # custom code is refused as a ValueError
        lines = str(error).strip().splitlines()
        reason = lines[0] if lines else type(error).__name__
        raise UserError(f"encoder '{checkpoint}': it cannot be loaded ({reason}); give a folder or a Hub id.") from None
    except pickle.UnpicklingError:
        raise UserError(
            f"encoder '{checkpoint}': it cannot be loaded: its PyTorch file holds more than weights, which may be "
            "harmful code; take a checkpoint in safetensors."
        ) from None
    finally:
        logging.set_verbosity(level)
        if had_bars:
            logging.enable_progress_bar()


def on_device(model: M) -> M:
    """The model on the GPU, where there is one."""
    return model.to("cuda" if torch.cuda.is_available() else "cpu")


def depth_of(model: PreTrainedModel) -> int:
    """The number of an encoder's layers, the embeddings not counted."""
    return model.config.num_hidden_layers
