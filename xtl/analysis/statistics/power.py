"""What a design can see: reliability of gains, power of the similarity test, and the least correlation it finds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from xtl.analysis.statistics import clustered
from xtl.analysis.statistics.intervals import LEVEL, MIN_LANGUAGES

TRUE = 0.6  # the correlation that a design is asked to see
APART = (0.8, 0.2)  # the correlations of two encoders that it is asked to tell apart
WANTED = 0.8
STRENGTHS = tuple(np.round(np.arange(0, 1, 0.05), 2)) + (0.975, 1.0)
TRIALS, ORDERS = 1000, 500  # for one correlation
PAIRS, RESAMPLES = 400, 300  # for two


class Reliability(NamedTuple):
    """Share of the variance of languages' means (departures from families) that is not noise between seeds."""

    value: float
    low: float
    high: float
    seeds: int


class Power(NamedTuple):
    """What one design sees: power to find a true correlation of TRUE, and the least one that it finds (WANTED).

    Both at the reliability given, and `at_best` and `detectable_at_best` if the seeds made no noise at all. NaN where
    a test is impossible; `detectable` is infinite where even a perfect correlation would be missed too often.
    """

    languages: int
    families: int
    alone: int
    power: float
    detectable: float
    at_best: float
    detectable_at_best: float


def reliability(values: pd.DataFrame, families: Sequence, level: float = LEVEL) -> Reliability:
    """Reliability of the mean over seeds of each language's value, as it departs from its family's mean.

    values: a row a language, a column a seed; families in the same order. One-way analysis of variance (Hoyt 1941):
    1 − mean square between seeds within a language / mean square between languages, not below 0, with the F interval of
    Feldt (1965). What a seed does to a whole family counts neither as language nor as noise. Languages without a value
    in every seed are left out. NaN with one seed.
    """
    values, seeds = values.reset_index(drop=True), values.shape[1]
    complete = values.notna().all(axis=1).to_numpy()
    groups = clustered.strata(np.asarray(list(families), dtype=object)[complete])
    freedom = len(groups) - len(set(groups))
    if seeds < 2 or freedom < 1:
        return Reliability(np.nan, np.nan, np.nan, seeds)
    rest = clustered.departures(values[complete].to_numpy(float).T, groups)  # (seeds, languages)
    between = seeds * (rest.mean(axis=0) ** 2).sum() / freedom
    noise = ((rest - rest.mean(axis=0)) ** 2).sum() / (freedom * (seeds - 1))
    if between == 0:
        return Reliability(np.nan, np.nan, np.nan, seeds)
    quantiles = stats.f.ppf([(1 + level) / 2, (1 - level) / 2], freedom, freedom * (seeds - 1))
    estimate = 1 - noise / between
    low, high = 1 - noise / between * quantiles
    return Reliability(max(float(estimate), 0.0), max(float(low), 0.0), max(float(high), 0.0), seeds)


def correlation(similarity: ArrayLike, families: Iterable, reliable: float = 1.0) -> Power:
    """Power of `clustered.within_families` for the languages at hand, and its minimum detectable correlation.

    similarity: of every language, as measured (its ties and its spread within families enter the simulation). reliable:
    reliability of the gains; noise between seeds shrinks a true correlation by its square root. A "true correlation" is
    Pearson's between similarity and the gain of endless seeds, within families; gains are normal given similarity, and
    languages alone in their family are taken to scatter like the others. NaN reliability counts as no noise.
    """
    values = np.asarray(similarity, float)
    names = np.asarray(list(families), dtype=object)
    known = np.isfinite(values)
    groups = clustered.strata(names[known])
    kept = clustered.compared(groups)
    groups = groups[kept]
    values = values[known][kept]
    counts = (len(groups), len(set(groups) - {clustered.ALONE}), int((groups == clustered.ALONE).sum()))
    if len(groups) < MIN_LANGUAGES or not clustered.departures(values, groups).any():
        return Power(*counts, np.nan, np.nan, np.nan, np.nan)
    curve = _curve(tuple(values), tuple(groups))
    shrunk = 1.0 if np.isnan(reliable) else float(np.sqrt(reliable))
    return Power(
        *counts,
        float(np.interp(TRUE * shrunk, STRENGTHS, curve)),
        _detectable(curve, shrunk),
        float(np.interp(TRUE, STRENGTHS, curve)),
        _detectable(curve, 1.0),
    )


def difference(similarity: ArrayLike, families: Iterable, reliable: tuple[float, float] = (1.0, 1.0)) -> float:
    """Power of `clustered.difference` (within families) to tell true correlations of 0.8 and 0.2 apart (APART).

    reliable: of the two encoders' gains. What similarity does not explain is independent between the encoders, the
    least favourable case that is not contrived. Correlations shrunk by noise are rounded to 0.05, so that many cells
    share a simulation. NaN where `correlation` is.
    """
    if np.isnan(correlation(similarity, families).power):
        return np.nan
    values = np.asarray(similarity, float)
    names = np.asarray(list(families), dtype=object)
    known = np.isfinite(values)
    strengths = [true * (1.0 if np.isnan(r) else np.sqrt(r)) for true, r in zip(APART, reliable, strict=True)]
    return _difference(tuple(values[known]), tuple(names[known]), *(round(20 * float(s)) / 20 for s in strengths))


def _detectable(curve: np.ndarray, shrunk: float) -> float:
    """The least true correlation that is found with power WANTED, once noise has shrunk it."""
    if curve[-1] < WANTED or shrunk == 0:
        return np.inf
    observed = float(np.interp(WANTED, curve, STRENGTHS))
    return observed / shrunk if observed <= shrunk else np.inf


def _planted(similarity: np.ndarray, groups: np.ndarray, strength: float, noise: np.ndarray) -> np.ndarray:
    """Departures of values (trials, n) whose correlation with similarity within groups is `strength`."""
    x = clustered.departures(similarity, groups)
    scale = np.sqrt((x**2).sum() / (len(x) - len(set(groups))))
    return clustered.departures(strength * x / scale + np.sqrt(1 - strength**2) * noise, groups)


@lru_cache(maxsize=64)
def _curve(similarity: tuple, groups: tuple) -> np.ndarray:
    """Power of the permutation test within groups at every observed correlation of STRENGTHS, never falling."""
    x, names = np.array(similarity), np.array(groups, dtype=object)
    noise = np.random.default_rng(0).normal(size=(TRIALS, len(x)))
    ranks = stats.rankdata(clustered.departures(x, names)) - (len(x) + 1) / 2
    every = clustered.orders(groups)
    if len(every) > ORDERS:  # the observed order stays in, so that p keeps its meaning
        every = every[np.r_[0, np.random.default_rng(1).choice(np.arange(1, len(every)), ORDERS - 1, replace=False)]]
    power = []
    for strength in STRENGTHS:
        planted = stats.rankdata(_planted(x, names, strength, noise), axis=1)
        statistic = np.abs((planted - (len(x) + 1) / 2) @ ranks[every].T)  # (trials, orders)
        power.append(float(((statistic >= statistic[:, :1] - 1e-9).mean(axis=1) <= 1 - LEVEL).mean()))
    return np.maximum.accumulate(power)


@lru_cache(maxsize=64)
def _difference(similarity: tuple, families: tuple, first: float, second: float) -> float:
    """Share of simulated tables of two encoders in which the interval of the difference leaves out zero."""
    groups = clustered.strata(families)
    kept = clustered.compared(groups)
    groups, x = groups[kept], np.array(similarity)[kept]
    noise = np.random.default_rng(0).normal(size=(2, PAIRS, len(x)))
    x_rest, weights = clustered.departures(x, groups), clustered.resamples(len(x), RESAMPLES, 1)
    observed = np.zeros(PAIRS)
    drawn = np.zeros((PAIRS, RESAMPLES))
    for strength, own, sign in ((first, noise[0], 1), (second, noise[1], -1)):
        planted = _planted(x, groups, strength, own)
        observed = observed + sign * clustered.weighted_spearman(x_rest, planted, np.ones((1, len(x))))[:, 0]
        drawn = drawn + sign * clustered.weighted_spearman(x_rest, planted, weights)
    widen = np.sqrt((len(x) - 1) / (len(x) - len(set(groups))))
    low, high, _ = clustered.bootstrap_interval(drawn, observed, widen)
    return float(((low > 0) | (high < 0)).mean())
