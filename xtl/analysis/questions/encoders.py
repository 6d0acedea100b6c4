"""Whether the effect of intermediate training depends on the encoder, with the kinds of contrast kept apart."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from xtl.analysis import wording
from xtl.analysis.figures.dot_plots import encoder_differences, encoder_gains
from xtl.analysis.results import Results
from xtl.analysis.scores import gains as gain_tables
from xtl.analysis.scores import provenance
from xtl.analysis.scores.provenance import FINISHED, HERE
from xtl.analysis.section import Block, Section, block, parts, section, table
from xtl.analysis.statistics import equal_means
from xtl.analysis.statistics.intervals import UNEQUAL_COVERAGE, UNEQUAL_ERRORS, UNEQUAL_RATIO

TITLE = "Encoders beside each other"
ALPHA = 0.05
TEST_METHOD = (
    "The unit is an encoder's mean gain over the grid's targets in one seed, without cells of the same data; seeds "
    "of different encoders are independent. F test of equal means with encoders − 1 and values − encoders degrees "
    f"of freedom. {equal_means.TOGETHER.capitalize()}: ratio of traces (Dempster 1958) with the degrees of freedom of "
    "Greenhouse and Geisser (1959), as the intermediates of a seed share its baseline. Detectable: the largest "
    "difference between two encoders, in points, that such a grid finds four times in five. Holm's correction is "
    "over the intermediates."
)
POOLS = "Encoders pretrained here and finished checkpoints scatter differently, so each are tested apart."
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
    tested = equal_means.interaction(pooled, results.pools).dropna(subset=["f"])
    rows = []
    for r in tested.itertuples():
        rows.append([
            r.intermediate, f"{r.encoders} {r.pool}".strip(), wording.decimals(r.f), _df(r.df1, r.df2),
            wording.p_value(r.p), wording.p_value(r.p_holm), wording.decimals(r.pooled_sd),
            wording.points(r.spread, False), wording.points(r.detectable, False),
        ])  # fmt: skip
    columns = "intermediate,encoders,F,df,p,p (Holm),sd of a seed,largest difference,detectable".split(",")
    tables = [table("Does the gain depend on the encoder?", columns, rows)] if rows else []
    text = [sentence for _, rows in tested.groupby("pool", sort=False) for sentence in verdicts(rows)]
    if not text:
        text = ["Without two encoders and two seeds there is no test of whether the gain depends on the encoder."]
    pictures = [encoder_gains(gain, results.encoders)]
    notes = _test_notes(results, gain) if rows else []
    return block(f"Gain by encoder{where}", text, pictures=pictures, tables=tables, notes=notes)


def _test_notes(results: Results, gain: pd.DataFrame) -> list[str]:
    notes = [TEST_METHOD]
    unequal = _spread_note(gain)
    if unequal:
        notes.append(unequal)
    if results.pools:
        notes.append(POOLS)
    if not set(results.encoders) <= provenance.pretrained_here(results.records):
        notes.append(CHECKPOINTS)
    return notes


def _df(first: float, second: float) -> str:
    """Degrees of freedom, with one decimal where they are not whole."""
    texts = []
    for df in (first, second):
        whole = abs(df - round(df)) < 1e-6
        texts.append(f"{df:.0f}" if whole else f"{df:.1f}")
    return ", ".join(texts)


def verdicts(rows: pd.DataFrame) -> list[str]:
    """The tests of one pool in words: each difference that is shown, and in one sentence what is not shown."""
    among = {HERE: f"the encoders {HERE}", FINISHED: f"the {FINISHED}"}.get(rows["pool"].iloc[0], "the encoders")
    names = rows["intermediate"].replace(equal_means.TOGETHER, "the intermediates together")
    decisive = rows["p_holm"].fillna(rows["p"])
    sentences = []
    for index, row in rows[decisive < ALPHA].iterrows():
        statistic = f"F({_df(row['df1'], row['df2'])}) = {row['f']:.2f}, p {wording.p_equals(decisive[index])}"
        sentences.append(f"The effect of {names[index]} differs among {among} ({statistic}).")
    null = rows[decisive >= ALPHA]
    if len(null):
        low = f"{null['detectable'].min():.1f}"
        high = f"{null['detectable'].max():.1f}"
        least = low if low == high else f"{low} to {high}"
        smallest = "p" if len(null) == 1 else "smallest p"
        sentences.append(
            f"No difference among {among} is shown in the effect of {wording.listing(names[null.index])} ({smallest} "
            f"{wording.p_equals(decisive[null.index].min())}): the largest observed is {null['spread'].max():.1f} "
            f"points, and a true one below {least} would escape such a grid more than one time in five."
        )
    return sentences


def _spread_note(gain: pd.DataFrame) -> str:
    """How unequal the seeds' spreads are, and what that would cost."""
    own = gain.groupby("encoder")["sd"].mean().dropna()
    if len(own) < 2:
        return ""
    return (
        "One variance serves all encoders of a test; their own standard deviations between seeds run from "
        f"{own.min():.1f} to {own.max():.1f} points. If the true ones were as {UNEQUAL_RATIO} : 2 : 1, the nominal "
        f"95 % interval of the noisiest would cover {UNEQUAL_COVERAGE} %, and the test would find what is not there in "
        f"{UNEQUAL_ERRORS} % of such grids rather than in 5 % (simulated)."
    )


def _contrasts(results: Results, pooled: pd.DataFrame, where: str) -> list[Block]:
    """The differences between two encoders, a block for each kind of contrast."""
    differences = gain_tables.encoder_differences(pooled, results.pools)
    if differences.empty:
        return []
    kinds = provenance.contrast_table(results.records, results.encoders)
    every = differences.merge(kinds, on=["first", "second"], how="left")
    every["block"] = every["kind"].where(every["kind"].isin(list(KINDS)), "architecture")
    note = (
        "Difference of the mean gains in points. Student's t with the variance between seeds pooled over encoders "
        f"that scatter alike; Holm's correction is over the differences of all kinds together ({len(every)}); "
        "detectable: the true difference that such a grid finds four times in five, at Holm's strictest level."
    )
    columns = "contrast,intermediate,difference,95 % interval,p,p (Holm),detectable,differs in".split(",")
    blocks = []
    for name, kind in KINDS.items():
        rows = []
        own = every[every["block"] == name]
        for r in own.itertuples():
            rows.append([
                f"{r.first} − {r.second}", r.intermediate, wording.points(r.difference), wording.spread(r.low, r.high),
                wording.p_value(r.p), wording.p_value(r.p_holm), wording.points(r.detectable, False), differs_in(r),
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
