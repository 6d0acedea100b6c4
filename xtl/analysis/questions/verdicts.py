"""What claims are tested on, the verdicts they get, and how several comparisons make one verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd

from xtl.analysis.scores import arms as arms_of
from xtl.analysis.scores import contrasts
from xtl.analysis.scores.tables import BASELINE
from xtl.analysis.wording import listing, points, spread
from xtl.tasks.catalog import TASKS
from xtl.tasks.catalog.task import Task

HOLDS, FAILS, OPEN, UNTESTABLE = "holds", "does not hold", "open", "not testable"
VERDICTS = (HOLDS, FAILS, OPEN, UNTESTABLE)
CATALOG, GRID = "the catalog", "this grid"
LABORATORY = "In the laboratory, not XLM-R Large on XTREME: "
CHOSEN = (
    "Choices on overlapping seeds are not independent: simulated with five seeds, such a nominal 95 % interval covers "
    "85 to 89 %."
)
PARTIAL = (
    "The reference counts retrieval in, which gave about 62 % of the paper's +5.4 and is not judged here, so that "
    "falling short of it decides nothing."
)


class Verdict(NamedTuple):
    """One of VERDICTS, why, in a sentence or two, and what it speaks of."""

    verdict: str
    evidence: str
    scope: str = GRID


class Part(NamedTuple):
    """One comparison of several: whether it bears the claim out (None: it allows both), and its numbers in words."""

    bears_out: bool | None
    text: str


@dataclass(frozen=True)
class Grid:
    """What claims are tested on.

    Attributes:
        laboratory: whether the data are the laboratory's, so that nothing here speaks of natural languages.
        gains: gains.gains of the task scores of target training in native English; may be empty.
        arms: name -> arms.Arm.
        encoders: name -> parameters of its pretraining here, or None for a checkpoint from elsewhere.
        checkpoints: name -> Hub id, of checkpoints whose id is known.
        counted: task -> numbers of training examples that intermediate runs on the whole real data set counted.
    """

    laboratory: bool
    gains: pd.DataFrame
    arms: Mapping[str, arms_of.Arm]
    encoders: Mapping[str, Mapping | None]
    checkpoints: Mapping[str, str] = field(default_factory=dict)
    counted: Mapping[str, list[int]] = field(default_factory=dict)
    tasks: Mapping[str, Task] = field(default_factory=lambda: TASKS)

    def recipe(self, encoder: str) -> Mapping:
        """The pretraining recipe of an encoder; empty for a checkpoint from elsewhere."""
        return (self.encoders.get(encoder) or {}).get("recipe") or {}

    def taught(self, encoder: str) -> bool:
        """Whether an encoder saw translation pairs in pretraining; checkpoints are taken not to have."""
        return (self.recipe(encoder).get("pairs") or 0.0) > 0

    def english(self, single: bool = False) -> list[str]:
        """The arms of supervised English data alone, or those of one task."""
        return [arm.name for arm in self.arms.values() if arm.english and (len(arm.supervised) == 1 or not single)]


def judged(grid: Grid, targets: Sequence[str] | None = None) -> tuple[pd.DataFrame, str]:
    """The gains that may be judged, and a sentence on what stays out: retrieval at encoders that saw translations."""
    rows = grid.gains if targets is None else grid.gains[grid.gains["target"].isin(list(targets))]
    taught = [name for name in dict.fromkeys(rows["encoder"]) if grid.taught(name)]
    out = rows["encoder"].isin(taught) & rows["target"].map(arms_of.retrieves).astype(bool)
    if not out.any():
        return rows, ""
    named = listing(list(dict.fromkeys(rows.loc[out, "target"])))
    return rows[~out], f"Retrieval ({named}) is left out: {listing(taught)} saw translation pairs in pretraining."


def reaches(low: float, high: float, reference: float) -> bool | None:
    """Whether an interval is wholly at or above a reference (True), wholly below (False), or neither (None)."""
    if not np.isfinite(low):
        return None
    return True if low >= reference else False if high < reference else None


def part(series: pd.DataFrame, encoder: str, rule: Callable, before: str = "") -> Part:
    """One encoder's mean over a series (columns encoder, seed, gain), judged by a rule on its interval (low, high)."""
    found = contrasts.combine(series, {encoder: 1.0})
    numbers = words(found.estimate, found.low, found.high, found.seeds)
    return Part(rule(found.low, found.high), f"{before}{encoder} {numbers}")


def words(mean: float, low: float, high: float, seeds: int) -> str:
    """`+2.1 (+0.8 to +3.4, 3 seeds)`, or `missing`."""
    if not np.isfinite(mean):
        return "missing"
    interval = f"{spread(low, high)}, " if np.isfinite(low) else ""
    return f"{points(mean)} ({interval}{seeds} seed{'s' * (seeds != 1)})"


def combined(grid: Grid, parts: Sequence[Part], what: str, *notes: str) -> Verdict:
    """One verdict from several comparisons: all must agree, or the claim stays open; without numbers, not testable."""
    said, verdict = [part.bears_out for part in parts], OPEN
    if all(part.text.endswith("missing") for part in parts):
        verdict = UNTESTABLE
    elif None not in said and len(set(said)) == 1:
        verdict = HOLDS if said[0] else FAILS
    numbers = "; ".join(part.text for part in parts) or f"no gain over {BASELINE} has finished"
    text = f"{LABORATORY if grid.laboratory else ''}{what}: {numbers}."
    if verdict == OPEN and True in said and False in said:
        text += " The comparisons disagree."
    return Verdict(verdict, " ".join([text[0].upper() + text[1:], *filter(None, notes)]))
