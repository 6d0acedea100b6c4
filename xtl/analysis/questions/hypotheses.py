"""The hypotheses that a grid file fixes, each with its estimate, interval, p values, detectable effect and verdict."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from xtl.analysis.questions import findings
from xtl.analysis.questions.findings import Status, Verdict
from xtl.analysis.results import Results
from xtl.analysis.scores import provenance
from xtl.analysis.scores.declared import CORRELATION, MEAN, SLOPE
from xtl.analysis.section import Section, block, cell, section, table
from xtl.analysis.wording import DASH, decimals, p_equals, p_value, points

TITLE = "Hypotheses"
METHOD = (
    "Means in points: gains over the baseline, seed by seed, mean over targets without cells of the same data; "
    "Student's t, each encoder with its own variance between seeds. r: Spearman's correlation within families of the "
    "gain (mean over seeds and targets) with similarity to English; its p is the largest of the orders of the "
    "languages within their families and of Student's t over the slopes of the seeds, in points and on the logit "
    "scale. All tests are two-sided, so that the contrary of a hypothesis can be shown as well; intervals are 95 % "
    "and not corrected. Detectable: the smallest true effect that this design finds four times in five at the "
    "report's strictest level. "
)


def hypotheses(results: Results) -> Section:
    """Every hypothesis with its estimate, interval, p values, detectable effect and verdict; empty without any."""
    if not results.hypotheses:
        return section("hypotheses", TITLE)
    verdicts = findings.verdicts(results)
    rows = []
    for verdict in verdicts:
        one = verdict.tested
        n = f"{one.n} languages, {one.seeds} seeds" if one.unit != MEAN else f"{one.seeds} seeds"
        interval = f"{number(one.low, one.unit)} to {number(one.high, one.unit)}" if pd.notna(one.low) else ""
        untested = verdict.status in (Status.MISSING, Status.NO_TEST)
        status = cell(verdict.status, one.lacking or one.note, "missing" if untested else "")
        rows.append([
            cell(one.hypothesis.name, one.statement), cell(number(one.estimate, one.unit), interval), one.unit,
            p_value(one.p), p_value(verdict.corrected), number(verdict.detectable, one.unit, False), n, status,
        ])  # fmt: skip
    columns = ["hypothesis", "estimate, 95 % interval", "unit", "p", "p (report)", "detectable", "n", "verdict"]
    numbers = table("Confirmatory hypotheses", columns, rows, [METHOD + findings.METHOD])
    text = [results.dated, *sentences(verdicts)]
    return section("hypotheses", TITLE, block(text=text, items=differing(results), tables=[numbers]))


def differing(results: Results) -> list[str]:
    """What the encoders of every compared pair differ in: a difference of gains is no finding about one of these."""
    pairs: dict[tuple[str, ...], None] = {}
    for hypothesis in results.hypotheses:
        compared = hypothesis.of("encoder")
        if hypothesis.roles().count("encoder") == 2 and set(compared) <= set(results.encoders):
            pairs[tuple(compared)] = None
    return [sentence for pair in pairs for sentence in provenance.contrasts(results.records, list(pair))]


def sentences(verdicts: Sequence[Verdict]) -> list[str]:
    """A sentence for every hypothesis, no stronger than its numbers."""
    words = []
    for verdict in verdicts:
        one = verdict.tested
        if verdict.status in (Status.MISSING, Status.NO_TEST):
            words.append(f"{one.hypothesis.name}: {verdict.status} ({one.lacking or one.note}).")
            continue
        unit = {MEAN: " points", SLOPE: " points per unit of similarity", CORRELATION: ""}[one.unit]
        value = f"{number(one.estimate, one.unit)}{unit}"
        value += f" ({number(one.low, one.unit)} to {number(one.high, one.unit)})"
        text = f"{one.hypothesis.name}: {verdict.status}; {one.statement}, estimated at {value}, "
        text += f"p at the report's level {p_equals(verdict.corrected)}."
        if verdict.status == Status.NOT_SHOWN and pd.notna(verdict.detectable):
            least = number(verdict.detectable, one.unit, False)
            text += f" A true effect below {least}{unit} would escape this design more than one time in five."
        if len(one.hypothesis.of("encoder")) > 1:
            text += " Each encoder is one instance."
        words.append(text)
    return words


def number(value: float, unit: str, signed: bool = True) -> str:
    """An estimate in its unit: points with one decimal, a correlation with two."""
    if pd.isna(value):
        return DASH
    if unit != CORRELATION:
        return points(value, signed)
    return f"+{decimals(value)}" if signed and value > 0 else decimals(value)
