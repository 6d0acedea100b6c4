"""The files behind a Hub config: from the local mirror if `XTL_MIRROR` is set, else from the Hub, and their digests."""

from __future__ import annotations

import fnmatch
import functools
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml

from xtl.base import mirror_lock as lock
from xtl.base.errors import UserError
from xtl.base.files import file_digest
from xtl.base.places import cache_folder
from xtl.tasks.catalog import HubTable

Configs = dict[str, dict[str, list[str]]]  # config -> split -> file patterns


def mirror() -> Path | None:
    """The local mirror that `XTL_MIRROR` names; None if it is unset. Raises UserError if it is no folder."""
    given = os.environ.get("XTL_MIRROR")
    if not given:
        return None
    folder = Path(given).expanduser()
    if not folder.is_dir():
        raise UserError(f"XTL_MIRROR is '{given}', which is not a folder; name one that holds <owner>/<name>.")
    return folder


def revision(source: HubTable, pinned: Mapping[str, str]) -> str | None:
    """The revision to ask the Hub for: the grid's, else the catalog's, else None (the newest)."""
    return pinned.get(source.dataset) or source.revision


def configs(source: HubTable, pinned: Mapping[str, str]) -> Configs:
    """The configs that a data set's README.md declares, with the file patterns of every split.

    Raises UserError where the mirror lacks the data set, the README, or its `configs:` header, and where the Hub
    cannot be reached.
    """
    folder = mirror()
    if source.converted:
        return _converted(source, pinned)
    if folder is None:
        readme = Path(_download(source.dataset, "README.md", revision(source, pinned)))
    else:
        readme = folder / source.dataset / "README.md"
        if not readme.parent.is_dir():
            held = sorted(str(p.parent.relative_to(folder)) for p in folder.glob("*/*/README.md"))
            raise UserError(
                f"{_where()} lacks the data set {source.dataset}; it holds {', '.join(held) or 'none'}."
                f" Put a copy of the Hub's repository into {source.dataset}/, or unset XTL_MIRROR to use the Hub."
            )
        if not readme.is_file():
            raise UserError(f"{_where()} lacks {source.dataset}/README.md, whose `configs:` header lists the files.")
        lock.verify(folder, [readme])
        lock.pinned(folder, source.dataset, pinned.get(source.dataset))
    found = read_configs(readme)
    if not found:
        raise UserError(f"{_where()}: {source.dataset}/README.md has no `configs:` header to name the files.")
    return found


def converted(names: list[str]) -> Configs:
    """The configs of a branch into which the Hub converted a data set, from the names of its files."""
    found: Configs = {}
    for name in sorted(names):
        if name.endswith(".parquet") and name.count("/") == 2:
            config, split, _ = name.split("/")
            found.setdefault(config, {})[split] = [f"{config}/{split}/*.parquet"]
    return found


def _converted(source: HubTable, pinned: Mapping[str, str]) -> Configs:
    """The configs of a converted data set, in the mirror or on the Hub."""
    folder = mirror()
    if folder is None:
        return converted(_listing(source.dataset, resolved(source.dataset, revision(source, pinned))))
    root = folder / source.dataset
    lock.pinned(folder, source.dataset, pinned.get(source.dataset))
    found = converted([path.relative_to(root).as_posix() for path in root.glob("*/*/*.parquet")])
    if not found:
        raise UserError(
            f"{_where()} lacks the data set {source.dataset}; put the Hub's branch refs/convert/parquet of it into "
            f"{source.dataset}/, as `xtl fetch` does."
        )
    return found


def patterns(source: HubTable, language: str, split: str, pinned: Mapping[str, str]) -> list[str]:
    """The file patterns that the README declares for one split (the source's name of it) in one language.

    Raises UserError that names the config, the mirror as it was given, and the configs of that task that it has.
    """
    config, declared = source.named(source.config, language), configs(source, pinned)
    if config not in declared:
        similar = sorted(c for c in declared if fnmatch.fnmatch(c, source.config.replace("{language}", "*")))
        raise UserError(
            f"{_where()} has no config {config} of {source.dataset}; of that task it has "
            f"{', '.join(similar) or 'none'}."
        )
    if split not in declared[config]:
        raise UserError(
            f"{_where()} has no split {split} in config {config} of {source.dataset}; "
            f"it has {', '.join(declared[config])}."
        )
    return declared[config][split]


def files(source: HubTable, language: str, split: str, pinned: Mapping[str, str]) -> list[Path]:
    """The parquet files of one split in one language, in a fixed order; the Hub's are downloaded first.

    Raises UserError as `patterns` does, and where the README declares files that are not there.
    A source that reads a few shards gets the first ones.
    """
    wanted, folder = patterns(source, language, split, pinned), mirror()
    if folder is None:
        # the commit that the fingerprint names, also where the newest is asked for
        commit = resolved(source.dataset, revision(source, pinned))
        root = _snapshot(source.dataset, commit, tuple(wanted), source.shards)
    else:
        root = folder / source.dataset
    found = sorted(p for pattern in wanted for p in root.glob(pattern) if p.is_file())
    if not found:
        raise UserError(f"{_where()} declares {wanted[0]} in {source.dataset}/README.md, but no such file is there.")
    found = found[: source.shards]
    if folder is not None:
        lock.verify(folder, found)
    return found


def holds(source: HubTable, language: str, split: str, pinned: Mapping[str, str]) -> bool:
    """Whether the local mirror has the files that its README declares for a split."""
    folder = mirror()
    if folder is None:
        return False
    root = folder / source.dataset
    return any(p.is_file() for pattern in patterns(source, language, split, pinned) for p in root.glob(pattern))


def read(paths: list[Path], filters: pc.Expression | None = None, columns: list[str] | None = None) -> pa.Table:
    """The rows of some parquet files, in order; the schema's metadata keep what `datasets` wrote (class names)."""
    tables = [pq.read_table(path, columns=columns, filters=filters, partitioning=None) for path in paths]
    return pa.concat_tables(tables, promote_options="permissive") if len(tables) > 1 else tables[0]


def column_names(path: Path) -> list[str]:
    """Names of a parquet file's columns, without reading its rows. Raises UserError for a file that is no parquet."""
    try:
        return pq.read_schema(path).names
    except (pa.ArrowInvalid, OSError):
        head = path.read_bytes()[:8]
        hint = "it is a Git LFS pointer: fetch the real file" if head == b"version " else "copy it again"
        raise UserError(f"{path.name} in {path.parent} is not a readable parquet file; {hint}.") from None


def digest(paths: list[Path]) -> str:
    """SHA-256 (first 16 hex digits) over the contents of some files; each is hashed once per size and modification."""

    total = hashlib.sha256()
    for path in paths:
        total.update(file_digest(path, cache_folder("digests")).encode())
    return total.hexdigest()[:16]


@functools.lru_cache(maxsize=64)
def resolved(dataset: str, wanted: str | None) -> str:
    """The commit that a revision of a data set on the Hub stands for now; a full commit stands for itself."""
    if wanted and len(wanted) == 40:
        return wanted
    from huggingface_hub import HfApi

    try:
        return HfApi().dataset_info(dataset, revision=wanted, timeout=20).sha or ""
    except Exception as error:  # the client raises a dozen kinds, for absent ids and absent networks alike
        raise UserError(_unreachable(dataset, error)) from None


def read_configs(readme: Path) -> Configs:
    """The configs of a README's header, empty without one; each file is read once per modification."""
    return _read_configs(str(readme), readme.stat().st_mtime_ns)


@functools.lru_cache(maxsize=64)
def _read_configs(readme: str, _modified: int) -> Configs:
    """`configs:` of a README's YAML header; data_files may be one pattern, a list of them, or split/path pairs."""
    parts = Path(readme).read_text(encoding="utf-8").split("---", 2)
    try:
        header = yaml.safe_load(parts[1]) if len(parts) == 3 and not parts[0].strip() else {}
    except yaml.YAMLError:
        raise UserError(f"The header of {readme} is not valid YAML, so its configs cannot be read.") from None
    found: Configs = {}
    for entry in (header or {}).get("configs", []):
        data_files = entry.get("data_files", [])
        if isinstance(data_files, str) or (data_files and isinstance(data_files[0], str)):
            data_files = [{"split": "train", "path": data_files}]
        found[entry["config_name"]] = {
            d["split"]: [d["path"]] if isinstance(d["path"], str) else list(d["path"]) for d in data_files
        }
    return found


def _download(dataset: str, name: str, wanted: str | None) -> str:
    from huggingface_hub import hf_hub_download

    try:
        return hf_hub_download(dataset, name, repo_type="dataset", revision=wanted)
    except Exception as error:  # as in `resolved`
        raise UserError(_unreachable(dataset, error)) from None


@functools.lru_cache(maxsize=64)
def _listing(dataset: str, wanted: str) -> list[str]:
    """The names of all files of a data set at a commit."""
    from huggingface_hub import HfApi

    try:
        return HfApi().list_repo_files(dataset, repo_type="dataset", revision=wanted)
    except Exception as error:  # as in `resolved`
        raise UserError(_unreachable(dataset, error)) from None


@functools.lru_cache(maxsize=512)
def _snapshot(dataset: str, wanted: str | None, patterns: tuple[str, ...], shards: int | None) -> Path:
    """The folder of the Hub client's cache that holds the files of these patterns (the first `shards` of them),
    downloaded where they lack.
    """
    from huggingface_hub import snapshot_download

    try:
        if shards:
            names = _listing(dataset, wanted)
            patterns = tuple(sorted(n for n in names if any(fnmatch.fnmatch(n, p) for p in patterns))[:shards])
        return Path(snapshot_download(dataset, repo_type="dataset", revision=wanted, allow_patterns=list(patterns)))
    except Exception as error:  # as in `resolved`
        raise UserError(_unreachable(dataset, error)) from None


def _where() -> str:
    """Where data sets come from now, as an error begins: the mirror as the user gave it, or the Hub."""
    return f"The mirror {os.environ['XTL_MIRROR']}" if mirror() else "The Hub"


def _unreachable(dataset: str, error: Exception) -> str:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
    return f"The data set {dataset} cannot be had from the Hub ({reason}); check the network, or set XTL_MIRROR."
