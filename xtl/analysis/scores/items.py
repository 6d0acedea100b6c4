"""Gains item by item: what new test items would change in a gain, beside what new seeds would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from xtl.analysis.scores import gains
from xtl.analysis.scores.tables import BASELINE, CELL
from xtl.analysis.statistics import crossed
from xtl.runs.record import RunRecord

EXAMPLES_FILE = "examples.parquet"
COLUMNS = ["target", "language", "example_id", "score"]
PASSAGE = "passage"  # which text a question is about, where the run recorded it
ROUNDING = 0.01  # points in which a mean over examples may differ from the score and still be it


class RunItems(NamedTuple):
    """A run's examples of one target, summed up by item.

    Attributes:
        mean: mean over languages of the mean score of a language's examples, in points.
        names: items, sorted. An item is an example in all its languages, or a passage with all its questions.
        shares: (items,) what each adds to `mean`, less what its examples would add on average, in points; sum 0.
    """

    mean: float
    names: np.ndarray
    shares: np.ndarray


def read(record: RunRecord) -> dict[str, RunItems]:
    """Target -> items of a finished run, from the columns of examples.parquet that it takes; empty without the file."""
    path = record.folder / EXAMPLES_FILE
    if not record.done or not path.is_file():
        return {}
    table = _columns(path)
    return {str(target): summed(rows) for target, rows in table.groupby("target", sort=False, observed=True)}


def _columns(path: Path) -> pd.DataFrame:
    """The columns that are needed, texts as categories; empty where the file cannot be read."""
    try:
        file = pq.ParquetFile(path, read_dictionary=COLUMNS[:3])
        extra = [PASSAGE] if PASSAGE in file.schema_arrow.names else []
        return file.read([*COLUMNS, *extra]).to_pandas()
    except (pa.ArrowException, OSError, KeyError):
        return pd.DataFrame(columns=COLUMNS)


def summed(examples: pd.DataFrame) -> RunItems:
    """The examples of one run and target by item.

    examples: language, example_id, score (points) and maybe passage, a number within a language. One id is one item in
    whatever languages it stands: where test sets are parallel, its scores move together, and where they are not, ids
    that agree by chance join examples that are independent, which costs nothing but degrees of freedom. Questions on
    one passage are one item; the first language with an example says which passage it is of.
    """
    language = pd.factorize(examples["language"])[0]
    ids = pd.Categorical(examples["example_id"]).remove_unused_categories()
    names = ids.categories.to_numpy(str)
    order = np.argsort(names)
    item = np.argsort(order)[ids.codes]
    names = names[order]
    score = examples["score"].to_numpy(float)
    size = np.bincount(language)
    mean = np.bincount(language, score) / size
    share = (score - mean[language]) / (size[language] * len(size))
    if PASSAGE in examples and examples[PASSAGE].notna().all():
        first = pd.DataFrame({"item": item, "language": language, "passage": examples[PASSAGE].to_numpy()})
        first = first.drop_duplicates("item").sort_values("item")
        labels = first["language"].astype(str) + " " + first["passage"].astype(str)
        names, passage = np.unique(labels.to_numpy(str), return_inverse=True)
        item = passage[item]
    return RunItems(float(mean.mean()), names, np.bincount(item, share, len(names)))


def mean(runs: Sequence[dict[str, RunItems]]) -> dict[str, RunItems]:
    """The mean over fine-tunings of one pretraining, of the targets of which all have the same items."""
    if len(runs) == 1:
        return runs[0]
    found = {}
    for target in runs[0] if runs else ():
        own = [run[target] for run in runs if target in run]
        names = own[0].names
        if len(own) == len(runs) and all(np.array_equal(names, other.names) for other in own):
            points = float(np.mean([other.mean for other in own]))
            found[target] = RunItems(points, names, np.mean([other.shares for other in own], axis=0))
    return found


def intervals(
    tasks: pd.DataFrame, runs: Mapping[str, Mapping[str, RunItems]], pools: Mapping[str, str] | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Intervals of gains for other seeds, and for other seeds and other items: by target, and of the mean over targets.

    The gain is that of the mean score of examples, which for accuracies is the task's score; `exact` says where. The
    items of different targets count as independent.

    tasks: tables.task_scores. runs: run id -> `read` of it. pools: as of gains.intervals, which gives mean, low and
    high. Adds to its columns crossed_low, crossed_high, items (their number) and exact, NaN and 0 where fewer than two
    seeds have the same items. The second table is without target and exact, and without the cells of the same data.
    """
    measured = tasks.assign(score=[_mean(row, runs) for row in tasks.itertuples()], task_score=tasks["score"])
    gained = gains.gains(measured)
    found = _variances(measured, gained, runs)
    by_target = gains.intervals(gained, "gain", pools)
    own = [found.get(place) for place in by_target[CELL].itertuples(index=False, name=None)]
    by_target = _crossed(by_target, own)
    alike = (measured["score"] - measured["task_score"]).abs() <= ROUNDING
    different = set(measured.loc[measured["score"].notna() & ~alike, "target"])
    by_target["exact"] = ~by_target["target"].isin(different)

    kept = gained[~gained["same_data"].astype(bool)]
    pooled = gains.intervals(gains.pooled_gains(gained), "gain", pools)
    system = [column for column in CELL if column != "target"]
    targets = kept.groupby(system, sort=False, dropna=False)["target"].unique()
    means = []
    for place in pooled[system].itertuples(index=False, name=None):
        encoder, architecture, intermediate, *origin = place
        of_targets = [found.get((encoder, architecture, intermediate, name, *origin)) for name in targets[place]]
        known = [variance for variance in of_targets if variance is not None]
        means.append(crossed.mean(known) if len(known) == len(of_targets) else None)
    return by_target, _crossed(pooled, means)


def _mean(row, runs: Mapping[str, Mapping[str, RunItems]]) -> float:
    """The mean over examples of a row of task scores; NaN where its run left none, or lacks a language."""
    summed_up = runs.get(row.run_id, {}).get(row.target)
    if summed_up is None or not np.isfinite(row.score):
        return np.nan
    return summed_up.mean


def _variances(
    measured: pd.DataFrame, gained: pd.DataFrame, runs: Mapping[str, Mapping[str, RunItems]]
) -> dict[tuple, crossed.Items]:
    """Cell -> what its items contribute; without the cells of which fewer than two seeds have the same items."""
    key = [*gains.PAIR, "seed"]
    before = measured[measured["intermediate"] == BASELINE].set_index(key)["run_id"].to_dict()
    found = {}
    for place, rows in gained[gained["gain"].notna()].groupby(CELL, sort=False, dropna=False):
        shares = {}
        names = []
        for row in rows.itertuples():
            pair = (row.run_id, before[tuple(getattr(row, column) for column in key)])
            after, baseline = (runs[run_id][row.target] for run_id in pair)
            names += [after.names, baseline.names]
            if np.array_equal(after.names, baseline.names):
                shares[pair] = after.shares - baseline.shares
        same = all(np.array_equal(names[0], other) for other in names)
        if same and len(shares) > 1 and len(names[0]) > 1:
            found[place] = crossed.items(np.stack(list(shares.values())))
    return found


def _crossed(table: pd.DataFrame, variances: list[crossed.Items | None]) -> pd.DataFrame:
    """The table of gains.intervals with the intervals for other items; variances: a cell's, row by row."""
    rows = []
    for row, item in zip(table.itertuples(), variances, strict=True):
        if item is None or not np.isfinite(row.low):
            rows.append((np.nan, np.nan, 0))
            continue
        error = (row.high - row.low) / 2 / crossed.t_factor(row.df)
        rows.append((*crossed.interval(row.mean, error, row.df, item), item.independent))
    columns = ["crossed_low", "crossed_high", "items"]
    return pd.concat([table, pd.DataFrame(rows, columns=columns, index=table.index)], axis=1)
