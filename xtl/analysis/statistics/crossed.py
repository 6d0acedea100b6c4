"""Intervals over new seeds and new test items at once, from the gains of the same items under several seeds."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from xtl.analysis.statistics.intervals import LEVEL


class Items(NamedTuple):
    """What the choice of test items adds to the variance of a mean gain, in points², and how well it is known.

    Attributes:
        variance: of the mean over seeds and items, from the items alone; 0 where they show no variance of their own.
        sampling: sampling variance of `variance`, in points⁴.
        independent: how many items.
    """

    variance: float
    sampling: float
    independent: int


def items(shares: np.ndarray) -> Items:
    """The variance that the items of a test set bring to a mean gain, by the analysis of variance of seeds × items.

    shares: (seeds, items) in points: what an item adds to a seed's gain, less what it would add on average, so that
    every row sums to zero. An item is what is drawn as one: an example in all its languages, a paragraph with all its
    questions; items may be of unequal size. With r̄ the mean over seeds, e = r − r̄ and I items in S seeds,

        items and noise = I / (I − 1) Σ r̄²,  noise = I / ((I − 1) S (S − 1)) ΣΣ e²,  variance = the difference

    which for items of equal size are the mean squares of items and of the interaction over S I (Cornfield & Tukey
    1956; as variances of means Cameron, Gelbach & Miller 2011). Raises ValueError with fewer than two seeds or items.
    """
    seeds, count = shares.shape
    if seeds < 2 or count < 2:
        raise ValueError(f"A variance between items takes two seeds and two items, not {seeds} and {count}.")
    mean = shares.mean(axis=0)
    together = count / (count - 1) * float((mean**2).sum())
    noise = count / ((count - 1) * seeds * (seeds - 1)) * float(((shares - mean) ** 2).sum())
    sampling = 2 * together**2 / (count - 1) + 2 * noise**2 / ((seeds - 1) * (count - 1))
    return Items(max(together - noise, 0.0), sampling, count)


def mean(variances: Sequence[Items]) -> Items:
    """What items contribute to the plain mean of several gains, each of its own items."""
    number = len(variances)
    variance = sum(item.variance for item in variances) / number**2
    sampling = sum(item.sampling for item in variances) / number**4
    return Items(variance, sampling, sum(item.independent for item in variances))


def t_factor(df: float, level: float = LEVEL) -> float:
    """Standard errors to either side of an estimate that its two-sided interval reaches."""
    return float(stats.t.ppf((1 + level) / 2, df))


def interval(estimate: float, error: float, df: float, item: Items, level: float = LEVEL) -> tuple[float, float]:
    """The t interval of a mean gain for other seeds and other items; never narrower than that for other seeds alone.

    error, df: standard error of the mean between seeds, with its degrees of freedom. The variances add up, with
    Satterthwaite's degrees of freedom. (The variance between seeds holds the noise of items already.)
    """
    variance = error**2 + item.variance
    uncertainty = 2 * error**4 / df + (item.sampling if item.variance > 0 else 0.0)
    together = 2 * variance**2 / uncertainty if uncertainty > 0 else df
    half = max(t_factor(together, level) * float(np.sqrt(variance)), t_factor(df, level) * error)
    return estimate - half, estimate + half
