"""Gains of intermediate training over the baseline, paired by seed."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from xtl.analysis.scores.tables import BASELINE, CELL
from xtl.analysis.statistics import intervals as statistics

PAIR = [column for column in CELL if column != "intermediate"]


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


def intervals(table: pd.DataFrame, value: str, pools: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Mean and t interval of every cell of a table, by target (intervals.pooled).

    table: rows per cell and seed with column `value`: task scores or gains, per language or not, over targets or not.
    Encoders are separate trainings; the intermediates of one encoder share its baseline and its pretraining, and
    languages share a model, so they count as one (statistics.pooled). Seeds that are one and the same run (a fixed
    checkpoint that nothing trained further) are one value, not a spread of zero. pools: encoder -> name of the pool
    whose runs scatter alike, so that no variance is pooled over two of them; default: one pool.

    Returns a row a cell: its columns, same_data where the table has it, and those of pooled_intervals.
    """
    cell = [column for column in [*CELL, "language"] if column in table]
    if "run_id" in table:
        table = table.drop_duplicates([*cell, "run_id"])
    by = [table["encoder"].map(lambda encoder: (pools or {}).get(encoder, "")).rename("pool")]
    by += [table["target"]] if "target" in table else []
    groups = [group for _, group in table.groupby(by, sort=False)]
    parts = [statistics.pooled_intervals(group, value, cell, ["encoder"]).reset_index() for group in groups]
    if not parts:
        return pd.DataFrame(
            columns=[*cell, "same_data", "mean", "seeds", "missing", "sd", "used_sd", "df", "low", "high", "p"]
        )
    result = pd.concat(parts, ignore_index=True)
    if "same_data" in table:
        marks = table.groupby(cell, sort=False, dropna=False)["same_data"].any().reset_index()
        result = result.merge(marks, on=cell, how="left")
    return result


def described(gained: pd.DataFrame, pools: Mapping[str, str] | None = None) -> pd.DataFrame:
    """`intervals` of gains with a column `mixed`: some seed gains and some seed loses, a description and no test.

    gained: as `gains` returns it; pools: see `intervals`. A gain of exactly zero has no sign, one seed is never mixed.
    """
    table = intervals(gained, "gain", pools)
    cell = [column for column in [*CELL, "language"] if column in gained]
    range_of_seeds = gained.groupby(cell, sort=False, dropna=False)["gain"].agg(["min", "max"]).reset_index()
    mixed = (range_of_seeds["min"] < 0) & (range_of_seeds["max"] > 0)
    return table.merge(range_of_seeds[cell].assign(mixed=mixed), on=cell, how="left")
