"""Predictions of a model on the examples of one language, and what they score."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from torch import nn
from transformers import PreTrainedTokenizerBase

from xtl.tasks.catalog import Task
from xtl.tasks.formats import trained_format
from xtl.tasks.formats.format import DrawnFormat, HeadFormat, Limits
from xtl.training.collate import INPUTS, budget_batches, pad_batch
from xtl.training.finite import Diverged

EVAL_TOKENS = 8192  # tokens in an evaluation batch, padding counted; decides speed, not results


@dataclass(frozen=True)
class Scored:
    """Predictions on examples of a task.

    Attributes:
        predictions: as the task's format gives and shows them.
        metrics: metric -> points.
        per_example: points, (examples,).
    """

    predictions: Any
    metrics: dict[str, float]
    per_example: np.ndarray

    def mean(self, task: Task) -> float:
        """The task's score: the mean of the metrics that it names."""
        return float(np.mean([self.metrics[metric] for metric in task.score]))


def score_examples(
    model: nn.Module,
    tokenizer: PreTrainedTokenizerBase,
    task: Task,
    examples: Dataset,
    language: str,
    limits: Limits,
) -> Scored:
    """Predict the examples of one language and score them by the task's own rules."""
    task_format = trained_format(task)
    features = task_format.features(examples, tokenizer, limits.within(tokenizer), training=False)
    if isinstance(task_format, HeadFormat):
        predictions = task_format.predict(predict_logits(model, features, tokenizer), features, examples)
    elif isinstance(task_format, DrawnFormat):
        predictions = task_format.infer(model, features, tokenizer)
    metrics, per_example = task_format.score(predictions, examples, language)
    return Scored(predictions, metrics, per_example)


def predict_logits(
    model: nn.Module, features: Dataset, tokenizer: PreTrainedTokenizerBase, batch_tokens: int = EVAL_TOKENS
) -> list[np.ndarray]:
    """Logits of every feature, in order, padding removed.

    Returns:
        for each feature float32 (labels,) for one label an input, (choices,) for one score a choice, (length, labels)
        for one label a token, and (length, 2), start and end, for spans.
    """
    model.eval()
    device = next(model.parameters()).device
    columns = [name for name in INPUTS if name in features.column_names]
    rows = list(features.select_columns(columns))
    lengths = [len(row["input_ids"]) for row in rows]
    sizes = [_tokens(row["input_ids"]) for row in rows]
    left = tokenizer.padding_side == "left"
    predicted: dict[int, np.ndarray] = {}
    with torch.inference_mode():
        for numbers in budget_batches(sizes, batch_tokens):
            batch = pad_batch([rows[number] for number in numbers], tokenizer)
            output = model(**{name: table.to(device) for name, table in batch.items()})
            if "logits" in output:
                logits = output.logits
            else:
                logits = torch.stack([output.start_logits, output.end_logits], -1)
            if logits.isnan().any():
                raise Diverged("the model's predictions are no numbers (NaN): its activations overflow.")
            for number, values in zip(numbers, logits.float().cpu().numpy(), strict=True):
                if values.ndim == 2:  # a row for every token, those of the padding too
                    values = values[-lengths[number] :] if left else values[: lengths[number]]
                predicted[number] = values.copy()
    return [predicted[number] for number in range(len(rows))]


def _tokens(ids: list) -> int:
    """Tokens of a feature, of all its choices where it has some."""
    if isinstance(ids[0], (list, np.ndarray)):
        return sum(len(choice) for choice in ids)
    return len(ids)
