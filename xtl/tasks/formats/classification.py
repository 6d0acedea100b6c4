"""The format of pairs of texts with one label each: MNLI, QQP, XNLI, PAWS-X."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from datasets import Dataset
from transformers import AutoModelForSequenceClassification
from transformers import PreTrainedTokenizerBase as Tokenizer

from xtl.tasks.formats import metrics
from xtl.tasks.formats.format import Columns, OneLabelFormat, head
from xtl.tasks.formats.learning import Learning, beside_majority


class Classification(OneLabelFormat):
    """Two texts and one label.

    >>> pairs = Dataset.from_dict({"text_a": ["It rains.", "It rains."], "text_b": ["It pours.", "It is dry."],
    ...                            "label": [1, 2]})
    >>> format_of(TASKS["xnli"]).score(np.array([1, 0]), pairs, "en")[0]
    {'accuracy': 50.0}
    >>> format_of(TASKS["xnli"]).submission(np.array([1, 0]), pairs)
    'neutral\\nentailment\\n'
    """

    auto_class = AutoModelForSequenceClassification
    target = "label"

    def head_config(self) -> dict[str, Any]:
        """One output per label, of which one is right."""
        return {**super().head_config(), "problem_type": "single_label_classification"}

    def encode(self, batch: Columns, tokenizer: Tokenizer, max_length: int) -> Columns:
        """A pair longer than `max_length` loses tokens from the longer text first."""
        coded = tokenizer(batch["text_a"], batch["text_b"], truncation="longest_first", max_length=max_length)
        return {**coded, "length": [len(ids) for ids in coded["input_ids"]]}

    def score(self, predictions: np.ndarray, examples: Dataset, language: str) -> metrics.Scores:
        """The task's metrics, and 100 or 0 per example."""
        return metrics.label_scores(list(examples["label"]), predictions.tolist(), self.task.metrics)

    def learning(self, predictions: np.ndarray, examples: Dataset) -> Learning:
        """Right labels beside the most frequent label alone."""
        return beside_majority(list(examples["label"]), predictions.tolist(), "label")

    def submission(self, predictions: np.ndarray, examples: Dataset) -> str:
        """One label a line."""
        return "".join(f"{self.task.labels[label]}\n" for label in predictions)

    def show(self, predictions: np.ndarray, examples: Dataset, n: int = 5) -> pd.DataFrame:
        """The two texts with gold and predicted label."""
        first = head(examples, n)
        return pd.DataFrame({
            "first text": list(first["text_a"]),
            "second text": list(first["text_b"]),
            "gold": [self.task.labels[label] for label in first["label"]],
            "predicted": [self.task.labels[label] for label in predictions[: len(first)]],
        })  # fmt: skip
