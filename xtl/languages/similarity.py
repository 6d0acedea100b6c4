"""How similar languages are to a source language, by several measures and formulas, for natural and made languages."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from xtl.base.errors import UserError
from xtl.languages import names as languages
from xtl.languages import typology

# The laboratory's planted features by measure, named as xtl.languages.names.distance groups the columns.
MADE = {
    "syntactic": ("order", "postpositions", "adjective", "articles", "case"),
    "lexical": ("vocabulary",),
    "corpus": ("corpus",),
}
MIN_LANGUAGES = 3  # fewer have no ranks to compare
MOST = 0.5  # share of features that sources must state of a language before its similarity without imputation is ranked


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


# ---- formulas ------------------------------------------------------------------------------------------------------


def cosine(vectors: np.ndarray, source: np.ndarray, presence: bool = False) -> np.ndarray:
    """x·s / (|x| |s|) over the features known in both, for each row x; NaN where one of them is without any.

    vectors: (languages, features) in [0, 1], NaN unknown. source: (features,). The values are in [0, 1].
    """
    x, s = _known(vectors, source)
    length = np.sqrt((x**2).sum(1) * (s**2).sum(1))
    with np.errstate(invalid="ignore"):
        return np.where(length > 0, np.minimum((x * s).sum(1) / length, 1), np.nan)


def angular(vectors: np.ndarray, source: np.ndarray, presence: bool = False) -> np.ndarray:
    """1 − 2·arccos(cosine)/π: the angle as a share of the right angle, the widest between vectors without negatives.

    (1 − arccos(cosine)/π, the formula for vectors of any sign, would leave the half of [0, 1] below 0.5 empty.) It
    grows with the cosine, so it never ranks languages otherwise; it only spreads them otherwise along the axis.
    """
    return 1 - 2 * np.arccos(cosine(vectors, source)) / np.pi


def matching(vectors: np.ndarray, source: np.ndarray, presence: bool = False) -> np.ndarray:
    """1 − mean |x − s| over the features known in both (Gower 1971): for yes and no, the share in which they agree.

    Unlike the cosine it counts what both lack. With `presence` it does not, as Gower's weights leave out joint absences
    of marks that are there or not: Jaccard's share of common groups.
    """
    difference = np.abs(vectors - source)
    if presence:
        difference = np.where((vectors == 0) & (source == 0), np.nan, difference)
    known = ~np.isnan(difference)
    return np.where(known.any(1), 1 - np.nansum(difference, 1) / np.maximum(known.sum(1), 1), np.nan)


DEFINITIONS = {"cosine": cosine, "angular": angular, "matching": matching}


def _known(vectors: np.ndarray, source: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both sides of each pair, (languages, features), with zeros where a feature is not known in both."""
    known = ~np.isnan(vectors) & ~np.isnan(source)
    return np.where(known, vectors, 0), np.where(known, source, 0)


# ---- what is compared ----------------------------------------------------------------------------------------------


def spaces(data: dict) -> dict[str, Space]:
    """Measure -> the vectors of a data source's languages.

    XTREME: URIEL's sets (typology.py). The laboratory: its planted features, those with two values as two columns
    (has it, has it not) and shares as share and rest, since URIEL too has columns for either side (adposition before,
    after) and a cosine sees only what is there. With such columns the cosine over features of yes and no is the share
    of features in which two languages agree. `lexical` is the vocabulary shared with English, and known against
    English only. Geography, phonology and sounds were not made, so the laboratory has no measure of them.
    """
    if data["kind"] == "lab":
        table = languages.features(data)
        made = {measure: _one_of_many(table, names) for measure, names in MADE.items()}
        return {m: Space(v, v, relative_to="en" if m == "lexical" else None) for m, v in made.items()}
    complete, stated = typology.vectors(), typology.vectors(imputed=False)
    return {measure: Space(v, stated[measure], presence=measure == "genetic") for measure, v in complete.items()}


def labels(data: dict) -> pd.DataFrame:
    """Language × measures that are 1 where two languages have the same label and 0 where not.

    XTREME: family, branch, script. The laboratory: genetic (the made family) and script.
    """
    if data["kind"] == "lab":
        made = {"genetic": languages.families(data), "script": languages.scripts(data)}
        return pd.DataFrame({name: pd.Series(column) for name, column in made.items()})
    return languages.NATURAL[["family", "branch", "script"]]


def _one_of_many(table: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """The columns of the named features; a feature with one column gets a second, its complement."""
    parts = []
    for name in names:
        columns = [column for column in table if column.partition("_")[0] == name]
        parts.append(table[columns])
        if len(columns) == 1:
            parts.append((1 - table[columns]).add_prefix("not_"))
    return pd.concat(parts, axis=1)


# ---- tables --------------------------------------------------------------------------------------------------------


def measured(data: dict, source: str = "en", definition: str = "cosine", imputed: bool = True) -> pd.DataFrame:
    """Every measure of every language against `source`: columns language, measure, similarity, known, stated.

    definition: one of DEFINITIONS; labels are equal or not under any. imputed: whether URIEL's imputed values take
    part. similarity: in [0, 1], higher is more similar, NaN where it is not known. known: the share of the measure's
    features that the value was computed from, those known in both languages. stated: the share that a source states for
    both, imputed values not counted. Raises UserError for an unknown source or definition.
    """
    if definition not in DEFINITIONS:
        raise UserError(f"There is no definition '{definition}' of similarity; there are {', '.join(DEFINITIONS)}.")
    named = labels(data)
    if source not in named.index:
        raise UserError(f"There is no language '{source}' to compare with; there are {', '.join(named.index)}.")
    parts = []
    for measure, space in spaces(data).items():
        table = space.vectors if imputed else space.stated
        value = DEFINITIONS[definition](table.to_numpy(), table.loc[source].to_numpy(), space.presence)
        rows = pd.DataFrame({"similarity": value, "known": _shared(table, source)}, index=table.index)
        rows["stated"] = _shared(space.stated, source)
        if space.relative_to and source != space.relative_to:
            others = ~table.index.isin([source, space.relative_to])
            rows.loc[others, :] = (np.nan, 0.0, 0.0)
        parts.append(rows.assign(measure=measure))
    for measure, column in named.items():
        known = (column.notna() & pd.notna(column[source])).astype(float)
        equal = (column == column[source]).astype(float).where(known == 1)
        parts.append(pd.DataFrame({"similarity": equal, "known": known, "stated": known}).assign(measure=measure))
    result = pd.concat(parts).rename_axis("language").reset_index()
    return result[["language", "measure", "similarity", "known", "stated"]]


def similarities(data: dict, source: str = "en", definition: str = "cosine", imputed: bool = True) -> pd.DataFrame:
    """Similarity of every language to `source`: a row a language (index: code), a column a measure, as `measured`.

    XTREME: genetic, geographic, syntactic, phonological, inventory (URIEL), family, branch, script (equal or not). The
    laboratory: syntactic, lexical, corpus (planted), genetic (same family or not), script. `geographic` compares how
    far two languages are from points all over the globe: near 1 for neighbours, and no distance; typology.kilometres
    has the great circle between the same positions.
    """
    return _wide(measured(data, source, definition, imputed), "similarity")


def distance(data: dict, source: str = "en") -> pd.Series:
    """The one distance that the analysis leads with, in [0, 1], by Gower's formula: of the laboratory's languages over
    all planted features (names.distance), of XTREME's over URIEL's syntactic features, imputed where no source
    states them; NaN where a language is not known. Every other measure stands beside it.
    """
    if data["kind"] == "lab":
        return languages.distance(languages.features(data), source)
    return (1 - similarities(data, source, "matching")["syntactic"]).rename("distance")


def coverage(data: dict, source: str = "en") -> pd.DataFrame:
    """Language × measure: the share of features that a source states for both the language and `source`.

    URIEL imputes the rest of syntactic, phonological and inventory: where this is 0, the similarity is a guess from
    relatives and neighbours.
    """
    return _wide(measured(data, source), "stated")


def compared(data: dict, source: str = "en") -> pd.DataFrame:
    """How other definitions rank the languages than the cosine does: a row a measure and another definition.

    against: `angular` and `matching`; `stated`, the cosine without imputed values, where anything is imputed and over
    the languages of which sources state at least half; for geographic the `great circle`. spearman: rank correlation
    with the cosine over the n languages, without the source, that both know; 1 for `angular` by construction, NaN for
    fewer than three languages or for equal values only. language: the one whose ranks differ most, with its rank (1 is
    the most similar, ties share) by the cosine and by the other; missing where none differs. Measures that are equal or
    not have one definition, and no row.
    """
    base, rows = similarities(data, source), []
    others = {name: similarities(data, source, name) for name in DEFINITIONS if name != "cosine"}
    others["stated"] = similarities(data, source, imputed=False).where(coverage(data, source) >= MOST)
    for measure, space in spaces(data).items():
        found = {name: table[measure] for name, table in others.items()}
        if space.stated.isna().equals(space.vectors.isna()):
            del found["stated"]
        if measure == "geographic":
            found["great circle"] = -typology.kilometres(source)
        rows += [{"measure": measure, "against": k, **_ranks(base[measure], v, source)} for k, v in found.items()]
    return pd.DataFrame(rows)


def _ranks(first: pd.Series, second: pd.Series, source: str) -> dict:
    """What `compared` says of two columns of similarities: spearman, n, language, rank, rank_against."""
    both = pd.DataFrame({"rank": first, "rank_against": second}).drop(index=source).dropna()
    ranks = both.round(9).rank(ascending=False)  # differences of rounding are ties
    varied = len(ranks) >= MIN_LANGUAGES and (ranks.nunique() > 1).all()
    apart = (ranks["rank"] - ranks["rank_against"]).abs()
    language = apart.idxmax() if len(apart) and apart.max() > 0 else None
    places = ranks.loc[language].to_dict() if language else {"rank": np.nan, "rank_against": np.nan}
    spearman = ranks["rank"].corr(ranks["rank_against"]) if varied else np.nan
    return {"spearman": spearman, "n": len(ranks), "language": language, **places}


def _shared(table: pd.DataFrame, source: str) -> pd.Series:
    """The share of features that are known both of a language and of `source`."""
    known = table.notna()
    return (known & known.loc[source]).mean(axis=1)


def _wide(rows: pd.DataFrame, value: str) -> pd.DataFrame:
    order = list(dict.fromkeys(rows["measure"]))
    wide = rows.pivot(index="language", columns="measure", values=value)
    return wide.loc[list(dict.fromkeys(rows["language"])), order].rename_axis(columns=None)
