"""Reliability by hand, and the power of designs that must be strong, weak or impossible."""

import numpy as np
import pandas as pd
import pytest

from xtl.analysis.statistics import clustered, power
from xtl.analysis.statistics import intervals as statistics

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


SIX = np.repeat(list("abcdef"), 4)


def test_noise_few_languages_few_seeds_and_a_strict_level_cost_power():
    small = power.correlation(spread(12), FOUR)
    large = power.correlation(spread(24), SIX)
    assert (small.languages, small.families, small.alone) == (12, 4, 0)
    assert 0.2 < small.power < 0.45 < 0.7 < large.power < 0.9
    assert small.detectable > 0.75 > large.detectable > 0.5
    noisy = power.correlation(spread(24), SIX, 0.8)
    assert noisy.power < large.power == noisy.at_best
    assert power.correlation(spread(24), SIX, 0.8, seeds=5).power > noisy.power
    assert power.correlation(spread(24), SIX, level=0.005).power < large.power - 0.2
    assert power.correlation(spread(12), FOUR, 0.0).detectable == np.inf


def test_an_impossible_test_has_no_power():
    assert np.isnan(power.correlation([1, 1, 1, 2, 2, 2], "aaabbb").power)
    assert np.isnan(power.correlation([1, 2, 3], "aab").detectable)
    assert np.isnan(power.correlation(spread(12), FOUR, seeds=1).power)
    assert np.isnan(power.correlation(spread(12), FOUR, np.nan).power)
    unknown = np.where(np.arange(12) == 0, np.nan, spread(12))
    assert power.correlation(unknown, FOUR).languages == 11


def test_the_curve_starts_at_the_level_and_never_falls():
    curve = power._curve(tuple(spread(24)), tuple(clustered.strata(SIX)), 1.0, 3, 1, 0.05)
    assert 0.03 < curve[0] < 0.07 and (np.diff(curve) >= 0).all() and curve[-1] == 1


@pytest.mark.parametrize("seeds", (3, 5))
def test_what_is_planted_is_claimed_as_often_as_printed(seeds):
    """By the tests that a claim takes, of three encoders with noise between seeds; within three Monte Carlo errors."""
    families = SIX
    x = spread(24)
    groups = clustered.strata(families)
    within = clustered.departures(x, groups)
    scale = np.sqrt((within**2).sum() / 18)
    rng = np.random.default_rng(2)
    tables = 400
    true = 0.6 * within / scale + 0.8 * rng.normal(size=(tables, 24))
    noise = np.sqrt(seeds * 0.25)  # a quarter of the variance of a mean that is 1 otherwise: reliability 0.8
    values = true[:, None, None] + noise * rng.normal(size=(tables, 3, seeds, 24))
    values[:, 1:] -= true[:, None, None]  # the other encoders have nothing but noise
    rest = clustered.departures(values[:, 0].mean(axis=1), groups)
    _, over_languages = clustered.permutation_test(np.broadcast_to(within, rest.shape), rest, groups)
    slopes = clustered.slopes(x, values, families)
    over_seeds = statistics.pooled(slopes[:, :, None, :]).p[:, 0, 0]
    found = (np.maximum(over_languages, over_seeds) <= 0.05).mean()
    printed = power.correlation(x, families, 0.8, seeds, 3).power
    assert found == pytest.approx(printed, abs=3 * np.sqrt(0.25 / tables) + 0.02)
