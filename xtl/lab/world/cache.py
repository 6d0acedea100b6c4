"""The laboratory's files: generated once under outputs/lab/<digest>, whole or not at all, by one process at a time."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from xtl.base.files import read_or_make
from xtl.base.places import outputs_root
from xtl.lab.world.config import LabConfig


def folder(config: LabConfig) -> Path:
    """Where everything generated from these settings lies."""
    return outputs_root() / "lab" / config.digest()


def cached(config: LabConfig, name: str, build: Callable[[], Any]) -> Any:
    """The plain value that `build` gives, kept in the JSON file `name` and read from there the next time."""

    def write(file: Path) -> None:
        file.write_text(json.dumps(build(), ensure_ascii=False), encoding="utf-8")

    def read(file: Path) -> Any:
        value = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(value, list | str):  # what is built here is one of these
            raise ValueError(f"{file} holds something else")
        return value

    return read_or_make(folder(config) / name, read, write)


def cached_table(config: LabConfig, name: str, build: Callable[[], pa.Table]) -> pa.Table:
    """The table that `build` gives, kept in the parquet file `name` and read from there the next time."""
    return read_or_make(folder(config) / name, pq.read_table, lambda file: pq.write_table(build(), file))
