"""Encoders of others: loading them and their tokenizers, with one readable sentence where that fails."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import torch
from safetensors import SafetensorError
from torch import nn
from transformers import AutoConfig, AutoModel, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging

from xtl.base.errors import UserError
from xtl.models.checkpoints import mirrored
from xtl.models.tokenizers import read_tokenizer

M = TypeVar("M", bound=nn.Module)


def load_tokenizer(checkpoint: str | Path, revision: str | None = None) -> PreTrainedTokenizerBase:
    """The tokenizer of a checkpoint, quiet about long inputs (tasks cut or split them themselves)."""
    folder_or_id = mirrored(str(checkpoint))
    with loading(checkpoint):
        config = AutoConfig.from_pretrained(folder_or_id, revision=revision, trust_remote_code=False)
        tokenizer = read_tokenizer(folder_or_id, config, revision)
    tokenizer.deprecation_warnings["sequence-length-is-longer-than-the-specified-maximum"] = True
    return tokenizer


def load_encoder(checkpoint: str | Path, revision: str | None = None) -> PreTrainedModel:
    """The bare encoder of a checkpoint, in evaluation mode and float32."""
    folder_or_id = mirrored(str(checkpoint))
    with loading(checkpoint):
        config = AutoConfig.from_pretrained(folder_or_id, revision=revision, trust_remote_code=False)
        encoder = AutoModel.from_pretrained(
            folder_or_id, config=config, revision=revision, dtype=torch.float32, weights_only=True
        )
    return encoder.eval()


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
