"""One module a format of tasks: features, head, prediction, scores, submission file; the benchmark's metrics."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from xtl.tasks.catalog import FORMATS, Task

if TYPE_CHECKING:  # formats load torch, which metrics and submissions do without
    from xtl.tasks.formats.format import Format, RetrievalFormat, TrainedFormat


def format_of(task: Task) -> Format:
    """The format of a task, its module imported on demand.

    >>> format_of(TASKS["xnli"])
    Classification(xnli)
    """
    return _instance(task)


def trained_format(task: Task) -> TrainedFormat:
    """The format of a task that is trained."""
    return _instance(task)


def retrieval_format(task: Task) -> RetrievalFormat:
    """The format of a task that compares the sentences of two pools."""
    return _instance(task)


def _instance(task: Task) -> Any:
    if task.format not in FORMATS:
        raise ValueError(f"task {task.name}: no format '{task.format}'; known: {', '.join(FORMATS)}")
    module = importlib.import_module(f"xtl.tasks.formats.{task.format}")
    return getattr(module, FORMATS[task.format])(task)
