"""How similar languages are to a source language, by several measures and formulas, for natural and made languages."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xtl.base.errors import UserError
from xtl.languages.formulas import DEFINITIONS
from xtl.languages.linguistics import Linguistics

MIN_LANGUAGES = 3  # fewer have no ranks to compare
MOST = 0.5  # share of features that sources must state of a language before its similarity without imputation is ranked


def measured(
    languages: Linguistics, source: str = "en", definition: str = "cosine", imputed: bool = True
) -> pd.DataFrame:
    """Every measure of every language against `source`: columns language, measure, similarity, known, stated.

    definition: one of DEFINITIONS; labels are equal or not under any. imputed: whether URIEL's imputed values take
    part. similarity: in [0, 1], higher is more similar, NaN where it is not known. known: the share of the measure's
    features that the value was computed from, those known in both languages. stated: the share that a source states for
    both, imputed values not counted. Raises UserError for an unknown source or definition.
    """
    if definition not in DEFINITIONS:
        raise UserError(f"There is no definition '{definition}' of similarity; there are {', '.join(DEFINITIONS)}.")
    named = languages.labels()
    if source not in named.index:
        raise UserError(f"There is no language '{source}' to compare with; there are {', '.join(named.index)}.")
    parts = []
    for measure, space in languages.spaces().items():
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


def similarities(
    languages: Linguistics, source: str = "en", definition: str = "cosine", imputed: bool = True
) -> pd.DataFrame:
    """Similarity of every language to `source`: a row a language (index: code), a column a measure, as `measured`.

    XTREME: genetic, geographic, syntactic, phonological, inventory (URIEL), family, branch, script (equal or not). The
    laboratory: syntactic, lexical, corpus (planted), genetic (same family or not), script. `geographic` compares how
    far two languages are from points all over the globe: near 1 for neighbours, and no distance; Linguistics.kilometres
    has the great circle between the same positions.
    """
    return _wide(measured(languages, source, definition, imputed), "similarity")


def coverage(languages: Linguistics, source: str = "en") -> pd.DataFrame:
    """Language × measure: the share of features that a source states for both the language and `source`.

    URIEL imputes the rest of syntactic, phonological and inventory: where this is 0, the similarity is a guess from
    relatives and neighbours.
    """
    return _wide(measured(languages, source), "stated")


def compared(languages: Linguistics, source: str = "en") -> pd.DataFrame:
    """How other definitions rank the languages than the cosine does: a row a measure and another definition.

    against: `angular` and `matching`; `stated`, the cosine without imputed values, where anything is imputed and over
    the languages of which sources state at least half; for geographic the `great circle`. spearman: rank correlation
    with the cosine over the n languages, without the source, that both know; 1 for `angular` by construction, NaN for
    fewer than three languages or for equal values only. language: the one whose ranks differ most, with its rank (1 is
    the most similar, ties share) by the cosine and by the other; missing where none differs. Measures that are equal or
    not have one definition, and no row.
    """
    base, rows = similarities(languages, source), []
    others = {name: similarities(languages, source, name) for name in DEFINITIONS if name != "cosine"}
    others["stated"] = similarities(languages, source, imputed=False).where(coverage(languages, source) >= MOST)
    for measure, space in languages.spaces().items():
        found = {name: table[measure] for name, table in others.items()}
        if space.stated.isna().equals(space.vectors.isna()):
            del found["stated"]
        kilometres = languages.kilometres(source)
        if measure == "geographic" and kilometres is not None:
            found["great circle"] = -kilometres
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
