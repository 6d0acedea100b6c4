"""Formulas of similarity and distance between vectors of features, the same for natural and made languages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from xtl.base.errors import UserError


def cosine(vectors: np.ndarray, source: np.ndarray, presence: bool = False) -> np.ndarray:
    """x·s / (|x| |s|) over the features known in both, for each row x; NaN where one of them is without any.

    vectors: (languages, features) in [0, 1], NaN unknown. source: (features,). The values are in [0, 1].

    >>> cosine(np.array([[1, 0, np.nan], [1, 1, 1]]), np.array([1, 0, 1])).round(2).tolist()
    [1.0, 0.82]
    """
    known = ~np.isnan(vectors) & ~np.isnan(source)
    x = np.where(known, vectors, 0)
    s = np.where(known, source, 0)
    length = np.sqrt((x**2).sum(axis=1) * (s**2).sum(axis=1))
    with np.errstate(invalid="ignore"):
        return np.where(length > 0, np.minimum((x * s).sum(axis=1) / length, 1), np.nan)


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

    >>> matching(np.array([[1, 0, 0, 1]]), np.array([1, 0, 1, 1])).tolist()
    [0.75]
    """
    difference = np.abs(vectors - source)
    if presence:
        difference = np.where((vectors == 0) & (source == 0), np.nan, difference)
    known = ~np.isnan(difference)
    return np.where(known.any(axis=1), 1 - np.nansum(difference, axis=1) / np.maximum(known.sum(axis=1), 1), np.nan)


DEFINITIONS: dict[str, Callable[[np.ndarray, np.ndarray, bool], np.ndarray]] = {
    "cosine": cosine,
    "angular": angular,
    "matching": matching,
}


def gower(table: pd.DataFrame, source: str = "en") -> pd.Series:
    """Distance of every language from `source` in [0, 1], by Gower's formula.

    For each feature f known in both languages, d_f is |x_f − s_f| for a single column and half the sum of absolute
    differences over the columns of a one-of-many feature (`order_sov`, `order_svo`), so that two languages with
    different values are 1 apart, however many values there are. The distance is the plain mean of d_f over the
    features known in both, NaN if there is none. Similarity is 1 − distance.

    table: a row a language, as Linguistics.features gives them. Raises UserError if `source` is not in it.

    >>> table = pd.DataFrame({"order_sov": [0, 1], "order_svo": [1, 0], "case": [1, 1]}, index=["en", "qaa"])
    >>> gower(table).to_dict()
    {'en': 0.0, 'qaa': 0.5}
    """
    if source not in table.index:
        raise UserError(f"There are no features of the source language '{source}'; known: {', '.join(table.index)}.")
    difference = (table - table.loc[source]).abs()
    features = [str(column).partition("_")[0] for column in table.columns]
    by_feature = {}
    for feature, columns in table.columns.to_series().groupby(features):
        total = difference[list(columns)].sum(axis=1, skipna=False)
        by_feature[feature] = total / 2 if len(columns) > 1 else total
    return pd.DataFrame(by_feature).mean(axis=1).rename("distance")


@dataclass(frozen=True)
class Space:
    """The vectors behind one measure of similarity.

    Attributes:
        vectors: a row a language, values in [0, 1], NaN unknown.
        stated: the same without what was imputed.
        presence: whether a feature is a mark that languages share, so that lacking it together says nothing (groups of
            a family tree).
        relative_to: the one language that the features compare with, where they are no features of one language.
    """

    vectors: pd.DataFrame
    stated: pd.DataFrame
    presence: bool = False
    relative_to: str | None = None

    def compared(self, to: str, definition: str, imputed: bool) -> pd.DataFrame:
        """Columns similarity, known and stated of every language against one, see Linguistics.measured.

        >>> table = pd.DataFrame({"case": [1, 0], "articles": [1, np.nan]}, index=["en", "qaa"])
        >>> Space(table, table).compared("en", "matching", imputed=True).loc["qaa"].to_dict()
        {'similarity': 0.0, 'known': 0.5, 'stated': 0.5}
        """
        table = self.vectors if imputed else self.stated
        similarity = DEFINITIONS[definition](table.to_numpy(), table.loc[to].to_numpy(), self.presence)
        columns = {"similarity": similarity, "known": _shared(table, to), "stated": _shared(self.stated, to)}
        rows = pd.DataFrame(columns, index=table.index)
        if self.relative_to and to != self.relative_to:
            rows.loc[~rows.index.isin([to, self.relative_to]), :] = (np.nan, 0.0, 0.0)
        return rows


def same_label(labels: pd.Series, to: str) -> pd.DataFrame:
    """Columns similarity (1 where a language has the label of the other, else 0), known and stated.

    >>> same_label(pd.Series({"en": "Latin", "de": "Latin", "ru": "Cyrillic"}), "en")["similarity"].to_dict()
    {'en': 1.0, 'de': 1.0, 'ru': 0.0}
    """
    known = (labels.notna() & pd.notna(labels[to])).astype(float)
    equal = (labels == labels[to]).astype(float).where(known == 1)
    return pd.DataFrame({"similarity": equal, "known": known, "stated": known})


def _shared(table: pd.DataFrame, to: str) -> pd.Series:
    """The share of features that are known both of a language and of the other."""
    known = table.notna()
    return (known & known.loc[to]).mean(axis=1)
