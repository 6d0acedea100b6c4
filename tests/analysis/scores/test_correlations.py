"""One point per language, the source left out, and correlations that find what is planted."""

import numpy as np
import pandas as pd
import pytest

from tests.synthetic import LANGUAGES, grid
from xtl.analysis.scores import correlations as similarity
from xtl.analysis.scores import gains, tables
from xtl.lab.world.config import LabConfig
from xtl.languages.made import MadeLanguages
from xtl.languages.natural import NaturalLanguages

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


def test_the_mean_over_targets_by_hand():
    main = main_scores(intermediates=("none", "mnli"), targets=("udpos", "xquad", "xnli"), seeds=(0, 1))
    gain = gains.gains(main)
    found = similarity.over_targets(gain, "gain").set_index(["seed", "language"])["gain"]
    kept = gain[~gain["same_data"].astype(bool)]  # mnli -> xnli trains on the same data twice
    assert set(kept["target"]) == {"udpos", "xquad"}
    here = kept[(kept["seed"] == 1) & (kept["language"] == "hi")]
    assert found[1, "hi"] == pytest.approx(here["gain"].mean()) and len(here) == 2
    main.loc[(main["language"] == "hi") & (main["target"] == "xquad") & (main["seed"] == 1), "score"] = np.nan
    found = similarity.over_targets(gains.gains(main), "gain").set_index(["seed", "language"])["gain"]
    assert np.isnan(found[1, "hi"]) and np.isfinite(found[0, "hi"])


def additive(listed: dict[str, list[str]]) -> pd.DataFrame:
    """Gains of one seed: 0, 1, 2 … by language plus 10 × target, of the targets' lists of languages."""
    cell = dict(encoder="bert", architecture="bert", intermediate="mnli", source="en", provenance="native", seed=0)
    rows = [
        {**cell, "target": target, "language": code, "same_data": False, "gain": LANGUAGES.index(code) + 10.0 * i}
        for i, (target, codes) in enumerate(listed.items())
        for code in codes
    ]
    return pd.DataFrame(rows)


def test_targets_with_other_languages_do_not_shift_the_mean():
    found = similarity.over_targets(additive({"a": ["de", "es", "ru"], "b": ["es", "ru", "hi"]}), "gain")
    effect = found.set_index("language")["gain"]
    assert effect.to_dict() == pytest.approx(
        {"de": 6.0, "es": 7.0, "ru": 8.0, "hi": 9.0}
    )  # language + mean of 0 and 10
    apart = similarity.over_targets(additive({"a": ["de", "es"], "b": ["ru", "hi"]}), "gain")
    assert apart["gain"].isna().all()
    assert similarity.over_targets(additive({"a": ["de"]}).iloc[:0], "gain").empty


def test_a_language_unknown_to_the_vocabulary_in_one_target_stays_out_of_the_mean():
    table = additive({"a": LANGUAGES[1:], "b": LANGUAGES[1:]})
    table["unknown"] = np.where((table["language"] == "hi") & (table["target"] == "b"), 0.5, 0.0)
    found = similarity.over_targets(table, "gain")
    assert found.set_index("language")["unknown"].to_dict()["hi"] == 0.5
    assert "hi" not in set(similarity.points(found, "gain", {})["language"])


def test_two_definitions_of_the_same_features():
    found = similarity.measures(MadeLanguages(LabConfig(languages=12)), "en")
    assert list(found) == ["matching", "cosine"]
    assert all(table.columns.tolist()[:3] == ["all features", "syntactic", "lexical"] for table in found.values())
    whole = {name: table["all features"] for name, table in found.items()}
    assert whole["matching"]["en"] == whole["cosine"]["en"] == pytest.approx(1)
    # qaa: SVO, postpositions, articles, vocabulary 0.35, full corpus; English: SVO, articles, vocabulary 1, full corpus
    assert whole["cosine"]["qaa"] == pytest.approx(3.35 / np.sqrt((3 + 1 + 0.35**2) * 4))
    assert whole["matching"]["qaa"] == pytest.approx(1 - (1 + 0.65) / 8)


def test_controls_of_both_kinds_of_data():
    made = similarity.controls(MadeLanguages(LabConfig(languages=12, sentences=10000)), "en")
    assert made.loc["qaa"].tolist() == [1, 4] and made.loc["qai"].tolist() == [0, pytest.approx(np.log10(2500))]
    natural = similarity.controls(NaturalLanguages(), "ru")
    assert natural.columns.tolist() == ["same script"]
    assert natural["same script"].reindex(["bg", "en"]).tolist() == [1, 0]
    known = similarity.controls(NaturalLanguages(), "en", "FacebookAI/xlm-roberta-large")
    assert known.columns.tolist() == ["same script", "log corpus size"]


FAMILIES = {code: "abcd"[i // 3] for i, code in enumerate(LANGUAGES[1:])}


def made_points(slope: float, family: float, noise: float = 0.5, draw: int = 0, encoder: str = "bert") -> pd.DataFrame:
    """One point a language: gain = slope × similarity within its family + family × the family's number + noise."""
    rng, codes = np.random.default_rng(draw), LANGUAGES[1:]
    number = np.array(["abcd".index(FAMILIES[code]) for code in codes], float)
    inner = rng.permuted(np.tile([-1.0, 0.0, 1.0], (4, 1)), axis=1).ravel()
    gain = slope * inner + family * number + noise * rng.normal(size=12)
    cell = dict(encoder=encoder, architecture=encoder, intermediate="mnli", target="udpos", source="en")
    return pd.DataFrame({"language": codes, "gain": gain, "similarity": 0.5 + number / 8 + inner / 40}).assign(
        **cell, provenance="native", same_data=False
    )


def test_families_alone_do_not_make_a_relation_within_them():
    controls = {"en": pd.DataFrame({"size": np.arange(12.0), "script": "Latin"}, LANGUAGES[1:])}
    found = similarity.inference(made_points(0.0, 3.0), "gain", FAMILIES, controls).iloc[0]
    assert found["p"] < 0.01 and found["within_p"] > 0.1  # families differ, languages within them do not
    assert found["families"] == 4 and found["alone"] == 0 and found["orders"] == 6**4
    assert found["controls"] == "size, script" and found["partial_dropped"] == "script" and found["left_out"] == 0
    planted = similarity.inference(made_points(3.0, -3.0), "gain", FAMILIES).iloc[0]
    assert planted["within_r"] > 0.8 and planted["within_p"] < 0.01 and planted["r"] < 0
    assert "partial_r" not in planted


def test_an_encoder_can_have_controls_of_its_own():
    own = {("bert", "en"): pd.DataFrame({"size": np.arange(12.0)}, LANGUAGES[1:])}
    table = pd.concat([made_points(1.0, 0.0), made_points(1.0, 0.0, encoder="xlnet")])
    found = similarity.inference(table, "gain", FAMILIES, own).set_index("encoder")
    assert found["controls"].isna().to_dict() == {"bert": False, "xlnet": True}


def test_the_family_that_decides_is_named():
    table = made_points(9.0, 0.0, noise=0.1)
    table["gain"] = table["gain"].where(table["language"].map(FAMILIES) != "a", -2 * table["gain"])
    found = similarity.stability(table, "gain", FAMILIES).iloc[0]
    assert found["significance"] == "a" and found["sign"] == "" and found["r_high"] > 0.9
    everywhere = similarity.stability(made_points(9.0, 0.0, noise=0.1), "gain", FAMILIES).iloc[0]
    assert everywhere["sign"] == everywhere["significance"] == "" and everywhere["r_low"] > 0.8


def test_a_relation_holds_only_under_every_definition():
    points = made_points(9.0, 0.0, noise=0.1)
    seeds = pd.concat([points.assign(seed=seed) for seed in (0, 1)]).drop(columns="similarity")
    true = points.set_index("language")["similarity"]
    other = pd.Series(np.random.default_rng(0).normal(size=12), true.index)
    tables = {"one": pd.DataFrame({"x": true, "y": true}), "two": pd.DataFrame({"x": true**2, "y": other})}
    found = similarity.by_measure(seeds, "gain", FAMILIES, {"en": tables})
    said = {measure: similarity.verdict(rows) for measure, rows in found.groupby("measure")}
    assert said == {"x": "holds under both", "y": "does not hold: only under one"}
    assert similarity.verdict(found[found["definition"] == "one"].head(1)) == similarity.SINGLE
    alike = found[found["measure"] == "x"].assign(within_r=0.9, r=0.8)
    assert similarity.verdict(alike) == "holds (its definitions rank languages alike)"
    assert similarity.verdict(found.assign(within_p=0.5)) == "not shown under any definition"
    assert similarity.verdict(found.assign(within_r=np.nan)) == similarity.NOTHING
    assert similarity.by_measure(seeds, "gain", FAMILIES, {}).empty


def test_power_of_every_cell():
    both = pd.concat([made_points(3.0, 1.0), made_points(3.0, 1.0, encoder="xlnet", draw=0)])
    rng = np.random.default_rng(3)
    seeds = pd.concat([both.assign(seed=seed, gain=both["gain"] + rng.normal(size=24)) for seed in range(3)])
    cells = similarity.design_power(both, seeds, "gain", FAMILIES, 0.05)
    assert cells["encoder"].tolist() == ["bert", "xlnet"] and (cells["seeds"] == 3).all()
    assert (cells["reliability"] > 0.7).all() and (cells["power"] <= cells["at_best"]).all()
    assert similarity.design_power(both, seeds, "gain", FAMILIES, 0.001)["power"].max() < cells["power"].min()
    one = similarity.design_power(both, seeds[seeds["seed"] == 0], "gain", FAMILIES, 0.05)
    assert one["reliability"].isna().all() and one["power"].isna().all()
    assert similarity.design_power(both.iloc[:0], seeds.iloc[:0], "gain", FAMILIES, 0.05).empty
