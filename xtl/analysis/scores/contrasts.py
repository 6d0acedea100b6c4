"""Differences between arms and encoders over several targets, seed by seed, and the intervals of weighted sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

from xtl.analysis.scores import gains
from xtl.analysis.statistics import intervals as statistics

SERIES = ["encoder", "seed", "gain"]


class Contrast(NamedTuple):
    """A weighted sum of encoders' means in points, with its standard error, two-sided 95 % t interval and p.

    All but `estimate` and `seeds` are NaN with one seed; p also where the seeds do not differ at all; everything is
    where an encoder has no value.
    """

    estimate: float
    error: float
    df: float
    low: float
    high: float
    p: float
    seeds: int


NOTHING = Contrast(np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, 0)


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


def combine(series: pd.DataFrame, weights: Mapping[str, float], pools: Mapping[str, str] | None = None) -> Contrast:
    """The sum over encoders of weight × mean over seeds, with a t interval and a two-sided p.

    series: columns encoder, seed, gain, as mean_gain and difference return them, of every encoder of the grid, since
    with few seeds an encoder's variance leans on the others' (intervals.pooled). pools: encoder -> name of the pool
    whose runs scatter alike, beyond which nothing is pooled; default: one pool. The standard error is the root of
    Σ weight² variance / seeds, with Satterthwaite's degrees of freedom (Welch 1947), at most those of all seeds
    together. `seeds` is the number of the encoder with the fewest.
    """
    if series.empty or not weights:
        return NOTHING
    table = by_encoder(series, pools)
    factors = pd.Series(dict(weights), dtype=float)
    used = table.reindex(factors.index)
    if used["mean"].isna().any():
        return NOTHING
    estimate = float((factors * used["mean"]).sum())
    fewest = int(used["seeds"].min())
    parts = factors**2 * used["used_sd"] ** 2 / used["seeds"]
    if parts.isna().any():
        return NOTHING._replace(estimate=estimate, seeds=fewest)
    error = float(np.sqrt(parts.sum()))
    df = float((table["seeds"] - 1).clip(lower=0).sum())
    if error > 0:
        df = min(df, float(parts.sum() ** 2 / (parts**2 / used["df"]).sum()))
    low, high, p = statistics.t_of_difference(estimate, error, df)
    return Contrast(estimate, error, df, float(low), float(high), float(p), fewest)


def encoder_differences(pooled: pd.DataFrame, pools: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Difference of the pooled gain between two encoders, every pair, with Welch's t interval.

    pooled: as gains.pooled_gains returns it. Seeds of different encoders are independent trainings, each encoder
    has its own variance (see `combine`). pools: encoder -> name of the pool whose runs scatter alike.

    Columns: intermediate, source, provenance, first, second, difference, low, high, p (two-sided, not corrected), df
    and error (standard); empty without two seeds or two encoders.
    """
    key = ["intermediate", "source", "provenance"]
    rows = []
    for name, group in pooled.groupby(key, sort=False, dropna=False):
        for first, second in combinations(dict.fromkeys(group["encoder"]), 2):
            found = combine(group, {first: 1.0, second: -1.0}, pools)
            if np.isfinite(found.error):
                rows.append(
                    (*name, first, second, found.estimate, found.low, found.high, found.p, found.df, found.error)
                )
    return pd.DataFrame(rows, columns=[*key, "first", "second", "difference", "low", "high", "p", "df", "error"])


def by_encoder(series: pd.DataFrame, pools: Mapping[str, str] | None = None) -> pd.DataFrame:
    """statistics.pooled_intervals of every encoder of a series, nothing pooled beyond a pool; indexed by encoder."""
    pool = series["encoder"].map(lambda encoder: (pools or {}).get(encoder, ""))
    parts = []
    for _, group in series.groupby(pool, sort=False):
        parts.append(statistics.pooled_intervals(group, "gain", ["encoder"], ["encoder"]))
    return pd.concat(parts)


def _mean(pooled: pd.DataFrame) -> pd.DataFrame:
    grouped = pooled.groupby(["encoder", "seed"], sort=False)["gain"]
    return grouped.mean().where(grouped.count() == grouped.size()).rename("gain").reset_index()
