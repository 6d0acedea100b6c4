"""Turning examples into features, a batch at a time."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
from datasets import Dataset
from datasets.table import InMemoryTable

BATCH = 1000  # examples encoded at a time: enough for the tokenizer's threads, little enough for the memory


def with_labels(examples: Dataset, code: Callable[[dict], dict], labels: str) -> Dataset:
    """One feature an example: what `code` makes of a batch's columns, and the column `labels` as labels."""
    return encode(examples, lambda batch, rows: {**code(batch), "labels": batch[labels]})


def with_rows(examples: Dataset, code: Callable[[dict], dict]) -> Dataset:
    """As `with_labels`, with `example` (the row of its example) in place of labels."""
    return encode(examples, lambda batch, rows: {**code(batch), "example": rows})


def encode(examples: Dataset, function: Callable[[dict, list[int]], dict]) -> Dataset:
    """The features that a function makes of batches of examples, as one dataset in memory.

    Not `Dataset.map`, which hashes the tokenizer and draws a progress bar for each of forty small test sets.

    Args:
        function: (columns of a batch, rows of its examples) -> columns of its features, as many rows as it likes.
    """
    parts = []
    for start in range(0, len(examples), BATCH):
        rows = list(range(start, min(start + BATCH, len(examples))))
        parts.append(pa.table(function(examples[start : start + BATCH], rows)))
    return Dataset(InMemoryTable(pa.concat_tables(parts))) if parts else Dataset.from_dict({})
