"""Gains by language as one profile an encoder, and its rank correlation with similarity, aware of families."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from xtl.analysis.statistics import LEVEL, MIN_LANGUAGES, Correlation

DRAWS = 4000
SIMILARITY = "similarity"


def profiles(points: pd.DataFrame, intermediates: Sequence[str], encoders: Sequence[str]) -> pd.DataFrame:
    """Gain per language and encoder, the mean over intermediates and targets; a row a language, a column an encoder.

    points: similarity.points of gains (the mean over seeds, without the source language). Cells of the same data stay
    out. A language enters only where every cell has it, so targets must share languages. The column `similarity` is
    that to the source.
    """
    rows = points[points["intermediate"].isin(list(intermediates)) & ~points["same_data"].astype(bool)]
    columns = {}
    for encoder in encoders:
        here = rows[rows["encoder"] == encoder]
        wide = here.set_index(["intermediate", "target", "language"])["gain"].unstack("language")
        columns[encoder] = wide.mean(skipna=False)
    known = rows.groupby("language")[SIMILARITY].first()
    return pd.DataFrame({**columns, SIMILARITY: known}, columns=[*encoders, SIMILARITY])


def correlation(
    wide: pd.DataFrame, weights: Mapping[str, float], families: Mapping[str, str], direction: str = "two-sided",
    draws: int = DRAWS, seed: int = 0,
) -> Correlation:  # fmt: skip
    """Weighted sum over encoders of Spearman's correlation between gain and similarity, over the same languages.

    wide: as `profiles` returns it. weights: 1 for one encoder, 1/k each for the mean of k, 1 and −1 for a difference.
    Languages that lack a value stay out.

    p: similarity is permuted among the languages of each family, `draws` times, for all encoders alike. What families
    share stays as it is, so it cannot pass for a relation (freely permuted, distances and gains that cluster by family
    give 31 % false positives). The interval is the percentile bootstrap over languages, the same ones for all encoders,
    and takes languages for independent. p is NaN where no family has two languages; everything is below five languages
    or where a side is constant.
    """
    wide = wide[[*weights, SIMILARITY]].dropna()
    n = len(wide)
    if n < MIN_LANGUAGES or (wide.nunique() < 2).any():
        return Correlation(np.nan, np.nan, np.nan, np.nan, n)
    rng, factors = np.random.default_rng(seed), np.array(list(weights.values()))
    x, y = wide[SIMILARITY].to_numpy(float), wide[list(weights)].to_numpy(float).T  # (n,), (encoders, n)

    def weighted(xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
        """(draws, n) and (encoders, draws, n) -> (draws,)"""
        a, b = _standard(stats.rankdata(xs, axis=-1)), _standard(stats.rankdata(ys, axis=-1))
        return np.tensordot(factors, (a * b).mean(axis=-1), axes=1)

    r = float(weighted(x[None], y[:, None])[0])
    groups = [np.flatnonzero(ids) for ids in _members(wide.index, families)]
    p = np.nan
    if groups:
        shuffled = np.tile(x, (draws, 1))
        for group in groups:
            shuffled[:, group] = rng.permuted(shuffled[:, group], axis=1)
        null = weighted(shuffled, np.broadcast_to(y[:, None], (len(y), draws, n)))
        tail = {"greater": null >= r - 1e-12, "less": null <= r + 1e-12, "two-sided": _extreme(null, r)}[direction]
        p = float((tail.sum() + 1) / (draws + 1))
    picks = rng.integers(0, n, size=(draws, n))
    low, high = np.nanquantile(weighted(x[picks], y[:, picks]), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Correlation(r, p, float(low), float(high), n)


def _extreme(null: np.ndarray, r: float) -> np.ndarray:
    """Permutations at least as far from their mean as r: within families the null is not centred at zero."""
    centre = null.mean()
    return np.abs(null - centre) >= abs(r - centre) - 1e-12


def _members(languages: pd.Index, families: Mapping[str, str]) -> list[np.ndarray]:
    """A mask over the languages for every family with at least two of them."""
    family = np.array([families.get(code, code) for code in languages])
    return [family == name for name in dict.fromkeys(family) if (family == name).sum() > 1]


def _standard(ranks: np.ndarray) -> np.ndarray:
    """Ranks with mean 0 and variance 1 along the last axis; NaN where they are constant."""
    centred = ranks - ranks.mean(axis=-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        return centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True))
