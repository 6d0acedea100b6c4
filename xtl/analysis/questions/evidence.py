"""All that is known of one value against similarity, and what it comes to in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from xtl.analysis.scores import correlations as similarity
from xtl.analysis.scores.correlations import ALPHA
from xtl.analysis.statistics import power
from xtl.analysis.wording import DASH, decimals, listing, p_value
from xtl.languages.linguistics import Linguistics

PLACE = ["intermediate", "source", "provenance"]
NOISY = 0.5  # reliability below which languages differ hardly more than seeds do


@dataclass(frozen=True)
class Evidence:
    """What is known of one value (`gain` or `score`) against similarity, averaged over targets.

    cells, each: similarity.inference over targets and for every target; stability, differences, power, pairs (power to
    tell two encoders apart) and measures: what the functions of similarity of nearly the same names return.
    """

    value: str
    cells: pd.DataFrame
    each: pd.DataFrame
    stability: pd.DataFrame
    differences: pd.DataFrame
    power: pd.DataFrame
    pairs: pd.DataFrame
    measures: pd.DataFrame


def evidence(
    rows: pd.DataFrame, value: str, languages: Linguistics,
    measures: Mapping | None = None, controls: Mapping | None = None,
) -> Evidence:  # fmt: skip
    """Everything that is said of `gain` (of every intermediate) or of `score` (without intermediate training).

    rows: per cell, seed and language (gains.gains, or the baseline's rows of tables.main_scores). measures: source ->
    definition -> table of similarities (a row a language, a column a measure), default similarity.measures; controls:
    source or (encoder, source) -> table (a row a language), default similarity.controls. All but `measures` is
    about 1 − Linguistics.distance. Raises UserError if the features of a source language are not known.
    """
    sources, families = list(dict.fromkeys(rows["source"])), languages.families()
    distances = {source: languages.distance(source) for source in sources}
    measures = {source: similarity.measures(languages, source) for source in sources} if measures is None else measures
    controls = {source: similarity.controls(languages, source) for source in sources} if controls is None else controls
    seeds = similarity.over_targets(rows, value)
    pooled, points = (similarity.points(table, value, distances) for table in (seeds, rows))
    seen, pairs = similarity.design_power(pooled, seeds, value, families)
    return Evidence(
        value,
        similarity.inference(pooled, value, families, controls),
        similarity.inference(points, value, families, controls),
        similarity.stability(pooled, value, families),
        similarity.encoder_differences(pooled, value, families),
        seen,
        pairs,
        similarity.by_measure(seeds, value, families, measures),
    )


def design_sentence(found: Evidence) -> str:
    """What the design can see, in words; empty if nothing can be tested."""
    known = found.power.dropna(subset=["at_best"])
    if known.empty:
        return ""
    seen = _percents(known["power"])
    text = f"For {found.value}s, a true correlation of {power.TRUE} within families is found with a power of {seen}"
    best = _percents(known["at_best"])
    text += "." if best == seen else f"; with endless seeds it would be {best}."
    if found.pairs["power"].notna().any():
        text += f" Two encoders with true correlations of {power.APART[0]} and {power.APART[1]} are told apart with "
        text += f"{_percents(found.pairs['power'])}."
    if known["reliability"].max() < NOISY:
        text += f" Languages differ in these {found.value}s hardly more than seeds do: reliability at most "
        text += f"{decimals(known['reliability'].max())}."
    return text


def answer_sentences(found: Evidence, short: bool = False) -> list[str]:
    """The answer in words: what follows similarity, whether it stands under every definition, how encoders differ.

    short: without the measures one by one.
    """
    sentences, several = [], len(found.cells) and found.cells.groupby(PLACE[1:], dropna=False).ngroups > 1
    for place, here in found.cells.groupby(PLACE, sort=False, dropna=False) if len(found.cells) else []:
        what = f"the gain of {place[0]}" if found.value == "gain" else "the score"
        what += f" (target training in {place[1]}, {place[2]})" if several else ""
        known = here.dropna(subset=["within_r"])
        if len(known):
            sentences.append(_relation(found, place, what, known) + _stable(found, place) + _naive(known))
            sentences += [] if short else [_under_definitions(found, place)]
            sentences.append(_between(found, place, what))
        elif here["r"].notna().any():
            sentences.append(
                f"Whether {what} follows similarity within families cannot be tested: it takes five languages with "
                "relatives of another similarity among them."
            )
    return [sentence for sentence in sentences if sentence]


def _of(table: pd.DataFrame, place: tuple) -> pd.DataFrame:
    """The rows of one intermediate, source and provenance."""
    return table[(table[PLACE] == list(place)).all(axis=1)]


def _relation(found: Evidence, place: tuple, what: str, known: pd.DataFrame) -> str:
    clear, rest = known[known["within_p"] < ALPHA], known[~(known["within_p"] < ALPHA)]
    words = []
    for sign, verb in ((1, "rises"), (-1, "falls")):
        rows = clear[np.sign(clear["within_r"]) == sign]
        if len(rows):
            words.append(f"{what} {verb} with similarity for {_each(rows)}")
    if len(rest):
        seen = _of(found.power, place)
        none = "no relation is shown" if words else f"no relation of {what} with similarity is shown"
        words.append(
            f"{none} for {_each(rest)}, where a true {power.TRUE} is found with a power of at most "
            f"{percent(seen.loc[seen['encoder'].isin(rest['encoder']), 'power'].max())}"
        )
    return f"Over targets and within families, {'; '.join(words)}."


def _each(rows: pd.DataFrame) -> str:
    return listing([f"{r.encoder} (r = {decimals(r.within_r)}, {p_text(r.within_p)})" for r in rows.itertuples()])


def _stable(found: Evidence, place: tuple) -> str:
    """Whether one family decides; the sign of a relation that is not shown may change freely."""
    rows = _of(found.stability, place).dropna(subset=["r_low"])
    shown = _of(found.cells, place).set_index("encoder")["within_p"] < ALPHA
    moved = rows[(rows["significance"] != "") | ((rows["sign"] != "") & rows["encoder"].map(shown))]
    if rows.empty:
        return ""
    if moved.empty:
        return " No single family decides that: it stays when any one of them is left out."
    names = listing(dict.fromkeys(moved["encoder"]))
    return f" The verdict changes for {names} if a certain family is left out (fewer languages also see less)."


def _naive(known: pd.DataFrame) -> str:
    """Where counting languages as independent would have said otherwise."""
    other = known[(known["p"] < ALPHA) != (known["within_p"] < ALPHA)]
    each = [f"{r.encoder} ({p_text(r.p)})" for r in other.itertuples()]
    return f" Counting all languages as independent would have said otherwise for {listing(each)}." if each else ""


def _under_definitions(found: Evidence, place: tuple) -> str:
    """Which measures of similarity show the relation, and whether under every definition."""
    said: dict[str, dict[str, list[str]]] = {"holds": {}, "does not hold": {}, "": {}}
    rows, tested = _of(found.measures, place), 0
    for (measure, encoder), here in rows.groupby(["measure", "encoder"], sort=False, dropna=False):
        verdict = similarity.verdict(here)
        if verdict not in (similarity.NOTHING, similarity.SINGLE):
            start = next(start for start in said if verdict.startswith(start))
            falls = verdict.startswith("holds") and here["within_r"].max() < 0
            said[start].setdefault(measure, []).append(f"{encoder}, with r below 0" if falls else encoder)
            tested += 1
    if not tested:
        return ""
    words = [
        text + listing([f"{measure} ({listing(encoders)})" for measure, encoders in said[start].items()])
        for start, text in (
            ("holds", "every definition shows a relation for "),
            ("does not hold", "it does not hold, as one definition shows it and another does not, for "),
        )
        if said[start]
    ]
    none = sum(len(encoders) for encoders in said[""].values())
    words += [f"in {none} of {tested} combinations of measure and encoder no definition shows it"] if none else []
    return f"By measure of similarity: {'; '.join(words)} (p < 0.05 within families, not corrected)."


def _between(found: Evidence, place: tuple, what: str) -> str:
    """Whether one encoder follows similarity more than another."""
    rows = _of(found.differences, place).dropna(subset=["difference"])
    if rows.empty:
        return ""
    clear = rows[rows["p_holm"] < ALPHA]
    if len(clear):
        each = [f"{r.first} − {r.second} {signed(r.difference)} ({span(r.low, r.high)})" for r in clear.itertuples()]
        return f"Encoders differ in how {what} follows similarity: {listing(each)} after Holm's correction."
    widest = rows.loc[rows["difference"].abs().idxmax()]
    return (
        f"Whether {what} follows similarity more for one encoder than for another stays open: the largest difference "
        f"of two correlations, {widest['first']} − {widest['second']}, is {signed(widest['difference'])} "
        f"({span(widest['low'], widest['high'])}, Holm p = {p_value(widest['p_holm'])})."
    )


def percent(share: float) -> str:
    """A share as whole per cent."""
    return DASH if pd.isna(share) else f"{100 * share:.0f} %"


def _percents(shares: pd.Series) -> str:
    low, high = percent(shares.min()), percent(shares.max())
    return low if low == high else f"{low} to {high}"


def p_text(value: float) -> str:
    """`p = 0.012` or `p < 0.001`."""
    text = p_value(value)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def signed(value: float) -> str:
    """A correlation or a difference of two with its sign."""
    return DASH if pd.isna(value) else f"{value:+.2f}".replace("-", "−")


def span(low: float, high: float) -> str:
    """An interval of correlations; a dash where there is none."""
    return f"{decimals(low)} to {decimals(high)}" if np.isfinite(low) and np.isfinite(high) else DASH
