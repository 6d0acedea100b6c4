"""Warm kernels: notebook kernels forked from a process, the zygote, that has already imported the heavy libraries."""

# Importing torch, transformers and their company costs seconds in every fresh kernel. Here each worker process starts
# one zygote (this file, run as a script), which imports them once and then only forks. What makes that safe:
#   - a fork copies only the thread that calls it, and a lock that another thread holds stays locked in the copy for
#     ever; so the zygote never has a second thread, and refuses to fork when something has started one;
#   - it never touches CUDA, which does not survive a fork;
#   - it never imports xtl: a kernel reads the project's code fresh;
#   - a kernel gets its environment, folder, session and random state anew, and no file descriptor of the zygote;
#   - a kernel dies with the zygote (PR_SET_PDEATHSIG), and the zygote kills its kernels when its worker's end of the
#     socket closes, which the operating system does however the worker dies.
# Where this does not work (no Linux, a zygote that fails) kernels start fresh, with one line in the log.

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
import subprocess
import sys
import threading
import time
import warnings
from contextlib import suppress
from types import SimpleNamespace

if __name__ == "__main__" and not sys.flags.safe_path:
    sys.path.pop(0)  # this file's folder, which would offer xtl's modules (train, kernels, ...) under bare names

from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.provisioning import LocalProvisioner

log = logging.getLogger("xtl.runs.kernels")

# Everything a notebook of this project is likely to import, and what transformers and torch import late.
HEAVY = (
    "ipykernel.kernelapp", "numpy", "pandas", "pyarrow.parquet", "scipy.stats", "torch", "tokenizers",
    "safetensors.torch", "transformers", "transformers.trainer", "transformers.models.auto.modeling_auto", "datasets",
    "matplotlib.pyplot", "seaborn",
)  # fmt: skip

# The zygote's environment differs from its worker's only where a library would start a thread while it is imported
# (OpenBLAS its pool, Arrow's jemalloc its cleaner) or would ask CUDA's driver whether there is a GPU (NVML, asked
# instead, survives a fork); and in matplotlib's backend, unless one is set: the one that ipykernel would choose.
ZYGOTE_ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "PYTORCH_NVML_BASED_CUDA_CHECK": "1",
}
BACKEND = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
KERNEL_MODULE = "ipykernel_launcher"
PR_SET_PDEATHSIG = 1


class ZygoteError(Exception):
    """The zygote cannot do what was asked; the message says why in one line."""


class Zygote:
    """The worker's end: starts the process at once, waits for its imports with the first request."""

    def __init__(self):
        self.environment = dict(os.environ)
        self.lock = threading.Lock()
        self.ready = False
        self.failure = None
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, os.path.abspath(__file__), str(theirs.fileno()), *HEAVY],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env=BACKEND | self.environment | ZYGOTE_ENVIRONMENT,
                start_new_session=True,  # Ctrl-C in the terminal is the parent's to handle
            )
        self.socket = ours
        self.lines = ours.makefile("rb")

    def request(self, **message) -> dict:
        """Send one message, return the answer. Raises ZygoteError, from the first failure on without asking again."""
        with self.lock:
            if self.failure is None:
                try:
                    if not self.ready:
                        self.failure = self._receive().get("error")  # comes when the imports are done
                        self.ready = True
                    if self.failure is None:
                        self.socket.sendall(json.dumps(message).encode() + b"\n")
                        answer = self._receive()
                        if "error" in answer:
                            raise ZygoteError(answer["error"])
                        return answer
                except OSError as error:
                    self.failure = f"the warm-kernel process is gone ({error})"
            raise ZygoteError(self.failure)

    def _receive(self) -> dict:
        line = self.lines.readline()
        if not line:
            raise ConnectionError(f"exit status {self.process.wait()}")
        return json.loads(line)

    def close(self):
        """Kill the zygote's kernels and end it."""
        self.socket.close()
        self.lines.close()
        self.process.wait()


_zygote: Zygote | None = None
_zygote_lock = threading.Lock()


def zygote() -> Zygote:
    """This process's zygote, started when first asked for. Raises ZygoteError where forking is not possible."""
    global _zygote
    with _zygote_lock:
        if not sys.platform.startswith("linux"):
            raise ZygoteError("warm kernels need Linux")
        if _zygote is None:
            _zygote = Zygote()
        return _zygote


class ForkedProcess:
    """A kernel of the zygote with the interface of subprocess.Popen that LocalProvisioner uses."""

    stdin = stdout = stderr = None

    def __init__(self, command: list[str], environment: dict[str, str], folder: str):
        self.zygote = zygote()
        # Libraries read their variables while they are imported, so a kernel can only have the zygote's
        if _differs(environment, self.zygote.environment):
            raise ZygoteError("the kernel's environment is not that of the warm-kernel process")
        arguments = command[command.index(KERNEL_MODULE) + 1 :]
        answer = self.zygote.request(do="fork", arguments=arguments, environment=environment, folder=folder)
        self.pid = answer["pid"]
        self.returncode = None

    def poll(self) -> int | None:
        if self.returncode is None:
            try:
                self.returncode = self.zygote.request(do="poll", pid=self.pid)["returncode"]
            except ZygoteError:
                self.returncode = -signal.SIGKILL  # the kernel died with the zygote
        return self.returncode

    def wait(self) -> int:
        while self.poll() is None:
            time.sleep(0.01)
        return self.returncode

    def send_signal(self, number: int) -> None:
        with suppress(ZygoteError):
            self.zygote.request(do="signal", pid=self.pid, number=int(number))

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _differs(one: dict[str, str], other: dict[str, str]) -> bool:
    def relevant(environment):
        return {name: value for name, value in environment.items() if not name.startswith("JPY_")}

    return relevant(one) != relevant(other)


class WarmProvisioner(LocalProvisioner):
    """A local provisioner whose process is a fork of the zygote, or an ordinary one where that fails."""

    async def launch_kernel(self, cmd, **kwargs):
        try:
            folder = os.path.abspath(kwargs.get("cwd") or os.getcwd())
            self.process = ForkedProcess(cmd, kwargs["env"], folder)
        except ZygoteError as error:
            log.warning("Starting a fresh kernel instead of a warm one: %s.", error)
            return await super().launch_kernel(cmd, **kwargs)
        self.pid = self.process.pid
        self.pgid = None  # signals must go through the zygote, which knows whether the process still exists
        self.cwd = folder
        return self.connection_info


class FreshKernels(AsyncKernelManager):
    """A kernel manager for this very interpreter, whatever kernel specifications lie in the user's home."""

    provisioner_class = LocalProvisioner

    @property
    def kernel_spec(self) -> KernelSpec:
        command = [sys.executable, "-m", KERNEL_MODULE, "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name="Python", language="python")

    async def _async_pre_start_kernel(self, **kwargs):
        if self.provisioner is None:  # not None when a kernel is restarted
            self.provisioner = self.provisioner_class(kernel_spec=self.kernel_spec, parent=self)
        kwargs |= {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}  # the notebook has it all
        return await super()._async_pre_start_kernel(**kwargs)

    async def _async_interrupt_kernel(self):
        # A shutdown begins with an interrupt, which may hit the kernel's own loop just after the last cell: then the
        # request to shut down is lost, and seconds pass before the kernel is terminated.
        if not self.shutting_down:
            await super()._async_interrupt_kernel()


class WarmKernels(FreshKernels):
    """A kernel manager that forks its kernels from the zygote of this process."""

    provisioner_class = WarmProvisioner


# --- the zygote's end: everything below runs in the process that imports and forks ---


def serve(connection: socket.socket) -> dict | None:
    """Answer the worker until it is gone (None), or return, in a forked kernel, what was asked for it."""
    children: dict[int, int | None] = {}  # pid -> return code once reaped
    lines = connection.makefile("rb")
    for line in lines:
        message = json.loads(line)
        answer = {}
        if message["do"] == "fork":
            if threads := _other_threads():
                answer = {"error": f"the warm-kernel process has threads ({', '.join(threads)}) and cannot fork"}
            else:
                pid = os.fork()
                if pid == 0:
                    lines.close()
                    connection.close()
                    return message
                children[pid] = None
                answer = {"pid": pid}
        elif message["do"] == "poll":
            # a child is reaped only here: until somebody asks, its number stays taken and a signal cannot go astray
            pid = message["pid"]
            if children[pid] is None:
                reaped, status = os.waitpid(pid, os.WNOHANG)
                if reaped:
                    children[pid] = os.waitstatus_to_exitcode(status)
            answer = {"returncode": children[pid]}
        elif message["do"] == "signal" and children[message["pid"]] is None:
            _signal(message["pid"], message["number"])
        connection.sendall(json.dumps(answer).encode() + b"\n")
    for pid, returncode in children.items():
        if returncode is None:
            _signal(pid, signal.SIGKILL)
    return None


def _other_threads() -> list[str]:
    """Names of this process's threads, those of C libraries too, other than the one that runs this."""
    main = str(os.getpid())
    names = []
    for thread in os.listdir("/proc/self/task"):
        if thread != main:
            with suppress(OSError):  # ended meanwhile
                with open(f"/proc/self/task/{thread}/comm") as file:
                    names.append(file.read().strip())
    return names


def _signal(pid: int, number: int) -> None:
    # the group reaches what the kernel started; a child that has not yet made its own group is reached alone
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def become_kernel(request: dict, parent: int) -> None:
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

    from ipykernel.kernelapp import IPKernelApp

    status = 1
    try:
        IPKernelApp.launch_instance(argv=[*request["arguments"], f"--IPKernelApp.parent_handle={parent}"])
        status = 0
    finally:
        # As multiprocessing ends its forks: threads and exit handlers have their turn, but the interpreter is not taken
        # down, which would touch, and so copy, every object of the imported libraries (more than two seconds).
        threading._shutdown()
        atexit._run_exitfuncs()
        os._exit(status)


def _follow_stderr() -> None:
    """Let handlers of libraries imported before the fork write to what sys.stderr is then, not to what it was: what
    takes the way through the old file descriptor may arrive after its cell has ended, and is lost.
    """
    loggers = [logging.root, *map(logging.getLogger, list(logging.root.manager.loggerDict))]
    for handler in {h for logger in loggers for h in logger.handlers if getattr(h, "stream", None) is sys.stderr}:
        with suppress(AttributeError):  # the one of last resort looks sys.stderr up by itself
            handler.stream = SimpleNamespace(
                write=lambda text: sys.stderr.write(text), flush=lambda: sys.stderr.flush()
            )


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
    with open("/proc/self/maps") as file:
        libraries = {line.split()[-1] for line in file if "openblas" in line}
    for library in libraries:
        handle = ctypes.CDLL(library)
        for name in ("scipy_openblas_set_num_threads64_", "scipy_openblas_set_num_threads", "openblas_set_num_threads"):
            if hasattr(handle, name):
                getattr(handle, name)(int(count))
                break


def main() -> None:
    connection = socket.socket(fileno=int(sys.argv[1]))
    connection.set_inheritable(False)
    worker = os.getppid()
    warnings.filterwarnings("ignore", message="IProgress not found")  # tqdm's, meant for a person with a notebook
    for name in sys.argv[2:]:
        try:
            importlib.import_module(name)
        except ImportError as error:
            connection.sendall(json.dumps({"error": f"{name} cannot be imported ({error})"}).encode() + b"\n")
            return
        if os.getppid() != worker:  # nobody is left to serve
            return
    _follow_stderr()
    gc.collect()
    gc.freeze()  # a collection in a kernel would otherwise write to, and so copy, the pages it shares with the zygote
    connection.sendall(b"{}\n")
    zygote_pid = os.getpid()
    if request := serve(connection):
        become_kernel(request, zygote_pid)


if __name__ == "__main__":
    main()
