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
from xtl.analysis.statistics.intervals import ENOUGH_SEEDS, LEVEL, MIN_LANGUAGES

TRUE = 0.6  # the correlation that a design is asked to see
WANTED = 0.8
STRENGTHS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
TRIALS = 1000
ORDERS = 2000
LEAST = 0.02  # reliability below which nothing but noise is left


class Reliability(NamedTuple):
    """Share of the variance of languages' means (departures from families) that is not noise between seeds."""

    value: float
    low: float
    high: float
    seeds: int


class Power(NamedTuple):
    """What one design sees: power to find a true correlation of TRUE, and the least one that it finds (WANTED).

    Both at the reliability given, and `at_best` and `detectable_at_best` if the seeds made no noise at all. NaN where
    a test is impossible (one seed, too few languages); `detectable` is infinite where even a perfect correlation would
    be missed too often.
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


def correlation(
    similarity: ArrayLike,
    families: Iterable,
    reliable: float = 1.0,
    seeds: int = 3,
    encoders: int = 1,
    level: float = 1 - LEVEL,
) -> Power:
    """Power of the tests of relations.relation in points, for the languages and seeds at hand; and what they find.

    similarity: of every language, as measured (its ties and its spread within families enter the simulation). reliable:
    reliability of the gains' means over seeds. encoders: whose seeds share a variance where they are few
    (intervals.pooled). level: of a claim, two-sided. A "true correlation" is Pearson's between similarity and the gain
    of endless seeds, within families; gains are normal given similarity, languages alone in their family are taken to
    scatter like the others, and runs to have the same slope. The second scale, logits, is not simulated.
    """
    values = np.asarray(similarity, float)
    names = np.asarray(list(families), dtype=object)
    known = np.isfinite(values)
    groups = clustered.strata(names[known])
    kept = clustered.compared(groups)
    groups = groups[kept]
    values = values[known][kept]
    counts = (len(groups), len(set(groups) - {clustered.ALONE}), int((groups == clustered.ALONE).sum()))
    impossible = len(groups) < MIN_LANGUAGES or not clustered.departures(values, groups).any()
    if impossible or seeds < 2 or np.isnan(reliable):
        return Power(*counts, np.nan, np.nan, np.nan, np.nan)
    rounded = max(round(20 * float(reliable)) / 20, LEAST)  # so that many cells share a simulation
    curve = _curve(tuple(values), tuple(groups), rounded, seeds, encoders, level)
    best = _curve(tuple(values), tuple(groups), 1.0, seeds, encoders, level)
    power = float(np.interp(TRUE, STRENGTHS, curve))
    return Power(*counts, power, _detectable(curve), float(np.interp(TRUE, STRENGTHS, best)), _detectable(best))


def _detectable(curve: np.ndarray) -> float:
    """The least true correlation that is found with power WANTED."""
    return float(np.interp(WANTED, curve, STRENGTHS)) if curve[-1] >= WANTED else np.inf


@lru_cache(maxsize=64)
def _curve(
    similarity: tuple, groups: tuple, reliable: float, seeds: int, encoders: int, level: float
) -> np.ndarray:  # fmt: skip
    """Power at every true correlation of STRENGTHS, never falling."""
    names = np.array(groups, dtype=object)
    x = clustered.departures(np.array(similarity), names)
    rng = np.random.default_rng(0)
    rest = rng.normal(size=(TRIALS, len(x)))
    spread = np.sqrt(seeds * (1 - reliable) / reliable)
    noise = clustered.departures(spread * rng.normal(size=(TRIALS, seeds, len(x))), names)
    others = rng.chisquare(max((encoders - 1) * (seeds - 1), 1), size=TRIALS)
    every = clustered.orders(groups)
    if len(every) > ORDERS:  # the observed order stays in, so that p keeps its meaning
        every = every[np.r_[0, rng.choice(np.arange(1, len(every)), ORDERS - 1, replace=False)]]
    centre = (len(x) + 1) / 2
    orders = (stats.rankdata(x) - centre)[every]
    scale = np.sqrt((x**2).sum() / (len(x) - len(set(groups))))
    power = []
    for strength in STRENGTHS:
        true = clustered.departures(strength * x / scale + np.sqrt(1 - strength**2) * rest, names)
        ranks = stats.rankdata(true + noise.mean(axis=1), axis=1) - centre
        statistic = np.abs(ranks @ orders.T)  # (trials, orders)
        of_languages = (statistic >= statistic[:, :1] - 1e-9).mean(axis=1)
        slopes = (true[:, None] + noise) @ x / (x @ x)  # (trials, seeds)
        true_variance = spread**2 / (x @ x)
        of_seeds = _over_seeds(slopes, true_variance, others, encoders)
        power.append(float((np.maximum(of_languages, of_seeds) <= level).mean()))
    return np.maximum.accumulate(power)


def _over_seeds(slopes: np.ndarray, true_variance: float, others: np.ndarray, encoders: int) -> np.ndarray:
    """p (trials) of Student's t over slopes (trials, seeds), by the rule of intervals.pooled.

    others: chi-square draws that stand for the variances of the other encoders; without noise between seeds p is 0.
    """
    seeds = slopes.shape[1]
    if true_variance == 0:
        return np.zeros(len(slopes))
    variance = slopes.var(axis=1, ddof=1)
    df = np.full(len(slopes), seeds - 1.0)
    if seeds < ENOUGH_SEEDS and encoders > 1:
        shared_df = encoders * (seeds - 1.0)
        shared = (variance * (seeds - 1) + true_variance * others) / shared_df
        df = np.where(variance > shared, df, shared_df)
        variance = np.maximum(variance, shared)
    return 2 * stats.t.sf(np.abs(slopes.mean(axis=1)) / np.sqrt(variance / seeds), df)
