"""Crossed random effects: hand-computed variances, statsmodels' own answer, products by the dense inverse, limits."""

import warnings

import numpy as np
import pandas as pd
import pytest
from statsmodels.regression.mixed_linear_model import MixedLM, MixedLMParams

from xtl.analysis.statistics import reml

SIZES = {"language": 7, "task": 4, "training": 15}


def crossed(rng, rows=300, deviations=(2.0, 1.0, 1.5), missing=0.2):
    """Response, matrix and levels of unbalanced crossed effects with the given deviations over a residual of one."""
    groups = [rng.integers(0, size, rows) for size in SIZES.values()]
    kept = rng.random(rows) > missing
    groups = [pd.factorize(levels[kept])[0] for levels in groups]
    matrix = np.column_stack([np.ones(kept.sum()), rng.normal(size=(kept.sum(), 2))])
    response = matrix @ [50, 3, -1] + rng.normal(size=len(matrix))
    for levels, deviation in zip(groups, deviations, strict=True):
        response += deviation * rng.normal(size=levels.max() + 1)[levels]
    return response, matrix, groups


def test_one_way_variances_are_those_of_the_analysis_of_variance():
    """Balanced groups (1, 3), (4, 8), (8, 6): mean squares 24.5 between and 4 within; variance (24.5 − 4) / 2."""
    response, levels = np.array([1.0, 3, 4, 8, 8, 6]), np.repeat([0, 1, 2], 2)
    found = reml.fit(response, np.ones((6, 1)), [levels])
    within = (1 + 1 + 4 + 4 + 1 + 1) / 3
    between = 2 * ((2 - 5) ** 2 + (6 - 5) ** 2 + (7 - 5) ** 2) / 2
    assert found.effects == pytest.approx([5]) and within == 4 and between == 14
    assert found.variances == pytest.approx([(between - within) / 2, within], rel=1e-3)


def test_a_variance_that_would_be_negative_is_zero_and_the_residual_takes_all():
    """Groups with the same mean: the residual's variance is that of the values about their mean, 10 / 5."""
    found = reml.fit(np.array([1.0, 3, 0, 4, 2, 2]), np.ones((6, 1)), [np.repeat([0, 1, 2], 2)])
    assert found.variances == pytest.approx([0, 2], abs=1e-6)


@pytest.mark.parametrize("seed", (0, 2, 3))  # of 1 statsmodels finds NaN
def test_it_finds_what_statsmodels_finds_and_its_likelihood_is_not_lower(seed):
    response, matrix, groups = crossed(np.random.default_rng(seed))
    data = pd.DataFrame(matrix, columns=["one", "a", "b"]).assign(y=response, whole=1)
    data = data.assign(**{f"g{i}": levels for i, levels in enumerate(groups)})
    components = {f"g{i}": f"0 + C(g{i})" for i in range(3)}
    model = MixedLM.from_formula("y ~ 0 + one + a + b", data, groups="whole", vc_formula=components)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own convergence
        theirs = model.fit(method="powell")
    ours = reml.fit(response, matrix, groups)
    assert ours.effects == pytest.approx(np.asarray(theirs.fe_params), abs=0.01)
    assert np.sqrt(ours.variances) == pytest.approx(np.sqrt([*theirs.vcomp, theirs.scale]), rel=0.03)
    ratios = ours.variances[:-1] / ours.variances[-1]
    at_ours = model.loglike(MixedLMParams.from_components(fe_params=ours.effects, vcomp=ratios), profile_fe=False)
    assert theirs.llf - 1e-6 < at_ours < theirs.llf + 0.01


def test_weighted_products_are_those_of_the_dense_inverse():
    response, matrix, groups = crossed(np.random.default_rng(1), rows=60)
    values, ratios = np.column_stack([matrix, response]), np.array([0.5, 0.0, 2.0])
    covariance = np.eye(len(values))
    for levels, ratio in zip(groups, ratios, strict=True):
        covariance += ratio**2 * (levels[:, None] == levels[None, :])
    determinant, products = reml.Crossed(groups, values)(ratios)
    assert determinant == pytest.approx(np.linalg.slogdet(covariance)[1])
    assert products == pytest.approx(values.T @ np.linalg.solve(covariance, values))
    alone = reml.Crossed(groups[:1], values)(ratios[:1])[1]  # one random effect: nothing is left to factorise
    single = np.eye(len(values)) + 0.25 * (groups[0][:, None] == groups[0][None, :])
    assert alone == pytest.approx(values.T @ np.linalg.solve(single, values))


def test_ten_thousand_rows_give_back_their_variances():
    rng = np.random.default_rng(5)
    index = [levels.ravel() for levels in np.indices((12, 10, 4, 24))]  # encoder, intermediate, task, language
    encoder, intermediate, task, language = index
    groups = [language, pd.factorize(encoder * 40 + intermediate * 4 + task)[0]]
    groups.append(pd.factorize(encoder * 96 + task * 24 + language)[0])
    response = 40 + rng.normal(size=len(encoder))
    for levels, deviation in zip(groups, (3.0, 1.0, 0.5), strict=True):
        response += deviation * rng.normal(size=levels.max() + 1)[levels]
    found = reml.fit(response, np.ones((len(response), 1)), groups)
    assert len(response) == 11520 and np.sqrt(found.variances[1:]) == pytest.approx([1, 0.5, 1], rel=0.1)
    assert 2 < np.sqrt(found.variances[0]) < 4.5


@pytest.mark.parametrize("factor, mean", [(1e-3, 0.0), (1e3, 0.0), (1.0, 1e6)])
def test_variances_follow_the_scale_and_leave_the_mean_alone(factor, mean):
    response, matrix, groups = crossed(np.random.default_rng(2))
    one, other = reml.fit(response, matrix, groups), reml.fit(factor * response + mean, matrix, groups)
    assert other.variances == pytest.approx(factor**2 * one.variances, rel=1e-3)
    assert other.effects == pytest.approx(factor * one.effects + [mean, 0, 0], rel=1e-4)


@pytest.mark.filterwarnings("error")
def test_without_an_answer_there_is_none():
    levels, response = np.repeat([0, 1, 2], 4), np.random.default_rng(0).normal(size=12)
    for seed in range(20):
        x = np.random.default_rng(seed).normal(size=12)
        depends = np.column_stack([np.ones(12), x, 2 * x - 3])
        assert reml.fit(response, depends, [levels]) is None, "the fixed terms are not independent"
    assert reml.fit(levels.astype(float), np.ones((12, 1)), [levels]) is None, "no residual is left"
    assert reml.fit(np.full(12, 3.1), np.ones((12, 1)), [levels]) is None, "nothing varies"
    square = np.random.default_rng(1).normal(size=(12, 12))
    assert reml.fit(response, square, [levels]) is None, "no degree of freedom is left"
    assert reml.fit(np.where(levels == 0, np.nan, response), np.ones((12, 1)), [levels]) is None, "values are missing"
