"""Aggregates over tasks: interquartile mean, probability of improvement, and the benchmark's nine-task score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from xtl.analysis.scores.tables import BASELINE
from xtl.analysis.statistics.intervals import LEVEL
from xtl.tasks.catalog import TASKS

DRAWS = 2000
SYSTEM = ["encoder", "architecture", "intermediate", "source", "provenance"]
# The benchmark's targets (arXiv 2003.11080): those that it takes predictions of.
NINE = tuple(name for name, task in TASKS.items() if task.submission)
NINE_NAME = "nine tasks"
# What a nominal 95 % interval of the stratified bootstrap covers, in per cent: number of seeds -> lowest and highest
# over designs. 3 and 9 targets, from 40 to 80 points; two runs of a cell differ by 2 points (sd), none or half of the
# variance common to a seed's targets and systems; true gains of 0, 1, 2 and 4 points; 2,000 tables of 500 draws each.
# tests/analysis/test_simulations_aggregates.py measures it again.
COVERAGE = {
    "interquartile mean": {2: (52, 76), 3: (59, 86), 4: (65, 89), 5: (65, 90), 10: (73, 92)},
    "probability of improvement": {2: (42, 94), 3: (68, 96), 4: (80, 98), 5: (80, 98), 10: (81, 99)},
}


class Aggregate(NamedTuple):
    """An aggregate with the interval of its stratified bootstrap; `low` and `high` are NaN with a single seed."""

    value: float
    low: float
    high: float


def interquartile_mean(values: np.ndarray) -> np.ndarray:
    """The mean of the middle half of all scores (..., targets, seeds), Agarwal et al. 2021 (arXiv 2108.13264).

    A quarter of the scores, rounded down, is left out at either end, as scipy and rliable do. The targets' scores are
    not brought to one scale, so it is the targets of middling difficulty that count.
    """
    values = np.asarray(values, float)
    return stats.trim_mean(values.reshape(*values.shape[:-2], -1), 0.25, axis=-1)


def _wins(after: np.ndarray, before: np.ndarray) -> np.ndarray:
    """1, ½ or 0 for each pair of runs: (targets, seeds, other seeds)."""
    return (np.sign(np.asarray(after)[:, :, None] - np.asarray(before)[:, None, :]) + 1) / 2


def bootstrap_mean(values: np.ndarray, draws: int = DRAWS, seed: int = 0, level: float = LEVEL) -> Aggregate:
    """The interquartile mean of (targets, seeds) with a percentile interval from a stratified bootstrap.

    Every target is a stratum: its seeds are drawn with replacement, independently of the other targets', and the
    targets stay. The interval is the same every time; COVERAGE says how often it holds the truth.
    """
    values = np.asarray(values, float)
    targets, seeds = values.shape
    picks = np.random.default_rng(seed).integers(0, seeds, size=(draws, targets, seeds))
    drawn = interquartile_mean(values[np.arange(targets)[:, None], picks])
    return _aggregate(float(interquartile_mean(values)), drawn, seeds, level)


def bootstrap_improvement(
    after: np.ndarray, before: np.ndarray, draws: int = DRAWS, seed: int = 0, level: float = LEVEL
) -> Aggregate:
    """How probably a run of one system beats a run of another on the same target, the mean over targets.

    after: (targets, seeds), before: (targets, other seeds), both complete. For each target it is the Mann-Whitney U of
    the two over the number of pairs; a tie counts half (Agarwal et al. 2021, arXiv 2108.13264). The interval is a
    percentile interval from a stratified bootstrap, see bootstrap_mean: the seeds of both systems are drawn,
    independently of each other.
    """
    wins, rng = _wins(after, before), np.random.default_rng(seed)
    targets, n, m = wins.shape
    rows, columns = rng.integers(0, n, size=(draws, targets, n)), rng.integers(0, m, size=(draws, targets, m))
    drawn = wins[np.arange(targets)[:, None, None], rows[..., :, None], columns[..., None, :]].mean(axis=(1, 2, 3))
    return _aggregate(float(wins.mean()), drawn, min(n, m), level)


def _aggregate(value: float, drawn: np.ndarray, seeds: int, level: float) -> Aggregate:
    if seeds < 2:
        return Aggregate(value, np.nan, np.nan)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Aggregate(value, float(low), float(high))


def table(tasks: pd.DataFrame) -> pd.DataFrame:
    """Both aggregates over the grid's targets, a row per encoder and intermediate.

    tasks: tables.task_scores. Only seeds in which every target has a score enter; where there is none, the aggregate is
    NaN and `missing` names the targets that lack one. The probability of improvement is over the baseline of the same
    encoder, without the cells of the same data; the baseline itself has none.

    Columns: encoder, architecture, intermediate, source, provenance, iqm, iqm_low, iqm_high (points), targets, seeds,
    missing, uncrossed (those of them in which the grid has no such cell), same_data (whether the interquartile mean
    holds such cells), improvement, improvement_low, improvement_high (0 to 1), improvement_targets, left_out
    (targets of the same data), improvement_seeds, baseline_seeds.
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
            iqm = bootstrap_mean(values) if values.shape[1] else Aggregate(*[np.nan] * 3)
            missing = " ".join(target for target in targets if scores.loc[target].isna().any())
            uncrossed = " ".join(target for target in targets if target not in marks[encoder, name])
            place = (encoder, architecture, name, source, provenance)
            row = (*place, *iqm, len(targets), values.shape[1], missing, uncrossed)
            after, before = _complete(scores[~same]), np.empty((0, 0))
            if name != BASELINE and (encoder, architecture, BASELINE) in matrices:
                before = _complete(matrices[encoder, architecture, BASELINE][~same])
            possible = bool(after.size and before.size)
            better = bootstrap_improvement(after, before) if possible else Aggregate(*[np.nan] * 3)
            counts = int((~same).sum()), int(same.sum()), after.shape[1], before.shape[1]
            rows.append((*row, bool(same.any()), *better, *counts))
    columns = "iqm iqm_low iqm_high targets seeds missing uncrossed same_data "
    columns += (
        "improvement improvement_low improvement_high improvement_targets left_out improvement_seeds baseline_seeds"
    )
    return pd.DataFrame(rows, columns=[*SYSTEM, *columns.split()])


def _complete(scores: pd.DataFrame) -> np.ndarray:
    """The scores (targets × seeds) of the seeds in which no target is missing."""
    values = scores.to_numpy(float)
    return values[:, np.isfinite(values).all(axis=0)]


def coverage_note(seeds: int) -> str:
    """What the intervals of `table` cover with that many seeds, in a sentence; the nearest fewer that was simulated."""
    simulated = max((count for count in next(iter(COVERAGE.values())) if count <= seeds), default=None)
    if simulated is None:
        return "With one seed the aggregates have no interval."
    parts = [f"{COVERAGE[name][simulated][0]} to {COVERAGE[name][simulated][1]} % ({name})" for name in COVERAGE]
    return (
        "These intervals are percentiles of a stratified bootstrap (targets are the strata, seeds are drawn) and must "
        f"not be read as 95 %: simulated with {simulated} seeds, a nominal 95 % covers {' and '.join(parts)}, least "
        "where an encoder's seed moves all targets together, and where one system always wins."
    )


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
