"""Scatter plots show every language, with its correlation above them, and no name covers another."""

import numpy as np
import pandas as pd
import pytest

from tests.analysis.figures.texts import legend, misplaced
from tests.synthetic import LANGUAGES, grid
from xtl.analysis.figures import scatter_plots
from xtl.analysis.figures.scatter_plots import OTHERS
from xtl.analysis.scores import correlations, gains, tables

DISTANCE = {"en": pd.Series(np.arange(len(LANGUAGES)) / 12, LANGUAGES)}
ENCODERS = ["bert", "xlnet"]


def points_of(value: str = "score", **asked) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Points and correlations of the baseline's scores, or of the gains."""
    cells, scores, _, languages = grid(encoders=ENCODERS, targets=("xquad",), **asked)
    main = tables.main_scores(cells, scores, languages)
    values = gains.gains(main) if value == "gain" else main[main["intermediate"] == "none"]
    points = correlations.points(values, value, DISTANCE)
    against = "similarity" if value == "gain" else "distance"
    return points, correlations.correlations(points, value, against)


def drawn(picture) -> list[tuple[float, float]]:
    """Where the marks stand."""
    marks = [line for line in picture.figure.axes[0].lines if line.get_linestyle() == "None"]
    return sorted(zip(*(np.concatenate([np.asarray(line.get_data()[i], float) for line in marks]) for i in (0, 1)),
                      strict=True))  # fmt: skip


def words(picture) -> list[str]:
    return [text.get_text() for text in picture.figure.texts]


def test_a_scatter_shows_its_points_and_its_correlation():
    points, tested = points_of()
    own = points[points["encoder"] == "bert"]
    picture = scatter_plots.scatter(own, tested, "score", "distance", ENCODERS)
    assert drawn(picture) == sorted(zip(own["distance"], own["score"], strict=True))
    assert "xquad · bert" in words(picture) and "mean of EM and F1 (points)" in words(picture)
    assert "p < 0.001, n = 12" in picture.alt and "Spearman r = −" in picture.alt
    assert any(text.startswith("Spearman r = −") for text in words(picture))
    assert {text.get_text() for text in picture.figure.axes[0].texts} == set(LANGUAGES[1:])
    assert misplaced(picture) == []


def test_the_line_is_that_of_least_squares():
    points, tested = points_of()
    own = points[points["encoder"] == "bert"]
    picture = scatter_plots.scatter(own, tested, "score", "distance", ENCODERS)
    [line] = [line for line in picture.figure.axes[0].lines if line.get_linestyle() == "--"]
    (x0, x1), (y0, y1) = line.get_data()
    slope, start = np.polyfit(own["distance"], own["score"], 1)
    assert (y1 - y0) / (x1 - x0) == pytest.approx(slope) and y0 == pytest.approx(start + slope * x0)


def test_no_point_lies_outside_its_axis():
    points, tested = points_of()
    points.loc[points["encoder"] == "xlnet", "score"] += 40
    for encoder in ENCODERS:
        own = points[points["encoder"] == encoder]
        axes = scatter_plots.scatter(own, tested, "score", "distance", ENCODERS).figure.axes[0]
        assert own["score"].between(*axes.get_ylim()).all() and own["distance"].between(*axes.get_xlim()).all()


def test_few_languages_have_no_correlation():
    points, tested = points_of(languages=LANGUAGES[:4], seeds=(0,))
    for encoder in ENCODERS:
        own = points[points["encoder"] == encoder]
        picture = scatter_plots.scatter(own, tested, "score", "distance", ENCODERS)
        assert f"xquad {encoder} n = 3: no correlation" in picture.alt


def test_families_have_looks_and_a_legend():
    points, tested = points_of("gain")
    families = dict(zip(LANGUAGES, ["A"] * 5 + ["B"] * 3 + list("CDEFG"), strict=True))
    own = points[points["encoder"] == "bert"]
    picture = scatter_plots.scatter(own, tested, "gain", "similarity", ENCODERS, "gain (points)", families=families)
    assert legend(picture) == ["A", "B", "C", "D", "E", "F", OTHERS]
    assert len(drawn(picture)) == 12 and "gain (points)" in words(picture)
    looks = scatter_plots.family_looks(families.values())
    assert list(looks) == ["A", "B", "C", "D", "E", "F", "G"]
    assert looks["A"] != looks["B"] and not looks["G"].filled
    unknown = scatter_plots.scatter(own, tested, "gain", "similarity", ENCODERS, "gain (points)", families={"en": "A"})
    assert len(drawn(unknown)) == 12 and legend(unknown) == [OTHERS]
    assert misplaced(picture) == []


def test_two_hundred_languages_are_all_drawn_and_some_named():
    rng = np.random.default_rng(0)
    codes = [f"l{i:03d}" for i in range(205)]
    points = pd.DataFrame({"target": "udpos", "encoder": "bert", "language": codes, "gain": rng.normal(0, 3, 205)})
    points["similarity"] = rng.uniform(0, 1, 205).round(1)
    families = {code: f"Family {i % 30}" for i, code in enumerate(codes)}
    tested = pd.DataFrame({"target": ["udpos"], "encoder": ["bert"], "r": [0.1], "p": [0.2], "n": [205]})
    picture = scatter_plots.scatter(points, tested, "gain", "similarity", ENCODERS, families=families)
    assert len(drawn(picture)) == 205
    assert 10 < len(picture.figure.axes[0].texts) <= scatter_plots.MOST_NAMES
    assert misplaced(picture) == []
