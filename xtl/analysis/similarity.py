"""How scores and gains follow the distance from the source language: one point per language, rank correlation."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from xtl.analysis.statistics import spearman
from xtl.analysis.tables import CELL

UNKNOWN = 0.2  # share of unknown pieces above which a language stays out of correlations


def points(table: pd.DataFrame, value: str, distances: Mapping[str, pd.Series]) -> pd.DataFrame:
    """One point per cell and language: the mean over seeds of `value`, with the language's distance and similarity.

    The source language is left out (it is not zero-shot). A language that lacks a seed which others of its cell have is
    NaN: its mean would be over other runs than theirs. Languages of which the encoder's vocabulary knows too little
    (more than UNKNOWN of the pieces are the unknown token) stay out: their scores measure that.

    table: rows per cell, seed and language (main_scores or gains). distances: source -> (language -> [0, 1]).
    """
    table = table[(table["language"] != table["source"]) & table["language"].notna()]
    if "unknown" in table:
        table = table[~(table["unknown"] > UNKNOWN)]
    known = table.dropna(subset=[value])
    of_cell = known.groupby(CELL, sort=False, dropna=False)["seed"].nunique().rename("seeds")
    grouped = known.groupby([*CELL, "language"], sort=False, dropna=False)
    result = grouped.agg(
        **{value: (value, "mean"), "own": ("seed", "nunique"), "same_data": ("same_data", "any")}
    ).reset_index()
    result = result.merge(of_cell.reset_index(), on=CELL, how="left")
    result[value] = result[value].where(result["own"] == result["seeds"])
    result["distance"] = np.nan
    for source, distance in distances.items():
        here = result["source"] == source
        result.loc[here, "distance"] = result.loc[here, "language"].map(distance).astype(float)
    return result.drop(columns="own").assign(similarity=1 - result["distance"])


def correlations(table: pd.DataFrame, value: str, against: str) -> pd.DataFrame:
    """Spearman's correlation over languages in every cell: columns of a cell, same_data, r, p, low, high, n.

    table: as `points` returns it; against: `distance` or `similarity`. Below five languages r is NaN.
    """
    rows = []
    for key, group in table.groupby(CELL, sort=False, dropna=False):
        result = spearman(group[against], group[value])
        rows.append((*key, bool(group["same_data"].any()), *result))
    return pd.DataFrame(rows, columns=[*CELL, "same_data", "r", "p", "low", "high", "n"])
