"""The section of aggregates over tasks: interquartile mean, probability of improvement, the benchmark's own score."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from xtl.analysis import aggregates, gains, wording
from xtl.analysis.forest import forest
from xtl.analysis.tables import BASELINE
from xtl.report.page import block, cell, parts, section, table
from xtl.report.sections import Findings

NOTE = (
    "Interquartile mean: of the middle half of all scores (target × seed), in points. Probability of improvement: how "
    "probably a run with the intermediate beats a run without it on the same target (Mann-Whitney U over the number of "
    "pairs, ties half), the mean over targets without those of the same data; 50 % is no difference. Both after "
    "Agarwal et al. 2021 (arXiv 2108.13264)."
)
OVERALL = (
    "The benchmark's score is the plain mean of its nine task scores (a question-answering task: the mean of EM and "
    "F1); groups of tasks do not enter. 95 % t interval over seeds, the variance pooled over cells."
)


def over_tasks(found: Findings) -> dict:
    """Both aggregates of every encoder and intermediate, and the nine-task score where the nine are complete."""
    title = "Over all tasks"
    if found.tasks["target"].nunique() < 2 or not found.tasks["score"].notna().any():
        return section("aggregates", title)
    both = aggregates.table(found.tasks)
    known = both[both["improvement"].notna()]
    picture = [_picture(known, found.encoders)] if len(known) else []
    notes = [NOTE, aggregates.coverage_note(int(both["seeds"].max()))]
    return section(
        "aggregates", title, block(pictures=picture, tables=[_both(both, notes)]), _nine(found)
    )  # fmt: skip


def _picture(known: pd.DataFrame, encoders: Sequence[str]):
    """Probability of improvement over the baseline, in percentage points above chance."""
    present = [name for name in encoders if name in set(known["encoder"])]
    rows = pd.DataFrame(
        {
            "row": known["intermediate"], "kind": known["encoder"], "estimate": 100 * (known["improvement"] - 0.5),
            "low": 100 * (known["improvement_low"] - 0.5), "high": 100 * (known["improvement_high"] - 0.5),
        }
    )  # fmt: skip
    label, alt = "probability of improvement − 50 %", "Probability of improvement over none, less the 50 % of chance"
    return forest(rows, present, "", label, (-52, 52), alt)


def _both(both: pd.DataFrame, notes: list[str]) -> dict:
    rows = []
    for row in both.itertuples():
        mean = cell("missing", row.missing, "missing")
        if np.isfinite(row.iqm):
            mean = cell(wording.points(row.iqm, False), _between(row.iqm_low, row.iqm_high))
        better = cell(wording.DASH if row.intermediate == BASELINE else "missing")
        if np.isfinite(row.improvement):
            low, high = 100 * row.improvement_low, 100 * row.improvement_high
            better = cell(f"{100 * row.improvement:.0f} %", f"{low:.0f} to {high:.0f} %" if np.isfinite(low) else "")
        rows.append([row.encoder, row.intermediate, mean, better, row.targets, row.seeds])
    columns = ["encoder", "intermediate", "interquartile mean", "probability of improvement", "targets", "seeds"]
    return table("Aggregates over the grid's targets", columns, rows, notes)


def _nine(found: Findings) -> dict:
    """The benchmark's score, or which of its tasks are lacking."""
    partial = aggregates.partial_targets(found.main) if found.data["kind"] != "lab" else {}
    nine = aggregates.nine_task(found.tasks, partial)
    if not nine["score"].notna().any():
        lacking = sorted({name for names in nine["missing"] for name in names.split()}, key=aggregates.NINE.index)
        why = [f"{name} ({partial[name]})" if name in partial else name for name in lacking]
        text = f"The benchmark's nine-task score is not shown: {wording.listing(why)} missing or incomplete."
        return block("The benchmark's score", [text])
    score = gains.intervals(nine, "score")
    rows = []
    for (encoder, name), here in parts(score, ["encoder", "intermediate"]):
        row = here.iloc[0]
        lacking = nine[(nine["encoder"] == encoder) & (nine["intermediate"] == name)]["missing"].iloc[0]
        shown = cell("missing", lacking, "missing")
        if np.isfinite(row["mean"]):
            mark = "†" if row["same_data"] else ""
            shown = cell(wording.points(row["mean"], False) + mark, _between(row["low"], row["high"]))
        rows.append([encoder, name, shown, int(row["seeds"])])
    notes = [OVERALL] + (["† some of its cells train on the same data twice."] if nine["same_data"].any() else [])
    columns = ["encoder", "intermediate", "nine tasks", "seeds"]
    return block("The benchmark's score", tables=[table("Mean of the nine task scores (points)", columns, rows, notes)])


def _between(low: float, high: float) -> str:
    return f"{wording.points(low, False)} to {wording.points(high, False)}" if np.isfinite(low) else ""
