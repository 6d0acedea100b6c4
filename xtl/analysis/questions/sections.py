"""The sections of a report that say what was found: answer, scores and gains, languages, layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

import numpy as np
import pandas as pd

from xtl.analysis import wording
from xtl.analysis.figures import drawing, language_figures
from xtl.analysis.figures import gain_figures as figures
from xtl.analysis.questions import answer
from xtl.analysis.questions.evidence import Evidence
from xtl.analysis.scores import arms, gains, provenance, tables
from xtl.analysis.scores import correlations as similarity
from xtl.analysis.scores.tables import BASELINE
from xtl.analysis.section import EXPLORE, affordable, block, cell, parts, section, table
from xtl.languages import names as linguistics
from xtl.languages import similarity as similarities
from xtl.runs.record import RunRecord

SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Findings:
    """Every table that the sections read, computed once, of the target training that leads (`first_source`).

    everywhere: tables.main_scores of all sources of target training; main: tables.main_scores; tasks:
    tables.task_scores; task_gains, language_gains: gains.gains of either; pooled: gains.pooled_gains; gain_points,
    score_points: similarity.points; gain_r, score_r: similarity.correlations; encoders: in the order of the grid;
    order: languages from near to far.
    """

    data: dict
    everywhere: pd.DataFrame
    main: pd.DataFrame
    tasks: pd.DataFrame
    task_gains: pd.DataFrame
    language_gains: pd.DataFrame
    pooled: pd.DataFrame
    gain_points: pd.DataFrame
    score_points: pd.DataFrame
    gain_r: pd.DataFrame
    score_r: pd.DataFrame
    encoders: list[str]
    order: list[str]


def find(data: dict, cells: pd.DataFrame, scores: pd.DataFrame, languages: Mapping | None) -> Findings:
    """Compute everything that the report shows of the scores; see report.write_report for the arguments."""
    everywhere = tables.main_scores(cells, scores, languages)
    main = first_source(everywhere, cells)
    tasks = tables.task_scores(main)
    task_gains, language_gains = gains.gains(tasks), gains.gains(main)
    distances = {source: similarities.distance(data, source) for source in dict.fromkeys(cells["source"])}
    nearest = next(iter(distances.values()), pd.Series(dtype=float))
    codes = dict.fromkeys(main["language"].dropna())
    order = sorted(codes, key=lambda code: (nearest.get(code, np.inf), code not in distances, code))
    gain_points = similarity.points(language_gains, "gain", distances)
    score_points = similarity.points(main[main["intermediate"] == BASELINE], "score", distances)
    return Findings(
        data, everywhere, main, tasks, task_gains, language_gains, gains.pooled_gains(task_gains), gain_points,
        score_points,
        similarity.correlations(gain_points, "gain", "similarity"),
        similarity.correlations(score_points, "score", "distance"),
        list(dict.fromkeys(cells["encoder"])), order,
    )  # fmt: skip


def sentences(
    found: Findings, records: Mapping[str, RunRecord], both: Sequence[Evidence] = ()
) -> tuple[list[str], list[str]]:
    """The answer in words, and the notes on what limits it; both: of similarity_section.gather."""
    pooled, known = found.pooled, found.main.dropna(subset=["score"])
    pools = provenance.pools(records, found.encoders)
    gain, apart = gains.intervals(pooled, "gain", pools), gains.encoder_differences(pooled, pools)
    words = answer.answer(pooled, gain, apart, both)
    seeds = known.groupby(tables.CELL)["seed"].nunique().max() if len(known) else 0
    notes = answer.caveats(
        found.data,
        seeds=int(seeds),
        languages=most_languages(found),
        missing_runs=sum(r.phase == "target" and not r.done for r in records.values()),
        missing_cells=int(found.everywhere["score"].isna().sum()),
        subset=provenance.subset(records),
    )
    return words, notes


def short_answer(found: Findings, records: Mapping[str, RunRecord], both: Sequence[Evidence] = ()) -> dict:
    """The answer in words, and what limits it."""
    words, notes = sentences(found, records, both)
    return section("answer", "Short answer", block(text=words, items=notes))


def scores_and_gains(found: Findings, records: Mapping[str, RunRecord]) -> dict:
    """The headline: table, dots with intervals, a heat map where there are several intermediates, every gain."""
    pools = provenance.pools(records, found.encoders)
    title = "Scores and gains"
    if not found.tasks["score"].notna().any():
        return section("gains", title, block(text=["No target has a complete score yet."]))
    blocks = []
    for (source, provenance_), here in parts(found.tasks, ["source", "provenance"]):
        task_gains = _of(found.task_gains, source, provenance_)
        gain = gains.corrected(gains.intervals(task_gains, "gain", pools))
        several = found.tasks[["source", "provenance"]].drop_duplicates().shape[0] > 1
        heading = f"Target training in {source} ({provenance_})" if several else ""
        blocks.append(block(heading, tables=[headline_table(here, task_gains, found.encoders, pools)]))
        if gain["mean"].notna().any():
            blocks.append(block(pictures=figures.gain_dots(gain, found.encoders)))
            if gain["intermediate"].nunique() > 1:
                order = list(dict.fromkeys(gain["target"]))
                blocks.append(
                    block(pictures=[draw() for _, draw in _maps(gain, "target", "intermediate", order, ["encoder"])])
                )
            blocks.append(block(tables=[_every_gain(gain, runs_of(here))]))
    return section("gains", title, *blocks)


def headline_table(
    tasks: pd.DataFrame, task_gains: pd.DataFrame, encoders: Sequence[str], pools: Mapping[str, str] | None = None
) -> dict:
    """Targets × intermediates, a column an encoder: task score ± its interval, below it the gain over the baseline.

    tasks: tables.task_scores; task_gains: gains.gains of them. The last rows are the mean gains over targets, without
    the cells of the same data and, as a sensitivity line, with them. pools: see gains.intervals.
    """
    key = ["target", "intermediate", "encoder"]
    score, gain = gains.intervals(tasks, "score", pools), gains.intervals(task_gains, "gain", pools)
    lacking, runs = tasks.groupby(key)["missing"].max(), runs_of(tasks, baseline=True)
    by_score, by_gain = score.set_index(key), gain.set_index(key)
    rows = []
    for (target, name), _ in parts(score, ["target", "intermediate"]):
        places = [(target, name, encoder) for encoder in encoders]
        rows.append([target, name, *(_headline_cell(by_score, by_gain, lacking, runs, place) for place in places)])
    pooled = gains.intervals(gains.pooled_gains(task_gains), "gain", pools)
    every = gains.intervals(gains.pooled_gains(task_gains, same_data=True), "gain", pools)
    for (name,), here in parts(gain, ["intermediate"]):
        rows.append(["mean gain", name, *(_mean_gain(pooled, name, encoder) for encoder in encoders)])
        if here["same_data"].any():
            rows.append(["… with same-data cells", name, *(_mean_gain(every, name, encoder) for encoder in encoders)])
    notes = [
        "A task score is the plain mean over the target's languages, the source language included, then the mean over "
        "seeds. 95 % intervals are Student's t with the variance between seeds pooled over the cells of a target; "
        "gains are paired by seed."
    ]
    if len(gain) and gain["same_data"].any():
        notes.append("† trained on the same data twice; left out of the mean gain.")
    seeds = sorted(set(score.loc[score["seeds"] > 0, "seeds"]))
    if seeds == [1]:
        notes.append("One seed: no interval is shown.")
    elif len(seeds) > 1:
        notes.append(
            f"Cells rest on {seeds[0]} to {seeds[-1]} seeds, as far as their runs have finished and differ; a mean "
            "gain rests on the seeds in which every target has finished."
        )
    if any(content.text == wording.DASH for row in rows for content in row[2:]):
        notes.append(f"{wording.DASH} is no cell of this grid.")
    caption = f"Task scores, and below them gains over {BASELINE}, in points"
    return table(caption, ["target", "intermediate", *encoders], rows, notes)


def runs_of(values: pd.DataFrame, *more: str, baseline: bool = False) -> dict[tuple, list[str]]:
    """(target, intermediate, encoder, further columns …) -> ids of the runs behind its score.

    values: tables.main_scores or tables.task_scores. baseline: then the runs of the baseline too, as gains need them.
    """
    own = values.groupby(["target", "intermediate", "encoder", *more], sort=False)["run_id"].agg(list).to_dict()
    return {k: runs + (own.get((k[0], BASELINE, *k[2:]), []) if baseline else []) for k, runs in own.items()}


def _headline_cell(score: pd.DataFrame, gain: pd.DataFrame, lacking: pd.Series, runs: Mapping, place: tuple) -> dict:
    if place not in runs:
        return cell(wording.DASH)
    runs = runs[place]
    if place not in score.index or not np.isfinite(score.loc[place, "mean"]):
        count = lacking.get(place, 0)
        return cell("missing", f"{count} languages lacking" if count else "", "missing", runs=runs)
    row = score.loc[place]
    half = (row["high"] - row["low"]) / 2
    text = wording.points(row["mean"], signed=False) + (f" ± {half:.1f}" if np.isfinite(half) else "")
    if place not in gain.index:
        return cell(text, runs=runs)
    gained = gain.loc[place]
    sub = wording.gain(gained) if np.isfinite(gained["mean"]) else "gain missing"
    return cell(text + "†", sub, "same", runs=runs) if gained["same_data"] else cell(text, sub, runs=runs)


def _mean_gain(intervals: pd.DataFrame, name: str, encoder: str) -> dict:
    row = intervals[(intervals["intermediate"] == name) & (intervals["encoder"] == encoder)]
    if row.empty:
        return cell(wording.DASH)
    known = np.isfinite(row.iloc[0]["mean"])
    return cell(wording.gain(row.iloc[0])) if known else cell("missing", kind="missing")


def _maps(gain: pd.DataFrame, rows: str, columns: str, order: list[str], panels: list[str]) -> list[tuple]:
    """What draws a heat map per combination of `panels`, all on one colour scale, each with the first of its panels.

    gain: gains.intervals.
    """
    limit = max(float(gain["mean"].abs().max()), 1.0)
    shown = gain.rename(columns={"mean": "gain"})
    return [
        (key[0], partial(figures.gain_map, part, rows, columns, " · ".join(key), limit, order))
        for key, part in parts(shown, panels)
    ]


def _every_gain(gain: pd.DataFrame, runs: Mapping) -> dict:
    known = gain[gain["mean"].notna()]
    rows = [
        [
            r.target, r.intermediate, r.encoder, wording.points(r.mean), wording.spread(r.low, r.high) or wording.DASH,
            cell(r.seeds, runs=runs[r.target, r.intermediate, r.encoder]), wording.decimals(r.sd),
            wording.decimals(r.pooled_sd), wording.decimals(r.df, 1), wording.p_value(r.p), wording.p_value(r.p_bh),
        ]
        for r in known.itertuples()
    ]  # fmt: skip
    columns = "target,intermediate,encoder,gain,95 % interval,seeds,sd,pooled sd,df,p,p (BH)".split(",")
    caption = (
        "Every gain; the seeds lead to the runs (p two-sided against zero; BH: Benjamini–Hochberg over this table)"
    )
    return table(caption, columns, rows)


def by_language(found: Findings) -> dict:
    """Gains and scores language by language."""
    score = gains.intervals(found.main.dropna(subset=["language"]), "score")
    if not score["mean"].notna().any():
        return section("languages", "By language")
    blocks = []
    maps, text = gain_maps(found)
    if maps:
        blocks.append(block("Gain heat map", text, pictures=maps))
    span = drawing.limits(score[["low", "high", "mean"]].stack())
    arms_ = list(dict.fromkeys(score["intermediate"]))
    told, others = arms_[: len(drawing.MARKERS)], arms_[len(drawing.MARKERS) :]
    dots, left_out = affordable(
        (target, partial(language_figures.language_scores, part, found.encoders, found.order, span))
        for (target, _), part in parts(score[score["intermediate"].isin(told)], ["target", "encoder"])
    )
    text = ["Mean over seeds with 95 % intervals, nearest language on top.", *left_out]
    if others:
        text.append(f"Too many arms to tell apart: {wording.listing(others)} are in the table only.")
    blocks.append(block("Scores", text, pictures=chain(*dots.values())))
    names, of = linguistics.names(found.data), ["source", "provenance", "language"]
    runs = runs_of(found.main, *of)
    rows = [
        [
            r.language, names.get(r.language, r.language), r.target, r.encoder, r.intermediate,
            wording.points(r.mean, False),
            cell(r.seeds, runs=runs[(r.target, r.intermediate, r.encoder, *(getattr(r, name) for name in of))]),
        ]
        for r in score.itertuples()
    ]  # fmt: skip
    columns = ["code", "language", "target", "encoder", "intermediate", "score", "seeds"]
    blocks.append(block(tables=[table("Every score by language; the seeds lead to the runs", columns, rows)]))
    return section("languages", "By language", *blocks)


def gain_maps(found: Findings) -> tuple[list[drawing.Picture], list[str]]:
    """A heat map languages × targets per intermediate, encoder and source; how they are read, which are left out."""
    gain = gains.intervals(found.language_gains.dropna(subset=["language"]), "gain")
    if not gain["mean"].notna().any():
        return [], []
    gain, sources = gains.corrected(gain), ["source", "provenance"]
    several = sources if len(gain[sources].drop_duplicates()) > 1 else []
    kind = _maps(gain, "language", "target", found.order, ["intermediate", "encoder", *several])
    maps, left_out = affordable(kind, EXPLORE)
    text = f"Gain over {BASELINE} in points, nearest language to the source on top. "
    text += "Grey: missing; blank: not a language of the target."
    if gain["significant"].any():
        text += " Boxed: not zero, at a false discovery rate of 5 % (Benjamini–Hochberg over the cells of all maps)."
    return list(chain(*maps.values())), [text, *left_out]


def by_layer(cells: pd.DataFrame, scores: pd.DataFrame, encoders: Sequence[str]) -> dict:
    """Retrieval scores over layers and poolings, where the runs recorded more than one layer."""
    curves, kind = tables.layer_curves(cells, scores), []
    for (target,), here in parts(curves[curves["score"].notna()], ["target"]):
        span = drawing.limits(here["score"])
        kind += [
            (target, partial(figures.layer_curves, part, encoders, span))
            for _, part in parts(here, ["target", "encoder"])
        ]
    panels, left_out = affordable(kind, EXPLORE)
    text = "The pooled layer decides a retrieval score. The ring is the recipe's layer, which all tables use."
    return section(
        "layers",
        "Retrieval by layer",
        block(text=[text, *left_out], pictures=chain(*panels.values())) if panels else block(),
    )


def _of(values: pd.DataFrame, source: str, provenance_: str) -> pd.DataFrame:
    return values[(values["source"] == source) & (values["provenance"] == provenance_)]


def first_source(values: pd.DataFrame, cells: pd.DataFrame | None = None) -> pd.DataFrame:
    """The rows of the source of target training that leads: native English, else the first of `cells` (or values)."""
    cells = values if cells is None else cells
    if not len(cells):
        return values
    home = arms.home(cells)
    return _of(values, *(home if len(home) else cells).iloc[0][["source", "provenance"]])


def most_languages(found: Findings) -> int:
    """The most languages besides the source that have a score in one target."""
    known = found.main[(found.main["language"] != found.main["source"]) & found.main["score"].notna()]
    return int(known.groupby("target")["language"].nunique().max()) if len(known) else 0
