"""Gains and scores language by language, from near to far."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import chain

from xtl.analysis import wording
from xtl.analysis.figures import drawing
from xtl.analysis.figures.curves import layer_curves
from xtl.analysis.figures.dot_plots import arm_scores
from xtl.analysis.figures.drawing import Picture
from xtl.analysis.figures.heat_maps import by_family, language_maps
from xtl.analysis.questions.gains import ORIGIN, STRIPED, runs_of
from xtl.analysis.results import Results
from xtl.analysis.scores import gains as gain_tables
from xtl.analysis.scores import tables
from xtl.analysis.scores.tables import BASELINE
from xtl.analysis.section import EXPLORE, MOST, Block, Section, Table, affordable, block, cell, parts, section, table

TITLE = "By language"
MAP_METHOD = (
    "Rows: families, the one with the nearest language to the source first, in each the most common script first; a "
    "script is named where it is another. Grey: missing; blank: not a language of the target."
)


def languages(results: Results) -> Section:
    """Which languages gain, and how well each is served: heat maps of gains, scores with intervals, every number."""
    score = gain_tables.intervals(results.main.dropna(subset=["language"]), "score")
    if not score["mean"].notna().any():
        return section("languages", TITLE)
    return section("languages", TITLE, _gain_block(results), _score_block(results, score))


def _gain_block(results: Results) -> Block:
    """Heat maps of languages by family × targets and encoders, for each intermediate and source."""
    gain = gain_tables.described(results.language_gains.dropna(subset=["language"]))
    if not gain["mean"].notna().any():
        return block()
    gain = gain.rename(columns={"mean": "gain"})
    limit = max(float(gain["gain"].abs().max()), 1.0)
    lines = by_family(results.order, results.data.linguistics.facts())
    origins = ORIGIN if len(gain[ORIGIN].drop_duplicates()) > 1 else []
    maps: list[Picture] = []
    seen = 0
    for key, rows in parts(gain, ["intermediate", *origins]):
        maps += language_maps(rows, lines, results.encoders, f"Gain of {' · '.join(key)} by language", limit)
        seen = seen or len(maps)
    text = [f"Gain over {BASELINE} in points, the mean over seeds."]
    if len(maps) > seen:
        text.append(f"The maps of {gain['intermediate'].iloc[0]}; those of the other intermediate tasks are folded.")
    if len(maps) > MOST:
        text.append(f"The first {MOST} of {len(maps)} pictures, because nobody reads more; the others: {EXPLORE}.")
    notes = [MAP_METHOD, STRIPED] if gain["mixed"].any() else [MAP_METHOD]
    return block("Gain heat map", text, pictures=maps[:seen], notes=notes, more=maps[seen:MOST])


def _score_block(results: Results, score) -> Block:
    """Scores with intervals, a panel a target and encoder."""
    intermediates = list(dict.fromkeys(score["intermediate"]))
    drawn = intermediates[: len(drawing.MARKERS)]
    others = intermediates[len(drawing.MARKERS) :]
    kind: list[tuple[str, Callable[[], Picture]]] = []
    for (target,), rows in parts(score[score["intermediate"].isin(drawn)], ["target"]):
        span = drawing.limits(rows[["low", "high", "mean"]].stack())
        for (encoder,), part in parts(rows, ["encoder"]):
            title = f"{target} · {encoder}"
            unit = drawing.unit(target)
            draw = partial(arm_scores, part, "language", results.encoders, results.order, title, unit, span)
            kind.append((target, draw))
    dots, left_out = affordable(kind)
    text = ["Mean over seeds with 95 % intervals, nearest language on top.", *left_out]
    if others:
        text.append(f"Too many arms to tell apart: {wording.listing(others)} are in the table only.")
    return block("Scores", text, more=chain(*dots.values()), tables=[_every_score(results, score)])


def _every_score(results: Results, score) -> Table:
    names = results.data.linguistics.names()
    place = ["source", "provenance", "language"]
    runs = runs_of(results.main, *place)
    rows = []
    for r in score.itertuples():
        key = (r.target, r.intermediate, r.encoder, *(getattr(r, name) for name in place))
        name = names.get(r.language, r.language)
        points = wording.points(r.mean, False)
        rows.append([r.language, name, r.target, r.encoder, r.intermediate, points, cell(r.seeds, runs=runs[key])])
    columns = ["code", "language", "target", "encoder", "intermediate", "score", "seeds"]
    return table("Every score by language; the seeds lead to the runs", columns, rows)


def layers(results: Results) -> Section:
    """Which layer serves retrieval best: score over layers and poolings, where the runs recorded more than one."""
    curves = tables.layer_curves(results.units, results.unit_rows)
    kind = []
    for (target,), rows in parts(curves[curves["score"].notna()], ["target"]):
        span = drawing.limits(rows["score"])
        panels = parts(rows, ["target", "encoder"])
        kind += [(target, partial(layer_curves, part, span)) for _, part in panels]
    shown, left_out = affordable(kind, EXPLORE)
    if not shown:
        return section("layers", "Retrieval by layer")
    text = "The pooled layer decides a retrieval score. The ring is the recipe's layer, which all tables use."
    pictures = chain(*shown.values())
    return section("layers", "Retrieval by layer", block(text=[text, *left_out], pictures=pictures))
