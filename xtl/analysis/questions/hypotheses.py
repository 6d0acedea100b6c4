"""The hypotheses that a grid file fixes: estimates, intervals, p values, Holm, detectable effects, verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from xtl.analysis.results import Results
from xtl.analysis.scores import arms, contrasts, provenance
from xtl.analysis.section import Section, block, cell, section, table
from xtl.analysis.statistics import clustered
from xtl.analysis.statistics import intervals as statistics
from xtl.analysis.wording import DASH, decimals, listing, p_equals, p_value, points
from xtl.grid.schema import Hypothesis

TITLE = "Hypotheses"
ALPHA = 0.05
POWER = 0.8
COLUMNS = [
    "name", "statement", "effect", "direction", "unit", "targets", "estimate", "low", "high", "p", "p_holm",
    "detectable", "seeds", "df", "n", "status", "note",
]  # fmt: skip
MEAN = "points"
CORRELATION = "r"
RELATION = {"greater": "above 0", "less": "below 0", "two-sided": "other than 0"}
MISSING = "missing"
UNDECIDABLE = "no test"
SIMILARITY = "similarity"
METHOD = (
    "Means in points: gains over the baseline, seed by seed, mean over targets without cells of the same data; "
    "Student's t with the variance between seeds pooled over encoders. r: Spearman's correlation within families "
    "of the gain (mean over seeds and targets) with similarity to English, over the languages that have the gain on "
    "every one of these targets (the section on similarity takes all that one target has, so its r may differ): p from "
    "exchanging languages within their families only and interval by Fisher's z, both from a bootstrap over languages "
    "for a difference of encoders. p is one-sided where "
    "the hypothesis has a direction, intervals are two-sided 95 %. Holm: corrected over all hypotheses of the file, "
    "those without a test counted as p = 1. Detectable: the smallest true effect that this design finds four times in"
    " five at Holm's strictest level (for r by Fisher's z within families; two encoders taken for independent, "
    "and no noise between seeds: what that costs stands in the power of the design, under similarity)."
)


def hypotheses(results: Results) -> Section:
    """Every hypothesis with its estimate, interval, p values, detectable effect and verdict; empty without any."""
    if not results.hypotheses:
        return section("hypotheses", TITLE)
    families = results.data.linguistics.families()
    tested = evaluate(results.hypotheses, results.task_gains, results.gain_points, families, results.intermediates)
    rows = []
    for row in tested.itertuples():
        n = f"{row.n} languages" if row.unit == CORRELATION else f"{row.seeds} seeds"
        interval = f"{number(row.low, row.unit)} to {number(row.high, row.unit)}" if pd.notna(row.low) else ""
        status = cell(row.status, row.note, "missing" if row.status in (MISSING, UNDECIDABLE) else "")
        rows.append([
            cell(row.name, row.statement), cell(number(row.estimate, row.unit), interval), row.unit,
            p_value(row.p), p_value(row.p_holm), number(row.detectable, row.unit, False), n, status,
        ])  # fmt: skip
    columns = ["hypothesis", "estimate, 95 % interval", "unit", "p", "p (Holm)", "detectable", "n", "verdict"]
    numbers = table("Confirmatory hypotheses", columns, rows, [METHOD])
    text = [results.dated, *sentences(tested)]
    return section("hypotheses", TITLE, block(text=text, items=differing(results), tables=[numbers]))


def differing(results: Results) -> list[str]:
    """What the encoders of every compared pair differ in: a difference of gains is no finding about one of these."""
    pairs: dict[tuple[str, ...], None] = {}
    for hypothesis in results.hypotheses:
        compared = hypothesis.of("encoder")
        if hypothesis.roles().count("encoder") == 2 and set(compared) <= set(results.encoders):
            pairs[tuple(compared)] = None
    return [sentence for pair in pairs for sentence in provenance.contrasts(results.records, list(pair))]


def evaluate(
    hypotheses: Sequence[Hypothesis],
    task_gains: pd.DataFrame,
    gain_points: pd.DataFrame,
    families: Mapping[str, str],
    intermediates: Mapping | None = None,
) -> pd.DataFrame:
    """Test every hypothesis of a grid file, with Holm's correction over all of them; a row a hypothesis.

    task_gains: gains.gains of task scores. gain_points: correlations.points of the gains by language. families:
    language -> family. intermediates: see arms.read; controls (`steps_of`) count only where a contrast names them. Only
    target training in native English counts, and no cell of the same data.

    Means (points): the contrast seed by seed within an encoder, encoders as separate trainings, Student's t with the
    variance between seeds pooled over encoders (contrasts.combine). Correlations: within families, as in the section on
    similarity (`correlation`).

    `p` is one- or two-sided as the hypothesis says; `low` and `high` are always the two-sided 95 % interval. `p_holm`:
    over every hypothesis of the file, those without a p counted as 1. `detectable`: the smallest true effect found with
    80 % power at the strictest of Holm's levels, 0.05 / hypotheses. `status`: supported (p_holm < 0.05), contradicted
    (one-sided, with the whole interval on the other side), not shown, missing (runs lack; then nothing is computed) or
    no test (one seed, too few languages, only cells of the same data); `note` says what lacks.
    """
    task_gains = arms.home(task_gains)
    gain_points = arms.home(gain_points)
    declared = arms.read(intermediates, task_gains["intermediate"].unique())
    level = ALPHA / max(len(hypotheses), 1)
    rows = []
    for hypothesis in hypotheses:
        scope = _scope(hypothesis, task_gains, declared)
        rows.append(_test(scope, gain_points, families, level))
    tested = pd.DataFrame(rows, columns=COLUMNS)
    adjusted = statistics.adjust(tested["p"].astype(float).fillna(1.0), "holm")
    tested["p_holm"] = np.where(tested["p"].isna(), np.nan, adjusted)
    tested["status"] = [_status(row) for row in tested.itertuples()]
    return tested


@dataclass(frozen=True)
class Scope:
    """What a hypothesis is about on this grid; task_gains: the gains on its targets."""

    hypothesis: Hypothesis
    intermediates: list[str]
    encoders: list[str]
    targets: list[str]
    task_gains: pd.DataFrame

    @property
    def weights(self) -> dict[str, float]:
        """Encoder -> weight: 1 and −1 for a difference of two encoders, else the mean."""
        if self.hypothesis.roles()[:2] == ["encoder", "encoder"]:
            return {self.encoders[0]: 1.0, self.encoders[1]: -1.0}
        return {encoder: 1 / len(self.encoders) for encoder in self.encoders}


def _scope(hypothesis: Hypothesis, task_gains: pd.DataFrame, declared: Mapping[str, arms.Arm]) -> Scope:
    """Intermediates, encoders and targets of a hypothesis; what it leaves open is what the grid has of all the rest.

    Not every encoder need be crossed with every intermediate, nor a control with retrieval. Encoders that are not named
    are those with all the named intermediates; intermediates that are not named those that all the encoders have;
    targets those in which each encoder has each intermediate. Where nothing is left, everything, for `_lacking`.
    """
    crossed = task_gains.groupby(["encoder", "intermediate"], sort=False)["target"].agg(set).to_dict()
    every_encoder = list(dict.fromkeys(task_gains["encoder"]))
    every_target = list(dict.fromkeys(task_gains["target"]))
    names = hypothesis.of("intermediate")
    encoders = hypothesis.of("encoder")
    if not encoders:
        whole = [encoder for encoder in every_encoder if all((encoder, name) in crossed for name in names)]
        encoders = whole or every_encoder
    if not names:
        trained = [arm.name for arm in declared.values() if arm.tasks]
        shared_names = [name for name in trained if all((encoder, name) in crossed for encoder in encoders)]
        names = shared_names or trained
    places = [crossed.get((encoder, name), set()) for encoder in encoders for name in names]
    shared = [target for target in every_target if all(target in place for place in places)]
    targets = list(hypothesis.targets or shared or every_target)
    return Scope(hypothesis, list(names), list(encoders), targets, task_gains[task_gains["target"].isin(targets)])


def _test(scope: Scope, points: pd.DataFrame, families: Mapping[str, str], level: float) -> dict[str, Any]:
    """The row of one hypothesis."""
    hypothesis = scope.hypothesis
    correlates = hypothesis.effect.startswith(SIMILARITY)
    base = dict.fromkeys(COLUMNS, np.nan) | {
        "name": hypothesis.name, "effect": hypothesis.effect, "direction": hypothesis.direction,
        "unit": CORRELATION if correlates else MEAN, "targets": " ".join(scope.targets), "n": 0, "seeds": 0,
        "status": "", "statement": _statement(scope), "note": "",
    }  # fmt: skip
    lacking = _lacking(scope)
    if lacking:
        return base | {"status": MISSING, "note": lacking}
    if correlates:
        return base | _correlation(scope, points[points["target"].isin(scope.targets)], families, level)
    return base | _mean(scope, level)


def _mean(scope: Scope, level: float) -> dict[str, Any]:
    """A mean or a difference of means in points."""
    if scope.hypothesis.effect == "intermediate_difference":
        series = contrasts.difference(scope.task_gains, *scope.intermediates)
    else:
        series = contrasts.mean_gain(scope.task_gains, scope.intermediates)
    if series.empty:
        return {"status": UNDECIDABLE, "note": "every target is trained on the same data twice"}
    mean = contrasts.combine(series, scope.weights)
    if not np.isfinite(mean.error):
        note = "the encoders have no targets in common"
        if np.isfinite(mean.estimate):
            note = "one seed: nothing says how far another would land"
        return {"estimate": mean.estimate, "seeds": mean.seeds, "status": UNDECIDABLE, "note": note}
    direction = scope.hypothesis.direction
    two_sided = 1 - level if direction == "two-sided" else 1 - 2 * level
    return {
        "estimate": mean.estimate, "low": mean.low, "high": mean.high, "df": mean.df, "seeds": mean.seeds,
        "n": mean.seeds, "p": contrasts.p_value(mean, direction),
        "detectable": statistics.minimum_detectable(mean.error, mean.df, two_sided, POWER),
    }  # fmt: skip


def _correlation(scope: Scope, points: pd.DataFrame, families: Mapping[str, str], level: float) -> dict[str, Any]:
    """A rank correlation over languages, its mean over encoders, or the difference between two of them."""
    wide = profiles(points, scope.intermediates, list(scope.weights))
    direction = scope.hypothesis.direction
    r = correlation(wide, scope.weights, families, direction)
    if not np.isfinite(r.value):
        note = "within families no similarity or no gain differs"
        if r.n < statistics.MIN_LANGUAGES:
            note = f"{r.n} languages with every gain, a similarity and another language to be compared with, "
            note += f"fewer than {statistics.MIN_LANGUAGES}"
        return {"n": r.n, "status": UNDECIDABLE, "note": note}
    tail = level / 2 if direction == "two-sided" else level
    pair = 2 if scope.hypothesis.effect == "similarity_difference" else 1
    # Fisher's z at r = 0, as within families (clustered.within_families); two encoders taken for independent
    reachable = pair == 2 or 1 / r.orders <= tail  # with fewer orders of the languages p is never that small
    detectable = np.nan
    if r.df > 2 and reachable:
        z = (stats.norm.isf(tail) + stats.norm.isf(1 - POWER)) * np.sqrt(pair / (r.df - 2))
        detectable = float(np.tanh(z))
    return {
        "estimate": r.value, "low": r.low, "high": r.high, "p": r.p, "n": r.n, "df": r.df, "detectable": detectable,
    }  # fmt: skip


def profiles(points: pd.DataFrame, intermediates: Sequence[str], encoders: Sequence[str]) -> pd.DataFrame:
    """Gain per language and encoder, the mean over intermediates and targets; a row a language, a column an encoder.

    points: correlations.points of gains (the mean over seeds, without the source language). Cells of the same data stay
    out. A language enters only where every cell has it, so targets must share languages. The column `similarity` is
    that to the source.
    """
    rows = points[points["intermediate"].isin(list(intermediates)) & ~points["same_data"].astype(bool)]
    columns = {}
    for encoder in encoders:
        own = rows[rows["encoder"] == encoder]
        wide = own.set_index(["intermediate", "target", "language"])["gain"].unstack("language")
        columns[encoder] = wide.mean(skipna=False)
    similarity = rows.groupby("language", sort=False)[SIMILARITY].first()  # the order of the rows, as everywhere
    return pd.DataFrame({**columns, SIMILARITY: similarity}, columns=[*encoders, SIMILARITY], index=similarity.index)


def correlation(
    wide: pd.DataFrame,
    weights: Mapping[str, float],
    families: Mapping[str, str],
    direction: str = "two-sided",
    draws: int = 2000,
) -> clustered.Combined:
    """Weighted sum over encoders of the correlation within families of gain and similarity (clustered.combined).

    wide: as `profiles` returns it. weights: 1 for one encoder, 1/k each for the mean of k, 1 and −1 for a difference.
    families: language -> family; a language without one counts as alone. draws: resamples of the bootstrap.
    """
    gains = [wide[encoder] for encoder in weights]
    groups = wide.index.map(families.get)
    return clustered.combined(wide[SIMILARITY], gains, list(weights.values()), groups, direction, draws)


def _lacking(scope: Scope) -> str:
    """Which of the runs that a hypothesis needs have no score yet, in words; empty where all have."""
    gains = scope.task_gains
    needed = gains[gains["intermediate"].isin(scope.intermediates) & gains["encoder"].isin(scope.encoders)]
    absent = [name for name in scope.intermediates if name not in set(needed["intermediate"])]
    absent += [name for name in scope.encoders if name not in set(needed["encoder"])]
    absent += [name for name in scope.targets if name not in set(needed["target"])]
    if absent or needed.empty:
        return f"no cell of {listing(absent or scope.targets)}"
    cells = set(zip(needed["encoder"], needed["intermediate"], needed["target"], strict=True))
    every = product(scope.encoders, scope.intermediates, scope.targets)
    uncrossed = [" ".join(place) for place in every if place not in cells]
    if uncrossed:
        others = f" and {len(uncrossed) - 1} more" if len(uncrossed) > 1 else ""
        return f"no cell of {uncrossed[0]}{others}"
    gaps = needed[needed["gain"].isna() & ~needed["same_data"].astype(bool)]
    if gaps.empty:
        return ""
    places = gaps[["encoder", "intermediate", "target", "seed"]].drop_duplicates()
    first = places.iloc[0]
    where = f"{first['encoder']} {first['intermediate']} {first['target']} seed {first['seed']}"
    return f"{len(places)} of {len(needed)} gains lack a run or a language, the first {where}"


def _statement(scope: Scope) -> str:
    """A hypothesis in words; targets in which every cell is of the same data are not counted, as no mean holds them."""
    rows = scope.task_gains[scope.task_gains["intermediate"].isin(scope.intermediates)]
    twice = rows.groupby("target")["same_data"].all()
    targets = [name for name in scope.targets if not twice.get(name, False)] or scope.targets
    encoders = scope.encoders or ["no encoder"]
    names = scope.intermediates or ["nothing"]
    over = f"over {targets[0]}" if len(targets) == 1 else f"over {len(targets)} targets"
    gain = f"gain of {names[0]}" if len(names) == 1 else f"mean gain of {len(names)} intermediates"
    at = f"at {encoders[0]}" if len(encoders) == 1 else f"mean of {len(encoders)} encoders"
    rank = f"rank correlation with similarity of the {gain}"
    words = {
        "gain": f"{gain}, {at}",
        "intermediate_difference": f"{names[0]} − {names[-1]}, {at}",
        "encoder_difference": f"{gain}, {encoders[0]} − {encoders[-1]}",
        "similarity": f"{rank}, {at}",
        "similarity_difference": f"{rank}, {encoders[0]} − {encoders[-1]}",
    }
    return f"{words[scope.hypothesis.effect]}, {over}: {RELATION[scope.hypothesis.direction]}"


def _status(row) -> str:
    """The verdict on one hypothesis from its adjusted p and its interval."""
    if row.status:
        return row.status
    if row.p_holm < ALPHA:
        return "supported"
    wrong_side = (row.direction == "greater" and row.high < 0) or (row.direction == "less" and row.low > 0)
    return "contradicted" if wrong_side else "not shown"


def sentences(tested: pd.DataFrame) -> list[str]:
    """A sentence for every hypothesis, no stronger than its numbers; tested: of `evaluate`."""
    words = []
    for row in tested.itertuples():
        if row.status in (MISSING, UNDECIDABLE):
            words.append(f"{row.name}: {row.status} ({row.note}).")
            continue
        unit = " points" if row.unit == MEAN else ""
        value = f"{number(row.estimate, row.unit)}{unit} ({number(row.low, row.unit)} to {number(row.high, row.unit)})"
        text = f"{row.name}: {row.status}; {row.statement}, estimated at {value}, Holm p {p_equals(row.p_holm)}."
        if row.status == "not shown":
            text += f" {_escapes(row)}"
        words.append(text)
    return words


def _escapes(row) -> str:
    """What effect this design could have missed."""
    if pd.isna(row.detectable):
        return "No correlation at all could pass here: too few languages."
    least = number(row.detectable, row.unit, False)
    if row.unit == MEAN:
        return f"A true effect below {least} points would escape this design more than one time in five."
    return (
        f"Even without noise between seeds a true correlation below {least} would escape this design more than one "
        "time in five."
    )


def number(value: float, unit: str, signed: bool = True) -> str:
    """An estimate in its unit: points with one decimal, a correlation with two."""
    if pd.isna(value):
        return DASH
    if unit == MEAN:
        return points(value, signed)
    return f"+{decimals(value)}" if signed and value > 0 else decimals(value)
