"""What a worker process does with one run: executes its notebook into its folder and records how that ended."""

from __future__ import annotations

import importlib
import logging
import os
import re
import tempfile
import traceback
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from xtl.base.errors import UserError
from xtl.runs.promises import PROMISES
from xtl.runs.record import RunRecord, State
from xtl.runs.run import Run
from xtl.runs.store import NOTEBOOK_FILE, Store, write_progress

# papermill and what belongs to it are imported where they are used: a grid that is done starts in a moment without.


class Ending(StrEnum):
    """How a run that was asked for ended."""

    DONE = "done"
    CACHED = "cached"  # it was done before
    DAMAGED = "damaged"  # it was done before, and a file of it is not what it left
    FAILED = "failed"
    BLOCKED = "blocked"  # a run that it needs has failed
    KILLED = "killed"  # the system killed its worker, twice


@dataclass(frozen=True)
class Outcome:
    """How a run ended: seconds of work, one line of error, and one line on what went wrong after it had ended."""

    state: Ending
    seconds: float | None = None
    error: str | None = None
    warning: str | None = None

    @property
    def good(self) -> bool:
        """Whether what the run makes is there."""
        return self.state in (Ending.DONE, Ending.CACHED)


@dataclass(frozen=True)
class Job:
    """One run, with all that a worker must know to execute it.

    Attributes:
        root: the outputs folder.
        notebooks: the folder of the notebooks that runs name.
        checkpoints: notebook parameter -> what the upstream run left for it, as a rule its checkpoint folder.
        warm: fork the kernel from a process with the libraries imported (xtl.runs.kernels).
        after_run: `module:function`, called with the RunRecord of the run when it has ended, done or failed.
    """

    run: Run
    root: Path
    notebooks: Path
    checkpoints: dict[str, str]
    warm: bool = True
    after_run: str | None = None

    def parameters(self, folder: Path | str) -> dict[str, Any]:
        """The parameters of the notebook when it works in `folder`; `trials.0` and so on make the list `trials`."""
        upstream: dict[str, Any] = {}
        for name, path in self.checkpoints.items():
            name, several, _ = name.partition(".")
            upstream[name] = [*upstream.get(name, []), path] if several else path
        return {
            **self.run.params,
            **self.run.passed,
            **upstream,
            "run_dir": str(folder),
            "labels": self.run.labels.to_dict(),
        }


class NotebookError(Exception):
    """A notebook that failed: one line, and the traceback's text where there is one."""

    def __init__(self, line: str, traceback: str | None = None) -> None:
        super().__init__(line)
        self.line = line
        self.traceback = traceback


def execute_one(job: Job) -> Outcome:
    """Execute one run in this process unless it is done.

    Looking for `done` first makes every retry of Dask harmless. If another process has the run's lock, waits for it.
    """
    run = job.run
    store = Store(job.root)
    if outcome := settled(store, run):
        return outcome
    with store.lock(run):
        if outcome := settled(store, run):
            return outcome
        folder = store.begin(run)
        try:
            for checkpoint in job.checkpoints.values():
                store.verify(Path(checkpoint).parent)
            _execute_notebook(job, folder)
            promise = PROMISES.get(run.phase)
            if promise and not (folder / promise).exists():
                raise NotebookError(f"the notebook ended without {promise}, which a {run.phase} run must leave")
        except NotebookError as error:
            record = store.fail(run, error.line, error.traceback)
        except UserError as error:
            record = store.fail(run, str(error))
        except Exception as error:
            record = store.fail(run, f"{type(error).__name__}: {error}", traceback.format_exc())
        else:
            record = store.finish(run)
    outcome = Outcome(Ending(record.state), record.seconds, record.error)
    return replace(outcome, warning=_call(job.after_run, record)) if job.after_run else outcome


def settled(store: Store, run: Run) -> Outcome | None:
    """The outcome of a run that is done already, or was and is damaged; None for any other."""
    record = store.checked(run)
    if record.state is State.DAMAGED:
        return Outcome(Ending.DAMAGED, error=record.error)
    return Outcome(Ending.CACHED, record.seconds) if record.done else None


def _call(name: str, record: RunRecord) -> str | None:
    """Call `module:function` with the record; one line on what went wrong, which changes nothing about the run."""
    try:
        module, _, function = name.partition(":")
        getattr(importlib.import_module(module), function)(record)
    except Exception as error:
        reason = " ".join(str(error).split())
        return f"{name} after {record.slug}: {type(error).__name__}: {reason}"
    return None


def _execute_notebook(job: Job, folder: Path) -> None:
    """Execute the notebook of a run into its folder. Raises NotebookError with the failing cell's error."""
    import papermill
    from nbclient.exceptions import DeadKernelError
    from nbformat import NotebookNode
    from traitlets.config import Config

    from xtl.runs import kernels

    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # errors are reported once, by the outcome
    path = job.notebooks / job.run.notebook
    cells = 0
    number = 0

    def on_notebook_start(notebook: NotebookNode) -> None:
        nonlocal cells
        cells = len(notebook.cells)

    def on_cell_start(cell: NotebookNode, cell_index: int) -> None:
        nonlocal number
        number = cell_index + 1
        write_progress(folder, number, cells, f"cell {number} of {cells}")

    with _socket_folder() as sockets:
        config = Config()
        # Sockets in a private folder instead of TCP ports, which anybody on the machine could connect to
        config.KernelManager.transport = "ipc"
        config.KernelManager.ip = f"{sockets}/k"
        config.KernelManager.connection_file = f"{sockets}/kernel.json"
        try:
            papermill.execute_notebook(
                _literal(path),
                _literal(folder / NOTEBOOK_FILE),
                parameters=job.parameters(folder),
                kernel_name="python3",
                language="python",
                progress_bar=False,
                request_save_on_cell_execute=True,  # a killed run leaves the notebook as far as it came
                start_timeout=300,
                config=config,
                kernel_manager_class=kernels.WarmKernels if job.warm else kernels.FreshKernels,
                resources={"metadata": {"path": str(path.parent)}},  # the folder that JupyterLab would start it in
                on_notebook_start=on_notebook_start,
                on_cell_start=on_cell_start,
            )
        except papermill.PapermillExecutionError as error:
            line = f"{error.ename}: {error.evalue.strip()}".removesuffix(": ").splitlines()[0]
            colours = r"\x1b\[[0-9;]*m"
            text = re.sub(colours, "", "\n".join(error.traceback))
            raise NotebookError(f"{line} (cell {error.exec_count})", text) from error
        except DeadKernelError as error:
            raise NotebookError(
                f"the kernel died in cell {number} of {NOTEBOOK_FILE}: the system killed it, "
                "as it does when memory runs out, or a library crashed"
            ) from error


def _literal(path: Path) -> str:
    """A path for papermill, which formats paths with the parameters: braces stand for themselves."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _socket_folder() -> tempfile.TemporaryDirectory[str]:
    """A private folder for a kernel's sockets, whose path leaves room for names within the 107 bytes of a socket's."""
    base = tempfile.gettempdir()
    short = base if len(os.fsencode(base)) <= 80 else "/tmp"
    return tempfile.TemporaryDirectory(prefix="xtl-", dir=short, ignore_cleanup_errors=True)
