"""Reliability by hand, and the power of designs that must be strong, weak or impossible."""

import numpy as np
import pandas as pd
import pytest

from xtl.analysis.statistics import clustered, power

FOUR = list("aaabbbcccddd")


def spread(n: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=n)


def test_reliability_by_hand():
    values = pd.DataFrame([[0, 2], [4, 2], [1, 3], [5, 7]])  # departures: −2 0 | 2 0 | −2 −2 | 2 2
    found = power.reliability(values, ["a", "a", "b", "b"])
    between = 2 * (1 + 1 + 4 + 4) / 2  # two seeds, squared mean departures, two degrees of freedom
    noise = (1 + 1 + 1 + 1) / 2
    assert found.value == pytest.approx(1 - noise / between) and found.seeds == 2
    assert found.low == 0 and found.high == pytest.approx(1 - noise / between * 0.025 / 0.975)  # F(2, 2) at 0.025


def test_what_a_seed_does_to_a_family_is_no_noise_between_its_languages():
    true = np.array([0.0, 3, 0, 3])
    values = pd.DataFrame({seed: true + shift for seed, shift in enumerate(([0, 0, 5, 5], [9, 9, 1, 1]))})
    assert power.reliability(values, ["a", "a", "b", "b"]).value == 1


def test_planted_reliability_is_recovered():
    rng, found = np.random.default_rng(1), []
    for _ in range(200):
        true = rng.normal(size=(24, 1)) + 3 * np.repeat(rng.normal(size=(6, 1)), 4, axis=0)
        values = pd.DataFrame(true + rng.normal(scale=np.sqrt(3), size=(24, 3)))  # noise of a mean of three: 1
        found.append(power.reliability(values, np.repeat(list("abcdef"), 4)))
    assert np.mean([one.value for one in found]) == pytest.approx(0.5, abs=0.06)
    assert np.mean([one.low <= 0.5 <= one.high for one in found]) == pytest.approx(0.95, abs=0.04)


def test_one_seed_or_nothing_to_compare_has_no_reliability():
    assert np.isnan(power.reliability(pd.DataFrame([[1.0], [2], [3]]), ["a"] * 3).value)
    assert np.isnan(power.reliability(pd.DataFrame([[1.0, 2], [2, np.nan]]), ["a", "a"]).value)
    assert np.isnan(power.reliability(pd.DataFrame([[1.0, 1], [1, 1]]), ["a", "a"]).value)


def test_noise_and_few_languages_cost_power():
    small, large = power.correlation(spread(12), FOUR), power.correlation(spread(24), np.repeat(list("abcdef"), 4))
    assert (small.languages, small.families, small.alone) == (12, 4, 0)
    assert 0.2 < small.power < 0.45 < 0.7 < large.power < 0.9
    assert small.detectable > 0.75 > large.detectable > 0.5
    noisy = power.correlation(spread(24), np.repeat(list("abcdef"), 4), 0.5)
    assert noisy.power < large.power == noisy.at_best
    assert noisy.detectable == pytest.approx(large.detectable / np.sqrt(0.5))
    assert power.correlation(spread(12), FOUR, 0.0).detectable == np.inf
    assert power.correlation(spread(12), FOUR, np.nan).power == small.power


def test_telling_two_encoders_apart_takes_languages_and_seeds():
    small, large = power.difference(spread(12), FOUR), power.difference(spread(24), np.repeat(list("abcdef"), 4))
    assert 0.15 < small < 0.4 < 0.55 < large < 0.85
    assert power.difference(spread(12), FOUR, (0.2, 0.2)) < small


def test_an_impossible_test_has_no_power():
    assert np.isnan(power.correlation([1, 1, 1, 2, 2, 2], "aaabbb").power)
    assert np.isnan(power.correlation([1, 2, 3], "aab").detectable)
    assert np.isnan(power.difference([1, 2, 3], "aab"))
    unknown = np.where(np.arange(12) == 0, np.nan, spread(12))
    assert power.correlation(unknown, FOUR).languages == 11


def test_the_curve_starts_at_the_level_and_never_falls():
    curve = power._curve(tuple(spread(24)), tuple(clustered.strata(np.repeat(list("abcdef"), 4))))
    assert 0.03 < curve[0] < 0.07 and (np.diff(curve) >= 0).all() and curve[-1] == 1
