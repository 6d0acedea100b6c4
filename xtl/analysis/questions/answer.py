"""The first screen of a report: an answer of at most three sentences, its figure, and how far to trust it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xtl.analysis.figures.dot_plots import gains_by_target
from xtl.analysis.questions import evidence
from xtl.analysis.questions.evidence import Evidence
from xtl.analysis.questions.learning import affected, without
from xtl.analysis.results import Results
from xtl.analysis.scores import gains as gain_tables
from xtl.analysis.scores import provenance
from xtl.analysis.scores.tables import BASELINE
from xtl.analysis.section import Section, block, section
from xtl.analysis.statistics import power
from xtl.analysis.statistics.intervals import MIN_LANGUAGES
from xtl.analysis.wording import listing, points, spread

TITLE = "Answer"
ENOUGH_SEEDS = 5
ALPHA = 0.05
PANELS = 3  # intermediates in the figure of the first screen, at most
SEES = 0.5  # power below which a grid could not have seen what it asks for


def answer(results: Results) -> Section:
    """The grid's answer in words and one figure, a line on how far to trust it, and every reservation behind it."""
    gain = gain_tables.intervals(results.pooled, "gain", results.pools)
    differences = gain_tables.encoder_differences(results.pooled, results.pools)
    of_gain = evidence.of_gains(results) if len(results.gain_points) else None
    text = sentences(results.pooled, gain, differences, of_gain)
    by_target = gain_tables.intervals(results.task_gains, "gain", results.pools)
    known = by_target["mean"].notna().any()
    pictures = []
    if known:
        pictures = gains_by_target(by_target, gain, results.encoders, PANELS, by_seed=results.task_gains)
    shown = block(text=text, pictures=pictures, items=[trust(results, differences, of_gain)], notes=caveats(results))
    return section("answer", TITLE, shown)


def sentences(
    pooled: pd.DataFrame, intervals: pd.DataFrame, differences: pd.DataFrame, of_gain: Evidence | None = None
) -> list[str]:
    """What intermediate training did, whether that depends on the encoder, and whether it follows similarity.

    pooled: gains.pooled_gains; intervals: gains.intervals of it; differences: gains.encoder_differences.
    """
    names = list(dict.fromkeys(intervals["intermediate"]))
    if not names:
        shared = "other than on data that it shares with the target"
        return [f"There is no answer yet: no intermediate task has finished beside its baseline, {shared}."]
    if len(names) == 1:
        words = [_gain(pooled, intervals, names[0]), _difference(differences, names[0])]
    else:
        words = [_gains(pooled, intervals), _differences(differences)]
    if of_gain is not None:
        words.append(_similarity(of_gain))
    return [sentence for sentence in words if sentence]


def _gain(pooled: pd.DataFrame, intervals: pd.DataFrame, name: str) -> str:
    """What one intermediate task did to the mean score, encoder by encoder, with a verdict from the intervals."""
    measured = intervals[np.isfinite(intervals["mean"])]
    if measured.empty:
        return f"The gain of {name} over {BASELINE} is missing: not every target has finished."
    targets = int(pooled["targets"].max())
    over = f"Averaged over {targets} targets" if targets > 1 else "On one target"
    if pooled["left_out"].max() > 0:
        over += " (cells that train on the same data twice left out)"
    changes = listing([f"{points(r.mean)} for {r.encoder}{_brackets(r.low, r.high)}" for r in measured.itertuples()])
    text = f"{over}, training on {name} first changed the score by {changes} points"
    if not np.isfinite(measured["low"]).any():
        return text + "; with one seed there is no interval, so this may be chance."
    verdicts = []
    helped = measured.loc[measured["low"] > 0, "encoder"]
    harmed = measured.loc[measured["high"] < 0, "encoder"]
    open_ = measured.loc[(measured["low"] <= 0) & (measured["high"] >= 0), "encoder"]
    missing = intervals.loc[~np.isfinite(intervals["mean"]), "encoder"]
    if len(helped):
        verdicts.append(f"it helped {listing(helped)}")
    if len(harmed):
        verdicts.append(f"it harmed {listing(harmed)}")
    if len(open_):
        verdicts.append(f"for {listing(open_)} neither help nor harm is shown")
    if len(missing):
        verdicts.append(f"for {listing(missing)} the mean is missing")
    return f"{text}: {'; '.join(verdicts)}."


def _gains(pooled: pd.DataFrame, intervals: pd.DataFrame) -> str:
    """What several intermediates did, encoder by encoder: in how many the interval is clear of zero, and the best."""
    counts = sorted({int(count) for count in pooled["targets"] if count})
    targets = " to ".join(str(count) for count in dict.fromkeys([counts[0], counts[-1]])) if counts else "no"
    parts = []
    for encoder, rows in intervals.groupby("encoder", sort=False):
        measured = rows[np.isfinite(rows["mean"])]
        if measured.empty:
            continue
        best = measured.loc[measured["mean"].idxmax()]
        text = f"{encoder}: largest {points(best['mean'])} with {best['intermediate']}"
        text += _brackets(best["low"], best["high"])
        tested = measured[np.isfinite(measured["low"])]
        if len(tested):
            above = int((tested["low"] > 0).sum())
            below = int((tested["high"] < 0).sum())
            text += f", above zero in {above} of {len(tested)}, below in {below}"
        parts.append(text)
    if not parts:
        return "No gain over the baseline is known yet: not every target has finished."
    intermediates = intervals["intermediate"].nunique()
    hedge = (
        " (95 % intervals, not corrected for their number; the largest of several is too large by selection)."
        if intervals["low"].notna().any()
        else " (one seed: no interval, so this may be chance)."
    )
    return f"Mean gain over {targets} targets of {intermediates} intermediates: {'; '.join(parts)}{hedge}"


def _difference(rows: pd.DataFrame, name: str) -> str:
    """Whether the gain of one intermediate depends on the encoder, as far as the seeds can tell."""
    if rows.empty:
        return ""
    clear = rows[rows["p_holm"] < ALPHA]
    if len(clear):
        pairs = [f"{r.first} − {r.second} {points(r.difference)}{_brackets(r.low, r.high)}" for r in clear.itertuples()]
        others = len(rows) - len(clear)
        rest = f"; the other {others} of {len(rows)} pairs do not" if others else ""
        differ = f"{listing(pairs)} points differ after Holm's correction{rest}"
        return f"The gain of {name} depends on the encoder: {differ}."
    widest = rows.loc[rows["difference"].abs().idxmax()]
    return (
        f"Whether the gain depends on the encoder is not shown: the largest difference, {widest['first']} − "
        f"{widest['second']}, is {points(widest['difference'])} points{_brackets(widest['low'], widest['high'])}, and "
        f"this grid could not have seen a difference below {widest['detectable']:.1f} reliably."
    )


def _differences(differences: pd.DataFrame) -> str:
    """In how many intermediates the gain differs between encoders."""
    if differences.empty:
        return ""
    clear = differences[differences["p_holm"] < ALPHA]["intermediate"].nunique()
    return (
        f"The gain differs between two encoders in {clear} of {differences['intermediate'].nunique()} intermediates "
        "(Holm's correction over all pairs and intermediates)."
    )


def _similarity(found: Evidence) -> str:
    """Whether the gain follows similarity within families: for whom, or what this grid could not have seen."""
    tested = found.cells.dropna(subset=["within_p"]) if len(found.cells) else found.cells
    if tested.empty:
        return ""
    clear = tested[tested["within_p"] < ALPHA]
    if clear.empty:
        return _not_seen(found.power["power"].max())
    rises = clear[clear["within_r"] > 0]
    falls = clear[clear["within_r"] < 0]
    words = []
    for rows, verb in ((rises, "rises"), (falls, "falls")):
        if len(rows):
            pairs = [f"{r.intermediate} at {r.encoder}" for r in rows.itertuples()]
            named = listing(pairs) if len(pairs) <= 4 else f"{len(pairs)} of {len(tested)} pairs"
            words.append(f"{verb} with similarity for {named}")
    return f"Within families, the gain {' and '.join(words)} (p < {ALPHA:g}, not corrected)."


def _not_seen(most: float) -> str:
    """That no relation with similarity is shown, and what this grid could have seen; most: its highest power."""
    if pd.isna(most):
        return "That the gain follows the similarity of languages is not shown."
    share = f"a true correlation of {power.TRUE} is found in {evidence.percent(most)} of such grids at most"
    if most < SEES:
        return f"Whether the gain follows the similarity of languages, this grid could not have seen: {share}."
    return f"That the gain follows the similarity of languages is not shown, and {share}."


def trust(results: Results, differences: pd.DataFrame, of_gain: Evidence | None) -> str:
    """How far to trust the answer, in a line: seeds, languages, power, and whose results these are."""
    words = [f"{results.seeds} seed{'s' * (results.seeds != 1)}"]
    if results.most_languages:
        words.append(f"{results.most_languages} languages besides the source")
    missing = int(results.everywhere["score"].isna().sum())
    if missing:
        words.append(f"{missing} scores missing")
    unlearned = len(affected(results))
    if unlearned:
        words.append(f"{unlearned} target runs after a training that did not learn, in every mean")
    line = f"How far to trust this: {', '.join(words)}"
    line += "; exploratory." if results.seeds < ENOUGH_SEEDS else "."
    if results.data.made:
        line += " Results of the laboratory are about the laboratory."
    return line


def caveats(results: Results) -> list[str]:
    """What limits every number of the report."""
    notes = []
    if results.data.made:
        notes.append(
            "Results of the laboratory are about the laboratory: made languages and made data, not natural ones."
        )
    if results.seeds == 1:
        notes.append("There is one seed: no interval is shown, because nothing says how far another seed would land.")
    elif 1 < results.seeds < ENOUGH_SEEDS:
        notes.append(f"{results.seeds} seeds are exploratory; a headline needs {ENOUGH_SEEDS}.")
    if 0 < results.most_languages < MIN_LANGUAGES:
        plural = "s" * (results.most_languages > 1)
        notes.append(
            f"With {results.most_languages} language{plural} besides the source, fewer than five, no correlation over "
            "languages is computed."
        )
    missing = int(results.everywhere["score"].isna().sum())
    if missing:
        unfinished = sum(record.phase == "target" and not record.done for record in results.records.values())
        runs = f" (target runs not done: {unfinished})" if unfinished else ""
        shown = "they are shown as missing, and no mean is taken over the rest"
        notes.append(f"{missing} scores are missing{runs}: {shown}.")
    notes += without(results)
    limit = provenance.subset(results.records)
    if limit:
        notes.append(
            f"Tests are a subset: at most {limit} examples per language, so the scores are not the benchmark's."
        )
    left_out = provenance.left_out(results.records)
    if left_out:
        notes.append(f"{sum(left_out.values()):,} damaged rows of {len(left_out)} sets of examples are left out.")
    notes.append("Intervals in brackets are 95 %, Student's t over seeds with the variance pooled over encoders.")
    return notes


def _brackets(low: float, high: float) -> str:
    interval = spread(low, high)
    return f" ({interval})" if interval else ""
