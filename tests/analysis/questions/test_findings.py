"""Claims of a report: the family, its level, and that odd tables give neither a traceback nor a claim."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from tests.synthetic import MADE, results
from xtl.analysis.questions import QUESTIONS, findings
from xtl.analysis.questions.findings import Question, Status
from xtl.grid.blocks import Intermediate
from xtl.grid.schema import Hypothesis
from xtl.tasks.sources import HubSource

ASKED = [
    Hypothesis(name="it helps", effect="gain"),
    Hypothesis(name="it depends", effect="encoder_difference", contrast=["bert", "xlnet"], direction="two-sided"),
    Hypothesis(name="it follows", effect="similarity"),
]


def test_the_family_is_gains_encoders_and_similarity():
    found = findings.findings(results())
    assert [finding.question for finding in found] == [
        *[Question.GAIN] * 3, Question.ENCODERS, *[Question.SIMILARITY] * 3,
    ]  # fmt: skip
    plain = sorted(finding.p for finding in found)
    corrected = sorted(finding.corrected for finding in found)
    assert corrected[0] == pytest.approx(7 * plain[0])


def test_hypotheses_and_standard_questions_have_half_of_the_level_each():
    alone = findings.findings(results())
    beside = findings.findings(results(attributes={"hypotheses": ASKED}))
    for one, other in zip(alone, beside, strict=True):
        assert other.corrected == pytest.approx(min(2 * one.corrected, 1.0))
    assert findings.level(results(attributes={"hypotheses": ASKED})) == pytest.approx(0.05 / 2 / 7)


def test_controls_are_no_claims():
    made = results(intermediates=("none", "mnli", "none+steps"))
    blocks = {"mnli": ["mnli"], "none+steps": {"steps_of": "mnli"}}
    made.intermediates = {name: Intermediate.model_validate(block) for name, block in blocks.items()}
    assert {finding.intermediate for finding in findings.findings(made)} == {"mnli"}


def test_a_margin_makes_a_null_result_smaller_than_it():
    quiet = results(gain=0.0, noise=0.02, attributes={"equivalence": 1.0})
    gains = [finding for finding in findings.findings(quiet) if finding.question is not Question.SIMILARITY]
    assert {finding.status for finding in gains} <= {Status.SMALLER, Status.SHOWN}
    loud = results(gain=0.0, noise=3.0, attributes={"equivalence": 1.0})
    assert {finding.status for finding in findings.findings(loud)} == {Status.NOT_SHOWN}


def constant(made):
    """Every score is 50."""
    made.rows["value"] = 50.0


def shifted(made):
    """Every gain is exactly 2 in every seed: no evidence of how far another seed would land."""
    changed = set(made.cells.loc[made.cells["intermediate"] != "none", "run_id"])
    made.rows["value"] = np.where(made.rows["run_id"].isin(changed), 52.0, 50.0)


def all_missing(made):
    made.rows["value"] = np.nan


def perfect(made):
    made.rows["value"] = 100.0


def zero(made):
    made.rows["value"] = 0.0


def no_rows(made):
    made.rows = made.rows.iloc[:0]


def one_language_missing(made):
    made.rows = made.rows[made.rows["language"] != "qac"]


def infinite(made):
    made.rows.loc[made.rows["language"] == "qaa", "value"] = np.inf


def no_examples(made):
    made.rows["n"] = pd.array([pd.NA] * len(made.rows), dtype="Int64")


def one_example(made):
    made.rows["n"] = pd.array([1] * len(made.rows), dtype="Int64")


DROP = [("bert", "mnli", "udpos", seed) for seed in range(3)]
ODD = {
    "one seed": dict(seeds=(0,)),
    "two seeds": dict(seeds=(0, 1)),
    "ten seeds": dict(seeds=range(10), encoders=("bert",)),
    "one encoder": dict(encoders=("bert",)),
    "two encoders": dict(encoders=("bert", "xlnet")),
    "one language": dict(languages=MADE[:1]),
    "two languages": dict(languages=MADE[:2]),
    "five languages": dict(languages=MADE[:6]),
    "no source language": dict(languages=MADE[1:]),
    "baseline only": dict(intermediates=("none",)),
    "no baseline": dict(intermediates=("mnli",)),
    "one target": dict(targets=("udpos",)),
    "same data": dict(targets=("xnli",)),
    "retrieval": dict(targets=("tatoeba",)),
    "a failed cell": dict(drop=DROP),
    "a failed run": dict(drop=DROP[:1]),
    "a failed baseline": dict(drop=[("bert", "none", "udpos", 1)]),
    "a seed that failed": dict(drop=[(e, i, "udpos", 0) for e in ("bert", "xlnet") for i in ("none", "mnli")]),
    "a failed encoder": dict(drop=list(product(["bert"], ["none", "mnli"], ["udpos", "xquad", "tatoeba"], range(3)))),
    "natural languages": dict(data=HubSource(), languages=["en", "de", "es", "ru", "hi"]),
    "one family": dict(data=HubSource(), languages="en de nl af es fr pt it".split(), targets=("panx",)),
    "alone in their families": dict(data=HubSource(), languages="en ja ko eu th vi ka".split(), targets=("panx",)),
    "one seed of one encoder": dict(seeds=(0,), encoders=("bert",), targets=("tatoeba",)),
    "constant": constant, "shifted": shifted, "all missing": all_missing, "perfect": perfect, "zero": zero,
    "no rows": no_rows, "one language missing": one_language_missing, "infinite": infinite, "no n": no_examples,
    "one example": one_example,
}  # fmt: skip


@pytest.mark.parametrize("case", ODD)
def test_odd_tables_give_neither_a_traceback_nor_a_claim(case):
    """Nothing is planted: 33 tables, every section of the report, with hypotheses of every kind."""
    change = ODD[case]
    options = {} if callable(change) else change
    made = results(gain=0.0, **options, attributes={"hypotheses": ASKED, "equivalence": 1.0})
    if callable(change):
        change(made)
    for question in QUESTIONS.values():
        section = question(made)
        texts = [text for block in section.blocks for text in (*block.text, *block.items, *block.notes)]
        assert not [text for text in texts if "nan" in text.replace("nano", "").lower().split()]
    assert not [finding for finding in findings.findings(made) if finding.status is Status.SHOWN]
    wrong = {Status.SUPPORTED, Status.CONTRADICTED}
    assert not [verdict for verdict in findings.verdicts(made) if verdict.status in wrong]
