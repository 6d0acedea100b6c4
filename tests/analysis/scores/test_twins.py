"""Twins and regression: planted effects are recovered, and a planted confounder misleads only the regression."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from xtl.analysis.scores import twins as validity
from xtl.analysis.scores.twins import AGREE, DISAGREE, EVERY, OPEN
from xtl.analysis.statistics import intervals as statistics
from xtl.lab.world.config import LabConfig
from xtl.languages.made import MadeLanguages
from xtl.languages.natural import NaturalLanguages

LAB = {count: MadeLanguages(LabConfig(languages=count)) for count in (12, 24)}
PLANTED = {"script": -6.0, "vocabulary": 20.0, "postpositions": 4.0, "order_sov": -5.0}


def scores(count=24, effects=PLANTED, noise=0.5, seeds=3, encoders=("bert", "xlnet"), hidden=None, draw=0):
    """Rows per encoder, seed and language: 50 + effect × feature (+ hidden) + noise between seeds."""
    rng, features = np.random.default_rng(draw), LAB[count].features()
    truth = 50 + features[list(effects)] @ pd.Series(effects, dtype=float)
    truth = truth if hidden is None else truth + hidden.reindex(truth.index).fillna(0)
    rows = [
        (encoder, encoder, "none", "udpos", "en", "native", seed, code, False, truth[code] + rng.normal(0, noise))
        for encoder in encoders
        for seed in range(seeds)
        for code in truth.index
    ]
    columns = "encoder architecture intermediate target source provenance seed language same_data score".split()
    return pd.DataFrame(rows, columns=columns)


def compared(table, count=24, encoder=EVERY):
    pairs, _ = validity.changes(LAB[count])
    twins = validity.twin_effects(validity.twin_differences(table, "score", pairs))
    found = validity.compare(twins, validity.regression_effects(table, "score", LAB[count], pairs))
    return found[found["encoder"] == encoder].set_index("feature")


def test_changes_lead_away_from_the_source():
    pairs, unpaired = validity.changes(LAB[12])
    assert [pair.name for pair in pairs] == [
        "script: Latin → own",
        "order: SVO → SOV",
        "vocabulary: 0.6 → 0.1",
        "adposition: pre → post",
    ]
    assert [(pair.before, pair.after) for pair in pairs] == [
        ("qaa", "qab"), ("qad", "qae"), ("qah", "qag"), ("qak", "qaj"),
    ]  # fmt: skip
    assert unpaired == ["adjective", "articles", "case", "corpus"]
    assert validity.changes(LAB[24])[1] == [] and validity.changes(NaturalLanguages()) == ([], [])


def test_twins_by_hand():
    table = scores(12, noise=0.0, seeds=2, encoders=("bert", "xlnet"))
    add = {("bert", 0): 1.0, ("bert", 1): 3.0, ("xlnet", 0): 0.0, ("xlnet", 1): 4.0}
    for (encoder, seed), value in add.items():
        here = (table["encoder"] == encoder) & (table["seed"] == seed) & (table["language"] == "qab")
        table.loc[here, "score"] += value
    found = validity.twin_effects(validity.twin_differences(table, "score", validity.changes(LAB[12])[0]))
    found = found[found["feature"] == "script"].set_index("encoder")
    assert found["estimate"].tolist() == pytest.approx([-4, -4, -4])  # −6 planted, + 2 on average
    # variances 2 and 8, one degree of freedom each: the calmer encoder takes the one of both, 5
    error = np.sqrt(5 / 2 + 8 / 2) / 2
    assert found["error"].tolist() == pytest.approx([np.sqrt(5 / 2), np.sqrt(8 / 2), error])
    assert found["df"].tolist() == pytest.approx([2, 1, 2])  # no more than both encoders' together
    assert found.loc[EVERY, "high"] == pytest.approx(-4 + stats.t.ppf(0.975, found.loc[EVERY, "df"]) * error)


@pytest.mark.parametrize("count", [12, 24])
def test_both_recover_what_is_planted(count):
    found = compared(scores(count), count)
    planted = {"script": -6.0, "vocabulary": -10.0, "adposition": 4.0, "order": -5.0}
    planted |= {name: 0.0 for name in found.index if name not in planted}
    for name, effect in planted.items():
        row = found.loc[name]
        assert row["estimate_twin"] == pytest.approx(effect, abs=1.2)
        assert row["estimate_all"] == pytest.approx(effect, abs=2.0)
    assert set(found.loc[["script", "vocabulary", "adposition", "order"], "verdict"]) == {AGREE}
    assert (found.loc[[name for name, effect in planted.items() if not effect], "verdict"] != DISAGREE).all()


def test_a_confounder_misleads_the_regression_and_not_the_twins():
    """What nobody recorded costs 15 points in languages with a script of their own, but for the twin of a Latin one."""
    twin = next(pair.after for pair in validity.changes(LAB[24])[0] if pair.feature == "script")
    hidden = -15 * LAB[24].features()["script"]
    hidden[twin] = 0
    found = compared(scores(hidden=hidden)).loc["script"]
    assert found["estimate_twin"] == pytest.approx(-6, abs=1)
    assert found["estimate_all"] < -13 and found["verdict"] == DISAGREE


def test_verdicts():
    def verdict(**values):
        both = dict(estimate_twin=2, low_twin=1, high_twin=3, estimate_all=3, low_all=1, high_all=5, low=-2, high=3)
        return validity._verdict(next(pd.DataFrame([both | values]).itertuples()))

    assert verdict() == AGREE
    assert verdict(low=0.5) == DISAGREE
    assert verdict(low_all=-1) == verdict(low_twin=-1) == OPEN
    assert verdict(low=np.nan, high=np.nan) == verdict(low_all=np.nan, high_all=np.nan) == OPEN


def test_twelve_languages_leave_two_degrees_of_freedom_and_no_room_for_families():
    found = compared(scores(12), 12)
    assert set(found["df_all"]) == {2} and not found["family_effects"].any()
    many = compared(scores(24), 24)
    assert set(many["df_all"]) == {9} and many["family_effects"].all()


def test_missing_stays_missing():
    pairs, _ = validity.changes(LAB[12])
    table = scores(12, seeds=1)
    alone = compared(table, 12)
    assert alone["low_twin"].isna().all() and alone["estimate_twin"].notna().all()
    assert (alone["verdict"] == OPEN).all()
    lacking = table[table["language"] != "qab"]
    found = compared(lacking, 12)
    assert "script" not in found.index and found["df_all"].tolist() == [1, 1, 1]
    table.loc[table["encoder"] == "xlnet", "score"] = np.nan
    assert np.isnan(compared(table, 12).loc["script", "estimate_twin"])
    assert compared(table, 12, "bert").loc["script", "estimate_twin"] == pytest.approx(-6, abs=2)
    assert validity.twin_differences(table, "score", []).empty
    assert compared(table.iloc[:0], 12).empty
    assert compared(scores(12, encoders=("bert",)), 12, "bert").notna().all(axis=None)


def test_pooling_is_that_of_all_intervals():
    table = scores(12, noise=2.0, encoders=("bert", "roberta", "xlnet"))
    differences = validity.twin_differences(table, "score", validity.changes(LAB[12])[0])
    found = validity.twin_effects(differences).set_index(["feature", "encoder"])
    of_script = differences[differences["feature"] == "script"]
    same = statistics.pooled_intervals(of_script, "effect", ["encoder"], ["encoder"])
    for name in ("low", "high", "p", "df"):
        assert found.loc["script"].loc[same.index, name].tolist() == pytest.approx(same[name].tolist())
    every = found.loc[("script", EVERY)]
    least = statistics.minimum_detectable(every["error"], every["df"])
    assert every["detectable"] == pytest.approx(least)


def test_a_change_that_the_languages_do_not_show_is_not_estimable():
    features = LAB[12].features().drop(index="en")
    values = pd.DataFrame({"x": np.arange(4.0)}, ["qaa", "qac", "qag", "qah"])
    contrast = {"case": pd.Series(0.0, features.columns).mask(features.columns == "case", 1.0)}
    found = validity.regression(values, features, LAB[12].families(), contrast).iloc[0]
    assert np.isnan(found["estimate"]) and found["languages"] == 4


@pytest.mark.parametrize("icc", [0.0, 0.6, 0.9])
@pytest.mark.parametrize("count", [12, 24])
def test_intervals_of_the_regression_cover_with_families(count, icc):
    """Nominal 95 % covers 92 to 98 % when a family shares what no feature explains."""
    rng, features = np.random.default_rng(0), LAB[count].features().drop(index="en")
    families, pairs = LAB[count].families(), validity.changes(LAB[count])[0]
    contrasts = {pair.feature: features.loc[pair.after] - features.loc[pair.before] for pair in pairs}
    code = pd.factorize(features.index.map(families))[0]
    effect = np.sqrt(icc) * rng.normal(size=(code.max() + 1, 1000))[code]
    values = pd.DataFrame(effect + np.sqrt(1 - icc) * rng.normal(size=(len(code), 1000)), features.index)
    found = validity.regression(values, features, families, contrasts)
    covered = ((found["low"] < 0) & (found["high"] > 0)).groupby(found["feature"]).mean()
    assert 0.92 < covered.min() and covered.mean() < 0.98
    alone = validity.regression(values, features, families, contrasts, alone=True)
    assert 0.92 < ((alone["low"] < 0) & (alone["high"] > 0)).mean() < 0.98


def test_twins_cover_and_disagree_rarely_where_nothing_is_wrong():
    """Two hundred targets at once: twins cover 92 to 98 %, and chance makes few verdicts of disagreement."""
    table = pd.concat([scores(24, noise=2.0, draw=draw).assign(target=f"t{draw}") for draw in range(200)])
    found = compared(table).reset_index()
    truth = found["feature"].map({"script": -6.0, "vocabulary": -10.0, "adposition": 4.0, "order": -5.0}).fillna(0)
    covered = ((found["low_twin"] < truth) & (truth < found["high_twin"])).mean()
    assert 0.92 < covered < 0.98
    assert (found["verdict"] == DISAGREE).mean() < 0.05
