"""Sentences whose words or names are to be tagged: with words of several parts of speech, or with names."""

import numpy as np

from xtl.lab.tasks.records import Sentences
from xtl.lab.tasks.retrieval import distinct
from xtl.lab.world.config import LabConfig
from xtl.lab.world.draws import Draw
from xtl.lab.world.events import Style, Table
from xtl.lab.world.sampling import singles
from xtl.lab.world.world import world

WORDS = Style(
    name=0.5, organisation=0.12, place_name=0.4, adjective=0.55, neg=0.2, future=0.5, quantifier=0.2, fellow=0.15,
    relative=0.2, manner=0.2, time=0.35,
)  # fmt: skip
NAMES = Style(name=0.6, organisation=0.3, place=0.6, place_name=0.6, animals=0.2, time=0.3, manner=0.15)


def words(config: LabConfig, part: str, n: int) -> Sentences:
    """n sentences, no two equal, with two or more ambiguous forms each, for tags of words."""
    draw = Draw.of_part(config, part, "tagging", "tags")
    return distinct(lambda size: singles(draw, size, WORDS, keep=_ambiguous), n)


def names(config: LabConfig, part: str, n: int) -> Sentences:
    """n sentences, no two equal, with a name each, for tags of names."""
    draw = Draw.of_part(config, part, "tagging", "names")
    return distinct(lambda size: singles(draw, size, NAMES, keep=_named), n)


def _ambiguous(table: Table) -> np.ndarray:
    """Which sentences have two or more words whose form is also another part of speech (a duck, to duck), (n,) bool."""
    w = world()
    bases = [forms[0].lower() for forms in w.words]
    parts_of_speech: dict[str, set[int]] = {}
    for base, pos in zip(bases, w.pos.tolist(), strict=True):
        parts_of_speech.setdefault(base, set()).add(pos)
    ambiguous = np.array([len(parts_of_speech[base]) > 1 for base in bases])
    count = np.zeros(len(table), int)
    for name in ("agent", "agent_adj", "verb", "object", "object_adj", "predicate", "fellow", "place", "time"):
        count += (table[name] >= 0) & ambiguous[table[name]]
    return count >= 2


def _named(table: Table) -> np.ndarray:
    """Which sentences have a name, (n,) bool."""
    w = world()
    return np.any([w.is_sort(table[role], "given", "stem", "loc") for role in ("agent", "object", "place")], 0)
