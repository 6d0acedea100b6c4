"""Random draws that sentences are made of: coins, words of a kind, names, places, sets of modifiers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from xtl.lab.world.config import POOLS, LabConfig
from xtl.lab.world.events import Style
from xtl.lab.world.world import BOTH, KINDS, PATTERNS, held_out, world


class Draw:
    """Draws for one purpose, from the words and templates of one pool."""

    def __init__(self, rng: np.random.Generator, pool: int):
        self.rng = rng
        self.pool = pool
        self.w = world()

    @classmethod
    def of_part(cls, config: LabConfig, part: str, *names: str) -> Draw:
        """For the sample that the names name, from the pool of `train` or `evaluation`."""
        return cls(config.rng(*names, part), POOLS[part])

    def chance(self, n: int, p: float | np.ndarray) -> np.ndarray:
        """n coins that fall true with probability p."""
        return self.rng.random(n) < p

    def pick(self, n: int, items: np.ndarray) -> np.ndarray:
        """n items with replacement."""
        return items[self.rng.integers(0, len(items), n)]

    def pick_word(self, n: int, pos: str, *words: str) -> np.ndarray:
        """n function words of a part of speech."""
        return self.pick(n, np.array([self.w.ids[f"{pos}:{word}"] for word in words]))

    def pick_by(self, groups: np.ndarray, items: Sequence[np.ndarray]) -> np.ndarray:
        """One item per row from the list that its group names; -1 for a negative group or an empty list."""
        count = np.array([len(group) for group in items] + [0])
        padded = np.full((len(items) + 1, max(1, count.max())), -1)
        for number, group in enumerate(items):
            padded[number, : len(group)] = group
        groups = np.where(groups < 0, len(items), groups)
        column = (self.rng.random(len(groups)) * count[groups]).astype(int)
        return padded[groups, column]

    def patterns(
        self, verb: np.ndarray, need: np.ndarray, forbid: np.ndarray, weights: np.ndarray | None = None
    ) -> np.ndarray:
        """A set of modifiers for each verb on the pool's side of the split, (n,); -1 where none is allowed.

        Args:
            need, forbid: the modifiers that each set must and must not have, (n,).
            weights: of the sets, (32,); default equal.
        """
        sets = np.arange(PATTERNS)
        allowed = ((sets & need[:, None]) == need[:, None]) & ((sets & forbid[:, None]) == 0)
        if self.pool != BOTH:
            allowed &= held_out(verb[:, None], sets) == bool(self.pool)
        cumulative = np.cumsum(np.where(allowed, 1.0 if weights is None else weights, 0.0), 1)
        total = cumulative[:, -1]
        threshold = self.rng.random(len(verb)) * total
        drawn = (cumulative < threshold[:, None]).sum(1)
        return np.where(total > 0, np.minimum(drawn, PATTERNS - 1), -1)

    def adjectives(self, kind: np.ndarray) -> np.ndarray:
        """An adjective that fits each kind, (n,); -1 for a negative kind."""
        return self.pick_by(kind, [np.flatnonzero(self.w.fits[:, number]) for number in range(len(KINDS))])

    def nouns(self, kind: np.ndarray) -> np.ndarray:
        """A noun of each kind, (n,); -1 for a negative kind."""
        return self.pick_by(kind, [self.w.of("noun", self.pool, number) for number in range(len(KINDS))])

    def names(self, organisation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Two tokens of a name for each of `organisation` (n,) bool, the second -1 where there is none.

        Persons are called by given name, by given and family name or by family name, organisations by two words.
        """
        n = len(organisation)
        stem = self.pick(n, self.w.of("stem", self.pool))
        form = self.rng.integers(0, 3, n)
        first = np.where(form == 2, stem, self.pick(n, self.w.of("given", self.pool)))
        second = np.where(form == 1, stem, -1)
        head = self.pick(n, self.w.of("org"))
        return np.where(organisation, stem, first), np.where(organisation, head, second)

    def places(self, n: int, style: Style) -> dict[str, np.ndarray]:
        """Places with adposition and article, named or not, as the columns of MODIFIER_COLUMNS["place"], (n,) each."""
        named = self.chance(n, style.place_name)
        two_words = named & self.chance(n, 0.5)
        stem = self.pick(n, self.w.of("stem", self.pool))
        name = np.where(two_words, self.pick(n, self.w.of("loc")), stem)
        noun = self.pick(n, self.w.of("place", self.pool))
        before_name = self.pick_word(n, "ADP", "near", "in")
        before_noun = self.pick_word(n, "ADP", "near", "behind", "beside", "at")
        return {
            "adp": np.where(named, before_name, before_noun),
            "place_det": np.where(named, -1, self.w.ids["DET:the"]),
            "place": np.where(named, name, noun),
            "place_tail": np.where(two_words, stem, -1),
        }


def pattern_weights(style: Style) -> np.ndarray:
    """Probability of each set of modifiers when they come independently, (32,)."""
    p = np.array([style.adjective, style.adjective, style.place, style.time, style.manner])
    present = (np.arange(PATTERNS)[:, None] >> np.arange(5)) & 1
    return np.where(present, p, 1 - p).prod(1)
