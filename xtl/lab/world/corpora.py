"""Event tables behind the corpora, the parallel text, and the tagging and retrieval tasks."""

import numpy as np

from xtl.lab.tasks.inference import related, replaced
from xtl.lab.world import events as ev
from xtl.lab.world.config import POOLS, LabConfig
from xtl.lab.world.events import Style, Table
from xtl.lab.world.sampling import complete, documents, singles
from xtl.lab.world.world import BOTH, SORTS, TEST, world

CORPUS = Style(general=0.15, attribute=0.08, taxonomy=0.06)
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
RETRIEVAL = Style(place=0.6, time=0.5)
MINED = 3  # sentences in the pools for each example that another task would have


def corpus(config: LabConfig, purpose: str, n: int) -> Table:
    """Documents of three to six events about anything in the world, n sentences or a few more."""
    rng = config.rng("corpus", purpose)
    lengths = rng.integers(3, 7, n // 3 + 2)
    lengths = lengths[: int(np.searchsorted(np.cumsum(lengths), n)) + 1]
    table = documents(rng, lengths, BOTH, CORPUS)
    return ev.take(table, complete(table))


def tagging(config: LabConfig, part: str, n: int, names: bool) -> Table:
    """n sentences, no two equal: with two or more ambiguous forms for tags of words, with a name for tags of names."""
    rng = config.rng("tagging", "names" if names else "tags", part)
    pool = POOLS[part]
    return distinct(
        lambda size: singles(rng, size, pool, NAMING if names else TAGGING, keep=_named if names else _ambiguous), n
    )


def retrieval(config: LabConfig, part: str, n: int, name: str = "retrieval") -> Table:
    """n sentences of which a third have one near-duplicate and another third two: the same but for one word.

    `name` names the sample: others of the same name are the same sentences.
    """
    rng = config.rng(name, part)
    w = world()

    def draw(size: int) -> Table:
        base = singles(rng, size, TEST, RETRIEVAL)
        tables, groups = [base], [np.arange(size)]
        for share in (0.67, 0.33):
            near = ev.take(base, np.arange(int(size * share)))
            m = len(near["verb"])
            part = rng.integers(0, 3, m)
            agent, place = (
                replaced(rng, near["agent"], TEST, [near["object"], near["fellow"]]),
                replaced(rng, near["place"], TEST, []),
            )
            other = np.where(
                w.sort[near["agent_adj"]] >= 0,
                related(rng, near["agent_adj"], np.full(m, 2), TEST, w.kind[near["agent"]]),
                -1,
            )
            near["agent"] = np.where(part == 0, agent, near["agent"])
            near["place"] = np.where((part == 1) & (near["place_tail"] < 0), place, near["place"])
            near["agent_adj"] = np.where((part == 2) & (near["agent_adj"] >= 0), other, near["agent_adj"])
            tables.append(near)
            groups.append(np.arange(m))
        # Near-duplicates stay beside each other, so that validation and test keep theirs.
        return ev.take(ev.stack(tables), np.argsort(np.concatenate(groups), kind="stable"))

    return distinct(draw, n)


def pools(config: LabConfig, part: str, n: int) -> tuple[Table, np.ndarray]:
    """MINED * n sentences to be mined, and where each is said: 0 in both languages, 1 in the foreign one, 2 in English.

    A quarter is said in both; near-duplicates are among the rest.
    """
    table = retrieval(config, part, MINED * n, "retrieval-mining")
    side = config.rng("mining", part).choice(3, len(table["verb"]), p=(0.25, 0.375, 0.375))
    return table, side


def distinct(draw, n: int) -> Table:
    """The first n different events that `draw` (a function of a size) gives."""
    table = draw(int(n * 1.2) + 10)
    while True:
        first = np.sort(np.unique(ev.keys(table), return_index=True)[1])
        if len(first) >= n:
            return ev.take(table, first[:n])
        table = ev.stack([table, draw(n)])


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
