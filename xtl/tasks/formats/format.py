"""What a format of tasks can do: train a head or compare sentences; score, show and hand in its predictions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import torch
from datasets import Dataset
from datasets.table import InMemoryTable
from torch import nn
from transformers import PreTrainedTokenizerBase as Tokenizer

from xtl.tasks.catalog.task import Task
from xtl.tasks.formats import heads
from xtl.tasks.formats.learning import Learning
from xtl.tasks.formats.metrics import Scores

ENCODED = 1000  # examples encoded at a time: enough for the tokenizer's threads, little enough for the memory

P = TypeVar("P")  # predictions on the examples of one language
Columns = dict[str, Any]  # of a batch of examples, or of their features


@dataclass(frozen=True)
class Limits:
    """The inputs' limits in tokens.

    Attributes:
        max_length: of the longest input.
        stride: overlap of two windows of one context.
        step: from the beginning of a window to that of the next (the `doc_stride` of XTREME and jiant); in place of the
            overlap, where it is given.
    """

    max_length: int
    stride: int | None = 128
    step: int | None = None

    def within(self, tokenizer: Tokenizer) -> Limits:
        """The same limits, or the encoder's longest input where that is shorter."""
        return replace(self, max_length=min(self.max_length, tokenizer.model_max_length))

    def overlap(self, room: int) -> int:
        """The tokens that two windows share which have room for so many of their context; windows always move.

        >>> Limits(384, stride=128).overlap(300), Limits(384, step=128).overlap(300), Limits(384, step=128).overlap(100)
        (128, 172, 0)
        """
        shared = self.stride or 0 if self.step is None else room - self.step
        return max(0, min(shared, room - 1))


class Format(ABC, Generic[P]):
    """What the tasks of one shape share; examples are in its canonical columns (xtl.tasks.sources.columns).

    Attributes:
        suffix: of the benchmark's submission files.
    """

    suffix: ClassVar[str] = "tsv"

    def __init__(self, task: Task):
        self.task = task

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.task.name})"

    @abstractmethod
    def show(self, predictions: P, examples: Dataset, n: int = 5) -> pd.DataFrame:
        """A table of the first n examples with what is right and what was predicted."""

    def submission(self, predictions: P, examples: Dataset) -> str:
        """The content of the benchmark's file with these predictions."""
        raise NotImplementedError(f"{self.task.name} is no task of the benchmark")

    def reported(self, metrics: Mapping[str, float]) -> dict[str, float]:
        """Those of the metrics that the task reports."""
        return {name: metrics[name] for name in self.task.metrics}


class TrainedFormat(Format[P]):
    """A format that is trained."""

    @abstractmethod
    def build_model(self, checkpoint: str | Path, seed: int, revision: str | None = None) -> nn.Module:
        """The checkpoint's encoder with a head for the task, drawn from the seed.

        checkpoint: a folder, or a Hub id with its revision. Raises UserError where it cannot be loaded.
        """

    @abstractmethod
    def features(self, examples: Dataset, tokenizer: Tokenizer, limits: Limits, *, training: bool) -> Dataset:
        """What a model reads of the examples, unpadded: input_ids, attention_mask, (token_type_ids) and length.

        An example may become several features. training: with its labels; else with what `predict` needs, among it
        `example`, the row of its example.
        """

    @abstractmethod
    def score(self, predictions: P, examples: Dataset, language: str) -> Scores:
        """The task's metrics and a score of every example, in points."""

    @abstractmethod
    def learning(self, predictions: P, examples: Dataset) -> Learning:
        """The predictions beside those of a model that learned nothing, by accuracy."""


class HeadFormat(TrainedFormat[P]):
    """A format whose predictions follow from the logits of a head.

    Attributes:
        auto_class: the AutoModelFor… of transformers with that head.
    """

    auto_class: ClassVar[Any]

    def head_config(self) -> dict[str, Any]:
        """What the head needs: one output per label."""
        names = dict(enumerate(self.task.labels))
        return {"num_labels": len(names), "id2label": names, "label2id": {name: i for i, name in names.items()}}

    def build_model(self, checkpoint: str | Path, seed: int, revision: str | None = None) -> nn.Module:
        """The head is always new, whatever the checkpoint carried."""
        return heads.build(self.auto_class, checkpoint, seed, revision, **self.head_config())

    @abstractmethod
    def predict(self, logits: Sequence[np.ndarray], features: Dataset, examples: Dataset) -> P:
        """Predictions on the examples; logits: one array per feature, without padding."""


class OneLabelFormat(HeadFormat[np.ndarray]):
    """A format of one feature and one label an example; predictions are ids of labels, (examples,).

    Attributes:
        target: the canonical column that holds the labels.
    """

    target: ClassVar[str]

    @abstractmethod
    def encode(self, batch: Columns, tokenizer: Tokenizer, max_length: int) -> Columns:
        """The inputs of a batch of examples, without labels, and their length in tokens."""

    def features(self, examples: Dataset, tokenizer: Tokenizer, limits: Limits, *, training: bool) -> Dataset:
        """One feature an example, with `labels` or `example`."""

        def batch_features(batch: Columns, rows: list[int]) -> Columns:
            answers = {"labels": batch[self.target]} if training else {"example": rows}
            return {**self.encode(batch, tokenizer, limits.max_length), **answers}

        return encode(examples, batch_features)

    def predict(self, logits: Sequence[np.ndarray], features: Dataset, examples: Dataset) -> np.ndarray:
        """Ids of the likeliest labels; logits: (labels,) per feature."""
        predictions = np.empty(len(examples), dtype=np.int64)
        predictions[np.asarray(features["example"])] = [int(values.argmax()) for values in logits]
        return predictions


class DrawnFormat(TrainedFormat[P]):
    """A format that draws anew in every batch what is to be predicted."""

    @abstractmethod
    def collator(
        self, features: Dataset, tokenizer: Tokenizer, model: nn.Module, seed: int
    ) -> Callable[[list[tuple[int, int]]], dict[str, torch.Tensor]]:
        """Function: (row of a feature, number of the batch) each -> inputs of the model, padded."""

    @abstractmethod
    def infer(self, model: nn.Module, features: Dataset, tokenizer: Tokenizer) -> P:
        """Predictions on the examples of the features; what is drawn is always the same."""


class Vectors(NamedTuple):
    """Two pools of sentences as vectors, (sentences, hidden) each, and the examples that they are from."""

    foreign: np.ndarray
    english: np.ndarray
    examples: Dataset


class RetrievalFormat(Format[P]):
    """A format that trains nothing and compares the sentences of two pools, one of them English."""

    @abstractmethod
    def texts(self, examples: Dataset) -> tuple[list[str], list[str]]:
        """The foreign and the English sentences."""

    @abstractmethod
    def limit(self, examples: Dataset, n: int | None) -> Dataset:
        """At most the first n sentences of each pool."""

    @abstractmethod
    def evaluate(self, pools: Mapping[str, Vectors]) -> tuple[P, dict[str, float], np.ndarray]:
        """Predictions on the test pools, the task's metrics, and a score of every example, in points.

        pools: of each of the task's `evaluation_splits`.
        """

    @abstractmethod
    def example_ids(self, test: Dataset) -> list[str]:
        """Names of what the per-example scores of `evaluate` are about."""


def encode(examples: Dataset, function: Callable[[Columns, list[int]], Columns]) -> Dataset:
    """The features that a function makes of batches of examples, as one dataset in memory.

    Not `Dataset.map`, which hashes the tokenizer and draws a progress bar for each of forty small test sets.

    Args:
        function: (columns of a batch, rows of its examples) -> columns of its features, as many rows as it likes.

    >>> texts = Dataset.from_dict({"text": ["a b", "c"]})
    >>> encode(texts, lambda batch, rows: {"length": [len(text) for text in batch["text"]], "example": rows}).to_list()
    [{'length': 3, 'example': 0}, {'length': 1, 'example': 1}]
    """
    parts = []
    for start in range(0, len(examples), ENCODED):
        rows = list(range(start, min(start + ENCODED, len(examples))))
        parts.append(pa.table(function(examples[start : start + ENCODED], rows)))
    return Dataset(InMemoryTable(pa.concat_tables(parts))) if parts else Dataset.from_dict({})


def head(examples: Dataset, n: int) -> Dataset:
    """The first n examples, or all of fewer."""
    return examples.select(range(min(n, len(examples))))


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows of length 1 in float32 (a row of zeros stays one).

    >>> unit(np.array([[0, 4], [0, 0]])).tolist()
    [[0.0, 1.0], [0.0, 0.0]]
    """
    vectors = np.asarray(vectors, dtype=np.float32)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
