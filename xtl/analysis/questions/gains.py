"""How much each intermediate task gains on each target: scores, gains with intervals, and the mean over targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from xtl.analysis import wording
from xtl.analysis.figures.dot_plots import arm_scores, gains_by_target
from xtl.analysis.figures.drawing import MARKERS, Picture, limits
from xtl.analysis.figures.heat_maps import gain_map
from xtl.analysis.results import Results
from xtl.analysis.scores import gains as gain_tables
from xtl.analysis.scores import items, leave_one_out
from xtl.analysis.scores.finetunings import behind
from xtl.analysis.scores.gains import gains as paired_gains
from xtl.analysis.scores.tables import BASELINE
from xtl.analysis.section import Block, Cell, Section, Table, block, cell, parts, section, table

TITLE = "Gains by intermediate task and target"
ORIGIN = ["source", "provenance"]
METHOD = (
    "A task score is the plain mean over the target's languages, the source language included, then the mean over "
    "seeds. 95 % intervals are Student's t with the variance between an encoder's seeds over its cells of a target; "
    "gains are paired by seed. They are about new seeds on these test items."
)
CROSSED = (
    "Both are 95 % intervals. New seeds: on these test items, as everywhere else in this report. New seeds and items:"
    " for other test items of the same kind, too; the variances of seeds and of items add up, and it is never the "
    "narrower. An item is an example in all its languages, or a passage with all its questions where the run recorded"
    " it. Simulated with 200 items whose variance is about that of the seeds: of the gain on new items the first "
    "covers 88 to 95 %, the second 95 to 97 %."
)
OF_EXAMPLES = (
    "‡ The gain in the mean score of examples, which is not the task's score: an example's score is its F1 in "
    "question answering, the share of right tokens in tagging, and whether a gold pair was found in mining."
)
LEFT_OUT = (
    "The mean gain with each target, or each family of languages, left out in turn: the lowest and the highest. A "
    "sign that changes hangs on what is left out there."
)
EVERY = "Every gain; the seeds lead to the runs (p two-sided against zero, not corrected: exploratory)"
STRIPED = (
    "Striped in a heat map: some seeds gain and some lose. That describes these seeds and is no test of the gain; "
    "with one seed nothing is striped."
)


def gains(results: Results) -> Section:
    """Does an intermediate task help a target, and by how much? A block for each source of target training."""
    if not results.tasks["score"].notna().any():
        return section("gains", TITLE, block(text=["No target has a complete score yet."]))
    origins = parts(results.tasks, ORIGIN)
    blocks = []
    for origin, tasks in origins:
        heading = f"Target training in {origin[0]} ({origin[1]})" if len(origins) > 1 else ""
        blocks.append(_of_origin(results, heading, tasks))
    return section("gains", TITLE, *blocks)


def _of_origin(results: Results, heading: str, tasks: pd.DataFrame) -> Block:
    """The block of one source of target training; tasks: its rows of Results.tasks."""
    same_origin = (results.task_gains[ORIGIN] == list(tasks.iloc[0][ORIGIN])).all(axis=1)
    task_gains = results.task_gains[same_origin]
    gain = gain_tables.described(task_gains, results.pools)
    scores = headline_table(tasks, task_gains, results.encoders, results.pools)
    if not gain["mean"].notna().any():
        return block(heading, ["No intermediate task has finished beside its baseline."], tables=[scores])
    pooled = gain_tables.intervals(gain_tables.pooled_gains(task_gains), "gain", results.pools)
    text = [f"Gain over {BASELINE} in points, the mean over seeds; {_signs(gain)}."]
    more = gains_by_target(gain, pooled, results.encoders, by_seed=task_gains)
    more += _score_panels(results, gain_tables.intervals(tasks, "score", results.pools))
    tables = [scores, _every_gain(gain, runs_of(tasks)), *_left_out(results, task_gains), *_crossed(results, tasks)]
    notes = [STRIPED] if gain["mixed"].any() else []
    return block(heading, text, pictures=_maps(gain), tables=tables, notes=notes, more=more)


def _maps(gain: pd.DataFrame) -> list[Picture]:
    """Heat maps of targets × intermediates, one an encoder; of a single intermediate one of targets × encoders."""
    targets = list(dict.fromkeys(gain["target"]))
    limit = max(float(gain["mean"].abs().max()), 1.0)
    by = ["encoder", "intermediate"] if gain["intermediate"].nunique() > 1 else ["intermediate", "encoder"]
    pictures = []
    for (name,), rows in parts(gain.rename(columns={"mean": "gain"}), by[:1]):
        title = f"Gain of {name}" if by[0] == "intermediate" else f"Gain at {name}"
        pictures.append(gain_map(rows, "target", by[1], title, limit, targets))
    return pictures


def _score_panels(results: Results, score: pd.DataFrame) -> list[Picture]:
    """Task scores with every intermediate, as many as have a marker, in a panel an encoder."""
    targets = list(dict.fromkeys(score["target"]))
    arms = list(dict.fromkeys(score["intermediate"]))[: len(MARKERS)]
    span = limits(score[["low", "high", "mean"]].stack())
    pictures = []
    for (encoder,), rows in parts(score[score["intermediate"].isin(arms)], ["encoder"]):
        pictures.append(
            arm_scores(rows, "target", results.encoders, targets, f"Scores of {encoder}", "task score (points)", span)
        )
    return pictures


def _signs(gain: pd.DataFrame) -> str:
    """In how many cells all seeds gain, all lose, or disagree: a description."""
    several = gain[gain["seeds"] > 1]
    if several.empty:
        return "one seed, so no interval"
    agreed = several[~several["mixed"]]
    up = int((agreed["mean"] > 0).sum())
    down = int((agreed["mean"] < 0).sum())
    mixed = int(several["mixed"].sum())
    return (
        f"of {len(several)} cells every seed gains in {up}, every seed loses in {down}, and seeds disagree in {mixed}"
    )


def headline_table(
    tasks: pd.DataFrame, task_gains: pd.DataFrame, encoders: Sequence[str], pools: Mapping[str, str] | None = None
) -> Table:
    """Targets × intermediates, a column an encoder: task score ± its interval, below it the gain over the baseline.

    tasks: tables.task_scores; task_gains: gains.gains of them. The last rows are the mean gains over targets, without
    the cells of the same data and, as a sensitivity line, with them. pools: see gains.intervals.
    """
    score = gain_tables.intervals(tasks, "score", pools)
    gain = gain_tables.intervals(task_gains, "gain", pools)
    cells = _HeadlineCells(tasks, score, gain)
    rows: list[list] = []
    for (target, name), _ in parts(score, ["target", "intermediate"]):
        rows.append([target, name, *(cells.of((target, name, encoder)) for encoder in encoders)])
    pooled = gain_tables.intervals(gain_tables.pooled_gains(task_gains), "gain", pools)
    every = gain_tables.intervals(gain_tables.pooled_gains(task_gains, same_data=True), "gain", pools)
    for (name,), part in parts(gain, ["intermediate"]):
        rows.append(["mean gain", name, *(_mean_gain(pooled, name, encoder) for encoder in encoders)])
        if part["same_data"].any():
            rows.append(["… with same-data cells", name, *(_mean_gain(every, name, encoder) for encoder in encoders)])
    caption = f"Task scores, and below them gains over {BASELINE}, in points"
    return table(caption, ["target", "intermediate", *encoders], rows, _headline_notes(score, gain, rows))


def _headline_notes(score: pd.DataFrame, gain: pd.DataFrame, rows: list[list]) -> list[str]:
    """How the headline table is to be read, as far as it needs it."""
    notes = [METHOD]
    if len(gain) and gain["same_data"].any():
        notes.append("† trained on the same data twice; left out of the mean gain.")
    seeds = sorted(set(score.loc[score["seeds"] > 0, "seeds"]))
    if seeds == [1]:
        notes.append("One seed: no interval is shown.")
    if len(seeds) > 1:
        notes.append(
            f"Cells rest on {seeds[0]} to {seeds[-1]} seeds, as far as their runs have finished and differ; a mean "
            "gain rests on the seeds in which every target has finished."
        )
    if any(content.text == wording.DASH for row in rows for content in row[2:]):
        notes.append(f"{wording.DASH} is no cell of this grid.")
    return notes


class _HeadlineCells:
    """The cells of the headline table by place: (target, intermediate, encoder)."""

    def __init__(self, tasks: pd.DataFrame, score: pd.DataFrame, gain: pd.DataFrame):
        key = ["target", "intermediate", "encoder"]
        self.score = score.set_index(key)
        self.gain = gain.set_index(key)
        self.lacking = tasks.groupby(key)["missing"].max()
        self.runs = runs_of(tasks, baseline=True)

    def of(self, place: tuple[str, str, str]) -> Cell:
        """The score with its interval, and the gain below it."""
        if place not in self.runs:
            return cell(wording.DASH)
        runs = self.runs[place]
        if place not in self.score.index or not np.isfinite(self.score.loc[place, "mean"]):
            count = self.lacking.get(place, 0)
            return cell("missing", f"{count} languages lacking" if count else "", "missing", runs=runs)
        row = self.score.loc[place]
        half = (row["high"] - row["low"]) / 2
        text = wording.points(row["mean"], signed=False)
        if np.isfinite(half):
            text += f" ± {half:.1f}"
        if place not in self.gain.index:
            return cell(text, runs=runs)
        gained = self.gain.loc[place]
        below = wording.gain(gained) if np.isfinite(gained["mean"]) else "gain missing"
        if gained["same_data"]:
            return cell(text + "†", below, "same", runs=runs)
        return cell(text, below, runs=runs)


def _mean_gain(intervals: pd.DataFrame, name: str, encoder: str) -> Cell:
    row = intervals[(intervals["intermediate"] == name) & (intervals["encoder"] == encoder)]
    if row.empty:
        return cell(wording.DASH)
    if not np.isfinite(row.iloc[0]["mean"]):
        return cell("missing", kind="missing")
    return cell(wording.gain(row.iloc[0]))


def runs_of(values: pd.DataFrame, *more: str, baseline: bool = False) -> dict[tuple, list[str]]:
    """(target, intermediate, encoder, further columns …) -> ids of the runs behind its score.

    values: tables.main_scores or tables.task_scores. baseline: then the runs of the baseline too, as gains need them.
    """
    key = ["target", "intermediate", "encoder", *more]
    runs = values.assign(run=values["run_id"].map(behind)).explode("run")
    own: dict[tuple, list[str]] = runs.groupby(key, sort=False)["run"].agg(list).to_dict()
    if not baseline:
        return own
    return {place: runs + own.get((place[0], BASELINE, *place[2:]), []) for place, runs in own.items()}


def _every_gain(gain: pd.DataFrame, runs: Mapping[tuple, list[str]]) -> Table:
    rows = []
    for r in gain[gain["mean"].notna()].itertuples():
        seeds = cell(r.seeds, runs=runs[r.target, r.intermediate, r.encoder])
        interval = wording.spread(r.low, r.high) or wording.DASH
        rows.append([
            r.target, r.intermediate, r.encoder, wording.points(r.mean), interval, seeds, wording.decimals(r.sd),
            wording.decimals(r.used_sd), wording.decimals(r.df, 1), wording.p_value(r.p),
        ])  # fmt: skip
    columns = "target,intermediate,encoder,gain,95 % interval,seeds,sd,pooled sd,df,p".split(",")
    return table(EVERY, columns, rows)


def _left_out(results: Results, task_gains: pd.DataFrame) -> list[Table]:
    """How far each mean gain hangs on one target or family; no table where nothing can be left out."""
    origin = task_gains[ORIGIN].iloc[0]
    language_gains = paired_gains(results.everywhere)
    own = language_gains[(language_gains[ORIGIN] == origin).all(axis=1)]
    ranges = leave_one_out.ranges(task_gains, own, results.data.linguistics.families())
    rows = []
    for r in ranges.itertuples():
        rows.append([r.intermediate, r.encoder, wording.points(r.mean), _range(r.targets), _range(r.families)])
    if all(row[3].text == row[4].text == wording.DASH for row in rows):
        return []
    columns = ["intermediate", "encoder", "mean gain", "one target left out", "one family left out"]
    return [table("Mean gains with one target or family left out, in points", columns, rows, [LEFT_OUT])]


def _range(found: leave_one_out.Range | None) -> Cell:
    if found is None:
        return cell(wording.DASH)
    return cell(wording.spread(found.low, found.high), f"without {found.without_low}, without {found.without_high}")


def _crossed(results: Results, tasks: pd.DataFrame) -> list[Table]:
    """Intervals for other test items beside those for other seeds; no table where the runs left too few examples."""
    by_target, means = items.intervals(tasks, results.items, results.pools)
    every = pd.concat([means.assign(target="mean over targets", exact=by_target["exact"].all()), by_target])
    every = every[np.isfinite(every["crossed_low"].astype(float))]
    if every.empty:
        return []
    rows = []
    for r in every.itertuples():
        gain = wording.points(r.mean) + ("" if r.exact else "‡")
        seeds = wording.spread(r.low, r.high)
        both = wording.spread(r.crossed_low, r.crossed_high)
        rows.append([r.target, r.intermediate, r.encoder, gain, seeds, both, r.items])
    notes = [CROSSED] if every["exact"].all() else [CROSSED, OF_EXAMPLES]
    columns = ["target", "intermediate", "encoder", "gain", "new seeds", "new seeds and items", "items"]
    return [table("Gains for new test items, in points", columns, rows, notes)]
