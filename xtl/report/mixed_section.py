"""The section on what moves the score after intermediate training: the mixed model over all cells, guarded."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from xtl import corpus_sizes, similarities
from xtl.analysis import mixed, mixed_cells, wording
from xtl.report.page import block, section, table
from xtl.report.sections import Findings

TITLE = "What moves the score after intermediate training"
NOTE = (
    "Fixed effects in points (of similarity, 0 to 1, and of log10 corpus size: points per unit), the levels of a "
    "factor as deviations from their mean; 95 % Student t intervals. Random effects by REML (statsmodels MixedLM, "
    "Powell), their standard deviations in points: {spreads}. Cells are means over seeds, so no cell counts several "
    "times; the baseline's noise between seeds is taken out by products of different seeds, without which a tenth of a "
    "planted slope would go to the baseline (simulated)."
)


def what_moves(found: Findings, encoders: Mapping[str, Mapping] | None = None) -> dict:
    """The mixed model's coefficients, or why there are none; encoders: name -> what the grid file says of it."""
    if found.pooled.empty:
        return section("model", TITLE)
    distances = {source: similarities.distance(found.data, source) for source in dict.fromkeys(found.main["source"])}
    cells = mixed_cells.cells(found.main, {s: 1 - d for s, d in distances.items()}, _sizes(found, encoders or {}))
    fitted = mixed.fit(cells)
    text = [f"{mixed.FORMULA}."]
    if fitted.problem:
        return section("model", TITLE, block(text=[*text, fitted.problem]))
    text += [_slope(fitted)] + ([_dropped(fitted)] if fitted.dropped else [])
    return section("model", TITLE, block(text=text, tables=[_terms(fitted)]))


def _sizes(found: Findings, encoders: Mapping[str, Mapping]) -> pd.Series | dict | None:
    """Log corpus sizes where they are known of every encoder; else the term stays out, not the encoders."""
    if found.data["kind"] == "lab":
        return corpus_sizes.log_sizes(found.data)
    sizes = {
        name: corpus_sizes.log_sizes(found.data, (encoders.get(name) or {}).get("checkpoint"))
        for name in found.encoders
    }
    return sizes if all(size.notna().any() for size in sizes.values()) else None


def _slope(fitted: mixed.Fit) -> str:
    """What the model says of similarity, or why it must not."""
    if fitted.flag:
        return f"Nothing is said of similarity: {fitted.flag}"
    row = fitted.slope
    shown = row["low"] > 0 or row["high"] < 0
    verdict = "other things equal" if shown else "the interval holds zero, so no relation is shown"
    spread = wording.spread(row["low"], row["high"])
    return (
        "From a language without any similarity to one with all, the score after intermediate training changes by "
        f"{wording.points(row['estimate'])} points beyond what the baseline says ({spread}, p = "
        f"{wording.p_value(row['p'])}): {verdict}."
    )


def _dropped(fitted: mixed.Fit) -> str:
    reasons = [f"{term} ({why})" for term, why in fitted.dropped.items()]
    return f"Not identified by this grid and left out: {wording.listing(reasons)}."


def _terms(fitted: mixed.Fit) -> dict:
    flagged = {"similarity"} if fitted.flag else set()
    rows = [
        [
            r.term,
            wording.DASH if r.term in flagged else wording.points(r.estimate) if r.term != "baseline" else
            wording.decimals(r.estimate),
            wording.DASH if r.term in flagged else f"{wording.decimals(r.low)} to {wording.decimals(r.high)}",
            wording.DASH if r.term in flagged else wording.p_value(r.p), wording.decimals(r.df, 0),
        ]
        for r in fitted.terms.itertuples()
    ]  # fmt: skip
    spreads = ", ".join(f"{name} {wording.decimals(value)}" for name, value in fitted.spreads.items())
    caption = f"Mixed model over {len(fitted.cells.rows)} cells and {len(fitted.cells.seeds)} seeds"
    columns = ["term", "estimate", "95 % interval", "p", "df"]
    return table(caption, columns, rows, [NOTE.format(spreads=spreads)], folded=True)
