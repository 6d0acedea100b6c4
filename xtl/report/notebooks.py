"""Writing the pages of many notebooks, on all cores."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from xtl.base.files import replacing
from xtl.base.machine import cores
from xtl.report import render

FEW = 12  # pages that one process renders in the time that another needs to start (3 s)
MOST = 16  # processes


class Job(NamedTuple):
    """A page to be written: its path, the notebook that it shows, and the arguments of render.notebook_page."""

    path: Path
    notebook: Path
    title: str
    facts: Mapping[str, str]


def write(job: Job) -> None:
    """Render one notebook and put its page in place at once, so that no moment shows half a page."""
    with replacing(job.path, durable=False) as temporary:
        temporary.write_text(render.notebook_page(job.notebook, job.title, job.facts), "utf-8")


def write_all(jobs: Sequence[Job], workers: int | None = None) -> None:
    """Write the pages, on all cores where there are more than a few (a page takes about 0.3 s).

    workers: processes; default a core each. When a stop comes in between, every page is the old one or the new one,
    and no process is left behind. Should the machine end a process (out of memory), the pages are made here instead.
    """
    wanted = min(workers or cores(), MOST, len(jobs) // FEW)
    try:
        if wanted > 1:
            return _write_together(jobs, wanted)
    except BrokenProcessPool:
        pass
    for job in jobs:
        write(job)


def _write_together(jobs: Sequence[Job], workers: int) -> None:
    """Write the pages in processes of their own. Spawned, not forked: the caller may have threads."""
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _leave_with_parent)
    try:
        with _ctrl_c_is_ours():
            waiting = [pool.submit(write, job) for job in jobs]
        for each in waiting:
            each.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _leave_with_parent() -> None:
    """End this process when its parent is gone, however that ended."""

    def watch():
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def _ctrl_c_is_ours() -> Iterator[None]:
    """Processes that start in this block never see the terminal's Ctrl-C: this one does, and tells them to stop."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
