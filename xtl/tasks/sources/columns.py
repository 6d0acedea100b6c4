"""From the columns of a source to the canonical columns of a task's format."""

from __future__ import annotations

from collections.abc import Mapping

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
_LETTERS = "ABCDEFGH"  # answers named by letters


def check_columns(came: list[str], source: HubTable, origin: str) -> None:
    """Raise UserError unless the columns that the catalog names are there."""
    named = [part for ours, theirs in source.columns.items() if ours not in source.optional for part in _parts(theirs)]
    needed = [column.split(".")[0] for column in named]
    needed = list(dict.fromkeys([*needed, *source.where, *source.prefix, *source.drop]))
    if not set(needed) <= set(came):
        raise UserError(f"{origin}: expected the columns {', '.join(needed)}, but {', '.join(came)} came.")


def condition(source: HubTable, language: str) -> pc.Expression | None:
    """The condition on the rows of a source: those of the language, where it holds several, that have a gold label."""
    conditions = [pc.field(c) == source.named(v, language) for c, v in source.where.items()]
    conditions += [pc.starts_with(pc.field(c), source.named(v, language)) for c, v in source.prefix.items()]
    conditions += [pc.field(c) != v for c, v in source.drop.items()]
    if not conditions:
        return None
    total = conditions[0]
    for each in conditions[1:]:
        total &= each
    return total


def canonical(
    table: pa.Table, features: Features, source: HubTable, task: Task, language: str, origin: str
) -> pa.Table:
    """A table in the source's columns as one in the canonical columns of the task's format, other rows left out."""
    check_columns(table.column_names, source, origin)
    wanted = condition(source, language)
    if wanted is not None:
        table = table.filter(wanted)
    if not len(table):
        raise UserError(f"{origin} has no rows in the language '{language}'.")
    schema, arrays = Features(CANONICAL[task.format]).arrow_schema, {}
    for field in schema:
        parts = _parts(source.columns.get(field.name, ""))
        if not parts or parts[0].split(".")[0] not in table.column_names:
            values = [str(i) for i in range(len(table))] if field.name == "id" else [""] * len(table)
            arrays[field.name] = pa.array(values, pa.string())
            continue
        columns = [_column(table, part) for part in parts]
        values = columns[0] if len(columns) == 1 else _listed(columns)
        where = f"{origin}, column {parts[0]}"
        if field.name in CODED:
            values = _coded(values, features.get(parts[0]), task.labels, f"{where}: the labels of {task.name}", where)
        elif field.name == "answer":
            values = _places(values, where)
        arrays[field.name] = values.cast(field.type)
    if task.format == "retrieval":  # the Hub's Tatoeba keeps the line break at the end of every sentence
        arrays |= {name: pc.utf8_trim_whitespace(arrays[name]) for name in SIDES}
    return pa.table(arrays)


def dataset(table: pa.Table, task: Task) -> Dataset:
    """A canonical table as a dataset, without the source's metadata, which would describe other columns."""
    return Dataset(InMemoryTable(table), info=DatasetInfo(features=Features(CANONICAL[task.format])))


def coded_tags(sentences: list[list[str]], labels: tuple[str, ...]) -> list[list[int]]:
    """Tags as ids of the labels; one that is not among them is UNSEEN, which must be."""
    ids: Mapping[str, int] = {label: i for i, label in enumerate(labels)}
    return [[ids.get(tag, ids[UNSEEN]) for tag in tags] for tags in sentences]


def _parts(columns: str) -> list[str]:
    return [part.strip() for part in columns.split("+") if part.strip()]


def _column(table: pa.Table, name: str) -> pa.Array:
    column, _, part = name.partition(".")
    values = table.column(column).combine_chunks()
    return pc.struct_field(values, part) if part else values


def _listed(columns: list[pa.Array]) -> pa.Array:
    """Several columns as one column of lists."""
    return pa.array([list(row) for row in zip(*(column.to_pylist() for column in columns), strict=True)])


def _places(values: pa.Array, where: str) -> pa.Array:
    """The place of the right choice from a number, a number as text or a letter."""
    if pa.types.is_integer(values.type):
        return values
    found = [
        int(text) if text.isdigit() else _LETTERS.index(text) if len(text) == 1 and text in _LETTERS else None
        for text in values.to_pylist()
    ]
    if None in found:
        came = values.to_pylist()[found.index(None)]
        raise UserError(f"{where}: expected the number or the letter of the right choice, but {came!r} came.")
    return pa.array(found, pa.int64())


def _coded(values: pa.Array, feature, labels: tuple[str, ...], said: str, where: str) -> pa.Array:
    """Labels of any kind (class ids with names, plain ids, names), alone or in lists, as ids of the task's labels."""
    listed = pa.types.is_list(values.type) or pa.types.is_large_list(values.type)
    flat = values.flatten() if listed else values
    kind = feature.feature if listed else feature
    if pa.types.is_integer(flat.type):
        names = kind.names if isinstance(kind, ClassLabel) else labels
        least, most = (pc.min(flat).as_py(), pc.max(flat).as_py()) if len(flat) else (0, 0)
        if least < 0 or most >= len(names):
            hint = " (-1 marks hidden labels)" if least == -1 else ""
            raise UserError(f"{where}: expected ids from 0 to {len(names) - 1}, but {least} to {most} came{hint}.")
        flat = pa.DictionaryArray.from_arrays(flat.cast(pa.int32()), pa.array(names)).dictionary_decode()
    ids = pc.index_in(flat.cast(pa.string()), pa.array(labels))
    if ids.null_count and UNSEEN in labels:
        ids = pc.fill_null(ids, labels.index(UNSEEN))
    if ids.null_count:
        came = ", ".join(repr(label) for label in pc.unique(flat.filter(pc.is_null(ids))).to_pylist()[:5])
        raise UserError(f"{said} are {', '.join(labels)}, but {came} came too.")
    return _relisted(values, ids.cast(pa.int64())) if listed else ids.cast(pa.int64())


def _relisted(values: pa.Array, flat: pa.Array) -> pa.Array:
    """Lists of the same lengths as `values` over the items `flat`."""
    lengths = pc.fill_null(pc.list_value_length(values), 0)
    offsets = np.concatenate([[0], np.cumsum(lengths.to_numpy(zero_copy_only=False))]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), flat)
