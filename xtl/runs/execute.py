"""Runs to finished run folders: which run goes to which worker and when, and how each of them ended."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue
from typing import TYPE_CHECKING

from xtl.base.errors import UserError
from xtl.runs.cluster import ALLOWED_FAILURES, cluster_from, local_cluster, sigterm_as_interrupt, worker_setup
from xtl.runs.promises import CHECKPOINT, PROMISES
from xtl.runs.record import State
from xtl.runs.run import Run
from xtl.runs.store import Progress, Store, read_progress
from xtl.runs.worker import Ending, Job, Outcome, execute_one, settled

# papermill, nbformat and distributed are imported where they are used: a grid that is done starts in a moment without.
if TYPE_CHECKING:
    from distributed import Client, Future


class Watch:
    """What is told of runs while they are executed; does nothing of itself."""

    def started(self, run: Run) -> None:
        """A worker has taken the run."""

    def progress(self, run: Run, progress: Progress) -> None:
        """A running run says how far it is, twice a second."""

    def ended(self, run: Run, outcome: Outcome) -> None:
        """The run has ended, or was done before."""


def execute(
    runs: Iterable[Run],
    store: Store,
    notebooks: Path | str,
    workers: int | None = None,
    cluster: Path | str | None = None,
    warm: bool = True,
    watch: Watch | None = None,
    after_run: str | None = None,
) -> dict[str, Outcome]:
    """Bring every run to its end, in parallel, and say how each ended: run id -> Outcome.

    Args:
        runs: in any order, with all that they need.
        notebooks: the folder of the notebooks that runs name.
        workers: worker processes; default one per GPU, else one per core, never more than runs.
        cluster: a YAML file that describes where to run instead of this machine (params/clusters/).
        warm: fork kernels from a process with the libraries imported (xtl.runs.kernels).
        watch: is told when a run starts, how far it is, and when it ends.
        after_run: `module:function`, called in the worker with the RunRecord of every run that ended there, done or
            failed; what it raises is the outcome's warning and changes nothing else.

    If everything is done already no cluster is started. A failed run blocks what depends on it and nothing else, and so
    does a finished one whose files are not what it left: it is not made again before somebody has looked.
    KeyboardInterrupt, and SIGTERM, which is turned into it, close the cluster and its kernels and are raised again;
    what is done stays done.

    Raises UserError, before anything runs, for notebooks that lack a parameter and for an unusable cluster file.
    """
    asked = {run.id: run for run in runs}
    watch = watch or Watch()
    outcomes: dict[str, Outcome] = {}
    for run in asked.values():
        if outcome := settled(store, run):
            outcomes[run.id] = outcome
            watch.ended(run, outcome)
    pending = {run_id: run for run_id, run in asked.items() if run_id not in outcomes}
    if not pending:
        return outcomes

    folder = Path(notebooks).absolute()
    jobs = {}
    for run in pending.values():
        checkpoints = _checkpoints(run, asked, pending, store)
        jobs[run.id] = Job(run, store.root, folder, checkpoints, warm, after_run)
    _validate(jobs.values())
    if workers is not None and workers < 1:
        raise UserError(f"--workers is {workers}; it must be at least 1.")
    open_cluster = cluster_from(Path(cluster), workers) if cluster else local_cluster(workers, len(jobs))
    with sigterm_as_interrupt(), open_cluster as client:
        client.register_plugin(worker_setup(warm))
        _drive(client, jobs, store, watch, asked, outcomes)
    return outcomes


def validate_parameters(notebook: Path, names: Iterable[str]) -> None:
    """Raise UserError unless the notebook's annotated parameters cell has all these names; papermill only warns."""
    import nbformat
    from papermill.translators import PythonTranslator

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


def _validate(jobs: Iterable[Job]) -> None:
    names: dict[Path, set[str]] = {}
    for job in jobs:
        notebook = job.notebooks / job.run.notebook
        names.setdefault(notebook, set()).update(job.parameters(""))
    for notebook, parameters in names.items():
        validate_parameters(notebook, parameters)


def _checkpoints(run: Run, asked: Mapping[str, Run], pending: Collection[str], store: Store) -> dict[str, str]:
    """Notebook parameter -> what the upstream run leaves. Raises UserError for one that nobody makes."""
    paths = {}
    for name, run_id in run.upstream.items():
        if run_id not in asked:
            raise UserError(f"{run.folder} needs the run {run_id}, which is not asked for.")
        folder = store.folder(asked[run_id])
        left = folder / PROMISES.get(asked[run_id].phase, CHECKPOINT)
        if run_id not in pending and not left.exists():
            raise UserError(
                f"{folder} lacks its {left.name}, from which {run.folder} starts, although its run is done; put it "
                "back, or remove that folder, and the run is done again."
            )
        paths[name] = str(left)
    return paths


def _drive(
    client: Client,
    jobs: Mapping[str, Job],
    store: Store,
    watch: Watch,
    asked: Mapping[str, Run],
    outcomes: dict[str, Outcome],
) -> None:
    """Submit runs as workers become free and their upstream is done, until every run asked for has an outcome.

    Dask would place a run on a worker long before it can start there, by where its (tiny) inputs lie, and move it
    later by guesses of its duration. Here at most one run per worker is submitted at a time, so a run starts
    where there is room, and those that most others wait for come first.
    """
    runs = {run_id: job.run for run_id, job in jobs.items()}
    running: set[str] = set()
    ended: Queue[Future] = Queue()
    waiting = sorted(runs, key=_dependants(runs).__getitem__, reverse=True)

    def close(run_id: str, outcome: Outcome) -> None:
        outcomes[run_id] = outcome
        watch.ended(runs[run_id], outcome)

    while waiting or running:
        room = max(1, len(client.nthreads()))  # a cluster's workers come and go; each executes one notebook at a time
        for run_id in list(waiting):
            upstream = runs[run_id].upstream.values()
            ready = all(i in outcomes for i in upstream)
            bad = [i for i in upstream if i in outcomes and not outcomes[i].good]
            if bad:
                waiting.remove(run_id)
                damaged = outcomes[bad[0]].state is Ending.DAMAGED
                why = "is damaged" if damaged else "has not been made"
                close(run_id, Outcome(Ending.BLOCKED, error=f"needs {asked[bad[0]].folder}, which {why}"))
            elif ready and len(running) < room:
                waiting.remove(run_id)
                running.add(run_id)
                future = client.submit(execute_one, jobs[run_id], key=run_id, pure=False, retries=0)
                watch.started(runs[run_id])
                future.add_done_callback(ended.put)
        if not running:
            continue  # everything left was blocked, or is now free to be looked at again
        with suppress(Empty):
            future = ended.get(timeout=0.5)
            run_id = str(future.key)
            running.remove(run_id)
            close(run_id, _outcome(future, runs[run_id], store))
        for run_id in running:
            if progress := read_progress(store.folder(runs[run_id])):
                watch.progress(runs[run_id], progress)


def _outcome(future: Future, run: Run, store: Store) -> Outcome:
    """How a run ended whose future is finished."""
    from distributed.scheduler import KilledWorker

    error = future.exception()
    if error is None:
        return future.result()
    if not isinstance(error, KilledWorker):
        return Outcome(Ending.FAILED, error=f"{type(error).__name__}: {error}")
    line = f"its worker process died {ALLOWED_FAILURES + 1} times: killed, as the system does when memory runs out"
    if store.state(run) is State.INTERRUPTED:  # nobody else works on it: leave the trace
        store.fail(run, line)
    return Outcome(Ending.KILLED, error=line)


def _dependants(runs: Mapping[str, Run]) -> dict[str, int]:
    """Run id -> how many of the runs wait for it, directly or through others."""
    after: dict[str, set[str]] = {run_id: set() for run_id in runs}
    for run_id, run in runs.items():
        for upstream in run.upstream.values():
            if upstream in after:
                after[upstream].add(run_id)

    def reach(run_id: str) -> set[str]:
        return after[run_id].union(*(reach(following) for following in after[run_id]))

    return {run_id: len(reach(run_id)) for run_id in runs}
