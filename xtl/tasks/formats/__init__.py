"""Tasks: a catalog of them as data, one module per format, and the loaders of their examples."""

from __future__ import annotations

import importlib
from types import ModuleType

from xtl.tasks.catalog import FORMATS, Task


def format_of(task: Task) -> ModuleType:
    """The module of a task's format.

    Every format has `score`, `write_submission` and `show`; those that train a head also have `build_model`,
    `train_features`, `eval_features` and `predict`. Imported on demand, because the catalog must be readable without
    loading torch.
    """
    if task.format not in FORMATS:
        raise ValueError(f"task {task.name}: no format '{task.format}'; known: {', '.join(FORMATS)}")
    return importlib.import_module(f"xtl.tasks.formats.{task.format}")
