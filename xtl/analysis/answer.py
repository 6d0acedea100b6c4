"""The short answer of a report: sentences made from the numbers, and no stronger than they are."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xtl.analysis.tables import BASELINE
from xtl.analysis.wording import listing, points, spread

ENOUGH_SEEDS = 5
ALPHA = 0.05


def answer(
    pooled: pd.DataFrame,
    intervals: pd.DataFrame,
    differences: pd.DataFrame,
    gain_r: pd.DataFrame,
    score_r: pd.DataFrame,
) -> list[str]:
    """The answer in sentences.

    pooled: gains.pooled_gains; intervals: gains.intervals of it; differences: gains.encoder_differences; gain_r and
    score_r: similarity.correlations of gains with similarity and of the baseline's scores with distance.
    """
    sentences = [_gain(pooled, intervals, name) for name in dict.fromkeys(intervals["intermediate"])]
    if not sentences:
        shared = "other than on data that it shares with the target"
        sentences = [f"There is no answer yet: no intermediate task has finished beside its baseline, {shared}."]
    sentences += [
        _encoders(differences[differences["intermediate"] == name], name)
        for name in dict.fromkeys(differences["intermediate"])
    ]
    sentences += _similarity(gain_r) + _distance(score_r)
    return [sentence for sentence in sentences if sentence]


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


def _similarity(rows: pd.DataFrame) -> list[str]:
    """In how many cells the gain follows similarity to the source."""
    tested = rows[rows["r"].notna() & ~rows["same_data"].astype(bool)]
    if tested.empty:
        return []
    rises, falls = (tested["p"] < ALPHA) & (tested["r"] > 0), (tested["p"] < ALPHA) & (tested["r"] < 0)
    cells = f"{len(tested)} cells of encoder, intermediate and target"
    text = (
        f"The gain rises with similarity to the source language in {rises.sum()} of {cells} and falls in {falls.sum()}"
    )
    return [
        f"{text} (Spearman over languages, p < 0.05, not corrected; chance alone gives about {ALPHA * len(tested):.1f} "
        "in all)."
    ]


def _distance(rows: pd.DataFrame) -> list[str]:
    """In how many baseline cells the score falls with the distance from the source."""
    tested = rows[rows["r"].notna()]
    if tested.empty:
        return []
    falls = tested[(tested["p"] < ALPHA) & (tested["r"] < 0)]
    return [
        f"Zero-shot scores themselves fall with distance from the source language in {len(falls)} of {len(tested)} "
        "encoder × target cells without intermediate training (r < 0, p < 0.05)."
    ]


def caveats(
    data: dict, seeds: int, languages: int, missing_runs: int, missing_cells: int, subset: int | None
) -> list[str]:
    """What limits every number of the report.

    seeds: most seeds of any cell that has scores; languages: most languages besides the source with a score in one
    target; missing_runs: target runs not done; missing_cells: cell × language × seed scores that are missing; subset:
    test examples per language if that is limited.
    """
    notes = []
    if data["kind"] == "lab":
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
    elif languages:
        notes.append(
            "The p values of correlations count every language as independent, which languages of one family are not."
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
