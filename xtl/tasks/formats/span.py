"""The format of questions whose answer is a span of a context: SQuAD, XQuAD, MLQA and TyDiQA."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from datasets import Dataset
from transformers import AutoModelForQuestionAnswering
from transformers import PreTrainedTokenizerBase as Tokenizer

from xtl.base.errors import UserError
from xtl.tasks.formats import metrics
from xtl.tasks.formats.answers import tokens_of
from xtl.tasks.formats.format import Columns, HeadFormat, Limits, encode, head
from xtl.tasks.formats.learning import Learning

N_BEST = 20  # starts and ends of a window that are combined (XTREME's scripts)
MAX_ANSWER = 30  # tokens (XTREME's scripts)
MAX_QUERY = 64  # tokens of a question that are read (XTREME's scripts)
NOT_CONTEXT = (-1, -1)  # character range of a token that cannot be part of an answer
AROUND = 60  # characters of the context that are shown on either side of the answer's beginning


class Span(HeadFormat[list[str]]):
    """A context and a question about it; predictions are texts cut from the context.

    >>> question = Dataset.from_dict({"id": ["q1"], "answers": [["the red fox"]]})
    >>> format_of(TASKS["xquad"]).score(["red fox"], question, "en")[0]
    {'exact_match': 100.0, 'f1': 100.0}
    >>> format_of(TASKS["xquad"]).submission(["red fox"], question)
    '{\\n "q1": "red fox"\\n}\\n'
    """

    auto_class = AutoModelForQuestionAnswering
    suffix = "json"

    def head_config(self) -> dict[str, Any]:
        """Two scores per token, start and end, whatever the head was that the checkpoint's configuration speaks of.

        transformers' mapping gives XLNet the head of that kind (XLNetForQuestionAnsweringSimple), as it gives it to
        all.
        """
        return {"num_labels": 2}

    def features(self, examples: Dataset, tokenizer: Tokenizer, limits: Limits, *, training: bool) -> Dataset:
        """A context that does not fit beside its question becomes overlapping windows, a feature each.

        training: `start_positions` and `end_positions` are those of the first reference in the windows that contain all
        of it; in the others both are that of the classification token. Else `offsets` is the range of characters of the
        context behind each token (-1, -1 where there is none) and `cls` the place of the classification token.
        """

        def batch_features(batch: Columns, rows: list[int]) -> Columns:
            windows = _windows(batch, tokenizer, limits)
            columns: Columns = {name: [window.inputs[name] for window in windows] for name in windows[0].inputs}
            columns["length"] = [len(ids) for ids in columns["input_ids"]]
            if not training:
                columns["example"] = [rows[window.question] for window in windows]
                columns["offsets"] = [window.offsets for window in windows]
                columns["cls"] = [window.cls for window in windows]
                return columns
            places = []
            for window in windows:
                starts = batch["starts"][window.question]
                answers = batch["answers"][window.question]
                places.append(_place(window.offsets, starts, answers) or (window.cls, window.cls))
            columns["start_positions"] = [start for start, _ in places]
            columns["end_positions"] = [end for _, end in places]
            return columns

        return encode(examples, batch_features)

    def predict(self, logits: Sequence[np.ndarray], features: Dataset, examples: Dataset) -> list[str]:
        """The best answer over all windows of each question, cut from the original context.

        A span's score is the sum of its start's and its end's logit; it ends where it starts or up to MAX_ANSWER tokens
        from there, and starts and ends are among the N_BEST of their window (unless none of these fit together).
        Only where the task has unanswerable questions may the answer be empty: when the lowest score over the windows
        of "no answer", both positions at the classification token, is above the best span's.

        logits: (length, 2) per feature, start and end.
        """
        contexts = examples["context"]
        answers = [""] * len(examples)
        best = np.full(len(examples), -np.inf)
        nothing = np.full(len(examples), np.inf)
        columns = (features["example"], features["offsets"], features["cls"])
        for values, question, offsets, cls in zip(logits, *columns, strict=True):
            nothing[question] = min(nothing[question], float(values[cls].sum()))
            span = _best_span(values, np.asarray(offsets))
            if span and span[0] > best[question]:
                best[question], first, last = span
                answers[question] = contexts[question][offsets[first][0] : offsets[last][1]].strip()
        if self.task.unanswerable:
            return ["" if empty > score else text for text, score, empty in zip(answers, best, nothing, strict=True)]
        return answers

    def score(self, predictions: list[str], examples: Dataset, language: str) -> metrics.Scores:
        """The task's metrics by its own rules for answers, and F1 per question."""
        values, per_question = metrics.squad(examples["answers"], predictions, tokens_of(self.task, language))
        return self.reported(values), per_question

    def learning(self, predictions: list[str], examples: Dataset) -> Learning:
        """Exact answers beside the empty answer alone where questions may have none, else beside a guessed span.

        A guess is one of the spans of up to MAX_ANSWER words of the context, of which one is right.
        """
        values, _ = metrics.squad(examples["answers"], predictions, tokens_of(self.task, "en"))
        right = round(values["exact_match"] * len(examples) / 100)
        empty = np.mean([not answers for answers in examples["answers"]])
        if empty:
            return Learning(right, len(examples), float(empty), "no answer")
        chances = [1 / _spans(len(context.split())) for context in examples["context"]]
        return Learning(right, len(examples), float(np.mean(chances)), "a guessed span")

    def submission(self, predictions: list[str], examples: Dataset) -> str:
        """A JSON object from question ids to answers."""
        answers = dict(zip(examples["id"], predictions, strict=True))
        return json.dumps(answers, ensure_ascii=False, indent=1) + "\n"

    def show(self, predictions: list[str], examples: Dataset, n: int = 5) -> pd.DataFrame:
        """The questions with gold and predicted answers, and the context around the gold one."""
        rows = []
        for row, predicted in zip(head(examples, n), predictions, strict=False):
            context = row["context"]
            place = row["starts"][0] if row["starts"] else 0
            before = "…" if place > AROUND else ""
            after = "…" if place + AROUND < len(context) else ""
            around = before + context[max(0, place - AROUND) : place + AROUND] + after
            rows.append((row["question"], " | ".join(dict.fromkeys(row["answers"])), predicted, around))
        return pd.DataFrame(rows, columns=["question", "gold", "predicted", "context"])


@dataclass(frozen=True)
class _Window:
    """A question with as much of its context as fits.

    question: its row in the batch. inputs: of the model. offsets: the range of characters of the context behind each
    token. cls: the place of the classification token.
    """

    question: int
    inputs: dict[str, list[int]]
    offsets: list[tuple[int, int]]
    cls: int


def _windows(batch: Columns, tokenizer: Tokenizer, limits: Limits) -> list[_Window]:
    """The windows of a batch of questions, in their order."""
    if not tokenizer.is_fast:
        raise UserError(
            f"tokenizer {type(tokenizer).__name__}: it does not tell where its pieces stand in a text, as cutting "
            "answers from one needs; leave question answering out for this encoder, or give it a tokenizer.json."
        )
    questions = [question.lstrip() for question in batch["question"]]
    whole = tokenizer(questions, batch["context"], return_offsets_mapping=True)
    inputs = [name for name in whole.keys() if name != "offset_mapping"]
    windows = []
    for row, context in enumerate(batch["context"]):
        parts = whole.sequence_ids(row)
        coded, numbers = whole, [row]
        if parts.count(0) > MAX_QUERY or len(parts) > limits.max_length:
            ends = [end for part, (_, end) in zip(parts, whole["offset_mapping"][row], strict=True) if part == 0]
            kept = ends[:MAX_QUERY]
            question = questions[row][: kept[-1] if kept else 0]
            room = limits.max_length - len(kept) - parts.count(None)
            coded = _cut(question, context, len(kept), room, tokenizer, limits)
            numbers = list(range(len(coded["input_ids"])))
        for number in numbers:
            ids = coded["input_ids"][number]
            offsets = _context_offsets(coded.sequence_ids(number), coded["offset_mapping"][number], context)
            # first in BERT, last in XLNet; 0 for a tokenizer without one
            cls = ids.index(tokenizer.cls_token_id) if tokenizer.cls_token_id in ids else 0
            windows.append(_Window(row, {name: coded[name][number] for name in inputs}, offsets, cls))
    return windows


def _cut(question: str, context: str, tokens: int, room: int, tokenizer: Tokenizer, limits: Limits) -> Any:
    """A question of so many tokens and its context as windows with room for so many tokens of the context."""
    if room < 1:
        raise UserError(
            f"max_length {limits.max_length} leaves no room for a context beside a question of {tokens} tokens; "
            "raise training.max_length."
        )
    return tokenizer(
        question,
        context,
        truncation="only_second",
        max_length=limits.max_length,
        stride=limits.overlap(room),
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
    )


def _context_offsets(parts: list[int | None], offsets: list[tuple[int, int]], context: str) -> list[tuple[int, int]]:
    """The range of characters of the context behind each token; none for other tokens and for mere white space."""
    ranges = []
    for part, (start, end) in zip(parts, offsets, strict=True):
        inside = part == 1 and start < end and not context[start:end].isspace()
        ranges.append((start, end) if inside else NOT_CONTEXT)
    return ranges


def _place(offsets: list[tuple[int, int]], starts: list[int], answers: list[str]) -> tuple[int, int] | None:
    """First and last token of the first reference; None if there is none or the window does not contain all of it."""
    if not answers:
        return None
    begin = starts[0]
    end = begin + len(answers[0])
    context = [place for place, offset in enumerate(offsets) if offset != NOT_CONTEXT]
    inside = [place for place in context if offsets[place][0] < end and offsets[place][1] > begin]
    # An answer cut by the window's edge begins before its first token or ends after its last one.
    if not inside or begin < offsets[context[0]][0] or end > offsets[context[-1]][1]:
        return None
    return inside[0], inside[-1]


def _spans(words: int) -> int:
    """How many spans of up to MAX_ANSWER words so many words have (one at least): of three words 3 + 2 + 1."""
    longest = min(words, MAX_ANSWER)
    return max(1, sum(words - length + 1 for length in range(1, longest + 1)))


def _best_span(values: np.ndarray, offsets: np.ndarray) -> tuple[float, int, int] | None:
    """Score, first and last token of the best span of a window; None if the window has no token of the context."""
    context = np.flatnonzero(offsets[:, 0] >= 0)
    if not len(context):
        return None
    scores = values[context]  # (tokens of the context, 2)
    totals = scores[:, None, 0] + scores[None, :, 1]
    distance = context[None, :] - context[:, None]
    allowed = (distance >= 0) & (distance < MAX_ANSWER)
    likely = np.zeros_like(scores, dtype=bool)
    np.put_along_axis(likely, np.argsort(-scores, axis=0, kind="stable")[:N_BEST], True, axis=0)
    short_list = allowed & likely[:, None, 0] & likely[None, :, 1]
    totals = np.where(short_list if short_list.any() else allowed, totals, -np.inf)
    first, last = np.unravel_index(totals.argmax(), totals.shape)
    return float(totals[first, last]), int(context[first]), int(context[last])
