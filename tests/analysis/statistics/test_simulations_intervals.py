"""Nominal 95 % intervals of scores and gains cover 92 to 98.5 % in the designs that the project uses."""

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
    return 0.92 <= share <= 0.985


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
def test_mean_gains_and_the_nine_task_score(seeds, targets, shared):
    runs = scores(np.random.default_rng(3), 3000, ENCODERS, 3, targets, seeds, shared=shared)
    assert in_band(coverage(runs.mean(axis=3)))  # with nine targets this is the nine-task score
    pooled = over_baseline(runs).mean(axis=3)
    assert in_band(coverage(pooled))


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
