"""Differences between arms and encoders by hand, and what happens to them where something lacks."""

import numpy as np
import pytest

from tests.analysis.rows import gains_table
from xtl.analysis.scores import contrasts

THREE = {("a", "mnli", "udpos"): [1.0, 2.0, 3.0], ("b", "mnli", "udpos"): [2.0, 4.0, 6.0]}  # pooled variance 2.5
TWO = {
    ("a", "mnli", "udpos"): [3.0], ("a", "mnli", "xnli"): [90.0],
    ("a", "qqp", "udpos"): [1.0], ("a", "qqp", "xnli"): [5.0],
}  # fmt: skip


def test_one_encoder_borrows_the_variance_of_all():
    found = contrasts.combine(contrasts.mean_gain(gains_table(THREE), ["mnli"]), {"a": 1.0})
    assert (found.estimate, found.seeds, found.df) == (2, 3, 4)
    assert found.error == pytest.approx(np.sqrt(2.5 / 3))
    assert found.high == pytest.approx(2 + 2.776445 * np.sqrt(2.5 / 3), rel=1e-6)


def test_mean_and_difference_of_two_encoders():
    series = contrasts.mean_gain(gains_table(THREE), ["mnli"])
    mean = contrasts.combine(series, {"a": 0.5, "b": 0.5})
    assert mean.estimate == 3 and mean.error == pytest.approx(np.sqrt(2.5 / 6))
    apart = contrasts.combine(series, {"a": 1.0, "b": -1.0})
    assert apart.estimate == -2 and apart.error == pytest.approx(np.sqrt(2.5 * 2 / 3))


def test_p_is_one_or_two_sided():
    found = contrasts.combine(contrasts.mean_gain(gains_table(THREE), ["mnli"]), {"a": 1.0})
    two = contrasts.p_value(found, "two-sided")
    assert two == pytest.approx(0.0936, abs=5e-4)  # t = 2.191 with 4 degrees of freedom
    assert contrasts.p_value(found, "greater") == pytest.approx(two / 2)
    assert contrasts.p_value(found, "less") == pytest.approx(1 - two / 2)


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
    assert np.isnan(contrasts.p_value(found, "greater"))


def test_seeds_that_do_not_differ_leave_no_doubt():
    found = contrasts.combine(contrasts.mean_gain(gains_table({("a", "mnli", "udpos"): [1.0] * 3}), ["mnli"]), {"a": 1})
    assert (found.low, found.high) == (1, 1)
    assert contrasts.p_value(found, "greater") == 0 and contrasts.p_value(found, "less") == 1


@pytest.mark.parametrize("weights", [{"a": 1.0}, {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}, {"a": 1.0, "b": -1.0}])
def test_coverage_of_three_encoders_and_three_seeds(weights):
    """Nominal 95 % intervals of one encoder, a mean and a difference cover 92–98 %."""
    rng, covered, runs = np.random.default_rng(1), 0, 500
    empty = gains_table({(name, "mnli", "udpos"): [0.0] * 3 for name in "abc"})
    series = contrasts.mean_gain(empty, ["mnli"])
    for _ in range(runs):
        found = contrasts.combine(series.assign(gain=rng.normal(size=9)), weights)
        covered += found.low < 0 < found.high
    assert 0.92 < covered / runs < 0.98


def test_a_control_without_retrieval_is_compared_over_what_it_has():
    gains = {("a", "mnli", "udpos"): [2.0, 3.0], ("a", "mnli", "tatoeba"): [12.0, 12.0],
             ("a", "none+steps", "udpos"): [1.0, 2.5], ("b", "mnli", "udpos"): [9.0, 9.0]}  # fmt: skip
    found = contrasts.difference(gains_table(gains), "mnli", "none+steps")
    assert found["encoder"].tolist() == ["a", "a"] and found["gain"].tolist() == [1.0, 0.5]
