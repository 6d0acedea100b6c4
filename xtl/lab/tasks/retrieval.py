"""Retrieval: sentences with near-duplicates, to be found by their translation, and pools that pairs are mined from."""

from collections.abc import Callable

import numpy as np

from xtl.lab.tasks.alterations import another, related
from xtl.lab.tasks.entailment import CONTRADICTION
from xtl.lab.tasks.records import Pools, Sentences
from xtl.lab.world.config import LabConfig
from xtl.lab.world.draws import Draw
from xtl.lab.world.events import Style, Table
from xtl.lab.world.sampling import singles
from xtl.lab.world.world import world

STYLE = Style(place=0.6, time=0.5)
MINED = 3  # sentences in the pools for each example that another task would have


def retrieval(config: LabConfig, part: str, n: int, name: str = "retrieval") -> Sentences:
    """n sentences of which a third have one near-duplicate and another third two: the same but for one word.

    `name` names the sample: others of the same name are the same sentences.
    """
    draw = Draw.of_part(config, part, name)

    def sample(size: int) -> Table:
        base = singles(draw, size, STYLE)
        once = _near_duplicates(draw, base.take(np.arange(int(size * 0.67))))
        twice = _near_duplicates(draw, base.take(np.arange(int(size * 0.33))))
        tables = [base, once, twice]
        # Near-duplicates stay beside each other, so that validation and test keep theirs.
        original = np.concatenate([np.arange(len(table)) for table in tables])
        return Table.stack(tables).take(np.argsort(original, kind="stable"))

    return distinct(sample, n)


def pools(config: LabConfig, part: str, n: int) -> Pools:
    """MINED * n sentences to be mined, a quarter of them in both pools; near-duplicates are among the rest."""
    table = retrieval(config, part, MINED * n, "retrieval-mining").table
    pool = config.rng("mining", part).choice(3, len(table), p=(0.25, 0.375, 0.375))
    return Pools(table, pool)


def distinct(sample: Callable[[int], Table], n: int) -> Sentences:
    """The first n different events that `sample` (a function of a size) gives."""
    table = sample(int(n * 1.2) + 10)
    while True:
        _, first = np.unique(table.keys(), return_index=True)
        if len(first) >= n:
            return Sentences(table.take(np.sort(first)[:n]))
        table = Table.stack([table, sample(n)])


def _near_duplicates(draw: Draw, table: Table) -> Table:
    """Each event with another agent, place or adjective; as it was where it has none that can be replaced."""
    n = len(table)
    part = draw.rng.integers(0, 3, n)
    agent = another(draw, table["agent"], [table["object"], table["fellow"]])
    place = another(draw, table["place"])
    kind = world().kind[table["agent"]]
    opposite = related(draw, table["agent_adj"], np.full(n, CONTRADICTION), kind)
    table["agent"] = np.where(part == 0, agent, table["agent"])
    table["place"] = np.where((part == 1) & (table["place_tail"] < 0), place, table["place"])
    table["agent_adj"] = np.where((part == 2) & (table["agent_adj"] >= 0), opposite, table["agent_adj"])
    return table
