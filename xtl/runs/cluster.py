"""Where runs are executed: worker processes on this machine, or the Dask cluster that a YAML file describes."""

import asyncio
import importlib
import logging
import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import BaseModel, Field

from xtl.base.errors import UserError
from xtl.base.machine import cores, visible_gpus
from xtl.base.validation import STRICT, one_sentence

# dask and distributed are imported where they are used: a grid that is done starts in a moment without them.
if TYPE_CHECKING:
    from distributed import Client, SpecCluster, Worker, WorkerPlugin

# How often a worker process may die under one run before the run counts as failed: once may be chance (the machine was
# short of memory just then), twice is the run.
ALLOWED_FAILURES = 1

LOOPBACK = "127.0.0.1"  # a scheduler runs the code of whoever reaches it


def worker_environments(count: int) -> list[dict[str, str]]:
    """The environment variables of each of `count` local workers.

    Threads of all workers together must not exceed the cores: threads that compete wait for each other most of the
    time. Worker i sees GPU i, or shares it when there are more workers than GPUs.
    """
    gpus = list(visible_gpus())
    threads = str(max(1, cores() // count))
    environment = {
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "OMP_WAIT_POLICY": "PASSIVE",  # idle threads sleep instead of spinning on a core that a neighbour needs
        "TOKENIZERS_PARALLELISM": "false",
    }
    if not gpus:
        return [environment] * count
    return [environment | {"CUDA_VISIBLE_DEVICES": gpus[number % len(gpus)]} for number in range(count)]


@contextmanager
def local_cluster(workers: int | None, runs: int) -> Iterator["Client"]:
    """A client of `workers` worker processes here (default: one per GPU, else per core), never more than `runs`."""
    count = min(workers or len(visible_gpus()) or cores(), runs)
    # Without these, both would serve statistics by HTTP on every interface
    quiet = {"host": LOOPBACK, "dashboard": False, "dashboard_address": f"{LOOPBACK}:0"}
    with ExitStack() as stack:
        with _starting("This machine's workers"):
            import dask
            from distributed import Client, Nanny, Scheduler, SpecCluster

            # The temporary folder of workers and kernels, which may be killed before they clear up after themselves
            scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="xtl-", ignore_cleanup_errors=True))
            stack.enter_context(_environment_kept())  # a Nanny writes into the environment of its own process
            # What a site configures for its own clusters, such as encryption, does not hold on the loopback address
            stack.enter_context(dask.config.set(dask.config.merge(*dask.config.defaults)))
            stack.enter_context(dask.config.set({
                "distributed.scheduler.allowed-failures": ALLOWED_FAILURES,
                "distributed.scheduler.worker-ttl": None,  # a laptop that slept has lost nothing
                "distributed.nanny.pre-spawn-environ": {},  # the environment below is all there is to set
                "distributed.worker.multiprocessing-method": "spawn",
                # Workers share their cores with the training: by default they wake a hundred times a second
                "distributed.worker.profile.enabled": False,
                "distributed.admin.tick.interval": "500ms",
                "distributed.admin.system-monitor.interval": "5s",
                "distributed.admin.system-monitor.gil.enabled": False,
                "temporary-directory": scratch,
            }))  # fmt: skip
            place = {"nthreads": 1, "memory_limit": 0, "local_directory": scratch}
            options = quiet | place | {"silence_logs": logging.FATAL}
            cluster = SpecCluster(
                scheduler={"cls": Scheduler, "options": {"port": 0, **quiet}},
                workers={
                    i: {"cls": Nanny, "options": {**options, "env": {**environment, "TMPDIR": scratch}}}
                    for i, environment in enumerate(worker_environments(count))
                },
                silence_logs=logging.CRITICAL,
            )
            client = Client(cluster, set_as_default=False)
        try:
            yield client
        finally:
            with _undisturbed():
                # Not gracefully: at the end workers are idle, and after Ctrl-C their kernels have to go at once
                cluster.sync(_close_workers, cluster)
                client.close(timeout=2)
                cluster.close(timeout=5)


async def _close_workers(cluster: "SpecCluster") -> None:
    await asyncio.gather(*(nanny.close(timeout=0.5) for nanny in cluster.workers.values()), return_exceptions=True)


@contextmanager
def cluster_from(path: Path, workers: int | None) -> Iterator["Client"]:
    """A client of the cluster that a YAML file describes: {class: dotted name, options: {...}, scale: workers}.

    Raises UserError where the file cannot be read, has other keys, names a class that cannot be imported, or describes
    a cluster that does not start.
    """
    cluster_class, options, scale = read_cluster_file(path)
    with ExitStack() as stack:
        with _starting(f"{path}: {cluster_class.__name__}"):
            from distributed import Client, SpecCluster

            cluster = cluster_class(**options)
            stack.callback(_close_quietly, cluster)
            client = Client(cluster, set_as_default=False)
            if isinstance(cluster, SpecCluster):
                cluster.sync(_ask_for_workers, cluster, workers or scale)
            else:
                cluster.scale(workers or scale)
        try:
            yield client
        finally:
            with _undisturbed():
                client.close(timeout=5)


async def _ask_for_workers(cluster: "SpecCluster", count: int) -> None:
    """Ask and wait for the answer, so that a batch system that refuses is an error here instead of a line in a log."""
    cluster.scale(count)
    await cluster._correct_state()


def _close_quietly(cluster: Any) -> None:
    """Close a cluster, however far it came."""
    with _undisturbed(), suppress(Exception):
        cluster.close()


@contextmanager
def _starting(what: str) -> Iterator[None]:
    """Turn whatever a cluster raises while it starts into one sentence, with the first cause of it."""
    level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)  # Dask logs tracebacks
    try:
        yield
    except Exception as error:
        cause: BaseException = error
        while "failed to start" in str(cause) and cause.__cause__:  # Dask's own, which says nothing
            cause = cause.__cause__
        reason = " ".join(str(cause).split()) or type(cause).__name__
        raise UserError(f"{what} cannot be started here: {reason.rstrip('.')}.") from error
    finally:
        logging.disable(level)


class ClusterFile(BaseModel):
    """What a cluster file says."""

    model_config = STRICT

    dotted: str = Field(alias="class", description="dotted name of a class of Dask clusters")
    options: dict[str, Any] = Field({}, description="its arguments")
    scale: int = Field(1, ge=1, description="number of workers")


def read_cluster_file(path: Path) -> tuple[type, dict[str, Any], int]:
    """(cluster class, its options, number of workers) of a cluster file. Raises UserError, see cluster_from."""
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError:
        raise UserError(f"The cluster file {path} does not exist; params/clusters/ has examples.") from None
    except (OSError, yaml.YAMLError) as error:
        raise UserError(f"The cluster file {path} cannot be read: {' '.join(str(error).split())}.") from error
    if not isinstance(content, dict) or "class" not in content:
        raise UserError(f"The cluster file {path} must be a mapping with the key `class`, as in params/clusters/.")
    with one_sentence(str(path), ClusterFile):
        file = ClusterFile(**content)
    module, _, name = file.dotted.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), name) if module else None
    except ModuleNotFoundError as error:
        package = (error.name or module).partition(".")[0]
        raise UserError(
            f"{path} needs the package {package}, which is not installed here: pip install {package.replace('_', '-')}."
        ) from error
    except AttributeError:
        found = None
    except Exception as error:  # such as a Dask configuration of the site that is no YAML
        raise UserError(f"{path}: {module} cannot be imported: {' '.join(str(error).split())}.") from error
    if not isinstance(found, type):
        raise UserError(f"{path}: there is no class {file.dotted}.")
    return found, file.options, file.scale


def worker_setup(warm: bool) -> "WorkerPlugin":
    """The Dask plugin of every worker, of any cluster."""
    from distributed import WorkerPlugin

    class WorkerSetup(WorkerPlugin):
        """Leaves Ctrl-C to the parent, which closes its workers, and starts the zygote before a run needs it."""

        name = "xtl"

        def setup(self, worker: "Worker") -> None:
            """Called in the worker before its first run."""
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGINT, signal.SIG_IGN)
            if warm:
                from xtl.runs import kernels

                with suppress(kernels.ZygoteError):  # the provisioner says it with the first kernel
                    kernels.zygote()

    return WorkerSetup()


@contextmanager
def _signals(handler: Any, *numbers: signal.Signals) -> Iterator[None]:
    """In the block, these signals have this handler. Only the main thread may set one: elsewhere nothing changes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def sigterm_as_interrupt() -> AbstractContextManager[None]:
    """Within the block, SIGTERM raises KeyboardInterrupt, so that both close what is open."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt("SIGTERM")

    return _signals(interrupt, signal.SIGTERM)


def _undisturbed() -> AbstractContextManager[None]:
    """A second Ctrl-C must not interrupt the closing, which is bounded in time."""
    return _signals(signal.SIG_IGN, signal.SIGINT, signal.SIGTERM)


@contextmanager
def _environment_kept() -> Iterator[None]:
    before = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
