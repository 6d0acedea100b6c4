"""The section of a report that judges the paper's claims one by one on the catalog and on this grid."""

from __future__ import annotations

from collections.abc import Mapping

from xtl.analysis.questions import claims as claims_of
from xtl.analysis.questions.sections import Findings
from xtl.analysis.questions.verdicts import CATALOG, FAILS, VERDICTS
from xtl.analysis.section import block, cell, section, table
from xtl.analysis.wording import listing
from xtl.runs.record import RunRecord

NOTE = (
    "Claims of a summary of Phang et al. 2020 (arXiv 2005.13013) in its order, with its own mark and confidence. "
    "Design and sizes are looked up in the catalog. A result holds or does not where the 95 % t interval over seeds "
    "of every encoder says so, is open where an interval allows both or encoders disagree, and is not testable where "
    "this grid lacks what it speaks of; it is about the encoders and targets that the evidence names, where the "
    "paper's are XLM-R Large and all of XTREME. Intervals are not corrected for the number of claims. Retrieval is "
    "judged only at encoders that saw no translation pairs; cells that train on the same data twice never count."
)
LABORATORY = (
    "This grid is the laboratory: its verdicts on results say what happens there, not whether XLM-R Large behaves so "
    "on natural languages."
)


def claims(
    found: Findings,
    records: Mapping[str, RunRecord],
    intermediates: Mapping[str, Mapping] | None = None,
    encoders: Mapping[str, Mapping] | None = None,
) -> dict:
    """All claims with their verdicts and the evidence; see analysis.claims.grid for the arguments."""
    grid = claims_of.grid(found.data, found.task_gains, records, intermediates, encoders)
    judged = claims_of.judge(grid)
    rows = []
    for row in judged.itertuples():
        confidence = f"{'verified there, ' if row.mark == 'v' else ''}confidence {row.confidence:.2f}"
        scope = "in the laboratory" if grid.laboratory and row.type == "result" else f"by {row.scope}"
        verdict = cell(row.verdict, scope, "failed" if row.verdict == FAILS else "")
        reference = f"reference: {_value(row.value)}, {row.where}"
        rows.append([str(row.id), cell(row.text, confidence, "long"), row.type, verdict,
                     cell(row.evidence, reference, "long")])  # fmt: skip
    text = [summary(judged["verdict"].tolist())] + ([LABORATORY] if grid.laboratory else [])
    columns = ["no.", "claim", "type", "verdict", "evidence"]
    return section(
        "claims", "The paper's claims", block(text=text, tables=[table("Claims and verdicts", columns, rows, [NOTE])])
    )


def summary(verdicts: list[str]) -> str:
    """How many claims got which verdict, in a sentence."""
    counts = [f"{verdicts.count(verdict)} {_plural(verdict, verdicts.count(verdict))}" for verdict in VERDICTS]
    present = [text for text, verdict in zip(counts, VERDICTS, strict=True) if verdict in verdicts]
    return f"Of {len(verdicts)} claims {listing(present)}, as far as {CATALOG} and this grid can tell."


def _plural(verdict: str, count: int) -> str:
    forms = {"holds": "hold", "does not hold": "do not hold", "open": "are open", "not testable": "are not testable"}
    return forms[verdict] if count != 1 else verdict if verdict in ("holds", FAILS) else f"is {verdict}"


def _value(value) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
