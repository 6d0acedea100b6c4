"""The catalog: every task as data, by name; a new one is an entry in intermediates.yaml or targets.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter

from xtl.base.errors import UserError
from xtl.tasks.catalog.task import FORMATS, HubTable, Task

__all__ = ["FORMATS", "METRIC_NAMES", "TASKS", "HubTable", "Task", "get"]

# How the metrics of the catalog are called in reports.
METRIC_NAMES = {"accuracy": "accuracy", "f1": "F1", "exact_match": "EM"}
_VALIDATED = TypeAdapter(Task)


def _read(name: str) -> dict[str, Task]:
    """The tasks of one of the catalog's files, in its order."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where PyYAML was built with it
    entries = yaml.load(Path(__file__).with_name(name).read_text("utf-8"), loader)
    return {task: _task(task, entry) for task, entry in entries.items()}


def _task(name: str, entry: Mapping[str, Any]) -> Task:
    defaults = {"name": name, "score": entry["metrics"]}
    if "trains_on" in entry:
        defaults["training_set"] = [entry["trains_on"]]
    size = {split: [n, n] if isinstance(n, int) else n for split, n in entry["size"].items()}
    return _VALIDATED.validate_python({**defaults, **entry, "size": size})


TASKS = _read("intermediates.yaml") | _read("targets.yaml")


def get(name: str) -> Task:
    """The task of that name. Raises UserError with the known names.

    >>> get("xquad").trains_on
    'squad1'
    """
    if name not in TASKS:
        raise UserError(f"There is no task '{name}'; known tasks: {', '.join(TASKS)}.")
    return TASKS[name]
