"""The Hugging Face Hub, its mirror and folders that the user names as a source of examples."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from xtl.base.errors import UserError
from xtl.languages.natural import NaturalLanguages
from xtl.tasks.catalog import Task
from xtl.tasks.sources import columns, folders
from xtl.tasks.sources.repository import HubRepository, Repository, digest, read, repository_of
from xtl.tasks.sources.rows import Rows
from xtl.tasks.sources.source import WORDS, DataSource, Origin, named
from xtl.tasks.sources.translation import TEXTS


@dataclass(frozen=True)
class HubSource(DataSource):
    """Data sets of the Hub, from the local mirror where XTL_MIRROR names one.

    Attributes:
        revisions: data set -> the commit that the grid pins.
        folders: task -> folder of its files, for what is not on the Hub.
        rows: what damaged rows get: they are an `error`, or it is to `skip` them.
    """

    revisions: Mapping[str, str] = field(default_factory=dict)
    folders: Mapping[str, str] = field(default_factory=dict)
    rows: str = "error"
    left_out: dict[str, int] = field(default_factory=dict, init=False, compare=False, repr=False)

    kind = "hub"
    made = False
    parallel = False

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any]) -> HubSource:
        """The source that parameters name; what a pretraining carries besides is left out."""
        rows = parameters.get("rows", "error")
        if rows not in ("error", "skip"):
            raise UserError(f"data: rows is error or skip, not {rows!r}.")
        return cls(parameters.get("revisions") or {}, parameters.get("folders") or {}, rows)

    def parameters(self) -> dict[str, Any]:
        """The pinned revisions, and that damaged rows are left out, where they are."""
        skipping = {"rows": self.rows} if self.rows != "error" else {}
        return {"kind": self.kind, "revisions": dict(sorted(self.revisions.items())), **skipping}

    def places(self) -> dict[str, dict[str, str]]:
        """The folders, where there are any."""
        return {"folders": dict(self.folders)} if self.folders else {}

    def describe(self) -> str:
        """The Hub, with the pinned revisions."""
        pins = f", pinned: {json.dumps(self.parameters()['revisions'])}" if self.revisions else ""
        return f"the Hugging Face Hub or its local mirror{pins}"

    @property
    def linguistics(self) -> NaturalLanguages:
        """XTREME's languages."""
        return NaturalLanguages()

    def languages(self, task: str | Task) -> list[str]:
        """The languages whose test set (or plain text) is declared, in the catalog's order."""
        task = named(task)
        if task.folder:
            return folders.available(task, self.folders)
        held = list(task.languages)
        for repository in self._repositories(task):
            splits = repository.table.splits
            split = splits.get("test") or splits["train"]
            held = [code for code in held if repository.holds(split, code)]
        return held

    def listed(self, task: str | Task) -> list[str]:
        """The languages of the catalog."""
        return list(named(task).languages)

    def own_splits(self, task: str | Task) -> set[str]:
        """Those that the catalog names, or that the task's folder must hold."""
        task = named(task)
        return set(task.hub.splits) if task.hub else folders.splits(task)

    def resolved(self, task: str | Task) -> Task:
        """The labels of supertags are those of the training file."""
        task = named(task)
        if task.format != "tagging" or task.labels:
            return task
        return replace(task, labels=folders.labels(task, self.folders))

    def training_task(self, task: str | Task, origin: Origin) -> Task:
        """The task that reads the training data of that origin, or its English data where a translator is named."""
        task = named(task)
        if origin.translator:
            if task.format not in TEXTS:
                raise UserError(
                    f"task {task.name}: {origin.translator} would lose where answers and tags are; only tasks of the "
                    f"formats {' and '.join(TEXTS)} are translated here."
                )
            return task
        table = task.origins.get(origin.provenance)
        languages = table.languages or task.languages if table else ()
        if table is None or origin.language not in languages:
            held = []
            for provenance, other in task.origins.items():
                held.append(f"{WORDS[provenance]} in {', '.join(other.languages or task.languages)}")
            raise UserError(
                f"task {task.name} has no training data in {origin.describe()}; in other languages it has: "
                f"{'; '.join(held) or 'none'}."
            )
        return replace(task, hub=table, also=(), languages=languages)

    def pretraining(self, corpus: str, documents: int | None, pieces: int | None) -> tuple[dict, dict[str, str]]:
        """Plain text in every language that the task of that name holds."""
        languages = self.languages(corpus)
        size = {"languages": languages, "documents": documents, "pieces": pieces}
        for language in languages:
            self.check(corpus, "train", language)
        digests = {f"{corpus}/train/{code}": self.digest(corpus, "train", code) for code in languages}
        return {**self.parameters(), "corpus": corpus, **size}, digests

    def _rows(self, task: Task, split: str, language: str) -> list[Rows]:
        """The rows of one table, or of each of several.

        Ids of several tables are prefixed with the table's number, so that they stay different.
        """
        if task.folder:
            return folders.rows(task, split, language, self.folders)
        parts = []
        for number, repository in enumerate(self._repositories(task)):
            form = repository.table
            table = read(repository.files(form.splits[split], language))
            origin = f"{repository.origin(language)}, split {form.splits[split]}"
            part = columns.canonical(table, columns.features_of(table), form, task, language, origin)
            if task.also:
                ids = pc.binary_join_element_wise(str(number), part.table.column("id"), "-")
                place = part.table.column_names.index("id")
                part = replace(part, table=part.table.set_column(place, "id", ids))
            parts.append(part)
        return parts

    def _check(self, task: Task, split: str, language: str) -> None:
        if task.folder:
            folders.files(task, split, language, self.folders)
        for repository in self._repositories(task):
            repository.check(repository.table.splits[split], language)

    def _digest(self, task: Task, split: str, language: str) -> str:
        """The SHA-256 of a mirror's or folder's files, so that a copy elsewhere is the same data; the Hub's commits."""
        if task.folder:
            return f"sha256:{digest(folders.files(task, split, language, self.folders))}"
        repositories = self._repositories(task)
        commits = [repository.commit for repository in repositories if isinstance(repository, HubRepository)]
        if commits:
            return "hub:" + "+".join(dict.fromkeys(commits))
        paths: list[Path] = []
        for repository in repositories:
            paths += repository.files(repository.table.splits[split], language)
        return f"sha256:{digest(paths)}"

    def _repositories(self, task: Task) -> list[Repository]:
        return [repository_of(table, self.revisions) for table in task.sources]
