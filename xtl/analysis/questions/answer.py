"""The short answer of a report: sentences made from the numbers, and no stronger than they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from xtl.analysis.questions.evidence import Evidence, answer_sentences, design_sentence
from xtl.analysis.scores.tables import BASELINE
from xtl.analysis.wording import listing, points, spread

ENOUGH_SEEDS = 5
ALPHA = 0.05
FEW = 3  # intermediates of which each gets its own sentence


def answer(
    pooled: pd.DataFrame, intervals: pd.DataFrame, differences: pd.DataFrame, both: Sequence[Evidence] = ()
) -> list[str]:
    """The answer in sentences.

    pooled: gains.pooled_gains; intervals: gains.intervals of it; differences: gains.encoder_differences; both: the
    evidence on gains and on the baseline's scores against similarity (evidence.evidence).
    """
    names = list(dict.fromkeys(intervals["intermediate"]))
    if not names:
        shared = "other than on data that it shares with the target"
        sentences = [f"There is no answer yet: no intermediate task has finished beside its baseline, {shared}."]
    elif len(names) > FEW:
        sentences = [_gains(pooled, intervals), _dependence(differences)]
    else:
        sentences = [_gain(pooled, intervals, name) for name in names]
        tested = dict.fromkeys(differences["intermediate"])
        sentences += [_encoders(differences[differences["intermediate"] == name], name) for name in tested]
    for found in both:
        sentences += _similarity(found)
    return [sentence for sentence in sentences if sentence]


def _gains(pooled: pd.DataFrame, intervals: pd.DataFrame) -> str:
    """What many intermediates did, encoder by encoder: in how many the interval is clear of zero, and the best."""
    counts, parts = sorted({int(count) for count in pooled["targets"] if count}), []
    targets = " to ".join(str(count) for count in dict.fromkeys([counts[0], counts[-1]])) if counts else "no"
    for encoder, rows in intervals.groupby("encoder", sort=False):
        known = rows[np.isfinite(rows["mean"])]
        if known.empty:
            continue
        best = known.loc[known["mean"].idxmax()]
        bracket = f" ({spread(best['low'], best['high'])})" if np.isfinite(best["low"]) else ""
        text = f"{encoder}: largest {points(best['mean'])} with {best['intermediate']}{bracket}"
        tested = known[np.isfinite(known["low"])]
        if len(tested):
            above, below = int((tested["low"] > 0).sum()), int((tested["high"] < 0).sum())
            text += f", above zero in {above} of {len(tested)}, below in {below}"
        parts.append(text)
    if not parts:
        return "No gain over the baseline is known yet: not every target has finished."
    arms = intervals["intermediate"].nunique()
    hedge = (
        " (95 % intervals, not corrected for their number; the largest of several is too large by selection)."
        if intervals["low"].notna().any()
        else " (one seed: no interval, so this may be chance)."
    )
    return f"Mean gain over {targets} targets, {arms} arms before the target task. {'; '.join(parts)}{hedge}"


def _dependence(differences: pd.DataFrame) -> str:
    """In how many intermediates the gain differs between encoders."""
    if differences.empty:
        return ""
    clear = differences[differences["p_holm"] < ALPHA]["intermediate"].nunique()
    return (
        f"The gain differs between two encoders in {clear} of {differences['intermediate'].nunique()} arms (Holm's "
        "correction over all pairs and arms)."
    )


def _similarity(found: Evidence) -> list[str]:
    """What follows similarity: in full for few intermediates, counted for many."""
    if found.cells.empty or found.cells["intermediate"].nunique() <= FEW:
        told = answer_sentences(found, short=True)
        return told if found.value == "gain" else told[:1]
    tested = found.cells.dropna(subset=["within_p"])
    if tested.empty:
        return []
    clear = tested[tested["within_p"] < ALPHA]
    rises, falls = int((clear["within_r"] > 0).sum()), int((clear["within_r"] < 0).sum())
    return [
        f"Within families, the {found.value} rises with similarity to the source language in {rises} of {len(tested)} "
        f"pairs of encoder and arm and falls in {falls} (p < {ALPHA:g}, not corrected; chance alone gives about "
        f"{ALPHA * len(tested):.1f} in all). {design_sentence(found)}".strip()
    ]


def _gain(pooled: pd.DataFrame, intervals: pd.DataFrame, name: str) -> str:
    """What one intermediate task did to the mean score, encoder by encoder, with a verdict from the intervals."""
    rows = intervals[intervals["intermediate"] == name]
    known = rows[np.isfinite(rows["mean"])]
    if known.empty:
        return f"The gain of {name} over {BASELINE} is missing: not every target has finished."
    here = pooled[pooled["intermediate"] == name]
    parts, helps, hurts, open_ = [], [], [], []
    for row in known.itertuples():
        parts.append(
            f"{points(row.mean)} points for {row.encoder}"
            + (f" ({spread(row.low, row.high)})" if np.isfinite(row.low) else "")
        )
        if np.isfinite(row.low):
            (helps if row.low > 0 else hurts if row.high < 0 else open_).append(row.encoder)
    targets = int(here["targets"].max())
    left_out = " (cells that train on the same data twice left out)" if here["left_out"].max() > 0 else ""
    over = f"Averaged over {targets} targets" if targets > 1 else "On one target"
    text = f"{over}{left_out}, training on {name} first changed the score by {listing(parts)}"
    if not (helps or hurts or open_):
        return text + "; with one seed there is no interval, so this may be chance."
    verdict = []
    if helps:
        verdict.append(f"it helped {listing(helps)}")
    if hurts:
        verdict.append(f"it harmed {listing(hurts)}")
    if open_:
        verdict.append(f"for {listing(open_)} the interval holds zero, so neither help nor harm is shown")
    missing = rows[~np.isfinite(rows["mean"])]["encoder"]
    if len(missing):
        verdict.append(f"for {listing(missing)} the mean is missing")
    return f"{text} (95 % intervals in brackets): {'; '.join(verdict)}."


def _encoders(rows: pd.DataFrame, name: str) -> str:
    """Whether the gain of one intermediate depends on the encoder, as far as the seeds can tell."""
    if rows.empty:
        return ""
    clear = rows[rows["p_holm"] < ALPHA]
    if len(clear):
        pairs = [f"{r.first} − {r.second} {points(r.difference)} ({spread(r.low, r.high)})" for r in clear.itertuples()]
        rest = len(rows) - len(clear)
        tail = f"; the other {rest} of {len(rows)} pairs do not" if rest else ""
        return (
            f"The gain of {name} depends on the encoder: {listing(pairs)} points differ after Holm's correction{tail}."
        )
    widest = rows.loc[rows["difference"].abs().idxmax()]
    return (
        f"Whether the gain of {name} depends on the encoder stays open: the largest difference, {widest['first']} − "
        f"{widest['second']}, is {points(widest['difference'])} points ({spread(widest['low'], widest['high'])}, Holm "
        f"p = {widest['p_holm']:.2f}), and a true difference below {widest['detectable']:.1f} points would escape this "
        "grid more than one time in five."
    )


def caveats(
    made: bool, seeds: int, languages: int, missing_runs: int, missing_cells: int, subset: int | None
) -> list[str]:
    """What limits every number of the report.

    made: whether the data are the laboratory's. seeds: most seeds of any cell that has scores; languages: most
    languages besides the source with a score in one target; missing_runs: target runs not done; missing_cells: cell ×
    language × seed scores that are missing; subset: test examples per language if that is limited.
    """
    notes = []
    if made:
        notes.append(
            "Results of the laboratory are about the laboratory: made languages and made data, not natural ones."
        )
    if seeds == 1:
        notes.append("There is one seed: no interval is shown, because nothing says how far another seed would land.")
    elif 1 < seeds < ENOUGH_SEEDS:
        notes.append(f"{seeds} seeds are exploratory; a headline needs {ENOUGH_SEEDS}.")
    if 0 < languages < 5:
        notes.append(
            f"With {languages} language{'s' * (languages > 1)} besides the source, fewer than five, no correlation "
            "over languages is computed."
        )
    if missing_cells:
        runs = f" (target runs not done: {missing_runs})" if missing_runs else ""
        notes.append(
            f"{missing_cells} scores are missing{runs}: they are shown as missing, and no mean is taken over the rest."
        )
    if subset:
        notes.append(
            f"Tests are a subset: at most {subset} examples per language, so the scores are not the benchmark's."
        )
    return notes
