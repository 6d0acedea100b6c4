"""The format of mining translations out of two pools of sentences, where nothing is trained: BUCC 2018."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from datasets import Dataset

from xtl.tasks.catalog.task import Task
from xtl.tasks.formats import metrics
from xtl.tasks.sources.columns import SIDES

SUFFIX = "tsv"  # of a submission file
NEIGHBOURS = 4
ROWS = 4096  # sentences compared at a time, a matter of memory alone

Pools = tuple[np.ndarray, np.ndarray, Dataset]  # vectors of the foreign and of the English sentences, and the examples


def texts(examples: Dataset) -> tuple[list[str], list[str]]:
    """The sentences of the foreign and of the English pool."""
    sides = np.asarray(examples["side"])
    sentences = np.asarray(examples["sentence"], dtype=object)
    return tuple(sentences[sides == side].tolist() for side in SIDES)


def limit(examples: Dataset, n: int | None) -> Dataset:
    """The first n sentences of each pool; a pair of which one sentence is left out is no gold pair any more."""
    if n is None:
        return examples
    table = examples.to_pandas()
    table = table[table.groupby("side").cumcount() < n]
    table.loc[~table["pair"].isin(table["id"]), "pair"] = ""
    return Dataset.from_pandas(table, preserve_index=False)


def evaluate(
    pools: Mapping[str, Pools], task: Task, language: str = ""
) -> tuple[list[tuple[str, str]], dict[str, float], np.ndarray]:
    """Mined pairs of ids of the test pools, F1, precision and recall in points, and 100 or 0 per gold pair (found or
    not) of the test pools.

    The threshold is the one that is best for F1 on the validation pools.
    """
    dev_pairs, dev_scores = mine(*pools["validation"][:2])
    threshold = best_threshold(named(dev_pairs, pools["validation"][2]), dev_scores, gold(pools["validation"][2]))
    pairs, scores = mine(*pools["test"][:2])
    found = named(pairs[scores >= threshold], pools["test"][2])
    wanted = gold(pools["test"][2])
    values = metrics.set_f1(wanted, found)
    said = set(found)
    return found, {m: values[m] for m in task.metrics}, np.array([100.0 * (pair in said) for pair in wanted])


def mine(foreign: np.ndarray, english: np.ndarray, k: int = NEIGHBOURS) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of rows (pairs, 2) and their margins (pairs,), the best first, every sentence in one pair at most.

    The margin of a pair is its cosine over the mean of the two sentences' mean cosines with their k nearest neighbours
    in the other pool (Artetxe and Schwenk 2019, arXiv 1811.01136, ratio). Each sentence proposes the best of its k
    neighbours; the proposals of both sides are merged by margin, and a pair is taken unless one of its sentences is
    taken already.

    foreign, english: (n, hidden) and (m, hidden).
    """
    a, b = _unit(foreign), _unit(english)
    forward, f_at = _nearest(a, b, min(k, len(b)))
    backward, b_at = _nearest(b, a, min(k, len(a)))
    f_mean, b_mean = forward.mean(1), backward.mean(1)
    f_margin = forward / ((f_mean[:, None] + b_mean[f_at]) / 2)
    b_margin = backward / ((b_mean[:, None] + f_mean[b_at]) / 2)
    f_best, b_best = f_margin.argmax(1), b_margin.argmax(1)
    rows, columns = np.arange(len(a)), np.arange(len(b))
    pairs = np.concatenate([np.stack([rows, f_at[rows, f_best]], 1), np.stack([b_at[columns, b_best], columns], 1)])
    margins = np.concatenate([f_margin[rows, f_best], b_margin[columns, b_best]])
    order = np.argsort(-margins, kind="stable")
    taken: tuple[set[int], set[int]] = (set(), set())
    kept = []
    for i in order:
        x, y = pairs[i]
        if x not in taken[0] and y not in taken[1]:
            taken[0].add(x)
            taken[1].add(y)
            kept.append(i)
    return pairs[kept], margins[kept]


def best_threshold(pairs: list[tuple[str, str]], margins: np.ndarray, wanted: list[tuple[str, str]]) -> float:
    """The margin halfway between the last pair of the prefix that is best for F1 and the next one; infinite where no
    pair is right.

    pairs: the best first, with their margins (pairs,).
    """
    right = np.cumsum([pair in set(wanted) for pair in pairs]) if pairs else np.zeros(0)
    if not len(right) or not right[-1]:
        return np.inf
    f1 = 2 * right / (np.arange(1, len(pairs) + 1) + len(set(wanted)))
    last = int(f1.argmax())
    return float(margins[last : last + 2].mean())


def named(pairs: np.ndarray, examples: Dataset) -> list[tuple[str, str]]:
    """Pairs of rows as pairs of ids, foreign and English."""
    sides, ids = np.asarray(examples["side"]), np.asarray(examples["id"], dtype=object)
    foreign, english = (ids[sides == side] for side in SIDES)
    return [(foreign[x], english[y]) for x, y in pairs]


def gold(examples: Dataset) -> list[tuple[str, str]]:
    """The pairs of ids that translate each other, foreign and English, in the order of the foreign pool."""
    rows = zip(examples["id"], examples["side"], examples["pair"], strict=True)
    return [(name, pair) for name, side, pair in rows if side == SIDES[0] and pair]


def example_ids(pools: Mapping[str, Pools]) -> list[str]:
    """Names of what the per-example scores of `evaluate` are about: the gold pairs of the test pools."""
    return ["\t".join(pair) for pair in gold(pools["test"][2])]


def write_submission(predictions: list[tuple[str, str]], examples: Dataset, task: Task, path: Path) -> None:
    """XTREME's file: two ids a line, foreign and English, parted by a tab."""
    Path(path).write_text("".join(f"{a}\t{b}\n" for a, b in predictions), encoding="utf-8")


def show(predictions: list[tuple[str, str]], examples: Dataset, task: Task, n: int = 5) -> pd.DataFrame:
    """The n mined pairs of the greatest margin, and whether they are gold."""
    sentences = dict(zip(examples["id"], examples["sentence"], strict=True))
    wanted = set(gold(examples))
    rows = [
        {"foreign": sentences[a], "English": sentences[b], "gold": "yes" if (a, b) in wanted else "no"}
        for a, b in predictions[:n]
    ]
    return pd.DataFrame(rows, columns=["foreign", "English", "gold"])


def _nearest(queries: np.ndarray, pool: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Cosines (queries, k) of the k nearest rows of the pool, the nearest first, and their places."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    other, cosines, places = torch.from_numpy(pool).to(device).T, [], []
    for start in range(0, len(queries), ROWS):
        found = (torch.from_numpy(queries[start : start + ROWS]).to(device) @ other).topk(k, dim=1)
        cosines.append(found.values.cpu().numpy())
        places.append(found.indices.cpu().numpy())
    return np.concatenate(cosines), np.concatenate(places)


def _unit(vectors: np.ndarray) -> np.ndarray:
    vectors = np.asarray(vectors, dtype=np.float32)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
