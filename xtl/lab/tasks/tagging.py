"""Sentences whose words or names are to be tagged: with words of several parts of speech, or with names."""

import numpy as np

from xtl.lab.tasks.retrieval import distinct
from xtl.lab.world.config import POOLS, LabConfig
from xtl.lab.world.events import Style, Table
from xtl.lab.world.sampling import singles
from xtl.lab.world.world import SORTS, world

TAGGING = Style(
    name=0.5,
    organisation=0.12,
    place_name=0.4,
    adjective=0.55,
    neg=0.2,
    future=0.5,
    quantifier=0.2,
    fellow=0.15,
    relative=0.2,
    manner=0.2,
    time=0.35,
)
NAMING = Style(name=0.6, organisation=0.3, place=0.6, place_name=0.6, kinds=(0.2, 0.8), time=0.3, manner=0.15)


def tagging(config: LabConfig, part: str, n: int, names: bool) -> Table:
    """n sentences, no two equal: with two or more ambiguous forms for tags of words, with a name for tags of names."""
    rng = config.rng("tagging", "names" if names else "tags", part)
    pool = POOLS[part]
    return distinct(
        lambda size: singles(rng, size, pool, NAMING if names else TAGGING, keep=_named if names else _ambiguous), n
    )


def _ambiguous(table: Table) -> np.ndarray:
    """Which sentences have two or more words whose form is also another part of speech (a duck, to duck)."""
    w = world()
    parts: dict[str, set[int]] = {}
    for words, pos in zip(w.words, w.pos, strict=True):
        parts.setdefault(words[0].lower(), set()).add(int(pos))
    many = np.array([len(parts[words[0].lower()]) > 1 for words in w.words])
    columns = ("agent", "agent_adj", "verb", "object", "object_adj", "predicate", "fellow", "place", "time")
    return sum(np.where(table[name] >= 0, many[table[name]], 0) for name in columns) >= 2


def _named(table: Table) -> np.ndarray:
    proper = [SORTS.index(sort) for sort in ("given", "stem", "loc")]
    return np.any(
        [(table[role] >= 0) & np.isin(world().sort[table[role]], proper) for role in ("agent", "object", "place")], 0
    )
