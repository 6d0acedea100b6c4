"""What the choice of the checkpoint is worth: last, English development set, average, and the oracle beside them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from xtl.analysis import wording
from xtl.analysis.questions.gaps import changed, column_names, origins
from xtl.analysis.results import Results, first_source
from xtl.analysis.scores import gains as gain_tables
from xtl.analysis.scores.arms import retrieves
from xtl.analysis.scores.tables import BASELINE, CELL, main_scores
from xtl.analysis.section import Section, Table, block, parts, section, table

TITLE = "Choice of the checkpoint"
ORACLE = "oracle"
RULES = {
    "last": "the last checkpoint",
    "english_dev": "best on English development data",
    "average": "averaged weights",
    ORACLE: "oracle, not zero-shot",
}
ORACLE_METHOD = (
    "The oracle takes the checkpoint that is best on the target language's own labels: no zero-shot score, but what "
    "the choice of a single checkpoint could be worth at most (after Keung et al. 2020, arXiv 2004.15001)."
)


def checkpoints(results: Results) -> Section:
    """What other checkpoints than the recipe's would have given, the oracle beside them; empty with one rule."""
    chosen = choices(first_source(results.units), results.unit_rows, results.wanted)
    if chosen.empty:
        return section("checkpoints", TITLE)
    rules = [rule for rule in RULES if rule in set(chosen["rule"])]
    apart = differences(chosen, rules[0])
    if not apart["difference"].notna().any():
        return section("checkpoints", TITLE)
    change = intervals(apart, "difference")
    overall = change[change["language"] == "mean"]
    notes = [ORACLE_METHOD] if ORACLE in rules else []
    tables = [*_mean_tables(chosen, overall, rules), _language_table(change[change["language"] != "mean"])]
    return section("checkpoints", TITLE, block(text=_worth(overall), tables=tables, notes=notes))


def rule_of(selection: pd.Series) -> pd.Series:
    """The rule's name of a `selection` such as `last` or `english_dev@400`."""
    return selection.astype("string").str.replace("@.*", "", regex=True)


def choices(
    cells: pd.DataFrame, scores: pd.DataFrame, languages: Mapping[str, list[str]] | None = None
) -> pd.DataFrame:
    """Main scores under every rule that the runs recorded: tables.main_scores with the columns `rule`, `zero_shot`.

    cells, scores, languages: as Results has them. Rules stand in the column `selection`; the headline's rows are one
    of them, the others are not headline. Targets without training have no checkpoint to choose. `zero_shot` is False
    for the oracle, which reads the labels of the target languages, and for the source language itself. Empty unless
    there are at least two rules.
    """
    rows = scores[~scores["target"].map(retrieves).astype(bool)]
    rows = rows.assign(rule=rule_of(rows["selection"])) if "selection" in rows else rows.assign(rule=pd.NA)
    if "headline" in rows:  # a rule that is also the headline's is written once
        rows = rows.sort_values("headline", ascending=False, kind="stable")
    rows = rows.drop_duplicates(["run_id", "target", "language", "split", "metric", "rule"])
    recorded = [rule for rule in RULES if rule in set(rows["rule"].dropna())]
    if len(recorded) < 2:
        return pd.DataFrame()
    cells = cells[cells["target"].isin(set(rows["target"]))]
    tables = []
    for rule in recorded:
        own = rows[rows["rule"] == rule].assign(headline=True)
        served = cells[cells["run_id"].isin(set(own["run_id"]))]
        tables.append(main_scores(served, own.drop(columns="rule"), languages).assign(rule=rule))
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
    scores = pd.concat([away[[*key, "language", "score"]], mean], ignore_index=True)
    pair = [*CELL, "seed", "run_id", "language"]
    base = scores.loc[scores["rule"] == reference, [*pair, "score"]].rename(columns={"score": "base"})
    rows = scores[scores["rule"] != reference].merge(base, on=pair, how="inner")
    return rows.assign(difference=rows["score"] - rows["base"]).drop(columns="base")


def intervals(table: pd.DataFrame, value: str) -> pd.DataFrame:
    """Mean over seeds with pooled t intervals per rule, cell and language (gains.intervals), with the column `rule`."""
    tables = [gain_tables.intervals(rows, value).assign(rule=rule) for rule, rows in table.groupby("rule", sort=False)]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def _mean_tables(chosen: pd.DataFrame, overall: pd.DataFrame, rules: list[str]) -> list[Table]:
    """Means over languages without intermediate training, and with it."""
    key = ["target", *origins(chosen), "intermediate", "encoder"]
    zero_shot = chosen[(chosen["language"] != chosen["source"]) & (chosen["rule"] == rules[0])]
    level = zero_shot.groupby(key)["score"].agg(lambda values: values.mean(skipna=False))
    by_rule = overall.set_index([*key, "rule"])
    note = f"Differences to {RULES[rules[0]]}, paired by seed, with pooled 95 % t intervals over seeds."
    caption = "Mean over the languages besides the source in points, and what another choice changes"
    columns = [*column_names(key), *(RULES[rule] for rule in rules)]
    tables = []
    plain = overall["intermediate"] == BASELINE
    for kept, what in ((overall[plain], f"{BASELINE} alone"), (overall[~plain], "other intermediates")):
        rows = []
        for place, _ in parts(kept, key):
            score = wording.points(level.get(place, np.nan), False)
            rows.append([*place, score, *(changed(by_rule, (*place, rule)) for rule in rules[1:])])
        if rows:
            tables.append(table(f"{caption}, {what}", columns, rows, [note]))
    return tables


def _language_table(change: pd.DataFrame) -> Table:
    rows = []
    for r in change[np.isfinite(change["mean"])].itertuples():
        difference = [wording.points(r.mean), wording.spread(r.low, r.high)]
        rows.append([r.language, r.target, r.encoder, r.intermediate, RULES[r.rule], *difference, r.seeds])
    columns = ["language", "target", "encoder", "intermediate", "checkpoint", "difference", "95 % interval", "seeds"]
    return table("The choice of the checkpoint by language", columns, rows)


def _worth(overall: pd.DataFrame) -> list[str]:
    """Mean difference of each rule over the cells, and in how many it is clear."""
    sentences = []
    for rule, rows in overall.groupby("rule", sort=False):
        measured = rows[rows["mean"].notna()]
        if len(measured):
            clear = int(((measured["low"] > 0) | (measured["high"] < 0)).sum())
            name = RULES[rule][0].upper() + RULES[rule][1:]
            sentences.append(
                f"{name}: {wording.points(measured['mean'].mean())} points on average over {len(measured)} cells, with "
                f"a 95 % interval clear of zero in {clear}."
            )
    return sentences
