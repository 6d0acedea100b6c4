"""Retrieval: sentences with near-duplicates, to be found by their translation, and pools that pairs are mined from."""

from collections.abc import Callable

import numpy as np

from xtl.lab.tasks.inference import related, replaced
from xtl.lab.world import events as ev
from xtl.lab.world.config import LabConfig
from xtl.lab.world.events import Style, Table
from xtl.lab.world.sampling import singles
from xtl.lab.world.world import TEST, world

RETRIEVAL = Style(place=0.6, time=0.5)
MINED = 3  # sentences in the pools for each example that another task would have


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


def distinct(draw: Callable[[int], Table], n: int) -> Table:
    """The first n different events that `draw` (a function of a size) gives."""
    table = draw(int(n * 1.2) + 10)
    while True:
        first = np.sort(np.unique(ev.keys(table), return_index=True)[1])
        if len(first) >= n:
            return ev.take(table, first[:n])
        table = ev.stack([table, draw(n)])
