"""The run folder: what a run leaves on disk, who may write it, what state it is in, and how its tables are read."""

#   outputs/runs/<phase>/<readable-slug>-<id12>/
#       run.json          parameters, status, error, durations, device, versions, facts; "done" comes last
#       notebook.ipynb    the executed notebook
#       notebook.html     the same as a page, which the report copies
#       scores.parquet    one row per (language, metric, ...), SCORE_COLUMNS first
#       examples.parquet  one row per evaluated example, EXAMPLE_COLUMNS first
#       trial.json        what a trial gave, which later runs choose among
#       predictions/      XTREME's submission files
#       checkpoint/       what later runs read
#       trainer/          what an interrupted training resumes from (train.py's)
#       facts.json, progress.json   what the notebook records for run.json and for the progress display

import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from xtl.base import mirror_lock
from xtl.base.errors import UserError
from xtl.base.files import make_folder, read_json, replacing, write_json
from xtl.base.machine import describe_device, git_state, library_versions
from xtl.base.places import outputs_root
from xtl.runs.promises import CHECKPOINT, EXAMPLES_FILE, PREDICTIONS, SCORES_FILE, TRIAL_FILE, damage, describe, gone
from xtl.runs.record import RunRecord, State, read_record
from xtl.runs.run import Run

# pandas and pyarrow are imported where they are used: a grid that is done starts in a moment without them.
if TYPE_CHECKING:
    from pandas import DataFrame

RUN_FILE = "run.json"
NOTEBOOK_FILE = "notebook.ipynb"
FACTS_FILE = "facts.json"
PROGRESS_FILE = "progress.json"

# column -> pandas type. Columns may be added behind these, never changed; `value` is in points (0-100).
SCORE_TYPES = {
    "run_id": "string", "encoder": "string", "architecture": "string", "intermediate": "string", "target": "string",
    "source": "string", "provenance": "string", "seed": "Int64", "language": "string", "split": "string",
    "metric": "string", "value": "float64", "n": "Int64", "n_train": "Int64", "selection": "string", "layer": "Int64",
    "pooling": "string", "zero_shot": "boolean",
}  # fmt: skip
SCORE_COLUMNS = tuple(SCORE_TYPES)
EXAMPLE_TYPES = {"language": "string", "example_id": "string", "score": "float64"}
EXAMPLE_COLUMNS = tuple(EXAMPLE_TYPES)


@dataclass(frozen=True)
class Progress:
    """How far a run is: step of steps, and a line to show."""

    step: int
    steps: int
    text: str


class Store:
    """The run folders under one outputs root. Planning leaves no trace: nothing writes before `lock` or `begin`."""

    def __init__(self, root: Path | str | None = None) -> None:
        self.root = Path(root).absolute() if root is not None else outputs_root()
        self.runs = self.root / "runs"
        self.notes = self.root / "cache" / "verified"

    def folder(self, run: Run) -> Path:
        """Where a run lies: under its own name, or under that of an equal run of another grid."""
        own = self.runs / run.folder
        if own.exists() or not own.parent.is_dir():
            return own
        return own.parent / _by_id(str(own.parent), own.parent.stat().st_mtime_ns).get(run.id, own.name)

    def record(self, run: Run) -> RunRecord:
        """What is known of a run, under the names of the grid that asks; of state `absent` if it was never begun.

        It is `running` only while a live process holds its lock, and `done` only while its files are there. Raises
        UserError where the folder holds another run than its name promises, or an unreadable record.
        """
        folder = self.folder(run)
        record = read_record(folder / RUN_FILE)
        if record is None:
            return self._new(run, State.ABSENT)
        if record.hash != run.hash:
            raise UserError(
                f"{folder / RUN_FILE} records the run {record.hash[:16]}…, but the folder's name stands for "
                f"{run.hash[:16]}…: the folder was copied or edited; move it away to run it again."
            )
        state = record.state
        error = record.error
        if state is State.RUNNING and not _held(folder / ".lock"):
            state = State.INTERRUPTED
        if state is State.DONE and (lacking := gone(record)):
            state = State.INCOMPLETE
            error = f"{lacking} is gone; `xtl run` makes the run again"
        return replace(record, slug=run.slug, labels=run.labels, state=state, error=error)

    def checked(self, run: Run) -> RunRecord:
        """As `record`, and `damaged`, with a sentence as its error, where a file is not what the finished run left."""
        record = self.record(run)
        sentence = damage(record, self.notes) if record.done else None
        return replace(record, state=State.DAMAGED, error=sentence) if sentence else record

    def verify(self, folder: Path) -> None:
        """Raise UserError where a finished run lies in a folder and a file in it is not what the run left."""
        record = read_record(folder / RUN_FILE)
        if record and record.done and (sentence := damage(record, self.notes)):
            raise UserError(sentence)

    def state(self, run: Run) -> State:
        """The state of a run, its files checked; errors as of `record`."""
        return self.checked(run).state

    def lock(self, run: Run) -> FileLock:
        """The lock of the one writer, to be used as `with store.lock(run):`; waits for another holder.

        It is flock: the operating system drops it when the holder dies, however it dies. A file system without flock
        is an error instead of a lock that outlives its holder.
        """
        folder = self.folder(run)
        make_folder(folder)
        return FileLock(folder / ".lock", poll_interval=0.2, fallback_to_soft=False)

    def begin(self, run: Run) -> Path:
        """Record that the run starts, and clear what an earlier attempt left, except what training resumes from."""
        self.record(run)  # a folder that belongs to another run must not be overwritten
        record = replace(
            self._new(run, State.RUNNING),
            started=datetime.now(UTC).isoformat(timespec="milliseconds"),
            device=describe_device(),
            versions=library_versions(),
            git=git_state(),
            mirror=mirror_lock.state(),
        )
        folder = record.folder
        make_folder(folder)
        # first the record, so that no moment shows results without saying that they are unfinished
        write_json(folder / RUN_FILE, record.to_json())
        for name in (NOTEBOOK_FILE, SCORES_FILE, EXAMPLES_FILE, TRIAL_FILE, FACTS_FILE, PROGRESS_FILE):
            (folder / name).unlink(missing_ok=True)
        for name in (PREDICTIONS, CHECKPOINT):
            shutil.rmtree(folder / name, ignore_errors=True)
        return folder

    def finish(self, run: Run) -> RunRecord:
        """Mark the run as done; the last write of a run."""
        return self._end(run, State.DONE, None, None)

    def fail(self, run: Run, error: str, traceback: str | None = None) -> RunRecord:
        """Mark the run as failed with its error, which becomes one line, and the traceback's text."""
        return self._end(run, State.FAILED, " ".join(error.split()), traceback)

    def _new(self, run: Run, state: State) -> RunRecord:
        return RunRecord(
            run.id, run.hash, run.phase, run.slug, run.params, run.upstream, run.labels, state, self.folder(run)
        )

    def _end(self, run: Run, state: State, error: str | None, traceback: str | None) -> RunRecord:
        begun = self.record(run)
        finished = datetime.now(UTC)
        started = datetime.fromisoformat(begun.started or finished.isoformat())
        record = replace(
            begun,
            state=state,
            error=error,
            traceback=traceback,
            finished=finished.isoformat(timespec="seconds"),
            seconds=round((finished - started).total_seconds(), 3),
            facts=read_json(begun.folder / FACTS_FILE) or {},
            files=describe(begun.folder) if state is State.DONE else {},
        )
        (record.folder / PROGRESS_FILE).unlink(missing_ok=True)
        write_json(record.folder / RUN_FILE, record.to_json())
        return record

    def read_scores(self, runs: Iterable[Run]) -> "DataFrame":
        """The score rows of those of the runs that are done, SCORE_COLUMNS first."""
        return self._read_tables(runs, SCORES_FILE, SCORE_TYPES)

    def read_examples(self, runs: Iterable[Run]) -> "DataFrame":
        """The example rows of those of the runs that are done: run_id, then EXAMPLE_COLUMNS, then what was added."""
        return self._read_tables(runs, EXAMPLES_FILE, {"run_id": "string"} | EXAMPLE_TYPES)

    def _read_tables(self, runs: Iterable[Run], name: str, types: dict[str, str]) -> "DataFrame":
        import pandas as pd
        import pyarrow as pa
        import pyarrow.parquet as pq

        tables = []
        for run in runs:
            record = self.record(run)
            path = record.folder / name
            if not record.done or not path.exists():  # pretraining has no scores
                continue
            self.verify(record.folder)
            try:  # not read_table: its dataset layer triples the time of a small file
                table = pq.ParquetFile(path).read()
            except (pa.ArrowException, OSError) as error:
                reason = str(error).split(".")[0]
                raise UserError(f"{path} cannot be read ({reason}); move its folder away to run it again.") from error
            if "run_id" not in table.column_names:
                table = table.append_column("run_id", pa.array([run.id] * len(table), pa.string()))
            others = set(table["run_id"].to_pylist()) - {run.id}
            if others:
                raise UserError(
                    f"{path} holds rows of another run ({', '.join(map(str, sorted(others, key=str)[:3]))}); put the "
                    "run's own file back. Or remove its folder, and `xtl run` makes it again."
                )
            tables.append(table)
        if not tables:
            return pd.DataFrame({column: pd.Series(dtype=kind) for column, kind in types.items()})
        frame = pa.concat_tables(tables, promote_options="permissive").to_pandas()
        return _ordered(frame, types).astype(types)


# --- what a notebook writes into its run folder ---


def write_scores(folder: Path | str, frame: "DataFrame") -> None:
    """Write scores.parquet: SCORE_COLUMNS in their order and type, then whatever columns were added.

    Raises ValueError for missing columns, for values that do not fit a column's type, and for a missing `value`:
    a cell without a score has no row.
    """
    import pandas as pd

    values = pd.to_numeric(frame.get("value", pd.Series()), errors="coerce")
    if empty := int((~values.abs().lt(float("inf"))).sum()):
        raise ValueError(f"{SCORES_FILE}: {empty} rows have no finite value; a cell without a score has no row.")
    _write_table(Path(folder) / SCORES_FILE, frame, SCORE_TYPES)


def write_examples(folder: Path | str, frame: "DataFrame") -> None:
    """Write examples.parquet: EXAMPLE_COLUMNS (score in points), then added columns. Raises ValueError as above."""
    _write_table(Path(folder) / EXAMPLES_FILE, frame, EXAMPLE_TYPES)


def _write_table(path: Path, frame: "DataFrame", types: dict[str, str]) -> None:
    missing = [column for column in types if column not in frame.columns]
    if missing:
        raise ValueError(f"{path.name}: columns {missing} are missing; it starts with {list(types)}.")
    for column, kind in types.items():
        try:
            frame = frame.assign(**{column: frame[column].astype(kind)})
        except (TypeError, ValueError) as error:
            raise ValueError(f"{path.name}: column {column} must be {kind}: {error}") from error
    with replacing(path) as temporary:
        _ordered(frame, types).to_parquet(temporary, index=False)


def _ordered(frame: "DataFrame", first: Iterable[str]) -> "DataFrame":
    return frame[[*first, *(column for column in frame.columns if column not in first)]]


@lru_cache(maxsize=16)
def _by_id(folder: str, _modified: int) -> dict[str, str]:
    """Id (12 hex digits) -> name of every run folder of a phase; each state of the phase is listed once."""
    return {name[-12:]: name for name in os.listdir(folder) if name[-13:-12] == "-"}


def write_facts(folder: Path | str, **facts: Any) -> None:
    """Add facts of this run (tokens seen, parameters, precision, ...) to what run.json will hold under "facts"."""
    path = Path(folder) / FACTS_FILE
    write_json(path, (read_json(path) or {}) | facts)


def write_progress(folder: Path | str, step: int, steps: int, text: str) -> None:
    """Say how far the run is, see Progress."""
    # a reader sees the old or the new file, and losing it in a crash does not matter: no fsync, it is written often
    with replacing(Path(folder) / PROGRESS_FILE, durable=False) as temporary:
        temporary.write_text(json.dumps({"step": step, "steps": steps, "text": text}), "utf-8")


def read_progress(folder: Path | str) -> Progress | None:
    """What write_progress last said of a run that is not finished, or None."""
    content = read_json(Path(folder) / PROGRESS_FILE)
    try:
        return Progress(**content) if content else None
    except TypeError:  # other keys
        return None


def _held(path: Path) -> bool:
    if not path.exists():
        return False
    try:
        with FileLock(path, blocking=False, fallback_to_soft=False):
            return False
    except Timeout:
        return True
