"""Formulas of similarity and distance between vectors of features, the same for natural and made languages."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from xtl.base.errors import UserError


def cosine(vectors: np.ndarray, source: np.ndarray, presence: bool = False) -> np.ndarray:
    """x·s / (|x| |s|) over the features known in both, for each row x; NaN where one of them is without any.

    vectors: (languages, features) in [0, 1], NaN unknown. source: (features,). The values are in [0, 1].

    >>> cosine(np.array([[1, 0, np.nan], [1, 1, 1]]), np.array([1, 0, 1])).round(2).tolist()
    [1.0, 0.82]
    """
    x, s = _known(vectors, source)
    length = np.sqrt((x**2).sum(1) * (s**2).sum(1))
    with np.errstate(invalid="ignore"):
        return np.where(length > 0, np.minimum((x * s).sum(1) / length, 1), np.nan)


def angular(vectors: np.ndarray, source: np.ndarray, presence: bool = False) -> np.ndarray:
    """1 − 2·arccos(cosine)/π: the angle as a share of the right angle, the widest between vectors without negatives.

    (1 − arccos(cosine)/π, the formula for vectors of any sign, would leave the half of [0, 1] below 0.5 empty.) It
    grows with the cosine, so it never ranks languages otherwise; it only spreads them otherwise along the axis.

    >>> angular(np.array([[1, 0], [1, 1], [0, 1]]), np.array([1, 0])).round(2).tolist()
    [1.0, 0.5, 0.0]
    """
    return 1 - 2 * np.arccos(cosine(vectors, source)) / np.pi


def matching(vectors: np.ndarray, source: np.ndarray, presence: bool = False) -> np.ndarray:
    """1 − mean |x − s| over the features known in both (Gower 1971): for yes and no, the share in which they agree.

    Unlike the cosine it counts what both lack. With `presence` it does not, as Gower's weights leave out joint absences
    of marks that are there or not: Jaccard's share of common groups.

    >>> matching(np.array([[1, 0, 0, 1.0]]), np.array([1, 0, 1, 1.0])).tolist()
    [0.75]
    """
    difference = np.abs(vectors - source)
    if presence:
        difference = np.where((vectors == 0) & (source == 0), np.nan, difference)
    known = ~np.isnan(difference)
    return np.where(known.any(1), 1 - np.nansum(difference, 1) / np.maximum(known.sum(1), 1), np.nan)


DEFINITIONS: dict[str, Callable[[np.ndarray, np.ndarray, bool], np.ndarray]] = {
    "cosine": cosine,
    "angular": angular,
    "matching": matching,
}


def gower(table: pd.DataFrame, source: str = "en") -> pd.Series:
    """Distance of every language from `source` in [0, 1], by Gower's formula, the same for made and natural languages.

    For each feature f known in both languages, d_f is |x_f − s_f| for a single column and half the sum of absolute
    differences over the columns of a one-of-many feature (`order_sov`, `order_svo`), so that two languages with
    different values are 1 apart, however many values there are. The distance is the plain mean of d_f over the
    features known in both, NaN if there is none. Similarity is 1 − distance.

    table: a row a language, columns in [0, 1], as Linguistics.features. Raises UserError if `source` is not in it.

    >>> table = pd.DataFrame({"order_sov": [0, 1], "order_svo": [1, 0], "case": [1, 1]}, index=["en", "qaa"])
    >>> gower(table).to_dict()
    {'en': 0.0, 'qaa': 0.5}
    """
    if source not in table.index:
        raise UserError(f"There are no features of the source language '{source}'; known: {', '.join(table.index)}.")
    difference = (table - table.loc[source]).abs()
    of_feature = {}
    for name, columns in table.columns.to_series().groupby([str(c).partition("_")[0] for c in table.columns]):
        total = difference[list(columns)].sum(axis=1, skipna=False)
        of_feature[name] = total / 2 if len(columns) > 1 else total
    return pd.DataFrame(of_feature).mean(axis=1).rename("distance")


class Space(NamedTuple):
    """The vectors behind one measure.

    vectors: a row a language, values in [0, 1], NaN unknown. stated: the same without what was imputed. presence:
    whether a feature is a mark that languages share, so that lacking it together says nothing (groups of a family
    tree). relative_to: the one language that the features compare with, where they are no features of one language.
    """

    vectors: pd.DataFrame
    stated: pd.DataFrame
    presence: bool = False
    relative_to: str | None = None


def _known(vectors: np.ndarray, source: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both sides of each pair, (languages, features), with zeros where a feature is not known in both."""
    known = ~np.isnan(vectors) & ~np.isnan(source)
    return np.where(known, vectors, 0), np.where(known, source, 0)
