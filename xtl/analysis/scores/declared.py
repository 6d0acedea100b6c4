"""The hypotheses that a grid file fixes: what each is about on this grid, its estimate, interval and p."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd

from xtl.analysis.scores import arms, contrasts, relations
from xtl.analysis.statistics import intervals as statistics
from xtl.analysis.wording import listing
from xtl.grid.blocks import Intermediate
from xtl.grid.schema import Hypothesis

MEAN = "points"
CORRELATION = "r"
SLOPE = "points per unit of similarity"
RELATION = {"greater": "above 0", "less": "below 0", "two-sided": "other than 0"}
SIMILARITY = "similarity"


@dataclass(frozen=True)
class Tested:
    """One hypothesis on this grid, tested by itself.

    Attributes:
        unit: MEAN, CORRELATION, or SLOPE for the difference of two encoders' relations.
        low, high: the two-sided 95 % interval, not corrected.
        p: two-sided; its sign, `p < level` and the hypothesis' direction give the verdict. NaN where there is no test.
        error, df: of Student's t over seeds.
        n: languages, of a relation with similarity.
        lacking: why there is no estimate, because runs lack; empty if there is one.
        note: what stays out, or why there is no test.
    """

    hypothesis: Hypothesis
    statement: str
    unit: str
    targets: tuple[str, ...]
    estimate: float = np.nan
    low: float = np.nan
    high: float = np.nan
    p: float = np.nan
    error: float = np.nan
    df: float = np.nan
    seeds: int = 0
    n: int = 0
    lacking: str = ""
    note: str = ""


@dataclass(frozen=True)
class Gains:
    """The tables that hypotheses are tested on, of target training in native English.

    Attributes:
        tasks: gains.gains of task scores.
        points, logits: gains.gains by language, without what has no room (relations.without_room).
        similarity: of every language to English.
        families: language -> family.
        pools: encoder -> name of the pool whose runs scatter alike.
    """

    tasks: pd.DataFrame
    points: pd.DataFrame
    logits: pd.DataFrame
    similarity: pd.Series
    families: Mapping[str, str]
    pools: Mapping[str, str] | None = None


def tests(
    hypotheses: Sequence[Hypothesis], gains: Gains, intermediates: Mapping[str, Intermediate] | None = None
) -> list[Tested]:
    """Every hypothesis tested by itself, two-sided; the correction is findings.findings's.

    intermediates: see arms.read; controls (`steps_of`) count only where a contrast names them. No cell of the same data
    counts. Means (points): the contrast seed by seed within an encoder, encoders as separate trainings with their own
    variances (contrasts.combine). Similarity: relations.relation. A seed that lacks a run or a language stays out, and
    the note says so.
    """
    declared = arms.read(intermediates, gains.tasks["intermediate"].unique())
    return [_test(_scope(hypothesis, gains.tasks, declared), gains) for hypothesis in hypotheses]


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


def _test(scope: Scope, gains: Gains) -> Tested:
    hypothesis = scope.hypothesis
    unit = MEAN
    if hypothesis.effect.startswith(SIMILARITY):
        unit = CORRELATION if hypothesis.effect == SIMILARITY else SLOPE
    base = Tested(hypothesis, _statement(scope), unit, tuple(scope.targets))
    lacking, note = _lacking(scope)
    if lacking:
        return replace(base, lacking=lacking)
    if unit == MEAN:
        return _mean(scope, replace(base, note=note), gains.pools)
    return _relation(scope, replace(base, note=note), gains)


def _mean(scope: Scope, base: Tested, pools: Mapping[str, str] | None) -> Tested:
    """A mean or a difference of means in points."""
    if scope.hypothesis.effect == "intermediate_difference":
        series = contrasts.difference(scope.task_gains, *scope.intermediates)
    else:
        series = contrasts.mean_gain(scope.task_gains, scope.intermediates)
    if series.empty:
        return replace(base, note="every target is trained on the same data twice")
    mean = contrasts.combine(series, scope.weights, pools)
    note = base.note
    if not np.isfinite(mean.estimate):
        note = "the encoders have no targets in common"
    elif np.isnan(mean.p):
        note = "nothing says how far another seed would land"
    return replace(
        base, estimate=mean.estimate, low=mean.low, high=mean.high, p=mean.p, error=mean.error, df=mean.df,
        seeds=mean.seeds, note=note,
    )  # fmt: skip


def _relation(scope: Scope, base: Tested, gains: Gains) -> Tested:
    """The relation of a gain with similarity, of its mean over encoders, or its difference between two of them."""
    points = relations.by_encoder(_over_targets(scope, gains.points))
    logits = relations.by_encoder(_over_targets(scope, gains.logits))
    found = relations.relation(points, logits, scope.weights, gains.similarity, gains.families, gains.pools)
    within = found.within
    slope = found.slope
    note = base.note
    if within.n < statistics.MIN_LANGUAGES:
        note = (
            f"{within.n} languages with every gain, a similarity and another language to be compared with, fewer than "
        )
        note += f"{statistics.MIN_LANGUAGES}"
    elif not np.isfinite(within.r):
        note = "within families no similarity or no gain differs"
    elif np.isnan(slope.p):
        note = "nothing says how far another seed would land"
    estimate, low, high = within.r, within.low, within.high
    if base.unit == SLOPE:
        estimate, low, high = slope.estimate, slope.low, slope.high
    return replace(
        base, estimate=estimate, low=low, high=high, p=found.p, error=slope.error, df=slope.df, seeds=slope.seeds,
        n=within.n, note=note,
    )  # fmt: skip


def _over_targets(scope: Scope, gains: pd.DataFrame) -> pd.DataFrame:
    """Rows encoder, seed, language, gain of a scope: the mean over its targets, then over its intermediates."""
    chosen = gains["intermediate"].isin(scope.intermediates) & gains["encoder"].isin(scope.encoders)
    rows = relations.over_seeds(gains[chosen & gains["target"].isin(scope.targets)])
    key = ["encoder", "seed", "language"]
    grouped = rows.groupby(key, sort=False)["gain"]
    return grouped.mean().where(grouped.count() == len(scope.intermediates)).rename("gain").reset_index()


def _lacking(scope: Scope) -> tuple[str, str]:
    """Why there is nothing to estimate from (empty where there is), and what stays out of the estimate, in words."""
    gains = scope.task_gains
    needed = gains[gains["intermediate"].isin(scope.intermediates) & gains["encoder"].isin(scope.encoders)]
    absent = [name for name in scope.intermediates if name not in set(needed["intermediate"])]
    absent += [name for name in scope.encoders if name not in set(needed["encoder"])]
    absent += [name for name in scope.targets if name not in set(needed["target"])]
    if absent or needed.empty:
        return f"no cell of {listing(absent or scope.targets)}", ""
    cells = set(zip(needed["encoder"], needed["intermediate"], needed["target"], strict=True))
    every = product(scope.encoders, scope.intermediates, scope.targets)
    uncrossed = [" ".join(place) for place in every if place not in cells]
    if uncrossed:
        others = f" and {len(uncrossed) - 1} more" if len(uncrossed) > 1 else ""
        return f"no cell of {uncrossed[0]}{others}", ""
    counted = needed[~needed["same_data"].astype(bool)]
    gaps = counted[counted["gain"].isna()]
    if gaps.empty:
        return "", ""
    first = gaps.iloc[0]
    where = f"{first['encoder']} {first['intermediate']} {first['target']} seed {first['seed']}"
    text = f"{len(gaps)} of {len(counted)} gains lack a run or a language, the first {where}"
    seeds = counted[["encoder", "seed"]].drop_duplicates()
    lost = gaps[["encoder", "seed"]].drop_duplicates()
    whole = set(seeds["encoder"][~seeds.apply(tuple, axis=1).isin(lost.apply(tuple, axis=1))])
    if whole != set(counted["encoder"]):
        return text, ""
    return "", f"{text}; {len(lost)} of {len(seeds)} seeds of encoders stay out"


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
        "similarity_difference": f"slope on similarity of the {gain}, {encoders[0]} − {encoders[-1]}",
    }
    return f"{words[scope.hypothesis.effect]}, {over}: {RELATION[scope.hypothesis.direction]}"
