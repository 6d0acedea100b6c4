"""The format of sentence retrieval to English, where nothing is trained: Tatoeba."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from datasets import Dataset

from xtl.tasks.catalog.task import Task
from xtl.tasks.formats import metrics

SUFFIX = "tsv"  # of a submission file

Pools = tuple[np.ndarray, np.ndarray, Dataset]  # vectors of the foreign and of the English sentences, and the examples


def texts(examples: Dataset) -> tuple[list[str], list[str]]:
    """The foreign and the English sentences, row i of one the translation of row i of the other."""
    return list(examples["foreign"]), list(examples["english"])


def limit(examples: Dataset, n: int | None) -> Dataset:
    """The first n pairs."""
    return examples if n is None else examples.select(range(min(n, len(examples))))


def evaluate(
    pools: Mapping[str, Pools], task: Task, language: str = ""
) -> tuple[np.ndarray, dict[str, float], np.ndarray]:
    """Predictions, the task's metrics in points, and 100 or 0 per English sentence of the test set."""
    foreign_vectors, english_vectors, examples = pools["test"]
    predictions = predict(foreign_vectors, english_vectors)
    return predictions, *score(predictions, examples, task, language)


def example_ids(pools: Mapping[str, Pools]) -> list[str]:
    """Names of what the per-example scores of `evaluate` are about."""
    return [str(i) for i in pools["test"][2]["id"]]


def predict(foreign_vectors: np.ndarray, english_vectors: np.ndarray, rows: int = 1024) -> np.ndarray:
    """For each English sentence the 0-based index of the nearest foreign one by cosine, (n,); the first of equals.

    foreign_vectors, english_vectors: (n, hidden), row i of one is the translation of row i of the other.
    rows: English sentences compared at a time, a matter of memory alone.
    """
    foreign, english = _unit(foreign_vectors), _unit(english_vectors)
    nearest = [(english[i : i + rows] @ foreign.T).argmax(1) for i in range(0, len(english), rows)]
    return np.concatenate(nearest) if nearest else np.empty(0, dtype=np.int64)


def score(predictions: np.ndarray, examples: Dataset, task: Task, language: str) -> metrics.Scores:
    """Accuracy in points, and 100 or 0 per English sentence: the rows are pairs, so row i is the answer to row i."""
    values, per_example = metrics.accuracy(range(len(examples)), [int(p) for p in predictions])
    return {name: values[name] for name in task.metrics}, per_example


def write_submission(predictions: np.ndarray, examples: Dataset, task: Task, path: Path) -> None:
    """XTREME's file: one index a line."""
    Path(path).write_text("".join(f"{int(p)}\n" for p in predictions), encoding="utf-8")


def show(predictions: np.ndarray, examples: Dataset, task: Task, n: int = 5) -> pd.DataFrame:
    """The first n English sentences with their translation and the sentence that was found instead, if any."""
    foreign, rows = list(examples["foreign"]), []
    for i, (english, p) in enumerate(zip(list(examples["english"])[:n], predictions, strict=False)):
        found = "" if p == i else foreign[p]
        rows.append({"English": english, "translation": foreign[i], "found": found or "the translation"})
    return pd.DataFrame(rows, columns=["English", "translation", "found"])


def _unit(vectors: np.ndarray) -> np.ndarray:
    """Rows of length 1 (a row of zeros stays one)."""
    vectors = np.asarray(vectors, dtype=np.float32)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
