"""Differences between arms and encoders by hand, and what happens to them where something lacks."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.analysis.rows import gains_table
from xtl.analysis.scores import contrasts, gains

THREE = {("a", "mnli", "udpos"): [1.0, 2.0, 3.0], ("b", "mnli", "udpos"): [2.0, 4.0, 6.0]}  # variances 1 and 4
TWO = {
    ("a", "mnli", "udpos"): [3.0], ("a", "mnli", "xnli"): [90.0],
    ("a", "qqp", "udpos"): [1.0], ("a", "qqp", "xnli"): [5.0],
}  # fmt: skip


def test_an_encoder_has_its_own_variance_or_the_one_of_all_if_that_is_larger():
    """With three seeds: variances 1 and 4, 2.5 over both."""
    series = contrasts.mean_gain(gains_table(THREE), ["mnli"])
    calm = contrasts.combine(series, {"a": 1.0})
    assert (calm.estimate, calm.seeds, calm.df) == (2, 3, 4)
    assert calm.error == pytest.approx(np.sqrt(2.5 / 3))
    assert calm.high == pytest.approx(2 + 2.776445 * np.sqrt(2.5 / 3), rel=1e-6)
    assert calm.p == pytest.approx(0.0936, abs=5e-4)  # t = 2.191 with 4 degrees of freedom
    noisy = contrasts.combine(series, {"b": 1.0})
    assert (noisy.estimate, noisy.df) == (4, 2) and noisy.error == pytest.approx(np.sqrt(4 / 3))


def test_mean_and_difference_of_two_encoders():
    series = contrasts.mean_gain(gains_table(THREE), ["mnli"])
    mean = contrasts.combine(series, {"a": 0.5, "b": 0.5})
    assert mean.estimate == 3 and mean.error == pytest.approx(np.sqrt((2.5 + 4) / 3) / 2)
    apart = contrasts.combine(series, {"a": 1.0, "b": -1.0})
    assert apart.estimate == -2 and apart.error == pytest.approx(np.sqrt((2.5 + 4) / 3))
    satterthwaite = (2.5 + 4) ** 2 / (2.5**2 / 4 + 4**2 / 2)
    assert apart.df == pytest.approx(min(satterthwaite, 4))  # not more than all seeds together


def test_from_five_seeds_on_differences_are_welchs():
    values = {("a", "mnli", "udpos"): [1.0, 2, 3, 5, 4.5], ("b", "mnli", "udpos"): [2.0, 9, 6, 1, 12]}
    found = contrasts.encoder_differences(gains.pooled_gains(gains_table(values))).iloc[0]
    expected = stats.ttest_ind(*values.values(), equal_var=False)
    assert (found["p"], found["df"]) == pytest.approx((expected.pvalue, expected.df))
    interval = expected.confidence_interval()
    assert (found["low"], found["high"]) == pytest.approx((interval.low, interval.high))


def test_no_variance_is_pooled_beyond_a_pool():
    values = {**THREE, ("c", "mnli", "udpos"): [0.0, 10.0, 20.0]}
    series = contrasts.mean_gain(gains_table(values), ["mnli"])
    assert contrasts.combine(series, {"a": 1.0}).error == pytest.approx(np.sqrt(35 / 3))  # (1 + 4 + 100) / 3
    apart = contrasts.combine(series, {"a": 1.0}, {"a": "here", "b": "here", "c": "checkpoint"})
    assert apart.error == pytest.approx(np.sqrt(2.5 / 3))


def test_pairs_need_two_seeds_and_two_encoders():
    pooled = gains.pooled_gains(gains_table(THREE))
    assert contrasts.encoder_differences(pooled[pooled["seed"] == 0]).empty
    assert contrasts.encoder_differences(pooled[pooled["encoder"] == "a"]).empty
    both = pd.concat([pooled, pooled.assign(source="de", gain=pooled["gain"] * 2)])
    found = contrasts.encoder_differences(both).set_index("source")["difference"]
    assert found.to_dict() == {"en": -2, "de": -4}


def test_intermediates_are_compared_over_the_targets_of_both():
    table = gains_table(TWO, same_data=[("mnli", "xnli")])
    assert contrasts.difference(table, "mnli", "qqp")["gain"].tolist() == [2.0]
    assert contrasts.difference(table, "qqp", "mnli")["gain"].tolist() == [-2.0]
    assert contrasts.difference(table[table["target"] == "xnli"], "mnli", "qqp").empty


def test_mean_over_intermediates_is_the_mean_of_their_pooled_gains():
    table = gains_table(TWO, same_data=[("mnli", "xnli")])
    assert contrasts.mean_gain(table, ["mnli", "qqp"])["gain"].tolist() == [3.0]  # (3 + (1 + 5) / 2) / 2


def test_what_lacks_stays_missing():
    table = gains_table({("a", "mnli", "udpos"): [1.0, np.nan], ("a", "mnli", "xquad"): [3.0, 5.0]})
    series = contrasts.mean_gain(table, ["mnli"])
    assert series["gain"].tolist()[0] == 2 and np.isnan(series["gain"].tolist()[1])
    found = contrasts.combine(series, {"a": 1.0})
    assert found.estimate == 2 and found.seeds == 1 and np.isnan(found.low)
    assert np.isnan(contrasts.combine(series, {"b": 1.0}).estimate)
    assert np.isnan(contrasts.combine(series.iloc[:0], {"a": 1.0}).estimate)
    assert np.isnan(found.p)


def test_seeds_that_do_not_differ_are_no_evidence():
    found = contrasts.combine(contrasts.mean_gain(gains_table({("a", "mnli", "udpos"): [1.0] * 3}), ["mnli"]), {"a": 1})
    assert (found.low, found.high) == (1, 1)
    assert np.isnan(found.p)


@pytest.mark.parametrize("weights", [{"a": 1.0}, {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}, {"a": 1.0, "b": -1.0}])
def test_coverage_of_three_encoders_and_three_seeds(weights):
    """Nominal 95 % intervals of one encoder, a mean and a difference cover 92 to 99 %."""
    rng, covered, runs = np.random.default_rng(1), 0, 500
    empty = gains_table({(name, "mnli", "udpos"): [0.0] * 3 for name in "abc"})
    series = contrasts.mean_gain(empty, ["mnli"])
    for _ in range(runs):
        found = contrasts.combine(series.assign(gain=rng.normal(size=9)), weights)
        covered += found.low < 0 < found.high
    assert 0.92 < covered / runs < 0.99


def test_a_control_without_retrieval_is_compared_over_what_it_has():
    gains = {("a", "mnli", "udpos"): [2.0, 3.0], ("a", "mnli", "tatoeba"): [12.0, 12.0],
             ("a", "none+steps", "udpos"): [1.0, 2.5], ("b", "mnli", "udpos"): [9.0, 9.0]}  # fmt: skip
    found = contrasts.difference(gains_table(gains), "mnli", "none+steps")
    assert found["encoder"].tolist() == ["a", "a"] and found["gain"].tolist() == [1.0, 0.5]
