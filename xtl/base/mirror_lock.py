"""The lock of a local mirror: the revision of every repository in it, and the size and digest of every file."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import yaml
from pydantic import TypeAdapter

from xtl.base.errors import UserError
from xtl.base.files import file_digest, replacing, version
from xtl.base.places import cache_folder, mirror_root
from xtl.base.validation import STRICT

FILE = "lock.yaml"


@dataclass(frozen=True)
class LockedRepository:
    """A data set or a model at a commit of the Hub."""

    kind: str  # dataset or model
    revision: str


@dataclass(frozen=True)
class LockedFile:
    """What a file of the mirror was when it was fetched."""

    size: int  # bytes
    sha256: str


@dataclass(frozen=True)
class MirrorLock:
    """Repositories by id, and files by their path below the mirror."""

    __pydantic_config__ = STRICT

    repositories: dict[str, LockedRepository] = field(default_factory=dict)
    files: dict[str, LockedFile] = field(default_factory=dict)

    def revision(self, repository: str) -> str | None:
        """The commit that a repository is locked at; None for one that the lock does not know."""
        return self.repositories[repository].revision if repository in self.repositories else None

    def below(self, folder: str) -> list[str]:
        """The paths of all files below a folder of the mirror."""
        return [name for name in self.files if name.startswith(f"{folder}/")]


def state() -> str | None:
    """Whether the mirror that XTL_MIRROR names is `locked` or `unlocked`; None without a mirror."""
    mirror = mirror_root()
    if mirror is None:
        return None
    return "locked" if (mirror / FILE).is_file() else "unlocked"


def read(mirror: Path) -> MirrorLock | None:
    """The lock of a mirror, None where it has none. Raises UserError for a file that is no lock."""
    path = mirror / FILE
    return _read(path, version(path)) if path.is_file() else None


def write(mirror: Path, lock: MirrorLock) -> None:
    """Write the lock, whole or not at all."""
    text = yaml.safe_dump(asdict(lock), sort_keys=True, allow_unicode=True)
    with replacing(mirror / FILE) as temporary:
        temporary.write_text("# What `xtl fetch` put here; a file that differs is an error.\n" + text, encoding="utf-8")


def verify(mirror: Path, paths: Iterable[Path]) -> None:
    """Raise UserError unless the files are what the mirror's lock says; nothing to compare with without a lock.

    A file's digest is computed once per version of it, see xtl.base.files.version.
    """
    lock = read(mirror)
    if lock is None:
        return
    again = f"; fetch it again with `xtl fetch GRID --mirror {mirror}`."
    for path in paths:
        name = path.relative_to(mirror).as_posix()
        if name not in lock.files:
            raise UserError(f"The mirror {mirror} holds {name}, which its {FILE} does not know{again}")
        if not path.is_file():
            raise UserError(f"The mirror {mirror} lacks {name}, which its {FILE} lists{again}")
        locked = lock.files[name]
        size = path.stat().st_size
        if size != locked.size:
            raise UserError(f"The mirror's {name} has {size:,} bytes, but {FILE} says {locked.size:,}{again}")
        if file_digest(path, cache_folder("digests")) != locked.sha256:
            raise UserError(f"The mirror's {name} is not the file that {FILE} describes (another SHA-256){again}")


def verify_folder(mirror: Path, folder: Path) -> None:
    """As `verify` for everything that the lock lists below a folder of the mirror."""
    lock = read(mirror)
    if lock is None:
        return
    name = folder.relative_to(mirror).as_posix()
    files = lock.below(name)
    if not files:
        raise UserError(f"The mirror {mirror} holds {name}, which its {FILE} does not know; fetch it again.")
    verify(mirror, [mirror / file for file in files])


def pinned(mirror: Path, repository: str, revision: str | None) -> None:
    """Raise UserError where a grid pins another commit of a repository than the one that the mirror is locked at."""
    lock = read(mirror)
    locked = lock.revision(repository) if lock else None
    if revision and locked and locked != revision:
        raise UserError(
            f"The grid pins {repository} at {revision[:12]}, but the mirror {mirror} is locked at "
            f"{locked[:12]}; fetch it again, or pin that one."
        )


@functools.lru_cache(maxsize=8)
def _read(path: Path, _version: tuple[int, ...]) -> MirrorLock:
    """The lock in a file; read once for each time that the file was changed."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return TypeAdapter(MirrorLock).validate_python(content)
    except (yaml.YAMLError, ValueError):  # ValidationError and UnicodeDecodeError are ValueErrors
        raise UserError(
            f"{path} is no lock of a mirror; fetch the mirror again, or remove the file to go without one."
        ) from None
