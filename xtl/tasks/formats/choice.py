"""The format of questions with a few answers to choose from: HellaSwag, Cosmos QA, CommonsenseQA."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from datasets import Dataset

from xtl.tasks.catalog.task import Task
from xtl.tasks.formats import metrics
from xtl.tasks.formats.features import with_labels, with_rows
from xtl.tasks.formats.heads import build


def build_model(checkpoint: str | Path, task: Task, seed: int, revision: str | None = None):
    """The checkpoint's encoder with a fresh head of one score per choice."""
    from transformers import AutoModelForMultipleChoice

    return build(AutoModelForMultipleChoice, checkpoint, seed, revision, num_labels=1)


def train_features(examples: Dataset, tokenizer, task: Task, max_length: int) -> Dataset:
    """One unpadded feature an example, its inputs lists over the choices: input_ids, attention_mask,
    (token_type_ids), labels (the place of the right choice), length (tokens of all choices).

    A choice is read as the context and then the question with the choice; without a context, as the question and then
    the choice. A pair longer than `max_length` loses tokens from the beginning of the longer text: its end is what the
    choice goes on from.
    """
    return with_labels(examples, lambda batch: _encode(batch, tokenizer, max_length), "answer")


def eval_features(examples: Dataset, tokenizer, task: Task, max_length: int) -> Dataset:
    """As `train_features`, with `example` (the row of its example) in place of labels."""
    return with_rows(examples, lambda batch: _encode(batch, tokenizer, max_length))


def predict(logits: Sequence[np.ndarray], features: Dataset, examples: Dataset, task: Task) -> np.ndarray:
    """The place of the likeliest choice, (examples,); logits are one array (choices,) per feature."""
    predictions = np.empty(len(examples), dtype=np.int64)
    predictions[np.asarray(features["example"])] = [int(np.argmax(values)) for values in logits]
    return predictions


def score(predictions: np.ndarray, examples: Dataset, task: Task, language: str) -> metrics.Scores:
    """Accuracy in points, and 100 or 0 per example."""
    values, per_example = metrics.accuracy(list(examples["answer"]), [int(p) for p in predictions])
    return {name: values[name] for name in task.metrics}, per_example


def show(predictions: np.ndarray, examples: Dataset, task: Task, n: int = 5) -> pd.DataFrame:
    """The first n examples with the right and the predicted choice."""
    head = examples.select(range(min(n, len(examples))))
    rows = []
    for context, question, choices, answer, p in zip(
        head["context"], head["question"], head["choices"], head["answer"], predictions, strict=False
    ):
        text = f"{context} {question}".strip()
        rows.append({"text": text, "gold": choices[answer], "predicted": choices[p], "of": len(choices)})
    return pd.DataFrame(rows, columns=["text", "gold", "predicted", "of"])


def _encode(batch: dict, tokenizer, max_length: int) -> dict:
    first, second, counts = [], [], []
    for context, question, choices in zip(batch["context"], batch["question"], batch["choices"], strict=True):
        counts.append(len(choices))
        first += [context or question] * len(choices)
        second += [f"{question} {choice}".strip() if context else choice for choice in choices]
    side, tokenizer.truncation_side = tokenizer.truncation_side, "left"
    try:
        coded = tokenizer(first, second, truncation="longest_first", max_length=max_length)
    finally:
        tokenizer.truncation_side = side
    ends = np.cumsum(counts)
    parts = {
        name: [coded[name][end - count : end] for end, count in zip(ends, counts, strict=True)] for name in coded.keys()
    }
    return {**parts, "length": [sum(map(len, ids)) for ids in parts["input_ids"]]}
