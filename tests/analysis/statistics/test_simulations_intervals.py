"""Nominal 95 % intervals of scores and gains cover 92-98 % in the designs that the project uses."""

import itertools

import numpy as np
import pandas as pd
import pytest

from tests.analysis.draws import holds_zero, over_baseline, scores
from xtl.analysis.scores import gains
from xtl.analysis.statistics import intervals as statistics

SEEDS, TARGETS, LANGUAGES, ENCODERS = (3, 5), (3, 9), (12, 24), 3


def coverage(values) -> float:
    """The share of intervals that hold zero; values: (tables, encoders, cells, seeds)."""
    found = statistics.pooled(values)
    return holds_zero(found.low, found.high).mean()


def in_band(share: float) -> bool:
    return 0.92 <= share <= 0.98


@pytest.mark.parametrize("seeds,languages,shared", itertools.product(SEEDS, LANGUAGES, (0.0, 0.5)))
def test_scores_and_gains_by_language(seeds, languages, shared):
    runs = scores(np.random.default_rng(1), 300, ENCODERS, 3, 1, seeds, languages, shared)[:, :, :, 0]
    for values in (runs, over_baseline(runs)):  # the arms and languages of an encoder are its cells
        assert in_band(coverage(np.moveaxis(values, 3, -1).reshape(300, ENCODERS, -1, seeds)))


@pytest.mark.parametrize("seeds,shared", itertools.product(SEEDS, (0.0, 0.5, 0.9)))
def test_scores_and_gains_by_task(seeds, shared):
    runs = scores(np.random.default_rng(2), 2000, ENCODERS, 4, 1, seeds, shared=shared)[:, :, :, 0]
    assert in_band(coverage(runs)) and in_band(coverage(over_baseline(runs)))


@pytest.mark.parametrize("seeds,targets,shared", itertools.product(SEEDS, TARGETS, (0.0, 0.5, 0.9)))
def test_mean_gains_the_nine_task_score_and_differences_between_encoders(seeds, targets, shared):
    runs = scores(np.random.default_rng(3), 3000, ENCODERS, 3, targets, seeds, shared=shared)
    assert in_band(coverage(runs.mean(axis=3)))  # with nine targets this is the nine-task score
    pooled = over_baseline(runs).mean(axis=3)
    assert in_band(coverage(pooled))
    found = statistics.pooled(pooled[:, :, :1])
    for first, second in itertools.combinations(range(ENCODERS), 2):
        difference = (found.mean[:, first] - found.mean[:, second])[:, 0]
        error = found.pooled_sd[:, 0, 0] * np.sqrt(2 / seeds)
        low, high, _ = statistics.t_of_difference(difference, error, found.df[:, 0, 0])
        assert in_band(holds_zero(low, high).mean())


@pytest.mark.parametrize("seeds", SEEDS)
def test_the_minimum_detectable_difference_is_found_four_times_in_five(seeds):
    runs = scores(np.random.default_rng(4), 4000, ENCODERS, 1, 1, seeds)[:, :, 0]
    error = 2 * np.sqrt(2 / seeds)  # of a difference, with the true run-to-run sd
    runs[:, 0] += statistics.minimum_detectable(error, ENCODERS * (seeds - 1))
    found = statistics.pooled(runs)
    difference = (found.mean[:, 0] - found.mean[:, 1])[:, 0]
    p = statistics.t_of_difference(difference, found.pooled_sd[:, 0, 0] * np.sqrt(2 / seeds), found.df[:, 0, 0])[2]
    assert (p < 0.05).mean() == pytest.approx(statistics.POWER, abs=0.03)


@pytest.mark.parametrize("seeds", SEEDS)
def test_unequal_spreads_cost_the_noisiest_encoder_what_the_report_says(seeds):
    spreads = np.linspace(statistics.UNEQUAL_RATIO, 1, ENCODERS)
    runs = scores(np.random.default_rng(5), 4000, ENCODERS, 2, 3, seeds, run_sd=spreads)
    found = statistics.pooled(over_baseline(runs).mean(axis=3))
    noisiest, _, calmest = holds_zero(found.low, found.high).mean(axis=(0, 2))
    assert 100 * noisiest == pytest.approx(statistics.UNEQUAL_COVERAGE, abs=2) and calmest > 0.98


@pytest.mark.parametrize("unit", ["language", "target"])
def test_the_tables_of_a_report_use_these_intervals(unit):
    """Encoders are the trainings, intermediates and languages their cells: a report computes what is tested above."""
    shape, place = (2, 3, 4, 3), ["encoder", "intermediate", unit, "seed"]  # four languages, or four targets
    values = np.random.default_rng(6).normal(size=shape)
    table = pd.DataFrame(list(itertools.product(*map(range, shape))), columns=place)
    table = table.assign(gain=values.ravel(), architecture="", source="en", provenance="native", same_data=False)
    table = table.assign(target="udpos") if unit == "language" else table
    found = gains.intervals(table, "gain").set_index(place[:3]).sort_index()
    if unit == "language":
        expected = statistics.pooled(values.reshape(2, 12, 3)).low.ravel()
    else:
        expected = np.stack([statistics.pooled(values[:, :, i]).low for i in range(4)], axis=-1).ravel()
    np.testing.assert_allclose(found["low"], expected)
