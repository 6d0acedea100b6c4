"""What shortcuts reach on the laboratory's targets, measured once and kept beside its data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from xtl import lab
from xtl.evaluation.shortcuts import strongest
from xtl.lab.world.cache import cached
from xtl.tasks.catalog import TASKS

# The strongest shortcut of each format, as `strongest` picks it.
NAMES = {
    "classification": "bag of words", "tagging": "most frequent tag of each word",
    "span": "reader blind to the question (F1)", "retrieval": "shared character n-grams",
    "mining": "shared character n-grams, best threshold",
}  # fmt: skip


def lab_shortcuts(data: Mapping, languages: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Columns target, baseline, points: the strongest shortcut of every target of the laboratory.

    In English; a target without English (retrieval) as the mean over its languages. languages: target -> codes.
    """
    config = lab.LabConfig.from_dict(dict(data))
    rows = []
    for target, codes in languages.items():
        tested = ["en"] if "en" in codes else list(codes)

        def measure(target: str = target, tested: list[str] = tested) -> list[float]:
            train = lab.dataset(config, target, "en", "train") if TASKS[target].trains_on else None
            return [strongest(train, lab.dataset(config, target, code, "test")) for code in tested]

        points = cached(config, f"shortcut-{target}-{'-'.join(tested)}.json", measure)
        rows.append((target, NAMES.get(TASKS[target].format, "shortcut"), sum(points) / len(points)))
    return pd.DataFrame(rows, columns=["target", "baseline", "points"])
