"""What several blocks of a grid file check: names of tasks, keys of a block, and that nothing is named twice."""

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from xtl.tasks.catalog import TASKS


def known_task(name: str, role: str) -> str:
    """Return the name if the catalog has that task in that role, else raise ValueError with the known names."""
    names = sorted(task.name for task in TASKS.values() if role in task.roles)
    if name not in names:
        raise ValueError(f"unknown {role} task '{name}'; known: {', '.join(names)}")
    return name


def check_keys(values: Mapping[str, Any], block: type[BaseModel], where: str) -> None:
    """Raise ValueError for the first key that a block does not have, with those that it has."""
    for name in sorted(values):
        if name not in block.model_fields:
            raise ValueError(f"unknown key '{where}.{name}'; known there: {', '.join(block.model_fields)}")


def twice(values: Iterable[Hashable]) -> bool:
    """Whether a value is named more than once."""
    names = list(values)
    return len(set(names)) < len(names)
