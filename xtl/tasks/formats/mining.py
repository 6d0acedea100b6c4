"""The format of mining translations out of two pools of sentences, where nothing is trained: BUCC 2018."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch
from datasets import Dataset

from xtl.tasks.formats import metrics
from xtl.tasks.formats.format import RetrievalFormat, Vectors, unit
from xtl.tasks.sources.columns import SIDES

NEIGHBOURS = 4
ROWS = 4096  # sentences compared at a time, a matter of memory alone

Pairs = list[tuple[str, str]]  # ids, foreign and English


def mine(foreign: np.ndarray, english: np.ndarray, k: int = NEIGHBOURS) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of rows (pairs, 2) and their margins (pairs,), the best first, every sentence in one pair at most.

    The margin of a pair is its cosine over the mean of the two sentences' mean cosines with their k nearest neighbours
    in the other pool (Artetxe and Schwenk 2019, arXiv 1811.01136, ratio). Each sentence proposes the best of its k
    neighbours; the proposals of both sides are merged by margin, and a pair is taken unless one of its sentences is
    taken already.

    foreign, english: (n, hidden) and (m, hidden).

    >>> pairs, margins = mine(np.array([[1, 0], [0, 1]]), np.array([[0, 2], [3, 0]]))
    >>> pairs.tolist(), margins.tolist()
    ([[0, 1], [1, 0]], [2.0, 2.0])
    """
    foreign = unit(foreign)
    english = unit(english)
    forward, forward_places = _nearest(foreign, english, min(k, len(english)))
    backward, backward_places = _nearest(english, foreign, min(k, len(foreign)))
    foreign_mean = forward.mean(axis=1)
    english_mean = backward.mean(axis=1)
    forward_margins = forward / ((foreign_mean[:, None] + english_mean[forward_places]) / 2)
    backward_margins = backward / ((english_mean[:, None] + foreign_mean[backward_places]) / 2)
    rows = np.arange(len(foreign))
    columns = np.arange(len(english))
    forward_best = forward_margins.argmax(axis=1)
    backward_best = backward_margins.argmax(axis=1)
    proposals = np.concatenate([
        np.stack([rows, forward_places[rows, forward_best]], axis=1),
        np.stack([backward_places[columns, backward_best], columns], axis=1),
    ])  # fmt: skip
    margins = np.concatenate([forward_margins[rows, forward_best], backward_margins[columns, backward_best]])
    taken_foreign = set()
    taken_english = set()
    kept = []
    for place in np.argsort(-margins, kind="stable"):
        row, column = proposals[place]
        if row not in taken_foreign and column not in taken_english:
            taken_foreign.add(row)
            taken_english.add(column)
            kept.append(place)
    return proposals[kept], margins[kept]


def best_threshold(pairs: Pairs, margins: np.ndarray, gold: Pairs) -> float:
    """The margin halfway between the last pair of the prefix that is best for F1 and the next one.

    Infinite where no pair is right. pairs: the best first, with their margins (pairs,).

    >>> best_threshold([("a", "A"), ("b", "C")], np.array([2.0, 1.0]), [("a", "A"), ("b", "B")])
    1.5
    """
    wanted = set(gold)
    right = np.cumsum([pair in wanted for pair in pairs]) if pairs else np.zeros(0)
    if not len(right) or not right[-1]:
        return np.inf
    f1 = 2 * right / (np.arange(1, len(pairs) + 1) + len(wanted))
    last = int(f1.argmax())
    return float(margins[last : last + 2].mean())


def gold_pairs(examples: Dataset) -> Pairs:
    """The ids that translate each other, in the order of the foreign pool."""
    foreign, _ = SIDES
    rows = zip(examples["id"], examples["side"], examples["pair"], strict=True)
    return [(name, pair) for name, side, pair in rows if side == foreign and pair]


def named(pairs: np.ndarray, examples: Dataset) -> Pairs:
    """Pairs of rows as pairs of ids."""
    foreign, english = _by_side(examples, "id")
    return [(foreign[row], english[column]) for row, column in pairs]


def candidates(pools: Vectors) -> tuple[Pairs, np.ndarray]:
    """Pairs of ids that are mined from two pools, and their margins (pairs,), the best first.

    Equal sentences of a pool are one, and pairs of a sentence that stands more than once in its pool are left out, for
    which of its ids is meant cannot be known (XTREME's third_party/utils_retrieve.py).

    >>> examples = Dataset.from_dict({"id": ["de-1", "de-2", "de-3", "en-7", "en-8"], "pair": [""] * 5,
    ...                               "side": ["foreign"] * 3 + ["english"] * 2,
    ...                               "sentence": ["ja", "nein", "ja", "yes", "no"]})
    >>> candidates(Vectors(np.array([[1, 0], [0, 1], [1, 0]]), np.eye(2), examples))[0]
    [('de-2', 'en-8')]
    """
    foreign, english = _by_side(pools.examples, "sentence")
    foreign_rows, foreign_once = _distinct(foreign)
    english_rows, english_once = _distinct(english)
    pairs, margins = mine(pools.foreign[foreign_rows], pools.english[english_rows])
    once = foreign_once[pairs[:, 0]] & english_once[pairs[:, 1]]
    rows = np.stack([foreign_rows[pairs[:, 0]], english_rows[pairs[:, 1]]], axis=1)
    return named(rows[once], pools.examples), margins[once]


class Mining(RetrievalFormat[Pairs]):
    """Two pools of which some sentences translate each other; predictions are pairs, that of the greatest margin first.

    >>> pools = Dataset.from_dict({"id": ["de-1", "en-7"], "side": ["foreign", "english"],
    ...                            "sentence": ["ein Fuchs", "a fox"], "pair": ["en-7", "de-1"]})
    >>> format_of(TASKS["bucc"]).show([("de-1", "en-7")], pools).iloc[0].tolist()
    ['ein Fuchs', 'a fox', 'yes']
    """

    def texts(self, examples: Dataset) -> tuple[list[str], list[str]]:
        """The sentences of the foreign and of the English pool."""
        return _by_side(examples, "sentence")

    def limit(self, examples: Dataset, n: int | None) -> Dataset:
        """The first n sentences of each pool; a pair of which one sentence is left out is no gold pair any more."""
        if n is None:
            return examples
        table = examples.to_pandas()
        table = table[table.groupby("side").cumcount() < n]
        table.loc[~table["pair"].isin(table["id"]), "pair"] = ""
        return Dataset.from_pandas(table, preserve_index=False)

    def evaluate(self, pools: Mapping[str, Vectors]) -> tuple[Pairs, dict[str, float], np.ndarray]:
        """F1, precision and recall, and 100 or 0 per gold pair (found or not) of the test pools.

        The threshold is the one that is best for F1 on the validation pools; gold pairs of repeated sentences are never
        found (`candidates`).
        """
        pairs, margins = candidates(pools["validation"])
        threshold = best_threshold(pairs, margins, gold_pairs(pools["validation"].examples))
        pairs, margins = candidates(pools["test"])
        predictions = pairs[: np.count_nonzero(margins >= threshold)]
        gold = gold_pairs(pools["test"].examples)
        mined = set(predictions)
        per_pair = np.array([100.0 if pair in mined else 0.0 for pair in gold])
        return predictions, self.reported(metrics.set_f1(gold, predictions)), per_pair

    def example_ids(self, test: Dataset) -> list[str]:
        """The gold pairs, their ids parted by a tab."""
        return ["\t".join(pair) for pair in gold_pairs(test)]

    def submission(self, predictions: Pairs, examples: Dataset) -> str:
        """Two ids a line, foreign and English, parted by a tab."""
        return "".join(f"{foreign}\t{english}\n" for foreign, english in predictions)

    def show(self, predictions: Pairs, examples: Dataset, n: int = 5) -> pd.DataFrame:
        """The n mined pairs of the greatest margin, and whether they are gold."""
        sentences = dict(zip(examples["id"], examples["sentence"], strict=True))
        gold = set(gold_pairs(examples))
        rows = []
        for foreign, english in predictions[:n]:
            right = "yes" if (foreign, english) in gold else "no"
            rows.append((sentences[foreign], sentences[english], right))
        return pd.DataFrame(rows, columns=["foreign", "English", "gold"])


def _by_side(examples: Dataset, column: str) -> tuple[list[str], list[str]]:
    """The values of a column in the foreign and in the English pool."""
    sides = np.asarray(examples["side"])
    values = np.asarray(examples[column], dtype=object)
    foreign, english = SIDES
    return values[sides == foreign].tolist(), values[sides == english].tolist()


def _distinct(sentences: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """The rows of the first of equal sentences, and whether each of these stands there only once."""
    counts = Counter(sentences)
    first: dict[str, int] = {}
    for row, sentence in enumerate(sentences):
        first.setdefault(sentence, row)
    return np.array(list(first.values())), np.array([counts[sentence] == 1 for sentence in first])


def _nearest(queries: np.ndarray, pool: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Cosines (queries, k) of the k nearest rows of the pool, the nearest first, and their places."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    other = torch.from_numpy(pool).to(device).T
    cosines = []
    places = []
    for start in range(0, len(queries), ROWS):
        block = torch.from_numpy(queries[start : start + ROWS]).to(device)
        best = (block @ other).topk(k, dim=1)
        cosines.append(best.values.cpu().numpy())
        places.append(best.indices.cpu().numpy())
    return np.concatenate(cosines), np.concatenate(places)
