"""The section on encoder families: gain by encoder, the interaction test, and contrasts by kind."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from xtl.analysis import wording
from xtl.analysis.figures import gain_figures as figures
from xtl.analysis.questions import families as tests
from xtl.analysis.questions.answer import ALPHA
from xtl.analysis.questions.sections import Findings
from xtl.analysis.scores import gains, provenance
from xtl.analysis.scores.provenance import FINISHED, HERE
from xtl.analysis.section import Block, Section, block, parts, section, table
from xtl.analysis.statistics.intervals import UNEQUAL_COVERAGE, UNEQUAL_ERRORS, UNEQUAL_RATIO
from xtl.runs.record import RunRecord

TITLE = "Encoder families"
# kind of contrast -> heading of its block, and how a difference of this kind is to be read
KINDS = {
    "pretraining recipe": (
        "Contrast of pretraining recipes",
        "Both encoders compute the same function of weights and inputs, so a difference is one of how they were "
        "pretrained.",
    ),
    "architecture": (
        "Contrast of architectures",
        "Both encoders were pretrained here; they differ in architecture and, where the table says so, in objective "
        "and recipe, too.",
    ),
    "confounded": (
        "Confounded contrasts",
        "At least one encoder of each pair came as a finished checkpoint, so architecture, data, size and recipe "
        "differ at once: a difference says that the checkpoints differ, and nothing about why.",
    ),
}


def families(found: Findings, records: Mapping[str, RunRecord]) -> Section:
    """Does the effect of intermediate training depend on the encoder?"""
    pools = provenance.pools(records, found.encoders)
    sources = parts(found.main, ["source", "provenance"])
    blocks = []
    for (source, origin), _ in sources:
        pooled = found.pooled[(found.pooled["source"] == source) & (found.pooled["provenance"] == origin)]
        where = f" (target training in {source}, {origin})" if len(sources) > 1 else ""
        if pooled["gain"].notna().any():
            pretrained = provenance.pretrained_here(records)
            blocks.append(_by_encoder(found, pooled, pools, pretrained, where))
            blocks += _contrasts(found, records, pooled, pools, where)
    return section("families", TITLE, *blocks)


def _by_encoder(found: Findings, pooled: pd.DataFrame, pools: Mapping, known: set[str], where: str) -> Block:
    """The mean gain of every encoder, and the F tests of whether it depends on the encoder."""
    gain = gains.intervals(pooled, "gain", pools)
    tested = tests.interaction(pooled, pools).dropna(subset=["f"])
    columns = "intermediate,encoders,F,df,p,p (Holm),sd of a seed,largest difference,detectable".split(",")
    rows = [
        [
            r.intermediate, f"{r.encoders} {r.pool}".strip(), wording.decimals(r.f), _df(r.df1, r.df2),
            wording.p_value(r.p), wording.p_value(r.p_holm), wording.decimals(r.pooled_sd),
            wording.points(r.spread, False), wording.points(r.detectable, False),
        ]
        for r in tested.itertuples()
    ]  # fmt: skip
    notes = [
        "The unit is an encoder's mean gain over the grid's targets in one seed, without cells of the same data; seeds "
        "of different encoders are independent. F test of equal means with encoders − 1 and values − encoders degrees "
        f"of freedom. {tests.TOGETHER.capitalize()}: ratio of traces (Dempster 1958) with the degrees of freedom of "
        "Greenhouse and Geisser (1959), as the intermediates of a seed share its baseline. Detectable: the largest "
        "difference between two encoders, in points, that such a grid finds four times in five. Holm's correction is "
        "over the intermediates.",
        _spread_note(gain),
    ]
    if pools:
        notes.append("Encoders pretrained here and finished checkpoints scatter differently, so each are tested apart.")
    if len(known & set(found.encoders)) < len(found.encoders):
        notes.append("A seed of a finished checkpoint changes its fine-tuning only: the test is about that checkpoint.")
    made = table("Does the gain depend on the encoder?", columns, rows, [note for note in notes if note])
    text = [sentence for _, here in tested.groupby("pool", sort=False) for sentence in _verdicts(here)]
    text = text or ["Without two encoders and two seeds there is no test of whether the gain depends on the encoder."]
    dots = [figures.encoder_gains(gain, found.encoders)]
    return block(f"Gain by encoder{where}", text, pictures=dots, tables=[made] if rows else [])


def _df(first: float, second: float) -> str:
    return ", ".join(f"{df:.0f}" if abs(df - round(df)) < 1e-6 else f"{df:.1f}" for df in (first, second))


def _verdicts(rows: pd.DataFrame) -> list[str]:
    """The tests of one pool in words: each difference that is shown, and in one sentence what is not shown."""
    among = {HERE: f"the encoders {HERE}", FINISHED: f"the {FINISHED}"}.get(rows["pool"].iloc[0], "the encoders")
    names = rows["intermediate"].replace(tests.TOGETHER, "the intermediates together")
    decisive = rows["p_holm"].fillna(rows["p"])
    sentences = [
        f"The effect of {name} differs among {among} (F({_df(row['df1'], row['df2'])}) = {row['f']:.2f}, "
        f"p {_equals(p)})."
        for (_, row), name, p in zip(rows.iterrows(), names, decisive, strict=True)
        if p < ALPHA
    ]
    null = rows[decisive >= ALPHA]
    if len(null):
        low, high = null["detectable"].min(), null["detectable"].max()
        span = f"{low:.1f}" if f"{low:.1f}" == f"{high:.1f}" else f"{low:.1f} to {high:.1f}"
        smallest = "p" if len(null) == 1 else "smallest p"
        sentences.append(
            f"No difference among {among} is shown in the effect of {wording.listing(names[null.index])} ({smallest} "
            f"{_equals(decisive[null.index].min())}): the largest observed is {null['spread'].max():.1f} points, and a "
            f"true one below {span} would escape such a grid more than one time in five."
        )
    return sentences


def _equals(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


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


def _contrasts(
    found: Findings, records: Mapping[str, RunRecord], pooled: pd.DataFrame, pools: Mapping, where: str
) -> list[Block]:
    """The differences between two encoders, a block for each kind of contrast."""
    differences = gains.encoder_differences(pooled, pools)
    if differences.empty:
        return []
    known = provenance.contrast_table(records, found.encoders)
    every = differences.merge(known, on=["first", "second"], how="left")
    every["block"] = every["kind"].where(every["kind"].isin(KINDS), "architecture")
    blocks = []
    for kind, (heading, text) in KINDS.items():
        here = every[every["block"] == kind]
        rows = [
            [
                f"{r.first} − {r.second}", r.intermediate, wording.points(r.difference), wording.spread(r.low, r.high),
                wording.p_value(r.p), wording.p_value(r.p_holm), wording.points(r.detectable, False), _differs(r),
            ]
            for r in here.itertuples()
        ]  # fmt: skip
        columns = [
            "contrast",
            "intermediate",
            "difference",
            "95 % interval",
            "p",
            "p (Holm)",
            "detectable",
            "differs in",
        ]
        note = (
            "Difference of the mean gains in points. Student's t with the variance between seeds pooled over encoders "
            f"that scatter alike; Holm's correction is over the differences of all kinds together ({len(every)}); "
            "detectable: the true difference that such a grid finds four times in five, at Holm's strictest level."
        )
        made = [table(f"{heading}: difference of mean gains", columns, rows, [note])] if rows else []
        blocks.append(block(heading + where, [text] if rows else [], tables=made))
    return blocks


def _differs(row) -> str:
    """What the two encoders of a contrast differ in, and whether they are matched otherwise."""
    if row.kind == "confounded":
        return "everything at once"
    parts_ = ["architecture"] if row.kind.startswith("architecture") else []
    parts_ += [row.recipe] if row.recipe else []
    text = ", ".join(parts_) or "nothing"
    text += f"; not matched: {row.shape}" if row.shape else "; matched otherwise"
    return text + (f"; learning rates {row.rates}, matched if one search chose both" if row.rates else "")
