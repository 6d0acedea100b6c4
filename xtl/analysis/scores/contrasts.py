"""Differences between arms and encoders over several targets, seed by seed, and the intervals of weighted sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from xtl.analysis.scores import gains
from xtl.analysis.statistics import intervals as statistics

SERIES = ["encoder", "seed", "gain"]


class Contrast(NamedTuple):
    """A weighted sum of encoders' means in points, with its standard error and two-sided 95 % t interval.

    All but `estimate` and `seeds` are NaN with one seed; everything is where an encoder has no value.
    """

    estimate: float
    error: float
    df: float
    low: float
    high: float
    seeds: int


NOTHING = Contrast(np.nan, np.nan, np.nan, np.nan, np.nan, 0)


def mean_gain(task_gains: pd.DataFrame, intermediates: Sequence[str]) -> pd.DataFrame:
    """Mean over intermediates of their pooled gains, a row per encoder and seed: columns encoder, seed, gain (points).

    task_gains: gains.gains of task scores, of one source. Cells that train on the same data twice stay out, so an
    intermediate may rest on fewer targets than another, or have none and stay out altogether. A missing gain makes the
    mean of its encoder and seed NaN.
    """
    pooled = gains.pooled_gains(task_gains[task_gains["intermediate"].isin(list(intermediates))])
    return _mean(pooled)


def difference(task_gains: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """Gain of one intermediate minus that of another, per encoder and seed: columns encoder, seed, gain (points).

    The baseline cancels out: it is the difference of two scores of one encoder and seed. Both are means over the same
    targets, those that neither of the two trains on twice and in which every encoder that has both has a cell of each
    (a control has none in retrieval). An encoder without one of the two has no rows; empty where nothing is left.
    """
    rows = task_gains[task_gains["intermediate"].isin([first, second])]
    rows = rows[~rows["target"].isin(twice(rows))]
    both = rows.groupby(["encoder", "target"])["intermediate"].nunique().unstack("target").eq(2)
    both = both[both.any(axis=1)]
    rows = rows[rows["encoder"].isin(both.index) & rows["target"].isin(both.columns[both.all()])]
    pooled = gains.pooled_gains(rows, same_data=True)
    if set(pooled["intermediate"]) != {first, second}:
        return pd.DataFrame(columns=SERIES)
    wide = pooled.set_index(["encoder", "seed", "intermediate"])["gain"].unstack("intermediate")
    return (wide[first] - wide[second]).rename("gain").reset_index()


def twice(task_gains: pd.DataFrame) -> set[str]:
    """The targets with a cell that trains on the same data twice."""
    return set(task_gains.loc[task_gains["same_data"].astype(bool), "target"])


def combine(series: pd.DataFrame, weights: Mapping[str, float]) -> Contrast:
    """The sum over encoders of weight × mean over seeds, with a t interval.

    series: columns encoder, seed, gain, as mean_gain and difference return them. The variance between seeds is pooled
    over all encoders of the series, which are separate trainings (statistics.pooled_intervals), so the standard error
    is pooled sd × sqrt(Σ weight² / seeds). `seeds` is that of the encoder with the fewest.
    """
    if series.empty:
        return NOTHING
    table = statistics.pooled_intervals(series, "gain", ["encoder"], ["encoder"])
    factors = pd.Series(dict(weights), dtype=float)
    used = table.reindex(factors.index)
    if factors.empty or used["mean"].isna().any():
        return NOTHING
    estimate = float((factors * used["mean"]).sum())
    fewest = int(used["seeds"].min())
    spread = used["pooled_sd"].iloc[0]
    if not np.isfinite(spread):
        return NOTHING._replace(estimate=estimate, seeds=fewest)
    error = float(spread * np.sqrt((factors**2 / used["seeds"]).sum()))
    df = float(used["df"].iloc[0])
    low, high, _ = statistics.t_of_difference(estimate, error, df)
    return Contrast(estimate, error, df, low, high, fewest)


def p_value(found: Contrast, direction: str) -> float:
    """Student's t against zero: `greater`, `less` or `two-sided`; NaN without an interval."""
    if not np.isfinite(found.error):
        return np.nan
    if found.error == 0:
        # seeds that do not differ at all leave no doubt
        shown = {"greater": found.estimate > 0, "less": found.estimate < 0, "two-sided": found.estimate != 0}
        return float(not shown[direction])
    t = found.estimate / found.error
    tails = {"greater": stats.t.sf(t, found.df), "less": stats.t.cdf(t, found.df)}
    return float(tails[direction] if direction in tails else 2 * stats.t.sf(abs(t), found.df))


def _mean(pooled: pd.DataFrame) -> pd.DataFrame:
    grouped = pooled.groupby(["encoder", "seed"], sort=False)["gain"]
    return grouped.mean().where(grouped.count() == grouped.size()).rename("gain").reset_index()
