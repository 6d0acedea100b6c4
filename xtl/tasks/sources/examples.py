"""Examples of a task in canonical columns: from the laboratory, the Hub or its mirror, or a folder of files."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from datasets import Dataset, concatenate_datasets

from xtl.base.errors import UserError
from xtl.tasks.catalog import TASKS, Task, get
from xtl.tasks.sources import columns, folders, hub
from xtl.tasks.sources import repository as mirror

SPLITS = ("train", "validation", "test")


def load(task: str | Task, split: str, language: str, data: dict) -> Dataset:
    """The examples of one split of a task in one language, in the columns CANONICAL[task.format], in memory.

    Labels and tags are ids in the order of the labels of `resolved(task, data)`, whatever order the source has. Where
    a task has no such split of its own, the task that it trains on provides it: XNLI and XQuAD train on MNLI and SQuAD.

    Args:
        split: train, validation or test.
        data: the data source, `{"kind": "lab", …}` or `{"kind": "hub", "revisions": {…}, "folders": {…}}`.
    Raises UserError where the source lacks it, or its columns are not the catalog's.
    """
    task = _holder(_task(task), split, language, data)
    task = resolved(task, data)
    if data["kind"] == "lab":
        table = _laboratory(task, split, language, data)
    elif task.folder:
        table = folders.table(task, split, language, data.get("folders", {}))
    else:
        table = hub.table(task, split, language, data.get("revisions", {}))
    return columns.dataset(table, task)


def resolved(task: str | Task, data: dict) -> Task:
    """The task with its labels: the catalog's, or where these depend on the training data (supertags), that data's."""
    task = _task(task)
    if task.format != "tagging" or task.labels:
        return task
    if data["kind"] == "lab":
        lab, config = _lab(data)
        tags = {tag for row in lab.dataset(config, task.name, "en", "train")["tags"] for tag in row}
        return replace(task, labels=(*sorted(tags), columns.UNSEEN))
    return replace(task, labels=folders.labels(task, data.get("folders", {})))


def available(task: str | Task, data: dict) -> list[str]:
    """The languages in which the source holds a test set of the task, in the catalog's order (the laboratory's own)."""
    task = _task(task)
    if data["kind"] == "lab":
        lab, config = _lab(data)
        # retrieval is to English, so English itself is no test language of it
        to_english = task.format in ("retrieval", "mining")
        return [code for code in lab.languages(config) if not (to_english and code == "en")]
    if task.folder:
        return folders.available(task, data.get("folders", {}))
    return hub.available(task, data.get("revisions", {}))


def check(task: str | Task, split: str, language: str, data: dict) -> None:
    """Raise UserError unless `load` would find the examples; reads headers only, and downloads none."""
    task = _holder(_task(task), split, language, data)
    if data["kind"] == "hub" and task.folder:
        folders.files(task, split, language, data.get("folders", {}))
    elif data["kind"] == "hub":
        hub.check(task, split, language, data.get("revisions", {}))


def fingerprint(task: str | Task, split: str, language: str, data: dict) -> str:
    """A short identity of the content that `load` would return.

    The laboratory's is the digest of its configuration (with its version); a mirror's or folder's the SHA-256 of the
    files, so that a copy elsewhere is the same data; the Hub's the commit that the revision stands for.
    """
    task = _holder(_task(task), split, language, data)
    if data["kind"] == "lab":
        return f"lab:{_lab(data)[1].digest()}"
    if task.folder:
        return f"sha256:{mirror.digest(folders.files(task, split, language, data.get('folders', {})))}"
    return hub.fingerprint(task, split, language, data.get("revisions", {}))


def splits(task: str | Task, data: dict) -> list[str]:
    """The splits that a task has, its own and those of the task that it trains on."""
    task = _task(task)
    names = {name for each in {task.name, task.trains_on} - {None} for name in _own(TASKS[each], data)}
    return [split for split in SPLITS if split in names]


def training_languages(task: str | Task, data: dict) -> list[str]:
    """The languages of a task's training data: English; for language modelling, all that the source has."""
    task = _task(task)
    return available(task, data) if task.format == "mlm" else ["en"]


def training(task: str | Task, data: dict, most: int | None, seed: int) -> Dataset:
    """The training examples, at most so many; of several languages equally many, the examples of each in turn."""
    languages = training_languages(task, data)
    each = None if most is None else -(-most // len(languages))
    parts = [subset(load(task, "train", language, data), each, seed) for language in languages]
    return parts[0] if len(parts) == 1 else subset(concatenate_datasets(parts), most, seed)


def subset(examples: Dataset, n: int | None, seed: int | None = None) -> Dataset:
    """At most n examples: with a seed a random sample (training), without one the first n (evaluation).

    The sample of a smaller n is part of that of a larger one under the same seed, so that learning curves are nested.
    Evaluation takes the first n, so that languages whose test sets are parallel stay parallel.
    """
    if n is None or n >= len(examples):
        return examples
    return examples.select(range(n) if seed is None else np.random.default_rng(seed).permutation(len(examples))[:n])


def _task(task: str | Task) -> Task:
    return get(task) if isinstance(task, str) else task


def _lab(data: dict):
    """The module xtl.lab and the configuration that a data source names."""
    from xtl import lab  # here, so that real data does not load the generator

    return lab, lab.LabConfig.from_dict({k: v for k, v in data.items() if k not in ("kind", "folders")})


def _laboratory(task: Task, split: str, language: str, data: dict):
    """The laboratory's examples as a canonical table: it has the columns of the Hub, or where that has none, ours."""
    lab, config = _lab(data)
    examples = lab.dataset(config, task.name, language, split)
    table, origin = examples.with_format("arrow")[:], f"the laboratory's {task.name}"
    if task.hub:
        return columns.canonical(table, examples.features, task.hub, task, language, origin)
    own = {name: name for name in columns.CANONICAL[task.format]}
    source = columns.HubSource("", "", {}, own, optional=("id",))
    return columns.canonical(table, examples.features, source, task, language, origin)


def _own(task: Task, data: dict) -> set[str]:
    """The splits of a task itself."""
    if data["kind"] == "lab":
        from xtl import lab

        return set(lab.splits(task.name))
    return set(task.hub.splits) if task.hub else folders.splits(task)


def _holder(task: Task, split: str, language: str, data: dict) -> Task:
    """The task that holds a split. Raises UserError where none does."""
    if split not in SPLITS:
        raise UserError(f"task {task.name}: there is no split '{split}'; splits are {', '.join(SPLITS)}.")
    if data.get("kind") not in ("lab", "hub"):
        raise UserError(f"data: unknown kind '{data.get('kind')}'; kinds are lab and hub.")
    had = splits(task, data)
    if split not in had:
        raise UserError(f"task {task.name} has no {split} set; it has {', '.join(had)}.")
    if data["kind"] == "lab":
        lab, config = _lab(data)
        known = list(lab.languages(config))
        if language not in known:
            raise UserError(f"The laboratory has no language '{language}'; it has {', '.join(known)}.")
        return TASKS[task.trains_on] if split == "train" and task.trains_on != task.name else task
    if split not in _own(task, data):
        task = TASKS[task.trains_on]
    if language not in task.languages:
        raise UserError(f"task {task.name} ({split}) has no language '{language}'; it has {', '.join(task.languages)}.")
    return task
