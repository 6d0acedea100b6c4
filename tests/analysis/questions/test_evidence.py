"""Sentences about similarity: as strong as the numbers, and no stronger."""

import numpy as np
import pandas as pd
import pytest

from xtl.analysis.questions import evidence
from xtl.lab.world.config import LabConfig
from xtl.languages.made import MadeLanguages

LAB = MadeLanguages(LabConfig(languages=24))
CODES = [code for code in LAB.features().index if code != "en"]


def rows(slopes: dict[str, float], noise=0.3, seeds=3, targets=("udpos", "xquad"), codes=CODES, draw=0):
    """Gains per target, seed and language: slope × similarity (standardised) + noise between seeds."""
    rng, similarity = np.random.default_rng(draw), 1 - LAB.distance()
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


@pytest.fixture(scope="module")
def planted():
    return evidence.evidence(rows({"bert": 3.0, "xlnet": -3.0, "roberta": 0.0}), "gain", LAB)


def test_what_is_planted_is_said(planted):
    said = evidence.answer_sentences(planted)
    assert said[0].startswith(
        "Over targets and within families, the gain of mnli rises with similarity for bert (r = 0.9"
    )
    assert "the gain of mnli falls with similarity for xlnet (r = −0.9" in said[0]
    assert "no relation is shown for roberta" in said[0]
    assert said[1].startswith("By measure of similarity: every definition shows a relation for all features (bert and")
    assert "combinations of measure and encoder no definition shows it" in said[1]
    assert said[2].startswith("Encoders differ in how the gain of mnli follows similarity: bert − xlnet +1.")
    assert "after Holm's correction" in said[2]


def test_noise_is_said_to_hide_it():
    found = evidence.evidence(rows({"bert": 0.0, "xlnet": 0.0}, draw=1), "gain", LAB)
    design = evidence.design_sentence(found)
    assert "Languages differ in these gains hardly more than seeds do: reliability at most 0." in design
    assert "a true correlation of 0.6 within families is found with a power of" in design
    said = evidence.answer_sentences(found)
    assert "no relation of the gain of mnli with similarity is shown for bert" in said[0]
    assert "is found with a power of at most" in said[0] and "rises" not in said[0]
    assert "stays open" in said[-1] and "Holm p =" in said[-1]


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
    found = evidence.evidence(rows(**dict(slopes={"bert": 1.0, "xlnet": 1.0}) | changes), "gain", LAB)
    assert all("nan" not in text for text in [evidence.design_sentence(found), *evidence.answer_sentences(found)])


def test_nothing_known_says_nothing():
    for lacking in (rows({"bert": 1.0}).assign(gain=np.nan), rows({"bert": 1.0}).iloc[:0]):
        found = evidence.evidence(lacking, "gain", LAB)
        assert evidence.answer_sentences(found) == [] and evidence.design_sentence(found) == ""


def test_another_source_is_named_and_measures_and_controls_are_the_callers():
    english = rows({"bert": 3.0})
    both = pd.concat([english, english[english["language"] != "qaa"].assign(source="qaa")])
    similarity = 1 - LAB.distance().rename("x")
    tables = {"one": similarity.to_frame(), "two": similarity.to_frame() ** 2}
    controls = {"en": pd.DataFrame({"size": np.arange(25.0)}, ["en", *CODES])}
    found = evidence.evidence(both, "gain", LAB, {"en": tables, "qaa": tables}, controls)
    said = evidence.answer_sentences(found)
    assert any("(target training in en, native)" in text for text in said)
    assert any("(target training in qaa, native)" in text for text in said)
    assert len(found.power) == 2 and found.power["power"].notna().all()
    other = dict(zip(CODES, np.random.default_rng(0).permutation(CODES), strict=True))
    moved = english.assign(language=english["language"].map(lambda code: other.get(code, code)))
    shuffled = evidence.evidence(moved, "gain", LAB, {}, {})
    assert shuffled.measures.empty and shuffled.cells["within_r"].abs().iloc[0] < 0.5
    assert found.measures["definition"].unique().tolist() == ["one", "two"]
    assert found.cells.set_index("source")["controls"].fillna("").to_dict() == {"en": "size", "qaa": ""}


def test_numbers_as_text():
    assert evidence.percent(0.355) == "36 %" and evidence.percent(np.nan) == "–"
    assert evidence.p_text(0.0001) == "p < 0.001" and evidence.p_text(0.2) == "p = 0.200"
    assert evidence.signed(-0.5) == "−0.50" and evidence.span(-1, 1) == "−1.00 to 1.00"
    assert evidence.span(np.nan, 1) == "–"
