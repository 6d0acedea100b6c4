"""The laboratory's files: generated once under outputs/lab/<digest>, whole or not at all, by one process at a time."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock

from xtl.base.files import replacing
from xtl.base.places import outputs_root
from xtl.lab.world.config import LabConfig


def folder(config: LabConfig) -> Path:
    """Where everything generated from these settings lies."""
    return outputs_root() / "lab" / config.digest()


def cached(config: LabConfig, name: str, build: Callable[[], Any]) -> Any:
    """The plain value that `build` gives, kept in the JSON file `name` and read from there the next time."""

    def write(file: Path) -> None:
        file.write_text(json.dumps(build(), ensure_ascii=False), encoding="utf-8")

    path = folder(config) / name
    _write_once(path, write)
    return json.loads(path.read_text(encoding="utf-8"))


def cached_table(config: LabConfig, name: str, build: Callable[[], pa.Table]) -> pa.Table:
    """The table that `build` gives, kept in the parquet file `name` and read from there the next time."""
    path = folder(config) / name
    _write_once(path, lambda file: pq.write_table(build(), file))
    return pq.read_table(path)


def _write_once(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` make a file unless it is there, or another process is making it."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.parent / f".{path.name}.lock"):
        if not path.exists():
            with replacing(path, durable=False) as temporary:
                write(temporary)
