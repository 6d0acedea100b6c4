"""How much text of each language an encoder was pretrained on, with the source of every figure."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import yaml

from xtl.languages import names as languages

TABLE = Path(__file__).with_name("corpus_sizes.yaml")
GIB = {"GiB": 1.0, "bytes": 2.0**-30}


class Corpus(NamedTuple):
    """Where the sizes of an encoder's pretraining text come from, and the unit that they are given in."""

    name: str
    unit: str
    source: str
    note: str = ""


def corpus(data: dict, checkpoint: str | None = None) -> Corpus | None:
    """The corpus whose sizes `log_sizes` gives, for a caption; None where it knows none."""
    if checkpoint is None:
        made = Corpus("laboratory", "sentences", "the laboratory's settings")
        return made if data["kind"] == "lab" else None
    entry = _entry(data, checkpoint)
    return entry and Corpus(entry["corpus"], "GiB", entry["source"], entry["note"])


def log_sizes(data: dict, checkpoint: str | None = None) -> pd.Series:
    """Language code -> log10 of the size of its pretraining text; NaN where it is not known.

    A checkpoint's sizes are in GiB of text, from corpus_sizes.yaml, and NaN everywhere for one that is not in it, a
    folder for instance. Without a checkpoint the encoder is one that was pretrained here: on the laboratory's corpora,
    counted in sentences; on plain text of the Hub, for which nothing is tabled (NaN). Bytes of different scripts are
    not the same amount of language (a Latin letter is one byte in UTF-8, one of Devanagari or Thai three).
    """
    sizes, factor = {}, 1.0
    if checkpoint is None and data["kind"] == "lab":
        sizes = languages.corpus_sentences(data)
    elif checkpoint is not None and (entry := _entry(data, checkpoint)):
        sizes, factor = entry["sizes"], GIB[entry["unit"]]
    codes = list(languages.names(data))
    values = pd.Series([sizes.get(code, np.nan) for code in codes], index=codes, dtype=float, name="log_size")
    return np.log10(values * factor)


def _entry(data: dict, checkpoint: str) -> dict | None:
    """A checkpoint's entry; none for the laboratory, whose English is not the English of a public corpus."""
    return None if data["kind"] == "lab" else _entries().get(checkpoint)


@cache
def _entries() -> dict[str, dict]:
    """Checkpoint -> its entry in corpus_sizes.yaml."""
    entries = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return {checkpoint: entry for entry in entries for checkpoint in entry["checkpoints"]}
