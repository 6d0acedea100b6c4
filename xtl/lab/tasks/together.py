"""Several collections of inference pairs put together, as ANLI+ puts ANLI, MultiNLI and SNLI."""

import numpy as np

from xtl.lab.tasks.inference import pairs
from xtl.lab.world import events as ev
from xtl.lab.world.config import LabConfig
from xtl.lab.world.events import Table

# What the harder pairs turn on: never on whole events, which are learned first.
HARDER = {"event": 0.0, "attribute": 0.3, "entity": 0.3, "action": 0.2, "quantifier": 0.2}


def several(config: LabConfig, part: str, n: int) -> tuple[Table, Table, np.ndarray]:
    """The pairs of several collections put together, as ANLI+ does: MNLI's own n, n like them, n / 2 harder ones.

    For evaluation n in all, drawn from the three in that proportion.
    """
    each = n if part == "train" else -(-2 * n // 5)
    parts = [
        pairs(config, part, each),
        pairs(config, part, each, "inference-more"),
        pairs(config, part, each // 2, "inference-harder", HARDER),
    ]
    premise, hypothesis = (ev.stack([part[i] for part in parts]) for i in range(2))
    label = np.concatenate([part[2] for part in parts])
    order = config.rng("inference-several", part).permutation(len(label))
    order = order if part == "train" else order[:n]
    premise, hypothesis = (ev.take(table, order) for table in (premise, hypothesis))
    premise["doc"] = hypothesis["doc"] = np.arange(len(order))
    return premise, hypothesis, label[order]
