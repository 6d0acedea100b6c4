"""Reading the tokenizer of a checkpoint, from its tokenizer.json or from a SentencePiece model alone."""

from __future__ import annotations

import logging
from typing import Any

import torch
from sentencepiece import SentencePieceProcessor
from tokenizers.processors import TemplateProcessing
from transformers import AutoModel, AutoTokenizer, PretrainedConfig, PreTrainedTokenizerBase
from transformers.utils.hub import cached_file

from xtl.base.errors import UserError

SENTENCEPIECE = ("sentencepiece.bpe.model", "spiece.model", "sentencepiece.model", "spm.model", "tokenizer.model")
# transformers knows no tokenizer of these types of its own: model type -> the type whose SentencePiece models it reads.
RELATIVES = {"xlm-roberta-xl": "xlm-roberta", "umt5": "t5", "nystromformer": "albert", "yoso": "albert"}
PROBE = "the cats are running"
POSITION_TABLES = {"position_embeddings", "embed_positions", "char_position_embeddings", "wpe"}


def read_tokenizer(place: str, config: PretrainedConfig, revision: str | None = None) -> PreTrainedTokenizerBase:
    """The tokenizer of a checkpoint, with a token for padding and the encoder's longest input.

    place: a folder or a Hub id. Raises UserError where it cannot be what the encoder was trained with.
    """
    options: dict[str, Any] = {"revision": revision, "trust_remote_code": False}
    model = None
    if not _file(place, "tokenizer.json", revision):
        model = next(filter(None, (_file(place, name, revision) for name in SENTENCEPIECE)), None)
    if model and config.model_type in RELATIVES:
        options["tokenizer_type"] = RELATIVES[config.model_type]
    try:
        tokenizer = AutoTokenizer.from_pretrained(place, **options)
    except (ImportError, TypeError) as error:  # a package or a file that a tokenizer in Python needs
        reason = str(error).strip().split("\n")[0]
        raise UserError(f"encoder '{place}': its tokenizer cannot be read ({reason}); give a tokenizer.json.") from None
    if not tokenizer.is_fast:  # it warns at every pair of texts that it cuts
        logging.getLogger("transformers.tokenization_python").setLevel(logging.ERROR)
    if model and tokenizer.is_fast:
        _check_pieces(place, tokenizer, model)
        _add_frame(tokenizer)
    known = getattr(config, "vocab_size", None) or len(tokenizer)
    highest = max(tokenizer(PROBE)["input_ids"], default=0)
    if highest >= known:
        raise UserError(
            f"encoder '{place}': its tokenizer writes {tokenizer.convert_ids_to_tokens(highest)} as number {highest} "
            f"where the encoder has {known} embeddings; give the tokenizer that belongs to it."
        )
    if tokenizer.pad_token is None or tokenizer.pad_token_id >= known:  # any will do: padding is hidden
        tokenizer.pad_token = tokenizer.convert_ids_to_tokens(tokenizer(PROBE)["input_ids"][-1])
    longest = longest_input(config)
    if longest:
        tokenizer.model_max_length = min(tokenizer.model_max_length, longest)
    return tokenizer


def _file(place: str, name: str, revision: str | None) -> str | None:
    """Where a file of a checkpoint lies here; None if it has none of the name."""
    return cached_file(
        place,
        name,
        revision=revision,
        _raise_exceptions_for_missing_entries=False,
        _raise_exceptions_for_connection_errors=False,
    )


def _check_pieces(place: str, tokenizer: PreTrainedTokenizerBase, model: str) -> None:
    """Raise UserError where transformers makes other pieces of a text than SentencePiece itself does."""
    expected = SentencePieceProcessor(model_file=model).encode(PROBE, out_type=str)
    read = tokenizer.convert_ids_to_tokens(tokenizer(PROBE, add_special_tokens=False)["input_ids"])
    if read != expected:
        raise UserError(
            f"encoder '{place}': transformers reads its SentencePiece model as {' '.join(read)[:50]}, SentencePiece "
            f"itself as {' '.join(expected)[:50]}; give the checkpoint a tokenizer.json."
        )


def _add_frame(tokenizer: PreTrainedTokenizerBase) -> None:
    """Let a tokenizer write the classification token and the separators that it has, where it writes neither."""
    cls = tokenizer.cls_token
    sep = tokenizer.sep_token
    plain = tokenizer(PROBE, add_special_tokens=False)["input_ids"]
    if not cls or not sep or tokenizer(PROBE)["input_ids"] != plain:
        return
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single=f"{cls}:0 $A:0 {sep}:0",
        pair=f"{cls}:0 $A:0 {sep}:0 $B:1 {sep}:1",
        special_tokens=[(cls, tokenizer.cls_token_id), (sep, tokenizer.sep_token_id)],
    )


def longest_input(config: PretrainedConfig) -> int | None:
    """The most tokens that an encoder reads at once; None for one whose positions are relative, which has no limit.

    Learned positions are rows of a table. A table with a row for padding (RoBERTa's kind) counts positions from the
    row behind it. Rotary positions are read as far as the configuration says, for which the encoder was trained.
    """
    limits = []
    stated = getattr(config, "max_position_embeddings", None) or 0
    try:
        with torch.device("meta"):
            model = AutoModel.from_config(config)
    except (ValueError, TypeError):  # a type that AutoModel does not know, or an incomplete configuration
        return stated if stated > 0 else None
    for name, module in model.named_modules():
        if POSITION_TABLES & {*name.split(".")[-2:]} and hasattr(module, "weight"):
            padding = getattr(module, "padding_idx", None)
            limits.append(len(module.weight) - (0 if padding is None else padding + 1))
    if stated > 0 and (limits or getattr(config, "rope_parameters", None)):
        limits.append(stated)
    return min(limits, default=None)
