"""Trying what an encoder can do: a small random one of its configuration takes a step of training under every head."""

from __future__ import annotations

import copy
from typing import Any

import torch
from transformers import AutoModel, PretrainedConfig, PreTrainedTokenizerBase
from transformers.initialization import no_init_weights

from xtl.base.errors import UserError
from xtl.models.checkpoints import is_folder, mirrored
from xtl.models.encoders import load_config, load_model, load_tokenizer, loading, text_encoder
from xtl.models.poolings import pooling_of
from xtl.tasks.catalog import TASKS
from xtl.tasks.formats import heads, trained_format
from xtl.tasks.formats.capabilities import Capability
from xtl.tasks.formats.format import HeadFormat
from xtl.tasks.formats.mlm import objective_of

LAYERS = 2  # of the small encoder
LENGTH = 67  # tokens of a trial: an odd number above 64, the usual chunk of encoders that read in chunks
ORDINARY = 10  # tokens of the small encoder that are not special
NOISE = 65_521  # weights, a prime number: rows of matrices are not alike
ENDLESS = 10**6  # tokens: the tokenizer names no limit
# A task of every format whose head is tried.
TRIED = {"classification": "mnli", "choice": "hellaswag", "tagging": "udpos", "span": "squad1", "mlm": "mlm"}
Inputs = dict[str, torch.Tensor]


def tried(checkpoint: str, revision: str | None = None) -> Capability:
    """What the encoder of a checkpoint can do, without reading its weights: of a folder names and shapes of them.

    Raises UserError for what is no encoder of texts, and for a folder whose weights are not the encoder's.
    """
    config = load_config(checkpoint, revision)
    tokenizer = load_tokenizer(checkpoint, revision)
    absent: set[str] | None = None
    with loading(checkpoint):
        if is_folder(mirrored(checkpoint)):
            model, absent = load_model(AutoModel, checkpoint, config, revision, device="meta")
        else:
            with torch.device("meta"):
                model = AutoModel.from_config(config)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            trial = _Trial(config, tokenizer)
    encoder = text_encoder(model)
    sizes = {name: weight.numel() for name, weight in encoder.named_parameters()}
    poolers = {name for name in sizes if "pooler" in name.split(".")}
    pooler = "a pooler" if poolers else "no pooler"
    if poolers and absent is not None:
        pooler = "a pooler drawn from the seed" if absent & poolers else "its own pooler"
    weights = sum(sizes.values())
    longest = tokenizer.model_max_length
    return Capability(
        config.model_type,
        trial.heads,
        trial.refusals,
        None if longest > ENDLESS else longest,
        "token_type_ids" in tokenizer.model_input_names,
        config.num_hidden_layers,
        pooler,
        str(trial.pooling),
        trial.padding,
        (weights, model.num_parameters() - weights),
        getattr(config, "default_language", None) or "",
        "" if absent is not None else "its weights are looked at when they are loaded",
    )


class _Trial:
    """What a small random encoder of a configuration does in every format; raises UserError where it reads no texts.

    Attributes:
        heads, refusals, pooling, padding: as in Capability.
        batch: two texts, the shorter one with padding.
    """

    def __init__(self, config: PretrainedConfig, tokenizer: PreTrainedTokenizerBase):
        self.heads: dict[str, str] = {}
        self.refusals: dict[str, str] = {}
        try:
            self.config = _smaller(config)
            self._try_encoder(tokenizer)
        except Exception:  # it may be the smallness
            self.config = copy.deepcopy(config)
            try:
                self._try_encoder(tokenizer)
            except Exception as error:  # whatever a model raises
                kind = f"the model type '{config.model_type}' does not run on plain text"
                raise UserError(f"{kind} ({_first_line(error)}); take another one.") from None
        for name in TRIED:
            if name == "mlm" and tokenizer.mask_token_id is None:
                self.refusals[name] = "its tokenizer has no mask token"
                continue
            try:
                self.heads[name] = self._train(name)
            except UserError as error:
                self.refusals[name] = str(error)
            except Exception as error:
                self.refusals[name] = f"it does not train ({_first_line(error)})"

    def _try_encoder(self, tokenizer: PreTrainedTokenizerBase) -> None:
        """Hidden states of texts, with and without padding."""
        padded = tokenizer.pad(
            _with_few_pieces(self.config, tokenizer), return_attention_mask=True, return_tensors="pt"
        )
        attended = padded["attention_mask"][0].bool()
        self.batch = {name: padded[name] for name in tokenizer.model_input_names}
        heads.complete(self.config, lambda: tokenizer)
        encoder = text_encoder(_drawn(AutoModel, self.config)).eval()
        alone = {name: table[:1, attended] for name, table in self.batch.items()}
        with torch.inference_mode():
            output = encoder(**alone, output_hidden_states=True)
            states = output.last_hidden_state[0]
            first = {name: table[:1] for name, table in self.batch.items()}
            difference = encoder(**first).last_hidden_state[0, attended] - states
        self.padding = float(difference.abs().max() / states.abs().max())
        self.pooling = pooling_of(encoder, tokenizer)
        for name in ("retrieval", "mining"):
            if all(state.shape[:2] == alone["input_ids"].shape for state in output.hidden_states):
                self.heads[name] = ""
            else:
                self.refusals[name] = "some layers have hidden states of other lengths than the text"

    def _train(self, name: str) -> str:
        """A step of training on two texts of different lengths; whose head it has."""
        if name == "mlm":
            objective = objective_of(self.config)
            if objective is None:
                raise UserError("transformers has no model of it that predicts hidden tokens")
            _drawn(objective[1], self.config).train()(**self.batch).logits.mean().backward()
            return "transformers"
        task_format = trained_format(TASKS[TRIED[name]])
        assert isinstance(task_format, HeadFormat)
        config = copy.deepcopy(self.config)
        for key, value in task_format.head_config().items():
            setattr(config, key, value)
        library = heads.library_has(task_format.auto_class, config)
        if library:
            model = _drawn(task_format.auto_class, config)
        else:
            model = heads.OWN_HEADS[task_format.auto_class](_drawn(AutoModel, config), self.pooling)
        batch = dict(self.batch)
        if name == "choice":
            batch = {key: table[None] for key, table in batch.items()}
            batch["labels"] = torch.tensor([1])
        elif name == "span":
            batch |= {"start_positions": torch.tensor([1, 2]), "end_positions": torch.tensor([2, 3])}
        elif name == "tagging":
            batch["labels"] = torch.ones_like(batch["input_ids"])
        else:
            batch["labels"] = torch.tensor([0, 1])
        model.train()(**batch).loss.backward()
        return "transformers" if library else "xtl"


def _drawn(auto_class: Any, config: PretrainedConfig) -> Any:
    """A model whose weights are a little noise, repeated: drawing all of them would take minutes."""
    with no_init_weights():
        model = auto_class.from_config(config)
    noise = torch.randn(NOISE)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.dim() > 1:
                size = weight.numel()
                repeated = noise.repeat(size // NOISE + 1)[:size]
                weight.copy_(repeated.view(weight.shape) / weight.shape[-1] ** 0.5)
            else:
                weight.fill_(0.0 if "bias" in name else 1.0)
    return model


def _smaller(config: PretrainedConfig) -> PretrainedConfig:
    """The configuration with fewer layers, where that is a matter of a few numbers."""
    small = copy.deepcopy(config)
    layers = config.num_hidden_layers
    for name, value in config.to_dict().items():
        if isinstance(value, list) and len(value) == layers > LAYERS and "layer" in name:
            setattr(small, name, value[:LAYERS])  # the kind of each
    for name in ("num_hidden_layers", "num_decoder_layers", "encoder_layers", "decoder_layers"):
        if getattr(config, name, 0) > LAYERS:
            setattr(small, name, LAYERS)
    return small


def _with_few_pieces(config: PretrainedConfig, tokenizer: PreTrainedTokenizerBase) -> list[dict[str, list[int]]]:
    """Two pairs of texts as the tokenizer frames them, the shorter one first; lessens the configuration's vocabulary.

    Special tokens keep their ids; in place of the others stand a few.
    """
    longest = min(LENGTH, tokenizer.model_max_length)
    longest -= 1 - longest % 2
    text = "the cats are running " * longest
    rows = []
    for length in (longest // 2, longest):
        coded = tokenizer(
            text,
            text,
            truncation="longest_first",
            max_length=length,
            return_special_tokens_mask=True,
            return_attention_mask=True,
        )
        rows.append(dict(coded))
    marks = [row.pop("special_tokens_mask") for row in rows]
    named = [value for name, value in config.to_dict().items() if name.endswith("_token_id") and isinstance(value, int)]
    special = [tokenizer.pad_token_id, *named]
    for row, row_marks in zip(rows, marks, strict=True):
        special += [token for token, mark in zip(row["input_ids"], row_marks, strict=True) if mark]
    pieces = max(special) + 1 + ORDINARY
    if pieces < (getattr(config, "vocab_size", None) or 0):
        config.vocab_size = pieces
        for row, row_marks in zip(rows, marks, strict=True):
            for place, mark in enumerate(row_marks):
                if not mark:
                    row["input_ids"][place] = pieces - 1 - place % ORDINARY
    return rows


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:90]
