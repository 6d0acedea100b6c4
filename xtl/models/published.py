"""Architecture and size of encoders that many people use, for a plan that cannot ask the Hub for them."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import yaml

TABLE = Path(__file__).with_name("published.yaml")


@dataclass(frozen=True)
class PublishedEncoder:
    """What the configuration of an encoder says.

    Attributes:
        architecture: its `model_type`. layers, hidden, inner: of the transformer. pieces: of the vocabulary.
    """

    architecture: str
    layers: int
    hidden: int
    inner: int
    pieces: int


@functools.cache
def published() -> dict[str, PublishedEncoder]:
    """Hub id -> encoder.

    >>> published()["FacebookAI/xlm-roberta-large"].layers
    24
    """
    return {name: PublishedEncoder(*row) for name, row in yaml.safe_load(TABLE.read_text("utf-8")).items()}
