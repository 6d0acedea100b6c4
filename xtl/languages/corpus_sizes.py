"""How much text of each language an encoder was pretrained on, with the source of every figure in corpus_sizes.yaml."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

TABLE = Path(__file__).with_name("corpus_sizes.yaml")
GIB = {"GiB": 1.0, "bytes": 2.0**-30}


def published(checkpoint: str) -> dict[str, float]:
    """Language code -> GiB of text that a checkpoint was pretrained on; empty for one that is not tabled, as a folder.

    Bytes of different scripts are not the same amount of language (a Latin letter is one byte in UTF-8, one of
    Devanagari or Thai three).

    >>> published("xlm-roberta-base")["en"]
    300.8
    """
    return _published().get(checkpoint, {})


@cache
def _published() -> dict[str, dict[str, float]]:
    sizes = {}
    for entry in yaml.safe_load(TABLE.read_text(encoding="utf-8")):
        for checkpoint in entry["checkpoints"]:
            sizes[checkpoint] = {code: size * GIB[entry["unit"]] for code, size in entry["sizes"].items()}
    return sizes
