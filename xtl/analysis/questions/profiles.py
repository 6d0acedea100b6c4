"""Gains by language as one profile an encoder, and its rank correlation with similarity within families."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from xtl.analysis.statistics.clustered import Combined, combined

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
    known = rows.groupby("language", sort=False)[SIMILARITY].first()  # the order of the rows, as everywhere
    return pd.DataFrame({**columns, SIMILARITY: known}, columns=[*encoders, SIMILARITY], index=known.index)


def correlation(
    wide: pd.DataFrame, weights: Mapping[str, float], families: Mapping[str, str], direction: str = "two-sided",
    draws: int = 2000,
) -> Combined:  # fmt: skip
    """Weighted sum over encoders of the correlation within families of gain and similarity (clustered.combined).

    wide: as `profiles` returns it. weights: 1 for one encoder, 1/k each for the mean of k, 1 and −1 for a difference.
    families: language -> family; a language without one counts as alone. draws: resamples of the bootstrap.
    """
    ys = [wide[encoder] for encoder in weights]
    return combined(wide[SIMILARITY], ys, list(weights.values()), wide.index.map(families.get), direction, draws)
