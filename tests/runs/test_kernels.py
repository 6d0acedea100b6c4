"""kernels.py: warm kernels are as isolated from each other as fresh ones, start together, and die with their worker."""

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import papermill
import psutil
import pytest
from nbclient.exceptions import DeadKernelError
from traitlets.config import Config

from xtl.runs import kernels

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="warm kernels need Linux")


def run(folder: Path, *cells: str, cwd: Path | None = None, manager=kernels.WarmKernels) -> list[str]:
    """Execute the cells in one kernel; the text that each printed."""
    os.environ.pop("PYTEST_CURRENT_TEST", None)  # kernels must have the zygote's environment; pytest changes this one
    folder.mkdir(exist_ok=True)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(notebook, folder / "in.ipynb")
    config = Config()
    config.KernelManager.transport = "ipc"
    config.KernelManager.ip = str(folder / "k")
    config.KernelManager.connection_file = str(folder / "kernel.json")
    done = papermill.execute_notebook(
        folder / "in.ipynb", folder / "out.ipynb", kernel_name="python3", language="python", progress_bar=False,
        config=config, kernel_manager_class=manager, resources={"metadata": {"path": str(cwd or folder)}},
    )  # fmt: skip
    return ["".join(output.get("text", "") for output in cell.outputs) for cell in done.cells]


@pytest.fixture(scope="module")
def heavy_zygote():
    """The zygote as workers have it, with all libraries, shared by the tests of this file."""
    os.environ.pop("PYTEST_CURRENT_TEST", None)
    zygote = kernels.zygote()
    yield zygote
    zygote.close()
    kernels._zygote = None


@pytest.fixture
def light(monkeypatch):
    """A zygote with nothing but ipykernel, which is there in a moment."""
    monkeypatch.setattr(kernels, "HEAVY", ("ipykernel.kernelapp",))
    monkeypatch.setattr(kernels, "_zygote", None)
    yield
    if kernels._zygote:
        kernels._zygote.close()


POLLUTE = """
import json, os, random, sys
import numpy, torch, transformers, xtl.base.errors
random.seed(0); numpy.random.seed(0); torch.manual_seed(0)
torch.nn.Linear.polluted = json.polluted = True
sys.modules["polluted"] = sys
sys.path.append("polluted")
os.environ["POLLUTED"] = "1"
os.environ["HOME"] = "polluted"
os.chdir("/")
handle = open("/proc/self/status")
torch.set_num_threads(2)
transformers.logging.set_verbosity_debug()
"""
INSPECT = """
import json, os, sys
before = [name for name in sys.modules if name.split(".")[0] in ("xtl", "polluted")]
import random, numpy, torch, transformers
print(json.dumps({
    "modules": before, "patched": hasattr(torch.nn.Linear, "polluted") or hasattr(json, "polluted"),
    "path": "polluted" in sys.path, "environment": dict(os.environ), "cwd": os.getcwd(),
    "threads": torch.get_num_threads(),
    "random": [random.random(), numpy.random.rand(), torch.rand(1).item()],
    "verbosity": transformers.logging.get_verbosity(), "ppid": os.getppid(), "pid": os.getpid(), "sid": os.getsid(0),
    "files": [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")
              if os.path.islink(f"/proc/self/fd/{fd}")],
}))
"""


def test_the_zygote_has_one_thread_and_none_of_our_code(heavy_zygote):
    heavy_zygote.request(do="ready?")
    assert os.listdir(f"/proc/{heavy_zygote.process.pid}/task") == [str(heavy_zygote.process.pid)]
    maps = Path(f"/proc/{heavy_zygote.process.pid}/maps").read_text()
    assert "libtorch" in maps and "libarrow" in maps


def test_warm_kernels_are_isolated(heavy_zygote, tmp_path, monkeypatch):
    """What one kernel does to modules, environment, folder, random state and files is nowhere in the next one."""
    run(tmp_path / "a", POLLUTE)
    one, two = (json.loads(run(tmp_path / name, INSPECT)[0]) for name in "bc")
    zygote = heavy_zygote.process.pid
    for state, name in ((one, "b"), (two, "c")):
        assert state["modules"] == [] and not state["patched"] and not state["path"]
        assert "POLLUTED" not in state["environment"]
        assert state["environment"]["HOME"] == os.environ["HOME"]
        assert "OPENBLAS_NUM_THREADS" not in state["environment"] or "OPENBLAS_NUM_THREADS" in os.environ
        assert state["cwd"] == str(tmp_path / name)
        assert state["threads"] == int(os.environ["OMP_NUM_THREADS"])
        assert state["verbosity"] == logging.WARNING
        assert state["ppid"] == zygote == int(state["environment"]["JPY_PARENT_PID"])
        assert state["sid"] == state["pid"]
    assert len({*one["random"], *two["random"]}) == 6
    # the socket to the worker is the zygote's alone; a file that a sibling opened is nobody else's
    secret = {os.readlink(f"/proc/{zygote}/fd/{fd}") for fd in os.listdir(f"/proc/{zygote}/fd")}
    secret = {target for target in secret if target.startswith("socket:")}
    assert len(secret) == 1 and not secret & {*one["files"], *two["files"]}


def test_warm_and_fresh_kernels_see_the_same(heavy_zygote, tmp_path):
    cell = (
        "import json, os, sys\n"
        "names = sorted(n for n in os.environ if n != 'JPY_PARENT_PID' and n != 'PYTHONSTARTUP')\n"
        "print(json.dumps([names, os.getcwd(), sys.path, sys.executable, sys.argv[1:2], __name__]))"
    )
    warm, fresh = (
        json.loads(run(tmp_path / "here", cell, manager=manager)[0])
        for manager in (kernels.WarmKernels, kernels.FreshKernels)
    )
    assert warm == fresh


def test_code_that_changed_is_read_fresh(heavy_zygote, tmp_path):
    module = tmp_path / "changing.py"
    for number in (1, 2):
        module.write_text(f"VALUE = {number}\n")
        assert run(tmp_path / "k", "import changing; print(changing.VALUE)", cwd=tmp_path) == [f"{number}\n"]
        module.unlink()


def test_figures_and_library_warnings_reach_the_notebook(heavy_zygote, tmp_path):
    run(
        tmp_path / "k",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()",
        "import transformers\ntransformers.logging.get_logger('transformers').warning('look here')",
    )
    figure, warning = nbformat.read(tmp_path / "k" / "out.ipynb", 4).cells
    assert "image/png" in figure.outputs[-1].data
    assert "look here" in warning.outputs[0].text


def test_eight_kernels_start_at_once(light, tmp_path):
    with ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(lambda i: run(tmp_path / str(i), f"import os; print({i}, os.getpid())")[0], range(8)))
    assert [text.split()[0] for text in texts] == list("01234567")
    assert len({text.split()[1] for text in texts}) == 8


def test_an_exception_is_reported(light, tmp_path):
    with pytest.raises(papermill.PapermillExecutionError, match="KeyError: 'no such key'"):
        run(tmp_path / "k", "{}['no such key']")


def test_a_kernel_that_dies_is_reported(light, tmp_path):
    with pytest.raises(DeadKernelError):
        run(tmp_path / "k", "import os; os._exit(3)")


def test_a_kernel_can_be_interrupted_polled_and_killed(light, tmp_path):
    async def scenario():
        manager = kernels.WarmKernels(connection_file=str(tmp_path / "c"), transport="ipc", ip=str(tmp_path / "k"))
        await manager.start_kernel()
        client = manager.client()
        client.start_channels()
        await client.wait_for_ready(timeout=300)
        message = client.execute("import time\nprint('asleep', flush=True)\ntime.sleep(600)")
        while "asleep" not in str((await client.get_iopub_msg(timeout=300))["content"]):
            pass
        await asyncio.sleep(0.2)  # from print to sleep
        assert await manager.is_alive()
        await manager.interrupt_kernel()
        while (reply := await client.get_shell_msg(timeout=300))["parent_header"]["msg_id"] != message:
            pass
        assert reply["content"]["ename"] == "KeyboardInterrupt"
        assert await manager.is_alive()
        process = manager.provisioner.process
        await manager.shutdown_kernel(now=True)
        client.stop_channels()
        assert not await manager.is_alive()
        return process

    process = asyncio.run(scenario())
    assert process.poll() == process.wait() == -signal.SIGKILL
    assert not psutil.pid_exists(process.pid)
    process.kill()  # nothing left to hit


WORKER = """
import sys
from pathlib import Path
from tests.runs.test_kernels import kernels, run
kernels.HEAVY = ("ipykernel.kernelapp",)
cell = "import os, time; open('pids', 'w').write(f'{os.getpid()} {os.getppid()}'); time.sleep(600)"
run(Path(sys.argv[1]), cell)
"""


@pytest.mark.parametrize("victim", ["worker", "zygote"])
def test_a_kernel_dies_with_its_worker_and_with_the_zygote(tmp_path, victim):
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(tmp_path)], cwd=Path(__file__).parents[2], stderr=subprocess.PIPE, text=True
    )
    pids = wait_until(lambda: (tmp_path / "pids").exists() and (tmp_path / "pids").read_text().split())
    kernel, zygote = map(int, pids)
    assert psutil.Process(zygote).ppid() == worker.pid
    os.kill({"worker": worker.pid, "zygote": zygote}[victim], signal.SIGKILL)
    errors = worker.communicate(timeout=300)[1]
    wait_until(lambda: not any(running(pid) for pid in (kernel, zygote)))
    if victim == "zygote":
        assert "DeadKernelError" in errors


def running(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def wait_until(condition, seconds: float = 300):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if result := condition():
            return result
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def test_a_zygote_with_a_thread_does_not_fork(light, tmp_path, monkeypatch, caplog):
    """Kernels then start fresh, and the log says why."""
    start = "threading.Thread(target=time.sleep, args=(600,), daemon=True).start()"
    (tmp_path / "threader.py").write_text(f"import threading, time\n{start}\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(kernels, "HEAVY", ("ipykernel.kernelapp", "threader"))
    assert run(tmp_path / "k", "import os; print(os.getppid())") == [f"{os.getpid()}\n"]
    assert "fresh kernel instead of a warm one: the warm-kernel process has threads (python" in caplog.text


def test_a_library_that_cannot_be_imported_is_named(light, monkeypatch, tmp_path, caplog):
    monkeypatch.setattr(kernels, "HEAVY", ("ipykernel.kernelapp", "no_such_library"))
    assert run(tmp_path / "k", "import os; print(os.getppid())") == [f"{os.getpid()}\n"]
    assert "fresh kernel instead of a warm one: no_such_library cannot be imported" in caplog.text
    with pytest.raises(kernels.ZygoteError, match="no_such_library"):  # and again for the next kernel
        kernels.zygote().request(do="anything")


def test_another_environment_gets_a_fresh_kernel(light, monkeypatch, tmp_path, caplog):
    """Libraries that read HF_HOME and the like while they are imported have read the zygote's."""
    kernels.zygote()
    monkeypatch.setenv("HF_HOME", "elsewhere")
    text = run(tmp_path / "k", "import os; print(os.environ['HF_HOME'], os.getppid())")
    assert text == [f"elsewhere {os.getpid()}\n"]
    assert "environment is not that of the warm-kernel process" in caplog.text


def test_closing_ends_the_zygote(light):
    zygote = kernels.zygote()
    assert zygote.request(do="nothing") == {}
    zygote.close()
    assert zygote.process.returncode == 0
    with pytest.raises(kernels.ZygoteError):
        zygote.request(do="nothing")
