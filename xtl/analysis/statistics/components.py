"""Variance between and within groups of runs: fine-tunings of several pretrainings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from xtl.analysis.statistics.intervals import LEVEL


class Components(NamedTuple):
    """What `components` found; NaN where the values do not tell.

    Attributes:
        groups, values: how many there are.
        between: variance of the groups' true means; its estimate may be negative, which says that it is small.
        within: variance of values of one group.
        share: between / (between + within), not below 0, with its interval `low` to `high`.
    """

    groups: int
    values: int
    between: float
    within: float
    share: float
    low: float
    high: float


def components(groups: Sequence[Sequence[float]], level: float = LEVEL) -> Components:
    """One-way random effects by analysis of variance (Searle, Casella & McCulloch 1992, chapter 3).

    groups: the values of each group; missing ones (NaN) are left out. With mean squares B between a groups and W within
    them, of N values in all, within = W and between = (B − W) / n, n = (N − Σ nᵢ² / N) / (a − 1). The interval of the
    share is that of F = B / W on a − 1 and N − a degrees of freedom, exact for normal values in groups of one size.

    >>> components([[1, 3], [5, 7]]).between
    7.0
    """
    known = [np.asarray(group, float)[np.isfinite(group)] for group in groups]
    known = [group for group in known if len(group)]
    sizes = np.array([len(group) for group in known])
    count = int(sizes.sum())
    nothing = Components(len(known), count, *[np.nan] * 5)
    freedom = count - len(known)
    if freedom < 1:
        return nothing
    within = sum(float(((group - group.mean()) ** 2).sum()) for group in known) / freedom
    if len(known) < 2:
        return nothing._replace(within=within)
    means = np.array([group.mean() for group in known])
    overall = float((sizes * means).sum()) / count
    between_square = float((sizes * (means - overall) ** 2).sum()) / (len(known) - 1)
    size = (count - float((sizes**2).sum()) / count) / (len(known) - 1)
    between = (between_square - within) / size
    found = nothing._replace(between=between, within=within)
    if within == 0:
        return found
    quotients = between_square / within / stats.f.ppf([(1 + level) / 2, (1 - level) / 2], len(known) - 1, freedom)
    low, high = np.clip((quotients - 1) / (quotients - 1 + size), 0, 1)
    share = max(between, 0.0) / (max(between, 0.0) + within)
    return found._replace(share=share, low=float(low), high=float(high))
