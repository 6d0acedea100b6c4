"""Intervals over seeds, corrections for many tests, and rank correlation over languages."""

from __future__ import annotations

from functools import lru_cache
from itertools import permutations
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

LEVEL = 0.95
MIN_LANGUAGES = 5
EXACT_LANGUAGES = 8


class Interval(NamedTuple):
    """A mean with its Student t interval, in the unit of the values; `low` and `high` are NaN for a single value."""

    mean: float
    low: float
    high: float
    n: int
    df: float


class Correlation(NamedTuple):
    """Spearman's r with its two-sided p and a bootstrap interval; everything but `n` is NaN below five languages."""

    r: float
    p: float
    low: float
    high: float
    n: int


def t_interval(values, level: float = LEVEL) -> Interval:
    """Student t interval of the mean of independent values (one per seed); missing values are left out."""
    values = np.asarray(values, float)
    values = values[np.isfinite(values)]
    n = len(values)
    if n < 2:
        return Interval(values.mean() if n else np.nan, np.nan, np.nan, n, np.nan)
    half = stats.t.ppf((1 + level) / 2, n - 1) * values.std(ddof=1) / np.sqrt(n)
    return Interval(values.mean(), values.mean() - half, values.mean() + half, n, n - 1)


def pooled_intervals(
    table: pd.DataFrame, value: str, cell: list[str], training: list[str], level: float = LEVEL
) -> pd.DataFrame:
    """Student t intervals of cell means with the variance between seeds pooled over the cells.

    table: one row a cell and seed (column `seed`), of one target. cell: the columns that name a cell. training: the
    columns that name what was trained together: cells that share them share their seeds' accidents (languages that
    one model is tested on), cells that do not are independent (encoders). Missing values are left out and counted.

    The degrees of freedom are cells × (seeds − 1) when every training has one cell. Otherwise counting each language
    as new evidence about the seeds would be too bold (a nominal 95 % interval covers 82 % when twelve languages move
    together), so they are the effective number by Satterthwaite's formula, df = (Σ m tr Σ)² / Σ m tr Σ² over trainings
    with m = seeds − 1 and Σ the covariance between the cells of a training, with unbiased estimates of both traces
    (as in Bai & Saranadasa 1996), between trainings × (seeds − 1) and cells × (seeds − 1); the lower of these where
    seeds are too few (two) or too ragged for an estimate.

    Returns a row a cell, indexed by `cell`: mean, seeds, missing, sd (own), pooled_sd, df, low, high, and p (two-sided,
    against zero). Without a second seed anywhere, sd to p are NaN.
    """
    grouped = table.groupby(cell, sort=False, dropna=False)[value]
    result = pd.DataFrame(
        {
            "mean": grouped.mean(),
            "seeds": grouped.count(),
            "missing": grouped.size() - grouped.count(),
            "sd": grouped.std(),
        }
    )
    freedom = (result["seeds"] - 1).clip(lower=0)
    if freedom.sum() == 0:
        return result.assign(pooled_sd=np.nan, df=np.nan, low=np.nan, high=np.nan, p=np.nan)
    pooled = np.sqrt((result["sd"].fillna(0) ** 2 * freedom).sum() / freedom.sum())
    df = _effective_df(table, value, cell, training)
    error = pooled / np.sqrt(result["seeds"].where(result["seeds"] > 0))
    half = stats.t.ppf((1 + level) / 2, df) * error
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * stats.t.sf((result["mean"].abs() / error).to_numpy(), df)
    return result.assign(pooled_sd=pooled, df=df, low=result["mean"] - half, high=result["mean"] + half, p=p)


def t_of_difference(difference: float, error: float, df: float, level: float = LEVEL) -> tuple[float, float, float]:
    """Low, high and two-sided p (against zero) of a difference with a known standard error and degrees of freedom."""
    half = stats.t.ppf((1 + level) / 2, df) * error
    if error == 0:
        return difference, difference, float(difference == 0)
    return difference - half, difference + half, float(2 * stats.t.sf(abs(difference) / error, df))


def minimum_detectable(error: float, df: float, level: float = LEVEL, power: float = 0.8) -> float:
    """The smallest true difference that a two-sided test with this standard error finds with the given power."""
    return float((stats.t.ppf((1 + level) / 2, df) + stats.t.ppf(power, df)) * error)


def _effective_df(table: pd.DataFrame, value: str, cell: list[str], training: list[str]) -> float:
    """Degrees of freedom of a pooled variance whose cells are correlated within a training (see pooled_intervals)."""
    lowest = highest = 0
    weighted_trace = weighted_square = 0.0
    estimable = True
    for _, group in table.groupby(training, sort=False, dropna=False):
        wide = group.set_index([*cell, "seed"])[value].unstack("seed").to_numpy(float)  # (cells, seeds)
        own = np.clip(np.isfinite(wide).sum(axis=1) - 1, 0, None)
        if own.sum() == 0:
            continue
        lowest, highest = lowest + own.max(), highest + own.sum()
        complete = wide[:, np.isfinite(wide).all(axis=0)]
        cells, m = len(complete), complete.shape[1] - 1
        if m < 1 or (cells > 1 and m < 2) or (own != m).any():
            estimable = False
            continue
        residual = complete - complete.mean(axis=1, keepdims=True)
        covariance = residual @ residual.T / m
        trace, square = np.trace(covariance), (covariance**2).sum()
        unbiased = trace**2 * m / (m + 2) if cells == 1 else m * m / ((m - 1) * (m + 2)) * (square - trace**2 / m)
        weighted_trace += m * trace
        weighted_square += m * unbiased
    if lowest == highest or not estimable:
        return float(lowest)
    if weighted_square <= 0:
        return float(highest)
    return float(np.clip((weighted_trace**2 - 2 * weighted_square) / weighted_square, lowest, highest))


def adjust(p_values, method: str) -> np.ndarray:
    """Adjusted p values: `holm` (family-wise, for fixed hypotheses) or `bh` (false discovery rate, for a heat map).

    A missing p stays missing and is not counted as a test.
    """
    p_values = np.asarray(p_values, float)
    known = np.isfinite(p_values)
    adjusted = np.full(p_values.shape, np.nan)
    if known.any():
        adjusted[known] = multipletests(p_values[known], method={"holm": "holm", "bh": "fdr_bh"}[method])[1]
    return adjusted


def spearman(x, y, draws: int = 2000, seed: int = 0, level: float = LEVEL) -> Correlation:
    """Spearman's rank correlation of two values per language, with a percentile bootstrap over languages.

    Pairs with a missing value are left out. Up to eight languages p is exact (all orders of y), beyond that it comes
    from Student's t. Fewer than five languages, or a constant side, give no correlation.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    n = len(x)
    if n < MIN_LANGUAGES or len(np.unique(x)) < 2 or len(np.unique(y)) < 2:
        return Correlation(np.nan, np.nan, np.nan, np.nan, n)
    rank_x, rank_y = stats.rankdata(x), stats.rankdata(y)
    r = _pearson(rank_x[None], rank_y[None])[0]
    if n <= EXACT_LANGUAGES:
        every = _pearson(np.broadcast_to(rank_x, (len(_orders(n)), n)), rank_y[_orders(n)])
        p = float((np.abs(every) >= abs(r) - 1e-12).mean())
    else:
        with np.errstate(divide="ignore"):
            p = float(2 * stats.t.sf(abs(r) * np.sqrt((n - 2) / max(1 - r * r, 0.0)), n - 2)) if abs(r) < 1 else 0.0
    picks = np.random.default_rng(seed).integers(0, n, size=(draws, n))
    resampled = _pearson(stats.rankdata(x[picks], axis=1), stats.rankdata(y[picks], axis=1))
    low, high = np.nanquantile(resampled, [(1 - level) / 2, (1 + level) / 2])
    return Correlation(float(r), p, float(low), float(high), n)


def _pearson(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Row-wise correlation of two (rows, n) arrays; NaN where a row is constant."""
    x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        return (x * y).sum(axis=1) / np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))


@lru_cache(maxsize=4)
def _orders(n: int) -> np.ndarray:
    """All orders of n things, (n!, n)."""
    return np.array(list(permutations(range(n))))
