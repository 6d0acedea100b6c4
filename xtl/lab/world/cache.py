"""The laboratory's files: generated once under outputs/lab/<digest>, whole or not at all, by one process at a time."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
from filelock import FileLock

from xtl.base.places import outputs_root
from xtl.lab.world.config import LabConfig


def folder(config: LabConfig) -> Path:
    """Where everything generated from these settings lies."""

    return outputs_root() / "lab" / config.digest()


def cached(config: LabConfig, name: str, build: Callable[[], object]):
    """What `build` gives, read from the file `name` where it exists: .json for plain values, .parquet for tables."""
    path = folder(config) / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.parent / f".{name}.lock"):
            if not path.exists():
                value = build()
                partial = path.with_name(f".{name}.partial")
                if path.suffix == ".parquet":
                    pq.write_table(value, partial)
                else:
                    partial.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
                os.replace(partial, path)
    if path.suffix == ".parquet":
        return pq.read_table(path)
    return json.loads(path.read_text(encoding="utf-8"))
