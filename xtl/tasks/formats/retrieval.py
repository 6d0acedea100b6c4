"""The format of sentence retrieval to English, where nothing is trained: Tatoeba."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from datasets import Dataset

from xtl.tasks.formats import metrics
from xtl.tasks.formats.format import RetrievalFormat, Vectors, head, unit


def nearest(foreign: np.ndarray, english: np.ndarray, rows: int = 1024) -> np.ndarray:
    """For each English sentence the row of the nearest foreign one by cosine, (n,); the first of equals.

    foreign, english: (n, hidden). rows: English sentences compared at a time, a matter of memory alone.

    >>> nearest(np.array([[1, 0], [0, 1]]), np.array([[1, 3], [2, 1]])).tolist()
    [1, 0]
    """
    foreign = unit(foreign)
    english = unit(english)
    places = [(english[i : i + rows] @ foreign.T).argmax(axis=1) for i in range(0, len(english), rows)]
    return np.concatenate(places) if places else np.empty(0, dtype=np.int64)


class Retrieval(RetrievalFormat[np.ndarray]):
    """Pairs of sentences; predictions are, for each English one, the row of the foreign one that was found.

    >>> pairs = Dataset.from_dict({"id": ["0", "1"], "foreign": ["eins", "zwei"], "english": ["one", "two"]})
    >>> vectors = Vectors(np.array([[1, 0], [0, 1]]), np.array([[2, 1], [3, 1]]), pairs)
    >>> format_of(TASKS["tatoeba"]).evaluate({"test": vectors})[1]
    {'accuracy': 50.0}
    """

    def texts(self, examples: Dataset) -> tuple[list[str], list[str]]:
        """Row i of one is the translation of row i of the other."""
        return list(examples["foreign"]), list(examples["english"])

    def limit(self, examples: Dataset, n: int | None) -> Dataset:
        """The first n pairs."""
        return examples if n is None else head(examples, n)

    def evaluate(self, pools: Mapping[str, Vectors]) -> tuple[np.ndarray, dict[str, float], np.ndarray]:
        """Accuracy, and 100 or 0 per English sentence: the rows are pairs, so row i is the answer to row i."""
        test = pools["test"]
        predictions = nearest(test.foreign, test.english)
        values, per_example = metrics.accuracy(range(len(test.examples)), predictions.tolist())
        return predictions, self.reported(values), per_example

    def example_ids(self, test: Dataset) -> list[str]:
        """The pairs' ids."""
        return [str(name) for name in test["id"]]

    def submission(self, predictions: np.ndarray, examples: Dataset) -> str:
        """One row of a foreign sentence a line, counted from 0."""
        return "".join(f"{row}\n" for row in predictions)

    def show(self, predictions: np.ndarray, examples: Dataset, n: int = 5) -> pd.DataFrame:
        """The English sentences with their translation and the sentence that was found instead, if any."""
        foreign = list(examples["foreign"])
        rows = []
        for place, english in enumerate(head(examples, n)["english"]):
            found = predictions[place]
            rows.append((english, foreign[place], "the translation" if found == place else foreign[found]))
        return pd.DataFrame(rows, columns=["English", "translation", "found"])
