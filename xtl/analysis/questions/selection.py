"""What the choice of the checkpoint is worth: last, English development set, average, and the oracle beside them."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from xtl.analysis.scores import gains
from xtl.analysis.scores.arms import retrieves
from xtl.analysis.scores.tables import CELL, main_scores

RULES = ("last", "english_dev", "average", "oracle")
ORACLE = "oracle"


def rule_of(selection: pd.Series) -> pd.Series:
    """The rule's name of a `selection` such as `last` or `english_dev@400`."""
    return selection.astype("string").str.replace("@.*", "", regex=True)


def choices(
    cells: pd.DataFrame, scores: pd.DataFrame, languages: Mapping[str, list[str]] | None = None
) -> pd.DataFrame:
    """Main scores under every rule that the runs recorded: tables.main_scores with the columns `rule`, `zero_shot`.

    cells, scores, languages: as tables.gather returns them. Rules stand in the column `selection`; the headline's rows
    are one of them, the others are not headline. Targets without training have no checkpoint to choose. `zero_shot` is
    False for the oracle, which reads the labels of the target languages, and for the source language itself. Empty
    unless there are at least two rules.
    """
    rows = scores[~scores["target"].map(retrieves).astype(bool)]
    rows = rows.assign(rule=rule_of(rows["selection"])) if "selection" in rows else rows.assign(rule=pd.NA)
    if "headline" in rows:  # a rule that is also the headline's is written once
        rows = rows.sort_values("headline", ascending=False, kind="stable")
    rows = rows.drop_duplicates(["run_id", "target", "language", "split", "metric", "rule"])
    found = [rule for rule in RULES if rule in set(rows["rule"].dropna())]
    if len(found) < 2:
        return pd.DataFrame()
    cells = cells[cells["target"].isin(set(rows["target"]))]
    tables = []
    for rule in found:
        here = rows[rows["rule"] == rule].assign(headline=True)
        served = cells[cells["run_id"].isin(set(here["run_id"]))]
        tables.append(main_scores(served, here.drop(columns="rule"), languages).assign(rule=rule))
    result = pd.concat(tables, ignore_index=True)
    return result.assign(zero_shot=(result["rule"] != ORACLE) & (result["language"] != result["source"]))


def differences(chosen: pd.DataFrame, reference: str) -> pd.DataFrame:
    """Score under every other rule minus that under the reference rule, per cell, seed and language, in points.

    chosen: as `choices` returns it. The rows of the `mean` (in `language`) are over the languages besides the source,
    NaN where one is missing. Columns: those of a cell, seed, run_id, same_data, language, rule, score, difference.
    """
    key = [*CELL, "seed", "run_id", "same_data", "rule"]
    away = chosen[(chosen["language"] != chosen["source"]) & chosen["language"].notna()]
    grouped = away.groupby(key, sort=False, dropna=False)["score"]
    mean = grouped.mean().where(grouped.count() == grouped.size()).rename("score").reset_index().assign(language="mean")
    table = pd.concat([away[[*key, "language", "score"]], mean], ignore_index=True)
    pair = [*CELL, "seed", "run_id", "language"]
    base = table.loc[table["rule"] == reference, [*pair, "score"]].rename(columns={"score": "base"})
    rows = table[table["rule"] != reference].merge(base, on=pair, how="inner")
    return rows.assign(difference=rows["score"] - rows["base"]).drop(columns="base")


def intervals(table: pd.DataFrame, value: str) -> pd.DataFrame:
    """Mean over seeds with pooled t intervals per rule, cell and language (gains.intervals), with the column `rule`."""
    parts = [gains.intervals(here, value).assign(rule=rule) for rule, here in table.groupby("rule", sort=False)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
