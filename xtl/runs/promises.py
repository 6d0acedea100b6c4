"""What a finished run promises: its files with their digests, and whether they still are what the run left."""

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path

from xtl.base.files import file_digest, replacing, sync
from xtl.runs.record import RunRecord, StoredFile

SCORES_FILE = "scores.parquet"
EXAMPLES_FILE = "examples.parquet"
TRIAL_FILE = "trial.json"
CHECKPOINT = "checkpoint"
PREDICTIONS = "predictions"

# What a run of each phase must leave behind; the analysis leaves its report elsewhere.
PROMISES = {"pretrain": CHECKPOINT, "trial": TRIAL_FILE, "intermediate": CHECKPOINT, "target": SCORES_FILE}


def describe(folder: Path) -> dict[str, StoredFile]:
    """Path below a run's folder -> size and SHA-256 of every file that the run promises, once the disk has it."""
    files = {}
    for name in _promised(folder):
        path = folder / name
        sync(path)
        files[name] = StoredFile(path.stat().st_size, file_digest(path))
        sync(path.parent)
    return files


def gone(record: RunRecord) -> str | None:
    """A file that a finished run promises and that is not there, checkpoints excepted: they may go to free the disk.

    A run of before digests were recorded promises its scores.
    """
    names = [name for name in record.files if not name.startswith(f"{CHECKPOINT}/")]
    if not record.files and PROMISES.get(record.phase) == SCORES_FILE:
        names = [SCORES_FILE]
    for name in names:
        if not os.path.exists(record.folder / name):
            return name
    return None


def damage(record: RunRecord, notes: Path) -> str | None:
    """A sentence on the first file of a finished run that is not what the run left; None where all are.

    Nothing is read again while sizes and times are those of the last check, of which a note lies in the folder `notes`.
    A checkpoint that is gone as a whole is no damage, and a run of before digests were recorded has none to compare.
    """
    if not record.files:
        return None
    again = "remove that folder, and `xtl run` makes it again."
    has_checkpoint = (record.folder / CHECKPOINT).is_dir()
    kept = {n: file for n, file in record.files.items() if has_checkpoint or not n.startswith(f"{CHECKPOINT}/")}
    for name in _promised(record.folder):
        if name not in kept:
            return f"{record.folder} holds {name}, which the run did not leave; remove the file. Or {again}"
    seen = []
    for name, file in kept.items():
        try:
            stat = os.stat(record.folder / name)
        except FileNotFoundError:
            return f"{record.folder} lacks {name}, which the run left; put it back. Or {again}"
        if stat.st_size != file.size:
            return _changed(record.folder, name, f"{stat.st_size:,} bytes instead of {file.size:,}", again)
        seen.append((name, file.sha256, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns))
    checked = hashlib.sha256(json.dumps(seen).encode()).hexdigest()
    note = notes / record.hash
    with suppress(OSError):
        if note.read_bytes() == checked.encode():
            return None
    for name, file in kept.items():
        if file_digest(record.folder / name) != file.sha256:
            return _changed(record.folder, name, "another SHA-256", again)
    with suppress(OSError):  # results that nobody may write to are read all the same
        notes.mkdir(parents=True, exist_ok=True)
        with replacing(note, durable=False) as temporary:
            temporary.write_text(checked)
    return None


def _changed(folder: Path, name: str, how: str, again: str) -> str:
    return f"{folder}: {name} is not the file that the run left ({how}); put that back. Or {again}"


def _promised(folder: Path) -> list[str]:
    """Paths below a run's folder, with slashes, of the files that are there of those that a run promises."""
    names = [name for name in (SCORES_FILE, EXAMPLES_FILE, TRIAL_FILE) if (folder / name).is_file()]
    for part in (CHECKPOINT, PREDICTIONS):
        paths = [path.relative_to(folder) for path in sorted((folder / part).rglob("*")) if path.is_file()]
        names += [path.as_posix() for path in paths if not any(piece.startswith(".") for piece in path.parts)]
    return names
