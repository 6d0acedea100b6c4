"""The format of questions with a few answers to choose from: HellaSwag, Cosmos QA, CommonsenseQA."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from datasets import Dataset
from transformers import AutoModelForMultipleChoice
from transformers import PreTrainedTokenizerBase as Tokenizer

from xtl.tasks.formats import metrics
from xtl.tasks.formats.format import Columns, OneLabelFormat, head
from xtl.tasks.formats.learning import Learning


class Choice(OneLabelFormat):
    """A context, a question and a few choices; predictions are places of choices.

    >>> question = Dataset.from_dict({"context": [""], "question": ["What barks?"], "choices": [["a dog", "a cat"]],
    ...                               "answer": [0]})
    >>> format_of(TASKS["csqa"]).score(np.array([0]), question, "en")[0]
    {'accuracy': 100.0}
    """

    auto_class = AutoModelForMultipleChoice
    target = "answer"

    def head_config(self) -> dict[str, Any]:
        """One score per choice."""
        return {"num_labels": 1}

    def encode(self, batch: Columns, tokenizer: Tokenizer, max_length: int) -> Columns:
        """Inputs that are lists over the choices; the length counts the tokens of all of them.

        The first segment is the context and the question, the second the choice, as jiant reads Cosmos QA; of a task
        whose choices go on from the question (`question_with`) the context alone, then question and choice, as jiant
        reads HellaSwag. A pair longer than `max_length` loses tokens from the beginning of the longer text: its end is
        what the choice goes on from.
        """
        first: list[str] = []
        second: list[str] = []
        ends = []
        for context, question, choices in zip(batch["context"], batch["question"], batch["choices"], strict=True):
            if context and self.task.question_with == "choice":
                first += [context] * len(choices)
                second += [f"{question} {choice}".strip() for choice in choices]
            else:
                first += [f"{context} {question}".strip()] * len(choices)
                second += choices
            ends.append(len(first))
        side = tokenizer.truncation_side
        tokenizer.truncation_side = "left"
        try:
            coded = tokenizer(first, second, truncation="longest_first", max_length=max_length)
        finally:
            tokenizer.truncation_side = side
        columns = {}
        for name in coded.keys():
            columns[name] = [coded[name][begin:end] for begin, end in zip([0, *ends], ends, strict=False)]
        return {**columns, "length": [sum(map(len, ids)) for ids in columns["input_ids"]]}

    def score(self, predictions: np.ndarray, examples: Dataset, language: str) -> metrics.Scores:
        """The task's metrics, and 100 or 0 per example."""
        return metrics.label_scores(list(examples["answer"]), predictions.tolist(), self.task.metrics)

    def learning(self, predictions: np.ndarray, examples: Dataset) -> Learning:
        """Right choices beside guessing among those of each question."""
        right = int(np.sum(np.array(list(examples["answer"])) == predictions))
        chances = [1 / len(choices) for choices in examples["choices"]]
        return Learning(right, len(examples), float(np.mean(chances)), "a guess among the choices")

    def show(self, predictions: np.ndarray, examples: Dataset, n: int = 5) -> pd.DataFrame:
        """The text with the right and the predicted choice."""
        rows = []
        for row, predicted in zip(head(examples, n), predictions, strict=False):
            text = f"{row['context']} {row['question']}".strip()
            choices = row["choices"]
            rows.append((text, choices[row["answer"]], choices[predicted], len(choices)))
        return pd.DataFrame(rows, columns=["text", "gold", "predicted", "of"])
