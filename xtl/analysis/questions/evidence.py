"""All that is known of one value against similarity, over targets, and what it comes to in words."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from xtl.analysis import wording
from xtl.analysis.questions import findings
from xtl.analysis.results import Results
from xtl.analysis.scores import correlations
from xtl.analysis.scores.correlations import ALPHA
from xtl.analysis.scores.relations import Relations
from xtl.analysis.scores.tables import BASELINE, CELL
from xtl.analysis.statistics import power
from xtl.analysis.wording import DASH, decimals, listing, p_value

PLACE = ["intermediate", "source", "provenance"]
NOISY = 0.5  # reliability below which languages differ hardly more than seeds do


@dataclass(frozen=True)
class Evidence:
    """What is known of one value (`gain` or `score`) against similarity, averaged over targets.

    cells, targets: correlations.inference over targets and for every target; stability, power and measures: what the
    functions of correlations of nearly the same names return. relations: the slopes, over seeds and for pairs of
    encoders. points: correlations.points over targets. flat: in how many cells and languages a gain has no room.
    """

    value: str
    cells: pd.DataFrame
    targets: pd.DataFrame
    stability: pd.DataFrame
    power: pd.DataFrame
    measures: pd.DataFrame
    relations: Relations
    points: pd.DataFrame = field(default_factory=pd.DataFrame)
    flat: int = 0


def of_gains(results: Results) -> Evidence:
    """What is known of the gain of every intermediate."""
    return evidence(results, results.language_gains, "gain")


def of_scores(results: Results) -> Evidence:
    """What is known of the score without intermediate training."""
    return evidence(results, results.main[results.main["intermediate"] == BASELINE], "score")


def evidence(results: Results, rows: pd.DataFrame, value: str) -> Evidence:
    """Everything that is said of a value; computed once a grid, since tests by permutation take seconds.

    rows: per cell, seed and language (gains.gains, or rows of tables.main_scores). Raises UserError if the features of
    a source language are not known.
    """
    if value not in results.evidence:
        families = results.data.linguistics.families()
        measures = {
            source: correlations.measures(results.data.linguistics, source) for source in dict.fromkeys(rows["source"])
        }
        seeds = correlations.over_targets(rows, value)
        pooled = correlations.points(seeds, value, results.distances)
        points = correlations.points(rows, value, results.distances)
        level = findings.level(results) if value == "gain" else ALPHA
        flat = 0
        if value == "gain":
            without = results.language_gains[~results.room]
            flat = len(without.drop_duplicates([*CELL, "language"]))
        results.evidence[value] = Evidence(
            value=value,
            cells=correlations.inference(pooled, value, families, controls(results)),
            targets=correlations.inference(points, value, families, controls(results)),
            stability=correlations.stability(pooled, value, families),
            power=correlations.design_power(pooled, seeds, value, families, level),
            measures=correlations.by_measure(seeds, value, families, measures),
            relations=results.gain_relations if value == "gain" else results.score_relations,
            points=pooled,
            flat=flat,
        )
    return results.evidence[value]


def controls(results: Results) -> dict:
    """Source or (encoder, source) -> what may stand behind similarity: script, and the text that an encoder saw."""
    tables: dict = {}
    for source in dict.fromkeys(results.main["source"]):
        tables[source] = correlations.controls(results.data.linguistics, source)
        for name, block in results.encoder_blocks.items():
            if block.checkpoint:
                tables[name, source] = correlations.controls(results.data.linguistics, source, block.checkpoint)
    return tables


def design_sentence(found: Evidence) -> str:
    """What the design can see, in words; empty if nothing can be tested."""
    tested = found.power.dropna(subset=["at_best"])
    if tested.empty:
        return ""
    seen = _percents(tested["power"])
    best = _percents(tested["at_best"])
    claimed = "claimed" if found.value == "gain" else "found"
    text = f"For {found.value}s, a true correlation of {power.TRUE} within families is {claimed} with a power of {seen}"
    text += "." if best == seen else f"; with endless seeds it would be {best}."
    if tested["reliability"].max() < NOISY:
        text += f" Languages differ in these {found.value}s hardly more than seeds do: reliability at most "
        text += f"{decimals(tested['reliability'].max())}."
    return text


def sentences(found: Evidence) -> tuple[list[str], list[str]]:
    """What follows similarity, a sentence an intermediate and source; and what stands behind it, for the method.

    The second are: whether one family decides, what counting languages as independent would have said, under which
    measures it holds, and how encoders differ.
    """
    if not len(found.cells):
        return [], []
    several = found.cells.groupby(PLACE[1:], dropna=False).ngroups > 1
    leading: list[str] = []
    behind: list[str] = []
    for place, rows in found.cells.groupby(PLACE, sort=False, dropna=False):
        what = f"the gain of {place[0]}" if found.value == "gain" else "the score"
        if several:
            what += f" (target training in {place[1]}, {place[2]})"
        tested = rows.dropna(subset=["within_r"])
        if len(tested):
            leading.append(_relation(found, place, what, tested))
            more = [_stable(found, place), _naive(tested), _under_definitions(found, place)]
            more.append(_between(found, place, what))
            behind += [sentence for sentence in more if sentence]
        elif rows["r"].notna().any():
            leading.append(
                f"Whether {what} follows similarity within families cannot be tested: it takes five languages with "
                "relatives of another similarity among them."
            )
    return leading, behind


def _of(table: pd.DataFrame, place: tuple) -> pd.DataFrame:
    """The rows of one intermediate, source and provenance."""
    return table[(table[PLACE] == list(place)).all(axis=1)]


def _relation(found: Evidence, place: tuple, what: str, tested: pd.DataFrame) -> str:
    """How a value goes with similarity at every encoder; no claim, which the answer alone makes."""
    slopes = _of(found.relations.cells, place).set_index("encoder")["slope_p"]
    parts = []
    for r in tested.itertuples():
        text = f"{r.encoder} r = {decimals(r.within_r)}, {p_text(r.within_p)} over languages"
        if pd.notna(slopes.get(r.encoder)):
            text += f" and {p_text(slopes[r.encoder])} over seeds"
        parts.append(text)
    return f"Over targets and within families, {what} against similarity (exploratory): {'; '.join(parts)}."


def _stable(found: Evidence, place: tuple) -> str:
    """Whether one family decides; the sign of a relation that is not shown may change freely."""
    rows = _of(found.stability, place).dropna(subset=["r_low"])
    if rows.empty:
        return ""
    nominal = _of(found.cells, place).set_index("encoder")["within_p"] < ALPHA
    moved = rows[(rows["significance"] != "") | ((rows["sign"] != "") & rows["encoder"].map(nominal))]
    if moved.empty:
        return "No single family decides that: it stays when any one of them is left out."
    names = listing(list(dict.fromkeys(moved["encoder"])))
    return f"The verdict changes for {names} if a certain family is left out (fewer languages also see less)."


def _naive(tested: pd.DataFrame) -> str:
    """Where counting languages as independent would have said otherwise."""
    otherwise = tested[(tested["p"] < ALPHA) != (tested["within_p"] < ALPHA)]
    if otherwise.empty:
        return ""
    names = listing([f"{r.encoder} ({p_text(r.p)})" for r in otherwise.itertuples()])
    return f"Counting all languages as independent would have said otherwise for {names}."


def _under_definitions(found: Evidence, place: tuple) -> str:
    """Which measures of similarity show the relation, and whether under every definition."""
    holds: dict[str, list[str]] = {}
    fails: dict[str, list[str]] = {}
    tested = 0
    measures = _of(found.measures, place)
    for (measure, encoder), rows in measures.groupby(["measure", "encoder"], sort=False, dropna=False):
        verdict = correlations.verdict(rows)
        if verdict in (correlations.NOTHING, correlations.SINGLE):
            continue
        tested += 1
        if verdict.startswith("holds"):
            name = f"{encoder}, with r below 0" if rows["within_r"].max() < 0 else encoder
            holds.setdefault(measure, []).append(name)
        elif verdict.startswith("does not hold"):
            fails.setdefault(measure, []).append(encoder)
    if not tested:
        return ""
    words = []
    if holds:
        words.append(f"every definition shows a relation for {_by_measure(holds)}")
    if fails:
        words.append(f"it does not hold, as one definition shows it and another does not, for {_by_measure(fails)}")
    none = tested - sum(len(names) for names in [*holds.values(), *fails.values()])
    if none:
        words.append(f"in {none} of {tested} combinations of measure and encoder no definition shows it")
    return f"By measure of similarity: {'; '.join(words)} (p < 0.05 within families, not corrected)."


def _by_measure(encoders: dict[str, list[str]]) -> str:
    return listing([f"{measure} ({listing(names)})" for measure, names in encoders.items()])


def _between(found: Evidence, place: tuple, what: str) -> str:
    """The largest difference of two encoders' slopes."""
    rows = _of(found.relations.pairs, place).dropna(subset=["p"])
    if rows.empty:
        return ""
    widest = rows.loc[rows["slope"].abs().idxmax()]
    return (
        f"The largest difference of two encoders in how {what} follows similarity, {widest['first']} − "
        f"{widest['second']}, is {wording.points(widest['slope'])} points per unit of similarity "
        f"({wording.spread(widest['low'], widest['high'])}; exploratory, {p_text(widest['p'])})."
    )


def percent(share: float) -> str:
    """A share as whole per cent."""
    return DASH if pd.isna(share) else f"{100 * share:.0f} %"


def _percents(shares: pd.Series) -> str:
    low = percent(shares.min())
    high = percent(shares.max())
    return low if low == high else f"{low} to {high}"


def p_text(value: float) -> str:
    """`p = 0.012` or `p < 0.001`."""
    text = p_value(value)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def span(low: float, high: float) -> str:
    """An interval of correlations; a dash where there is none."""
    return f"{decimals(low)} to {decimals(high)}" if np.isfinite(low) and np.isfinite(high) else DASH
