"""Whether the effect of intermediate training depends on the encoder, with the kinds of contrast kept apart."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from xtl.analysis import wording
from xtl.analysis.figures.dot_plots import encoder_differences, encoder_gains
from xtl.analysis.questions import findings
from xtl.analysis.questions.findings import Question
from xtl.analysis.results import Results
from xtl.analysis.scores import contrasts, provenance
from xtl.analysis.scores import gains as gain_tables
from xtl.analysis.section import Block, Section, block, parts, section, table
from xtl.analysis.statistics import equal_means
from xtl.analysis.statistics.intervals import minimum_detectable

TITLE = "Encoders beside each other"
TEST_METHOD = (
    "The unit is an encoder's mean gain over the grid's targets in one seed, without cells of the same data; seeds of"
    " different encoders are independent. Welch's F test (1951) of equal means, which lets every encoder's seeds "
    "scatter differently. p (report): as a claim of this report; the other p values are exploratory."
)
CHECKPOINTS = "A seed of a finished checkpoint changes its fine-tuning only: the test is about that checkpoint."


class Kind(NamedTuple):
    """A kind of contrast: the heading of its block, and how a difference of this kind is to be read."""

    heading: str
    reading: str


KINDS = {
    "pretraining recipe": Kind(
        "Contrast of pretraining recipes",
        "Both encoders compute the same function of weights and inputs, so a difference is one of how they were "
        "pretrained.",
    ),
    "architecture": Kind(
        "Contrast of architectures",
        "Both encoders were pretrained here; they differ in architecture and, where the table says so, in objective "
        "and recipe, too.",
    ),
    "confounded": Kind(
        "Confounded contrasts",
        "At least one encoder of each pair came as a finished checkpoint, so architecture, data, size and recipe "
        "differ at once: a difference says that the checkpoints differ, and nothing about why.",
    ),
}


def encoders(results: Results) -> Section:
    """Does the effect of intermediate training depend on the encoder? A block of gains, and one a kind of contrast."""
    origins = parts(results.pooled, ["source", "provenance"])
    blocks: list[Block] = []
    for (source, origin), pooled in origins:
        where = f" (target training in {source}, {origin})" if len(origins) > 1 else ""
        if pooled["gain"].notna().any():
            blocks.append(_by_encoder(results, pooled, where))
            blocks += _contrasts(results, pooled, where)
    return section("encoders", TITLE, *blocks)


def _by_encoder(results: Results, pooled: pd.DataFrame, where: str) -> Block:
    """The mean gain of every encoder, and the F tests of whether it depends on the encoder."""
    gain = gain_tables.intervals(pooled, "gain", results.pools)
    tested = equal_means.interaction(pooled).dropna(subset=["f"])
    corrected = {}
    if tuple(pooled[["source", "provenance"]].iloc[0]) == results.leading_source:
        for finding in findings.findings(results):
            if finding.question is Question.ENCODERS:
                corrected[finding.intermediate] = finding.corrected
    rows = []
    for r in tested.itertuples():
        rows.append([
            r.intermediate, r.encoders, wording.decimals(r.f), f"{r.df1:.0f}, {wording.decimals(r.df2, 1)}",
            wording.p_value(r.p), wording.p_value(corrected.get(r.intermediate, float("nan"))),
            wording.points(r.spread, False),
        ])  # fmt: skip
    columns = "intermediate,encoders,F,df,p,p (report),largest difference".split(",")
    notes = [TEST_METHOD] if rows else []
    if rows and not set(results.encoders) <= provenance.pretrained_here(results.records):
        notes.append(CHECKPOINTS)
    if rows:
        notes += results.unit
    tables = [table("Does the gain depend on the encoder?", columns, rows, notes)] if rows else []
    text = ["Whether the gain depends on the encoder is a claim of the answer above; pairs are exploratory."]
    if not rows:
        text = ["Without two encoders and two seeds there is no test of whether the gain depends on the encoder."]
    return block(f"Gain by encoder{where}", text, pictures=[encoder_gains(gain, results.encoders)], tables=tables)


def _contrasts(results: Results, pooled: pd.DataFrame, where: str) -> list[Block]:
    """The differences between two encoders, a block for each kind of contrast."""
    differences = contrasts.encoder_differences(pooled, results.pools)
    if differences.empty:
        return []
    kinds = provenance.contrast_table(results.records, results.encoders)
    every = differences.merge(kinds, on=["first", "second"], how="left")
    every["block"] = every["kind"].where(every["kind"].isin(list(KINDS)), "architecture")
    note = (
        "Difference of the mean gains in points. Welch's t, each encoder with its own variance between seeds; "
        f"exploratory, not corrected for the {len(every)} pairs. Detectable: the true difference that such a grid "
        "finds four times in five at p < 0.05."
    )
    columns = "contrast,intermediate,difference,95 % interval,p,detectable,differs in".split(",")
    blocks = []
    for name, kind in KINDS.items():
        rows = []
        own = every[every["block"] == name]
        for r in own.itertuples():
            least = minimum_detectable(r.error, r.df)
            rows.append([
                f"{r.first} − {r.second}", r.intermediate, wording.points(r.difference), wording.spread(r.low, r.high),
                wording.p_value(r.p), wording.points(least, False), differs_in(r),
            ])  # fmt: skip
        if rows:
            numbers = table(f"{kind.heading}: difference of mean gains", columns, rows, [note])
            pictures = [encoder_differences(own)]
            blocks.append(block(kind.heading + where, pictures=pictures, tables=[numbers], notes=[kind.reading]))
    return blocks


def differs_in(row) -> str:
    """What the two encoders of a contrast differ in, and whether they are matched otherwise."""
    if row.kind == "confounded":
        return "everything at once"
    factors = ["architecture"] if row.kind.startswith("architecture") else []
    if row.recipe:
        factors.append(row.recipe)
    text = ", ".join(factors) or "nothing"
    text += f"; not matched: {row.shape}" if row.shape else "; matched otherwise"
    if row.rates:
        text += f"; learning rates {row.rates}, matched if one search chose both"
    return text
