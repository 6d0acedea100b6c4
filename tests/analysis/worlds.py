"""Tables of scores with a known truth, drawn by rules of their own: what the report's statements are held against."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import stats

from xtl.analysis.scores import relations
from xtl.analysis.statistics import clustered
from xtl.analysis.statistics import intervals as statistics
from xtl.lab.world.config import LabConfig
from xtl.languages.made import MadeLanguages
from xtl.languages.natural import NaturalLanguages

ENCODERS = 3


@dataclass(frozen=True)
class Shape:
    """A grid's shape: seeds, targets, and the similarity and family of every language but the source."""

    seeds: int
    targets: int
    similarity: np.ndarray = field(compare=False)
    families: list[str] = field(compare=False)


def _made(count: int) -> tuple[np.ndarray, list[str]]:
    made = MadeLanguages(LabConfig(languages=count))
    similarity = 1 - made.distance()
    families = made.families()
    codes = [code for code in similarity.index if code != "en"]
    return similarity[codes].to_numpy(), [families[code] for code in codes]


def _natural() -> tuple[np.ndarray, list[str]]:
    languages = NaturalLanguages()
    similarity = 1 - languages.distance()
    families = languages.families()
    codes = [code for code in families if code != "en" and np.isfinite(similarity[code])]
    return similarity[codes].to_numpy(), [families[code] for code in codes]


SHAPES = {
    "lab": Shape(3, 3, *_made(12)),
    "lab-full": Shape(5, 9, *_made(24)),
    "XTREME": Shape(5, 9, *_natural()),
}


@dataclass(frozen=True)
class Truth:
    """What is planted, and how runs scatter; everything in points.

    gains: of the three encoders; slopes: points per unit of similarity, of the three. run_slopes: standard deviation of
    a run's own slope. spread: the encoders' standard deviations of a run's mean gain. heavy: t with three degrees of
    freedom instead of normal. languages: standard deviation of a language's own lasting gain; families: share of its
    variance that a family has in common. noise: of a language in one run; noisy: its factors for the three encoders.
    level: score of the most and of the least similar language before intermediate training. floor: of guessing.
    """

    gains: tuple = (0.0, 0.0, 0.0)
    slopes: tuple = (0.0, 0.0, 0.0)
    run_slopes: float = 0.0
    spread: tuple = (1.0, 1.0, 1.0)
    heavy: bool = False
    languages: float = 1.0
    families: float = 0.5
    noise: float = 1.0
    noisy: tuple = (1.0, 1.0, 1.0)
    level: tuple = (70.0, 40.0)


def draw(shape: Shape, truth: Truth, tables: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Scores before and after, (tables, encoders, targets, seeds, languages), with room above and below them."""
    rng = np.random.default_rng(seed)
    count = len(shape.similarity)
    of_runs = (tables, ENCODERS, shape.targets, shape.seeds)
    sample = (lambda size: rng.standard_t(3, size) / np.sqrt(3)) if truth.heavy else rng.standard_normal
    place = (shape.similarity - shape.similarity.min()) / np.ptp(shape.similarity)
    level = truth.level[1] + (truth.level[0] - truth.level[1]) * place
    level = level + 3 * rng.standard_normal((tables, 1, shape.targets, 1, count))
    before = level + truth.noise * sample((*of_runs, count))
    # what a language gains beyond the others for good: partly its family's
    code = np.unique(shape.families, return_inverse=True)[1]
    family = rng.standard_normal((tables, ENCODERS, 1, 1, code.max() + 1))[..., code]
    own = rng.standard_normal((tables, ENCODERS, 1, 1, count))
    lasting = truth.languages * (np.sqrt(truth.families) * family + np.sqrt(1 - truth.families) * own)
    lasting = lasting - lasting.mean(axis=-1, keepdims=True)
    # a seed of an encoder moves all its targets (pretraining), a run moves all its languages, and has its own slope
    shared = sample((tables, ENCODERS, 1, shape.seeds, 1))
    run = (shared + np.sqrt(shape.targets) * sample((*of_runs, 1))) / np.sqrt(2)
    scale = np.array(truth.spread).reshape(1, ENCODERS, 1, 1, 1)
    centred = shape.similarity - shape.similarity.mean()
    slopes = np.array(truth.slopes).reshape(1, ENCODERS, 1, 1, 1)
    slopes = slopes + truth.run_slopes * sample((tables, ENCODERS, 1, shape.seeds, 1))
    noisy = np.array(truth.noisy).reshape(1, ENCODERS, 1, 1, 1)
    gain = np.array(truth.gains).reshape(1, ENCODERS, 1, 1, 1) + slopes * centred + lasting + scale * run
    after = before + gain + truth.noise * noisy * sample((*of_runs, count))
    return before, after


@dataclass(frozen=True)
class Report:
    """The standard questions' p values of every table: gains and relations (tables, encoders), encoders (tables,).

    pairs: of the differences of two encoders' slopes, (tables, pairs).
    """

    gains: np.ndarray
    encoders: np.ndarray
    relations: np.ndarray
    slopes: np.ndarray

    def claims(self) -> np.ndarray:
        """Which of all p values are claims at the level of the report, (tables, tests)."""
        p = np.column_stack([self.gains, self.encoders, self.relations])
        return np.array([statistics.holm(row) for row in p]) < 0.05


def report(shape: Shape, before: np.ndarray, after: np.ndarray) -> Report:
    """What the report computes of every table, from the same functions, for tables whose every cell has room."""
    gain = (after - before).mean(axis=2)  # (tables, encoders, seeds, languages)
    means = gain.mean(axis=-1)
    of_gains = statistics.pooled(means[:, :, None, :]).p[..., 0]
    of_encoders = stats.f_oneway(*np.moveaxis(means, 1, 0), axis=-1, equal_var=False).pvalue
    logit = (in_logits(after) - in_logits(before)).mean(axis=2)
    p = np.stack([np.maximum(*related(shape, scale)[:2]) for scale in (gain, logit)])
    signs = np.stack([related(shape, scale)[2] for scale in (gain, logit)])
    agree = (signs[0] == signs[1]).all(axis=-1)
    return Report(of_gains, of_encoders, np.where(agree, p.max(axis=0), 1.0), signs[0][..., 1])


def in_logits(scores: np.ndarray) -> np.ndarray:
    """Scores of targets without a chance level on 200 examples, on the logit scale."""
    share = np.clip(scores / 100, 0.0025, 0.9975)
    return np.log(share / (1 - share))


def related(shape: Shape, gain: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """p over languages and over seeds of gains (tables, encoders, seeds, languages), and both estimates' signs."""
    groups = clustered.strata(shape.families)
    kept = clustered.compared(groups)
    groups = groups[kept]
    x = clustered.departures(shape.similarity[kept], groups)
    mean = clustered.departures(gain.mean(axis=2)[..., kept], groups)
    flat = mean.reshape(-1, kept.sum())
    r, p = clustered.permutation_test(np.broadcast_to(x, flat.shape), flat, groups)
    slopes = clustered.slopes(shape.similarity, gain, shape.families)
    found = statistics.pooled(slopes[:, :, None, :])
    signs = np.stack([np.sign(r.reshape(mean.shape[:-1])), np.sign(found.mean[..., 0])], axis=-1)
    return p.reshape(mean.shape[:-1]), found.p[..., 0], signs


def truncated(
    shape: Shape, truth: Truth, tables: int, low: float, high: float = 100.0, target: str = "xnli", seed: int = 0
) -> np.ndarray:
    """p of the relation of the first encoder's gain, of scores cut off at both ends: (2, tables).

    The first is that of the claim, by the code that the report runs; the second that of the languages in points alone.

    Scores below `low`, the target's chance level, are guesses on 300 examples; above `high` there is nothing.
    """
    before, after = draw(shape, truth, tables, seed)
    rng = np.random.default_rng(seed + 1)
    cut = []
    for scores in (before, after):
        guesses = 100 * rng.binomial(300, low / 100, scores.shape) / 300
        cut.append(np.minimum(np.where(scores < low, guesses, scores), high))
    codes = [f"l{i}" for i in range(len(shape.similarity))]
    similarity = dict(zip(codes, shape.similarity, strict=True))
    families = dict(zip(codes, shape.families, strict=True))
    rows = [_p_of_one(cut[0][i, 0], cut[1][i, 0], target, similarity, families) for i in range(tables)]
    return np.array(rows).T


def _p_of_one(before: np.ndarray, after: np.ndarray, target: str, similarity: dict, families: dict) -> tuple:
    """Both p of the relation of one table of scores (targets, seeds, languages); every target is called the same."""
    index = pd.MultiIndex.from_product(
        [range(before.shape[0]), range(before.shape[1]), list(similarity)], names=["copy", "seed", "language"]
    )
    rows = pd.DataFrame({"score": after.ravel(), "baseline": before.ravel()}, index=index).reset_index()
    rows["intermediate"] = rows.pop("copy").map("copy {}".format)  # so that copies of a target are cells of their own
    rows = rows.assign(
        encoder="e", architecture="e", target=target, source="en", provenance="native", same_data=False, n=300.0
    )
    rows = rows[~relations.without_room(rows).astype(bool)]
    first = relations.logits(rows)["score"] - relations.logits(rows.assign(score=rows["baseline"]))["score"]
    tables = []
    for gain in (rows["score"] - rows["baseline"], first):
        mean = rows.assign(gain=gain).pivot_table(index="seed", columns="language", values="gain")
        tables.append({"e": mean})
    plain = (after - before).mean(axis=(0, 1))
    naive = clustered.within_families(list(similarity.values()), plain, list(families.values())).p
    return relations.relation(*tables, {"e": 1.0}, similarity, families).p, naive
