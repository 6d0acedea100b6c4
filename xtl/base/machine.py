"""The machine and the software a run happens on: CPU and GPU names, core count, library versions, git commit."""

import math
import os
import platform
import subprocess
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from xtl.base.places import REPOSITORY

# The libraries whose version can change a result.
LIBRARIES = ("xtl", "torch", "transformers", "tokenizers", "datasets", "accelerate", "safetensors", "numpy", "scipy",
             "pandas", "pyarrow", "papermill", "ipykernel", "distributed")  # fmt: skip


@cache
def library_versions() -> dict[str, str]:
    """Installed versions of Python and of the libraries that can change a result, without importing them."""
    versions = {"python": platform.python_version()}
    for name in LIBRARIES:
        with suppress(PackageNotFoundError):
            versions[name] = version(name)
    return versions


def git_state() -> dict[str, Any] | None:
    """{"commit": hash, "dirty": bool} of the repository that holds this code, or None outside of one."""
    if not (REPOSITORY / ".git").exists():  # installed elsewhere: an enclosing repository is not ours
        return None
    try:
        commit = _output("git", "-C", str(REPOSITORY), "rev-parse", "HEAD").strip()
        changes = _output("git", "-C", str(REPOSITORY), "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return None
    return {"commit": commit, "dirty": bool(changes.strip())}


def describe_device() -> dict[str, Any]:
    """{"cpu": model, "threads": int, "gpus": [name, ...]}: what a comparison must not mix; no host name."""
    return {
        "cpu": _cpu_model(),
        "threads": int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1),
        "gpus": list(visible_gpus().values()),
    }


def visible_gpus() -> dict[str, str]:
    """The GPUs that this process may use: identifier for CUDA_VISIBLE_DEVICES -> name. Asks nvidia-smi, not torch."""
    try:
        lines = _output("nvidia-smi", "-L").splitlines()
    except (OSError, subprocess.SubprocessError):
        return {}
    names = {}
    for line in lines:  # "GPU 0: NVIDIA H200 (UUID: GPU-...)"; lines of MIG slices are indented
        if line.startswith("GPU ") and ":" in line:
            index, _, rest = line.removeprefix("GPU ").partition(":")
            names[index.strip()] = rest.partition("(UUID")[0].strip()
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is None:
        return names
    gpus = {}
    for part in chosen.split(","):
        identifier = part.strip()
        # An unknown index, as -1, ends the list, as it does for CUDA; UUIDs are taken as they are.
        if identifier not in names and not identifier.startswith(("GPU-", "MIG-")):
            break
        gpus[identifier] = names.get(identifier, identifier)
    return gpus


def cores() -> int:
    """The cores this process may use: its affinity, cut by a cgroup v2 quota where a container sets one."""
    if hasattr(os, "sched_getaffinity"):
        count = len(os.sched_getaffinity(0))
    else:
        count = os.cpu_count() or 1
    with suppress(OSError, ValueError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            if line.startswith("0::"):
                limits = Path("/sys/fs/cgroup") / line.removeprefix("0::").lstrip("/") / "cpu.max"
                quota, period = limits.read_text().split()
                count = min(count, max(1, math.ceil(int(quota) / int(period))))  # "max" is no number: no quota
    return count


@cache
def _cpu_model() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout
