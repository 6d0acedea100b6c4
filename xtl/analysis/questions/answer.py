"""The first screen of a report: an answer of at most three sentences, its figure, and how far to trust it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from xtl.analysis.figures.dot_plots import gains_by_target
from xtl.analysis.questions import evidence, findings
from xtl.analysis.questions.findings import Finding, Question, Status
from xtl.analysis.questions.learning import affected, without
from xtl.analysis.results import Results
from xtl.analysis.scores import gains as gain_tables
from xtl.analysis.scores import provenance
from xtl.analysis.section import Section, block, section
from xtl.analysis.statistics import power
from xtl.analysis.statistics.intervals import ENOUGH_SEEDS, MIN_LANGUAGES
from xtl.analysis.wording import listing, p_equals, points, spread

TITLE = "Answer"
PANELS = 3  # intermediates in the figure of the first screen, at most
NAMED = 4  # pairs of encoder and intermediate that a sentence names, at most
# What a sentence says, in the order in which sentences stand.
CLAIM, BOUNDED, UNSEEN = range(3)


def answer(results: Results) -> Section:
    """The grid's answer in words and one figure, a line on how far to trust it, and every reservation behind it."""
    found = findings.findings(results)
    gain = gain_tables.intervals(results.pooled, "gain", results.pools)
    seen = evidence.of_gains(results).power["power"] if len(results.gain_points) else pd.Series(dtype=float)
    text = sentences(found, seen.max(), results.equivalence, instances(results))
    by_target = gain_tables.intervals(results.task_gains, "gain", results.pools)
    known = by_target["mean"].notna().any()
    pictures = []
    if known:
        pictures = gains_by_target(by_target, gain, results.encoders, PANELS, by_seed=results.task_gains)
    lines = [trust(results), *hypotheses_line(results)]
    shown = block(text=text, pictures=pictures, items=lines, notes=[findings.METHOD, *caveats(results)])
    return section("answer", TITLE, shown)


def sentences(
    found: Sequence[Finding], most: float = float("nan"), margin: float | None = None, instances: str = ""
) -> list[str]:
    """What intermediate training did, whether that depends on the encoder, and whether it follows similarity.

    Claims first, then what is not shown and smaller than the margin, then what this grid could not have seen. most: the
    highest power to see a relation with similarity; instances: what the encoders differ in.
    """
    if not found:
        shared = "other than on data that it shares with the target"
        return [f"There is no answer yet: no intermediate task has finished beside its baseline, {shared}."]
    gain = [finding for finding in found if finding.question is Question.GAIN]
    encoders = [finding for finding in found if finding.question is Question.ENCODERS]
    similarity = [finding for finding in found if finding.question is Question.SIMILARITY]
    words = [_gain(gain, margin), _encoders(encoders, gain, margin, instances), _similarity(similarity, most)]
    spoken = [sentence for sentence in words if sentence[1]]
    return [text for _, text in sorted(spoken, key=lambda sentence: sentence[0])]


def _gain(found: Sequence[Finding], margin: float | None) -> tuple[int, str]:
    """What intermediate training did to the mean score, encoder by encoder."""
    tested = [finding for finding in found if finding.status not in (Status.NO_TEST, Status.MISSING)]
    several = len({finding.intermediate for finding in found}) > 1
    if not tested:
        if all(finding.status is Status.MISSING for finding in found):
            return UNSEEN, "No gain over the baseline is known yet: not every target has finished."
        largest = max(found, key=lambda finding: -1.0 if pd.isna(finding.estimate) else abs(finding.estimate))
        where = _pair(largest, several)
        return UNSEEN, (
            "Nothing says whether intermediate training helps, as that takes two seeds that differ: the largest mean "
            f"change is {points(largest.estimate)} points, for {where}."
        )
    shown = [finding for finding in tested if finding.status is Status.SHOWN]
    rest = [finding for finding in tested if finding.status is not Status.SHOWN]
    what = "Intermediate training" if several else f"Training on {tested[0].intermediate} first"
    parts = []
    for verb, sign in (("helped", 1), ("harmed", -1)):
        own = [finding for finding in shown if finding.estimate * sign > 0]
        if own:
            parts.append(f"{verb} {_named(own, len(tested), several)}")
    missing = [finding for finding in found if finding.status is Status.MISSING]
    lacking = f"; for {_names(missing, several)} the mean is missing" if missing else ""
    if parts:
        others = f"; for {_names(rest, several)} neither is shown" if rest else ""
        return CLAIM, f"{what} {' and '.join(parts)}{others}{lacking}."
    largest = max(rest, key=lambda finding: abs(finding.estimate))
    seen = f"the largest mean change is {points(largest.estimate)} points{_brackets(largest)} for "
    seen += _pair(largest, several)
    if all(finding.status is Status.SMALLER for finding in rest):
        return BOUNDED, f"{what} neither helped nor harmed by as much as {margin:g} points: {seen}{lacking}."
    return UNSEEN, (
        f"That {what[0].lower()}{what[1:]} helps or harms is not shown, and this grid could not have seen a mean "
        f"change below {_least(rest)}: {seen}{lacking}."
    )


def _encoders(
    found: Sequence[Finding], gain: Sequence[Finding], margin: float | None, instances: str
) -> tuple[int, str]:
    """Whether the gain depends on the encoder."""
    tested = [finding for finding in found if pd.notna(finding.p)]
    if not tested:
        return UNSEEN, ""
    shown = [finding for finding in tested if finding.status is Status.SHOWN]
    if shown:
        parts = []
        for finding in shown[:NAMED]:
            own = [one for one in gain if one.intermediate == finding.intermediate and pd.notna(one.estimate)]
            highest = max(own, key=lambda one: one.estimate)
            lowest = min(own, key=lambda one: one.estimate)
            parts.append(
                f"that of {finding.intermediate} is {points(highest.estimate)} for {highest.encoder} and "
                f"{points(lowest.estimate)} for {lowest.encoder} (Welch's F, p at the report's level "
                f"{p_equals(finding.corrected)})"
            )
        many = f" in {len(shown)} of {len(tested)} intermediates" if len(tested) > 1 else ""
        return CLAIM, f"The gain depends on the encoder{many}: {listing(parts)}; {instances}."
    widest = max(tested, key=lambda finding: finding.estimate)
    seen = f"the largest difference is {widest.estimate:.1f} points"
    if all(finding.status is Status.SMALLER for finding in tested):
        return BOUNDED, f"The gain does not depend on the encoder by as much as {margin:g} points: {seen}; {instances}."
    return UNSEEN, (
        f"That the gain depends on the encoder is not shown, and this grid could not have seen a difference below "
        f"{_least(tested)}: {seen}; {instances}."
    )


def _similarity(found: Sequence[Finding], most: float) -> tuple[int, str]:
    """Whether the gain follows similarity within families: for whom, or what this grid could not have seen."""
    tested = [finding for finding in found if pd.notna(finding.p)]
    if not tested:
        return UNSEEN, ""
    shown = [finding for finding in tested if finding.status is Status.SHOWN]
    parts = []
    for verb, sign in (("rises", 1), ("falls", -1)):
        own = [finding for finding in shown if finding.estimate * sign > 0]
        if own:
            pairs = [f"{finding.intermediate} at {finding.encoder}" for finding in own]
            named = listing(pairs) if len(pairs) <= NAMED else f"{len(pairs)} of {len(tested)} pairs"
            parts.append(f"{verb} with similarity for {named}")
    if parts:
        return CLAIM, f"Within families, the gain {' and '.join(parts)}."
    text = "That the gain follows the similarity of languages is not shown"
    if pd.isna(most):
        return UNSEEN, f"{text}."
    share = f"a true correlation of {power.TRUE} is claimed in {evidence.percent(most)} of such grids"
    if most < power.WANTED:
        return UNSEEN, f"{text}, and this grid could hardly have seen it: {share} at most."
    return UNSEEN, f"{text}; {share}."


def _least(found: Sequence[Finding]) -> str:
    """The least effects that are claimed four times in five, from the quietest encoder's to the noisiest's."""
    texts = [f"{value:.1f}" for value in sorted(finding.detectable for finding in found)]
    span = " to ".join(dict.fromkeys([texts[0], texts[-1]]))
    return f"{span} points (power {evidence.percent(power.WANTED)})"


def _pair(finding: Finding, several: bool) -> str:
    return f"{finding.intermediate} at {finding.encoder}" if several else finding.encoder


def _names(found: Sequence[Finding], several: bool) -> str:
    """Encoders, or pairs of encoder and intermediate; of many their number."""
    if several and len(found) > NAMED:
        return f"the other {len(found)} pairs"
    return listing([_pair(finding, several) for finding in found])


def _named(found: Sequence[Finding], count: int, several: bool) -> str:
    """Encoders with their gains; of many pairs their number and the largest."""
    if len(found) <= NAMED:
        return listing(
            [f"{_pair(finding, several)} ({points(finding.estimate)} points{_range(finding)})" for finding in found]
        )
    largest = max(found, key=lambda finding: abs(finding.estimate))
    where = f"{points(largest.estimate)} points{_range(largest)}, for {_pair(largest, several)}"
    return f"in {len(found)} of {count} pairs of encoder and intermediate, the most by {where}"


def _range(finding: Finding) -> str:
    interval = spread(finding.low, finding.high)
    return f", {interval}" if interval else ""


def _brackets(finding: Finding) -> str:
    interval = spread(finding.low, finding.high)
    return f" ({interval})" if interval else ""


def instances(results: Results) -> str:
    """That each encoder is one instance, and what the encoders differ in."""
    contrasts = provenance.contrast_table(results.records, results.encoders)
    if not len(contrasts):
        return "each encoder is one instance"
    kinds = listing(list(dict.fromkeys(contrasts["kind"])))
    return f"each encoder is one instance of its architecture and recipe (contrasts: {kinds})"


def trust(results: Results) -> str:
    """How far to trust the answer, in a line: seeds, languages, and whose results these are."""
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


def hypotheses_line(results: Results) -> list[str]:
    """What became of the hypotheses of the grid file, in a line; none without any."""
    verdicts = findings.verdicts(results)
    if not verdicts:
        return []
    parts = []
    for status in (Status.SUPPORTED, Status.CONTRADICTED, Status.SMALLER):
        names = [verdict.tested.hypothesis.name for verdict in verdicts if verdict.status is status]
        if names:
            parts.append(f"{status}: {listing(names)}")
    undecided = sum(verdict.status in (Status.NOT_SHOWN, Status.NO_TEST, Status.MISSING) for verdict in verdicts)
    if undecided:
        parts.append(f"not shown or not tested: {undecided} of {len(verdicts)}")
    return [f"Hypotheses of the grid file: {'; '.join(parts)}."]


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
    notes += results.unit
    notes += without(results)
    limit = provenance.subset(results.records)
    if limit:
        notes.append(
            f"Tests are a subset: at most {limit} examples per language, so the scores are not the benchmark's."
        )
    if len(results.pooled) and results.pooled["left_out"].max() > 0:
        notes.append("Mean gains are over targets, cells that train on the same data twice left out.")
    left_out = provenance.left_out(results.records)
    if left_out:
        notes.append(f"{sum(left_out.values()):,} damaged rows of {len(left_out)} sets of examples are left out.")
    notes.append("Intervals in brackets are 95 %, Student's t over seeds, and not corrected for their number.")
    return notes
