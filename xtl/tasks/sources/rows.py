"""Every row of every source is checked when it is read: what is damaged, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from xtl.base.errors import UserError
from xtl.tasks.catalog.task import Task

NAMED = 3  # damaged rows that an error names
LONGEST = 290  # characters of an error
# Columns of text that must hold some, by format; where published data has rows without, its table says so (`blank`).
WITH_TEXT = {
    "classification": ("text_a", "text_b"),
    "choice": ("context", "question"),
    "span": ("context", "question"),
    "retrieval": ("foreign", "english"),
}


@dataclass(frozen=True)
class Fault:
    """Rows with one kind of damage.

    Attributes:
        rows: whether each row has it, (rows,).
        describe: row -> what is wrong in it, in a few words.
    """

    rows: np.ndarray
    describe: Callable[[int], str]


@dataclass(frozen=True)
class Rows:
    """What a source holds of a split, in canonical columns; a value that lacks or cannot be read is null.

    Attributes:
        origin: data set, config and split, as errors and counts name them.
        places: the number of each row in its source, (rows,). unit: what these numbers count.
        names: canonical column -> what the source calls it.
        blank: canonical columns of text that may be empty.
        faults: damage that was seen while the columns were read.
    """

    table: pa.Table
    origin: str
    places: np.ndarray
    unit: str = "row"
    names: dict[str, str] = field(default_factory=dict)
    blank: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()


def sound(rows: Rows, task: Task, policy: str) -> tuple[pa.Table, int]:
    """The rows that are not damaged, and how many are left out.

    policy: `error` or `skip`. Raises UserError that counts the damaged rows and names the first three, unless they are
    skipped and others are left.
    """
    faults = [fault for fault in (*rows.faults, *find(rows, task)) if fault.rows.any()]
    if not faults:
        return rows.table, 0
    damaged = np.any([fault.rows for fault in faults], axis=0)
    count = int(damaged.sum())
    if policy == "skip" and count < len(damaged):
        return rows.table.filter(pa.array(~damaged)), count
    advice = "mend them." if policy == "skip" else "mend them, or leave them out with `rows: skip`."
    start = f"{rows.origin}: {count:,} of {len(damaged):,} rows are damaged: "
    first = np.flatnonzero(damaged)[:NAMED]
    room = (LONGEST - len(start) - len(advice)) // len(first) - len(", ()")
    shown = []
    for row in first.tolist():
        reason = next(fault for fault in faults if fault.rows[row]).describe(row)
        place = f"{rows.unit} {rows.places[row]}"
        shown.append(f"{place} ({clipped(reason, max(room - len(place), 20))})")
    raise UserError(f"{start}{', '.join(shown)}; {advice}")


def clipped(text: str, longest: int) -> str:
    """A text in one line, cut where it is longer.

    >>> clipped("a b c d", 4)
    'a b…'
    """
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def find(rows: Rows, task: Task) -> Iterator[Fault]:
    """The damage that is seen in canonical columns: what lacks, and what does not fit together."""
    for name in rows.table.column_names:
        yield _lacking(rows, name)
    for name in WITH_TEXT.get(task.format, ()):
        if name not in rows.blank:
            yield _blank(rows, name)
    if task.format == "choice":
        yield from _choices(rows)
    elif task.format == "tagging":
        yield _uneven(rows, "tokens", "tags")
    elif task.format == "span":
        yield _uneven(rows, "answers", "starts")
        yield from _answers(rows, task.unanswerable)
        yield _twice(rows, "id")


def _lacking(rows: Rows, name: str) -> Fault:
    """A value that is null, or of a list one that is."""
    values = rows.table.column(name)
    lacking = _mask(values.is_null())
    if pa.types.is_list(values.type):
        lists = values.combine_chunks()
        lacking[_mask_rows(lists, pc.is_null(pc.list_flatten(lists)))] = True
    return Fault(lacking, lambda row: f"{rows.names.get(name, name)} lacks or is null")


def _blank(rows: Rows, name: str) -> Fault:
    texts = pc.utf8_trim_whitespace(rows.table.column(name))
    return Fault(_mask(pc.equal(texts, "")), lambda row: f"{rows.names.get(name, name)} is empty")


def _uneven(rows: Rows, first: str, second: str) -> Fault:
    """Two lists that must be equally long."""
    lengths = _lengths(rows, first)
    others = _lengths(rows, second)

    def describe(row: int) -> str:
        return f"{lengths[row]} {rows.names.get(first, first)} and {others[row]} {rows.names.get(second, second)}"

    return Fault(lengths != others, describe)


def _twice(rows: Rows, name: str) -> Fault:
    """A value that stands in an earlier row."""
    values = rows.table.column(name).to_pandas()
    again = (values.duplicated() & values.notna()).to_numpy()
    return Fault(again, lambda row: f"{rows.names.get(name, name)} {values[row]!r} stands twice")


def _choices(rows: Rows) -> Iterator[Fault]:
    """Too few choices, another number than in most rows, an empty one; an answer that is none of them."""
    choices = rows.table.column("choices").combine_chunks()
    name = rows.names.get("choices", "choices")
    lengths = _lengths(rows, "choices")
    usual = pd.Series(lengths).mode().max() if len(lengths) else 0
    usual = max(int(usual), 2)
    yield Fault(lengths != usual, lambda row: f"{lengths[row]} {name} instead of {usual}")
    empty = np.zeros(len(lengths), bool)
    empty[_mask_rows(choices, pc.equal(pc.utf8_trim_whitespace(pc.list_flatten(choices)), ""))] = True
    yield Fault(empty, lambda row: f"one of {name} is empty")
    answers = pc.fill_null(rows.table.column("answer"), 0).to_numpy()
    outside = (answers < 0) | (answers >= np.maximum(lengths, 1))
    answer = rows.names.get("answer", "answer")
    yield Fault(outside, lambda row: f"{answer} {answers[row]} is none of {lengths[row]} choices")


def _answers(rows: Rows, unanswerable: bool) -> Iterator[Fault]:
    """No answer where there must be one, an empty one, and one that does not stand where it is said to.

    Lists that are null, or of unequal length, are faults of their own.
    """
    even = (_lengths(rows, "answers") == _lengths(rows, "starts")) & ~_mask(rows.table.column("context").is_null())
    if not unanswerable:
        none = _mask(pc.equal(pc.list_value_length(rows.table.column("answers")), 0))
        yield Fault(none, lambda row: "it has no answer")
    numbers = np.flatnonzero(even)
    table = rows.table.take(pa.array(numbers))
    contexts = table.column("context").to_numpy()
    lists = table.column("answers").combine_chunks()
    texts = pc.list_flatten(lists).to_numpy(zero_copy_only=False)
    starts = pc.fill_null(pc.list_flatten(table.column("starts")), 0).to_numpy()
    parents = pc.list_parent_indices(lists).to_numpy()
    reasons: dict[int, str] = {}
    for parent, text, start in zip(parents.tolist(), texts, starts.tolist(), strict=True):
        if text is None or (start >= 0 and text.strip() and contexts[parent].startswith(text, start)):
            continue
        reasons.setdefault(int(numbers[parent]), _misplaced(contexts[parent], text, start))
    damaged = np.zeros(len(rows.table), bool)
    damaged[list(reasons)] = True
    yield Fault(damaged, reasons.__getitem__)


def _misplaced(context: str, text: str, start: int) -> str:
    """Why an answer is not found where it is said to stand."""
    if not text.strip():
        return "an answer is empty"
    if not 0 <= start < len(context):
        return f"answer_start {start} is outside the context"
    there = clipped(context[start : start + len(text)], 16)
    return f"answer_start {start} is at {there!r}, not {clipped(text, 16)!r}"


def _mask(values: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """Truth values as an array that may be written to; null is false."""
    return np.array(pc.fill_null(values, False).to_numpy(zero_copy_only=False), dtype=bool)


def _mask_rows(lists: pa.ListArray, values: pa.Array) -> np.ndarray:
    """The rows of the lists in which a value, (all values of all lists,), is true."""
    return np.asarray(pc.list_parent_indices(lists).filter(pc.fill_null(values, False)), dtype=np.int64)


def _lengths(rows: Rows, name: str) -> np.ndarray:
    """The lengths of lists; 0 where a list lacks."""
    return np.asarray(pc.fill_null(pc.list_value_length(rows.table.column(name)), 0))
