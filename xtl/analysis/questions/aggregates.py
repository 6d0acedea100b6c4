"""What intermediate training does over all tasks: interquartile mean, probability of improvement, nine-task score."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from xtl.analysis import wording
from xtl.analysis.figures.dot_plots import improvement_dots
from xtl.analysis.results import Results
from xtl.analysis.scores import aggregates as aggregate_tables
from xtl.analysis.scores import gains as gain_tables
from xtl.analysis.scores import provenance
from xtl.analysis.scores.tables import BASELINE
from xtl.analysis.section import Cell, Section, Table, block, cell, parts, section, table

TITLE = "Over all tasks"
IQM = (
    "Interquartile mean: the mean of the middle half of all scores (target × seed) of an encoder and intermediate; a "
    "quarter at either end is left out. Scores of different metrics are not brought to one scale."
)
IMPROVEMENT = (
    f"Probability of improvement: how often a run after intermediate training beats a run of {BASELINE} of the same "
    "encoder on the same target (Mann–Whitney U over the number of pairs, a tie is half), the mean over targets, "
    "without cells of the same data. 50 % is no effect."
)
NO_INTERVAL = (
    "Neither of the two has an interval: a bootstrap over so few seeds does not cover what it says. The gains have one."
)
NINE = (
    "Nine-task score: the plain mean of the benchmark's nine task scores (of question answering the mean of EM and "
    "F1), each over all its languages, then the mean over seeds; 95 % interval: Student's t with the variance between "
    "seeds pooled over encoders and intermediates. Its gain holds cells of the same data, as the benchmark's score "
    "does. The mean gain of the headline table is another number: over the targets of this grid, without those cells."
)


def aggregates(results: Results) -> Section:
    """Aggregates of every encoder and intermediate over the grid's targets, and the nine-task score where complete."""
    if not results.tasks["score"].notna().any():
        return section("aggregates", TITLE)
    partial = {} if results.data.made else aggregate_tables.partial_targets(results.main)
    origins = parts(results.tasks, ["source", "provenance"])
    blocks = []
    for (source, origin), tasks in origins:
        summary = aggregate_tables.table(tasks)
        nine = aggregate_tables.nine_task(tasks, partial)
        improved = summary[summary["intermediate"] != BASELINE]
        pictures = []
        if improved["improvement"].notna().any():
            pictures = [improvement_dots(improved, results.encoders)]
        heading = f"Target training in {source} ({origin})" if len(origins) > 1 else ""
        blocks.append(block(heading, pictures=pictures, tables=[_table(results, summary, nine, partial)]))
    return section("aggregates", TITLE, *blocks)


def _table(results: Results, summary: pd.DataFrame, nine: pd.DataFrame, partial: Mapping[str, str]) -> Table:
    """A row per intermediate and encoder with its aggregates, and the recipe of each."""
    key = ["encoder", "intermediate"]
    scores = gain_tables.intervals(nine, "score").set_index(key)
    gained = gain_tables.intervals(gain_tables.gains(nine), "gain").set_index(key)
    complete = bool(nine["score"].notna().any())
    rows = []
    for (name, encoder), values in parts(summary, ["intermediate", "encoder"]):
        row = values.iloc[0]
        mark = "†" if row["same_data"] else ""
        baseline = name == BASELINE
        cells = [_estimate(row, row["iqm"], wording.points(row["iqm"], False) + mark, row["seeds"])]
        cells.append(cell(wording.DASH) if baseline else _improvement(row))
        if complete:
            cells.append(_overall(scores, (encoder, name), False, mark))
            cells.append(cell(wording.DASH) if baseline else _overall(gained, (encoder, name), True, mark))
        rows.append([name, encoder, *cells])
    columns = ["intermediate", "encoder", "interquartile mean", f"beats {BASELINE}"]
    if complete:
        columns += ["nine-task score", "its gain"]
    count = int(summary["targets"].max())
    caption = f"Aggregates over the {count} target{'s' * (count > 1)} of this grid"
    if complete:
        caption += ", and the benchmark's score over its nine"
    return table(caption, columns, rows, _notes(results, summary, nine, partial))


def _notes(results: Results, summary: pd.DataFrame, nine: pd.DataFrame, partial: Mapping[str, str]) -> list[str]:
    """How each aggregate is made, and what is left out of it."""
    notes = [IQM]
    if (summary["intermediate"] != BASELINE).any():
        notes.append(IMPROVEMENT)
    notes.append(NO_INTERVAL)
    notes.append(_nine_note(nine, partial))
    if summary["same_data"].any():
        notes.append("† holds cells that trained on the same data twice.")
    uncrossed = summary[summary["uncrossed"] != ""]
    if len(uncrossed):
        places = "; ".join(f"{r.encoder} · {r.intermediate}: {r.uncrossed}" for r in uncrossed.itertuples())
        notes.append(f"{wording.DASH}: not every target is a cell of the grid ({places}), so there is no aggregate.")
    lacking = summary[(summary["uncrossed"] == "") & (summary["missing"] != "")]
    if len(lacking):
        places = "; ".join(f"{r.encoder} · {r.intermediate}: {r.missing}" for r in lacking.itertuples())
        notes.append(f"Only seeds in which every target has a score enter; lacking: {places}.")
    limit = provenance.subset(results.records)
    if limit:
        notes.append(f"Scores are of at most {limit} test examples per language.")
    return notes


def _improvement(row: pd.Series) -> Cell:
    return _estimate(row, row["improvement"], f"{100 * row['improvement']:.0f} %", row["improvement_seeds"])


def _estimate(row: pd.Series, value: float, text: str, seeds: int) -> Cell:
    """An aggregate and the seeds that it rests on."""
    if not np.isfinite(value):
        return cell(wording.DASH) if row["uncrossed"] else cell("missing", kind="missing")
    return cell(text, "1 seed" if seeds == 1 else f"{seeds} seeds")


def _overall(intervals: pd.DataFrame, place: tuple[str, str], signed: bool, mark: str) -> Cell:
    if place not in intervals.index or not np.isfinite(intervals.loc[place, "mean"]):
        return cell("missing", kind="missing")
    row = intervals.loc[place]
    details = []
    if np.isfinite(row["low"]):
        details.append(f"{wording.points(row['low'], signed)} to {wording.points(row['high'], signed)}")
    if row["missing"]:
        details.append(f"{row['seeds']} of {row['seeds'] + row['missing']} seeds")
    return cell(wording.points(row["mean"], signed) + mark, "; ".join(details))


def _nine_note(nine: pd.DataFrame, partial: Mapping[str, str]) -> str:
    """The recipe of the nine-task score, or which tasks it lacks, for whom."""
    incomplete = nine[nine["missing"] != ""]
    if incomplete.empty:
        return NINE
    lacking: dict[tuple[str, str], set[str]] = {}
    for row in incomplete.itertuples():
        lacking.setdefault((row.encoder, row.intermediate), set()).update(row.missing.split())
    systems = nine[["encoder", "intermediate"]].drop_duplicates()
    common = set.intersection(*lacking.values()) if len(lacking) == len(systems) else set()
    groups: dict[str, list[str]] = {}
    for (encoder, name), targets in lacking.items():
        rest = _named(targets - common, partial)
        if rest:
            groups.setdefault(rest, []).append(f"{encoder} · {name}")
    words = [_named(common, partial)] if common else []
    words += [f"{wording.listing(names)}: {rest}" for rest, names in groups.items()]
    text = (
        "Without all nine tasks there is no nine-task score, and no mean is taken over fewer. Lacking in at least one "
    )
    text += f"seed: {'; '.join(words)}."
    return f"{text} {NINE}" if len(lacking) < len(systems) or nine["score"].notna().any() else text


def _named(targets: set[str], partial: Mapping[str, str]) -> str:
    """Targets in the benchmark's order, those that lack languages with how many they have."""
    ordered = [target for target in aggregate_tables.NINE if target in targets]
    return wording.listing([f"{name} ({partial[name]})" if name in partial else name for name in ordered])
