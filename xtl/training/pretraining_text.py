"""Where pretraining reads: documents of sentences by language, translation pairs, and the shared vocabulary."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from tokenizers import Tokenizer

from xtl.base.files import read_or_make
from xtl.base.places import cache_folder
from xtl.lab.world import made_languages
from xtl.lab.world.config import LabConfig
from xtl.models.vocabularies import train_vocabulary
from xtl.tasks.sources import HubSource, LabSource, from_parameters
from xtl.tasks.sources.source import subset

# A sentence ends at its final mark before a space, at one of the scripts that write no spaces, or with its line.
_ENDS = re.compile(r"(?<=[.!?।۔။])\s+|(?<=[。！？])\s*|\n+")


@dataclass(frozen=True)
class Laboratory:
    """The laboratory's made languages."""

    config: LabConfig
    left_out: ClassVar[dict[str, int]] = {}  # nothing made is damaged

    def languages(self) -> list[str]:
        """Codes, English first."""
        return list(made_languages.languages(self.config))

    def documents(self, language: str) -> list[list[str]]:
        """Documents as lists of sentences."""
        from xtl.lab.tasks import corpora  # here, so that real text does not load the generator

        return corpora.corpus(self.config, language)

    def pairs(self, language: str) -> list[tuple[str, str]]:
        """(English, language) translations."""
        from xtl.lab.tasks import corpora

        return corpora.parallel(self.config, language) if language != "en" else []

    def vocabulary(self):
        """The shared sub-word vocabulary, a `tokenizers.Tokenizer`."""
        from xtl.lab.tasks.corpora import tokenizer

        return tokenizer(self.config)


@dataclass(frozen=True)
class Plain:
    """Plain text of the Hub or its mirror: a task of the format mlm.

    data: parameters of the run: corpus (the task), languages, documents (of each language at most), pieces (of the
    vocabulary, which is trained on the first VOCABULARY documents of every language).
    """

    source: HubSource
    data: Mapping[str, Any]

    VOCABULARY = 5_000

    @property
    def left_out(self) -> dict[str, int]:
        """Data set, config and split -> how many damaged rows of it were left out by what was read so far."""
        return dict(self.source.left_out)

    def languages(self) -> list[str]:
        """Codes in the catalog's order."""
        return list(self.data["languages"])

    def documents(self, language: str) -> list[list[str]]:
        """Documents as lists of sentences; those of a single sentence too, empty ones not."""
        rows = self.source.examples(self.data["corpus"], "train", language)
        texts = subset(rows, self.data["documents"])["text"]
        return [found for text in texts if (found := sentences(text))]

    def pairs(self, language: str) -> list[tuple[str, str]]:
        """None: plain text holds no translations."""
        return []

    def vocabulary(self):
        """Byte-pair encoding over words parted at white space, trained once per content and size, then read."""

        def make(file: Path) -> None:
            train_vocabulary(self._sample(), self.data["pieces"]).save(str(file))

        path = cache_folder("vocabularies") / f"{self._digest()}.json"
        return read_or_make(path, lambda file: Tokenizer.from_file(str(file)), make)

    def _sample(self) -> Iterator[str]:
        for language in self.languages():
            for document in self.documents(language)[: self.VOCABULARY]:
                yield from document

    def _digest(self) -> str:
        """What decides the vocabulary: the contents, how much of them is read, and the number of pieces."""
        names = {code: self.source.digest(self.data["corpus"], "train", code) for code in self.languages()}
        content = [names, self.data["documents"], self.data["pieces"], self.VOCABULARY]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def corpus_of(data: Mapping[str, Any]) -> Laboratory | Plain:
    """The corpus that a pretraining run's parameter `data` names."""
    source = from_parameters(data)
    if isinstance(source, HubSource):
        return Plain(source, data)
    assert isinstance(source, LabSource)
    return Laboratory(source.config)


def sentences(text: str) -> list[str]:
    """A text cut into sentences by punctuation and lines; rough, which is enough for segments of an input."""
    return [part.strip() for part in _ENDS.split(text) if part and part.strip()]
