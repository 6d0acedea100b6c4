"""Variance between and within pretrainings: by hand, and planted components found again."""

import numpy as np
import pytest
from scipy import stats

from xtl.analysis.statistics.components import components


def test_components_by_hand():
    # means 2 and 6 over 4: B = 2 (4 + 4) / 1 = 16; W = (1 + 1 + 1 + 1) / 2 = 2; between = (16 − 2) / 2
    found = components([[1, 3], [5, 7]])
    assert (found.groups, found.values) == (2, 4)
    assert found.within == 2
    assert found.between == 7
    assert found.share == pytest.approx(7 / 9)
    lowest = 8 / stats.f.ppf(0.975, 1, 2)  # F = 8, divided by the quantiles of F on 1 and 2 degrees of freedom
    highest = 8 / stats.f.ppf(0.025, 1, 2)
    assert found.low == max((lowest - 1) / (lowest + 1), 0)
    assert found.high == pytest.approx((highest - 1) / (highest + 1))


def test_groups_of_unequal_size_have_the_size_of_the_analysis_of_variance():
    # sizes 2 and 1, the missing value left out: n = (3 − 5 / 3) / 1; W = (1 + 1) / 1; the mean over all is 4, so that
    # B = 2 (2 − 4)² + (8 − 4)² = 24
    found = components([[1, 3], [8, np.nan]])
    assert found.within == 2
    assert found.between == pytest.approx((24 - 2) / (4 / 3))


def test_groups_that_differ_less_than_their_values_have_no_share():
    found = components([[0, 4], [1, 3]])
    assert found.between == pytest.approx(-2.5)  # B = 0, W = 5
    assert found.share == 0
    assert found.low == 0


def test_a_single_group_is_one_instance_with_a_variance_within():
    found = components([[1, 2, 3]])
    assert found.within == 1
    assert np.isnan([found.between, found.share, found.low, found.high]).all()


@pytest.mark.parametrize("groups", [[], [[]], [[np.nan]], [[1], [2], [3]]])
def test_without_two_values_of_a_group_nothing_is_told(groups):
    assert np.isnan(components(groups)[2:]).all()


def test_values_that_do_not_differ_within_groups_have_no_share():
    found = components([[1, 1], [2, 2]])
    assert found.between == 0.5
    assert np.isnan(found.share)


def test_planted_components_are_found_again():
    """5 pretrainings × 3 fine-tunings, deviations 2 and 1: both variances on average, and a share of 0.8 in 95 %."""
    rng = np.random.default_rng(8)
    tables = rng.normal(0, 2, (1500, 5, 1)) + rng.normal(0, 1, (1500, 5, 3))
    found = [components(table) for table in tables]
    error = np.std([one.between for one in found]) / np.sqrt(len(found))
    assert np.mean([one.between for one in found]) == pytest.approx(4, abs=3 * error)
    assert error < 0.1
    assert np.mean([one.within for one in found]) == pytest.approx(1, abs=3 * np.sqrt(2 / 10 / 1500))
    assert np.mean([one.low <= 0.8 <= one.high for one in found]) == pytest.approx(0.95, abs=0.017)
