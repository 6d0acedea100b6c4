"""All that is known of one value against similarity, over targets, and what it comes to in words."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from xtl.analysis.results import Results
from xtl.analysis.scores import correlations
from xtl.analysis.scores.correlations import ALPHA
from xtl.analysis.scores.tables import BASELINE
from xtl.analysis.statistics import power
from xtl.analysis.wording import DASH, decimals, listing, p_value

PLACE = ["intermediate", "source", "provenance"]
NOISY = 0.5  # reliability below which languages differ hardly more than seeds do


@dataclass(frozen=True)
class Evidence:
    """What is known of one value (`gain` or `score`) against similarity, averaged over targets.

    cells, targets: correlations.inference over targets and for every target; stability, differences, power, pairs
    (power to tell two encoders apart) and measures: what the functions of correlations of nearly the same names return.
    points: correlations.points over targets.
    """

    value: str
    cells: pd.DataFrame
    targets: pd.DataFrame
    stability: pd.DataFrame
    differences: pd.DataFrame
    power: pd.DataFrame
    pairs: pd.DataFrame
    measures: pd.DataFrame
    points: pd.DataFrame = field(default_factory=pd.DataFrame)


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
        seen, pairs = correlations.design_power(pooled, seeds, value, families)
        results.evidence[value] = Evidence(
            value=value,
            cells=correlations.inference(pooled, value, families, controls(results)),
            targets=correlations.inference(points, value, families, controls(results)),
            stability=correlations.stability(pooled, value, families),
            differences=correlations.encoder_differences(pooled, value, families),
            power=seen,
            pairs=pairs,
            measures=correlations.by_measure(seeds, value, families, measures),
            points=pooled,
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
    text = f"For {found.value}s, a true correlation of {power.TRUE} within families is found with a power of {seen}"
    text += "." if best == seen else f"; with endless seeds it would be {best}."
    if found.pairs["power"].notna().any():
        text += f" Two encoders with true correlations of {power.APART[0]} and {power.APART[1]} are told apart with "
        text += f"{_percents(found.pairs['power'])}."
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
    """For which encoders a value rises or falls with similarity, and with what power the others were looked at."""
    shown = tested["within_p"] < ALPHA
    clear = tested[shown]
    rest = tested[~shown]
    words = []
    for sign, verb in ((1, "rises"), (-1, "falls")):
        rows = clear[np.sign(clear["within_r"]) == sign]
        if len(rows):
            words.append(f"{what} {verb} with similarity for {_encoders(rows)}")
    if len(rest):
        seen = _of(found.power, place)
        most = seen.loc[seen["encoder"].isin(rest["encoder"]), "power"].max()
        none = "no relation is shown" if words else f"no relation of {what} with similarity is shown"
        words.append(
            f"{none} for {_encoders(rest)}, where a true {power.TRUE} is found with a power of at most {percent(most)}"
        )
    return f"Over targets and within families, {'; '.join(words)}."


def _encoders(rows: pd.DataFrame) -> str:
    return listing([f"{r.encoder} (r = {decimals(r.within_r)}, {p_text(r.within_p)})" for r in rows.itertuples()])


def _stable(found: Evidence, place: tuple) -> str:
    """Whether one family decides; the sign of a relation that is not shown may change freely."""
    rows = _of(found.stability, place).dropna(subset=["r_low"])
    if rows.empty:
        return ""
    shown = _of(found.cells, place).set_index("encoder")["within_p"] < ALPHA
    moved = rows[(rows["significance"] != "") | ((rows["sign"] != "") & rows["encoder"].map(shown))]
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
    """Whether one encoder follows similarity more than another."""
    rows = _of(found.differences, place).dropna(subset=["difference"])
    if rows.empty:
        return ""
    clear = rows[rows["p_holm"] < ALPHA]
    if len(clear):
        pairs = [f"{r.first} − {r.second} {signed(r.difference)} ({span(r.low, r.high)})" for r in clear.itertuples()]
        return f"Encoders differ in how {what} follows similarity: {listing(pairs)} after Holm's correction."
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
    low = percent(shares.min())
    high = percent(shares.max())
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
