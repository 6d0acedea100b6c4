"""The configs that a data set's README declares, with the patterns of their files."""

from __future__ import annotations

import functools
import posixpath
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from datasets.data_files import EmptyDatasetError, get_data_patterns, sanitize_patterns
from huggingface_hub.repocard import metadata_load

from xtl.base.errors import UserError
from xtl.base.files import version

Configs = dict[str, dict[str, list[str]]]  # config -> split -> file patterns, relative to the repository


def read_configs(readme: Path, root: str | None = None) -> Configs:
    """The configs of a README's header, empty without one; each file is read once per modification.

    root: where the repository's files are, a folder or `hf://…`, which is asked about configs that name no files;
    default: the README's folder. Raises UserError for a header that cannot be read, and for files outside it.
    """
    return _read_configs(readme, root or str(readme.parent.absolute()), version(readme))


def converted(names: Iterable[str]) -> Configs:
    """The configs of a branch into which the Hub converted a data set, from the names of its files.

    >>> converted(["default/train/0000.parquet", "README.md"])
    {'default': {'train': ['default/train/*.parquet']}}
    """
    configs: Configs = {}
    for name in sorted(names):
        if name.endswith(".parquet") and name.count("/") == 2:
            config, split, _ = name.split("/")
            configs.setdefault(config, {})[split] = [f"{config}/{split}/*.parquet"]
    return configs


@functools.lru_cache(maxsize=64)
def _read_configs(readme: Path, root: str, _version: tuple[int, ...]) -> Configs:
    """As `datasets` reads them: `data_files` is one pattern, a list of them, or split/path pairs, below `data_dir`."""
    try:
        header = metadata_load(readme) or {}
    except (yaml.YAMLError, ValueError):
        raise UserError(f"The header of {readme} is not valid YAML in UTF-8, so its configs cannot be read.") from None
    entries = header.get("configs") or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UserError(f"{readme}: `configs:` must be a list of blocks with config_name and data_files.")
    configs: Configs = {}
    for number, entry in enumerate(entries, 1):
        name = entry.get("config_name")
        if not isinstance(name, str):
            raise UserError(f"{readme}: entry {number} of `configs:` has no config_name.")
        folder = str(entry.get("data_dir") or "")
        configs[name] = {}
        for split, patterns in _patterns(entry, folder, root, f"{readme}: config {name}").items():
            configs[name][split] = [_below(folder, pattern, root, readme) for pattern in patterns]
    return configs


def _patterns(entry: dict[str, Any], folder: str, root: str, where: str) -> dict[str, list[str]]:
    """Split -> patterns below the config's folder; where the config names no files, by their names."""
    if not entry.get("data_files"):
        _below(folder, "", root, Path(where))
        try:
            return get_data_patterns(posixpath.join(root, folder))
        except (EmptyDatasetError, FileNotFoundError):
            return {}
    try:
        splits = sanitize_patterns(entry["data_files"])
    except (ValueError, TypeError):
        splits = {"": [""]}
    for patterns in splits.values():
        if not all(isinstance(pattern, str) and pattern for pattern in patterns):
            raise UserError(f"{where}: data_files must be a pattern, a list of them, or split and path pairs.")
    return splits


def _below(folder: str, pattern: str, root: str, readme: Path) -> str:
    """A pattern relative to the repository. Raises UserError for one that leads out of it."""
    path = posixpath.normpath(posixpath.join(folder, pattern))
    inside = posixpath.normpath(root)
    if path.startswith(f"{inside}/"):
        path = path[len(inside) + 1 :]
    if path.startswith(("/", "../")) or path == ".." or "://" in pattern:
        raise UserError(
            f"{readme} names {pattern or folder}, which is outside its data set; paths start at its folder."
        )
    return path
