"""The section on encoder families: does the gain depend on the encoder, contrast by contrast as far as each allows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from xtl.analysis import families, gains, provenance, wording
from xtl.report.page import block, parts, section, table
from xtl.report.sections import Findings

HERE, PUBLIC = "pretrained here", "public checkpoints"
F_NOTE = (
    "F test over all encoders of a pool: one mean gain over targets per encoder and seed is the unit, cells of the "
    "same data left out. Pretraining varies between the seeds of an encoder that was trained here and not of a public "
    "checkpoint, so the two are tested apart. Least: the largest difference between two encoders that is found in 80 % "
    "of such grids. Holm: over the intermediates; all together is one test of its own (Dempster's ratio of traces)."
)
PAIR_NOTE = (
    "Difference of mean gains over targets, paired with nothing: seeds of different encoders are independent. 95 % t "
    "interval, pooled within a pool, Welch's across pools; Holm's correction over all pairs and intermediates. Least: "
    "the smallest true difference found with 80 % power."
)
KINDS = {
    "pretraining recipe": "Contrast of pretraining recipes: both encoders compute the same function",
    "architecture": "Contrast of architectures",
    "architecture and objective": "Contrast of architecture and objective together",
    "confounded": "Confounded contrasts: a public checkpoint differs in architecture, data and size at once",
}


def by_family(found: Findings, records: Mapping[str, Mapping]) -> dict:
    """The interaction of encoder and intermediate, and every pair of encoders under the kind of contrast that it is."""
    title = "Does the gain depend on the encoder?"
    if found.pooled.empty or len(found.encoders) < 2:
        return section("families", title)
    here = provenance.pretrained_here(records)
    pools = {name: HERE if name in here else PUBLIC for name in found.encoders}
    tests = families.interaction(found.pooled, pools)
    differences = gains.encoder_differences(found.pooled, pools)
    contrasts = provenance.contrast_table(records, found.encoders)
    blocks = [block(text=_sentences(tests), tables=[_tests(tests)] if tests["f"].notna().any() else [])]
    for kind, heading in KINDS.items():
        rows = contrasts[contrasts["kind"] == kind]
        if len(rows):
            shown = differences.merge(rows[["first", "second"]], on=["first", "second"])
            blocks.append(block(heading, items=_said(rows), tables=[_pairs(shown, kind)] if len(shown) else []))
    return section("families", title, *blocks)


def _sentences(tests: pd.DataFrame) -> list[str]:
    """What the F tests say, pool by pool."""
    said = []
    for (pool,), here in parts(tests[tests["f"].notna()], ["pool"]):
        single, together = (here[(here["intermediate"] == families.TOGETHER) == flag] for flag in (False, True))
        clear = single[single["p_holm"] < 0.05]
        names = wording.listing(list(clear["intermediate"]))
        text = (
            f"Encoders {pool}: the gain of {names} differs between encoders (F test, Holm's p < 0.05)."
            if len(clear)
            else f"Encoders {pool}: no intermediate is shown to help one encoder more than another (F test, Holm's p "
            f"at least {wording.decimals(single['p_holm'].min())}); differences below "
            f"{wording.decimals(single['detectable'].max(), 1)} points would escape more than one time in five."
        )
        for row in together.itertuples():
            text += f" All intermediates at once: F({wording.decimals(row.df1, 1)}, {wording.decimals(row.df2, 1)}) = "
            text += f"{wording.decimals(row.f)}, p = {wording.p_value(row.p)}."
        said.append(text)
    return said


def _tests(tests: pd.DataFrame) -> dict:
    rows = [
        [
            r.intermediate, r.pool, r.encoders, r.values, wording.decimals(r.f),
            f"{wording.decimals(r.df1, 1)}, {wording.decimals(r.df2, 1)}", wording.p_value(r.p),
            wording.p_value(r.p_holm), wording.decimals(r.spread, 1), wording.decimals(r.detectable, 1),
        ]
        for r in tests[tests["f"].notna()].itertuples()
    ]  # fmt: skip
    columns = "intermediate,pool,encoders,values,F,df,p,p (Holm),largest difference,least".split(",")
    return table("Interaction of encoder and intermediate (points)", columns, rows, [F_NOTE])


def _said(rows: pd.DataFrame) -> list[str]:
    """What each pair differs in, where both were pretrained here."""
    return [
        f"{r.first} and {r.second} differ in {r.recipe or 'nothing of the recipe'}"
        + (f", and also in {r.shape}: not matched." if r.shape else "; matched otherwise.")
        + (f" Learning rates {r.rates}." if r.rates else "")
        for r in rows.itertuples()
        if r.kind != "confounded"
    ]


def _pairs(differences: pd.DataFrame, kind: str) -> dict:
    rows = [
        [
            r.intermediate, f"{r.first} − {r.second}", wording.points(r.difference),
            wording.spread(r.low, r.high) or wording.DASH, wording.p_value(r.p), wording.p_value(r.p_holm),
            wording.decimals(r.detectable, 1) if np.isfinite(r.detectable) else wording.DASH,
        ]
        for r in differences.itertuples()
    ]  # fmt: skip
    columns = "intermediate,encoders,difference of gains,95 % interval,p,p (Holm),least".split(",")
    return table(f"Pairs of encoders: {kind} (points)", columns, rows, [PAIR_NOTE])
