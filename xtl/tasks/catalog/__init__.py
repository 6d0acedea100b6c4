"""The catalog: every task as data, by name."""

from __future__ import annotations

from xtl.base.errors import UserError
from xtl.tasks.catalog.intermediates import INTERMEDIATES
from xtl.tasks.catalog.targets import TARGETS
from xtl.tasks.catalog.task import FORMATS, HubTable, Task

# How the metrics of the catalog are called in reports.
METRIC_NAMES = {"accuracy": "accuracy", "f1": "F1", "exact_match": "EM"}

__all__ = ["FORMATS", "METRIC_NAMES", "TASKS", "HubTable", "Task", "get"]

TASKS: dict[str, Task] = {task.name: task for task in (*INTERMEDIATES, *TARGETS)}


def get(name: str) -> Task:
    """The task of that name. Raises UserError with the known names."""
    if name not in TASKS:
        raise UserError(f"There is no task '{name}'; known tasks: {', '.join(TASKS)}.")
    return TASKS[name]
