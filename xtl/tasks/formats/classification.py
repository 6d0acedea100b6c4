"""The format of pairs of texts with one label each: MNLI, QQP, XNLI, PAWS-X."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from datasets import Dataset

from xtl.tasks.catalog.task import Task
from xtl.tasks.formats import metrics
from xtl.tasks.formats.features import with_labels, with_rows
from xtl.tasks.formats.heads import labelled

SUFFIX = "tsv"  # of a submission file


def build_model(checkpoint: str | Path, task: Task, seed: int, revision: str | None = None):
    """The checkpoint's encoder with a fresh classification head for the task's labels."""
    from transformers import AutoModelForSequenceClassification

    return labelled(
        AutoModelForSequenceClassification, checkpoint, task, seed, revision, problem_type="single_label_classification"
    )


def train_features(examples: Dataset, tokenizer, task: Task, max_length: int) -> Dataset:
    """One unpadded feature an example: input_ids, attention_mask, (token_type_ids), labels, length.

    A pair longer than `max_length` loses tokens from the longer text first.
    """
    return with_labels(examples, lambda batch: _encode(batch, tokenizer, max_length), "label")


def eval_features(examples: Dataset, tokenizer, task: Task, max_length: int) -> Dataset:
    """As `train_features`, with `example` (the row of its example) in place of labels."""
    return with_rows(examples, lambda batch: _encode(batch, tokenizer, max_length))


def predict(logits: Sequence[np.ndarray], features: Dataset, examples: Dataset, task: Task) -> np.ndarray:
    """Ids of the likeliest labels, (examples,); logits are one array (labels,) per feature."""
    predictions = np.empty(len(examples), dtype=np.int64)
    predictions[np.asarray(features["example"])] = np.stack(list(logits)).argmax(-1)
    return predictions


def score(predictions: np.ndarray, examples: Dataset, task: Task, language: str) -> metrics.Scores:
    """The task's metrics in points, and 100 or 0 per example."""
    gold = list(examples["label"])
    values, per_example = metrics.accuracy(gold, [int(p) for p in predictions])
    values["f1"] = metrics.binary_f1(gold, [int(p) for p in predictions])
    return {name: values[name] for name in task.metrics}, per_example


def write_submission(predictions: np.ndarray, examples: Dataset, task: Task, path: Path) -> None:
    """XTREME's file: one label a line."""
    Path(path).write_text("".join(f"{task.labels[p]}\n" for p in predictions), encoding="utf-8")


def show(predictions: np.ndarray, examples: Dataset, task: Task, n: int = 5) -> pd.DataFrame:
    """The first n examples with their gold and predicted labels."""
    head = examples.select(range(min(n, len(examples))))
    return pd.DataFrame(
        {
            "first text": list(head["text_a"]),
            "second text": list(head["text_b"]),
            "gold": [task.labels[i] for i in head["label"]],
            "predicted": [task.labels[i] for i in predictions[: len(head)]],
        }
    )


def _encode(batch: dict, tokenizer, max_length: int) -> dict:
    encoded = dict(tokenizer(batch["text_a"], batch["text_b"], truncation="longest_first", max_length=max_length))
    return {**encoded, "length": [len(ids) for ids in encoded["input_ids"]]}
