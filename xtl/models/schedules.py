"""The batches of a whole pretraining, of equal token counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

Item = tuple[int, int]  # number of a sequence and epoch, so that masks can depend on either
POOL = 32  # batches that are made together, of sequences sorted by length


@dataclass(frozen=True)
class Schedule:
    """Every batch of a pretraining, and how many tokens they hold without and with padding."""

    batches: list[list[Item]]
    tokens: int
    padded_tokens: int


@dataclass(frozen=True)
class Stage:
    """So many steps that draw their monolingual sequences from first to first + count - 1."""

    steps: int
    first: int
    count: int


class _Rounds:
    """Sequences from first to first + count - 1, gone through in a new random order every epoch."""

    def __init__(self, rng: Generator, first: int, count: int):
        self.rng = rng
        self.first = first
        self.count = count
        self.epoch = -1
        self.order: list[int] = []

    def draw(self) -> Item:
        if not self.order:
            self.order = self.rng.permutation(self.count)[::-1].tolist()
            self.epoch += 1
        return self.first + self.order.pop(), self.epoch


def schedule(
    lengths: np.ndarray,
    stages: Sequence[Stage],
    pairs: tuple[int, int],
    share: float,
    batch_tokens: int,
    seed: int,
    pool: int = POOL,
) -> Schedule:
    """Batches that hold batch_tokens tokens each on average, exact over the whole training up to one sequence.

    Each kind of sequence is gone through in random order, epoch after epoch. Inside pools of `pool` batches sequences
    are sorted by length, which keeps padding small; the order of the batches in a pool is random.

    Args:
        lengths: tokens of every sequence.
        pairs: (first, count) of the translation pairs, drawn with probability `share` for every sequence.
    """
    rng = np.random.default_rng([seed, 7])
    pair_rounds = _Rounds(rng, *pairs)
    batches: list[list[Item]] = []
    tokens = 0
    padded_tokens = 0
    for stage in stages:
        rounds = _Rounds(rng, stage.first, stage.count)
        end = len(batches) + stage.steps
        while len(batches) < end:
            count = min(pool, end - len(batches))
            goal = (len(batches) + count) * batch_tokens
            items: list[Item] = []
            while tokens < goal:
                item = pair_rounds.draw() if rng.random() < share else rounds.draw()
                tokens += int(lengths[item[0]])
                items.append(item)
            items.sort(key=lambda item: lengths[item[0]])
            parts = _parts(items, lengths, count)
            for part in parts:
                if part:
                    padded_tokens += len(part) * max(int(lengths[number]) for number, _ in part)
            batches += [parts[number] for number in rng.permutation(count)]
    return Schedule(batches, tokens, padded_tokens)


def _parts(items: list[Item], lengths: np.ndarray, count: int) -> list[list[Item]]:
    """The items in `count` parts of nearly equal token counts, their order kept."""
    ends = np.cumsum([lengths[number] for number, _ in items])
    cuts = np.searchsorted(ends, ends[-1] * np.arange(1, count) / count).tolist()
    bounds = [0, *cuts, len(items)]
    return [items[first:end] for first, end in zip(bounds[:-1], bounds[1:], strict=True)]
