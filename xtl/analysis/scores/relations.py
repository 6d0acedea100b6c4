"""Does a gain follow similarity? Over languages and over seeds, in points and on a scale that respects the range."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from xtl.analysis.scores import contrasts
from xtl.analysis.scores.contrasts import NOTHING, Contrast
from xtl.analysis.scores.correlations import UNKNOWN, over_targets
from xtl.analysis.statistics import clustered
from xtl.analysis.statistics.clustered import Within
from xtl.tasks.catalog import TASKS

PLACE = ["intermediate", "source", "provenance"]
NUMBERS = ["n", "slope", "low", "high", "error", "df", "seeds", "slope_p", "p"]
CELL = ["encoder", "intermediate", "target", "source", "provenance", "seed", "language"]
EXAMPLES = 3.0  # within as many examples of an end of the range, nothing is left to gain or to lose
ERRORS = 1.645  # standard errors above guessing that a score must be to be above it (one-sided 5 %)


@dataclass(frozen=True)
class Relation:
    """What is known of a gain, or of a difference of gains, against similarity.

    Attributes:
        within: Spearman's r over languages within families, of the mean over seeds, in points.
        slope: the slope within families, points per unit of similarity, over seeds.
        by_seed: encoder, seed and gain (here: the slope in points per unit of similarity), a row a seed.
        p: of the claim that there is a relation: the largest p of languages and of seeds, in points and on the logit
            scale; 1 where the scales disagree in sign; NaN where one of them has no test.
    """

    within: Within
    slope: Contrast
    by_seed: pd.DataFrame
    p: float


def logits(scores: pd.DataFrame) -> pd.DataFrame:
    """The same rows with scores on the logit scale between the target's chance level and 100.

    logit = log(share / (1 − share)) with share = (score − chance) / (100 − chance), which is kept half an example away
    from 0 and 1. A gain of one point is worth more near either end. scores: as tables.main_scores returns them.

    >>> table = pd.DataFrame({"target": ["xquad"] * 3, "score": [50.0, 75.0, 100.0], "n": [50.0] * 3})
    >>> logits(table)["score"].round(2).tolist()
    [0.0, 1.1, 4.6]
    """
    floor = scores["target"].map(lambda target: TASKS[target].chance).astype(float)
    half = 0.5 / scores["n"].astype(float).fillna(100.0).clip(lower=1.0)
    share = (scores["score"].astype(float) - floor) / (100 - floor)
    share = share.clip(lower=half, upper=1 - half)
    return scores.assign(score=np.log(share / (1 - share)))


def at_the_ends(scores: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Which scores cannot be told from guessing, and which not from 100: nothing can be lost there, or gained.

    Within ERRORS binomial standard errors of chance, or where nothing can be guessed within EXAMPLES examples of 0; at
    the other end within EXAMPLES examples of 100.
    """
    floor = scores["target"].map(lambda target: TASKS[target].chance).astype(float)
    n = scores["n"].astype(float).fillna(100.0).clip(lower=1.0)
    examples = 100 * EXAMPLES / n
    spread = ERRORS * np.sqrt(floor * (100 - floor) / n)
    low = scores["score"] <= floor + np.where(floor > 0, spread, examples)
    high = scores["score"] >= 100 - examples
    return low, high


def without_room(gains: pd.DataFrame) -> pd.Series:
    """Which rows are of a cell and language whose mean scores, before and after, lie at the same end of the range.

    gains: gains.gains by language (columns score, baseline, n, target …). Such a gain says nothing of what was learned.
    """
    key = [name for name in CELL if name != "seed"]
    means = gains.groupby(key, sort=False, dropna=False)[["score", "baseline", "n"]].mean().reset_index()
    low, high = at_the_ends(means)
    low_before, high_before = at_the_ends(means.assign(score=means["baseline"]))
    means["end"] = (low & low_before) | (high & high_before)
    return gains[key].merge(means[[*key, "end"]], on=key, how="left")["end"].set_axis(gains.index)


def relation(
    points: Mapping[str, pd.DataFrame],
    logit: Mapping[str, pd.DataFrame],
    weights: Mapping[str, float],
    similarity: Mapping[str, float] | pd.Series,
    families: Mapping[str, str],
    pools: Mapping[str, str] | None = None,
) -> Relation:
    """A gain, its mean over encoders (weights 1/k) or its difference between two (1, −1), against similarity.

    points, logit: `by_encoder` of the gains of one intermediate (the mean over targets), in points and in logits, with
    the source language left out. Languages that lack a seed stay out.

    Two things can make a relation that is not there: languages that share a family, and seeds, since a run's own slope
    is shared by all its languages (zero-shot instability, Keung et al. 2020). So a claim needs both tests: orders of
    the languages within families (clustered.within_families) and Student's t over the slopes of the seeds, each
    encoder with its own variance (contrasts.combine); and it needs them in points and in logits, because a constant
    gain falls near 100 and rises near chance.
    """
    in_points = _scale(points, weights, similarity, families, pools)
    in_logits = _scale(logit, weights, similarity, families, pools)
    values = [in_points[0].p, in_points[1].p, in_logits[0].p, in_logits[1].p]
    p = float(np.max(values)) if np.isfinite(values).all() else np.nan
    signs = {np.sign(found.estimate) for found in (in_points[1], in_logits[1])}
    signs |= {np.sign(found.r) for found in (in_points[0], in_logits[0])}
    if np.isfinite(p) and len(signs) > 1:
        p = 1.0
    return Relation(*in_points, p)


@dataclass(frozen=True)
class Relations:
    """Relations of every encoder and intermediate, over targets.

    Attributes:
        cells: PLACE, encoder, r, n, slope, low, high (95 %, over seeds), error, df, seeds,
            slope_p (Student's t over seeds, in points) and p (Relation.p).
        by_seed: PLACE, encoder, seed and slope.
        pairs: PLACE, first, second, n, slope (of the first minus the second), low, high, error, df, seeds, slope_p
            and p.
    """

    cells: pd.DataFrame
    by_seed: pd.DataFrame
    pairs: pd.DataFrame


def relations(
    points: pd.DataFrame,
    logit: pd.DataFrame,
    distances: Mapping[str, pd.Series],
    families: Mapping[str, str],
    pools: Mapping[str, str] | None = None,
) -> Relations:
    """`relation` of every encoder and of every pair; points, logit: of `over_seeds`, all intermediates and sources."""
    cells = []
    seeds = []
    pairs = []
    for place, rows in points.groupby(PLACE, sort=False, dropna=False):
        similarity = 1 - distances.get(place[1], pd.Series(dtype=float))
        same_place = (logit[PLACE] == list(place)).all(axis=1)
        in_points = by_encoder(rows)
        in_logits = by_encoder(logit[same_place])
        for encoder in in_points:
            found = relation(in_points, in_logits, {encoder: 1.0}, similarity, families, pools)
            cells.append((*place, encoder, found.within.r, *_numbers(found)))
            slopes = found.by_seed.rename(columns={"gain": "slope"})
            seeds.append(slopes.assign(**dict(zip(PLACE, place, strict=True))))
        for first, second in combinations(in_points, 2):
            found = relation(in_points, in_logits, {first: 1.0, second: -1.0}, similarity, families, pools)
            pairs.append((*place, first, second, *_numbers(found)))
    by_seed = pd.concat(seeds, ignore_index=True) if seeds else pd.DataFrame()
    return Relations(
        pd.DataFrame(cells, columns=[*PLACE, "encoder", "r", *NUMBERS]),
        by_seed.reindex(columns=[*PLACE, "encoder", "seed", "slope"]),
        pd.DataFrame(pairs, columns=[*PLACE, "first", "second", *NUMBERS]),
    )


def over_seeds(table: pd.DataFrame, value: str = "gain") -> pd.DataFrame:
    """correlations.over_targets without the source language and languages of unknown pieces; `value` becomes `gain`."""
    seeds = over_targets(table, value)
    seeds = seeds[seeds["language"] != seeds["source"]]
    if "unknown" in seeds:
        seeds = seeds[~(seeds["unknown"] > UNKNOWN)]
    return seeds.rename(columns={value: "gain"})


def _numbers(found: Relation) -> tuple:
    slope = found.slope
    return (
        found.within.n, slope.estimate, slope.low, slope.high, slope.error, slope.df, slope.seeds, slope.p, found.p
    )  # fmt: skip


def by_encoder(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Encoder -> seeds × languages of rows encoder, seed, language, gain, without seeds that lack every language."""
    tables = {}
    for encoder, part in rows.groupby("encoder", sort=False):
        tables[encoder] = part.pivot(index="seed", columns="language", values="gain").dropna(how="all")
    return tables


def _scale(
    wide: Mapping[str, pd.DataFrame],
    weights: Mapping[str, float],
    similarity: Mapping[str, float] | pd.Series,
    families: Mapping[str, str],
    pools: Mapping[str, str] | None,
) -> tuple[Within, Contrast, pd.DataFrame]:
    """The two tests on one scale, and the slope of every seed."""
    if not set(weights) <= set(wide):
        return clustered.within_families([], [], []), NOTHING, pd.DataFrame(columns=contrasts.SERIES)
    languages = _shared([wide[encoder] for encoder in weights], similarity)
    if not languages:
        return clustered.within_families([], [], []), NOTHING, pd.DataFrame(columns=contrasts.SERIES)
    x = np.array([similarity[code] for code in languages], float)
    names = [families.get(code) for code in languages]
    mean = np.zeros(len(languages))
    for encoder, weight in weights.items():
        mean = mean + weight * wide[encoder][languages].to_numpy(float).mean(axis=0)
    within = clustered.within_families(x, mean, names)
    if not np.isfinite(within.r):
        return within, NOTHING, pd.DataFrame(columns=contrasts.SERIES)
    series = []
    for encoder, table in wide.items():
        own = _shared([table], similarity) if encoder not in weights else languages
        own_x = np.array([similarity[code] for code in own], float)
        slopes = clustered.slopes(own_x, table[own].to_numpy(float), [families.get(code) for code in own])
        series.append(pd.DataFrame({"encoder": encoder, "seed": table.index, "gain": slopes}))
    by_seed = pd.concat(series, ignore_index=True)
    slope = contrasts.combine(by_seed, weights, pools)
    return within, slope, by_seed[by_seed["encoder"].isin(list(weights))].reset_index(drop=True)


def _shared(tables: Sequence[pd.DataFrame], similarity: Mapping[str, float] | pd.Series) -> list[str]:
    """The languages with a similarity and a value in every seed of every table."""
    shared = None
    for table in tables:
        whole = set(table.columns[table.notna().all()]) if len(table) else set()
        shared = whole if shared is None else shared & whole
    known = [code for code, value in dict(similarity).items() if code in (shared or set()) and np.isfinite(value)]
    return sorted(known)
