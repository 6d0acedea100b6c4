"""Sentences about similarity: as strong as the numbers, and no stronger."""

import numpy as np
import pandas as pd
import pytest

from tests.synthetic import results as synthetic
from xtl.analysis.questions import evidence
from xtl.lab.world.config import LabConfig
from xtl.tasks.sources import LabSource

LAB = LabSource(LabConfig(languages=24))
CODES = [code for code in LAB.linguistics.features().index if code != "en"]


def rows(slopes: dict[str, float], noise=0.3, seeds=3, targets=("udpos", "xquad"), codes=CODES, draw=0):
    """Gains per target, seed and language: slope × similarity (standardised) + noise between seeds."""
    rng, similarity = np.random.default_rng(draw), 1 - LAB.linguistics.distance()
    scaled = (similarity - similarity[CODES].mean()) / similarity[CODES].std()
    table = [
        (
            encoder,
            encoder,
            "mnli",
            target,
            "en",
            "native",
            seed,
            False,
            code,
            slope * scaled[code] + rng.normal(0, noise),
        )
        for encoder, slope in slopes.items()
        for target in targets
        for seed in range(seeds)
        for code in codes
    ]
    names = "encoder architecture intermediate target source provenance seed same_data language gain".split()
    return pd.DataFrame(table, columns=names)


def known(table, value="gain"):
    """The evidence on a table of gains."""
    sources = dict.fromkeys(table["source"])
    whole = synthetic(LAB, attributes={"cells": pd.DataFrame({"source": list(sources), "encoder": "bert"})})
    whole.__dict__["main"] = table  # what the controls are made for
    return evidence.evidence(whole, table, value)


def said(found):
    leading, behind = evidence.sentences(found)
    return [*leading, *behind]


@pytest.fixture(scope="module")
def planted():
    return known(rows({"bert": 3.0, "xlnet": -3.0, "roberta": 0.0}))


def test_what_is_planted_is_said(planted):
    leading, behind = evidence.sentences(planted)
    assert leading[0].startswith(
        "Over targets and within families, the gain of mnli rises with similarity for bert (r = 0.9"
    )
    assert "the gain of mnli falls with similarity for xlnet (r = −0.9" in leading[0]
    assert "no relation is shown for roberta" in leading[0]
    measures = next(text for text in behind if text.startswith("By measure of similarity"))
    assert "every definition shows a relation for all features (bert and" in measures
    assert "combinations of measure and encoder no definition shows it" in measures
    assert behind[-1].startswith("Encoders differ in how the gain of mnli follows similarity: bert − xlnet +1.")
    assert "after Holm's correction" in behind[-1]


def test_noise_is_said_to_hide_it():
    found = known(rows({"bert": 0.0, "xlnet": 0.0}, draw=1))
    design = evidence.design_sentence(found)
    assert "Languages differ in these gains hardly more than seeds do: reliability at most 0." in design
    assert "a true correlation of 0.6 within families is found with a power of" in design
    words = said(found)
    assert "no relation of the gain of mnli with similarity is shown for bert" in words[0]
    assert "is found with a power of at most" in words[0] and "rises" not in words[0]
    assert "stays open" in words[-1] and "Holm p =" in words[-1]


def test_the_power_of_a_good_design(planted):
    design = evidence.design_sentence(planted)
    assert design.startswith("For gains, a true correlation of 0.6 within families is found with a power of ")
    assert "Two encoders with true correlations of 0.8 and 0.2 are told apart with " in design


@pytest.mark.parametrize(
    "changes",
    [
        dict(seeds=1), dict(slopes={"bert": 1.0}), dict(codes=CODES[:1]), dict(codes=CODES[:4]), dict(codes=[]),
        dict(targets=("udpos",)), dict(codes=CODES[:6]),
    ],
)  # fmt: skip
def test_partial_grids(changes):
    found = known(rows(**dict(slopes={"bert": 1.0, "xlnet": 1.0}) | changes))
    assert all("nan" not in text for text in [evidence.design_sentence(found), *said(found)])


def test_nothing_known_says_nothing():
    for lacking in (rows({"bert": 1.0}).assign(gain=np.nan), rows({"bert": 1.0}).iloc[:0]):
        found = known(lacking)
        assert said(found) == [] and evidence.design_sentence(found) == ""


def test_another_source_is_named():
    english = rows({"bert": 3.0})
    both = pd.concat([english, english[english["language"] != "qaa"].assign(source="qaa")])
    found = known(both)
    words = said(found)
    assert any("(target training in en, native)" in text for text in words)
    assert any("(target training in qaa, native)" in text for text in words)
    assert len(found.power) == 2 and found.power["power"].notna().all()
    assert set(found.cells["controls"].fillna("")) == {"same script, log corpus size"}


def test_gains_that_follow_nothing_are_not_said_to():
    other = dict(zip(CODES, np.random.default_rng(0).permutation(CODES), strict=True))
    english = rows({"bert": 3.0})
    shuffled = known(english.assign(language=english["language"].map(lambda code: other.get(code, code))))
    assert shuffled.cells["within_r"].abs().iloc[0] < 0.5


def test_numbers_as_text():
    assert evidence.percent(0.355) == "36 %" and evidence.percent(np.nan) == "–"
    assert evidence.p_text(0.0001) == "p < 0.001" and evidence.p_text(0.2) == "p = 0.200"
    assert evidence.signed(-0.5) == "−0.50" and evidence.span(-1, 1) == "−1.00 to 1.00"
    assert evidence.span(np.nan, 1) == "–"
