"""Running the command line as a user does."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def xtl(
    *arguments, without: tuple[str, ...] = (), timeout: float | None = None, cwd: Path = ROOT, **environment
) -> subprocess.CompletedProcess:
    """The finished `xtl` command with its output, run in `cwd`.

    environment: variables set for it; `without`: variables of ours that it does not see. Where test processes run side
    by side already, `run` takes one worker: a second would import every library once more, on a core that is busy.
    """
    if arguments[0] == "run" and "--workers" not in arguments and "PYTEST_XDIST_WORKER" in os.environ:
        arguments = (*arguments, "--workers", 1)
    inherited = {name: value for name, value in os.environ.items() if name not in without}
    inherited["PYTHONPATH"] = str(ROOT)
    # the installed script: where it lies comes first on Python's path, so that `-m xtl.cli` is another program
    command = [Path(sys.executable).with_name("xtl"), *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, env=inherited | environment, cwd=cwd, timeout=timeout
    )
