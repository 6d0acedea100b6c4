"""Correlations within families, given controls, without one family, and their difference, against values by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from xtl.analysis.statistics import clustered
from xtl.analysis.statistics import intervals as statistics
from xtl.analysis.statistics.clustered import ALONE

THREE = ["a"] * 3 + ["b"] * 3


def test_languages_without_a_relative_form_one_group():
    assert list(clustered.strata(["a", "a", "b", None, "c", np.nan])) == ["a", "a", ALONE, ALONE, ALONE, ALONE]
    assert list(clustered.strata([])) == []


def test_departures_by_hand():
    assert clustered.departures([1, 2, 6, 4, 8], ["a", "a", "a", "b", "b"]).tolist() == [-2, -1, 3, -2, 2]


def test_a_relation_within_families_is_found_against_the_one_between_them():
    found = clustered.within_families([1, 2, 3, 11, 12, 13], [33, 34, 35, 1, 2, 3], THREE)
    assert found.r == pytest.approx(1)  # departures are −1, 0, 1 twice on both sides
    assert found.p == pytest.approx(2 / 36)  # of 3! × 3! orders, the observed one and the one with both reversed
    assert (found.n, found.families, found.alone, found.orders) == (6, 2, 0, 36)
    assert statistics.spearman([1, 2, 3, 11, 12, 13], [33, 34, 35, 1, 2, 3]).r < -0.5


def test_r_and_its_interval_by_hand():
    x, y = [1, 2, 3, 1, 2, 3, 4, 4.5], [1, 3, 2, 1, 2, 3, 1, 2]
    found = clustered.within_families(x, y, [*THREE, "c", "c"])
    rank_x, rank_y = [1.5, 4.5, 7.5, 1.5, 4.5, 7.5, 3, 6], [1.5, 7.5, 4.5, 1.5, 4.5, 7.5, 3, 6]
    r = np.corrcoef(rank_x, rank_y)[0, 1]
    assert found.r == pytest.approx(r)
    half = 1.959964 * np.sqrt((1 + r * r / 2) / (8 - 3 - 2))
    assert np.arctanh([found.low, found.high]) == pytest.approx([np.arctanh(r) - half, np.arctanh(r) + half], rel=1e-5)


def test_without_families_it_is_the_ordinary_permutation_test():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 6))
    plain = statistics.spearman(x, y)
    for families in ("abcdef", "aaaaaa"):
        found = clustered.within_families(x, y, families)
        assert found.r == pytest.approx(plain.r) and found.p == pytest.approx(plain.p)


def test_a_language_that_nothing_compares_with_is_left_out():
    x, y = [1, 2, 3, 11, 12, 13, 99], [33, 34, 35, 1, 2, 3, 99]
    found = clustered.within_families(x, y, [*THREE, "c"])
    assert (found.n, found.left_out, found.r) == (6, 1, pytest.approx(1))
    two = clustered.within_families([*x, 98], [*y, 98], [*THREE, "c", "d"])
    assert (two.n, two.left_out, two.alone) == (8, 0, 2)


def test_what_cannot_be_tested_is_missing():
    assert np.isnan(clustered.within_families([1, 1, 1, 2, 2, 2], range(6), THREE).r)  # similarity of families only
    assert np.isnan(clustered.within_families(range(4), range(4), "aabb").r)
    assert np.isnan(clustered.within_families([1, 2, 3, 4, 5, np.nan], [1, np.nan, 3, 4, 5, 6], THREE).p)
    empty = clustered.within_families([], [], [])
    assert empty.n == 0 and np.isnan(empty.r)


def test_many_orders_are_drawn_and_the_same_every_time():
    x, y = np.random.default_rng(0).normal(size=(2, 12))
    groups = tuple("aaaaaabbbbbb")
    every = clustered.orders(groups)
    assert every.shape == (clustered.DRAWS + 1, 12) and every[0].tolist() == list(range(12))
    assert (np.sort(every[:, :6], axis=1) == np.arange(6)).all()  # nobody leaves the family
    assert clustered.within_families(x, y, groups) == clustered.within_families(x, y, groups)


def test_partial_correlation_by_hand():
    x, y = [1, 2, 3, 4, 5, 6, 7, 8], [2, 1, 4, 3, 7, 5, 8, 6]
    z = [1, 3, 2, 4, 6, 5, 8, 7]
    xy, xz, yz = (stats.spearmanr(*pair)[0] for pair in ((x, y), (x, z), (y, z)))
    found = clustered.partial(x, y, pd.DataFrame({"size": np.exp(z)}))  # ranked: only the order of a control matters
    assert found.r == pytest.approx((xy - xz * yz) / np.sqrt((1 - xz**2) * (1 - yz**2)))
    assert (found.n, found.df, found.left_out, found.dropped) == (8, 5, 0, ())


def test_controls_that_are_missing_constant_or_repeated():
    rng = np.random.default_rng(2)
    x, y, z = rng.normal(size=(3, 9))
    controls = pd.DataFrame({"size": [np.nan, *z[1:]], "script": "Latin", "again": [0, *(2 * z[1:])]})
    found = clustered.partial(x, y, controls)
    one = clustered.partial(x[1:], y[1:], pd.DataFrame({"size": z[1:]}))
    assert (found.n, found.left_out, found.dropped, found.df) == (8, 1, ("script",), 5)
    assert found.r == pytest.approx(one.r) and found.p == pytest.approx(one.p)


def test_text_is_a_control_and_no_control_is_the_plain_correlation():
    x, y = [1, 2, 3, 11, 12, 13], [33, 34, 36, 1, 2, 4]
    of_script = clustered.partial(x, y, pd.DataFrame({"script": ["Latin"] * 3 + ["Greek"] * 3}))
    assert of_script.r == pytest.approx(1) and of_script.df == 3
    plain = clustered.partial(x, y, pd.DataFrame(index=range(6)))
    assert plain.r == pytest.approx(statistics.spearman(x, y).r) and plain.df == 4


def test_within_families_a_control_that_follows_them_is_dropped():
    x, y = np.random.default_rng(3).normal(size=(2, 12))
    families = list("aaaabbbbcccc")
    controls = pd.DataFrame({"script": [0.0] * 4 + [1.0] * 8, "size": np.arange(12) % 4})
    found = clustered.partial(x, y, controls, families)
    assert found.dropped == ("script",) and found.df == 12 - 3 - 1 - 1
    assert np.isnan(clustered.partial(x[:6], y[:6], controls[:6], list("aabbcc")).r)  # one degree of freedom


def test_a_control_that_carries_the_relation_removes_it():
    rng = np.random.default_rng(4)
    z = rng.normal(size=200)
    x, y = z + 0.3 * rng.normal(size=(2, 200))
    found = clustered.partial(x, y, pd.DataFrame({"z": z}))
    assert statistics.spearman(x, y, draws=10).r > 0.8 and abs(found.r) < 0.2


def test_one_family_that_carries_the_relation_shows_when_it_is_left_out():
    x = [1, 2, 3, 1, 2, 3, 1, 20, 30, 40]
    y = [2, 1, 1.5, 1, 3, 2, 9, 20, 30, 40]
    found = clustered.leave_one_out(x, y, [*THREE, *"cccc"])
    assert list(found.index) == ["a", "b", "c"] and found["n"].tolist() == [7, 7, 6]
    assert found.loc["a", "within_r"] > 0.8 and found.loc["c", "within_r"] < 0.2
    assert found.loc["c", "r"] == pytest.approx(stats.spearmanr(x[:6], y[:6])[0])


def test_slopes_within_families_by_hand():
    """Two families: departures of x are ±1 and ±2, so the slope is (−1·−3 + 1·3 + −2·0 + 2·0) / (1 + 1 + 4 + 4)."""
    found = clustered.slopes([0.0, 2, 10, 14], [[0.0, 6, 5, 5], [0, 0, 0, 4]], ["a", "a", "b", "b"])
    assert found.tolist() == pytest.approx([0.6, 0.8])
    assert np.isnan(clustered.slopes([1.0, 1, 2, 2], [[1.0, 2, 3, 4]], ["a", "a", "b", "b"])).all()


def test_the_order_of_the_languages_changes_nothing():
    rng = np.random.default_rng(7)
    x, a, b = rng.normal(size=(3, 24))
    families = np.repeat(list("abcdef"), 4)
    order = rng.permutation(24)
    one = clustered.within_families(x, a, families)
    assert clustered.within_families(x[order], a[order], families[order]) == pytest.approx(one)
    slope = clustered.slopes(x, b[None], families)
    assert clustered.slopes(x[order], b[None, order], families[order]) == pytest.approx(slope)
