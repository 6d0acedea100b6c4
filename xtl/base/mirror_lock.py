"""The lock of a local mirror: the revision of every repository in it, and the size and digest of every file."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import yaml

from xtl.base.errors import UserError
from xtl.base.files import file_digest
from xtl.base.places import cache_folder

LOCK = "lock.yaml"


def state() -> str | None:
    """Whether the mirror that XTL_MIRROR names is `locked` or `unlocked`; None without a mirror."""
    given = os.environ.get("XTL_MIRROR")
    if not given:
        return None
    return "locked" if (Path(given).expanduser() / LOCK).is_file() else "unlocked"


def read(mirror: Path) -> dict | None:
    """`{"repositories": {id: {kind, revision}}, "files": {path: {size, sha256}}}`; None without a lock.

    Paths are relative to the mirror. Raises UserError for a file that is no lock.
    """
    path = mirror / LOCK
    return _read(str(path), path.stat().st_mtime_ns) if path.is_file() else None


def write(mirror: Path, repositories: dict, files: dict) -> None:
    """Write the lock, whole or not at all."""
    text = yaml.safe_dump({"repositories": repositories, "files": files}, sort_keys=True, allow_unicode=True)
    partial = mirror / f".{LOCK}.{os.getpid()}"
    partial.write_text("# What `xtl fetch` put here; a file that differs is an error.\n" + text, encoding="utf-8")
    os.replace(partial, mirror / LOCK)


def verify(mirror: Path, paths: list[Path]) -> None:
    """Raise UserError unless the files are what the mirror's lock says; nothing to compare with without a lock.

    A file's digest is computed once per size and modification time.
    """
    locked = read(mirror)
    if locked is None:
        return
    for path in paths:
        name = path.relative_to(mirror).as_posix()
        entry = locked["files"].get(name)
        again = f"; fetch it again with `xtl fetch GRID --mirror {mirror}`."
        if entry is None:
            raise UserError(f"The mirror {mirror} holds {name}, which its {LOCK} does not know{again}")
        if not path.is_file():
            raise UserError(f"The mirror {mirror} lacks {name}, which its {LOCK} lists{again}")
        size = path.stat().st_size
        if size != entry["size"]:
            raise UserError(f"The mirror's {name} has {size:,} bytes, but {LOCK} says {entry['size']:,}{again}")
        if file_digest(path, cache_folder("digests")) != entry["sha256"]:
            raise UserError(f"The mirror's {name} is not the file that {LOCK} describes (another SHA-256){again}")


def pinned(mirror: Path, repository: str, revision: str | None) -> None:
    """Raise UserError where a grid pins another commit of a repository than the one that the mirror is locked at."""
    held = ((read(mirror) or {}).get("repositories") or {}).get(repository)
    if revision and held and held["revision"] != revision:
        raise UserError(
            f"The grid pins {repository} at {revision[:12]}, but the mirror {mirror} is locked at "
            f"{held['revision'][:12]}; fetch it again, or pin that one."
        )


def verify_folder(mirror: Path, folder: Path) -> None:
    """As `verify` for everything that the lock lists below a folder of the mirror."""
    locked = read(mirror)
    if locked is None:
        return
    prefix = folder.relative_to(mirror).as_posix() + "/"
    listed = [mirror / name for name in locked["files"] if name.startswith(prefix)]
    if not listed:
        raise UserError(f"The mirror {mirror} holds {prefix[:-1]}, which its {LOCK} does not know; fetch it again.")
    verify(mirror, listed)


@functools.lru_cache(maxsize=8)
def _read(path: str, _modified: int) -> dict:
    try:
        found = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except yaml.YAMLError:
        found = None
    if not isinstance(found, dict) or not {"repositories", "files"} <= set(found):
        raise UserError(f"{path} is no lock of a mirror; fetch the mirror again, or remove the file to go without one.")
    return found
