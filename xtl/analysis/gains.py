"""Gains of intermediate training over the baseline, paired by seed."""

from __future__ import annotations

import pandas as pd

from xtl.analysis import statistics
from xtl.analysis.tables import BASELINE, CELL

PAIR = [column for column in CELL if column != "intermediate"]
CONTEXT = ["encoder", "architecture", "source", "provenance"]


def gains(scores: pd.DataFrame) -> pd.DataFrame:
    """Score minus the baseline's score of the same encoder, target, source, seed (and language), in points.

    scores: as `tables.main_scores` (gain per language) or `tables.task_scores` (gain of the task score) returns it.
    Rows of the baseline are left out; `gain` is NaN where either side is missing. Adds `baseline` and `gain`.
    A cell trained twice on the same data keeps its mark `same_data`.
    """
    pair = [*PAIR, "seed", *(["language"] if "language" in scores else [])]
    base = scores.loc[scores["intermediate"] == BASELINE, [*pair, "score"]].rename(columns={"score": "baseline"})
    result = scores[scores["intermediate"] != BASELINE].merge(base, on=pair, how="left")
    return result.assign(gain=result["score"] - result["baseline"])


def pooled_gains(task_gains: pd.DataFrame, same_data: bool = False) -> pd.DataFrame:
    """Mean gain over targets per encoder, intermediate and seed, in points, by default without cells of `same_data`.

    A target whose gain is missing makes the mean NaN. Adds `targets` (how many enter), `missing` and `left_out` (cells
    that the same_data rule left out); an intermediate whose every target is left out has no row.
    """
    key = ["encoder", "architecture", "intermediate", "source", "provenance", "seed"]
    kept = task_gains if same_data else task_gains[~task_gains["same_data"].astype(bool)]
    grouped = kept.groupby(key, sort=False, dropna=False)["gain"]
    result = pd.DataFrame(
        {
            "gain": grouped.mean().where(grouped.count() == grouped.size()),
            "targets": grouped.size(),
            "missing": grouped.size() - grouped.count(),
        }
    )
    everything = task_gains.groupby(key, sort=False, dropna=False).size()
    result["left_out"] = everything.reindex(result.index) - result["targets"]
    return result.reset_index()


def intervals(table: pd.DataFrame, value: str) -> pd.DataFrame:
    """Mean and pooled t interval of every cell of a table, the variance between seeds pooled within each target.

    table: rows per cell and seed with column `value`: task scores or gains, per language or not, over targets or not.
    Encoders are separate trainings; the intermediates of one encoder share its baseline and its pretraining, and
    languages share a model, so they count as one (statistics.pooled_intervals). Seeds that are one and the same run
    (a fixed checkpoint that nothing trained further) are one value, not a spread of zero.

    Returns a row a cell: its columns, same_data where the table has it, and those of pooled_intervals.
    """
    cell = [column for column in [*CELL, "language"] if column in table]
    if "run_id" in table:
        table = table.drop_duplicates([*cell, "run_id"])
    pools = [pool for _, pool in table.groupby("target", sort=False)] if "target" in table else [table]
    parts = [statistics.pooled_intervals(pool, value, cell, ["encoder"]).reset_index() for pool in pools]
    if not parts:
        return pd.DataFrame(
            columns=[*cell, "same_data", "mean", "seeds", "missing", "sd", "pooled_sd", "df", "low", "high", "p"]
        )
    result = pd.concat(parts, ignore_index=True)
    if "same_data" in table:
        marks = table.groupby(cell, sort=False, dropna=False)["same_data"].any().reset_index()
        result = result.merge(marks, on=cell, how="left")
    return result


def encoder_differences(pooled: pd.DataFrame) -> pd.DataFrame:
    """Difference of the pooled gain between two encoders, every pair, with a pooled t interval and Holm's correction.

    pooled: as `pooled_gains` returns it. Seeds of different encoders are independent trainings, so this is the
    two-sample interval: pooled_sd × sqrt(1/n_a + 1/n_b), with the degrees of freedom of the pooled variance.

    Columns: intermediate, source, provenance, first, second, difference, low, high, p, detectable (minimum detectable
    difference at 80 % power), p_holm; empty without two seeds or two encoders.
    """
    rows = []
    arm = ["intermediate", "source", "provenance"]
    for key, group in pooled.groupby(arm, sort=False):
        table = statistics.pooled_intervals(group, "gain", ["encoder"], ["encoder"])
        table = table[(table["seeds"] > 0) & table["pooled_sd"].notna()]
        for i, first in enumerate(table.index):
            for second in table.index[i + 1 :]:
                a, b = table.loc[first], table.loc[second]
                error = a["pooled_sd"] * (1 / a["seeds"] + 1 / b["seeds"]) ** 0.5
                low, high, p = statistics.t_of_difference(a["mean"] - b["mean"], error, a["df"])
                rows.append(
                    (
                        *key,
                        first,
                        second,
                        a["mean"] - b["mean"],
                        low,
                        high,
                        p,
                        statistics.minimum_detectable(error, a["df"]),
                    )
                )
    columns = [*arm, "first", "second", "difference", "low", "high", "p", "detectable"]
    result = pd.DataFrame(rows, columns=columns)
    return result.assign(p_holm=statistics.adjust(result["p"], "holm"))
