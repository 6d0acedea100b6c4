"""How much text of each language an encoder was pretrained on, with the source of every figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

TABLE = Path(__file__).with_name("corpus_sizes.yaml")
GIB = {"GiB": 1.0, "bytes": 2.0**-30}


@dataclass(frozen=True)
class Corpus:
    """The pretraining text of an encoder.

    sizes: language code -> its size in the unit; a language that is not there has no known size.
    """

    name: str
    unit: str
    source: str
    sizes: Mapping[str, float]
    note: str = ""


def published(checkpoint: str) -> Corpus | None:
    """The corpus of a checkpoint in GiB of text, from corpus_sizes.yaml; None for one that is not in it, as a folder.

    Bytes of different scripts are not the same amount of language (a Latin letter is one byte in UTF-8, one of
    Devanagari or Thai three).

    >>> published("xlm-roberta-base").sizes["en"]
    300.8
    """
    return _published().get(checkpoint)


@cache
def _published() -> dict[str, Corpus]:
    corpora = {}
    for entry in yaml.safe_load(TABLE.read_text(encoding="utf-8")):
        factor = GIB[entry["unit"]]
        sizes = {code: size * factor for code, size in entry["sizes"].items()}
        corpus = Corpus(entry["corpus"], "GiB", entry["source"], sizes, entry["note"])
        for checkpoint in entry["checkpoints"]:
            corpora[checkpoint] = corpus
    return corpora
