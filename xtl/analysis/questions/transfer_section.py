"""The sections of a report on transfer: gaps to the source language, agreement of errors, the choice of checkpoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import chain

import numpy as np
import pandas as pd

from xtl.analysis import wording
from xtl.analysis.figures import drawing, group_figures
from xtl.analysis.questions import agreement as agreeing
from xtl.analysis.questions import selection as selecting
from xtl.analysis.questions import transfer as gaps_of
from xtl.analysis.questions.sections import Findings
from xtl.analysis.scores import gains
from xtl.analysis.scores.tables import BASELINE
from xtl.analysis.section import affordable, block, cell, parts, section, table
from xtl.languages import names as linguistics
from xtl.runs.record import RunRecord

GAP = (
    "The gap is the score in the source language minus the score in another, in points, a plain mean over the "
    "languages of a group; 95 % t intervals over seeds, the variance between seeds pooled over the cells of a target."
    " It also narrows where the source language itself loses."
)
DESCRIBES = (
    "Families and scripts differ in corpus size, vocabulary and much else at once: these means describe, they do not "
    "explain."
)
LABEL = "gap without intermediate training (points)"
AGREEMENT = (
    "Do the same examples fail in another language as in the source language? With c and s the shares of an example "
    "that are right in either, observed agreement is the mean of c s + (1 − c)(1 − s). What is shown is how far it "
    "lies from what two independent sets of errors of these sizes would give (0) towards the most that they allow "
    "(1): Cohen's kappa over its maximum where an example is right or wrong. The interval is over seeds, for these "
    "examples."
)
RULES = {
    "last": "the last checkpoint", "english_dev": "best on English development data", "average": "averaged weights",
    "oracle": "oracle, not zero-shot",
}  # fmt: skip
ORACLE = (
    "The oracle takes the checkpoint that is best on the target language's own labels: no zero-shot score, but what "
    "the choice of a single checkpoint could be worth at most (after Keung et al. 2020, arXiv 2004.15001)."
)


def gaps(found: Findings) -> dict:
    """Gap to the source language by family and by script, without intermediate training and what that changes."""
    title = "Transfer gap to English"
    table = gaps_of.gaps(found.everywhere)
    if not table["gap"].notna().any():
        return section("gaps", title)
    facts = linguistics.table(found.data).set_index("code")
    everything = gaps_of.by_group(table, dict.fromkeys(table["language"], "all languages"))
    blocks = [block(text=[GAP, *_narrowing(everything)])]
    grouped = {kind: gaps_of.by_group(table, facts[kind].to_dict()) for kind in ("family", "script")}
    means = {kind: gaps_of.intervals(values) for kind, values in grouped.items()}
    drawn = pd.concat([values[values["intermediate"] == BASELINE] for values in means.values()])
    span = drawing.limits(drawn[["low", "high", "mean"]].stack())
    for kind, values in grouped.items():
        own = means[kind][means[kind]["intermediate"] == BASELINE]
        shown, left_out = affordable(
            (key[0], partial(group_figures.group_dots, here, "group", _order(here), found.encoders, " · ".join(key),
                             LABEL, span))
            for key, here in parts(own, ["target", *_sources(own)])
            if here["mean"].notna().any()
        )  # fmt: skip
        change = gains.intervals(gaps_of.narrowing(values).rename(columns={"group": "language"}), "change")
        tables = [_gap_table(means[kind], kind, found.encoders), _change_table(change, kind, found.encoders)]
        text = [f"Without intermediate training, the narrowest gap on top. {DESCRIBES}", *left_out] if shown else []
        pictures, tables = chain(*shown.values()), [t for t in tables if t.rows]
        blocks.append(block(f"By {kind}", text, pictures=pictures, tables=tables))
    return section("gaps", title, *blocks)


def agreement(found: Findings, cells: pd.DataFrame, records: Mapping[str, RunRecord]) -> dict:
    """Agreement of errors with the source language by language; reads the examples that the runs left.

    cells, records: as tables.gather returns them. The laboratory's test sets are parallel line by line; of real ones
    only those whose examples share their ids over languages are compared.
    """
    title = "Agreement of errors with English"
    measured = agreeing.collect(cells, records, in_order=found.data["kind"] == "lab")
    if not measured["agreement"].notna().any():
        return section("agreement", title)
    means = agreeing.intervals(measured)
    own = means[means["intermediate"] == BASELINE]
    span = drawing.limits(own[["low", "high", "mean"]].stack(), 0.05)
    shown, left_out = affordable(
        (key[0], partial(group_figures.group_dots, here, "language", found.order, found.encoders, " · ".join(key),
                         "agreement with the source language", span, digits=2))
        for key, here in parts(own, ["target", *_sources(own)])
    )  # fmt: skip
    rows = [
        [r.language, r.target, r.encoder, r.intermediate, wording.decimals(r.mean), _between(r), r.seeds,
         wording.decimals(r.kappa), wording.points(r.right, False), int(r.n)]
        for r in means.itertuples() if np.isfinite(r.mean)
    ]  # fmt: skip
    columns = "language,target,encoder,intermediate,agreement,95 % interval,seeds,kappa,mean score,examples".split(",")
    notes = [
        "Kappa: not divided by its maximum. Mean score: over examples, which for an F1 of spans is another number."
    ]
    text = [AGREEMENT, *_agreeing(own), *left_out]
    numbers = table("Agreement of errors in numbers", columns, rows, notes)
    return section("agreement", title, block(text=text, pictures=chain(*shown.values()), tables=[numbers]))


def selection(
    found: Findings, cells: pd.DataFrame, scores: pd.DataFrame, languages: Mapping[str, Sequence[str]] | None
) -> dict:  # fmt: skip
    """What other checkpoints than the recipe's would have given, the oracle beside them; empty with one rule.

    cells, scores, languages: as tables.gather returns them.
    """
    title = "Choice of the checkpoint"
    chosen = selecting.choices(cells, scores, languages)
    if chosen.empty:
        return section("selection", title)
    rules = [rule for rule in selecting.RULES if rule in set(chosen["rule"])]
    reference = rules[0]
    apart = selecting.differences(chosen, reference)
    if not apart["difference"].notna().any():
        return section("selection", title)
    change = selecting.intervals(apart, "difference")
    key = ["target", *_sources(chosen), "intermediate", "encoder"]
    zero = chosen[(chosen["language"] != chosen["source"]) & (chosen["rule"] == reference)]
    level = zero.groupby(key)["score"].agg(lambda values: values.mean(skipna=False))
    overall = change[change["language"] == "mean"]
    by_rule = overall.set_index([*key, "rule"])
    rows = []
    for place, _ in parts(overall, key):
        known = [by_rule.loc[(*place, rule)] if (*place, rule) in by_rule.index else None for rule in rules[1:]]
        rows.append([*place, wording.points(level.get(place, np.nan), False), *(_change(row) for row in known)])
    by_language = [
        [r.language, r.target, r.encoder, r.intermediate, RULES[r.rule], wording.points(r.mean), _between(r, True),
         r.seeds]
        for r in change[change["language"] != "mean"].itertuples() if np.isfinite(r.mean)
    ]  # fmt: skip
    note = f"Differences to {RULES[reference]}, paired by seed, with pooled 95 % t intervals over seeds."
    caption = "Mean over the languages besides the source in points, and what another choice changes"
    names = [*(name if name != "provenance" else "data" for name in key), *(RULES[rule] for rule in rules)]
    plain = [row for row in rows if row[-len(rules) - 2] == BASELINE]
    rest = [row for row in rows if row not in plain]
    columns = ["language", "target", "encoder", "intermediate", "checkpoint", "difference", "95 % interval", "seeds"]
    tables = [
        table(caption + f", {BASELINE} alone", names, plain, [note]) if plain else None,
        table(caption + ", other intermediates", names, rest, [note]) if rest else None,
        table("The choice of the checkpoint by language", columns, by_language),
    ]
    text = [ORACLE] if selecting.ORACLE in rules else []
    return section("selection", title, block(text=[*text, *_worth(overall)], tables=[t for t in tables if t]))


def _narrowing(everything: pd.DataFrame) -> list[str]:
    """In how many cells each intermediate narrows or widens the mean gap over all languages."""
    change = gains.intervals(gaps_of.narrowing(everything).rename(columns={"group": "language"}), "change")
    change = change[~change["same_data"].astype(bool) & change["low"].notna()]
    said = []
    for (name,), here in parts(change, ["intermediate"]):
        less, more = int((here["high"] < 0).sum()), int((here["low"] > 0).sum())
        said.append(
            f"With {name} the mean gap over all languages is narrower in {less} of {len(here)} cells of encoder and "
            f"target and wider in {more}; in the rest the 95 % interval of the change holds zero."
        )
    return said


def _agreeing(own: pd.DataFrame) -> list[str]:
    """In how many languages and cells errors agree beyond chance."""
    known = own[own["low"].notna()]
    if known.empty:
        return []
    above, below = int((known["low"] > 0).sum()), int((known["high"] < 0).sum())
    return [
        f"Without intermediate training errors agree beyond chance in {above} of {len(known)} cells of encoder, target "
        f"and language, and less than by chance in {below} (95 % intervals over seeds, not corrected)."
    ]


def _worth(overall: pd.DataFrame) -> list[str]:
    """Mean difference of each rule over the cells, and in how many it is clear."""
    said = []
    for rule, here in overall.groupby("rule", sort=False):
        known = here[here["mean"].notna()]
        if len(known):
            clear = int(((known["low"] > 0) | (known["high"] < 0)).sum())
            mean = wording.points(known["mean"].mean())
            said.append(
                f"{RULES[rule][0].upper() + RULES[rule][1:]}: {mean} points on average over {len(known)} cells, with a "
                f"95 % interval clear of zero in {clear}."
            )
    return said


def _gap_table(means: pd.DataFrame, kind: str, encoders: Sequence[str]) -> dict:
    key = ["target", *_sources(means), "intermediate", "group"]
    by_cell = means.set_index([*key, "encoder"])
    rows = []
    for place, here in parts(means, key):
        size = int(here["languages"].max())
        cells = [_score(by_cell.loc[(*place, name)] if (*place, name) in by_cell.index else None) for name in encoders]
        rows.append([*place[:-1], cell(place[-1], f"{size} language{'s' * (size != 1)}"), *cells])
    columns = [*(name if name != "provenance" else "data" for name in key[:-1]), kind, *encoders]
    return table(f"Gap by {kind} in points, 95 % interval", columns, rows)


def _change_table(change: pd.DataFrame, kind: str, encoders: Sequence[str]) -> dict:
    key = ["target", *_sources(change), "intermediate", "language"]
    by_cell = change.set_index([*key, "encoder"])
    rows = [
        [*place, *(_change(by_cell.loc[(*place, e)] if (*place, e) in by_cell.index else None) for e in encoders)]
        for place, _ in parts(change, key)
    ]
    columns = [*(name if name != "provenance" else "data" for name in key[:-1]), kind, *encoders]
    caption = f"Change of the gap by {kind} in points (negative: it narrows), paired by seed, 95 % interval"
    return table(caption, columns, rows)


def _order(means: pd.DataFrame) -> list[str]:
    return list(means.groupby("group")["mean"].mean().sort_values().index)


def _sources(values: pd.DataFrame) -> list[str]:
    """The columns of the source, where there is more than one."""
    several = len(values[["source", "provenance"]].drop_duplicates()) > 1
    return ["source", "provenance"] if several else []


def _score(row) -> dict:
    if row is None or not np.isfinite(row["mean"]):
        return cell("missing", kind="missing")
    return cell(wording.points(row["mean"], False), _between(row, False))


def _change(row) -> dict:
    return cell("missing", kind="missing") if row is None or not np.isfinite(row["mean"]) else cell(wording.gain(row))


def _between(row, signed: bool | None = None) -> str:
    """The interval of a row in points (signed or not), or as plain decimals."""
    low, high = (row["low"], row["high"]) if isinstance(row, pd.Series) else (row.low, row.high)
    if not np.isfinite(low):
        return ""
    show = wording.decimals if signed is None else lambda value: wording.points(value, signed)
    return f"{show(low)} to {show(high)}"
