"""Where the examples of a task come from: the laboratory, the Hub, its mirror, folders, translation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xtl.base.errors import UserError
from xtl.tasks.sources.hub import HubSource
from xtl.tasks.sources.laboratory import LabSource
from xtl.tasks.sources.source import DataSource, Origin

__all__ = ["DataSource", "HubSource", "LabSource", "Origin", "from_parameters"]

_KINDS: dict[str, type[LabSource] | type[HubSource]] = {"lab": LabSource, "hub": HubSource}


def from_parameters(parameters: Mapping[str, Any], folders: Mapping[str, str] | None = None) -> DataSource:
    """The data source that a run's parameter `data` names: `{"kind": "lab", …}` or `{"kind": "hub", …}`.

    folders: task -> folder of its files, which run parameters carry apart. Raises UserError for another kind.

    >>> from_parameters({"kind": "lab", "languages": 12, "seed": 3}).config.seed
    3
    """
    kind = parameters.get("kind")
    if kind not in _KINDS:
        raise UserError(f"data: unknown kind '{kind}'; kinds are {' and '.join(_KINDS)}.")
    return _KINDS[kind].from_parameters({**parameters, "folders": folders} if folders else parameters)
