"""What the report's statements are worth: rates over simulated tables, in the shapes of three kinds of grid.

A rate of 5 % over 400 tables has a Monte Carlo error of 1.1, over 100 tables of 2.2 percentage points.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.analysis.worlds import SHAPES, Truth, draw, in_logits, related, report, truncated
from xtl.analysis.scores import relations
from xtl.analysis.statistics import intervals as statistics

TABLES = 400
ERROR = 3 * np.sqrt(0.05 * 0.95 / TABLES)  # three Monte Carlo errors of a rate of 5 %
NULL = {
    "nothing": Truth(),
    "encoders scatter 3 : 2 : 1": Truth(spread=(3, 2, 1)),
    "encoders scatter 5 : 3 : 1": Truth(spread=(5, 3, 1)),
    "one encoder scatters": Truth(spread=(1, 0.1, 0.1)),
    "heavy tails": Truth(heavy=True),
    "families cluster": Truth(families=0.9),
    "runs' own slopes, sd 1.5": Truth(run_slopes=1.5),
    "runs' own slopes, sd 5": Truth(run_slopes=5),
    "one encoder four times noisier": Truth(noisy=(4, 1, 1)),
}
CUT = {
    "ceiling": (Truth(gains=(4, 0, 0), level=(99, 75)), 0.0),
    "floor": (Truth(gains=(4, 0, 0), level=(60, 20)), 33.3),
}


@pytest.mark.parametrize("scenario", NULL)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_report_with_nothing_to_find_claims_nothing(shape, scenario):
    found = report(SHAPES[shape], *draw(SHAPES[shape], NULL[scenario], TABLES))
    assert found.claims().any(axis=1).mean() < 0.05 + ERROR
    assert (found.gains < 0.05).mean(axis=0).max() < 0.055 + ERROR
    assert (found.relations < 0.05).mean(axis=0).max() < 0.06 + ERROR
    assert (found.encoders < 0.05).mean() < 0.06 + ERROR


@pytest.mark.parametrize("shape", ["lab-full", "XTREME"])
def test_what_is_planted_is_found_where_there_are_seeds_and_languages(shape):
    truth = Truth(gains=(3, 0, 0), slopes=(0, 8, 0))
    found = report(SHAPES[shape], *draw(SHAPES[shape], truth, 100))
    gain, *_, encoders, _, slope, _ = found.claims().mean(axis=0)
    assert min(gain, encoders, slope) > 0.7
    assert (found.slopes[found.claims()[:, 5], 1] > 0).all()


@pytest.mark.parametrize("end", CUT)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_constant_gain_follows_nothing_at_an_end_of_the_range(shape, end):
    truth, low = CUT[end]
    target = "xnli" if low else "xquad"
    claim, _ = truncated(SHAPES[shape], truth, 60, low, target=target)
    assert (claim < 0.05).mean() <= 0.13  # three Monte Carlo errors above 5 %


def test_the_difference_of_two_slopes_holds_its_level_with_one_noisier_encoder():
    for shape in SHAPES.values():
        before, after = draw(shape, Truth(slopes=(4, 4, 4), noisy=(4, 1, 1)), TABLES)
        gain = (after - before).mean(axis=2)
        languages, _, _ = related(shape, gain[:, :1] - gain[:, 1:2])
        assert (languages < 0.05).mean() < 0.05 + ERROR


def test_the_vectorized_report_is_the_report():
    """Relations of a table, computed as the report does, are those of the tables above."""
    shape = SHAPES["lab"]
    before, after = draw(shape, Truth(slopes=(3, 0, -3)), 3)
    found = report(shape, before, after)
    codes = [f"l{i}" for i in range(len(shape.similarity))]
    similarity = dict(zip(codes, shape.similarity, strict=True))
    families = dict(zip(codes, shape.families, strict=True))
    for i in range(3):
        points = as_report(after[i] - before[i])
        logits = as_report(in_logits(after[i]) - in_logits(before[i]))
        for e in range(3):
            one = relations.relation(points, logits, {f"e{e}": 1.0}, similarity, families)
            assert one.p == pytest.approx(found.relations[i, e])


def as_report(gain):
    """Gains (encoders, targets, seeds, languages) as relations.relation takes them."""
    codes = [f"l{i}" for i in range(gain.shape[-1])]
    return {f"e{i}": pd.DataFrame(values, columns=codes) for i, values in enumerate(gain.mean(axis=1))}


@pytest.mark.parametrize("spread", [(1, 1, 1), (3, 2, 1), (5, 3, 1), (1, 0.1, 0.1)])
@pytest.mark.parametrize("seeds", (3, 5))
def test_intervals_cover_whatever_the_encoders_scatter(seeds, spread):
    values = np.random.default_rng(0).normal(size=(4000, 3, 1, seeds)) * np.array(spread)[:, None, None]
    found = statistics.pooled(values)
    covered = ((found.low <= 0) & (found.high >= 0)).mean(axis=(0, 2))
    assert covered.min() > 0.94
    if seeds >= statistics.ENOUGH_SEEDS:
        assert covered.max() < 0.96


def test_welchs_f_holds_its_level_with_unequal_spreads():
    values = np.random.default_rng(1).normal(size=(20_000, 3, 5)) * np.array([5, 3, 1])[:, None]
    p = stats.f_oneway(*np.moveaxis(values, 1, 0), axis=-1, equal_var=False).pvalue
    assert 0.045 < (p < 0.05).mean() < 0.065
