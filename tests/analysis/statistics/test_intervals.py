"""Intervals, corrections and correlations against values computed by hand, and the coverage of the intervals."""

import itertools

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from xtl.analysis.statistics import intervals as statistics
from xtl.base.errors import UserError


def table(values: dict, training=None) -> pd.DataFrame:
    """Rows (training, cell, seed, x) from {cell: [one value per seed]}."""
    rows = [(training or cell, cell, seed, x) for cell, xs in values.items() for seed, x in enumerate(xs)]
    return pd.DataFrame(rows, columns=["training", "cell", "seed", "x"])


def pooled(values: dict, training=None) -> pd.DataFrame:
    return statistics.pooled_intervals(table(values, training), "x", ["training", "cell"], ["training"])


def test_one_value_has_no_interval():
    alone = pooled({"a": [4.0], "b": [5.0]})
    assert alone["low"].isna().all() and list(alone["mean"]) == [4, 5]


def test_interval_by_hand():
    """Variances 1 and 4, 2.5 over both: the calmer cell leans on that, the noisier has its own."""
    found = pooled({"a": [1, 2, 3], "b": [2, 4, 6]})
    assert found["df"].tolist() == [4, 2]
    assert found["used_sd"].tolist() == pytest.approx([np.sqrt(2.5), 2])
    half = [2.776445 * np.sqrt(2.5 / 3), 4.302653 * np.sqrt(4 / 3)]
    assert found["high"].tolist() == pytest.approx([2 + half[0], 4 + half[1]], rel=1e-6)
    assert found["p"].iloc[0] == pytest.approx(0.0936, abs=5e-4)  # t = 2 / sqrt(2.5 / 3) = 2.191 with 4 df


def test_five_seeds_have_a_variance_of_their_own():
    found = pooled({"a": [1, 2, 3, 4, 5], "b": [10, 20, 30, 40, 50]})
    assert found["used_sd"].tolist() == pytest.approx([np.sqrt(2.5), np.sqrt(250)])
    assert found["df"].tolist() == [4, 4]


def test_a_missing_seed_is_counted_and_widens_its_cell():
    found = pooled({"a": [1, 2, 3], "b": [2, np.nan, 4]}).reset_index("training", drop=True)
    assert found["missing"].tolist() == [0, 1] and found["seeds"].tolist() == [3, 2]
    assert found["df"].tolist() == [3, 1]
    assert found["used_sd"].tolist() == pytest.approx([np.sqrt((2 * 1 + 1 * 2) / 3), np.sqrt(2)])
    assert found.loc["b", "high"] == pytest.approx(3 + 12.706205 * np.sqrt(2 / 2), rel=1e-6)


def test_languages_that_move_together_are_one_piece_of_evidence():
    together = pooled({"de": [1, 2, 4], "hi": [11, 12, 14], "zh": [21, 22, 24]}, training="bert")
    assert together["df"].iloc[0] == pytest.approx(2)  # seeds − 1
    apart = pooled({"de": [1, 2, 4], "hi": [11, 12, 14], "zh": [21, 22, 24]})
    assert apart["df"].iloc[0] == 6  # cells × (seeds − 1)


def test_two_seeds_cannot_show_how_languages_move_together():
    assert pooled({"de": [1, 2], "hi": [5, 3]}, training="bert")["df"].iloc[0] == 1


@pytest.mark.parametrize("shared", [0.0, 0.5, 0.9])
def test_coverage_of_twelve_languages_and_three_seeds(shared):
    """Nominal 95 % intervals cover 92–98 %, whether languages of one model move together or not."""
    rng, covered, runs = np.random.default_rng(0), 0.0, 60
    keys = list(itertools.product(["bert", "roberta", "xlnet"], range(12), range(3)))
    frame = pd.DataFrame(keys, columns=["training", "cell", "seed"])
    for _ in range(runs):
        common = rng.normal(size=(3, 1, 3))
        frame["x"] = (np.sqrt(shared) * common + np.sqrt(1 - shared) * rng.normal(size=(3, 12, 3))).ravel()
        found = statistics.pooled_intervals(frame, "x", ["training", "cell"], ["training"])
        covered += ((found["low"] < 0) & (found["high"] > 0)).mean()
    assert 0.92 < covered / runs < 0.98


def test_difference_and_its_minimum_detectable_size_by_hand():
    low, high, p = statistics.t_of_difference(3.0, 1.0, 4)
    assert (low, high) == pytest.approx((3 - 2.776445, 3 + 2.776445), rel=1e-6)
    assert p == pytest.approx(0.0399, abs=1e-4)
    low, high, p = statistics.t_of_difference(1.0, 0.0, 4)
    assert (low, high) == (1, 1) and np.isnan(p)
    assert statistics.minimum_detectable(2.0, 4) == pytest.approx(2 * (2.776445 + 0.940965), rel=1e-5)


def test_differences_may_come_as_arrays():
    low, high, p = statistics.t_of_difference(np.array([3.0, 1.0]), np.array([1.0, 0.0]), np.array([4.0, 4.0]))
    assert low.tolist() == pytest.approx([3 - 2.776445, 1]) and high[1] == 1
    assert p[0] == pytest.approx(0.0399, abs=1e-4) and np.isnan(p[1])


def test_a_seed_twice_in_a_cell_is_refused():
    twice = pd.concat([table({"a": [1, 2]}), table({"a": [3]})])
    with pytest.raises(UserError, match="A cell has two values of x for one seed"):
        statistics.pooled_intervals(twice, "x", ["training", "cell"], ["training"])


def test_tables_of_their_own_do_not_mix():
    values = np.array([[[[1.0, 2, 3]], [[2, 4, 6]]], [[[1, 1, 1]], [[np.nan, 5, 7]]]])  # two tables, two encoders
    found = statistics.pooled(values)
    assert found.used_sd[0, 0, 0] == pytest.approx(np.sqrt(2.5)) and found.df[0, 0, 0] == 4
    assert found.used_sd[1, 0, 0] == pytest.approx(np.sqrt(2 / 3)) and found.df[1, 0, 0] == 3
    assert found.used_sd[1, 1, 0] == pytest.approx(np.sqrt(2)) and found.df[1, 1, 0] == 1
    assert found.seeds[1].ravel().tolist() == [3, 2] and found.mean[1, 1, 0] == 6


def test_nothing_is_pooled_to_nothing():
    empty = statistics.pooled_intervals(table({}), "x", ["cell"], ["training"])
    assert empty.empty and {"mean", "seeds", "missing", "df", "p"} <= set(empty.columns)


def test_holm_by_hand():
    assert statistics.holm([0.01, 0.04, 0.03]).tolist() == pytest.approx([0.03, 0.06, 0.06])
    with_gap = statistics.holm([0.01, np.nan, 0.04])
    assert with_gap[[0, 2]].tolist() == pytest.approx([0.02, 0.04]) and np.isnan(with_gap[1])
    assert np.isnan(statistics.holm([np.nan])).all() and statistics.holm([]).size == 0


def test_holm_is_that_of_statsmodels():
    rng = np.random.default_rng(0)
    for tests in (1, 2, 7, 60):
        p = np.round(rng.beta(0.3, 1, tests), 2)  # rounded, so that some are equal
        np.testing.assert_allclose(statistics.holm(p), multipletests(p, method="holm")[1], atol=1e-15)


def test_spearman_by_hand():
    found = statistics.spearman([1, 2, 3, 4, 5], [2, 1, 4, 3, 5])
    assert found.r == pytest.approx(0.8)  # 1 − 6 × 4 / (5 × 24)
    assert found.p == pytest.approx(16 / 120)  # orders of five with |r| of at least 0.8
    assert found.low <= found.r <= found.high and found.n == 5
    assert statistics.spearman([1, 2, 3, 4, 5], [5, 4, 3, 2, 1]).p == pytest.approx(2 / 120)


def test_spearman_of_twelve_uses_students_t():
    x = np.arange(12)
    y = x.copy()
    y[[0, 11]] = [11, 0]  # d² sum is 242, r = 1 − 6 × 242 / (12 × 143)
    found = statistics.spearman(x, y)
    r = 1 - 6 * 242 / (12 * 143)
    assert found.r == pytest.approx(r)
    assert found.p == pytest.approx(0.633, abs=1e-3)  # t = 0.493 with 10 df
    assert statistics.spearman(x, x).p == 0


def test_few_or_constant_languages_have_no_correlation():
    few = statistics.spearman([1, 2, 3, 4, np.nan], [1, 2, 3, 4, 5])
    assert few.n == 4 and np.isnan(few.r) and np.isnan(few.p)
    assert np.isnan(statistics.spearman([1] * 6, range(6)).r)


def test_the_bootstrap_is_the_same_every_time():
    x, y = np.arange(12), np.random.default_rng(1).normal(size=12)
    assert statistics.spearman(x, y) == statistics.spearman(x, y)
