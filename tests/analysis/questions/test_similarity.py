"""The section on similarity: power first, the test within families beside the naive one, whole and partial grids."""

import re

import numpy as np
import pytest

from tests.synthetic import LAB, results
from xtl.analysis.questions.similarity import similarity
from xtl.tasks.sources import HubSource

MADE = ["en", *(f"qa{letter}" for letter in "abcdefghijkl")]


def found(data=LAB, languages=MADE, missing=False, **changes):
    """Results of a synthetic grid of the laboratory."""
    options = dict(encoders=("bert", "xlnet"), targets=("udpos", "tatoeba"), languages=languages, layers=3) | changes
    whole = results(data, **options)
    if missing:
        whole.rows["value"] = np.nan
    return whole


@pytest.fixture(scope="module")
def whole():
    return similarity(found())


def tables(section):
    return {table.caption: table for block in section.blocks for table in block.tables}


def said(section):
    """Every text of a section and of the cells of its tables."""
    texts = [text for block in section.blocks for text in (*block.text, *block.items, *block.notes)]
    return texts + [cell.text for table in tables(section).values() for row in table.rows for cell in row]


def test_every_block_is_there_with_the_power_of_the_design(whole):
    headings = [block.heading for block in whole.blocks]
    assert headings == [
        "Does the gain follow similarity?",
        "Does the score without intermediate training follow similarity?",
        "What this design can see",
    ]
    rows = tables(whole)["Power of the design"].rows
    assert [row[0].text for row in rows] == ["gain of mnli"] * 2 + ["score"] * 2
    assert {row[2].text for row in rows} == {"12 in 4 families"}


def test_the_leading_test_stands_beside_the_naive_one(whole):
    lead = tables(whole)["Correlation of the score with similarity, mean over targets"]
    assert lead.columns[3:8] == [
        "r within families",
        "p",
        "r, all languages",
        "p as if independent",
        "given controls, within",
    ]
    assert re.fullmatch(r"−?0\.\d\d \(−?\d\.\d\d to −?\d\.\d\d\)", lead.rows[0][3].text)
    assert any("Given controls (same script, log corpus size)" in note for note in lead.notes)


def test_what_was_shown_before_is_still_there(whole):
    folded = [picture for block in whole.blocks for picture in block.more]
    assert sum(picture.alt.startswith("Scatter plot of gain against similarity") for picture in folded) == 4
    assert sum(picture.alt.startswith("Scatter plot of score against distance") for picture in folded) == 4
    forests = [picture.alt for picture in folded if picture.alt.startswith("Forest plot")]
    assert len(forests) == 2 and all("bert, within families" in alt and "missing" not in alt for alt in forests)
    every = [t for caption, t in tables(whole).items() if caption.startswith("Every correlation")]
    assert [len(table.rows) for table in every] == [2 * 2, 2 * 2]  # of the gain, of the score


def test_the_points_of_every_encoder_over_targets_are_seen_with_the_leading_test(whole):
    scatters = [p.alt for block in whole.blocks for p in block.pictures if p.alt.startswith("Scatter plot")]
    assert len(scatters) == 2 * 2  # gain and score, two encoders
    assert all("against similarity" in alt and "r within families = " in alt and "n = 12" in alt for alt in scatters)


@pytest.mark.parametrize(
    "changes",
    [
        dict(seeds=(0,)), dict(encoders=("bert",)), dict(intermediates=("none",)), dict(intermediates=("mnli",)),
        dict(languages=MADE[:2]), dict(languages=MADE[:1]), dict(missing=True), dict(targets=("xnli",)),
        dict(drop=[("bert", "mnli", "udpos", seed) for seed in (0, 1, 2)]),
    ],
)  # fmt: skip
def test_partial_grids(changes):
    section = similarity(found(**changes))
    assert not [text for text in said(section) if "nan" in text.lower()]


def test_natural_languages_say_what_their_features_are():
    codes = ["en", "de", "es", "ru", "hi", "tr", "fi", "ja", "ar"]
    section = similarity(found(HubSource(), codes, targets=("udpos",)))
    assert any("URIEL's syntactic features" in note for block in section.blocks for note in block.notes)
    rows = tables(section)["Power of the design"].rows
    assert rows[0][2].text == "8 in 1 families" and rows[0][3].text == "4"  # de es ru hi; tr fi ja ar
