"""What the intermediates of a grid are: single tasks, mixtures, language modelling mixed in, translations, controls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from xtl.analysis.scores.tables import BASELINE
from xtl.grid.blocks import Intermediate
from xtl.tasks.catalog import TASKS

ENGLISH = "en"
RETRIEVES = ("retrieval", "mining")  # formats that train nothing and compare sentence vectors
MODELS = "mlm"  # the format of language modelling


@dataclass(frozen=True)
class Arm:
    """One intermediate of a grid.

    Attributes:
        tasks: names of its tasks; empty for a control that only lengthens target training.
        languages: of their training data.
        machine: whether each was translated by a machine.
        steps_of: the intermediate whose number of steps a control adds to target training.
    """

    name: str
    tasks: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    machine: tuple[bool, ...] = ()
    steps_of: str | None = None

    @property
    def supervised(self) -> frozenset[str]:
        """The tasks with labels, that is all but language modelling."""
        return frozenset(name for name in self.tasks if TASKS[name].format != MODELS)

    @property
    def models_language(self) -> bool:
        """Whether language modelling is (mixed) in."""
        return len(self.supervised) < len(set(self.tasks))

    @property
    def translated(self) -> bool:
        """Whether a part of a task with labels was translated by a machine."""
        return not self.models_language and any(self.machine)

    @property
    def english(self) -> bool:
        """Whether it is supervised training on English alone."""
        return bool(self.tasks) and not self.models_language and set(self.languages) == {ENGLISH}


def read(intermediates: Mapping[str, Intermediate] | None, names: Iterable[str] = ()) -> dict[str, Arm]:
    """The arms of a grid by name, without the baseline.

    intermediates: the blocks of the grid file. names: arms that the tables hold; one that is not declared is taken for
    the task of that name, in English, where the catalog has one.
    """
    declared = dict(intermediates or {})
    for name in names:
        if name not in declared:
            trains = name in TASKS and "intermediate" in TASKS[name].roles
            declared[name] = Intermediate.model_validate([name] if trains else {})
    arms = {}
    for name, block in declared.items():
        if name != BASELINE:
            tasks = tuple(part.task for part in block.tasks)
            languages = tuple(part.language for part in block.tasks)
            machine = tuple(part.provenance == "machine" for part in block.tasks)
            arms[name] = Arm(name, tasks, languages, machine, block.steps_of)
    return arms


def home(values: pd.DataFrame) -> pd.DataFrame:
    """The rows whose target was trained on native English data; of a table without sources, all."""
    if "source" not in values:
        return values
    return values[(values["source"] == ENGLISH) & (values["provenance"] == "native")]


def retrieves(target: str) -> bool:
    """Whether a target compares sentence vectors without any training of its own."""
    return TASKS[target].format in RETRIEVES
