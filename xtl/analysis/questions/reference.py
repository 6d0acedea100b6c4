"""Published scores that a grid file declares, each beside this grid's own, with the difference and our interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from xtl.analysis.results import Results, first_source
from xtl.analysis.scores import contrasts, tables
from xtl.analysis.section import Section, block, cell, section, table
from xtl.analysis.wording import DASH, between, points, spread
from xtl.grid.reference import BEST, PublishedScore, Reference

TITLE = "Published scores beside ours"
METHOD = (
    "The grid file declares the published scores with their source. Ours is the same score of this grid, the mean over "
    "seeds with its 95 % t interval; the difference is ours minus the published one, whose own spread is not known. A "
    "mean over other languages than the published one's is another number: it is shown, and not compared. Equal scores "
    "need equal settings, which `recipe` lists."
)
CHOSEN = "`best` is the intermediate with the highest of the very scores that are shown, which flatters it."


class Ours(NamedTuple):
    """This grid's counterpart of a published score: which intermediate, its numbers, and what keeps them apart."""

    intermediate: str
    numbers: contrasts.Contrast
    note: str


def reference(results: Results) -> Section:
    """Every published score of the grid file with ours beside it; empty without any."""
    if not results.reference:
        return section("reference", TITLE)
    rows = []
    differences = []
    for name, system in results.reference.items():
        for score in system.published():
            ours = counterpart(results, system, score)
            difference = ours.numbers.estimate - score.points
            low, high = ours.numbers.low - score.points, ours.numbers.high - score.points
            comparable = np.isfinite(difference) and not ours.note
            interval = between(ours.numbers.low, ours.numbers.high)
            if comparable:
                differences.append(difference)
            rows.append([
                cell(name, system.source, "long"),
                f"{system.encoder} {ours.intermediate}",
                " ".join(part for part in (score.target, score.metric, score.language) if part),
                points(score.points, signed=False),
                cell(points(ours.numbers.estimate, signed=False), ours.note or interval),
                cell(points(difference), spread(low, high)) if comparable else DASH,
            ])  # fmt: skip
    text = f"{len(rows)} published scores, {len(differences)} of them with a counterpart here"
    if differences:
        text += f"; ours minus the published one is {points(float(np.mean(differences)))} points on average"
    notes = [METHOD]
    if any(system.intermediate == BEST for system in results.reference.values()):
        notes.append(CHOSEN)
    columns = ["published", "here", "target", "published score", "ours", "difference"]
    shown = table("Published scores and ours, in points", columns, rows)
    return section("reference", TITLE, block(text=[f"{text}."], tables=[shown], notes=notes))


def counterpart(results: Results, system: Reference, score: PublishedScore) -> Ours:
    """This grid's score of the same encoder, intermediate, target, metric and language."""
    rows = _scores(results, score)
    rows = rows[rows["encoder"] == system.encoder]
    names = [system.intermediate]
    if system.intermediate == BEST and BEST not in set(rows["intermediate"]):
        names = [name for name in dict.fromkeys(rows["intermediate"]) if name != tables.BASELINE]
    candidates = []
    for name in names:
        candidates.append(_of_intermediate(results, rows[rows["intermediate"] == name], name, score))
    if not candidates:
        return Ours(system.intermediate, contrasts.NOTHING, "not in this grid")
    return max(candidates, key=lambda ours: np.nan_to_num(ours.numbers.estimate, nan=-1.0))


def _scores(results: Results, score: PublishedScore) -> pd.DataFrame:
    """The rows of a target, with columns language and score, the latter of the metric where one is named."""
    if not score.metric:
        return results.main[results.main["target"] == score.target]
    rows = tables.join(results.units, tables.headline(results.unit_rows))
    rows = rows[(rows["target"] == score.target) & (rows["metric"] == score.metric)]
    return first_source(rows, results.cells).rename(columns={"value": "score"})


def _of_intermediate(results: Results, rows: pd.DataFrame, name: str, score: PublishedScore) -> Ours:
    """The mean over seeds of the score in a language, or of its mean over languages."""
    asked = [score.language] if score.language else results.data.listed(score.target)
    scored = rows[rows["language"].isin(asked)].dropna(subset=["score"])
    if scored.empty:
        return Ours(name, contrasts.NOTHING, "not in this grid" if rows.empty else "missing")
    by_seed = scored.drop_duplicates(["run_id", "language"]).pivot(index="seed", columns="language", values="score")
    languages = list(by_seed.columns)
    series = by_seed.mean(axis=1, skipna=False).rename("gain").reset_index().assign(encoder="ours")
    note = _coverage(languages, asked)
    return Ours(name, contrasts.combine(series, {"ours": 1.0}), note)


def _coverage(languages: Sequence[str], asked: Sequence[str]) -> str:
    return "" if len(languages) == len(asked) else f"not comparable: {len(languages)} of {len(asked)} languages"
