"""Aggregates over tasks: interquartile mean, probability of improvement, and the benchmark's nine-task score."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from xtl.analysis.scores.tables import BASELINE
from xtl.tasks.catalog import TASKS

SYSTEM = ["encoder", "architecture", "intermediate", "source", "provenance"]
# The benchmark's targets (arXiv 2003.11080): those that it takes predictions of.
NINE = tuple(name for name, task in TASKS.items() if task.submission)
NINE_NAME = "nine tasks"


def interquartile_mean(values: np.ndarray) -> float:
    """The mean of the middle half of all scores (targets, seeds), Agarwal et al. 2021 (arXiv 2108.13264).

    A quarter of the scores, rounded down, is left out at either end, as scipy and rliable do. The targets' scores are
    not brought to one scale, so it is the targets of middling difficulty that count.
    """
    return float(stats.trim_mean(np.asarray(values, float).ravel(), 0.25))


def probability_of_improvement(after: np.ndarray, before: np.ndarray) -> float:
    """How probably a run of one system beats a run of another on the same target, the mean over targets, 0 to 1.

    after: (targets, seeds), before: (targets, other seeds), both complete. For each target it is the Mann-Whitney U of
    the two over the number of pairs; a tie counts half (Agarwal et al. 2021, arXiv 2108.13264).

    >>> probability_of_improvement(np.array([[55.0, 53.0]]), np.array([[54.0, 53.0]]))
    0.625
    """
    wins = (np.sign(after[:, :, None] - before[:, None, :]) + 1) / 2  # (targets, seeds, other seeds)
    return float(wins.mean())


def table(tasks: pd.DataFrame) -> pd.DataFrame:
    """Both aggregates over the grid's targets, a row per encoder and intermediate; estimates without an interval.

    A percentile bootstrap over three to five seeds covers 42 to 98 % where it says 95 %, so that there is none.

    tasks: tables.task_scores. Only seeds in which every target has a score enter; where there is none, the aggregate is
    NaN and `missing` names the targets that lack one. The probability of improvement is over the baseline of the same
    encoder, without the cells of the same data; the baseline itself has none.

    Columns: encoder, architecture, intermediate, source, provenance, iqm (points), targets, seeds, missing, uncrossed
    (those of them in which the grid has no such cell), same_data (whether the interquartile mean holds such cells),
    improvement (0 to 1), improvement_targets, left_out (targets of the same data), improvement_seeds, baseline_seeds.
    """
    rows = []
    for (source, provenance), here in tasks.groupby(["source", "provenance"], sort=False, dropna=False):
        targets = list(dict.fromkeys(here["target"]))
        matrices = {
            key: part.set_index(["target", "seed"])["score"].unstack("seed").reindex(targets)
            for key, part in here.groupby(["encoder", "architecture", "intermediate"], sort=False, dropna=False)
        }
        marks = here.groupby(["encoder", "intermediate", "target"], sort=False)["same_data"].any()
        for (encoder, architecture, name), scores in matrices.items():
            values, same = _complete(scores), marks[encoder, name].reindex(targets, fill_value=False).astype(bool)
            iqm = interquartile_mean(values) if values.shape[1] else np.nan
            missing = " ".join(target for target in targets if scores.loc[target].isna().any())
            uncrossed = " ".join(target for target in targets if target not in marks[encoder, name])
            place = (encoder, architecture, name, source, provenance)
            row = (*place, iqm, len(targets), values.shape[1], missing, uncrossed)
            after, before = _complete(scores[~same]), np.empty((0, 0))
            if name != BASELINE and (encoder, architecture, BASELINE) in matrices:
                before = _complete(matrices[encoder, architecture, BASELINE][~same])
            possible = bool(after.size and before.size)
            better = probability_of_improvement(after, before) if possible else np.nan
            counts = int((~same).sum()), int(same.sum()), after.shape[1], before.shape[1]
            rows.append((*row, bool(same.any()), better, *counts))
    columns = "iqm targets seeds missing uncrossed same_data "
    columns += "improvement improvement_targets left_out improvement_seeds baseline_seeds"
    return pd.DataFrame(rows, columns=[*SYSTEM, *columns.split()])


def _complete(scores: pd.DataFrame) -> np.ndarray:
    """The scores (targets × seeds) of the seeds in which no target is missing."""
    values = scores.to_numpy(float)
    return values[:, np.isfinite(values).all(axis=0)]


def nine_task(tasks: pd.DataFrame, partial: Mapping[str, str] | None = None) -> pd.DataFrame:
    """The benchmark's score of every encoder, intermediate and seed: the plain mean of its nine task scores.

    A mean over fewer tasks is another number, so with one of the nine missing the score is NaN. Groups of tasks do not
    enter (XTREME, arXiv 2003.11080). Cells of the same data do, as in the benchmark; the row is marked. tasks:
    tables.task_scores. partial: targets that count as missing, with the reason (see partial_targets).

    Columns as gains.gains and gains.intervals expect them: those of a cell (`target` is `nine tasks`), seed, same_data,
    score, missing (which of the nine, space-separated, in the benchmark's order). Empty without tasks.
    """
    rows = []
    for key, here in tasks.groupby([*SYSTEM, "seed"], sort=False, dropna=False):
        known = here.dropna(subset=["score"])
        known = known[known["target"].isin(NINE) & ~known["target"].isin(list(partial or {}))]
        missing = [target for target in NINE if target not in set(known["target"])]
        score = np.nan if missing else known["score"].mean()
        same = bool(here.loc[here["target"].isin(NINE), "same_data"].any())
        rows.append((*key[:-1], NINE_NAME, key[-1], same, score, " ".join(missing)))
    return pd.DataFrame(rows, columns=[*SYSTEM, "target", "seed", "same_data", "score", "missing"])


def partial_targets(main: pd.DataFrame, tasks: Mapping = TASKS) -> dict[str, str]:
    """Targets of real data that a grid tests in other languages than the benchmark: target -> `38 of 40 languages`.

    main: tables.main_scores. A mean over another set of languages is not the benchmark's task score.
    """
    found = {}
    for target, here in main.groupby("target", sort=False):
        listed, tested = set(tasks[target].languages), set(here["language"].dropna())
        if tested != listed:
            found[target] = f"{len(tested & listed)} of {len(listed)} languages"
    return found
