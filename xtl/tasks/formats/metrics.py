"""The benchmark's metrics, to the letter: accuracy, span F1 over tags, and SQuAD's exact match and F1."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence

import numpy as np

from xtl.tasks.formats.answers import Tokens, squad_tokens

Scores = tuple[dict[str, float], np.ndarray]  # metric -> points (0-100), and one score in points per example


def accuracy(gold: Sequence[Hashable], predicted: Sequence[Hashable]) -> Scores:
    """Share of examples predicted exactly, in points; per example 100 or 0.

    >>> accuracy(["yes", "no"], ["yes", "yes"])
    ({'accuracy': 50.0}, array([100.,   0.]))
    """
    _same_length(gold, predicted)
    correct = np.array([100.0 if right == guess else 0.0 for right, guess in zip(gold, predicted, strict=True)])
    return {"accuracy": _mean(correct)}, correct


def binary_f1(gold: Sequence[int], predicted: Sequence[int], positive: int = 1) -> float:
    """F1 of one class in points, as GLUE reports it for QQP; 0 where the class is never predicted rightly.

    >>> binary_f1([1, 1, 0, 0], [1, 0, 1, 0])
    50.0
    """
    right = sum(label == guess == positive for label, guess in zip(gold, predicted, strict=True))
    named = list(gold).count(positive) + list(predicted).count(positive)
    return 200.0 * right / named if named else 0.0


# Metrics of one label an example: name -> function (gold, predicted) -> points (docs/extending.md).
LABEL_METRICS: dict[str, Callable[[Sequence[int], Sequence[int]], float]] = {
    "accuracy": lambda gold, predicted: accuracy(gold, predicted)[0]["accuracy"],
    "f1": binary_f1,
}


def label_scores(gold: Sequence[int], predicted: Sequence[int], names: Iterable[str]) -> Scores:
    """The metrics of LABEL_METRICS with these names; per example 100 or 0. gold, predicted: ids of labels.

    >>> label_scores([1, 0, 0], [1, 1, 0], ["f1"])[0]
    {'f1': 66.66666666666667}
    """
    _, per_example = accuracy(gold, predicted)
    return {name: LABEL_METRICS[name](gold, predicted) for name in names}, per_example


def spans(tags: Sequence[str]) -> list[tuple[str, int, int]]:
    """The spans (type, first, last) that seqeval 0.0.12 reads from the tags of one sentence.

    The first letter of a tag is its mark and what follows the last hyphen its type. Outside is O. A span begins after
    an outside token, with a mark B or S, after a mark E or S, and wherever the type changes: so I- without B- begins
    one too, as in conlleval. A bare tag (NOUN) is its own type, hence a run of equal tags is one span; but SCONJ and
    SYM begin with S, the mark of a single-token span, and each such token is a span of its own.

    >>> spans(["B-PER", "I-PER", "O", "I-LOC"])
    [('PER', 0, 1), ('LOC', 3, 3)]
    """
    complete = []
    begin = None
    previous_mark = "O"
    previous_type = ""
    for place, tag in enumerate([*tags, "O"]):
        mark = tag[0]
        kind = tag.split("-")[-1]
        begins = mark in "BS" or previous_mark in "OES" or kind != previous_type
        if begin is not None and (mark == "O" or begins):
            complete.append((previous_type, begin, place - 1))
            begin = None
        if mark != "O" and begins:
            begin = place
        previous_mark = mark
        previous_type = kind
    return complete


def tag_scores(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> Scores:
    """Micro-averaged F1, precision and recall over spans and accuracy over tokens, in points.

    For PAN-X this is span F1 over IOB2 tags; for UDPOS it is what XTREME prints, which is not token accuracy. Per
    example: token accuracy of the sentence (100 for one without tokens). Raises ValueError where a sentence has another
    number of predictions than of tags.

    Two gold spans, three predicted ones and one in common:

    >>> points, _ = tag_scores([["NOUN", "NOUN", "VERB"]], [["NOUN", "ADJ", "VERB"]])
    >>> {name: round(value, 1) for name, value in points.items()}
    {'f1': 40.0, 'precision': 33.3, 'recall': 50.0, 'accuracy': 66.7}
    """
    _same_length(gold, predicted)
    gold_spans: set[tuple] = set()
    predicted_spans: set[tuple] = set()
    right_tokens = np.zeros(len(gold))
    tokens = np.zeros(len(gold))
    for row, (tags, guesses) in enumerate(zip(gold, predicted, strict=True)):
        if len(tags) != len(guesses):
            raise ValueError(f"sentence {row} has {len(tags)} tags but {len(guesses)} predictions")
        gold_spans.update((row, *span) for span in spans(tags))
        predicted_spans.update((row, *span) for span in spans(guesses))
        right_tokens[row] = sum(tag == guess for tag, guess in zip(tags, guesses, strict=True))
        tokens[row] = len(tags)
    per_sentence = 100.0 * np.divide(right_tokens, tokens, out=np.ones(len(gold)), where=tokens > 0)
    total = tokens.sum()
    accuracy = 100.0 * float(right_tokens.sum() / total) if total else 0.0
    return {**set_f1(gold_spans, predicted_spans), "accuracy": accuracy}, per_sentence


def squad(answers: Sequence[Iterable[str]], predicted: Sequence[str | None], tokens: Tokens = squad_tokens) -> Scores:
    """SQuAD 1.1's exact match and F1 over tokens, in points, best over the references.

    As in the official script, two texts of which nothing is left after normalisation match exactly and have F1 0.
    A question without references is unanswerable (SQuAD 2.0): the empty prediction is right, any other wrong.
    A question without a prediction (None) scores 0. Per example: F1.

    tokens: normalises a text and parts it; `xtl.tasks.formats.answers` has SQuAD's rules and MLQA's.

    >>> squad([["the red fox"], ["Rome"]], ["A fox!", "rome"])
    ({'exact_match': 50.0, 'f1': 83.33333333333333}, array([ 66.66666667, 100.        ]))
    """
    _same_length(answers, predicted)
    exact = np.zeros(len(predicted))
    f1 = np.zeros(len(predicted))
    for row, (references, text) in enumerate(zip(answers, predicted, strict=True)):
        if text is None:
            continue
        parted = [tokens(reference) for reference in references]
        guess = tokens(text)
        if parted:
            exact[row] = 100.0 * (guess in parted)
            f1[row] = 100.0 * max(_token_f1(guess, reference) for reference in parted)
        elif not text.strip():
            exact[row] = f1[row] = 100.0
    return {"exact_match": _mean(exact), "f1": _mean(f1)}, f1


def set_f1(gold: Iterable[Hashable], predicted: Iterable[Hashable]) -> dict[str, float]:
    """F1, precision and recall of a set of items (BUCC's sentence pairs) in points; an item named twice counts once.

    >>> set_f1(["a", "b"], ["a", "c", "d", "e"])
    {'f1': 33.33333333333333, 'precision': 25.0, 'recall': 50.0}
    """
    gold = set(gold)
    predicted = set(predicted)
    right = len(gold & predicted)
    precision = right / len(predicted) if predicted else 0.0
    recall = right / len(gold) if gold else 0.0
    return {"f1": 100.0 * _mean_of(precision, recall), "precision": 100.0 * precision, "recall": 100.0 * recall}


def _token_f1(predicted: list[str], reference: list[str]) -> float:
    """F1 over two multisets of tokens (0 to 1)."""
    common = (Counter(predicted) & Counter(reference)).total()
    return _mean_of(common / len(predicted), common / len(reference)) if common else 0.0


def _mean_of(precision: float, recall: float) -> float:
    """F1, the harmonic mean."""
    return 2 * precision * recall / (precision + recall) if precision else 0.0


def _mean(values: np.ndarray) -> float:
    return float(values.sum() / len(values)) if len(values) else 0.0


def _same_length(gold: Sequence, predicted: Sequence) -> None:
    if len(gold) != len(predicted):
        raise ValueError(f"{len(predicted)} predictions for {len(gold)} examples")
