"""Joins the grid's cells with their score rows: one main score per cell, seed and language, missing ones shown."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from xtl.base.errors import UserError
from xtl.tasks.catalog import TASKS

CELL = ["encoder", "architecture", "intermediate", "target", "source", "provenance"]
CELL_COLUMNS = [*CELL, "seed", "run_id", "same_data", "status"]
BASELINE = "none"


def headline(scores: pd.DataFrame) -> pd.DataFrame:
    """The score rows that the recipe names, on the test split; other layers and poolings are curves, not scores.

    A score table without the column `headline` has only such rows.
    """
    rows = scores[scores["split"] == "test"] if "split" in scores else scores
    if "headline" in rows:
        rows = rows[rows["headline"].fillna(True).astype(bool)]
    return rows


def join(cells: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Score rows under the labels of the cells they serve, joined on run_id and target.

    One run may serve several cells (a retrieval target reads the same checkpoint that a later task starts from), so
    the cell's encoder, intermediate, source and seed replace those written in the row. Cells without rows are left out.
    """
    labels = [column for column in CELL_COLUMNS if column not in ("run_id", "target")]
    rows = scores.drop(columns=[column for column in labels if column in scores])
    return _named(cells).merge(rows, on=["run_id", "target"], how="inner")


def _named(cells: pd.DataFrame) -> pd.DataFrame:
    """The columns of cells in order; an architecture that is not known (a checkpoint from elsewhere) is the empty text,
    so that it can be part of a key."""
    return cells[CELL_COLUMNS].assign(architecture=cells["architecture"].fillna("").astype(str))


COVERAGE = ("unknown", "fertility", "overlap")  # of the encoder's vocabulary in a language, where the runs recorded it


def expected_languages(rows: pd.DataFrame, languages: Mapping[str, list[str]] | None) -> dict[str, list[str]]:
    """Target -> the languages that it should have scores in: those asked for, else all that any run reported."""
    seen = {t: list(dict.fromkeys(group["language"])) for t, group in rows.groupby("target", sort=False)}
    return {**seen, **{target: list(codes) for target, codes in (languages or {}).items()}}


def main_scores(
    cells: pd.DataFrame, scores: pd.DataFrame, languages: Mapping[str, list[str]] | None = None, tasks: Mapping = TASKS
) -> pd.DataFrame:
    """One row per cell, seed and expected language, with its main score in points.

    The main score is the plain mean of the task's `score` metrics (accuracy or F1; for question answering exact match
    and F1). It is NaN, and the row stays, where the run has not finished or the language or one of the metrics is
    lacking. languages: target -> expected codes; default: every language that any run of the target reported.

    Columns: those of a cell, seed, run_id, same_data, status, language, score, n, n_train. Raises UserError when one
    cell has two values of one metric, which means that the rows of the recipe are not marked.
    """
    rows = join(cells, headline(scores))
    wanted = pd.DataFrame(
        [(t, m) for t in rows["target"].unique() for m in tasks[t].score], columns=["target", "metric"]
    )
    rows = rows.merge(wanted, on=["target", "metric"])
    expected = expected_languages(rows, languages)
    key = [*CELL, "seed", "language"]
    twice = rows.duplicated([*key, "metric"])
    if twice.any():
        row = rows[twice].iloc[0]
        raise UserError(
            f"Run {row['run_id']} has more than one {row['metric']} of {row['target']} in {row['language']} on the "
            "test split; the rows of the recipe's layer and pooling must be marked `headline`, the others must not."
        )
    none: list[str | None] = [None]
    grid = _named(cells).assign(language=[expected.get(target) or none for target in cells["target"]])
    grid = grid.explode("language", ignore_index=True)
    if rows.empty:
        return grid.assign(score=np.nan, n=np.nan, n_train=np.nan)
    values = rows.set_index([*key, "metric"])["value"].unstack("metric").reset_index()
    score = np.full(len(values), np.nan)
    for target in values["target"].unique():
        here = (values["target"] == target).to_numpy()
        score[here] = values.loc[here, list(tasks[target].score)].mean(axis=1, skipna=False)
    kept = [column for column in ("n", "n_train", *COVERAGE) if column in rows]
    counts = rows.groupby(key, as_index=False, sort=False)[kept].first()
    result = grid.merge(values[key].assign(score=score), on=key, how="left")
    return result.merge(counts, on=key, how="left")


def task_scores(main: pd.DataFrame) -> pd.DataFrame:
    """One row per cell and seed: the benchmark's task score, the plain mean over all its languages.

    A mean over a part of the languages is another number, so with a language missing the score is NaN and the row says
    how many and which. Columns: those of a cell, seed, run_id, same_data, status, score, languages, missing,
    missing_languages.
    """
    groups = main.groupby([*CELL_COLUMNS], sort=False, dropna=False)

    def summary(group):
        lacking = group.loc[group["score"].isna(), "language"]
        return pd.Series(
            {
                "score": group["score"].mean(skipna=False) if len(group) else np.nan,
                "languages": len(group),
                "missing": len(lacking),
                "missing_languages": " ".join(str(code) for code in lacking if code),
            }
        )

    return groups[["language", "score"]].apply(summary).reset_index()


def layer_curves(cells: pd.DataFrame, scores: pd.DataFrame, tasks: Mapping = TASKS) -> pd.DataFrame:
    """Score by layer and pooling, the mean over languages, of the targets that report more than one layer.

    One row per cell, seed, pooling and layer, with `score` (points) and `headline` (the recipe's row). A language that
    is missing in one layer makes that layer's mean NaN. Empty when no target has two layers.
    """
    columns = [*CELL, "seed", "pooling", "layer", "score", "headline"]
    rows = join(cells, scores[scores["split"] == "test"])
    rows = rows[rows["layer"].notna()] if "layer" in rows else rows.iloc[:0]
    main = [metric in tasks[target].score for target, metric in zip(rows["target"], rows["metric"], strict=True)]
    rows = rows[np.array(main, dtype=bool)]
    several = rows.groupby("target")["layer"].nunique()
    rows = rows[rows["target"].isin(several.index[several > 1])]
    if rows.empty:
        return pd.DataFrame(columns=columns)
    if "headline" not in rows:
        rows = rows.assign(headline=True)
    key = [*CELL, "seed", "pooling", "layer"]
    asked = rows.groupby("target")["language"].nunique()
    result = (
        rows.groupby(key, sort=False, dropna=False)
        .agg(score=("value", "mean"), languages=("language", "nunique"), headline=("headline", "any"))
        .reset_index()
    )
    result.loc[result["languages"] < result["target"].map(asked), "score"] = np.nan
    return result[columns].sort_values(["pooling", "layer"], kind="stable", ignore_index=True)
