"""What a report claims: one family of tests, one level, a verdict on each; everything else is exploratory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from scipy import stats

from xtl.analysis.results import Results
from xtl.analysis.scores import arms, contrasts, declared
from xtl.analysis.scores import gains as gain_tables
from xtl.analysis.scores.declared import Tested
from xtl.analysis.statistics import equal_means
from xtl.analysis.statistics import intervals as statistics

ALPHA = 0.05  # of all claims of a report together
HALF = 0.5  # share of ALPHA that hypotheses of the grid file have, if there are any; the standard questions the rest
METHOD = (
    "The claims of a report are one family: with nothing to find, at most 5 % of reports claim anything at all. Half "
    "of that goes to the hypotheses of the grid file, if it has any, the rest to the standard questions (the mean "
    "gain of every intermediate task at every encoder, whether it depends on the encoder, whether it follows "
    "similarity), with Holm's correction within each. Every other p value and interval of this page is exploratory "
    "and not corrected."
)


class Question(StrEnum):
    """The standard questions of a report."""

    GAIN = "gain"
    ENCODERS = "encoders"
    SIMILARITY = "similarity"


class Status(StrEnum):
    """The verdict on a finding (SHOWN), or on a hypothesis (SUPPORTED, CONTRADICTED)."""

    SHOWN = "shown"
    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    SMALLER = "smaller than the margin"
    NOT_SHOWN = "not shown"
    NO_TEST = "no test"
    MISSING = "missing"


@dataclass(frozen=True)
class Finding:
    """One claim that a report might make.

    Attributes:
        intermediate, encoder: whose; the encoder is empty where all are compared.
        estimate, low, high: with a 95 % interval that is not corrected: points (GAIN), the largest difference between
            two encoders in points (ENCODERS, without an interval), points per unit of similarity (SIMILARITY).
        p: of the test by itself, two-sided.
        corrected: at the level of the report, below ALPHA for a claim.
        error, df: of Student's t, for ENCODERS of the pair that is told apart worst.
        detectable: the least true effect in points that is claimed four times in five; NaN for SIMILARITY, whose power
            is simulated (power.correlation).
        bound: the effect lies within −bound to bound, at the report's strictest level; NaN for SIMILARITY.
    """

    question: Question
    intermediate: str
    encoder: str
    estimate: float
    low: float
    high: float
    p: float
    error: float
    df: float
    corrected: float = np.nan
    detectable: float = np.nan
    bound: float = np.nan
    status: Status = Status.NO_TEST


@dataclass(frozen=True)
class Verdict:
    """What the report says of a hypothesis of the grid file."""

    tested: Tested
    corrected: float
    detectable: float
    status: Status


def findings(results: Results) -> list[Finding]:
    """The standard questions' findings with their verdicts, in the order of the grid; computed once."""
    if "findings" not in results.evidence:
        plain = _family(results)
        strictest = level(results)
        corrected = _corrected([finding.p for finding in plain], _share(results))
        judged = []
        for finding, p in zip(plain, corrected, strict=True):
            judged.append(_judged(finding, p, strictest, results.equivalence))
        results.evidence["findings"] = judged
    return results.evidence["findings"]


def verdicts(results: Results) -> list[Verdict]:
    """The hypotheses' verdicts, in the order of the grid file; computed once."""
    if "verdicts" not in results.evidence:
        tested = declared.tests(results.hypotheses, results.declared_gains, results.intermediates)
        results.evidence["verdicts"] = judged(tested, results.equivalence)
    return results.evidence["verdicts"]


def judged(tested: Sequence[Tested], margin: float | None = None) -> list[Verdict]:
    """The verdicts on the hypotheses of one grid file; margin: of equivalence, in points.

    A hypothesis without a test counts in the correction, so that a run that fails makes no other one easier.
    """
    strictest = ALPHA * HALF / max(len(tested), 1)
    values = [1.0 if np.isnan(one.p) else one.p for one in tested]
    verdicts = []
    for one, p in zip(tested, _corrected(values, HALF), strict=True):
        corrected = np.nan if np.isnan(one.p) else float(p)
        detectable = np.nan
        if one.unit != declared.CORRELATION and one.error > 0:
            detectable = statistics.minimum_detectable(one.error, one.df, 1 - strictest)
        verdicts.append(Verdict(one, corrected, detectable, _status(one, corrected, strictest, margin)))
    return verdicts


def level(results: Results) -> float:
    """The strictest level of the standard questions: that of the least p of the family."""
    count = sum(np.isfinite(finding.p) for finding in _family(results))
    return ALPHA * _share(results) / max(count, 1)


def _family(results: Results) -> list[Finding]:
    """The standard questions' findings before correction; computed once."""
    if "family" not in results.evidence:
        results.evidence["family"] = [*_gains(results), *_encoders(results), *_similarity(results)]
    return results.evidence["family"]


def trained(results: Results) -> list[str]:
    """The intermediates that train something; controls that only lengthen target training are no claim."""
    names = dict.fromkeys(results.task_gains["intermediate"])
    arms_of = arms.read(results.intermediates, names)
    return [name for name in names if arms_of[name].tasks or arms_of[name].steps_of is None]


def _share(results: Results) -> float:
    return HALF if results.hypotheses else 1.0


def _corrected(values: Sequence[float], share: float) -> np.ndarray:
    """Holm's p at the report's level, of a part of the family that has this share of ALPHA."""
    return np.minimum(statistics.holm(values) / share, 1.0)


def _gains(results: Results) -> list[Finding]:
    """The mean gain over targets of every intermediate at every encoder."""
    table = gain_tables.intervals(results.pooled, "gain", results.pools)
    found = []
    for r in table[table["intermediate"].isin(trained(results))].itertuples():
        error = r.used_sd / np.sqrt(r.seeds) if r.seeds else np.nan
        found.append(Finding(Question.GAIN, r.intermediate, r.encoder, r.mean, r.low, r.high, r.p, error, r.df))
    return found


def _encoders(results: Results) -> list[Finding]:
    """Whether the mean gain of an intermediate depends on the encoder: Welch's F over all of them."""
    pooled = results.pooled[results.pooled["intermediate"].isin(trained(results))]
    pairs = contrasts.encoder_differences(pooled, results.pools)
    found = []
    for r in equal_means.interaction(pooled).itertuples():
        own = pairs[pairs["intermediate"] == r.intermediate]
        error = df = np.nan
        if len(own):
            worst = own.loc[own["error"].idxmax()]
            error = worst["error"]
            df = worst["df"]
        found.append(Finding(Question.ENCODERS, r.intermediate, "", r.spread, np.nan, np.nan, r.p, error, df))
    return found


def _similarity(results: Results) -> list[Finding]:
    """Whether the gain of an intermediate at an encoder follows similarity within families."""
    cells = results.gain_relations.cells
    source, provenance = results.leading_source
    leading = cells[(cells["source"] == source) & (cells["provenance"] == provenance)]
    found = []
    for r in leading[leading["intermediate"].isin(trained(results))].itertuples():
        found.append(
            Finding(Question.SIMILARITY, r.intermediate, r.encoder, r.slope, r.low, r.high, r.p, r.error, r.df)
        )
    return found


def _judged(finding: Finding, corrected: float, strictest: float, margin: float | None) -> Finding:
    """The finding with its corrected p, what it could have seen, and its verdict."""
    if np.isnan(finding.p):
        status = Status.NO_TEST if np.isfinite(finding.estimate) else Status.MISSING
        return replace(finding, status=status)
    detectable = bound = np.nan
    if finding.question is not Question.SIMILARITY:
        detectable = statistics.minimum_detectable(finding.error, finding.df, 1 - strictest)
        bound = _bound(finding.estimate, finding.error, finding.df, strictest)
    status = Status.NOT_SHOWN
    if corrected < ALPHA:
        status = Status.SHOWN
    elif margin is not None and bound <= margin:
        status = Status.SMALLER
    return replace(finding, corrected=float(corrected), detectable=detectable, bound=bound, status=status)


def _bound(estimate: float, error: float, df: float, strictest: float) -> float:
    """The largest effect of either sign that an interval at the report's strictest level holds, in points."""
    return float(abs(estimate) + stats.t.ppf(1 - strictest / 2, df) * error)


def _status(tested: Tested, corrected: float, strictest: float, margin: float | None) -> Status:
    """The verdict on one hypothesis."""
    if tested.lacking:
        return Status.MISSING
    if np.isnan(corrected):
        return Status.NO_TEST
    if corrected < ALPHA:
        direction = tested.hypothesis.direction
        contrary = (direction == "greater" and tested.estimate < 0) or (direction == "less" and tested.estimate > 0)
        return Status.CONTRADICTED if contrary else Status.SUPPORTED
    in_points = tested.unit == declared.MEAN
    if margin is not None and in_points and _bound(tested.estimate, tested.error, tested.df, strictest) <= margin:
        return Status.SMALLER
    return Status.NOT_SHOWN
