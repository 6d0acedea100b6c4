"""The section on twins and regression: a sentence a feature, all numbers, and nothing where there are no twins."""

import numpy as np
import pandas as pd
import pytest

from tests.analysis.questions.test_similarity import MADE, found, said, tables
from xtl.analysis.questions import controls
from xtl.analysis.scores.twins import AGREE, DISAGREE, OPEN
from xtl.tasks.sources import HubSource


def row(**changes):
    values = dict(
        estimate_twin=-6.0, low_twin=-7.0, high_twin=-5.0, detectable_twin=1.5, estimate_all=-5.0, low_all=-9.0,
        high_all=-1.0, detectable_all=5.0, difference=1.0, low=-3.0, high=5.0, verdict=AGREE,
    )  # fmt: skip
    return next(pd.DataFrame([values | changes]).itertuples())


def test_sentences():
    def said(**changes):
        return controls.sentence(row(**changes), "script: Latin → own", "score")

    start = "script: Latin → own: twins −6.0 (−7.0 to −5.0), regression −5.0 (−9.0 to −1.0) points: they agree."
    assert said().startswith(start)
    wrong = said(estimate_all=8.0, low_all=6.0, high_all=10.0, difference=14.0, low=10.0, high=18.0, verdict=DISAGREE)
    assert "they disagree by +14.0 (+10.0 to +18.0)" in wrong
    coarse = said(low_all=-15.0, high_all=5.0, detectable_all=12.0, verdict=OPEN)
    assert "does not show it: it finds an effect of 12.0 points or more with 80 % power" in coarse
    neither = said(low_twin=-13.0, high_twin=1.0, low_all=-15.0, high_all=5.0, verdict=OPEN)
    assert "neither shows an effect. With 80 % power the twins would have shown 1.5 points" in neither
    assert "neither confirm nor rule out" in said(low_twin=-13.0, high_twin=1.0, verdict=OPEN)
    assert said(estimate_twin=np.nan).endswith("cannot tell; a twin is missing.")
    assert "gives no estimate" in said(estimate_all=np.nan)
    assert "an interval is missing" in said(low_twin=np.nan, high_twin=np.nan, verdict=OPEN)


def test_the_whole_section():
    section = controls.controls(found())
    assert section.name == "controls"
    text = " ".join(section.blocks[0].notes)
    assert "fits 10 coefficients (a constant, features) to 12 languages, so 2 degrees of freedom are left" in text
    assert "a 95 % interval is ± 4.3 standard errors wide" in text
    assert "of which nothing is said: adjective, articles, case and corpus." in text
    score, gain = section.blocks[1:3]
    assert len(score.pictures) == 1  # over all targets; each target is folded
    assert len(score.notes) == len(gain.notes) == 4  # one sentence a pair
    assert score.text[0].startswith("Twins show, in points: ")
    assert [picture.alt.split(", ")[1] for picture in (*score.pictures, *score.more)] == [
        "all targets",
        "udpos",
        "tatoeba",
    ]
    captions = list(tables(section))
    assert captions[0] == "Mean over encoders and targets: score (3 seeds)"
    every = tables(section)["Every encoder and target: score (3 seeds)"]
    assert len(every.rows) == 4 * 3 * 3  # pairs, targets with their mean, encoders with their mean


@pytest.mark.parametrize(
    "changes",
    [
        dict(seeds=(0,)), dict(encoders=("bert",)), dict(intermediates=("none",)), dict(intermediates=("mnli",)),
        dict(languages=MADE[:3]), dict(languages=MADE[:1]), dict(missing=True), dict(targets=("xnli",)),
        dict(drop=[("bert", "none", "udpos", seed) for seed in (0, 1, 2)]),
    ],
)  # fmt: skip
def test_partial_grids(changes):
    section = controls.controls(found(**changes))
    assert not [text for text in said(section) if "nan" in text.lower()]


def test_natural_languages_have_no_twins():
    codes = ["en", "de", "es", "ru", "hi", "tr"]
    section = controls.controls(found(HubSource(), codes, targets=("udpos",)))
    assert section.blocks == []
