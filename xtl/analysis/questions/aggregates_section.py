"""The section over all tasks: interquartile mean, probability of improvement, and the benchmark's nine-task score."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from xtl.analysis import wording
from xtl.analysis.figures import gain_figures as figures
from xtl.analysis.questions.sections import Findings
from xtl.analysis.scores import aggregates, gains, provenance
from xtl.analysis.scores.tables import BASELINE
from xtl.analysis.section import block, cell, parts, section, table

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
NINE = (
    "Nine-task score: the plain mean of the benchmark's nine task scores (of question answering the mean of EM and "
    "F1), each over all its languages, then the mean over seeds; 95 % interval: Student's t with the variance between "
    "seeds pooled over encoders and intermediates. Its gain holds cells of the same data, as the benchmark's score "
    "does. The mean gain of the headline table is another number: over the targets of this grid, without those cells."
)


def over_tasks(found: Findings, records: Mapping[str, Mapping]) -> dict:
    """Aggregates of every encoder and intermediate over the grid's targets, and the nine-task score where complete."""
    partial = {} if found.data.made else aggregates.partial_targets(found.main)
    blocks = []
    sources = parts(found.tasks, ["source", "provenance"]) if found.tasks["score"].notna().any() else []
    for (source, origin), here in sources:
        summary, nine = aggregates.table(here), aggregates.nine_task(here, partial)
        better = summary[summary["intermediate"] != BASELINE]
        shown = [figures.improvement_dots(better, found.encoders)] if better["improvement"].notna().any() else []
        heading = f"Target training in {source} ({origin})" if len(sources) > 1 else ""
        blocks.append(block(heading, pictures=shown, tables=[_table(summary, nine, partial, records)]))
    return section("aggregates", TITLE, *blocks)


def _table(summary: pd.DataFrame, nine: pd.DataFrame, partial: Mapping[str, str], records: Mapping) -> dict:
    """A row per intermediate and encoder with its aggregates, and the recipe of each."""
    key = ["encoder", "intermediate"]
    scores = gains.intervals(nine, "score").set_index(key)
    gained = gains.intervals(gains.gains(nine), "gain").set_index(key)
    complete, rows = bool(nine["score"].notna().any()), []
    for (name, encoder), here in parts(summary, ["intermediate", "encoder"]):
        row, place, first = here.iloc[0], (encoder, name), name == BASELINE
        mark = "†" if row["same_data"] else ""
        cells = [_cell(row, "iqm", lambda x: wording.points(x, False), mark, row["seeds"])]
        cells.append(wording.DASH if first else _cell(row, "improvement", _percent, "", row["improvement_seeds"]))
        if complete:
            cells.append(_overall(scores, place, False, mark))
            cells.append(wording.DASH if first else _overall(gained, place, True, mark))
        rows.append([name, encoder, *cells])
    columns = ["intermediate", "encoder", "interquartile mean", f"beats {BASELINE}"]
    columns += ["nine-task score", "its gain"] if complete else []
    improved = summary[summary["intermediate"] != BASELINE]
    count = int(summary["targets"].max())
    targets = f"{count} target{'s' * (count > 1)} of this grid"
    notes = [IQM, IMPROVEMENT] if len(improved) else [IQM]
    seeds = summary["seeds"].max()
    notes += [aggregates.coverage_note(int(seeds))] if seeds else []
    notes += [_nine(nine, partial)]
    if summary["same_data"].any():
        notes.append("† holds cells that trained on the same data twice.")
    part = summary[summary["uncrossed"] != ""]
    if len(part):
        named = [f"{r.encoder} · {r.intermediate}: {r.uncrossed}" for r in part.itertuples()]
        lacks = f"not every target is a cell of the grid ({'; '.join(named)}), so there is no aggregate."
        notes.append(f"{wording.DASH}: {lacks}")
    summary = summary[summary["uncrossed"] == ""]
    if summary["missing"].any():
        lacking = [f"{r.encoder} · {r.intermediate}: {r.missing}" for r in summary.itertuples() if r.missing]
        notes.append(f"Only seeds in which every target has a score enter; lacking: {'; '.join(lacking)}.")
    limit = provenance.subset(records)
    notes += [f"Scores are of at most {limit} test examples per language."] if limit else []
    caption = f"Aggregates over the {targets}" + (", and the benchmark's score over its nine" if complete else "")
    return table(caption, columns, rows, notes)


def _cell(row: pd.Series, name: str, words, mark: str, seeds: int) -> dict:
    if not np.isfinite(row[name]):
        return cell(wording.DASH) if row["uncrossed"] else cell("missing", kind="missing")
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    if np.isfinite(low) and low == high:
        return cell(words(row[name]) + mark, "the same in every draw")
    return cell(words(row[name]) + mark, f"{words(low)} to {words(high)}" if np.isfinite(low) else f"{seeds} seed")


def _overall(intervals: pd.DataFrame, place: tuple, signed: bool, mark: str) -> dict:
    if place not in intervals.index or not np.isfinite(intervals.loc[place, "mean"]):
        return cell("missing", kind="missing")
    row = intervals.loc[place]
    low, high = (wording.points(row[name], signed) for name in ("low", "high"))
    seeds = f"{row['seeds']} of {row['seeds'] + row['missing']} seeds" if row["missing"] else ""
    spread = [f"{low} to {high}"] if np.isfinite(row["low"]) else []
    return cell(wording.points(row["mean"], signed) + mark, "; ".join([*spread, *([seeds] if seeds else [])]))


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _nine(nine: pd.DataFrame, partial: Mapping[str, str]) -> str:
    """The recipe of the nine-task score, or which tasks it lacks, for whom."""
    lacking = nine[nine["missing"] != ""]
    if lacking.empty:
        return NINE
    by_system = lacking.groupby(["encoder", "intermediate"], sort=False)["missing"].agg(
        lambda texts: " ".join(dict.fromkeys(" ".join(texts).split()))
    )
    everyone = len(by_system) == len(nine[["encoder", "intermediate"]].drop_duplicates())
    common = [target for target in aggregates.NINE if everyone and all(target in text.split() for text in by_system)]
    groups: dict[str, list[str]] = {}
    for (encoder, name), text in by_system.items():
        rest = [f"{t} ({partial[t]})" if t in partial else t for t in text.split() if t not in common]
        if rest:
            groups.setdefault(wording.listing(rest), []).append(f"{encoder} · {name}")
    lacking_of = [wording.listing([f"{t} ({partial[t]})" if t in partial else t for t in common])] if common else []
    lacking_of += [f"{wording.listing(systems)}: {rest}" for rest, systems in groups.items()]
    text = "Without all nine tasks there is no nine-task score, and no mean is taken over fewer. Lacking in at "
    text += "least one seed: "
    text += f"{'; '.join(lacking_of)}."
    return f"{NINE} {text}" if nine["score"].notna().any() else text
