"""The zygote, run as a script: it imports the heavy libraries once and then only forks kernels (kernels.py)."""

# What makes forking safe:
#   - a fork copies only the thread that calls it, and a lock that another thread holds stays locked in the copy for
#     ever; so the zygote never has a second thread, and refuses to fork when something has started one;
#   - it never touches CUDA, which does not survive a fork;
#   - it never imports xtl: a kernel reads the project's code fresh;
#   - a kernel gets its environment, folder, session and random state anew, and no file descriptor of the zygote;
#   - a kernel dies with the zygote (PR_SET_PDEATHSIG), and the zygote kills its kernels when its worker's end of the
#     socket closes, which the operating system does however the worker dies.

import atexit
import ctypes
import gc
import importlib
import json
import logging
import os
import random
import signal
import socket
import sys
import threading
import warnings
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

if __name__ == "__main__" and not sys.flags.safe_path:
    sys.path.pop(0)  # this file's folder, which would offer xtl's modules (store, kernels, ...) under bare names

KERNEL_MODULE = "ipykernel_launcher"
PR_SET_PDEATHSIG = 1
OPENBLAS = ("scipy_openblas_set_num_threads64_", "scipy_openblas_set_num_threads", "openblas_set_num_threads")

Message = dict[str, Any]  # a line of JSON on the socket between worker and zygote


def main() -> None:
    """Import the libraries that the command line names, then fork a kernel whenever the worker asks for one."""
    connection = socket.socket(fileno=int(sys.argv[1]))
    connection.set_inheritable(False)
    worker = os.getppid()
    warnings.filterwarnings("ignore", message="IProgress not found")  # tqdm's, meant for a person with a notebook
    for name in sys.argv[2:]:
        try:
            importlib.import_module(name)
        except ImportError as error:
            send(connection, {"error": f"{name} cannot be imported ({error})"})
            return
        if os.getppid() != worker:  # nobody is left to serve
            return
    _follow_stderr()
    gc.collect()
    gc.freeze()  # a collection in a kernel would otherwise write to, and so copy, the pages it shares with the zygote
    send(connection, {})
    zygote = os.getpid()
    if request := serve(connection):
        become_kernel(request, zygote)


def send(connection: socket.socket, message: Message) -> None:
    """Send one message to the other end."""
    connection.sendall(json.dumps(message).encode() + b"\n")


def serve(connection: socket.socket) -> Message | None:
    """Answer the worker until it is gone (None), or return, in a forked kernel, what was asked for it."""
    returncodes: dict[int, int | None] = {}  # of the kernels, None while they run
    lines = connection.makefile("rb")
    for line in lines:
        message = json.loads(line)
        answer: Message = {}
        pid = message.get("pid")
        if message["do"] == "fork":
            if threads := _other_threads():
                answer = {"error": f"the warm-kernel process has threads ({', '.join(threads)}) and cannot fork"}
            else:
                pid = os.fork()
                if pid == 0:
                    lines.close()
                    connection.close()
                    return message
                returncodes[pid] = None
                answer = {"pid": pid}
        elif message["do"] == "poll":
            # a child is reaped only here: until somebody asks, its number stays taken and a signal cannot go astray
            if returncodes[pid] is None:
                reaped, status = os.waitpid(pid, os.WNOHANG)
                if reaped:
                    returncodes[pid] = os.waitstatus_to_exitcode(status)
            answer = {"returncode": returncodes[pid]}
        elif message["do"] == "signal" and returncodes[pid] is None:
            _signal(pid, message["number"])
        send(connection, answer)
    for pid, returncode in returncodes.items():
        if returncode is None:
            _signal(pid, signal.SIGKILL)
    return None


def _other_threads() -> list[str]:
    """Names of this process's threads, those of C libraries too, other than the one that runs this."""
    names = []
    for folder in Path("/proc/self/task").iterdir():
        if folder.name != str(os.getpid()):
            with suppress(OSError):  # ended meanwhile
                names.append((folder / "comm").read_text().strip())
    return names


def _signal(pid: int, number: int) -> None:
    # the group reaches what the kernel started; a child that has not yet made its own group is reached alone
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def become_kernel(request: Message, parent: int) -> None:
    """Turn this forked process into what `python -m ipykernel_launcher` would be, and run it to its end."""
    os.setsid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # the zygote died before prctl could watch it
        os._exit(1)
    os.environ.clear()
    # ipykernel ends when this is no longer its parent's number; the kernel manager wrote its own
    os.environ.update(request["environment"], JPY_PARENT_PID=str(parent))
    os.chdir(request["folder"])
    _mute()
    sys.argv = [KERNEL_MODULE, *request["arguments"]]
    importlib.invalidate_caches()  # files written since the zygote looked into their folders
    _seed()
    _set_openblas_threads()

    from ipykernel.kernelapp import IPKernelApp  # here, because the zygote imports only what it is told

    status = 1
    try:
        IPKernelApp.launch_instance(argv=[*request["arguments"], f"--IPKernelApp.parent_handle={parent}"])
        status = 0
    finally:
        # As multiprocessing ends its forks: threads and exit handlers have their turn, but the interpreter is not taken
        # down, which would touch, and so copy, every object of the imported libraries (more than two seconds).
        threading._shutdown()  # type: ignore[attr-defined]  # not public, but what the interpreter itself calls
        atexit._run_exitfuncs()
        os._exit(status)


def _follow_stderr() -> None:
    """Let handlers of libraries imported before the fork write to what sys.stderr is then, not to what it was: what
    takes the way through the old file descriptor may arrive after its cell has ended, and is lost.
    """
    current = SimpleNamespace(write=lambda text: sys.stderr.write(text), flush=lambda: sys.stderr.flush())
    for logger in [logging.root, *map(logging.getLogger, list(logging.root.manager.loggerDict))]:
        for handler in logger.handlers:
            if getattr(handler, "stream", None) is sys.stderr:
                with suppress(AttributeError):  # the one of last resort looks sys.stderr up by itself
                    handler.stream = current  # type: ignore[attr-defined]  # every handler that has a stream sets it so


def _mute() -> None:
    """Drop what the kernel echoes to the terminal of the command line; the notebook has it all."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _seed() -> None:
    """Start the global random generators from new entropy, as a fresh process does; kernels would share one state."""
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    if "torch" in sys.modules:
        sys.modules["torch"].default_generator.seed()


def _set_openblas_threads() -> None:
    """Give numpy's and scipy's OpenBLAS the threads that a fresh process would have read from its environment."""
    count = os.environ.get("OPENBLAS_NUM_THREADS") or os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1
    maps = Path("/proc/self/maps").read_text().splitlines()
    for library in {line.split()[-1] for line in maps if "openblas" in line}:
        handle = ctypes.CDLL(library)
        setter = next((name for name in OPENBLAS if hasattr(handle, name)), None)
        if setter:
            getattr(handle, setter)(int(count))


if __name__ == "__main__":
    main()
