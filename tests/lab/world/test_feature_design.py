"""The design of the languages: near-orthogonal, varied inside families, with twins, spread in distance."""

import numpy as np
import pytest

from tests.benchmarks import design_search
from xtl.lab.world import feature_design as design


@pytest.mark.parametrize("count", [12, 24])
def test_columns_of_different_features_are_nearly_uncorrelated(count):
    r = design_search.correlations(design.table(count))
    assert len(r) == 42 and np.abs(r).max() < design.BOUND  # 45 pairs of ten columns, less three inside order


@pytest.mark.parametrize("count", [12, 24])
def test_features_vary_inside_families_too(count):
    share = design_search.family_share(design.table(count))
    assert share.max() <= design.FAMILY_BOUND and share.mean() < 0.55


@pytest.mark.parametrize("count", [12, 24])
def test_every_level_occurs(count):
    codes = design.table(count)
    assert codes.shape == (count, 8)
    for f, name in enumerate(design.FEATURES):
        occurs = np.bincount(codes[:, f], minlength=len(design.LEVELS[name]))
        assert len(occurs) == len(design.LEVELS[name]) and occurs.min() >= 2, name


@pytest.mark.parametrize("count", [12, 24])
def test_twins_differ_in_one_feature_and_share_a_family(count):
    codes, size = design.table(count), count // design.FAMILY_COUNT[count]
    for model, twin, name in design.TWINS[count]:
        differs = np.flatnonzero(codes[model] != codes[twin])
        assert [design.FEATURES[f] for f in differs] == [name] and model // size == twin // size
    named = [name for _, _, name in design.TWINS[count]]
    assert len(named) >= {12: 4, 24: 8}[count] and len(set(named)) == len(named)
    if count == 24:
        assert set(named) == set(design.FEATURES)


@pytest.mark.parametrize("count", [12, 24])
def test_distances_to_english_spread_and_the_strong_features_do_not_cancel(count):
    codes = design.table(count)
    total = design_search.distance(codes)
    assert total.min() <= 0.25 and total.max() >= 0.7
    table, feature = design_search.columns(codes)
    for name in ("script", "vocabulary"):
        column = table[:, list(feature).index(design.FEATURES.index(name))]
        assert np.corrcoef(column, total)[0, 1] > 0.1


def test_distance_by_hand():
    english = np.array([design_search.ENGLISH])
    assert design_search.distance(english)[0] == 0
    far = np.array([[1, 1, 1, 1, 1, 1, 2, 1]])  # all seven others differ, and 90 % of the words
    assert design_search.distance(far)[0] == pytest.approx(7.9 / 8)
    near = np.array([[0, 0, 0, 0, 0, 0, 0, 1]])  # 40 % of the words, and the corpus
    assert design_search.distance(near)[0] == pytest.approx(1.4 / 8)


def test_correlation_and_family_share_by_hand():
    codes = np.zeros((12, 8), int)
    codes[:6, 1], codes[:3, 2] = 1, 1
    r = design_search.correlations(codes)
    # Three of six against three of twelve: covariance 3/12 - 1/2 * 1/4 = 1/8, deviations 1/2 and sqrt(3)/4.
    assert np.isclose(r, (1 / 8) / (0.5 * np.sqrt(3) / 4)).any() and (r == 1).sum() == 41  # constant columns count as 1
    share = design_search.family_share(codes)
    assert share[3] == pytest.approx(1) and share[4] == pytest.approx(1)  # both follow the families of three


def test_search_is_seeded_and_keeps_twins():
    one, again = (design_search.search(12, seed=3, steps=40, chains=8) for _ in range(2))
    assert (one == again).all()
    for model, twin, name in design.TWINS[12]:
        assert [design.FEATURES[f] for f in np.flatnonzero(one[model] != one[twin])] == [name]


def test_search_lowers_its_cost():
    start, later = (design_search.cost(design_search.search(12, seed=1, steps=steps, chains=8)) for steps in (1, 300))
    assert later < start
