"""Does the effect of an intermediate task differ between encoders? F tests over all encoders, with their power."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import optimize, stats

from xtl.analysis.statistics import intervals as statistics
from xtl.analysis.statistics.intervals import LEVEL, POWER

TOGETHER = "all together"
KEY = ["source", "provenance"]
COLUMNS = (
    *KEY, "intermediate", "pool", "encoders", "values", "f", "df1", "df2", "p", "pooled_sd", "spread", "detectable",
    "p_holm",
)  # fmt: skip


class FTest(NamedTuple):
    """F, its degrees of freedom, p and the pooled standard deviation of one seed; NaN where the seeds are too few."""

    f: np.ndarray
    df1: np.ndarray
    df2: np.ndarray
    p: np.ndarray
    sd: np.ndarray


def equal_means(values: np.ndarray) -> FTest:
    """One-way F test that all encoders have one mean.

    values: (..., encoders, seeds), NaN where a seed is missing; leading axes are tests of their own. Seeds of different
    encoders are independent. df1 = encoders − 1, df2 = values − encoders.
    """
    known = np.isfinite(values)
    seeds, shown = known.sum(axis=-1), np.where(known, values, 0.0)
    encoders, total = (seeds > 0).sum(axis=-1), seeds.sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(seeds > 0, shown.sum(axis=-1) / seeds, 0.0)
        grand = shown.sum(axis=(-2, -1)) / total
        between = (seeds * (mean - grand[..., None]) ** 2).sum(axis=-1)
        within = (np.where(known, values - mean[..., None], 0.0) ** 2).sum(axis=(-2, -1))
        return _f_test(between, within, encoders - 1.0, total - encoders, 1.0)


def equal_profiles(values: np.ndarray) -> FTest:
    """F test that all encoders have the same means, intermediate by intermediate, over all intermediates at once.

    values: (..., encoders, intermediates, seeds). The intermediates of one encoder and seed share its baseline and its
    pretraining, so they are one multivariate observation. More of them than the seeds' degrees of freedom leave no
    Wilks' lambda, so the statistic is Dempster's (1958) ratio of the traces of the between and the within matrix. Its
    degrees of freedom are (encoders − 1) w and Σ(seeds − 1) w with the width w = (tr S)² / tr S² of the within
    covariance S (Greenhouse & Geisser 1959), between 1 and the number of intermediates; unbiased traces, as `pooled`
    takes them, would reject a true null in up to 9 % here. A seed of an encoder that lacks an intermediate is left
    out. `sd` is of one intermediate, the root of the mean variance.
    """
    whole = np.isfinite(values).all(axis=-2)  # (..., encoders, seeds)
    seeds = whole.sum(axis=-1)
    encoders, m = (seeds > 0).sum(axis=-1), (seeds - (seeds > 0)).sum(axis=-1)
    shown = np.where(whole[..., None, :], values, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(seeds[..., None] > 0, shown.sum(axis=-1) / seeds[..., None], 0.0)
        grand = shown.sum(axis=(-3, -1)) / seeds.sum(axis=-1)[..., None]
        between = (seeds[..., None] * (mean - grand[..., None, :]) ** 2).sum(axis=(-2, -1))
        residual = np.where(whole[..., None, :], values - mean[..., None], 0.0)
        covariance = np.einsum("...eis,...ejs->...ij", residual, residual) / m[..., None, None]
        trace, square = np.trace(covariance, axis1=-2, axis2=-1), (covariance**2).sum(axis=(-2, -1))
        width = np.clip(np.where(square > 0, trace**2 / square, 1.0), 1.0, values.shape[-2])
        found = _f_test(between, trace * m, encoders - 1.0, m, width)
    return found._replace(sd=found.sd / np.sqrt(values.shape[-2]))


def _f_test(between, within, df1, df2, width) -> FTest:
    """F and p from sums of squares; df1 and df2 are counted in observations, `width` in variables of each."""
    possible = (df1 >= 1) & (df2 >= 1) & (within > 0)
    f = np.where(possible, (between / df1) / (within / df2), np.nan)
    df1, df2 = np.where(possible, df1 * width, np.nan), np.where(possible, df2 * width, np.nan)
    sd = np.sqrt(np.where(possible, within / (df2 / width), np.nan))
    return FTest(f[()], df1[()], df2[()], stats.f.sf(f, df1, df2)[()], sd[()])


def power(difference: float, sd: float, seeds: Sequence[int], width: float = 1.0, level: float = LEVEL) -> float:
    """The power of equal_means to find two encoders `difference` apart, the others between them.

    sd: of one seed; seeds: how many of each encoder. The two are those with the fewest seeds, and the others lie where
    they help least, so any other pattern with that largest difference is found at least as often. width: of
    equal_profiles, for the same difference in every intermediate; then the power is an approximation.
    """
    df1, df2 = (len(seeds) - 1) * width, (sum(seeds) - len(seeds)) * width
    centre = difference**2 / sd**2 * _weight(seeds) * width
    return float(1 - stats.ncf.cdf(stats.f.ppf(level, df1, df2), df1, df2, centre))  # ncf.sf is wrong at a centre of 0


def detectable(
    sd: float, seeds: Sequence[int], width: float = 1.0, level: float = LEVEL, target: float = POWER
) -> float:
    """The least difference between two encoders that is found with the power `target`; arguments as of `power`."""
    if not (np.isfinite(sd) and sd > 0 and len(seeds) > 1 and sum(seeds) > len(seeds)):
        return np.nan
    upper = 1.0  # in standard deviations; far above the answer the noncentral F overflows
    while power(upper, 1.0, seeds, width, level) < target:
        upper *= 2
    return float(sd * optimize.brentq(lambda x: power(x, 1.0, seeds, width, level) - target, 0.0, upper))


def _weight(seeds: Sequence[int]) -> float:
    return min(a * b / (a + b) for a, b in combinations(seeds, 2))


def interaction(pooled: pd.DataFrame, pools: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Does the effect of an intermediate differ between encoders? A row per intermediate, and one for all together.

    pooled: as gains.pooled_gains returns it; one value per encoder and seed is the unit. pools: encoder -> name of the
    pool whose runs scatter alike; each is tested by itself, because one F test has one variance. Default: one pool.

    Columns: source, provenance, intermediate (`all together` for equal_profiles over the encoders of the pool that have
    several, and the intermediates that all of these have), pool, encoders, values (encoder-seeds in the test), f,
    df1, df2, p, pooled_sd (points), spread (largest observed difference between two encoders; all together: in any
    intermediate), detectable (largest difference found in 80 % of such grids; all together: the same difference in
    every intermediate, approximately) and p_holm (over the intermediates; all together is one test). A test without
    two encoders and a second seed is NaN; a pool of one encoder has no row.
    """
    rows = []
    pool_of = pooled["encoder"].map(lambda encoder: (pools or {}).get(encoder, "")).rename("pool")
    for (*place, pool), here in pooled.groupby([*KEY, pool_of], sort=False, dropna=False):
        names, encoders = list(dict.fromkeys(here["intermediate"])), list(dict.fromkeys(here["encoder"]))
        if len(encoders) < 2:
            continue
        wide = here.set_index(["encoder", "intermediate", "seed"])["gain"].unstack("seed")
        index = pd.MultiIndex.from_product([encoders, names])
        values = wide.reindex(index).to_numpy(float).reshape(len(encoders), len(names), -1)
        for i, name in enumerate(names):
            rows.append((*place, name, pool, *_row(values[:, [i]], equal_means(values[:, i]))))
        has = np.isfinite(values).any(axis=-1)  # (encoders, intermediates)
        values, has = values[has.sum(axis=1) > 1], has[has.sum(axis=1) > 1]
        everywhere = has.all(axis=0)
        if len(values) > 1 and everywhere.sum() > 1:
            rows.append((*place, TOGETHER, pool, *_row(values[:, everywhere], equal_profiles(values[:, everywhere]))))
    result = pd.DataFrame(rows, columns=COLUMNS[:-1])
    single = result["intermediate"] != TOGETHER
    return result.assign(p_holm=statistics.adjust(result["p"].where(single), "holm"))


def _row(values: np.ndarray, test: FTest) -> tuple:
    """The columns from `encoders` to `detectable` of one test of values (encoders, intermediates, seeds)."""
    whole = np.isfinite(values).all(axis=1)
    counts = [int(count) for count in whole.sum(axis=1) if count]
    means = np.array([each[:, kept].mean(axis=1) for each, kept in zip(values, whole, strict=True) if kept.any()])
    spread = float(np.ptp(means, axis=0).max()) if len(means) > 1 else np.nan
    width = float(test.df1) / (len(counts) - 1) if np.isfinite(test.f) else 1.0
    least = detectable(float(test.sd), counts, width)
    return len(counts), sum(counts), *(float(x) for x in test), spread, least
