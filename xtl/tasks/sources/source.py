"""Where the examples of tasks come from: one interface for the laboratory and the Hub."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from datasets import Dataset, concatenate_datasets

from xtl.base.errors import UserError
from xtl.languages.linguistics import Linguistics
from xtl.tasks.catalog import TASKS, Task, get
from xtl.tasks.sources import columns, translation
from xtl.tasks.sources.rows import Rows, sound

SPLITS = ("train", "validation", "test")
WORDS = {"native": "native", "human": "human-translated", "machine": "machine-translated"}


@dataclass(frozen=True)
class Origin:
    """Where training data comes from.

    Attributes:
        provenance: native, human or machine (translated).
        translator: a MarianMT checkpoint or `apertium`, where the English data is translated here.
    """

    language: str
    provenance: str = "native"
    translator: str | None = None

    def describe(self) -> str:
        """The origin in words.

        >>> Origin("de", "machine").describe()
        'de (machine-translated)'
        """
        return f"{self.language} ({WORDS[self.provenance]})"


class DataSource(ABC):
    """A place that holds the examples of tasks. Equal sources hold equal examples.

    A task is given by its name or as the catalog's record, which may name another source of its training data.

    Attributes:
        kind: as grid files and run parameters call it.
        made: whether languages and examples are made, so that results speak of no natural language.
        parallel: whether all languages have the same examples in the same order, so that a translation is exact and
            training sets of all languages are equally large.
        rows: what damaged rows get: they are an `error`, or it is to `skip` them.
        left_out: data set, config and split -> how many rows of it were left out by what was read so far.
    """

    kind: ClassVar[str]
    made: ClassVar[bool]
    parallel: ClassVar[bool]
    rows: str
    left_out: dict[str, int]

    # ---- what it is --------------------------------------------------------------------------------------------------

    @abstractmethod
    def parameters(self) -> dict[str, Any]:
        """What run parameters carry of it as `data`, and with that the run's identity: what decides the examples."""

    @abstractmethod
    def describe(self) -> str:
        """The source in words, for a report."""

    @property
    @abstractmethod
    def linguistics(self) -> Linguistics:
        """What is known of its languages."""

    def places(self) -> dict[str, dict[str, str]]:
        """Notebook parameters with the places of folders, which are no part of an identity (their contents are)."""
        return {}

    # ---- what it holds -----------------------------------------------------------------------------------------------

    @abstractmethod
    def languages(self, task: str | Task) -> list[str]:
        """The languages in which it holds a test set of the task, in the catalog's order (the laboratory's own)."""

    @abstractmethod
    def listed(self, task: str | Task) -> list[str]:
        """The languages that the task should have here; some may lack."""

    @abstractmethod
    def own_splits(self, task: str | Task) -> set[str]:
        """The splits that a task has itself, in every language."""

    @abstractmethod
    def resolved(self, task: str | Task) -> Task:
        """The task with its labels: the catalog's, or where the training data has them (supertags), that data's."""

    @abstractmethod
    def training_task(self, task: str | Task, origin: Origin) -> Task:
        """The task with the source of its training data of an origin.

        Raises UserError where no source has it, and where a translator cannot be asked for it.
        """

    @abstractmethod
    def pretraining(self, corpus: str, documents: int | None, pieces: int | None) -> tuple[dict, dict[str, str]]:
        """What a pretraining reads, as its notebook's parameter `data`, and the digests of it.

        corpus: a task of plain text. documents: of each language, at most. pieces: of the vocabulary.
        """

    def splits(self, task: str | Task) -> list[str]:
        """The splits that a task has, its own and those of the task that it trains on."""
        task = named(task)
        held = self.own_splits(TASKS[task.name])
        if task.trains_on:
            held |= self.own_splits(TASKS[task.trains_on])
        return [split for split in SPLITS if split in held]

    def training_languages(self, task: str | Task) -> list[str]:
        """The languages of a task's training data: English; for language modelling, all that the source has."""
        return self.languages(task) if named(task).format == "mlm" else ["en"]

    def translator(self, name: str, language: str) -> str:
        """What decides the translations of a translator from English, see translation.identity."""
        return translation.identity(name, language)

    # ---- one set of examples -----------------------------------------------------------------------------------------

    def examples(self, task: str | Task, split: str, language: str) -> Dataset:
        """The examples of one split of a task in one language, in the columns CANONICAL[task.format], in memory.

        Labels and tags are ids in the order of the labels of `resolved(task)`, whatever order the source has. Where a
        task has no such split of its own, the task that it trains on provides it: XNLI and XQuAD train on MNLI and
        SQuAD. split: train, validation or test. Raises UserError where the source lacks it, its columns are not the
        catalog's, or rows are damaged (unless `rows` says to skip them).
        """
        return self.first(task, split, language, None)

    def first(self, task: str | Task, split: str, language: str, n: int | None) -> Dataset:
        """At most n of `examples`: the first of each of the task's tables, in proportion to their sizes.

        So a task of several collections (ANLI's three rounds, MNLI, SNLI) is not judged by the first of them alone.
        """
        holder = self.resolved(self._holder(task, split, language))
        tables = [self.sound(rows, holder) for rows in self._rows(holder, split, language)]
        sizes = [len(table) for table in tables]
        if n is not None and n < sum(sizes):
            tables = [table.slice(0, share) for table, share in zip(tables, proportional(sizes, n), strict=True)]
        return columns.dataset(pa.concat_tables(tables), holder)

    def sound(self, rows: Rows, task: Task) -> pa.Table:
        """The rows that are not damaged; how many are left out stands in `left_out`. Raises UserError as rows.sound."""
        table, count = sound(rows, task, self.rows)
        if count:
            self.left_out[rows.origin] = count
        return table

    def check(self, task: str | Task, split: str, language: str) -> None:
        """Raise UserError unless `examples` would find them; reads headers only, and downloads none."""
        self._check(self._holder(task, split, language), split, language)

    def digest(self, task: str | Task, split: str, language: str) -> str:
        """A short identity of the content that `examples` would return."""
        return self._digest(self._holder(task, split, language), split, language)

    def training(self, task: str | Task, most: int | None, seed: int) -> Dataset:
        """The training examples, at most so many; of several languages equally many, the examples of each in turn."""
        languages = self.training_languages(task)
        share = None if most is None else -(-most // len(languages))
        parts = [subset(self.examples(task, "train", language), share, seed) for language in languages]
        return parts[0] if len(parts) == 1 else subset(concatenate_datasets(parts), most, seed)

    # ---- for the implementations -------------------------------------------------------------------------------------

    def _holder(self, task: str | Task, split: str, language: str) -> Task:
        """The task that provides a split: itself, or the one that it trains on. Raises UserError where neither does."""
        task = named(task)
        if split not in SPLITS:
            raise UserError(f"task {task.name}: there is no split '{split}'; splits are {', '.join(SPLITS)}.")
        held = self.splits(task)
        if split not in held:
            raise UserError(f"task {task.name} has no {split} set; it has {', '.join(held)}.")
        if split not in self.own_splits(task) and task.trains_on:
            task = TASKS[task.trains_on]
        listed = self.listed(task)
        if language not in listed:
            raise UserError(f"task {task.name} ({split}) has no language '{language}'; it has {', '.join(listed)}.")
        return task

    @abstractmethod
    def _rows(self, task: Task, split: str, language: str) -> list[Rows]:
        """The rows of a task that has the split, of each of its tables."""

    @abstractmethod
    def _check(self, task: Task, split: str, language: str) -> None:
        """`check` of a task that has the split."""

    @abstractmethod
    def _digest(self, task: Task, split: str, language: str) -> str:
        """`digest` of a task that has the split."""


def named(task: str | Task) -> Task:
    """The task of that name, or the task itself."""
    return get(task) if isinstance(task, str) else task


def proportional(sizes: Sequence[int], n: int) -> list[int]:
    """How many of n each part gets, in proportion to the sizes; what is left goes to the largest remainders.

    >>> proportional([1000, 1000, 1200, 9815, 9842], 500)
    [22, 22, 26, 215, 215]
    """
    total = sum(sizes)
    shares = [size * n // total for size in sizes]
    by_remainder = sorted(range(len(sizes)), key=lambda part: -(sizes[part] * n % total))
    for part in by_remainder[: n - sum(shares)]:
        shares[part] += 1
    return shares


def subset(examples: Dataset, n: int | None, seed: int | None = None) -> Dataset:
    """At most n examples: with a seed a random sample (training), without one the first n (evaluation).

    The sample of a smaller n is part of that of a larger one under the same seed, so that learning curves are nested.
    Evaluation takes the first n, so that languages whose test sets are parallel stay parallel.

    >>> subset(Dataset.from_dict({"id": ["a", "b", "c"]}), 2)["id"][:]
    ['a', 'b']
    """
    if n is None or n >= len(examples):
        return examples
    rows = range(n) if seed is None else np.random.default_rng(seed).permutation(len(examples))[:n]
    return examples.select(rows)
