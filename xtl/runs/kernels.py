"""Warm kernels: notebook kernels forked from a process, the zygote, that has already imported the heavy libraries."""

# Importing torch, transformers and their company costs seconds in every fresh kernel. Here each worker process starts
# one zygote (zygote.py), which imports them once and then only forks. Where this does not work (no Linux, a zygote that
# fails) kernels start fresh, with one line in the log.

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from xtl.runs import zygote as zygote_script
from xtl.runs.zygote import KERNEL_MODULE, Message, send

log = logging.getLogger(__name__)

# Everything a notebook of this project is likely to import, and what transformers and torch import late.
HEAVY = (
    "ipykernel.kernelapp", "numpy", "pandas", "pyarrow.parquet", "scipy.stats", "torch", "tokenizers",
    "safetensors.torch", "transformers", "transformers.trainer", "transformers.models.auto.modeling_auto", "datasets",
    "matplotlib.pyplot",
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


class ZygoteError(Exception):
    """The zygote cannot do what was asked; the message says why in one line."""


class Zygote:
    """The worker's end: starts the process at once, waits for its imports with the first request."""

    def __init__(self) -> None:
        self.environment = dict(os.environ)
        self.lock = threading.Lock()
        self.ready = False
        self.failure: str | None = None
        self.socket, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, zygote_script.__file__, str(theirs.fileno()), *HEAVY],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env=BACKEND | self.environment | ZYGOTE_ENVIRONMENT,
                start_new_session=True,  # Ctrl-C in the terminal is the parent's to handle
            )
        self.lines = self.socket.makefile("rb")

    def request(self, **message: Any) -> Message:
        """Send one message, return the answer. Raises ZygoteError, from the first failure on without asking again."""
        with self.lock:
            if self.failure is None:
                try:
                    if not self.ready:
                        self.failure = self._receive().get("error")  # comes when the imports are done
                        self.ready = True
                    if self.failure is None:
                        send(self.socket, message)
                        answer = self._receive()
                        if "error" in answer:
                            raise ZygoteError(answer["error"])
                        return answer
                except OSError as error:
                    self.failure = f"the warm-kernel process is gone ({error})"
            raise ZygoteError(self.failure)

    def _receive(self) -> Message:
        line = self.lines.readline()
        if not line:
            raise ConnectionError(f"exit status {self.process.wait()}")
        return json.loads(line)

    def close(self) -> None:
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

    def __init__(self, command: list[str], environment: dict[str, str], folder: str) -> None:
        self.zygote = zygote()
        # Libraries read their variables while they are imported, so a kernel can only have the zygote's
        if _read_at_import(environment) != _read_at_import(self.zygote.environment):
            raise ZygoteError("the kernel's environment is not that of the warm-kernel process")
        arguments = command[command.index(KERNEL_MODULE) + 1 :]
        answer = self.zygote.request(do="fork", arguments=arguments, environment=environment, folder=folder)
        self.pid: int = answer["pid"]
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The kernel's exit status, None while it runs."""
        if self.returncode is None:
            try:
                self.returncode = self.zygote.request(do="poll", pid=self.pid)["returncode"]
            except ZygoteError:
                self.returncode = -signal.SIGKILL  # the kernel died with the zygote
        return self.returncode

    def wait(self) -> int:
        """Wait for the kernel's end; its exit status."""
        while (returncode := self.poll()) is None:
            time.sleep(0.01)
        return returncode

    def send_signal(self, number: int) -> None:
        """Send a signal to the kernel and what it started."""
        with suppress(ZygoteError):
            self.zygote.request(do="signal", pid=self.pid, number=int(number))

    def terminate(self) -> None:
        """Ask the kernel to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the kernel."""
        self.send_signal(signal.SIGKILL)


def _read_at_import(environment: dict[str, str]) -> dict[str, str]:
    """The variables that libraries may read, all but those of the kernel manager."""
    return {name: value for name, value in environment.items() if not name.startswith("JPY_")}


class WarmProvisioner(LocalProvisioner):
    """A local provisioner whose process is a fork of the zygote, or an ordinary one where that fails."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork the kernel; see LocalProvisioner."""
        folder = os.path.abspath(kwargs.get("cwd") or os.getcwd())
        try:
            process = ForkedProcess(cmd, kwargs["env"], folder)
        except ZygoteError as error:
            log.warning("Starting a fresh kernel instead of a warm one: %s.", error)
            return await super().launch_kernel(cmd, **kwargs)
        self.process = process  # type: ignore[assignment]  # what the provisioner calls of a Popen, it has
        self.pid = process.pid
        self.pgid = None  # signals must go through the zygote, which knows whether the process still exists
        self.cwd = folder
        return self.connection_info


class FreshKernels(AsyncKernelManager):
    """A kernel manager for this very interpreter, whatever kernel specifications lie in the user's home."""

    provisioner_class = LocalProvisioner

    @property
    def kernel_spec(self) -> KernelSpec:
        """This interpreter with ipykernel."""
        command = [sys.executable, "-m", KERNEL_MODULE, "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name="Python", language="python")

    async def _async_pre_start_kernel(self, **kwargs: Any) -> Any:
        if self.provisioner is None:  # not None when a kernel is restarted
            self.provisioner = self.provisioner_class(kernel_spec=self.kernel_spec, parent=self)
        kwargs |= {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}  # the notebook has it all
        return await super()._async_pre_start_kernel(**kwargs)

    async def _async_interrupt_kernel(self) -> None:
        # A shutdown begins with an interrupt, which may hit the kernel's own loop just after the last cell: then the
        # request to shut down is lost, and seconds pass before the kernel is terminated.
        if not self.shutting_down:
            await super()._async_interrupt_kernel()


class WarmKernels(FreshKernels):
    """A kernel manager that forks its kernels from the zygote of this process."""

    provisioner_class = WarmProvisioner
