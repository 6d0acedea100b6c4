"""Files that are written whole or not at all, and what identifies a file's content."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from filelock import FileLock

from xtl.base.errors import UserError

RECENT = 0.1  # seconds; the clocks of disks tick in at most a tenth of that
Content = TypeVar("Content")


@contextmanager
def replacing(path: Path, durable: bool = True) -> Iterator[Path]:
    """A temporary file beside `path` that takes its place when the block ends, and vanishes if the block raises.

    durable: also wait until the disk has it, so that a crash of the machine leaves the old file or the new one.
    Raises OSError, with the name of the file where the system gives none, as when the disk is full.
    """
    temporary = path.with_name(f".{secrets.token_hex(4)}.tmp")  # processes of two machines may have the same number
    try:
        yield temporary
        if durable:
            sync(temporary)
        os.replace(temporary, path)
        if durable:
            sync(path.parent)
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """As `replacing` for a folder of files, which is on the disk before it takes the place of an earlier one."""
    temporary = folder.with_name(f".{secrets.token_hex(4)}.tmp")
    temporary.mkdir(parents=True)
    try:
        yield temporary
        for path in temporary.rglob("*"):
            sync(path)
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(temporary, folder)
        sync(folder.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def read_or_make(path: Path, read: Callable[[Path], Content], make: Callable[[Path], object]) -> Content:
    """What `read` gives of a cached file; `make` writes it where it is not there, or cannot be read any more.

    One process at a time makes it, and the others wait.
    """
    with suppress(Exception):  # whatever a reader raises of a file that is cut short
        return read(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.parent / f".{path.name}.lock"):
        with suppress(Exception):
            return read(path)
        with replacing(path) as temporary:
            make(temporary)
        return read(path)


def write_json(path: Path, value: object) -> None:
    """Write a value as JSON, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", "utf-8")


def read_json(path: Path) -> dict | None:
    """The map that a JSON file holds; None where there is no file, or another thing in it."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def make_folder(folder: Path) -> None:
    """Make a folder, with those above it. Raises UserError where that is not possible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"{folder} cannot be made ({error.strerror}); name a folder for results in XTL_OUTPUTS."
        ) from error


def version(path: Path) -> tuple[int, int, int, int]:
    """What changes with every change of a file: size, times of content and of status, and its number on the disk.

    The time of the status cannot be set, as that of the content can (`touch -r`, `cp -p`, `rsync -t`).
    """
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino


def file_digest(path: Path, cache: Path | None = None) -> str:
    """SHA-256 of a file, remembered in the folder `cache` by path and `version`.

    A note there counts only whole and for that file: it holds the digest, and a digest of both. A file that changed
    less than RECENT ago is not remembered, because another change in the same tick of the disk's clock would not show.
    """
    before = version(path)
    key = hashlib.sha256(f"{path.resolve()}\0{before}".encode()).hexdigest()[:32]
    note = cache / key if cache else None
    digest = _noted(note) if note else None
    if digest:
        return digest
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    settled = time.time() - before[2] / 1e9 > RECENT and version(path) == before
    if note and settled:
        with suppress(OSError):  # without notes it takes longer, and no more
            note.parent.mkdir(parents=True, exist_ok=True)
            with replacing(note, durable=False) as temporary:
                temporary.write_text(f"{digest} {_seal(note, digest)}\n")
    return digest


def _noted(note: Path) -> str | None:
    """The digest of a note, None where there is none, or another thing in it."""
    try:
        digest, seal = note.read_text("utf-8").split()
    except (OSError, ValueError):
        return None
    return digest if seal == _seal(note, digest) else None


def _seal(note: Path, digest: str) -> str:
    return hashlib.sha256(f"{note.name} {digest}".encode()).hexdigest()[:16]


def sync(path: Path) -> None:
    """Wait until the disk has a file, or the names in a folder."""
    if path.is_dir() and sys.platform == "win32":  # Windows cannot open a folder
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
