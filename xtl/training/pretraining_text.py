"""Where pretraining reads: documents of sentences by language, translation pairs, and the shared vocabulary."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from filelock import FileLock
from tokenizers import Tokenizer

from xtl.base.files import replacing
from xtl.base.places import cache_folder
from xtl.models.vocabularies import train_vocabulary
from xtl.tasks.sources import examples as task_data

# A sentence ends at its final mark before a space, at one of the scripts that write no spaces, or with its line.
_ENDS = re.compile(r"(?<=[.!?।۔။])\s+|(?<=[。！？])\s*|\n+")


@dataclass(frozen=True)
class Laboratory:
    """The laboratory's made languages."""

    data: dict

    @cached_property
    def _config(self):
        from xtl import lab

        return lab.LabConfig.from_dict({k: v for k, v in self.data.items() if k != "kind"})

    def languages(self) -> list[str]:
        """Codes, English first."""
        from xtl import lab

        return list(lab.languages(self._config))

    def documents(self, language: str) -> list[list[str]]:
        """Documents as lists of sentences."""
        from xtl import lab

        return lab.corpus(self._config, language)

    def pairs(self, language: str) -> list[tuple[str, str]]:
        """(English, language) translations."""
        from xtl import lab

        return lab.parallel(self._config, language) if language != "en" else []

    def vocabulary(self):
        """The shared sub-word vocabulary, a `tokenizers.Tokenizer`."""
        from xtl import lab

        return lab.tokenizer(self._config)


@dataclass(frozen=True)
class Plain:
    """Plain text of the Hub or its mirror: a task of the format mlm.

    data: kind hub, corpus (the task), languages, documents (of each language at most), pieces (of the vocabulary, which
    is trained on the first VOCABULARY documents of every language), revisions, inputs (digests, for the cache).
    """

    data: dict

    VOCABULARY = 5_000

    def languages(self) -> list[str]:
        """Codes in the catalog's order."""
        return list(self.data["languages"])

    def documents(self, language: str) -> list[list[str]]:
        """Documents as lists of sentences; those of a single sentence too, empty ones not."""
        rows = task_data.load(self.data["corpus"], "train", language, self.data)
        texts = task_data.subset(rows, self.data["documents"])["text"]
        return [found for text in texts if (found := sentences(text))]

    def pairs(self, language: str) -> list[tuple[str, str]]:
        """None: plain text holds no translations."""
        return []

    def vocabulary(self):
        """Byte-pair encoding over words parted at white space, trained once per content and size, then read."""
        folder = cache_folder("vocabularies")
        path = folder / f"{self._digest()}.json"
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f".{path.name}.lock"):
            if not path.exists():
                vocabulary = train_vocabulary(self._sample(), self.data["pieces"])
                with replacing(path, durable=False) as temporary:
                    vocabulary.save(str(temporary))
        return Tokenizer.from_file(str(path))

    def _sample(self) -> Iterator[str]:
        for language in self.languages():
            for document in self.documents(language)[: self.VOCABULARY]:
                yield from document

    def _digest(self) -> str:
        """What decides the vocabulary: the contents, how much of them is read, and the number of pieces."""
        names = {
            code: task_data.fingerprint(self.data["corpus"], "train", code, self.data) for code in self.languages()
        }
        content = [names, self.data["documents"], self.data["pieces"], self.VOCABULARY]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def corpus_of(data: dict) -> Laboratory | Plain:
    """The corpus that a pretraining run's `data` names."""
    return Laboratory(data) if data["kind"] == "lab" else Plain(data)


def sentences(text: str) -> list[str]:
    """A text cut into sentences by punctuation and lines; rough, which is enough for segments of an input."""
    return [part.strip() for part in _ENDS.split(text) if part and part.strip()]
