"""The section of a report that tests the hypotheses fixed in the grid file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from xtl.analysis.questions import hypotheses as testing
from xtl.analysis.questions.sections import Findings
from xtl.analysis.scores import provenance
from xtl.analysis.section import block, cell, section, table
from xtl.analysis.wording import DASH, decimals, p_value, points
from xtl.grid.schema import Hypothesis

NOTE = (
    "Means in points: gains over the baseline, seed by seed, mean over targets without cells of the same data; "
    "Student's t with the variance between seeds pooled over encoders. r: Spearman's correlation within families "
    "of the gain (mean over seeds and targets) with similarity to English, over the languages that have the gain on "
    "every one of these targets (the section on similarity takes all that one target has, so its r may differ): p from "
    "exchanging languages within their families only and interval by Fisher's z, both from a bootstrap over languages "
    "for a difference of encoders. p is one-sided where "
    "the hypothesis has a direction, intervals are two-sided 95 %. Holm: corrected over all hypotheses of the file, "
    "those without a test counted as p = 1. Detectable: the smallest true effect that this design finds four times in"
    " five at Holm's strictest level (for r by Fisher's z within families; two encoders taken for independent, "
    "and no noise between seeds: what that costs stands in the power of the design, under similarity)."
)


def hypotheses(
    found: Findings, declared: Sequence[Mapping], intermediates: Mapping[str, Mapping] | None = None,
    records: Mapping[str, Mapping] | None = None,
) -> dict:  # fmt: skip
    """Every hypothesis with its estimate, interval, p values, detectable effect and verdict; empty without any.

    declared: the hypotheses of the grid file (schema.Hypothesis or mappings). intermediates: see analysis.arms.read.
    records: of the runs; they tell what two compared encoders differ in.
    """
    if not declared:
        return section("hypotheses", "Hypotheses")
    families = found.data.linguistics.families()
    tested = testing.evaluate(declared, found.task_gains, found.gain_points, families, intermediates)
    rows = []
    for row in tested.itertuples():
        n = f"{row.n} languages" if row.unit == testing.CORRELATION else f"{row.seeds} seeds"
        interval = f"{number(row.low, row.unit)} to {number(row.high, row.unit)}" if pd.notna(row.low) else ""
        status = cell(row.status, row.note, "missing" if row.status in (testing.MISSING, testing.UNDECIDABLE) else "")
        rows.append([
            cell(row.name, row.statement), cell(number(row.estimate, row.unit), interval), row.unit,
            p_value(row.p), p_value(row.p_holm), number(row.detectable, row.unit, False), n, status,
        ])  # fmt: skip
    columns = ["hypothesis", "estimate, 95 % interval", "unit", "p", "p (Holm)", "detectable", "n", "verdict"]
    text = ["Fixed in the grid file before it ran.", *sentences(tested)]
    shown = table("Confirmatory hypotheses", columns, rows, [NOTE])
    told = differing(declared, records or {}, found.encoders)
    return section("hypotheses", "Hypotheses", block(text=text, items=told, tables=[shown]))


def differing(declared: Sequence[Mapping], records: Mapping[str, Mapping], encoders: Sequence[str]) -> list[str]:
    """What the encoders of every compared pair differ in: a difference of gains is no finding about one of these.

    encoders: of the grid; pairs of others are left out.
    """
    pairs = {
        tuple(hypothesis.of("encoder")): None
        for hypothesis in map(Hypothesis.model_validate, declared)
        if hypothesis.roles().count("encoder") == 2 and set(hypothesis.of("encoder")) <= set(encoders)
    }
    return [sentence for pair in pairs for sentence in provenance.contrasts(records, list(pair))] if records else []


def sentences(tested: pd.DataFrame) -> list[str]:
    """A sentence for every hypothesis, no stronger than its numbers; tested: analysis.hypotheses.evaluate."""
    said = []
    for row in tested.itertuples():
        if row.status in (testing.MISSING, testing.UNDECIDABLE):
            said.append(f"{row.name}: {row.status} ({row.note}).")
            continue
        unit = " points" if row.unit == testing.MEAN else ""
        value = f"{number(row.estimate, row.unit)}{unit} ({number(row.low, row.unit)} to {number(row.high, row.unit)})"
        text = f"{row.name}: {row.status}; {row.statement}, estimated at {value}, Holm p {_equals(row.p_holm)}."
        if row.status == "not shown":
            missed = number(row.detectable, row.unit, False)
            start = "A true effect" if unit else "Even without noise between seeds a true correlation"
            text += f" {start} below {missed}{unit} would escape this design more than one time in five."
            if pd.isna(row.detectable):
                text = text.rpartition(f" {start}")[0] + " No correlation at all could pass here: too few languages."
        said.append(text)
    return said


def number(value: float, unit: str, signed: bool = True) -> str:
    """An estimate in its unit: points with one decimal, a correlation with two."""
    if pd.isna(value):
        return DASH
    return points(value, signed) if unit == testing.MEAN else ("+" if signed and value > 0 else "") + decimals(value)


def _equals(value: float) -> str:
    text = p_value(value)
    return text if text.startswith("<") else f"= {text}"
