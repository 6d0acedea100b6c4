"""The benchmark's metrics, to the letter: accuracy, span F1 over tags, and SQuAD's exact match and F1."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

import numpy as np

from xtl.tasks.formats.answers import Tokens, squad_tokens

Scores = tuple[dict[str, float], np.ndarray]  # metric -> points (0-100), and one score in points per example


def accuracy(gold: Sequence, predicted: Sequence) -> Scores:
    """Share of examples predicted exactly, in points; per example 100 or 0."""
    _same_length(gold, predicted)
    correct = np.array([100.0 if g == p else 0.0 for g, p in zip(gold, predicted, strict=True)])
    return {"accuracy": _mean(correct)}, correct


def binary_f1(gold: Sequence[int], predicted: Sequence[int], positive: int = 1) -> float:
    """F1 of one class in points, as GLUE reports it for QQP; 0 where the class is never predicted rightly."""
    pairs = list(zip(gold, predicted, strict=True))
    right = sum(g == p == positive for g, p in pairs)
    named = sum(g == positive for g, _ in pairs) + sum(p == positive for _, p in pairs)
    return 200.0 * right / named if named else 0.0


def spans(tags: Sequence[str]) -> list[tuple[str, int, int]]:
    """The spans (type, first, last) that seqeval 0.0.12 reads from the tags of one sentence.

    The first letter of a tag is its mark and what follows the last hyphen its type. Outside is O. A span begins after
    an outside token, with a mark B or S, after a mark E or S, and wherever the type changes: so I- without B- begins
    one too, as in conlleval. A bare tag (NOUN) is its own type, hence a run of equal tags is one span; but SCONJ and
    SYM begin with S, the mark of a single-token span, and each such token is a span of its own.
    """
    found, begin, previous_mark, previous_type = [], None, "O", ""
    for i, tag in enumerate([*tags, "O"]):
        mark, kind = tag[0], tag.split("-")[-1]
        begins = mark in "BS" or previous_mark in "OES" or kind != previous_type
        if begin is not None and (mark == "O" or begins):
            found.append((previous_type, begin, i - 1))
            begin = None
        if mark != "O" and begins:
            begin = i
        previous_mark, previous_type = mark, kind
    return found


def tag_scores(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> Scores:
    """Micro-averaged F1, precision and recall over spans and accuracy over tokens, in points.

    For PAN-X this is span F1 over IOB2 tags; for UDPOS it is what XTREME prints, which is not token accuracy: gold
    NOUN NOUN VERB against NOUN ADJ VERB has two gold spans, three predicted ones and one in common (F1 0.40), where
    token accuracy is 0.67. Per example: token accuracy of the sentence (100 for one without tokens).
    Raises ValueError where a sentence has another number of predictions than of tags.
    """
    _same_length(gold, predicted)
    right = in_gold = in_predicted = 0
    tokens = np.zeros((len(gold), 2))  # right, all
    for i, (g, p) in enumerate(zip(gold, predicted, strict=True)):
        if len(g) != len(p):
            raise ValueError(f"sentence {i} has {len(g)} tags but {len(p)} predictions")
        gold_spans, predicted_spans = set(spans(g)), set(spans(p))
        right += len(gold_spans & predicted_spans)
        in_gold += len(gold_spans)
        in_predicted += len(predicted_spans)
        tokens[i] = sum(a == b for a, b in zip(g, p, strict=True)), len(g)
    precision = right / in_predicted if in_predicted else 0.0
    recall = right / in_gold if in_gold else 0.0
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    per_sentence = 100.0 * np.divide(tokens[:, 0], tokens[:, 1], out=np.ones(len(tokens)), where=tokens[:, 1] > 0)
    total = tokens[:, 1].sum()
    return {
        "f1": 100.0 * f1,
        "precision": 100.0 * precision,
        "recall": 100.0 * recall,
        "accuracy": 100.0 * float(tokens[:, 0].sum() / total) if total else 0.0,
    }, per_sentence


def squad(answers: Sequence[Iterable[str]], predicted: Sequence[str | None], tokens: Tokens = squad_tokens) -> Scores:
    """SQuAD 1.1's exact match and F1 over tokens, in points, best over the references.

    As in the official script, two texts of which nothing is left after normalisation match exactly and have F1 0.
    A question without references is unanswerable (SQuAD 2.0): the empty prediction is right, any other wrong.
    A question without a prediction (None) scores 0. Per example: F1.

    tokens: normalises a text and parts it; `xtl.tasks.formats.answers` has SQuAD's rules and MLQA's.
    """
    _same_length(answers, predicted)
    exact, f1 = np.zeros(len(predicted)), np.zeros(len(predicted))
    for i, (references, text) in enumerate(zip(answers, predicted, strict=True)):
        if text is None:
            continue
        right = [tokens(reference) for reference in references]
        if not right:
            exact[i] = f1[i] = 0.0 if text.strip() else 100.0
        else:
            said = tokens(text)
            exact[i] = 100.0 * (said in right)
            f1[i] = 100.0 * max(_token_f1(said, reference) for reference in right)
    return {"exact_match": _mean(exact), "f1": _mean(f1)}, f1


def set_f1(gold: Iterable[Hashable], predicted: Iterable[Hashable]) -> dict[str, float]:
    """F1, precision and recall of a set of items (BUCC's sentence pairs) in points; an item named twice counts once."""
    gold, predicted = set(gold), set(predicted)
    right = len(gold & predicted)
    precision, recall = (right / len(found) if found else 0.0 for found in (predicted, gold))
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    return {"f1": 100.0 * f1, "precision": 100.0 * precision, "recall": 100.0 * recall}


def _token_f1(predicted: list[str], reference: list[str]) -> float:
    """F1 over two multisets of tokens (0 to 1)."""
    common = sum((Counter(predicted) & Counter(reference)).values())
    if not common:
        return 0.0
    precision, recall = common / len(predicted), common / len(reference)
    return 2 * precision * recall / (precision + recall)


def _mean(values: np.ndarray) -> float:
    return float(values.sum() / len(values)) if len(values) else 0.0


def _same_length(gold: Sequence, predicted: Sequence) -> None:
    if len(gold) != len(predicted):
        raise ValueError(f"{len(predicted)} predictions for {len(gold)} examples")
