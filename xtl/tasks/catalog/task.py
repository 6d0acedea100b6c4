"""What a task is, and where the Hub keeps its examples: the types of the catalog."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from xtl.base.validation import STRICT

# Module in xtl.tasks.formats -> its class.
FORMATS = {
    "classification": "Classification",
    "choice": "Choice",
    "tagging": "Tagging",
    "span": "Span",
    "retrieval": "Retrieval",
    "mining": "Mining",
    "mlm": "LanguageModelling",
}


@dataclass(frozen=True)
class HubTable:
    """Where the Hub (or its mirror) keeps a task's examples. The laboratory serves the same columns.

    Attributes:
        dataset: Hub id, `owner/name`.
        config: name of the config; `{language}` stands for the language as the source calls it.
        splits: our split (train, validation, test) -> the Hub's. A split that is absent here comes from the task
            that this one trains on (XNLI trains on MNLI).
        columns: our column -> the Hub's; `a.b` is field b of the struct column a, `a + b` both columns as one list.
        letters: column of the Hub with the names of an example's choices, by which `answer` names the right one.
        blank: those of our columns that the published data has without text in some rows.
        optional: those of our columns that the source may lack (they become empty, or a running number for `id`).
        where: column of the Hub -> the value that a row must have; `{language}` as in `config`. For data sets that
            hold all languages in the rows of one config.
        prefix: the same, for a value that the column must begin with.
        drop: column of the Hub -> the value of rows that do not count (examples without a gold label).
        names: language code -> what the source calls it (default: the code itself).
        shards: how many of a split's files are read, the first ones; None: all.
        revision: the commit of the Hub that the catalog was written against; a grid may pin another.
        languages: codes of the languages that it has, where these are not the task's.
        converted: the repository itself holds a loading script, which is never run; its rows are read from the branch
            into which the Hub converted them, as config/split/*.parquet.
    """

    __pydantic_config__ = STRICT  # an unknown key in the catalog's files is an error

    dataset: str
    config: str
    splits: Mapping[str, str]
    columns: Mapping[str, str]
    letters: str | None = None
    blank: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    where: Mapping[str, str] = field(default_factory=dict)
    prefix: Mapping[str, str] = field(default_factory=dict)
    drop: Mapping[str, int | str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    shards: int | None = None
    revision: str | None = None
    languages: tuple[str, ...] = ()
    converted: bool = False

    def named(self, template: str, language: str) -> str:
        """A template with the language filled in, as this source calls it."""
        return template.format(language=self.names.get(language, language))


@dataclass(frozen=True)
class Task:
    """One task.

    Attributes:
        name: as grids and folders call it.
        format: one of FORMATS, the module that knows how to train and score it.
        roles: what a grid may use it as.
        languages: codes of the languages that the real data has a test set in.
        metrics: everything that is reported, in points (0-100).
        score: the metrics whose plain mean is the score of the task; in the catalog's files, all where it says nothing.
        licence, citation: of the data.
        size: split -> smallest and largest number of examples over languages, as published; one number for both.
        labels: names of the classes or tags, in the order of their ids; empty where there are none.
        trains_on: the task whose training set it trains on (itself included); None where nothing is trained.
        training_set: canonical names of that data, in the catalog's files `trains_on` where it says nothing; two tasks
            that share one name train on the same examples.
        hub: where the examples are; None where no repository of the Hub may hold them (`folder`).
        origins: provenance (native, human, machine) -> where training data in other languages than English is.
        also: further tables whose examples are added to those of `hub`, split by split.
        folder: what the folder of the task's files, named under `folders:` in the grid, must hold; None where the Hub
            has them.
        answers: whose rules compare answers.
        unanswerable: a question may have no answer (then the empty string is one).
        question_with: of a choice with a context, whether the question is read in one segment with it or, where the
            choices go on from the question, with each of them (HellaSwag).
        guessing: the score of guessing, in points, where it does not follow from the labels (choices).
        submission: the folder that the benchmark expects predictions in; None if it is no target of the benchmark.
    """

    __pydantic_config__ = STRICT  # an unknown key in the catalog's files is an error

    name: str
    title: str
    format: str
    roles: frozenset[Literal["intermediate", "target"]]
    languages: tuple[str, ...]
    metrics: tuple[str, ...]
    score: tuple[str, ...]
    licence: str
    citation: str
    size: Mapping[str, tuple[int, int]]
    labels: tuple[str, ...] = ()
    trains_on: str | None = None
    training_set: tuple[str, ...] = ()
    hub: HubTable | None = None
    origins: Mapping[str, HubTable] = field(default_factory=dict)
    also: tuple[HubTable, ...] = ()
    folder: str | None = None
    answers: Literal["squad", "mlqa"] = "squad"
    unanswerable: bool = False
    guessing: float | None = None
    submission: str | None = None
    question_with: Literal["context", "choice"] = "context"

    @property
    def chance(self) -> float:
        """The score of guessing, in points: of one label in so many; 0 where answers are found, tagged or mined."""
        if self.guessing is not None:
            return self.guessing
        return 100 / len(self.labels) if self.format == "classification" else 0.0

    @property
    def revision(self) -> str | None:
        """The commit of the Hub that the catalog was written against."""
        return self.hub.revision if self.hub else None

    @property
    def evaluation_splits(self) -> tuple[str, ...]:
        """The splits that an evaluation reads: mining chooses its threshold on one and applies it to the other."""
        return ("validation", "test") if self.format == "mining" else ("test",)

    @property
    def sources(self) -> tuple[HubTable, ...]:
        """Every source on the Hub."""
        return (self.hub, *self.also) if self.hub else ()
