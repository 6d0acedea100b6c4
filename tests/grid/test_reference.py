"""Published scores in a grid file: what a key below a target means, and every mistake in one sentence."""

from pathlib import Path

import pytest

from xtl.base.errors import UserError
from xtl.base.validation import one_sentence
from xtl.grid.experiment import load
from xtl.grid.reference import PublishedScore, Reference

PHANG = Path(__file__).resolve().parents[2] / "params" / "phang2020.yaml"


def block(scores):
    with one_sentence("file", Reference):
        return Reference.model_validate({"source": "s", "encoder": "e", "scores": scores})


def test_metrics_and_languages_below_a_target():
    scores = {"xnli": 79.2, "xquad": {"f1": 76.6, "en": 80, "exact_match": {"de": 60.0, "el": 61.0}}}
    assert block(scores).published() == [
        PublishedScore("xnli", "", "", 79.2),
        PublishedScore("xquad", "f1", "", 76.6),
        PublishedScore("xquad", "", "en", 80.0),
        PublishedScore("xquad", "exact_match", "de", 60.0),
        PublishedScore("xquad", "exact_match", "el", 61.0),
    ]


@pytest.mark.parametrize(
    "scores, message",
    [
        ({"xnly": 1}, "unknown target task 'xnly'"),
        ({"mnli": 1}, "unknown target task 'mnli'"),
        ({"xnli": {"f2": 1}}, "xnli: 'f2' is neither a metric .* nor one of its languages, ar, bg"),
        ({"xnli": {"bleu": {"de": 1}}}, "xnli: unknown metric 'bleu'; known: accuracy, exact_match, f1"),
        ({"xnli": {"accuracy": {"ja": 1}}}, "xnli: 'ja' is neither"),
        ({"xnli": 792}, "xnli: 792 is no score in points"),
        ({"xnli": float("nan")}, "finite number"),
        ({}, "'scores'|at least 1"),
    ],
)
def test_mistakes(scores, message):
    with pytest.raises(UserError, match=message):
        block(scores)


def test_the_papers_numbers():
    reference = load(PHANG).reference
    assert list(reference) == ["XLM-R Large", "X-STILTs"]
    # question answering: the mean of F1 and exact match; XTREME's total of XLM-R Large is 68.1 with its own POS, 72.6
    totals = {"udpos": 72.6}
    for score in reference["XLM-R Large"].published():
        if score.target != "udpos":
            totals[score.target] = totals.get(score.target, 0) + score.points / (2 if score.metric else 1)
    assert len(totals) == 9 and round(sum(totals.values()) / 9, 1) == 68.1
    assert reference["X-STILTs"].intermediate == "best"
