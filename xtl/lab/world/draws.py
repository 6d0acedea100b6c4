"""Random draws that sentences are made of: coins, words of a kind, names, places, sets of modifiers."""

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from xtl.lab.world.events import Style
from xtl.lab.world.world import BOTH, KINDS, PATTERNS, held_out, world


def chance(rng: Generator, n: int, p: float | np.ndarray) -> np.ndarray:
    """n coins that fall true with probability p."""
    return rng.random(n) < p


def pick(rng: Generator, n: int, items: np.ndarray) -> np.ndarray:
    """n items with replacement."""
    return items[rng.integers(0, len(items), n)]


def pick_by(rng: Generator, groups: np.ndarray, items: Sequence[np.ndarray]) -> np.ndarray:
    """One item per row from the list that its group names; -1 for a negative group or an empty list."""
    count = np.array([len(group) for group in items] + [0])
    padded = np.full((len(items) + 1, max(1, count.max())), -1)
    for number, group in enumerate(items):
        padded[number, : len(group)] = group
    groups = np.where(groups < 0, len(items), groups)
    column = (rng.random(len(groups)) * count[groups]).astype(int)
    return padded[groups, column]


def pattern_weights(style: Style) -> np.ndarray:
    """Probability of each set of modifiers when they come independently, (32,)."""
    p = np.array([style.adjective, style.adjective, style.place, style.time, style.manner])
    present = (np.arange(PATTERNS)[:, None] >> np.arange(5)) & 1
    return np.where(present, p, 1 - p).prod(1)


def patterns(
    rng: Generator, verb: np.ndarray, pool: int, weights: np.ndarray, need: np.ndarray, forbid: np.ndarray
) -> np.ndarray:
    """A set of modifiers for each verb on the pool's side of the split, (n,); -1 where none is allowed.

    Args:
        weights: of the sets, (32,).
        need, forbid: the modifiers that each set must and must not have, (n,).
    """
    sets = np.arange(PATTERNS)
    allowed = ((sets & need[:, None]) == need[:, None]) & ((sets & forbid[:, None]) == 0)
    if pool != BOTH:
        allowed &= held_out(verb[:, None], sets) == bool(pool)
    cumulative = np.cumsum(np.where(allowed, weights, 0.0), 1)
    total = cumulative[:, -1]
    threshold = rng.random(len(verb)) * total
    drawn = (cumulative < threshold[:, None]).sum(1)
    return np.where(total > 0, np.minimum(drawn, PATTERNS - 1), -1)


def adjectives(rng: Generator, kind: np.ndarray) -> np.ndarray:
    """An adjective that fits each kind, (n,); -1 for a negative kind."""
    fits = world().fits
    return pick_by(rng, kind, [np.flatnonzero(fits[:, number]) for number in range(len(KINDS))])


def nouns(rng: Generator, kind: np.ndarray, pool: int) -> np.ndarray:
    """A noun of each kind, (n,); -1 for a negative kind."""
    w = world()
    return pick_by(rng, kind, [w.of("noun", pool, number) for number in range(len(KINDS))])


def names(rng: Generator, n: int, pool: int, organisation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two tokens of each name, (n,) each, the second -1 where there is none.

    Persons are called by given name, by given and family name or by family name, organisations (n,) bool by two words.
    """
    w = world()
    stem = pick(rng, n, w.of("stem", pool))
    form = rng.integers(0, 3, n)
    first = np.where(form == 2, stem, pick(rng, n, w.of("given", pool)))
    second = np.where(form == 1, stem, -1)
    head = pick(rng, n, w.of("org"))
    return np.where(organisation, stem, first), np.where(organisation, head, second)


def places(rng: Generator, n: int, pool: int, style: Style) -> dict[str, np.ndarray]:
    """Places with adposition and article, named or not, as the columns of ev.MODIFIER_COLUMNS["place"], (n,) each."""
    w = world()
    named = chance(rng, n, style.place_name)
    two_words = named & chance(rng, n, 0.5)
    stem = pick(rng, n, w.of("stem", pool))
    name = np.where(two_words, pick(rng, n, w.of("loc")), stem)
    noun = pick(rng, n, w.of("place", pool))
    before_name = pick(rng, n, _adpositions("near", "in"))
    before_noun = pick(rng, n, _adpositions("near", "behind", "beside", "at"))
    return {
        "adp": np.where(named, before_name, before_noun),
        "place_det": np.where(named, -1, w.ids["DET:the"]),
        "place": np.where(named, name, noun),
        "place_tail": np.where(two_words, stem, -1),
    }


def _adpositions(*words: str) -> np.ndarray:
    return np.array([world().ids[f"ADP:{word}"] for word in words])
