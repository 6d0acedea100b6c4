"""The interaction test keeps its false-positive rate, and finds a planted difference with the power that it prints."""

import itertools

import numpy as np
import pytest

from tests.analysis.draws import over_baseline, scores
from xtl.analysis.statistics import equal_means as families
from xtl.analysis.statistics import intervals as statistics

DESIGNS = list(itertools.product((3, 5), (3, 9), (0.0, 0.5, 0.9)))  # seeds, targets, shared


def pooled_gains(seed, seeds, targets, shared, intermediates=1, **options):
    """(5000, 3 encoders, intermediates, seeds): mean gains over targets without any interaction."""
    rng = np.random.default_rng(seed)
    return over_baseline(scores(rng, 5000, 3, intermediates + 1, targets, seeds, shared=shared, **options)).mean(axis=3)


@pytest.mark.parametrize("seeds,targets,shared", DESIGNS)
def test_false_positives_without_interaction(seeds, targets, shared):
    p = families.equal_means(pooled_gains(1, seeds, targets, shared)[:, :, 0]).p
    assert 0.04 <= (p < 0.05).mean() <= 0.06


@pytest.mark.parametrize("seeds,intermediates,shared", itertools.product((3, 5), (2, 3, 9), (0.0, 0.9)))
def test_false_positives_of_all_intermediates_together(seeds, intermediates, shared):
    p = families.equal_profiles(pooled_gains(2, seeds, 3, shared, intermediates)).p
    assert 0.02 <= (p < 0.05).mean() <= 0.06


@pytest.mark.parametrize("seeds", (3, 5))
def test_unequal_spreads_raise_the_rate_of_false_positives_as_the_report_says(seeds):
    spreads = np.linspace(statistics.UNEQUAL_RATIO, 1, 3)
    p = families.equal_means(pooled_gains(3, seeds, 3, 0.5, run_sd=spreads)[:, :, 0]).p
    assert 100 * (p < 0.05).mean() == pytest.approx(statistics.UNEQUAL_ERRORS, abs=1.5)


@pytest.mark.parametrize("seeds,targets,shared", DESIGNS)
def test_a_planted_difference_is_found_with_the_printed_power(seeds, targets, shared):
    sd = 2 * np.sqrt(2 * (1 - shared) / targets)  # of a mean gain: what an encoder's seed brings to all arms cancels
    least = families.detectable(sd, [seeds] * 3)
    for difference, power in ((least, 0.8), (least / 2, families.power(least / 2, sd, [seeds] * 3))):
        values = pooled_gains(4, seeds, targets, shared)[:, :, 0]
        values[:, 0] += difference / 2
        values[:, 2] -= difference / 2
        assert (families.equal_means(values).p < 0.05).mean() == pytest.approx(power, abs=0.02)


@pytest.mark.parametrize("seeds,intermediates", itertools.product((3, 5), (2, 3)))
def test_the_power_of_all_together_is_about_what_is_printed(seeds, intermediates):
    values = pooled_gains(5, seeds, 3, 0.5, intermediates)
    found = families.equal_profiles(values)
    width = np.median(found.df1) / 2
    least = families.detectable(2 * np.sqrt(1 / 3), [seeds] * 3, width)
    values[:, 0] += least / 2
    values[:, 2] -= least / 2
    assert (families.equal_profiles(values).p < 0.05).mean() == pytest.approx(0.8, abs=0.06)
