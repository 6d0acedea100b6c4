"""Examples of a task, from the laboratory, the Hub or its mirror, in the canonical columns of the task's format."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from datasets import ClassLabel, Dataset, DatasetInfo, Features, List, Value
from datasets.table import InMemoryTable

from xtl.errors import UserError
from xtl.tasks import mirror
from xtl.tasks.catalog import TASKS, HubSource, Task, get

SPLITS = ("train", "validation", "test")
TEXT, NUMBER = Value("string"), Value("int64")
CANONICAL = {
    "classification": {"id": TEXT, "text_a": TEXT, "text_b": TEXT, "label": NUMBER},
    "tagging": {"id": TEXT, "tokens": List(TEXT), "tags": List(NUMBER)},
    "span": {
        "id": TEXT,
        "title": TEXT,
        "context": TEXT,
        "question": TEXT,
        "answers": List(TEXT),
        "starts": List(NUMBER),
    },  # fmt: skip
    "retrieval": {"id": TEXT, "foreign": TEXT, "english": TEXT},
}
CODED = {"label", "tags"}  # canonical columns that hold ids of the task's labels


def load(task: str | Task, split: str, language: str, data: dict) -> Dataset:
    """The examples of one split of a task in one language, in the columns CANONICAL[task.format], in memory.

    Labels and tags are ids in the order of the catalog's labels, whatever order the source has. Where a task has no
    such split of its own, the task that it trains on provides it: XNLI and XQuAD train on MNLI and SQuAD.

    Args:
        split: train, validation or test.
        data: the data source, `{"kind": "lab", …}` or `{"kind": "hub", "revisions": {…}}`.
    Raises UserError where the source lacks it, or its columns are not the catalog's.
    """
    task, wanted = _holder(_task(task), split, language, data)
    if data["kind"] == "lab":
        lab, config = _laboratory(data)
        examples = lab.dataset(config, task.name, language, split)
        table, features = examples.with_format("arrow")[:], examples.features
        origin = f"the laboratory's {task.name}"
    else:
        paths = mirror.files(task.hub, language, wanted, data.get("revisions", {}))
        origin = _origin(task, language)
        _check_columns(mirror.column_names(paths[0]), task.hub, origin)
        table = mirror.read(paths, _filter(task.hub, language))
        features = Features.from_arrow_schema(table.schema)
    return _canonical(table, features, task, language, origin)


def available(task: str | Task, data: dict) -> list[str]:
    """The languages in which the source holds a test set of the task, in the catalog's order (the laboratory's own)."""
    task = _task(task)
    if data["kind"] == "lab":
        lab, config = _laboratory(data)
        # retrieval is to English, so English itself is no test language of it
        return [code for code in lab.languages(config) if not (task.format == "retrieval" and code == "en")]
    pinned, wanted = data.get("revisions", {}), task.hub.splits["test"]
    declared = mirror.configs(task.hub, pinned)
    held = [code for code in task.languages if wanted in declared.get(task.hub.named(task.hub.config, code), {})]
    if held and task.hub.where and mirror.mirror():  # all languages are in the rows of one config: which are?
        return [code for code in held if _rows(task, wanted, code, pinned)]
    return held


def check(task: str | Task, split: str, language: str, data: dict) -> None:
    """Raise UserError unless `load` would find the examples; reads headers only, and downloads none."""
    task, wanted = _holder(_task(task), split, language, data)
    if data["kind"] == "lab":
        return
    pinned = data.get("revisions", {})
    mirror.patterns(task.hub, language, wanted, pinned)
    if mirror.mirror():
        path = mirror.files(task.hub, language, wanted, pinned)[0]
        _check_columns(mirror.column_names(path), task.hub, _origin(task, language))
        if not _rows(task, wanted, language, pinned):
            raise UserError(f"{_origin(task, language)} has no rows in the language '{language}'.")


def fingerprint(task: str | Task, split: str, language: str, data: dict) -> str:
    """A short identity of the content that `load` would return.

    The laboratory's is the digest of its configuration (with its version); a mirror's the SHA-256 of the files, so
    that a copy elsewhere is the same data; the Hub's the commit that the revision stands for.
    """
    task, wanted = _holder(_task(task), split, language, data)
    if data["kind"] == "lab":
        _, config = _laboratory(data)
        return f"lab:{config.digest()}"
    pinned = data.get("revisions", {})
    if mirror.mirror() is None:
        return f"hub:{mirror.resolved(task.hub.dataset, mirror.revision(task.hub, pinned))}"
    return f"sha256:{mirror.digest(mirror.files(task.hub, language, wanted, pinned))}"


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


def _rows(task: Task, wanted: str, language: str, pinned: dict) -> int:
    """How many rows a split has in a language, by its condition on rows alone."""
    paths, named = mirror.files(task.hub, language, wanted, pinned), list({**task.hub.where, **task.hub.prefix})
    return len(mirror.read(paths, _filter(task.hub, language), named)) if named else 1


def _origin(task: Task, language: str) -> str:
    return f"{task.hub.dataset}, config {task.hub.named(task.hub.config, language)}"


def _laboratory(data: dict):
    """The module xtl.lab and the configuration that a data source names."""
    from xtl import lab  # here, so that real data does not load the generator

    return lab, lab.LabConfig.from_dict({key: value for key, value in data.items() if key != "kind"})


def _holder(task: Task, split: str, language: str, data: dict) -> tuple[Task, str]:
    """The task that holds a split, and the split's name there. Raises UserError where none does."""
    if split not in SPLITS:
        raise UserError(f"task {task.name}: there is no split '{split}'; splits are {', '.join(SPLITS)}.")
    if data.get("kind") not in ("lab", "hub"):
        raise UserError(f"data: unknown kind '{data.get('kind')}'; kinds are lab and hub.")
    if task.trains_on is None and split != "test":
        raise UserError(f"task {task.name} has a test set only: nothing is trained or selected on it.")
    if data["kind"] == "lab":
        lab, config = _laboratory(data)
        known = list(lab.languages(config))
        if language not in known:
            raise UserError(f"The laboratory has no language '{language}'; it has {', '.join(known)}.")
        return (TASKS[task.trains_on] if split == "train" else task), split
    if split not in task.hub.splits:
        task = TASKS[task.trains_on]
    if language not in task.languages:
        raise UserError(f"task {task.name} ({split}) has no language '{language}'; it has {', '.join(task.languages)}.")
    return task, task.hub.splits[split]


def _check_columns(came: list[str], source: HubSource, origin: str) -> None:
    """Raise UserError unless the columns that the catalog names are there."""
    needed = [c.split(".")[0] for ours, c in source.columns.items() if ours not in source.optional]
    needed = list(dict.fromkeys([*needed, *source.where, *source.prefix]))
    if not set(needed) <= set(came):
        raise UserError(f"{origin}: expected the columns {', '.join(needed)}, but {', '.join(came)} came.")


def _filter(source: HubSource, language: str) -> pc.Expression | None:
    """The condition on rows that picks a language out of a config that holds several."""
    conditions = [pc.field(c) == source.named(v, language) for c, v in source.where.items()]
    conditions += [pc.starts_with(pc.field(c), source.named(v, language)) for c, v in source.prefix.items()]
    if not conditions:
        return None
    total = conditions[0]
    for condition in conditions[1:]:
        total &= condition
    return total


def _canonical(table: pa.Table, source: Features, task: Task, language: str, origin: str) -> Dataset:
    """A table in the source's columns as a dataset in the canonical ones."""
    _check_columns(table.column_names, task.hub, origin)
    condition = _filter(task.hub, language)
    if condition is not None:
        table = table.filter(condition)
    if not len(table):
        raise UserError(f"{origin} has no rows in the language '{language}'.")
    features, arrays = Features(CANONICAL[task.format]), {}
    for name in features:
        column, _, part = task.hub.columns.get(name, "").partition(".")
        if column not in table.column_names:
            values = [str(i) for i in range(len(table))] if name == "id" else [""] * len(table)
            arrays[name] = pa.array(values, pa.string())
            continue
        values = table.column(column).combine_chunks()
        if part:
            values = pc.struct_field(values, part)
        if name in CODED:
            values = _coded(values, source[column], task, f"{origin}, column {column}")
        arrays[name] = values.cast(features.arrow_schema.field(name).type)
    if task.format == "retrieval":  # the Hub's Tatoeba keeps the line break at the end of every sentence
        arrays |= {name: pc.utf8_trim_whitespace(arrays[name]) for name in ("foreign", "english")}
    # without the source's metadata, which would describe other columns
    return Dataset(InMemoryTable(pa.table(arrays)), info=DatasetInfo(features=features))


def _coded(values: pa.Array, feature, task: Task, origin: str) -> pa.Array:
    """Labels of any kind (class ids with names, plain ids, names), alone or in lists, as ids of the task's labels."""
    listed = pa.types.is_list(values.type) or pa.types.is_large_list(values.type)
    flat = values.flatten() if listed else values
    kind = feature.feature if listed else feature
    if pa.types.is_integer(flat.type):
        names = kind.names if isinstance(kind, ClassLabel) else task.labels
        least, most = (pc.min(flat).as_py(), pc.max(flat).as_py()) if len(flat) else (0, 0)
        if least < 0 or most >= len(names):
            hint = " (-1 marks hidden labels)" if least == -1 else ""
            raise UserError(f"{origin}: expected ids from 0 to {len(names) - 1}, but {least} to {most} came{hint}.")
        flat = pa.DictionaryArray.from_arrays(flat.cast(pa.int32()), pa.array(names)).dictionary_decode()
    ids = pc.index_in(flat.cast(pa.string()), pa.array(task.labels))
    if ids.null_count:
        came = ", ".join(repr(label) for label in pc.unique(flat.filter(pc.is_null(ids))).to_pylist()[:5])
        raise UserError(f"{origin}: the labels of {task.name} are {', '.join(task.labels)}, but {came} came too.")
    return _relisted(values, ids.cast(pa.int64())) if listed else ids.cast(pa.int64())


def _relisted(values: pa.Array, flat: pa.Array) -> pa.Array:
    """Lists of the same lengths as `values` over the items `flat`."""
    lengths = pc.fill_null(pc.list_value_length(values), 0)
    offsets = np.concatenate([[0], np.cumsum(lengths.to_numpy(zero_copy_only=False))]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), flat)
