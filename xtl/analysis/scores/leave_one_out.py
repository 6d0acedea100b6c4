"""How far a mean gain hangs on one target, or on one family of languages: each left out in turn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from xtl.analysis.scores.tables import CELL

SYSTEM = [column for column in CELL if column != "target"]
COLUMNS = [*SYSTEM, "mean", "targets", "families"]


class Range(NamedTuple):
    """The lowest and highest mean gain with one thing left out, in points, and what is left out there."""

    low: float
    without_low: str
    high: float
    without_high: str


def ranges(task_gains: pd.DataFrame, language_gains: pd.DataFrame, families: Mapping[str, str]) -> pd.DataFrame:
    """The mean gain over targets of every encoder and intermediate, and its ranges; without cells of the same data.

    Over the seeds in which every target has a gain, as in gains.pooled_gains. Without a family, a target's gain is the
    mean over its other languages, the source language among them; a target that has no other is left out, too.

    task_gains, language_gains: gains.gains of task scores, and language by language. families: language -> family; a
    language without one is a family of its own. Columns: those of a cell but the target, mean, targets and families,
    each a Range, or None where one thing left out leaves nothing.
    """
    by_language = dict(iter(_kept(language_gains).groupby(SYSTEM, sort=False, dropna=False)))
    rows = []
    for place, cells in _kept(task_gains).groupby(SYSTEM, sort=False, dropna=False):
        wide = cells.pivot_table(index="seed", columns="target", values="gain", dropna=False, sort=False)
        complete = wide.dropna()
        if complete.empty or place not in by_language:
            continue
        targets = complete.mean()
        own = by_language[place]
        own = own[own["seed"].isin(complete.index)]
        without_target = {name: targets.drop(name).mean() for name in targets.index}
        rows.append((*place, targets.mean(), _range(without_target), _range(_without_families(own, families))))
    return pd.DataFrame(rows, columns=COLUMNS)


def _kept(gained: pd.DataFrame) -> pd.DataFrame:
    return gained[~gained["same_data"].astype(bool)]


def _without_families(gained: pd.DataFrame, families: Mapping[str, str]) -> dict[str, float]:
    """Family -> the mean over targets of the mean over the languages that are not of it."""
    means = gained.groupby(["target", "language"], sort=False)["gain"].mean().reset_index()
    family = means["language"].map(lambda code: families.get(code, code))
    without = {}
    for name in dict.fromkeys(family):
        without[name] = means[family != name].groupby("target", sort=False)["gain"].mean().mean()
    return without


def _range(without: Mapping[str, float]) -> Range | None:
    """The range of what is left when one thing is; None where that is nothing."""
    values = pd.Series(without, dtype=float)
    if not np.isfinite(values).all() or values.empty:
        return None
    return Range(float(values.min()), str(values.idxmin()), float(values.max()), str(values.idxmax()))
