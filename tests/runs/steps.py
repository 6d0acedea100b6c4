"""Runs of a small notebook for the tests of executing them, and what asks the system about processes."""

import asyncio
import hashlib
import time
from pathlib import Path

import nbformat
import psutil
from distributed import Scheduler, SpecCluster
from distributed.deploy.spec import ProcessInterface

from xtl.runs.record import Labels
from xtl.runs.run import Run
from xtl.runs.worker import Job, Outcome, execute_one

PARAMETERS = "value: int = 0\nbase: str = ''\nrun_dir: str = ''\nlabels: dict = {}  # free"

# The notebook of a phase that promises a checkpoint: what it does is its parameter


STEP = """
import os, signal, time
from pathlib import Path
folder = Path(run_dir)
if value == -1:
    raise ValueError("minus one\\nis not allowed")
if value == -2:
    os.kill(os.getpid(), signal.SIGKILL)
if value == -3:  # the Dask worker, which is the parent of a fresh kernel
    os.kill(os.getppid(), signal.SIGKILL); time.sleep(600)
if value == -4:
    (folder.parent.parent / "pids").mkdir(exist_ok=True)
    (folder.parent.parent / "pids" / str(os.getpid())).touch()
    time.sleep(600)
(folder / "checkpoint").mkdir()
upstream = int((Path(base) / "sum").read_text()) if base else 0
(folder / "checkpoint" / "sum").write_text(str(upstream + value))
print("sum", value)
"""


def write_notebook(path: Path, *cells: str, tagged: bool = True) -> None:
    first, *others = [nbformat.v4.new_code_cell(cell) for cell in cells]
    if tagged:
        first.metadata["tags"] = ["parameters"]
    nbformat.write(nbformat.v4.new_notebook(cells=[first, *others]), path)


def step(name: str, value: int, base=None, phase: str = "intermediate", **params) -> Run:
    """A run of the notebook above, upstream of which is another one."""
    digest = hashlib.sha256(f"{name} {value} {base and base.hash}".encode()).hexdigest()
    upstream = {"base": base.id} if base else {}
    return Run(phase, name, {"value": value} | params, upstream, digest, Labels(encoder="e"))


def one(run, store, notebooks, checkpoints=None) -> Outcome:
    return execute_one(Job(run, store.root, notebooks, checkpoints or {}, warm=False))


def descendants(pid: int) -> set[int]:
    """All processes below this one, but multiprocessing's resource tracker, which lives as long as its parent."""
    children = psutil.Process(pid).children(recursive=True)
    return {child.pid for child in children if "resource_tracker" not in " ".join(child.cmdline())}


def alive(pids) -> set[int]:
    return {p for p in pids if psutil.pid_exists(p) and psutil.Process(p).status() != psutil.STATUS_ZOMBIE}


def wait_until(condition, seconds: float = 300):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if result := condition():
            return result
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def note(record) -> None:
    """What the next test has called after a run: leaves a file beside run.json, and refuses one run."""
    (record.folder / "note").write_text(f"{record.slug} {record.state} {record.error}")
    if record.slug == "refused":
        raise ValueError("no\nnote")


class Submission(ProcessInterface):
    """A worker of a batch system whose command is not there."""

    def __init__(self, scheduler=None, name=None):
        super().__init__(scheduler=scheduler, name=name)

    async def start(self):
        """Submit it."""
        await asyncio.create_subprocess_exec("sbatch-of-nowhere")


class Queue(SpecCluster):
    """A cluster of such workers, as dask-jobqueue makes them."""

    def __init__(self):
        options = {"host": "127.0.0.1", "port": 0, "dashboard": False}
        super().__init__(scheduler={"cls": Scheduler, "options": options}, worker={"cls": Submission})
