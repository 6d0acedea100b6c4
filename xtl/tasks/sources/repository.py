"""Repositories of data sets and their files: in the local mirror that XTL_MIRROR names, else on the Hub."""

from __future__ import annotations

import fnmatch
import functools
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import huggingface_hub
import pyarrow as pa
import pyarrow.parquet as pq

from xtl.base import mirror_lock as lock
from xtl.base.errors import Absent, UserError
from xtl.base.files import file_digest
from xtl.base.hub import ask
from xtl.base.places import cache_folder, mirror_root
from xtl.tasks.catalog import HubTable
from xtl.tasks.sources import columns
from xtl.tasks.sources.readme import Configs, converted, read_configs
from xtl.tasks.sources.shards import whole_split


@dataclass(frozen=True)
class Repository(ABC):
    """The repository that holds a table of the catalog.

    Attributes:
        pinned: the commit that the grid asks for.
        place: where it is, as an error begins.
    """

    table: HubTable
    pinned: str | None
    place: str

    @property
    @abstractmethod
    def configs(self) -> Configs:
        """The configs that it declares, in its README.md or by the names of its files. Raises UserError without any."""

    @abstractmethod
    def files(self, split: str, language: str) -> list[Path]:
        """The parquet files of a split in a language, in a fixed order, the first `shards` of them.

        Raises UserError as `patterns` does, and where files are declared that are not there.
        """

    def patterns(self, split: str, language: str) -> list[str]:
        """The file patterns of a split in a language. Raises UserError with what there is where it lacks."""
        dataset = self.table.dataset
        config = self.table.named(self.table.config, language)
        if config not in self.configs:
            alike = self.table.config.replace("{language}", "*")
            similar = ", ".join(sorted(fnmatch.filter(self.configs, alike))) or "none"
            raise UserError(f"{self.place} has no config {config} of {dataset}; of that task it has {similar}.")
        splits = self.configs[config]
        if split not in splits:
            raise UserError(
                f"{self.place} has no split {split} in config {config} of {dataset}; it has {', '.join(splits)}."
            )
        return splits[split]

    def holds(self, split: str, language: str) -> bool:
        """Whether it has a split (the table's name of it) in a language, as far as its declaration goes."""
        return split in self.configs.get(self.table.named(self.table.config, language), {})

    def check(self, split: str, language: str) -> None:
        """Raise UserError unless `files` would find what is read; reads headers only, and downloads none."""
        self.patterns(split, language)

    def origin(self, language: str) -> str:
        """Where the rows of a language are from, as an error begins."""
        return f"{self.table.dataset}, config {self.table.named(self.table.config, language)}"

    def declared(self, readme: Path, root: str | None = None) -> Configs:
        """The configs of a README's header, see read_configs. Raises UserError for a header without any."""
        configs = read_configs(readme, root)
        if not configs:
            raise UserError(f"{self.place}: {self.table.dataset}/README.md has no `configs:` header to name the files.")
        return configs

    def found(self, root: Path, patterns: Sequence[str]) -> list[Path]:
        """The files below a folder that are the split of these patterns. Raises UserError for none, and for a part."""
        try:
            names = whole_split(matching(root, patterns), self.table.shards)
        except UserError as error:
            raise UserError(f"{self.place}, {self.table.dataset}: {error}") from None
        if not names:
            readme = f"{self.table.dataset}/README.md"
            raise UserError(f"{self.place} declares {patterns[0]} in {readme}, but no such file is there.")
        return [root / name for name in names]


@dataclass(frozen=True)
class MirrorRepository(Repository):
    """A repository in the local mirror, which may hold a part of what its README declares."""

    mirror: Path

    @property
    def folder(self) -> Path:
        """Its folder in the mirror."""
        return self.mirror / self.table.dataset

    @cached_property
    def configs(self) -> Configs:
        """Checked against the mirror's lock."""
        dataset = self.table.dataset
        readme = self.folder / "README.md"
        if self.table.converted:
            configs = converted(path.relative_to(self.folder).as_posix() for path in self.folder.glob("*/*/*.parquet"))
            if not configs:
                raise Absent(
                    f"{self.place} lacks the data set {dataset}; put the Hub's branch refs/convert/parquet of it into "
                    f"{dataset}/, as `xtl fetch` does.",
                    dataset,
                )
        elif not self.folder.is_dir():
            held = sorted(path.parent.relative_to(self.mirror).as_posix() for path in self.mirror.glob("*/*/README.md"))
            raise Absent(
                f"{self.place} lacks the data set {dataset}; it holds {', '.join(held) or 'none'}."
                f" Put a copy of the Hub's repository into {dataset}/, or unset XTL_MIRROR to use the Hub.",
                dataset,
            )
        elif not readme.is_file():
            raise UserError(f"{self.place} lacks {dataset}/README.md, whose `configs:` header lists the files.")
        else:
            self._stay_inside([readme])
            lock.verify(self.mirror, [readme])
            configs = self.declared(readme)
        lock.pinned(self.mirror, dataset, self.pinned)
        return configs

    def holds(self, split: str, language: str) -> bool:
        """Whether the files are there, with rows in that language."""
        if not super().holds(split, language):
            return False
        names = matching(self.folder, self.patterns(split, language))
        return any(name.endswith(".parquet") for name in names) and self._has_rows(split, language)

    def check(self, split: str, language: str) -> None:
        """The declaration, the files, their columns, and that there are rows in that language."""
        for path in self.files(split, language):
            columns.check_columns(column_names(path), self.table, self.origin(language))
        if not self._has_rows(split, language):
            raise UserError(f"{self.origin(language)} has no rows in the language '{language}'.")

    def files(self, split: str, language: str) -> list[Path]:
        """Inside the mirror, and checked against its lock."""
        paths = self.found(self.folder, self.patterns(split, language))
        self._stay_inside(paths)
        lock.verify(self.mirror, paths)
        return paths

    def _stay_inside(self, paths: Iterable[Path]) -> None:
        """Raise UserError for a file that is elsewhere: what a README or a link names outside is no part of a copy."""
        root = self.mirror.resolve()
        for path in paths:
            if not path.resolve().is_relative_to(root):
                name = path.relative_to(self.mirror)
                raise UserError(f"{self.place}: {name} is a link that leads out of it; put the file itself there.")

    def _has_rows(self, split: str, language: str) -> bool:
        """Whether rows meet the language's condition, where all languages are in the rows of one config."""
        conditions = [*self.table.where, *self.table.prefix]
        if not conditions:
            return True
        names = list(dict.fromkeys([*conditions, *self.table.drop]))
        wanted = columns.condition(self.table, language)
        paths = self.files(split, language)
        for path in paths:
            columns.check_columns(column_names(path), self.table, self.origin(language))
        assert wanted is not None  # there are conditions
        return len(columns.filtered(read(paths, names), wanted, self.table, self.origin(language))) > 0


@dataclass(frozen=True)
class HubRepository(Repository):
    """A repository on the Hub, whose files its client downloads into its cache."""

    @property
    def commit(self) -> str:
        """The commit that is read: the grid's, else the catalog's, else the newest."""
        return _commit(self.table.dataset, self.pinned or self.table.revision)

    @cached_property
    def configs(self) -> Configs:
        """Of a converted data set from the names of its files."""
        dataset = self.table.dataset
        if self.table.converted:
            return converted(_listing(dataset, self.commit))
        wanted = self.pinned or self.table.revision
        download = huggingface_hub.hf_hub_download
        readme = ask(dataset, lambda: download(dataset, "README.md", repo_type="dataset", revision=wanted))
        return self.declared(Path(readme), f"hf://datasets/{dataset}@{self.commit}")

    def files(self, split: str, language: str) -> list[Path]:
        """Downloaded at the commit that a digest names, also where the newest is asked for."""
        patterns = self.patterns(split, language)
        wanted = patterns
        if self.table.shards:
            listed = _listing(self.table.dataset, self.commit)
            wanted = whole_split(listed_matching(listed, patterns), self.table.shards)
        return self.found(_snapshot(self.table.dataset, self.commit, tuple(wanted)), patterns)


def repository_of(table: HubTable, revisions: Mapping[str, str]) -> Repository:
    """The repository of a table: in the mirror where there is one. Raises UserError for a mirror that is no folder.

    revisions: data set -> the commit that the grid pins.
    """
    pinned = revisions.get(table.dataset)
    mirror = mirror_root()
    if mirror is None:
        return HubRepository(table, pinned, "The Hub")
    if not mirror.is_dir():
        raise UserError(f"XTL_MIRROR is '{mirror}', which is not a folder; name one that holds <owner>/<name>.")
    return MirrorRepository(table, pinned, f"The mirror {mirror}", mirror)


# ---- files -----------------------------------------------------------------------------------------------------------


def matching(root: Path, patterns: Sequence[str]) -> list[str]:
    """Names, relative to a folder, of the files in it that match a pattern."""
    paths: set[Path] = set()
    for pattern in patterns:
        paths.update(root.glob(f"{pattern}/*" if pattern.endswith("**") else pattern))
    return [path.relative_to(root).as_posix() for path in paths if path.is_file()]


def listed_matching(names: Iterable[str], patterns: Sequence[str]) -> list[str]:
    """Those names of a repository's list that match a pattern; `**/` stands for any folders, and for none."""
    shorter = [pattern.replace("**/", "") for pattern in patterns]
    return [name for name in names if any(fnmatch.fnmatch(name, pattern) for pattern in (*patterns, *shorter))]


def read(paths: Sequence[Path], names: list[str] | None = None) -> pa.Table:
    """The rows of some parquet files, in order; the schema's metadata keep what `datasets` wrote (class names)."""
    tables = []
    for path in paths:
        try:
            tables.append(pq.read_table(path, columns=names, partitioning=None))
        except (pa.ArrowException, OSError):
            raise _unreadable(path) from None
    if len(tables) == 1:
        return tables[0]
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowException:
        raise UserError(f"{paths[0]} and the other files of that split have columns of different types.") from None


def column_names(path: Path) -> list[str]:
    """Names of a parquet file's columns, without reading its rows. Raises UserError for a file that is no parquet."""
    try:
        return pq.read_schema(path).names
    except (pa.ArrowException, OSError):
        raise _unreadable(path) from None


def _unreadable(path: Path) -> UserError:
    with path.open("rb") as file:
        pointer = file.read(8) == b"version "
    hint = "it is a Git LFS pointer: fetch the real file" if pointer else "copy it again"
    return UserError(f"{path.name} in {path.parent} is not a readable parquet file; {hint}.")


def digest(paths: Iterable[Path]) -> str:
    """SHA-256 (first 16 hex digits) over the contents of some files; each is hashed once per size and modification."""
    digests = "".join(file_digest(path, cache_folder("digests")) for path in paths)
    return hashlib.sha256(digests.encode()).hexdigest()[:16]


# ---- the Hub's client ------------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=64)
def _commit(dataset: str, revision: str | None) -> str:
    """The commit that a revision (None: the newest) stands for now; a full commit stands for itself."""
    if revision and len(revision) == 40:
        return revision
    return str(ask(dataset, lambda: huggingface_hub.dataset_info(dataset, revision=revision, timeout=20).sha))


@functools.lru_cache(maxsize=64)
def _listing(dataset: str, commit: str) -> list[str]:
    """The names of all files of a data set."""
    return ask(dataset, lambda: huggingface_hub.list_repo_files(dataset, repo_type="dataset", revision=commit))


@functools.lru_cache(maxsize=512)
def _snapshot(dataset: str, commit: str, patterns: tuple[str, ...]) -> Path:
    """The folder of the client's cache that holds the files of these patterns, downloaded where they lack."""
    download = huggingface_hub.snapshot_download
    allowed = list(patterns)
    return Path(ask(dataset, lambda: download(dataset, repo_type="dataset", revision=commit, allow_patterns=allowed)))
