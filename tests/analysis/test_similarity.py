"""One point per language, the source left out, and correlations that find what is planted."""

import numpy as np
import pandas as pd
import pytest

from tests.synthetic import LANGUAGES, grid
from xtl.analysis import gains, similarity, tables

DISTANCE = {"en": pd.Series(np.arange(len(LANGUAGES)) / 12, LANGUAGES)}


def main_scores(**changes):
    cells, scores, _, languages = grid(**dict(encoders=("bert",), targets=("udpos", "tatoeba")) | changes)
    return tables.main_scores(cells, scores, languages)


def test_points_are_means_over_seeds_without_the_source():
    main = main_scores(intermediates=("none",))
    points = similarity.points(main, "score", DISTANCE)
    assert "en" not in set(points["language"])
    assert points.groupby("target").size().to_dict() == {"udpos": 12, "tatoeba": 12}
    of_hindi = main[(main["language"] == "hi") & (main["target"] == "udpos")]["score"].mean()
    row = points[(points["language"] == "hi") & (points["target"] == "udpos")].iloc[0]
    assert row["score"] == pytest.approx(of_hindi) and row["distance"] == pytest.approx(4 / 12)
    assert row["similarity"] == pytest.approx(8 / 12) and row["seeds"] == 3


def test_a_language_that_lacks_a_seed_is_no_point():
    main = main_scores(intermediates=("none",), targets=("udpos",))
    main.loc[(main["language"] == "hi") & (main["seed"] == 1), "score"] = np.nan
    points = similarity.points(main, "score", DISTANCE).set_index("language")["score"]
    assert np.isnan(points["hi"]) and points.notna().sum() == 11
    whole_seed = main_scores(intermediates=("none",), targets=("udpos",), drop=[("bert", "none", "udpos", 1)])
    assert similarity.points(whole_seed, "score", DISTANCE)["score"].notna().all()


def test_planted_fall_is_found_and_a_constant_gain_is_not():
    main = main_scores()
    score = similarity.points(main[main["intermediate"] == "none"], "score", DISTANCE)
    found = similarity.correlations(score, "score", "distance")
    assert len(found) == 2 and (found["r"] < -0.95).all() and (found["p"] < 0.001).all() and (found["n"] == 12).all()
    gain = similarity.points(gains.gains(main), "gain", DISTANCE)
    assert (similarity.correlations(gain, "gain", "similarity")["p"] > 0.05).all()


def test_few_languages_have_points_but_no_correlation():
    main = main_scores(languages=LANGUAGES[:5], intermediates=("none",))
    found = similarity.correlations(similarity.points(main, "score", DISTANCE), "score", "distance")
    assert found["n"].tolist() == [4, 4] and found["r"].isna().all()


def test_every_source_has_its_own_distance():
    main = main_scores(targets=("udpos",), intermediates=("none",), seeds=(0,))
    both = pd.concat([main, main.assign(source="de")])
    distances = {"en": DISTANCE["en"], "de": 1 - DISTANCE["en"]}
    points = similarity.points(both, "score", distances).set_index(["source", "language"])["distance"]
    assert points["en", "zh"] == 1 and points["de", "zh"] == 0 and ("de", "de") not in points.index


def test_languages_that_the_vocabulary_hardly_knows_stay_out():
    main = main_scores(targets=("udpos",), intermediates=("none",))
    main["unknown"] = np.where(main["language"] == "zh", 0.21, np.where(main["language"] == "hi", 0.2, 0.0))
    points = similarity.points(main, "score", DISTANCE)
    assert "zh" not in set(points["language"]) and "hi" in set(points["language"])
    assert similarity.correlations(points, "score", "distance")["n"].tolist() == [11]
