"""How scores and gains follow the distance from the source language: one point per language, rank correlation."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from xtl.analysis.scores.tables import CELL
from xtl.analysis.statistics import clustered, power
from xtl.analysis.statistics.intervals import spearman
from xtl.languages.linguistics import Linguistics
from xtl.languages.similarity import gower

POOLED = "all targets"
WITHIN = ["within_r", "within_p", "within_low", "within_high", "families", "alone"]
ALPHA = 0.05
NOTHING, SINGLE = "not computed", "one definition only"
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


def over_targets(table: pd.DataFrame, value: str) -> pd.DataFrame:
    """The mean of `value` over targets, per encoder, intermediate, seed and language; `target` is POOLED.

    Cells of same_data are left out. Where targets do not list the same languages, a plain mean would compare languages
    over different targets, so it is the language's effect in the additive fit language + target plus the mean target
    effect, which is the plain mean where the lists agree. A language with a missing value in one of its targets is NaN.

    table: rows per cell, seed and language (main_scores or gains). Columns: those of CELL, seed, language, same_data
    (False), `value` and, where the table has it, `unknown` (the highest of any target).
    """
    key = [column for column in CELL if column != "target"] + ["seed"]
    table = table[~table["same_data"].astype(bool) & table["language"].notna()]
    parts = []
    for names, group in table.groupby(key, sort=False, dropna=False):
        wide = group.set_index(["language", "target"])[value].unstack("target").reindex(group["language"].unique())
        listed = group.assign(listed=True).set_index(["language", "target"])["listed"].unstack("target")
        listed = listed.reindex(index=wide.index, columns=wide.columns).notna()
        part = pd.DataFrame({"language": wide.index, value: _language_effects(wide.to_numpy(float), listed.to_numpy())})
        if "unknown" in group:
            part["unknown"] = part["language"].map(group.groupby("language")["unknown"].max())
        parts.append(part.assign(**dict(zip(key, names, strict=True))))
    columns = [*CELL, "seed", "language", "same_data", value]
    if not parts:
        return pd.DataFrame(columns=columns)
    return pd.concat(parts, ignore_index=True).assign(target=POOLED, same_data=False)


def _language_effects(wide: np.ndarray, listed: np.ndarray) -> np.ndarray:
    """Mean over targets of a (languages, targets) table, by an additive fit where not every cell is listed."""
    lacking = (listed & ~np.isfinite(wide)).any(axis=1)
    if listed.all():
        return np.where(lacking, np.nan, wide.mean(axis=1))
    language, target = np.nonzero(listed & ~lacking[:, None])
    design = np.column_stack([language[:, None] == np.arange(len(wide)), target[:, None] == np.arange(wide.shape[1])])
    fitted, _, rank, _ = np.linalg.lstsq(design.astype(float), wide[language, target], rcond=None)
    used = len(set(language)) + len(set(target)) - 1
    if rank < used or not len(language):  # targets without a language in common: nothing says how they compare
        return np.full(len(wide), np.nan)
    return np.where(lacking, np.nan, fitted[: len(wide)] + fitted[len(wide) :][sorted(set(target))].mean())


def measures(languages: Linguistics, source: str) -> dict[str, pd.DataFrame]:
    """Similarity to the source under two definitions, definition -> table of a row a language and a column a measure.

    The measures of Linguistics.similarities, before them `all features`. Matching is Gower's similarity, in which two
    languages without a feature agree; in the cosine only what both have counts. (The angle ranks languages as the
    cosine does and is no second definition for a rank correlation.)
    """
    features = languages.features()
    vectors, own = features.fillna(0.0), features.loc[source].fillna(0.0)
    length = np.sqrt((vectors**2).sum(axis=1) * (own**2).sum())
    cosine = (vectors @ own / length.where(length > 0)).where(features.notna().any(axis=1))
    every = {"matching": 1 - gower(features, source), "cosine": cosine}
    return {
        name: pd.concat([column.rename("all features"), languages.similarities(source, name)], axis=1)
        for name, column in every.items()
    }


def controls(languages: Linguistics, source: str, checkpoint: str | None = None) -> pd.DataFrame:
    """What may stand behind similarity, a row a language: `same script` as the source and `log corpus size`.

    The size is that of the pretraining text of a checkpoint, or of the laboratory's encoders (Linguistics.log_sizes);
    without any known size there is no such column.
    """
    script = pd.Series(languages.scripts())
    result = pd.DataFrame({"same script": (script == script[source]).astype(float)})
    size = languages.log_sizes(checkpoint)
    return result.assign(**{"log corpus size": size}) if size.notna().any() else result


def inference(
    table: pd.DataFrame, value: str, families: Mapping[str, str],
    controls: Mapping | None = None, against: str = "similarity",
) -> pd.DataFrame:  # fmt: skip
    """The correlations of every cell, naive and within families, each plain and given controls.

    table: as `points` returns it. families: language -> family. controls: source, or (encoder, source) where an
    encoder has its own, -> table (a row a language, a column a control).

    Columns: those of `correlations`; within_r, within_p, within_low, within_high, families, alone, orders (see
    clustered.within_families); partial_r, partial_p, partial_n, partial_df, dropped (clustered.partial) and the same
    with partial_within_ for those within families; controls: their names; left_out: languages without one of them.
    """
    rows = []
    for key, group in table.groupby(CELL, sort=False, dropna=False):
        x, y, names = group[against], group[value], group["language"].map(families)
        within, row = clustered.within_families(x, y, names), {**dict(zip(CELL, key, strict=True))}
        row |= {"same_data": bool(group["same_data"].any()), **spearman(x, y)._asdict()}
        row |= {"within_r": within.r, "within_p": within.p, "within_low": within.low, "within_high": within.high}
        row |= {"families": within.families, "alone": within.alone, "orders": within.orders}
        tables = controls or {}
        given = tables.get((row["encoder"], row["source"]), tables.get(row["source"]))
        if given is not None:
            given = given.reindex(group["language"]).reset_index(drop=True)
            for name, of in (("partial", None), ("partial_within", names)):
                found = clustered.partial(x, y, given, of)._asdict()
                row |= {f"{name}_{key}": found[key] for key in ("r", "p", "n", "df")}
                row[f"{name}_dropped"] = ", ".join(found["dropped"])
            row["controls"] = ", ".join(map(str, given.columns))
            row["left_out"] = int(given.isna().any(axis=1).sum())
        rows.append(row)
    return pd.DataFrame(rows)


def stability(table: pd.DataFrame, value: str, families: Mapping[str, str]) -> pd.DataFrame:
    """Leave one family out: columns of a cell, r_low, r_high (range of within_r), sign, significance.

    sign and significance: the families without which the sign of r, or p below 0.05 or not, changes (joined by commas).
    """
    rows = []
    for key, group in table.groupby(CELL, sort=False, dropna=False):
        x, y, names = group["similarity"], group[value], group["language"].map(families)
        whole, rest = clustered.within_families(x, y, names), clustered.leave_one_out(x, y, names)
        rest = rest.dropna(subset=["within_r"])
        sign = rest.index[np.sign(rest["within_r"]) != np.sign(whole.r)] if np.isfinite(whole.r) else []
        other = rest.index[(rest["within_p"] < ALPHA) != (whole.p < ALPHA)] if np.isfinite(whole.r) else []
        low, high = (rest["within_r"].min(), rest["within_r"].max()) if len(rest) else (np.nan, np.nan)
        rows.append((*key, low, high, ", ".join(map(str, sign)), ", ".join(map(str, other))))
    return pd.DataFrame(rows, columns=[*CELL, "r_low", "r_high", "sign", "significance"])


def design_power(
    table: pd.DataFrame, seeds: pd.DataFrame, value: str, families: Mapping[str, str], level: float
) -> pd.DataFrame:
    """What the design sees in each cell, at the reliability of its own values, if a claim is made at `level`.

    table: as `points` returns it; seeds: the rows it was made from (a row a language and seed). A row a cell: CELL,
    reliability, reliability_low, reliability_high, seeds and the fields of power.Power.
    """
    rows = []
    encoders = table["encoder"].nunique()
    of_cell = dict(iter(seeds.groupby(CELL, sort=False, dropna=False)))
    for cell, group in table.groupby(CELL, sort=False, dropna=False):
        group = group.dropna(subset=[value, "similarity"])
        wide = of_cell[cell].set_index(["language", "seed"])[value].unstack("seed").dropna(axis=1, how="all")
        family = group["language"].map(families)
        noise = power.reliability(wide.reindex(group["language"]), family)
        seen = power.correlation(group["similarity"], family, noise.value, noise.seeds, encoders, level)
        rows.append({
            **dict(zip(CELL, cell, strict=True)), "reliability": noise.value, "reliability_low": noise.low,
            "reliability_high": noise.high, "seeds": noise.seeds, **seen._asdict(),
        })  # fmt: skip
    return pd.DataFrame(rows, columns=None if rows else [*CELL, "reliability", "seeds", *power.Power._fields])


def by_measure(
    table: pd.DataFrame, value: str, families: Mapping[str, str], measures: Mapping[str, Mapping[str, pd.DataFrame]]
) -> pd.DataFrame:
    """The correlation within families under every measure of similarity and each of its definitions, cell by cell.

    table: rows per cell, seed and language. measures: source -> definition -> table (a row a language, a column a
    measure). Columns: those of CELL, measure, definition, n, r (all languages), within_r, within_p.
    """
    plain, rows = points(table, value, {}), []
    for cell, group in plain.groupby(CELL, sort=False, dropna=False):
        family, y = group["language"].map(families), group[value].to_numpy(float)
        for definition, found in measures.get(cell[CELL.index("source")], {}).items():
            for measure in found:
                x = group["language"].map(found[measure]).to_numpy(float)
                within = clustered.within_families(x, y, family)
                r = clustered.partial(x, y, pd.DataFrame(index=range(len(x)))).r
                rows.append((*cell, measure, definition, int(np.isfinite(x + y).sum()), r, within.r, within.p))
    return pd.DataFrame(rows, columns=[*CELL, "measure", "definition", "n", "r", "within_r", "within_p"])


def verdict(definitions: pd.DataFrame) -> str:
    """Whether what one cell says about one measure stands under all of its definitions; rows as in `by_measure`."""
    known = definitions.dropna(subset=["within_r"])
    clear = known[known["within_p"] < ALPHA]
    if known.empty:
        return NOTHING
    if len(known) < 2:
        return SINGLE
    if clear.empty:
        return "not shown under any definition"
    if len(clear) == len(known) and known[["r", "within_r"]].round(9).drop_duplicates().shape[0] == 1:
        return "holds (its definitions rank languages alike)"
    if len(clear) == len(known) and clear["within_r"].gt(0).nunique() == 1:
        return "holds under both" if len(known) == 2 else f"holds under all {len(known)}"
    return "does not hold: only under " + ", ".join(clear["definition"])
