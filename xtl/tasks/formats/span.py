"""The format of questions whose answer is a span of a context: SQuAD, XQuAD, MLQA and TyDiQA."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from datasets import Dataset

from xtl.base.errors import UserError
from xtl.tasks.catalog.task import Task
from xtl.tasks.formats import metrics
from xtl.tasks.formats.answers import mlqa_tokens, squad_tokens
from xtl.tasks.formats.features import encode
from xtl.tasks.formats.heads import build

SUFFIX = "json"  # of a submission file
OPTIONS = ("stride", "max_query")  # what its features take beside the length
N_BEST = 20  # starts and ends of a window that are combined (XTREME's scripts)
MAX_ANSWER = 30  # tokens (XTREME's scripts)
MAX_QUERY = 64  # tokens (XTREME's scripts)
NOT_CONTEXT = (-1, -1)  # character range of a token that cannot be part of an answer


def build_model(checkpoint: str | Path, task: Task, seed: int, revision: str | None = None):
    """The checkpoint's encoder with a fresh head of two scores per token, start and end.

    transformers' mapping gives XLNet the head of that kind (XLNetForQuestionAnsweringSimple), as it gives it to all.
    """
    from transformers import AutoModelForQuestionAnswering

    # two labels, whatever the head was that the checkpoint's configuration speaks of
    return build(AutoModelForQuestionAnswering, checkpoint, seed, revision, num_labels=2)


def train_features(
    examples: Dataset, tokenizer, task: Task, max_length: int, stride: int = 128, max_query: int = MAX_QUERY
) -> Dataset:
    """One unpadded feature a window: input_ids, attention_mask, (token_type_ids), start_positions, end_positions,
    length.

    A context that does not fit beside its question becomes overlapping windows. The first reference is the label, in
    the windows that contain all of it; in the others both positions are that of the classification token.

    Args:
        stride: overlap in tokens of two windows of one context (XTREME's `doc_stride` is the step, not the overlap).
        max_query: tokens of the question that are kept.
    """

    def batch_features(batch: dict, rows: list[int]) -> dict:
        encoded, example, offsets, cls = _encode(batch, tokenizer, max_length, stride, max_query)
        starts, ends = [], []
        for row, window, nothing in zip(example, offsets, cls, strict=True):
            start, end = _place(window, batch["starts"][row], batch["answers"][row]) or (nothing, nothing)
            starts.append(start)
            ends.append(end)
        return {**encoded, "start_positions": starts, "end_positions": ends}

    return encode(examples, batch_features)


def eval_features(
    examples: Dataset, tokenizer, task: Task, max_length: int, stride: int = 128, max_query: int = MAX_QUERY
) -> Dataset:
    """As `train_features`; in place of positions, `example` is the row of the question, `offsets` the range of
    characters of the context behind each token (-1, -1 where there is none) and `cls` the classification token's place.
    """

    def batch_features(batch: dict, rows: list[int]) -> dict:
        encoded, example, offsets, cls = _encode(batch, tokenizer, max_length, stride, max_query)
        return {**encoded, "example": [rows[i] for i in example], "offsets": offsets, "cls": cls}

    return encode(examples, batch_features)


def predict(logits: Sequence[np.ndarray], features: Dataset, examples: Dataset, task: Task) -> list[str]:
    """The best answer over all windows of each question, cut from the original context.

    A span's score is the sum of its start's and its end's logit; it ends where it starts or up to MAX_ANSWER tokens
    from there, and starts and ends are among the N_BEST of their window (unless none of these fit together).
    Only where the task has unanswerable questions may the answer be empty: when the lowest score over the windows of
    "no answer", both positions at the classification token, is above the best span's.

    logits: one array (length, 2) per feature, start and end.
    """
    contexts = examples["context"]
    best = [(-np.inf, "")] * len(examples)
    empty = np.full(len(examples), np.inf)
    for values, row, offsets, cls in zip(
        logits, features["example"], features["offsets"], features["cls"], strict=True
    ):
        empty[row] = min(empty[row], float(values[cls].sum()))
        found = _best_span(values, np.asarray(offsets))
        if found and found[0] > best[row][0]:
            total, first, last = found
            best[row] = (total, contexts[row][offsets[first][0] : offsets[last][1]].strip())
    return [
        "" if task.unanswerable and nothing > total else text
        for (total, text), nothing in zip(best, empty, strict=True)
    ]


def score(predictions: list[str], examples: Dataset, task: Task, language: str) -> metrics.Scores:
    """The task's metrics in points by its own rules for answers, and F1 per question."""
    tokens = mlqa_tokens(language) if task.answers == "mlqa" else squad_tokens
    values, per_question = metrics.squad(examples["answers"], predictions, tokens)
    return {name: values[name] for name in task.metrics}, per_question


def write_submission(predictions: list[str], examples: Dataset, task: Task, path: Path) -> None:
    """XTREME's file: a JSON object from question ids to answers."""
    answers = dict(zip(examples["id"], predictions, strict=True))
    Path(path).write_text(json.dumps(answers, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def show(predictions: list[str], examples: Dataset, task: Task, n: int = 5) -> pd.DataFrame:
    """The first n questions with their gold and predicted answers, and the context around the gold one."""
    head = examples.select(range(min(n, len(examples))))
    rows = []
    for question, context, answers, starts, predicted in zip(
        head["question"], head["context"], head["answers"], head["starts"], predictions, strict=False
    ):
        at = starts[0] if starts else 0
        around = context[max(0, at - 60) : at + 60]
        rows.append({
            "question": question,
            "gold": " | ".join(dict.fromkeys(answers)),
            "predicted": predicted,
            "context": ("…" if at > 60 else "") + around + ("…" if at + 60 < len(context) else ""),
        })  # fmt: skip
    return pd.DataFrame(rows, columns=["question", "gold", "predicted", "context"])


def _encode(batch: dict, tokenizer, max_length: int, stride: int, max_query: int):
    """Windows of a batch: features, the row of the question of each, and `offsets` and `cls` as in `eval_features`."""
    questions, contexts = [q.lstrip() for q in batch["question"]], batch["context"]
    whole = tokenizer(questions, contexts, return_offsets_mapping=True)
    windows: dict[str, list] = {name: [] for name in [*whole.keys(), "length"] if name != "offset_mapping"}
    example, places, cls = [], [], []
    for row, context in enumerate(contexts):
        coded, its_windows = whole, [row]
        parts = whole.sequence_ids(row)
        if parts.count(0) > max_query or len(parts) > max_length:
            kept = [end for part, (_, end) in zip(parts, whole["offset_mapping"][row], strict=True) if part == 0]
            kept = kept[:max_query]
            room = max_length - len(kept) - parts.count(None)
            if room < 1:
                raise UserError(
                    f"max_length {max_length} leaves no room for a context beside a question of {len(kept)} tokens; "
                    "raise training.max_length."
                )
            coded = tokenizer(
                questions[row][: kept[-1] if kept else 0],
                context,
                truncation="only_second",
                max_length=max_length,
                stride=min(stride, room - 1),  # windows must move
                return_overflowing_tokens=True,
                return_offsets_mapping=True,
            )
            its_windows = list(range(len(coded["input_ids"])))
        for i in its_windows:
            for name, values in windows.items():
                values.append(len(coded["input_ids"][i]) if name == "length" else coded[name][i])
            example.append(row)
            places.append(_context_offsets(coded.sequence_ids(i), coded["offset_mapping"][i], context))
            cls.append(_classification_token(coded["input_ids"][i], tokenizer))
    return windows, example, places, cls


def _context_offsets(parts: list[int | None], offsets: list[tuple[int, int]], context: str) -> list:
    """The range of characters of the context behind each token; none for other tokens and for mere white space."""
    return [
        (start, end) if part == 1 and start < end and not context[start:end].isspace() else NOT_CONTEXT
        for part, (start, end) in zip(parts, offsets, strict=True)
    ]


def _classification_token(ids: list[int], tokenizer) -> int:
    """Where the classification token stands (first in BERT, last in XLNet); 0 for a tokenizer without one."""
    return ids.index(tokenizer.cls_token_id) if tokenizer.cls_token_id in ids else 0


def _place(offsets: list[tuple[int, int]], starts: list[int], answers: list[str]) -> tuple[int, int] | None:
    """First and last token of the first reference; None if there is none or the window does not contain all of it."""
    if not answers:
        return None
    begin, end = starts[0], starts[0] + len(answers[0])
    context = [i for i, (a, _) in enumerate(offsets) if a >= 0]
    inside = [i for i in context if offsets[i][0] < end and offsets[i][1] > begin]
    # An answer cut by the window's edge begins before its first token or ends after its last one.
    if not inside or begin < offsets[context[0]][0] or end > offsets[context[-1]][1]:
        return None
    return inside[0], inside[-1]


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
