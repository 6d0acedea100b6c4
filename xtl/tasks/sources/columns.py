"""From the columns of a source to the canonical columns of a task's format."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from datasets import ClassLabel, Dataset, DatasetInfo, Features, List, Value
from datasets.table import InMemoryTable

from xtl.base.errors import UserError
from xtl.tasks.catalog.task import HubTable, Task
from xtl.tasks.sources.rows import Fault, Rows, clipped

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
PLACE = "number of the row"


def check_columns(present: Sequence[str], form: HubTable, origin: str) -> None:
    """Raise UserError unless the columns that the catalog names are there."""
    needed = []
    for ours, theirs in form.columns.items():
        if ours not in form.optional:
            needed += [column.partition(".")[0] for column in _parts(theirs)]
    letters = [form.letters.partition(".")[0]] if form.letters else []
    needed = list(dict.fromkeys([*needed, *letters, *form.where, *form.prefix, *form.drop]))
    if not set(needed) <= set(present):
        raise UserError(f"{origin}: expected the columns {', '.join(needed)}, but {', '.join(present)} came.")


def condition(form: HubTable, language: str) -> pc.Expression | None:
    """The condition on the rows of a table: those of the language, where it holds several, that have a gold label.

    Whether a row belongs is null where a column that says so is null.
    """
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


def filtered(table: pa.Table, wanted: pc.Expression, form: HubTable, origin: str) -> pa.Table:
    """The rows that meet a condition. Raises UserError where a column of it holds no text, or not what is compared."""
    try:
        return table.filter(wanted)
    except pa.ArrowException:
        kinds = [f"{column} ({table.schema.field(column).type})" for column in [*form.where, *form.prefix, *form.drop]]
        raise UserError(f"{origin}: rows are chosen by {', '.join(kinds)}, which is of another type there.") from None


def canonical(table: pa.Table, features: Features, form: HubTable, task: Task, language: str, origin: str) -> Rows:
    """The rows of a language, from a table in the source's columns, in the canonical columns of the task's format.

    A value that lacks or cannot be read is null, and a row that does not say whether it belongs is among them: what is
    damaged is found by xtl.tasks.sources.rows. Raises UserError for columns that lack or are of another type, and where
    no row is left. origin: where the table is from, as errors begin.
    """
    check_columns(table.column_names, form, origin)
    for field in table.schema:
        if pa.types.is_list_view(field.type) or pa.types.is_large_list_view(field.type):  # pyarrow aborts on some
            raise UserError(f"{origin}, column {field.name}: expected lists, but {clipped(str(field.type), 60)} came.")
    places = np.arange(len(table))
    wanted = condition(form, language)
    if wanted is not None:
        for column in [*form.where, *form.prefix, *form.drop]:
            wanted |= pc.field(column).is_null()
        numbered = filtered(table.append_column(PLACE, pa.array(places)), wanted, form, origin)
        places = numbered.column(PLACE).to_numpy()
        table = numbered.drop_columns([PLACE])
    if not len(table):
        raise UserError(f"{origin} has no rows in the language '{language}'.")
    columns = {}
    names = {}
    faults = []
    for column in form.where:
        faults.append(_null(table.column(column), column))
    for field in Features(CANONICAL[task.format]).arrow_schema:
        parts = _parts(form.columns.get(field.name, ""))
        if not parts or parts[0].partition(".")[0] not in table.column_names:
            columns[field.name] = _absent(field.name, len(table))
            continue
        where = f"{origin}, column {parts[0]}"
        names[field.name] = parts[0]
        raw = [_column(table, part, origin) for part in parts]
        if field.name in CODED:
            columns[field.name], fault = _coded(raw[0], features.get(parts[0]), task, parts[0], where)
            faults.append(fault)
        elif field.name == "answer":
            letters = _column(table, form.letters, origin) if form.letters else None
            columns[field.name], fault = _places(raw[0], letters, parts[0])
            faults.append(fault)
        elif len(raw) > 1:
            columns[field.name] = _listed([_texts(values, where) for values in raw])
        elif pa.types.is_list(field.type):
            kind = _texts if pa.types.is_string(field.type.value_type) else numbers
            columns[field.name] = _lists(raw[0], kind, where)
        elif field.name == "id":
            columns[field.name] = raw[0].cast(pa.string())
        else:
            columns[field.name] = _texts(raw[0], where)
    if task.format == "retrieval":  # the Hub's Tatoeba keeps the line break at the end of every sentence
        columns |= {side: pc.utf8_trim_whitespace(columns[side]) for side in SIDES}
    blank = (*form.optional, *form.blank)
    blank += tuple(name for name in columns if name not in names)
    return Rows(pa.table(columns), origin, places, "row", names, blank, tuple(faults))


def features_of(table: pa.Table) -> Features:
    """What `datasets` wrote of the columns, or makes of their types; nothing where it knows a type not."""
    try:
        return Features.from_arrow_schema(table.schema)
    except (ValueError, KeyError, TypeError):
        return Features()


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


def _column(table: pa.Table, name: str, origin: str) -> pa.Array:
    """A column, or field `b` of column `a.b`, which holds structs of lists, or lists of structs."""
    column, _, field = name.partition(".")
    values = table.column(column).combine_chunks()
    if not field:
        return values
    if pa.types.is_null(values.type):
        return values
    structs = values if pa.types.is_struct(values.type) else _flat(values)[0]
    if not pa.types.is_struct(structs.type) or structs.type.get_field_index(field) < 0:
        raise UserError(
            f"{origin}, column {column}: expected a field {field}, but {clipped(str(values.type), 60)} came."
        )
    inner = pc.struct_field(structs, field)
    return inner if structs is values else _relisted(inner, _flat(values)[1])


def _absent(name: str, rows: int) -> pa.Array:
    """What an optional column holds where the source lacks it: nothing, and in `id` the number of the row."""
    return pa.array([str(row) if name == "id" else "" for row in range(rows)], pa.string())


def _null(values: pa.ChunkedArray, name: str) -> Fault:
    return Fault(
        np.array(values.is_null().to_numpy(zero_copy_only=False), bool), lambda row: f"{name} lacks or is null"
    )


def _listed(columns: list[pa.Array]) -> pa.Array:
    """Several columns as one column of lists."""
    rows = zip(*(column.to_pylist() for column in columns), strict=True)
    return pa.array([list(row) for row in rows], pa.list_(pa.string()))


def _texts(values: pa.Array, where: str) -> pa.Array:
    """Texts. Raises UserError for values of another type: numbers would become texts such as `nan`."""
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind)):
        raise UserError(f"{where}: expected text, but {clipped(str(values.type), 60)} came.")
    return values.cast(kind).cast(pa.string())


def numbers(values: pa.Array, where: str) -> pa.Array:
    """Whole numbers of any type, as text too; null where a value is none. Raises UserError for other types."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        values = values.cast(kind.value_type)
        kind = values.type
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        values = values.cast(pa.float64())
        whole = pc.and_(pc.equal(pc.floor(values), values), pc.less(pc.abs(values), 2.0**53))
        return pc.if_else(whole, values, None).cast(pa.int64())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return pc.if_else(pc.match_substring_regex(values, r"^-?\d{1,18}$"), values, None).cast(pa.int64())
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind):
        return values.cast(pa.int64(), safe=False)
    raise UserError(f"{where}: expected whole numbers, but {clipped(str(kind), 60)} came.")


def _in_lists(values: pa.Array) -> bool:
    kind = values.type
    return pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)


def _flat(values: pa.Array) -> tuple[pa.Array, pa.Array]:
    """The values of all lists after each other, and the length of each list, null of one that lacks."""
    if not _in_lists(values):
        return values, pa.nulls(len(values), pa.int32())
    return pc.list_flatten(values), pc.list_value_length(values)


def _relisted(flat: pa.Array, lengths: pa.Array) -> pa.Array:
    """Values in lists of these lengths again."""
    sizes = pc.fill_null(lengths, 0).to_numpy(zero_copy_only=False)
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), flat, mask=lengths.is_null())


def _lists(values: pa.Array, kind: Callable[[pa.Array, str], pa.Array], where: str) -> pa.Array:
    """Lists of texts or of numbers."""
    if not _in_lists(values) and not pa.types.is_null(values.type):
        raise UserError(f"{where}: expected lists, but {clipped(str(values.type), 60)} came.")
    flat, lengths = _flat(values)
    return _relisted(kind(flat.slice(0, 0) if pa.types.is_null(values.type) else flat, where), lengths)


def _places(values: pa.Array, letters: pa.Array | None, name: str) -> tuple[pa.Array, Fault]:
    """The place of the right choice among the row's choices, and the rows in which it cannot be found.

    letters: the names of each row's choices, of which the value is one; else a number or a letter says the place.
    """
    raw = values.to_pylist()
    named = letters.to_pylist() if letters is not None else [None] * len(raw)
    places: list[int | None] = []
    for value, own in zip(raw, named, strict=True):
        text = "" if value is None else str(value)
        if own:
            labels = [str(label) for label in own]
            places.append(labels.index(text) if labels.count(text) == 1 else None)
        elif re.fullmatch(r"-?\d{1,9}(\.0)?", text):
            places.append(int(float(text)))
        else:
            places.append(LETTERS.index(text) if len(text) == 1 and text in LETTERS else None)

    def describe(row: int) -> str:
        labels = ", ".join(map(str, named[row] or ())) or "no number and no letter"
        return f"{name} is {raw[row]!r}, " + (f"not one of {labels}" if named[row] else labels)

    unknown = np.array([place is None and value is not None for place, value in zip(places, raw, strict=True)], bool)
    return pa.array(places, pa.int64()), Fault(unknown, describe)


def _coded(values: pa.Array, feature: Any, task: Task, name: str, where: str) -> tuple[pa.Array, Fault]:
    """Labels of any kind (class ids with names, plain ids, names), alone or in lists, as ids of the task's labels.

    Also the rows with others. Raises UserError where labels are in lists and must not be, or the other way round.
    """
    tags = CANONICAL[task.format].get("tags") is not None
    if tags != _in_lists(values) and not pa.types.is_null(values.type):
        raise UserError(f"{where}: expected {'lists of labels' if tags else 'labels'}, but {values.type} came.")
    flat, lengths = _flat(values)
    if pa.types.is_null(values.type):
        return pa.nulls(len(values), pa.list_(pa.int64()) if tags else pa.int64()), Fault(
            np.zeros(len(values), bool), str
        )
    kind = feature.feature if tags and feature is not None else feature
    if pa.types.is_string(flat.type) or pa.types.is_large_string(flat.type) or pa.types.is_dictionary(flat.type):
        known = task.labels
        texts = flat.cast(pa.string())
    else:
        known = tuple(kind.names) if isinstance(kind, ClassLabel) else task.labels
        codes = numbers(flat, where)
        inside = pc.and_(pc.greater_equal(codes, 0), pc.less(codes, len(known)))
        texts = pc.take(pa.array(known), pc.if_else(inside, codes, None))
    ids = pc.index_in(texts, pa.array(task.labels))
    if UNSEEN in task.labels:
        ids = pc.if_else(pc.is_valid(texts), pc.fill_null(ids, task.labels.index(UNSEEN)), None)
    ids = ids.cast(pa.int64())
    unknown = pc.and_(ids.is_null(), flat.is_valid())
    coded = ids if not tags else _relisted(ids, lengths)
    damaged = np.zeros(len(values), bool)
    rows = pc.list_parent_indices(values) if tags else pa.array(np.arange(len(values)))
    damaged[np.asarray(rows.filter(unknown), dtype=np.int64)] = True

    def describe(row: int) -> str:
        own = values[row].as_py() if tags else [values[row].as_py()]
        codes = (coded[row].as_py() or []) if tags else [coded[row].as_py()]
        value = next(label for label, code in zip(own, codes, strict=True) if code is None and label is not None)
        if value == -1:
            return f"{name} is -1, the mark of hidden labels"
        several = f"0 to {len(known) - 1}" if isinstance(value, (int, float)) else clipped(", ".join(known), 40)
        return f"{name} is {value!r}, not one of {several}"

    return coded, Fault(damaged, describe)
