"""The claims of others about results that a grid file declares, each judged on this grid beside its reference value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from xtl.analysis.results import Results
from xtl.analysis.scores import arms, contrasts
from xtl.analysis.scores import gains as gain_tables
from xtl.analysis.section import Section, block, cell, section, table
from xtl.analysis.wording import listing, points, spread
from xtl.grid.schema import Claim

TITLE = "Claims of others on this grid"
HOLDS = "holds"
FAILS = "does not hold"
OPEN = "open"
UNTESTABLE = "not testable"
VERDICTS = (HOLDS, FAILS, OPEN, UNTESTABLE)
METHOD = (
    "The grid file declares each claim with its source and a reference value. A claim holds or does not where the 95 % "
    "t interval over seeds of every encoder lies wholly on one side of the reference, is open where an interval allows "
    "both or encoders disagree, and is not testable where this grid lacks what it speaks of; it is about the encoders "
    "and targets that the evidence names. Intervals are not corrected for the number of claims. Retrieval is judged "
    "only at encoders that saw no translation pairs; cells that train on the same data twice never count."
)
LABORATORY = (
    "This grid is the laboratory: its verdicts say what happens there, not whether other encoders behave so on natural "
    "languages."
)
CHOSEN = (
    "The best is chosen on the other seeds. Choices on overlapping seeds are not independent: simulated with five "
    "seeds, such a nominal 95 % interval covers 85 to 89 %."
)
PARTIAL = "The reference counts retrieval in, which is not judged here, so that falling short of it decides nothing."
LEAST_ARMS = 3  # single English intermediates that a claim about a share of them needs


class Verdict(NamedTuple):
    """One of VERDICTS, and why, in a sentence or two."""

    verdict: str
    evidence: str


class Comparison(NamedTuple):
    """One encoder's numbers in words, and whether they bear the claim out (None: they allow both)."""

    bears_out: bool | None
    text: str


def claims(results: Results) -> Section:
    """Every claim that the grid file declares, with its verdict and the evidence; empty without any."""
    if not results.claims:
        return section("claims", TITLE)
    rows = []
    counts = dict.fromkeys(VERDICTS, 0)
    for claim in results.claims:
        verdict, evidence = judge(results, claim)
        counts[verdict] += 1
        reference = f"{claim.source}; reference {points(claim.reference)}"
        shown = cell(verdict, kind="failed" if verdict == FAILS else "")
        rows.append([cell(claim.text, reference, "long"), shown, cell(evidence, kind="long")])
    numbers = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    text = [f"Claims by verdict on this grid: {numbers}."]
    notes = [METHOD, LABORATORY] if results.data.made else [METHOD]
    shown_table = table("Claims and verdicts", ["claim", "verdict", "evidence"], rows)
    return section("claims", TITLE, block(text=text, tables=[shown_table], notes=notes))


def judge(results: Results, claim: Claim) -> Verdict:
    """The verdict on one claim from the gains of target training in native English."""
    lacking = [name for name in claim.contrast or [] if name not in results.intermediates]
    if lacking:
        return Verdict(UNTESTABLE, f"This grid has no intermediate {listing(lacking)}.")
    gains, note = _judged_gains(results, claim.targets)
    if gains.empty:
        return Verdict(UNTESTABLE, note or f"This grid has no gain on {listing(claim.targets or ['any target'])}.")
    test = {"gain": _gain, "best_gain": _best_gain, "intermediate_difference": _difference}[claim.effect]
    if claim.share is not None:
        test = _share
    comparisons, what, more = test(results, claim, gains)
    if not comparisons:
        return Verdict(UNTESTABLE, " ".join(text for text in (what, note) if text))
    return _together(comparisons, what, note, more)


def _judged_gains(results: Results, targets: Sequence[str] | None) -> tuple[pd.DataFrame, str]:
    """The gains that may be judged, and a sentence on what stays out: retrieval at encoders that saw translations."""
    rows = arms.home(results.task_gains)
    if targets is not None:
        rows = rows[rows["target"].isin(list(targets))]
    taught = [name for name in dict.fromkeys(rows["encoder"]) if _saw_pairs(results, name)]
    left_out = rows["encoder"].isin(taught) & rows["target"].map(arms.retrieves).astype(bool)
    if not left_out.any():
        return rows, ""
    names = listing(list(dict.fromkeys(rows.loc[left_out, "target"])))
    return rows[~left_out], f"Retrieval ({names}) is left out: {listing(taught)} saw translation pairs in pretraining."


def _saw_pairs(results: Results, encoder: str) -> bool:
    """Whether an encoder saw translation pairs in pretraining; checkpoints are taken not to have."""
    for record in results.records.values():
        if record.phase == "pretrain" and record.labels.encoder == encoder:
            return (record.params.get("recipe", {}).get("pairs") or 0.0) > 0
    return False


def _single_english(results: Results, gains: pd.DataFrame) -> list[str]:
    """The intermediates of one English task with labels."""
    declared = arms.read(results.intermediates, gains["intermediate"].unique())
    return [arm.name for arm in declared.values() if arm.english and len(arm.supervised) == 1]


def _gain(results: Results, claim: Claim, gains: pd.DataFrame) -> tuple[list[Comparison], str, str]:
    """Mean gain over targets (and over the single English intermediates where the claim names none)."""
    names = claim.contrast or _single_english(results, gains)
    used = gains[gains["intermediate"].isin(names) & ~gains["same_data"].astype(bool)]
    series = contrasts.mean_gain(gains, names)
    if series.empty:
        return [], "Every target here trains on the same data twice, or has no such gain.", ""
    comparisons = _by_encoder(series, _rule(claim))
    more = ""
    if claim.targets is None and not used["target"].map(arms.retrieves).any():
        comparisons = [item._replace(bears_out=None) if item.bears_out is False else item for item in comparisons]
        more = PARTIAL
    targets = listing(list(dict.fromkeys(used["target"])))
    return comparisons, f"gain of {listing(names)}, mean over {targets} in points", more


def _share(results: Results, claim: Claim, gains: pd.DataFrame) -> tuple[list[Comparison], str, str]:
    """In how many of the single English intermediates the gain is clear and reaches the reference.

    A gain counts where its 95 % interval is above zero and its mean at least the reference, and counts against where
    the whole interval is below the reference (or at or below zero). The rest may be either.
    """
    share = claim.share or 1.0
    table = gain_tables.intervals(gains, "gain")
    table = table[table["intermediate"].isin(_single_english(results, gains)) & ~table["same_data"].astype(bool)]
    comparisons = []
    for encoder, rows in table.groupby("encoder", sort=False):
        if rows["intermediate"].nunique() < LEAST_ARMS:
            continue
        clear = int(((rows["low"] > 0) & (rows["mean"] >= claim.reference)).sum())
        against = int(((rows["high"] < claim.reference) | (rows["high"] <= 0)).sum())
        bears_out = None
        if clear / len(rows) >= share:
            bears_out = True
        elif 1 - against / len(rows) < share:
            bears_out = False
        missing = int(rows["mean"].isna().sum())
        text = f"{encoder} {clear} of {len(rows)} clear, {against} clearly not, {missing} missing"
        comparisons.append(Comparison(bears_out, text))
    if not comparisons:
        return [], f"It takes {LEAST_ARMS} single English intermediate tasks at an encoder.", ""
    targets = listing(list(dict.fromkeys(table["target"])))
    what = f"gains on {targets} above zero and at least {points(claim.reference)}, {share:.0%} of them asked for"
    return comparisons, what, ""


def _difference(results: Results, claim: Claim, gains: pd.DataFrame) -> tuple[list[Comparison], str, str]:
    """One intermediate minus another, over the targets that neither trains on twice."""
    first, second = claim.contrast or []
    series = contrasts.difference(gains, first, second)
    if series.empty:
        return [], f"No encoder has {first} and {second} on the same targets.", ""
    return _by_encoder(series, _rule(claim)), f"{first} − {second} in points", ""


def _best_gain(results: Results, claim: Claim, gains: pd.DataFrame) -> tuple[list[Comparison], str, str]:
    """Mean over targets of the gain of each target's best English intermediate, chosen on the other seeds.

    A best one that is chosen on the very gains that are reported looks better than it is.
    """
    declared = arms.read(results.intermediates, gains["intermediate"].unique())
    english = [arm.name for arm in declared.values() if arm.english]
    rows = gains[gains["intermediate"].isin(english) & ~gains["same_data"].astype(bool)]
    count = rows.groupby("encoder", sort=False)["intermediate"].nunique()
    rows = rows[rows["encoder"].isin(count.index[count > 1])]
    if rows.empty:
        return [], "A best intermediate is chosen among at least two; this grid has fewer.", ""
    chosen = best_on_other_seeds(rows)
    if chosen["gain"].isna().all():
        return [], "To choose on other seeds takes two finished seeds of every intermediate.", ""
    what = f"gain of the best intermediate, mean of {listing(list(dict.fromkeys(rows['target'])))} in points"
    return _by_encoder(chosen, _rule(claim)), what, CHOSEN


def best_on_other_seeds(rows: pd.DataFrame) -> pd.DataFrame:
    """Per encoder and seed, the mean over targets of the gain of the intermediate that is best on the other seeds."""
    tables = []
    for encoder, gains in rows.groupby("encoder", sort=False):
        by_target = {}
        for target, cells in gains.groupby("target", sort=False):
            wide = cells.pivot_table(index="seed", columns="intermediate", values="gain", dropna=False)
            whole = wide.dropna()
            picked = pd.Series(np.nan, index=wide.index, dtype=float)
            if len(whole) > 1:
                for seed in whole.index:
                    best = whole.drop(index=seed).mean().idxmax()
                    picked[seed] = whole.loc[seed, best]
            by_target[target] = picked
        mean = pd.DataFrame(by_target).mean(axis=1, skipna=False)
        tables.append(mean.rename("gain").rename_axis("seed").reset_index().assign(encoder=encoder))
    return pd.concat(tables, ignore_index=True)


def _rule(claim: Claim) -> Callable[[float, float], bool | None]:
    """Whether an interval lies wholly where the claim has the effect (True), wholly elsewhere (False), or neither."""

    def rule(low: float, high: float) -> bool | None:
        if not np.isfinite(low):
            return None
        at_least = claim.direction == "greater"
        if low >= claim.reference:
            return at_least
        if high < claim.reference:
            return not at_least
        return None

    return rule


def _by_encoder(series: pd.DataFrame, rule: Callable[[float, float], bool | None]) -> list[Comparison]:
    """Each encoder's mean over a series (columns encoder, seed, gain), judged by a rule on its interval."""
    comparisons = []
    for encoder in dict.fromkeys(series["encoder"]):
        mean = contrasts.combine(series, {encoder: 1.0})
        comparisons.append(Comparison(rule(mean.low, mean.high), f"{encoder} {_numbers(mean)}"))
    return comparisons


def _numbers(mean: contrasts.Contrast) -> str:
    """`+2.1 (+0.8 to +3.4, 3 seeds)`, or `missing`."""
    if not np.isfinite(mean.estimate):
        return "missing"
    interval = f"{spread(mean.low, mean.high)}, " if np.isfinite(mean.low) else ""
    return f"{points(mean.estimate)} ({interval}{mean.seeds} seed{'s' * (mean.seeds != 1)})"


def _together(comparisons: Sequence[Comparison], what: str, *notes: str) -> Verdict:
    """One verdict from several comparisons: all must agree, or the claim stays open; without numbers, not testable."""
    verdicts = {item.bears_out for item in comparisons}
    verdict = OPEN
    if all(item.text.endswith("missing") and " of " not in item.text for item in comparisons):
        verdict = UNTESTABLE
    elif verdicts == {True}:
        verdict = HOLDS
    elif verdicts == {False}:
        verdict = FAILS
    numbers = "; ".join(item.text for item in comparisons)
    text = f"{what[0].upper()}{what[1:]}: {numbers}."
    if {True, False} <= verdicts:
        text += " The comparisons disagree."
    return Verdict(verdict, " ".join([text, *(note for note in notes if note)]))
