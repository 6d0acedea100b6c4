"""Gains are paired by seed, keep the same-data mark, and never hide a missing cell."""

import numpy as np
import pandas as pd
import pytest

from tests.synthetic import grid
from xtl.analysis.scores import gains, tables


def task_gains(**changes):
    cells, scores, _, languages = grid(**dict(languages=["en", "de", "hi"]) | changes)
    return gains.gains(tables.task_scores(tables.main_scores(cells, scores, languages)))


def row(encoder, target, seed, gain, same_data=False, intermediate="mnli"):
    return {
        "encoder": encoder, "architecture": "", "intermediate": intermediate, "target": target, "source": "en",
        "provenance": "native", "seed": seed, "run_id": f"{encoder}{target}{seed}{intermediate}",
        "same_data": same_data, "gain": gain,
    }  # fmt: skip


def test_gain_is_paired_by_seed():
    cells, scores, _, languages = grid(encoders=("bert",), targets=("udpos",), languages=["en", "de"], noise=3)
    main = tables.main_scores(cells, scores, languages)
    found = gains.gains(main).set_index(["seed", "language"])["gain"]
    wide = main.set_index(["intermediate", "seed", "language"])["score"]
    for seed in (0, 1, 2):
        assert found[seed, "de"] == pytest.approx(wide["mnli", seed, "de"] - wide["none", seed, "de"])
    by_task = gains.gains(tables.task_scores(main)).set_index("seed")["gain"]
    assert by_task[1] == pytest.approx((found[1, "en"] + found[1, "de"]) / 2)


def test_a_missing_baseline_makes_the_gain_missing():
    found = task_gains(encoders=("bert",), targets=("udpos",), drop=[("bert", "none", "udpos", 1)])
    assert found.set_index("seed")["gain"].isna().to_dict() == {0: False, 1: True, 2: False}


def test_pooled_gain_leaves_same_data_out_and_a_missing_target_missing():
    table = pd.DataFrame([
        row("bert", "xnli", 0, 9.0, True), row("bert", "udpos", 0, 1.0), row("bert", "xquad", 0, 3.0),
        row("bert", "xnli", 1, 9.0, True), row("bert", "udpos", 1, np.nan), row("bert", "xquad", 1, 3.0),
    ])  # fmt: skip
    found = gains.pooled_gains(table).set_index("seed")
    assert found.loc[0, "gain"] == 2 and found.loc[0, "targets"] == 2 and found.loc[0, "left_out"] == 1
    assert np.isnan(found.loc[1, "gain"]) and found.loc[1, "missing"] == 1
    every = gains.pooled_gains(table, same_data=True).set_index("seed")
    assert every.loc[0, "gain"] == pytest.approx(13 / 3) and every.loc[0, "left_out"] == 0


def test_intervals_pool_within_a_target_only():
    values = {("a", "udpos"): [1, 2, 3], ("b", "udpos"): [2, 4, 6], ("a", "xquad"): [0, 10, 20]}
    table = pd.DataFrame([row(*cell, seed, x) for cell, xs in values.items() for seed, x in enumerate(xs)])
    found = gains.intervals(table, "gain").set_index(["target", "encoder"])
    assert found.loc[("udpos", "a"), "used_sd"] == pytest.approx(np.sqrt(2.5))
    assert found.loc[("xquad", "a"), "used_sd"] == pytest.approx(10) and found.loc[("xquad", "a"), "df"] == 2
    assert not found["same_data"].any()


def test_seeds_of_one_and_the_same_run_are_one_value():
    table = pd.DataFrame([row("a", "tatoeba", seed, 5.0) for seed in (0, 1, 2)]).assign(run_id="one")
    found = gains.intervals(table, "gain")
    assert found["seeds"].tolist() == [1] and found["low"].isna().all()


def test_nothing_gives_an_empty_table():
    none = task_gains(intermediates=("none",))
    assert none.empty and gains.intervals(none, "gain").empty and gains.pooled_gains(none).empty


def test_cells_whose_seeds_disagree_in_sign_are_marked():
    values = {"a": [1, -1, 2], "b": [1, 2, 3], "c": [-1, -2, np.nan], "d": [0, 0, 5], "e": [0, -1, 1]}
    table = pd.DataFrame([row(e, "udpos", seed, x) for e, xs in values.items() for seed, x in enumerate(xs)])
    found = gains.described(table).set_index("encoder")
    assert found["mixed"].to_dict() == {"a": True, "b": False, "c": False, "d": False, "e": True}
    assert found.loc["a", "mean"] == pytest.approx(2 / 3) and found.loc["a", "low"] < -1
    assert not gains.described(table[table["seed"] == 1])["mixed"].any()
    by_language = pd.concat([table.assign(language="de"), table.assign(language="sw", gain=-table["gain"])])
    assert gains.described(by_language).groupby("language")["mixed"].sum().to_dict() == {"de": 2, "sw": 2}
    assert gains.described(task_gains(intermediates=("none",))).empty
