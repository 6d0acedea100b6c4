"""Training data in another language than English: native, translated by people or machines, or translated here."""

from __future__ import annotations

import numpy as np
from datasets import Dataset

from xtl.base.errors import UserError
from xtl.tasks.catalog import TASKS, Task, get
from xtl.tasks.sources import columns, translation
from xtl.tasks.sources.rows import Rows
from xtl.tasks.sources.source import DataSource, Origin, subset


def training_task(task: str, origin: Origin, data: DataSource) -> Task:
    """The task whose training set a task reads, with the source of that origin. Raises UserError where none is."""
    trained = get(task).trains_on or task
    return data.training_task(trained, origin)


def check(task: str, origin: Origin, data: DataSource) -> dict[str, str]:
    """Digests of the training data of an origin, by name. Raises UserError where the source lacks it."""
    read = training_task(task, origin, data)
    language = "en" if origin.translator else origin.language
    data.check(read, "train", language)
    name = f"{read.name}/train/{language}"
    if not data.parallel and not origin.translator:
        name = f"{name}/{origin.provenance}"
    digests = {name: data.digest(read, "train", language)}
    if origin.translator:
        digests["translator"] = data.translator(origin.translator, origin.language)
    return digests


def examples(task: Task, origin: Origin | None, data: DataSource, most: int | None, seed: int) -> Dataset:
    """Training examples of an origin (None: English), at most so many, drawn from the seed.

    Raises UserError where an origin has fewer than were asked for: sources are compared at equal sizes.
    """
    if origin is None:
        return data.training(task, most, seed)
    read = training_task(task.name, origin, data)
    if origin.translator:
        english = subset(data.examples(read, "train", "en"), most, seed)
        translated = _translated(english, read, origin.translator, origin.language)
        where = f"task {read.name}, translated into {origin.language} by {origin.translator}"
        blank = (*read.hub.blank, *read.hub.optional) if read.hub else ()
        rows = Rows(translated.with_format("arrow")[:], where, np.arange(len(translated)), blank=blank)
        return columns.dataset(data.sound(rows, read), read)
    rows = data.examples(read, "train", origin.language)
    if most and len(rows) < most and not data.parallel:
        raise UserError(
            f"task {read.name} has {len(rows):,} training examples in {origin.describe()}, and {most:,} are asked for; "
            "sources are compared at equal sizes: lower training.max_train_examples."
        )
    return subset(rows, most, seed)


def _translated(english: Dataset, task: Task, translator: str, language: str) -> Dataset:
    """The examples with every text translated from English."""
    table = english.to_dict()
    columns = translation.TEXTS[task.format]
    flat: list[str] = []
    for name in columns:
        for value in table[name]:
            flat += [value] if isinstance(value, str) else value
    new = iter(translation.texts(flat, translator, language))
    for name in columns:
        table[name] = [next(new) if isinstance(value, str) else [next(new) for _ in value] for value in table[name]]
    return Dataset.from_dict(table, features=english.features)


def shots(target: str, languages: list[str], source: str, data: DataSource) -> list[tuple[str, str]]:
    """The (split, language) of the development sets that few-shot training of a target draws from.

    Raises UserError where the target has none in other languages than English: on the Hub the development set that a
    target borrows from the task that it trains on is English.
    """
    if "validation" not in data.own_splits(TASKS[target]):
        raise UserError(
            f"task {target} has no development sets in other languages to take shots from: set `overrides: "
            f"{{{target}: {{shots: null}}}}`."
        )
    return [("validation", code) for code in languages if code != source]
