"""Rank correlations over languages that cluster by family: within families, given controls, one family left out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import permutations, product
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from xtl.analysis.statistics.intervals import LEVEL, MIN_LANGUAGES

ALONE = "alone in their family"
DRAWS = 9999  # random orders, where the families allow more than EXACT; enough for a report with many claims
EXACT = 10000
DIGITS = 9  # departures that differ by less than rounding are ties


class Within(NamedTuple):
    """Spearman's correlation of what distinguishes languages from their families (see `within_families`).

    n: languages that enter; families: groups of at least two related languages; alone: languages that are alone in
    their family and are compared with each other; left_out: languages that nothing can be compared with; orders: how
    many orders of the languages p is drawn from, so that 1 / orders is the least p there can be.
    """

    r: float
    p: float
    low: float
    high: float
    n: int
    families: int
    alone: int
    left_out: int
    orders: float


class Partial(NamedTuple):
    """Partial rank correlation given controls; df: residual degrees of freedom; left_out: languages without a value.

    dropped: controls that are constant over the languages that enter (or within their families), and control nothing.
    """

    r: float
    p: float
    n: int
    df: int
    left_out: int
    dropped: tuple[str, ...]


def strata(families: Sequence | np.ndarray) -> np.ndarray:
    """The group in which each language may change places: its family, or ALONE for those that have no relative here.

    If a value is an effect of the family plus one of the language, languages that are alone in their family differ from
    each other by draws of the same two, so under no relation they may change places with each other. A family that is
    not known (None, NaN) counts as one language alone.
    """
    names = [None if family is None or family != family else family for family in families]
    size = Counter(names)
    found = np.empty(len(names), dtype=object)
    found[:] = [name if name is not None and size[name] > 1 else ALONE for name in names]
    return found


def compared(groups: Sequence | np.ndarray) -> np.ndarray:
    """Which languages have another one in their group."""
    size = Counter(groups)
    return np.array([size[name] > 1 for name in groups], bool)


def departures(values, groups) -> np.ndarray:
    """Value minus the mean of the group's values, (n,) or, for (..., n) values, along the last axis."""
    values, names = np.asarray(values, float), np.empty(len(groups), dtype=object)
    names[:] = list(groups)
    if not len(names):
        return values
    member = (names[:, None] == np.array(list(dict.fromkeys(names)), dtype=object)).astype(float)  # (n, groups)
    return np.round(values - values @ (member / member.sum(axis=0)) @ member.T, DIGITS)


def within_families(x, y, families: Sequence, level: float = LEVEL) -> Within:
    """Spearman's r of the departures of x and y from their families' means, with a permutation p.

    The languages of one family share what their family brings to x and to y, so that under no relation free orders of
    the languages are not equally likely; orders within families are. p is the share of those orders of y with at least
    the observed |r|: all of them up to EXACT, else DRAWS random ones and the observed one. Departures are ranked, not
    the values, so that large differences between families do not hide small ones within (aligned ranks, Hodges &
    Lehmann 1962). Languages alone in their family are compared with each other (see `strata`); one that has nobody to
    be compared with is left out. Fisher's z interval with the standard error of Bonett & Wright (2000) and n − groups
    instead of n − 1 degrees of freedom.

    Simulated false positives at 5 %, family effects in x and y with intra-class correlations of 0 to 0.9: 3 to 6 % in
    the laboratory's designs and XTREME's; Spearman's p over all languages 5 to 35 %; family dummies with Student's t
    hold their level in families of one size and fail with languages that are alone (6 to 12 % over XTREME's 40).

    NaN below five languages, and where x or y does not vary within any group.
    """
    x, y, groups, _ = _known(x, y, families)
    kept = compared(groups)
    left_out = int((~kept).sum())
    x, y, groups = x[kept], y[kept], groups[kept]
    n, names = len(x), set(groups)
    alone = int((groups == ALONE).sum())
    related = len(names - {ALONE})
    x, y = (departures(x, groups), departures(y, groups)) if n else (x, y)
    if n < MIN_LANGUAGES or not x.any() or not y.any():
        return Within(np.nan, np.nan, np.nan, np.nan, n, related, alone, left_out, np.nan)
    r, p = (float(found[0]) for found in permutation_test(x[None], y[None], groups))
    low, high = _fisher(r, n, n - len(names), level)
    return Within(r, p, low, high, n, related, alone, left_out, float(arrangements(groups)))


def slopes(x: ArrayLike, values: ArrayLike, families: Sequence) -> np.ndarray:
    """Least-squares slope on x within families, of values (..., languages): in units of the values per unit of x.

    Departures from the families' means are regressed on those of x, as in `within_families`; x and values are complete.
    NaN where x does not vary within any group.

    >>> slopes([0.0, 1.0, 5.0, 7.0], [[2.0, 4.0, 0.0, 4.0]], ["a", "a", "b", "b"]).tolist()
    [2.0]
    """
    groups = strata(families)
    kept = compared(groups)
    rest_x = departures(np.asarray(x, float)[kept], groups[kept])
    rest = departures(np.asarray(values, float)[..., kept], groups[kept])
    length = float(rest_x @ rest_x)
    return rest @ rest_x / (length if length > 0 else np.nan)


def permutation_test(x: np.ndarray, y: np.ndarray, groups: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Spearman's r and permutation p of each of several tables of departures, x and y (tables, languages)."""
    labels = np.asarray(groups, dtype=object)
    every = orders(tuple(labels[_canonical(labels)]))
    tests = []
    for rank_x, rank_y in zip(_centred(x), _centred(y), strict=True):
        order = _canonical(labels, rank_x, rank_y)
        rank_x, rank_y = rank_x[order], rank_y[order]
        drawn = rank_y[every] @ rank_x / np.sqrt((rank_x**2).sum() * (rank_y**2).sum())
        tests.append((drawn[0], (np.abs(drawn) >= abs(drawn[0]) - 1e-12).mean()))
    r, p = np.array(tests).T
    return r, p


def partial(x, y, controls: pd.DataFrame, families: Sequence | None = None) -> Partial:
    """Partial rank correlation of x and y given a table of controls (a row a language, in the order of x and y).

    Numbers are ranked, text is one column a value; what the controls explain linearly of the ranks of x and y is taken
    out of both. p is from permutations of y's residuals (Freedman & Lane 1983), within families if these are given;
    x, y and controls are then departures from families first, as in `within_families`. Languages without a value in any
    of them are left out and counted. Without a control that varies this is the plain correlation. With controls that
    explain two thirds of x and y, within families, 3 to 6 % false positives at 5 %, and 10 % over XTREME's 40 languages
    at an intra-class correlation of 0.9.

    NaN with fewer than five languages or fewer than two residual degrees of freedom.
    """
    complete = controls.notna().all(axis=1).to_numpy()
    x = np.where(complete, np.asarray(x, float), np.nan)
    x, y, groups, known = _known(x, y, ["one"] * len(controls) if families is None else families)
    n, missing = len(x), int((~known).sum())
    kept = [np.zeros((n, 0))]
    constant = []
    for name in controls:
        columns = pd.get_dummies(controls.loc[known, [name]], dtype=float).to_numpy(float)
        rest = departures(columns.T, groups).T if n else columns
        if rest.any():
            kept.append(np.column_stack([_centred(column) for column in rest.T]))
        else:
            constant.append(str(name))
    dropped = tuple(constant)
    if n < MIN_LANGUAGES:
        return Partial(np.nan, np.nan, n, 0, missing, dropped)
    x, y, basis = departures(x, groups), departures(y, groups), _orthonormal(np.column_stack(kept))
    df = n - len(set(groups)) - basis.shape[1] - 1
    rest_x, rest_y = (_centred(v) - basis @ (basis.T @ _centred(v)) for v in (x, y))
    if df < 2 or not np.abs(rest_x).max() > 1e-9 or not np.abs(rest_y).max() > 1e-9:
        return Partial(np.nan, np.nan, n, df, missing, dropped)
    shuffled = rest_y[orders(tuple(groups))]  # (orders, n)
    length = (shuffled**2).sum(axis=1) - ((shuffled @ basis) ** 2).sum(axis=1)
    every = shuffled @ rest_x / np.sqrt((rest_x**2).sum() * np.clip(length, 1e-12, None))
    return Partial(float(every[0]), float((np.abs(every) >= abs(every[0]) - 1e-12).mean()), n, df, missing, dropped)


def leave_one_out(x, y, families: Sequence) -> pd.DataFrame:
    """The correlation without one family at a time: a row a family (index), columns r, within_r, within_p, n.

    r is Spearman's over all remaining languages; within_r and within_p are `within_families` of them.
    """
    x, y, names = np.asarray(x, float), np.asarray(y, float), np.asarray(list(families), dtype=object)
    rows = {}
    for name in dict.fromkeys(names[np.isfinite(x) & np.isfinite(y)]):
        rest = names != name
        found = within_families(x[rest], y[rest], names[rest])
        known = rest & np.isfinite(x) & np.isfinite(y)
        varies = known.sum() >= MIN_LANGUAGES and np.ptp(x[known]) > 0 and np.ptp(y[known]) > 0
        r = float(stats.spearmanr(x[known], y[known])[0]) if varies else np.nan
        rows[name] = (r, found.r, found.p, int(known.sum()))
    return pd.DataFrame.from_dict(rows, orient="index", columns=["r", "within_r", "within_p", "n"])


def _canonical(groups: np.ndarray, *values: np.ndarray) -> np.ndarray:
    """An order of the languages that depends on their groups and values and not on the order they come in."""
    codes = np.unique(groups.astype(str), return_inverse=True)[1]
    return np.lexsort((*values[::-1], codes))


def arrangements(groups: Sequence) -> int:
    """In how many orders the languages can stand if each stays in its group."""
    return math.prod(math.factorial(size) for size in Counter(groups).values())


@lru_cache(maxsize=64)
def orders(groups: tuple) -> np.ndarray:
    """Orders of languages in which each stays in its group, (orders, n), the given order first."""
    places = [np.flatnonzero([other == name for other in groups]) for name in dict.fromkeys(groups)]
    if arrangements(groups) <= EXACT:
        result = np.empty((arrangements(groups), len(groups)), int)
        for row, chosen in zip(result, product(*(permutations(place) for place in places)), strict=True):
            for place, order in zip(places, chosen, strict=True):
                row[place] = order
        return result
    rng, result = np.random.default_rng(0), np.empty((DRAWS + 1, len(groups)), int)
    for place in places:
        result[:, place] = place[np.argsort(rng.random((DRAWS + 1, len(place))), axis=1)]
    result[0] = np.arange(len(groups))
    return result


def _known(x, y, families) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """x, y and strata of the languages that have both, and which these are."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    known = np.isfinite(x) & np.isfinite(y)
    names = np.asarray(list(families), dtype=object)[known]
    return x[known], y[known], strata(names), known


def _centred(values: np.ndarray) -> np.ndarray:
    """Ranks along the last axis, minus their mean."""
    return stats.rankdata(np.round(values, DIGITS), axis=-1) - (values.shape[-1] + 1) / 2


def _orthonormal(columns: np.ndarray) -> np.ndarray:
    """An orthonormal basis (n, rank) of what the columns span."""
    if not columns.shape[1]:
        return columns
    left, size, _ = np.linalg.svd(columns, full_matrices=False)
    return left[:, size > 1e-9 * max(size.max(initial=0), 1)]


def _fisher(r: float, n: int, df: int, level: float) -> tuple[float, float]:
    """Fisher's z interval of a Spearman correlation; a perfect one counts as half a swap of neighbours less."""
    if df < 3:
        return np.nan, np.nan
    largest = 1 - 6 / (n * (n * n - 1))
    z = np.arctanh(np.clip(r, -largest, largest))
    half = stats.norm.ppf((1 + level) / 2) * np.sqrt((1 + r * r / 2) / (df - 2))
    return float(np.tanh(z - half)), float(np.tanh(z + half))
