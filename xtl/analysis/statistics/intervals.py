"""Intervals over seeds, corrections for many tests, and rank correlation over languages."""

from __future__ import annotations

from functools import lru_cache
from itertools import permutations
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from xtl.base.errors import UserError

LEVEL = 0.95
POWER = 0.8
MIN_LANGUAGES = 5
EXACT_LANGUAGES = 8
ENOUGH_SEEDS = 5  # from here on a training's own variance is known well enough


class Correlation(NamedTuple):
    """Spearman's r with its two-sided p and a bootstrap interval; everything but `n` is NaN below five languages."""

    r: float
    p: float
    low: float
    high: float
    n: int


def pooled_intervals(
    table: pd.DataFrame, value: str, cell: list[str], training: list[str], level: float = LEVEL
) -> pd.DataFrame:
    """Student t intervals of the cell means of a table.

    table: one row a cell and seed (column `seed`), of one target. cell: the columns that name a cell. training: those
    of them that name what was trained together. Missing values are left out and counted. The recipe is `pooled`'s.

    Returns a row a cell, indexed by `cell`: mean, seeds, missing, sd (of the cell), used_sd (of the interval), df, low,
    high, and p (two-sided, against zero). Without a second seed anywhere, sd to p are NaN. Raises UserError when a cell
    has a seed twice.
    """
    groups = table.groupby(cell, sort=False, dropna=False)
    size, of_row = groups.size(), groups.ngroup().to_numpy()
    if table.empty:
        return pd.DataFrame(index=size.index, columns=["mean", "seeds", "missing", *POOLED[2:]], dtype=float)
    seed = pd.factorize(table["seed"])[0]
    if pd.MultiIndex.from_arrays([of_row, seed]).has_duplicates:
        raise UserError(f"A cell has two values of {value} for one seed; the columns {', '.join(cell)} must name it.")
    together = np.empty(len(size), int)
    together[of_row] = table.groupby(training, sort=False, dropna=False).ngroup()
    place = pd.Series(together).groupby(together).cumcount().to_numpy()
    values = np.full((together.max() + 1, place.max() + 1, seed.max() + 1), np.nan)
    values[together[of_row], place[of_row], seed] = table[value].to_numpy(float)
    found = pooled(values, level)
    result = pd.DataFrame({name: getattr(found, name)[together, place] for name in POOLED}, index=size.index)
    result.insert(2, "missing", size - result["seeds"])
    return result


class Pooled(NamedTuple):
    """Arrays (..., trainings, cells) with the intervals of `pooled`; NaN where there is no value, or no second seed."""

    mean: np.ndarray
    seeds: np.ndarray
    sd: np.ndarray
    used_sd: np.ndarray
    df: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p: np.ndarray


POOLED = Pooled._fields


def pooled(values: np.ndarray, level: float = LEVEL) -> Pooled:
    """Student t intervals of cell means, with variances between seeds that trainings need not share.

    values: (..., trainings, cells, seeds) with NaN for what is missing; leading axes are tables of their own. Cells of
    one training share their seeds' accidents (languages that one model is tested on), cells of different trainings are
    independent (encoders).

    A training with ENOUGH_SEEDS has a variance of its own, pooled over its cells. With fewer it is the larger of its
    own and the one pooled over all trainings, each with its degrees of freedom: simulated with three seeds, a nominal
    95 % interval then covers 94 to 95 % for the noisiest encoder, be the encoders' deviations as 3 : 2 : 1, 5 : 3 : 1
    or 1 : 0.1 : 0.1, and 97 % where they are equal; the pooled one alone covers 85, 83 and 72 %.

    Degrees of freedom: cells × (seeds − 1) if every training has one cell. Counting each language as new evidence about
    the seeds would be too bold (82 % where twelve languages move together), so they are the effective number by
    Satterthwaite's formula, df = (Σ m tr Σ)² / Σ m tr Σ² over trainings with m = seeds − 1 and Σ the covariance between
    the cells of a training, with unbiased estimates of both traces (as in Bai & Saranadasa 1996), between trainings ×
    (seeds − 1) and cells × (seeds − 1); the lower of these where seeds are too few (two) or too ragged for an estimate.
    """
    values = np.asarray(values, float)
    known = np.isfinite(values)
    seeds = known.sum(axis=-1)
    own_variance, own_df = _variance(values[..., None, :, :])
    common_variance, common_df = _variance(values)
    few = seeds.max(axis=-1, initial=0) < ENOUGH_SEEDS
    shared = few & ~(own_variance > common_variance[..., None])
    variance = np.where(shared, common_variance[..., None], own_variance)
    df = np.where(shared, common_df[..., None], own_df)
    with np.errstate(divide="ignore", invalid="ignore"):
        counted = np.where(seeds > 0, seeds, np.nan)
        mean = np.where(known, values, 0.0).sum(axis=-1) / counted
        squares = np.where(known, values - mean[..., None], 0.0) ** 2
        sd = np.sqrt(squares.sum(axis=-1) / np.where(seeds > 1, seeds - 1, np.nan))
        used = np.broadcast_to(np.sqrt(variance)[..., None], mean.shape)
        df = np.broadcast_to(df[..., None], mean.shape)
        low, high, p = t_of_difference(mean, used / np.sqrt(counted), df, level)
    return Pooled(mean, seeds, sd, used, df, low, high, p)


def _variance(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The variance between seeds (...) pooled over values (..., trainings, cells, seeds), and its degrees of freedom.

    NaN where no cell has a second seed.
    """
    known = np.isfinite(values)
    seeds = known.sum(axis=-1)
    freedom = np.clip(seeds - 1, 0, None).sum(axis=(-2, -1))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(known, values, 0.0).sum(axis=-1) / np.where(seeds > 0, seeds, np.nan)
        squares = np.where(known, values - mean[..., None], 0.0) ** 2
        variance = squares.sum(axis=(-3, -2, -1)) / np.where(freedom > 0, freedom, np.nan)
    return variance, np.where(freedom > 0, _effective_df(values), np.nan)


def t_of_difference(difference, error, df, level: float = LEVEL) -> tuple:
    """Low, high and two-sided p (against zero) of a difference with a known standard error and degrees of freedom.

    Numbers or arrays of one shape. An error of zero gives an interval of one point and no p: values that do not differ
    at all between seeds are no evidence of how far another seed would land.
    """
    half = stats.t.ppf((1 + level) / 2, df) * error
    p = 2 * stats.t.sf(np.abs(difference) / np.where(np.equal(error, 0), np.nan, error), df)
    return difference - half, difference + half, p[()]


def minimum_detectable(error: float, df: float, level: float = LEVEL, power: float = POWER) -> float:
    """The smallest true difference that a two-sided test with this standard error finds with the given power."""
    return float((stats.t.ppf((1 + level) / 2, df) + stats.t.ppf(power, df)) * error)


def _effective_df(values: np.ndarray) -> np.ndarray:
    """Degrees of freedom (...) of the variance pooled over values (..., trainings, cells, seeds); see `pooled`."""
    known = np.isfinite(values)
    seeds = known.sum(axis=-1)
    own, present = np.clip(seeds - 1, 0, None), seeds > 0
    lowest, highest = own.max(axis=-1).sum(axis=-1), own.sum(axis=(-2, -1))
    whole = (known | ~present[..., None]).all(axis=-2) & present.any(axis=-1)[..., None]  # (..., trainings, seeds)
    m, cells, used = whole.sum(axis=-1) - 1, present.sum(axis=-1), own.sum(axis=-1) > 0
    ragged = (present & (own != m[..., None])).any(axis=-1)
    estimable = ~(used & ((m < 1) | ((cells > 1) & (m < 2)) | ragged)).any(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        shown = np.where(whole[..., None, :] & known, values, 0.0)
        residual = np.where(
            whole[..., None, :] & known, shown - shown.sum(axis=-1, keepdims=True) / (m + 1)[..., None, None], 0.0
        )
        gram = np.swapaxes(residual, -1, -2) @ residual / m[..., None, None]  # traces as those of the cells' covariance
        trace, square = np.trace(gram, axis1=-2, axis2=-1), (gram**2).sum(axis=(-2, -1))
        several = m * m / ((m - 1) * (m + 2)) * (square - trace**2 / m)
        unbiased = np.where(cells == 1, trace**2 * m / (m + 2), several)
        summed = np.where(used, m * trace, 0.0).sum(axis=-1)
        squared = np.where(used, m * unbiased, 0.0).sum(axis=-1)
        found = np.clip((summed**2 - 2 * squared) / squared, lowest, highest)
    found = np.where(squared > 0, found, highest)
    return np.where(estimable & (lowest < highest), found, lowest).astype(float)


def holm(p_values) -> np.ndarray:
    """Holm's adjusted p values (1979): below 0.05 with at most 5 % risk of any false one among them.

    A missing p stays missing and is not counted as a test.

    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    p_values = np.asarray(p_values, float)
    known = np.flatnonzero(np.isfinite(p_values))
    order = known[np.argsort(p_values[known], kind="stable")]
    left = np.arange(len(order), 0, -1)
    adjusted = np.full(p_values.shape, np.nan)
    adjusted[order] = np.minimum(np.maximum.accumulate(p_values[order] * left), 1.0)
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
