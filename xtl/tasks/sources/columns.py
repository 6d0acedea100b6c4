"""From the columns of a source to the canonical columns of a task's format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from datasets import ClassLabel, Dataset, DatasetInfo, Features, List, Value
from datasets.table import InMemoryTable

from xtl.base.errors import UserError
from xtl.tasks.catalog.task import HubTable, Task

TEXT, NUMBER = Value("string"), Value("int64")
CANONICAL = {
    "classification": {"id": TEXT, "text_a": TEXT, "text_b": TEXT, "label": NUMBER},
    # the choices of an example follow its question; `answer` is the place of the right one among them
    "choice": {"id": TEXT, "context": TEXT, "question": TEXT, "choices": List(TEXT), "answer": NUMBER},
    "tagging": {"id": TEXT, "tokens": List(TEXT), "tags": List(NUMBER)},
    "span": {
        "id": TEXT, "title": TEXT, "context": TEXT, "question": TEXT, "answers": List(TEXT), "starts": List(NUMBER),
    },
    "retrieval": {"id": TEXT, "foreign": TEXT, "english": TEXT},
    # the sentences of two pools (SIDES); `pair` is the id of a sentence's translation in the other pool, or ""
    "mining": {"id": TEXT, "side": TEXT, "sentence": TEXT, "pair": TEXT},
    "mlm": {"id": TEXT, "text": TEXT},
}  # fmt: skip
SIDES = ("foreign", "english")
CODED = {"label", "tags"}  # canonical columns that hold ids of the task's labels
UNSEEN = "[unseen]"  # the label of tags that the training data lacks, where the labels are those of the training data
LETTERS = "ABCDEFGH"  # answers named by letters


def check_columns(present: Sequence[str], form: HubTable, origin: str) -> None:
    """Raise UserError unless the columns that the catalog names are there."""
    needed = []
    for ours, theirs in form.columns.items():
        if ours not in form.optional:
            needed += [column.partition(".")[0] for column in _parts(theirs)]
    needed = list(dict.fromkeys([*needed, *form.where, *form.prefix, *form.drop]))
    if not set(needed) <= set(present):
        raise UserError(f"{origin}: expected the columns {', '.join(needed)}, but {', '.join(present)} came.")


def condition(form: HubTable, language: str) -> pc.Expression | None:
    """The condition on the rows of a table: those of the language, where it holds several, that have a gold label."""
    conditions = [pc.field(column) == form.named(value, language) for column, value in form.where.items()]
    for column, value in form.prefix.items():
        conditions.append(pc.starts_with(pc.field(column), form.named(value, language)))
    conditions += [pc.field(column) != value for column, value in form.drop.items()]
    if not conditions:
        return None
    total = conditions[0]
    for further in conditions[1:]:
        total &= further
    return total


def canonical(table: pa.Table, features: Features, form: HubTable, task: Task, language: str, origin: str) -> pa.Table:
    """A table in the source's columns as one in the canonical columns of the task's format, other rows left out.

    Raises UserError for columns that lack, labels that the task does not have, and where no row is left. origin: where
    the table is from, as errors begin.
    """
    check_columns(table.column_names, form, origin)
    wanted = condition(form, language)
    if wanted is not None:
        table = table.filter(wanted)
    if not len(table):
        raise UserError(f"{origin} has no rows in the language '{language}'.")
    columns = {}
    for field in Features(CANONICAL[task.format]).arrow_schema:
        parts = _parts(form.columns.get(field.name, ""))
        if not parts or parts[0].partition(".")[0] not in table.column_names:
            columns[field.name] = _absent(field.name, len(table))
            continue
        values = _column(table, parts[0]) if len(parts) == 1 else _listed([_column(table, part) for part in parts])
        where = f"{origin}, column {parts[0]}"
        if field.name in CODED:
            values = _coded(values, features.get(parts[0]), task, where)
        elif field.name == "answer":
            values = _places(values, where)
        columns[field.name] = values.cast(field.type)
    if task.format == "retrieval":  # the Hub's Tatoeba keeps the line break at the end of every sentence
        columns |= {side: pc.utf8_trim_whitespace(columns[side]) for side in SIDES}
    return pa.table(columns)


def dataset(table: pa.Table, task: Task) -> Dataset:
    """A canonical table as a dataset, without the source's metadata, which would describe other columns."""
    return Dataset(InMemoryTable(table), info=DatasetInfo(features=Features(CANONICAL[task.format])))


def coded_tags(sentences: Sequence[Sequence[str]], labels: Sequence[str]) -> list[list[int]]:
    """Tags as ids of the labels; one that is not among them is UNSEEN, which must be.

    >>> coded_tags([["N", "NP", "S"]], ["N", "NP", UNSEEN])
    [[0, 1, 2]]
    """
    ids = {label: number for number, label in enumerate(labels)}
    return [[ids.get(tag, ids[UNSEEN]) for tag in tags] for tags in sentences]


def _parts(columns: str) -> list[str]:
    """The columns that the catalog names, `a + b`."""
    return [part.strip() for part in columns.split("+") if part.strip()]


def _column(table: pa.Table, name: str) -> pa.Array:
    """A column, or a field of a struct column, `a.b`."""
    column, _, field = name.partition(".")
    values = table.column(column).combine_chunks()
    return pc.struct_field(values, field) if field else values


def _absent(name: str, rows: int) -> pa.Array:
    """What an optional column holds where the source lacks it: nothing, and in `id` the number of the row."""
    return pa.array([str(row) if name == "id" else "" for row in range(rows)], pa.string())


def _listed(columns: list[pa.Array]) -> pa.Array:
    """Several columns as one column of lists."""
    return pa.array([list(row) for row in zip(*(column.to_pylist() for column in columns), strict=True)])


def _places(values: pa.Array, where: str) -> pa.Array:
    """The place of the right choice from a number, a number as text or a letter."""
    if pa.types.is_integer(values.type):
        return values
    places = []
    for text in values.to_pylist():
        if text.isdigit():
            places.append(int(text))
        elif len(text) == 1 and text in LETTERS:
            places.append(LETTERS.index(text))
        else:
            raise UserError(f"{where}: expected the number or the letter of the right choice, but {text!r} came.")
    return pa.array(places, pa.int64())


def _coded(values: pa.Array, feature: Any, task: Task, where: str) -> pa.Array:
    """Labels of any kind (class ids with names, plain ids, names), alone or in lists, as ids of the task's labels."""
    in_lists = pa.types.is_list(values.type) or pa.types.is_large_list(values.type)
    flat = values.flatten() if in_lists else values
    kind = feature.feature if in_lists else feature
    if pa.types.is_integer(flat.type):
        names = kind.names if isinstance(kind, ClassLabel) else task.labels
        least = pc.min(flat).as_py() or 0
        most = pc.max(flat).as_py() or 0
        if least < 0 or most >= len(names):
            hint = " (-1 marks hidden labels)" if least == -1 else ""
            raise UserError(f"{where}: expected ids from 0 to {len(names) - 1}, but {least} to {most} came{hint}.")
        flat = pa.DictionaryArray.from_arrays(flat.cast(pa.int32()), pa.array(names)).dictionary_decode()
    ids = pc.index_in(flat.cast(pa.string()), pa.array(task.labels))
    if UNSEEN in task.labels:
        ids = pc.fill_null(ids, task.labels.index(UNSEEN))
    if ids.null_count:
        unknown = ", ".join(repr(label) for label in pc.unique(flat.filter(pc.is_null(ids))).to_pylist()[:5])
        labels = ", ".join(task.labels)
        raise UserError(f"{where}: the labels of {task.name} are {labels}, but {unknown} came too.")
    ids = ids.cast(pa.int64())
    if not in_lists:
        return ids
    lengths = pc.fill_null(pc.list_value_length(values), 0).to_numpy(zero_copy_only=False)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), ids)
