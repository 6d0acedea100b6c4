"""Sentences about similarity: as strong as the numbers, and no stronger."""

import numpy as np
import pandas as pd
import pytest

from tests.synthetic import results as synthetic
from xtl.analysis.questions import evidence
from xtl.analysis.scores import relations
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


def known(table):
    """The evidence on a table of gains."""
    sources = dict.fromkeys(table["source"])
    cells = pd.DataFrame({"source": list(sources), "encoder": "bert"})
    whole = synthetic(LAB, attributes={"cells": cells})
    table = table.assign(score=50 + table["gain"], baseline=50.0, n=300.0)
    # what the controls, the relations and the level of claims are made from
    whole.__dict__ |= {"main": table, "language_gains": table, "room": pd.Series(True, table.index)}
    points = relations.over_seeds(table)
    whole.__dict__["gain_relations"] = relations.relations(points, points, whole.distances, LAB.linguistics.families())
    whole.evidence["family"] = []  # what it claims is no matter here
    return evidence.evidence(whole, table, "gain")


def said(found):
    leading, behind = evidence.sentences(found)
    return [*leading, *behind]


@pytest.fixture(scope="module")
def planted():
    return known(rows({"bert": 3.0, "xlnet": -3.0, "roberta": 0.0}))


def test_what_is_planted_is_seen_and_not_claimed(planted):
    leading, behind = evidence.sentences(planted)
    assert leading[0].startswith(
        "Over targets and within families, the gain of mnli against similarity (exploratory): bert r = 0.9"
    )
    assert "xlnet r = −0.9" in leading[0] and " over languages and p " in leading[0]
    measures = next(text for text in behind if text.startswith("By measure of similarity"))
    assert "every definition shows a relation for all features (bert and" in measures
    assert "combinations of measure and encoder no definition shows it" in measures
    assert behind[-1].startswith("The largest difference of two encoders in how the gain of mnli follows similarity, ")
    assert "bert − xlnet" in behind[-1] and "exploratory, p" in behind[-1]
    cells = planted.relations.cells.set_index("encoder")
    assert cells.loc["bert", "p"] < 0.01 and cells.loc["xlnet", "slope"] < 0 and cells.loc["roberta", "p"] > 0.05


def test_noise_is_said_to_hide_it():
    found = known(rows({"bert": 0.0, "xlnet": 0.0}, draw=1))
    design = evidence.design_sentence(found)
    assert "Languages differ in these gains hardly more than seeds do: reliability at most 0." in design
    assert "a true correlation of 0.6 within families is claimed with a power of" in design
    assert "rises" not in said(found)[0]


def test_the_power_of_a_good_design(planted):
    design = evidence.design_sentence(planted)
    assert design.startswith("For gains, a true correlation of 0.6 within families is claimed with a power of ")


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
    assert len(found.power) == 2
    assert set(found.cells["controls"].fillna("")) == {"same script, log corpus size"}


def test_gains_that_follow_nothing_are_not_said_to():
    other = dict(zip(CODES, np.random.default_rng(0).permutation(CODES), strict=True))
    english = rows({"bert": 3.0})
    shuffled = known(english.assign(language=english["language"].map(lambda code: other.get(code, code))))
    assert shuffled.cells["within_r"].abs().iloc[0] < 0.5


def test_numbers_as_text():
    assert evidence.percent(0.355) == "36 %" and evidence.percent(np.nan) == "–"
    assert evidence.p_text(0.0001) == "p < 0.001" and evidence.p_text(0.2) == "p = 0.200"
    assert evidence.span(-1, 1) == "−1.00 to 1.00"
    assert evidence.span(np.nan, 1) == "–"
