"""Runs to finished run folders: a Dask cluster whose workers execute notebooks with papermill, in dependency order."""

import logging
import os
import re
import shutil
import tempfile
import traceback
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue

from xtl.base.errors import UserError
from xtl.runs.cluster import ALLOWED_FAILURES, cluster_from, local_cluster, sigterm_as_interrupt, worker_setup
from xtl.runs.record import State
from xtl.runs.store import CHECKPOINT, NOTEBOOK_FILE, SCORES_FILE, Store, read_progress, write_progress

# What a notebook of each phase must leave behind; the analysis leaves its report elsewhere.
PROMISES = {"pretrain": CHECKPOINT, "intermediate": CHECKPOINT, "target": SCORES_FILE}

OnEvent = Callable[[object, str, float | None, str | None], None]
OnProgress = Callable[[object, dict], None]


@dataclass(frozen=True)
class Outcome:
    """How a run ended: state done | cached | failed | blocked | killed, seconds of work, one line of error."""

    state: str
    seconds: float | None = None
    error: str | None = None

    @property
    def good(self) -> bool:
        return self.state in ("done", "cached")


def execute(
    runs: Iterable,
    store: Store,
    notebooks: Path | str,
    workers: int | None = None,
    cluster: Path | str | None = None,
    warm: bool = True,
    on_event: OnEvent | None = None,
    on_progress: OnProgress | None = None,
) -> dict[str, Outcome]:
    """Bring every run to its end, in parallel, and say how each ended: run id -> Outcome.

    Args:
        runs: xtl.runs.run.Run objects in any order; an upstream run must be among them or be done already.
        notebooks: the folder of the notebooks that runs name.
        workers: worker processes; default one per GPU, else one per core, never more than runs.
        cluster: a YAML file that describes where to run instead of this machine (params/clusters/).
        warm: fork kernels from a process with the libraries imported (xtl.runs.kernels).
        on_event: called as on_event(run, state, seconds, error) when a run starts ("running") and when it ends.
        on_progress: called as on_progress(run, progress) with store.read_progress of running runs, twice a second.

    If everything is done already no cluster is started. A failed run blocks what depends on it and nothing else.
    KeyboardInterrupt, and SIGTERM, which is turned into it, close the cluster and its kernels and are raised again;
    what is done stays done.

    Raises UserError, before anything runs, for notebooks that lack a parameter and for an unusable cluster file.
    """
    runs = {run.id: run for run in runs}
    on_event = on_event or (lambda *event: None)
    outcomes = {}
    for run in runs.values():
        if cached := _cached(store, run):
            outcomes[run.id] = cached
            on_event(run, "cached", cached.seconds, None)
    pending = {run_id: run for run_id, run in runs.items() if run_id not in outcomes}
    if not pending:
        return outcomes

    notebooks = Path(notebooks).absolute()
    checkpoints = {run_id: _checkpoints(run, runs, pending, store) for run_id, run in pending.items()}
    _validate(pending.values(), notebooks)
    if workers is not None and workers < 1:
        raise UserError(f"--workers is {workers}; it must be at least 1.")
    open_cluster = cluster_from(Path(cluster), workers) if cluster else local_cluster(workers, len(pending))
    with sigterm_as_interrupt(), open_cluster as client:
        client.register_plugin(worker_setup(warm))
        arguments = {i: (run, store.root, notebooks, checkpoints[i], warm) for i, run in pending.items()}
        outcomes |= _drive(client, pending, arguments, store, on_event, on_progress or (lambda *event: None))
    return outcomes


def validate_parameters(notebook: Path | str, names: Iterable[str]) -> None:
    """Raise UserError unless the notebook's annotated parameters cell has all these names; papermill only warns."""
    import nbformat
    from papermill.translators import PythonTranslator

    notebook = Path(notebook)
    if not notebook.is_file():
        raise UserError(f"The notebook {notebook} does not exist.")
    cells = nbformat.read(notebook, 4).cells
    tagged = [cell for cell in cells if "parameters" in cell.metadata.get("tags", ())]
    known = sorted(parameter.name for cell in tagged[:1] for parameter in PythonTranslator.inspect(cell))
    if not known:
        raise UserError(f"{notebook} has no cell tagged `parameters` with assignments; it receives its run there.")
    if unknown := sorted(set(names) - set(known)):
        raise UserError(
            f"{notebook} has no parameter {', '.join(unknown)}; its parameters cell knows {', '.join(known)}."
        )


# --- in the worker process ---


def execute_one(run, root: Path, notebooks: Path, checkpoints: dict[str, str], warm: bool) -> Outcome:
    """Execute one run in this process unless it is done; the function that Dask workers call.

    Looking for `done` first makes every retry of Dask harmless. If another process has the run's lock, waits for it.
    """
    store = Store(root)
    if outcome := _cached(store, run):
        return outcome
    with store.lock(run):
        if outcome := _cached(store, run):
            return outcome
        folder = store.begin(run)
        try:
            _execute_notebook(run, folder, notebooks / run.notebook, checkpoints, warm)
            promise = PROMISES.get(run.phase)
            if promise and not (folder / promise).exists():
                raise _NotebookError(f"the notebook ended without {promise}, which a {run.phase} run must leave", None)
        except _NotebookError as error:
            record = store.fail(run, error.line, error.traceback)
        except Exception as error:
            record = store.fail(run, f"{type(error).__name__}: {error}", traceback.format_exc())
        else:
            record = store.finish(run)
    return Outcome(record.state, record.seconds, record.error)


class _NotebookError(Exception):
    def __init__(self, line: str, traceback: str | None):
        super().__init__(line)
        self.line, self.traceback = line, traceback


def _cached(store: Store, run) -> Outcome | None:
    record = store.record(run)
    return Outcome("cached", record.seconds) if record.done else None


def _parameters(run, folder: Path, checkpoints: dict[str, str]) -> dict:
    return {**run.params, **run.passed, **checkpoints, "run_dir": str(folder), "labels": run.labels.to_dict()}


def _execute_notebook(run, folder: Path, notebook: Path, checkpoints: dict[str, str], warm: bool) -> None:
    """Execute the notebook into the run folder. Raises _NotebookError with the failing cell's error."""
    import papermill
    from nbclient.exceptions import DeadKernelError
    from traitlets.config import Config

    from xtl.runs import kernels

    _papermill_quiet()
    at = {"cell": 0, "cells": 0}

    def on_notebook_start(notebook):
        at["cells"] = len(notebook.cells)

    def on_cell_start(cell, cell_index):
        at["cell"] = cell_index + 1
        text = "cell {cell} of {cells}".format_map(at)
        write_progress(folder, {"step": at["cell"], "steps": at["cells"], "text": text})

    with _socket_folder() as sockets:
        config = Config()
        # Sockets in a private folder instead of TCP ports, which anybody on the machine could connect to
        config.KernelManager.transport = "ipc"
        config.KernelManager.ip = str(sockets / "k")
        config.KernelManager.connection_file = str(sockets / "kernel.json")
        try:
            papermill.execute_notebook(
                str(notebook),
                str(folder / NOTEBOOK_FILE),
                parameters=_parameters(run, folder, checkpoints),
                kernel_name="python3",
                language="python",
                progress_bar=False,
                request_save_on_cell_execute=True,  # a killed run leaves the notebook as far as it came
                start_timeout=300,
                config=config,
                kernel_manager_class=kernels.WarmKernels if warm else kernels.FreshKernels,
                resources={"metadata": {"path": str(notebook.parent)}},  # the folder that JupyterLab would start it in
                on_notebook_start=on_notebook_start,
                on_cell_start=on_cell_start,
            )
        except papermill.PapermillExecutionError as error:
            line = f"{error.ename}: {error.evalue.strip()}".removesuffix(": ")
            text = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(error.traceback))
            raise _NotebookError(f"{line.splitlines()[0]} (cell {error.exec_count})", text) from error
        except DeadKernelError as error:
            raise _NotebookError(
                f"the kernel died in cell {at['cell']} of {NOTEBOOK_FILE}: the system killed it, "
                "as it does when memory runs out, or a library crashed",
                None,
            ) from error


@contextmanager
def _socket_folder() -> Iterator[Path]:
    """A private folder for a kernel's sockets, whose path leaves room for names within the 107 bytes of a socket's."""
    base = tempfile.gettempdir()
    if len(os.fsencode(base)) > 80:
        base = "/tmp"
    folder = Path(tempfile.mkdtemp(prefix="xtl-", dir=base))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _papermill_quiet() -> None:
    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # errors are reported once, by the outcome


# --- in the parent process ---


def _checkpoints(run, runs: dict, pending: Container, store: Store) -> dict[str, str]:
    """Notebook parameter -> checkpoint folder of the upstream run. Raises UserError for one that nobody will make."""
    paths = {}
    for name, run_id in run.upstream.items():
        folder = store.folder(runs[run_id]) if run_id in runs else store.find_done(run_id)
        if folder is None:
            raise UserError(f"{run.folder} needs the run {run_id}, which is neither asked for nor done.")
        if run_id not in pending and not (folder / CHECKPOINT).is_dir():
            raise UserError(
                f"{run.folder} starts from {folder / CHECKPOINT}, which is gone although its run is done; put it back, "
                f"or remove the folder {folder}, and the run is done again."
            )
        paths[name] = str(folder / CHECKPOINT)
    return paths


def _validate(runs: Iterable, notebooks: Path) -> None:
    names: dict[str, set[str]] = {}
    for run in runs:
        names.setdefault(run.notebook, set()).update(_parameters(run, Path(), dict.fromkeys(run.upstream, "")))
    for notebook, parameters in names.items():
        validate_parameters(notebooks / notebook, parameters)


def _drive(client, pending: dict, arguments: dict, store: Store, on_event: OnEvent, on_progress: OnProgress) -> dict:
    """Submit runs as workers become free and their upstream is done, until every run has an outcome.

    Dask would place a run on a worker long before it can start there, by where its (tiny) inputs lie, and move it
    later by guesses of its duration. Here at most one run per worker is submitted at a time, so a run starts
    where there is room, and those that most others wait for come first.
    """
    outcomes: dict[str, Outcome] = {}
    running: dict[str, object] = {}
    ended: Queue = Queue()
    waiting = sorted(pending, key=_dependants(pending).__getitem__, reverse=True)

    def close(run_id: str, outcome: Outcome) -> None:
        outcomes[run_id] = outcome
        on_event(pending[run_id], outcome.state, outcome.seconds, outcome.error)

    while waiting or running:
        room = max(1, len(client.nthreads()))  # a cluster's workers come and go; each executes one notebook at a time
        for run_id in list(waiting):
            upstream = [i for i in pending[run_id].upstream.values() if i in pending]
            if bad := [i for i in upstream if i in outcomes and not outcomes[i].good]:
                waiting.remove(run_id)
                close(run_id, Outcome("blocked", error=f"needs {pending[bad[0]].folder}, which has not been made"))
            elif len(running) < room and all(i in outcomes for i in upstream):
                waiting.remove(run_id)
                future = client.submit(execute_one, *arguments[run_id], key=run_id, pure=False, retries=0)
                running[run_id] = future
                on_event(pending[run_id], "running", None, None)
                future.add_done_callback(ended.put)
        if not running:
            continue  # everything left was blocked, or is now free to be looked at again
        with suppress(Empty):
            future = ended.get(timeout=0.5)
            run_id = future.key
            del running[run_id]
            close(run_id, _outcome(future, pending[run_id], store))
        for run_id in running:
            if progress := read_progress(store.folder(pending[run_id])):
                on_progress(pending[run_id], progress)
    return outcomes


def _outcome(future, run, store: Store) -> Outcome:
    error = future.exception()
    if error is None:
        return future.result()
    from distributed.scheduler import KilledWorker

    if not isinstance(error, KilledWorker):
        return Outcome("failed", error=f"{type(error).__name__}: {error}")
    line = f"its worker process died {ALLOWED_FAILURES + 1} times: killed, as the system does when memory runs out"
    if store.state(run) is State.INTERRUPTED:  # nobody else works on it: leave the trace
        store.fail(run, line)
    return Outcome("killed", error=line)


def _dependants(runs: dict) -> dict[str, int]:
    """Run id -> how many of the runs wait for it, directly or through others."""
    after: dict[str, set[str]] = {run_id: set() for run_id in runs}
    for run_id, run in runs.items():
        for upstream in run.upstream.values():
            if upstream in after:
                after[upstream].add(run_id)

    def reach(run_id: str) -> set[str]:
        return after[run_id].union(*(reach(following) for following in after[run_id]))

    return {run_id: len(reach(run_id)) for run_id in runs}
