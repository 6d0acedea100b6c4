"""execute.py: runs on Dask workers in dependency order, the cache, failures, interruption, and nothing left behind."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.runs.steps import PARAMETERS, alive, descendants, one, step, wait_until, write_notebook
from xtl.base.errors import UserError
from xtl.runs.execute import Watch, _dependants, execute, validate_parameters


def test_a_checkpoint_that_is_gone_is_named_before_anything_runs(store, notebooks):
    base = step("a", 1, phase="pretrain")
    one(base, store, notebooks)
    shutil.rmtree(store.folder(base) / "checkpoint")
    with pytest.raises(UserError, match="a-.* lacks its checkpoint, .* remove that folder") as complaint:
        execute([base, step("b", 2, base)], store, notebooks, workers=1)
    assert "\n" not in str(complaint.value) and not (store.runs / "intermediate").exists()
    shutil.rmtree(store.folder(base))
    outcomes = execute([base, step("b", 2, base)], store, notebooks, workers=1, warm=False)
    assert {outcome.state for outcome in outcomes.values()} == {"done"}


def test_parameters_are_checked_against_the_annotated_cell(tmp_path, notebooks):
    notebook = notebooks / "1_intermediate.ipynb"
    validate_parameters(notebook, ["value", "labels", "run_dir"])
    with pytest.raises(UserError, match=r"has no parameter speed, weight; .* knows base, labels, run_dir, value\."):
        validate_parameters(notebook, ["weight", "value", "speed"])
    with pytest.raises(UserError, match="does not exist"):
        validate_parameters(notebooks / "9.ipynb", [])
    write_notebook(tmp_path / "untagged.ipynb", PARAMETERS, tagged=False)
    with pytest.raises(UserError, match="no cell tagged `parameters`"):
        validate_parameters(tmp_path / "untagged.ipynb", [])


def test_nothing_is_written_for_bad_input(store, notebooks):
    run = step("a", 1)
    bad = step("b", 1, speed=1)
    with pytest.raises(UserError, match="no parameter speed"):
        execute([run, bad], store, notebooks)
    with pytest.raises(UserError, match=f"needs the run {run.id}, which is not asked for"):
        execute([step("b", 1, run)], store, notebooks)
    with pytest.raises(UserError, match="workers is 0"):
        execute([run], store, notebooks, workers=0)
    assert not store.root.exists()


def test_runs_that_others_wait_for_come_first():
    a, b = step("a", 1), step("b", 1)
    a1, b1 = step("a1", 1, a), step("b1", 1, b)
    b2 = step("b2", 1, b1)
    runs = {run.id: run for run in (a, a1, b, b1, b2)}
    assert [_dependants(runs)[run.id] for run in (a, a1, b, b1, b2)] == [1, 0, 2, 1, 0]


def test_a_graph_with_failures(store, notebooks):
    """good -> chain; bad -> blocked -> blocked; a kernel that kills itself; a run whose upstream is cached."""
    cached = step("cached", 10)
    one(cached, store, notebooks)
    good, bad, dies = step("good", 1), step("bad", -1), step("dies", -2)
    chain, late = step("chain", 2, good), step("late", 5, cached)
    blocked = step("blocked", 1, bad)
    far = step("far", 1, blocked)
    events, progress = [], []

    class Notes(Watch):
        def started(self, run):
            events.append((run.slug, "running"))

        def progress(self, run, state):
            progress.append(state.text)

        def ended(self, run, outcome):
            events.append((run.slug, outcome.state))

    outcomes = execute(
        [cached, far, blocked, chain, good, bad, dies, late],
        store,
        notebooks,
        workers=2,
        warm=False,
        watch=Notes(),
    )
    states = {run.slug: outcomes[run.id].state for run in (cached, good, chain, late, bad, blocked, far, dies)}
    assert states == {
        "cached": "cached", "good": "done", "chain": "done", "late": "done",
        "bad": "failed", "blocked": "blocked", "far": "blocked", "dies": "failed",
    }  # fmt: skip
    assert (store.folder(chain) / "checkpoint" / "sum").read_text() == "3"  # 1 of good + 2
    assert (store.folder(late) / "checkpoint" / "sum").read_text() == "15"
    assert outcomes[blocked.id].error == f"needs {bad.folder}, which has not been made"
    assert not store.folder(blocked).exists()
    assert events[0] == ("cached", "cached") and len(events) == 1 + 2 * 5 + 2
    assert events.index(("good", "done")) < events.index(("chain", "running"))
    assert progress and set(progress) <= {f"cell {i} of 3" for i in (1, 2, 3)}


def test_a_cached_grid_starts_nothing(store, notebooks):
    run = step("a", 1)
    one(run, store, notebooks)
    code = (
        "import sys\nfrom xtl.runs.execute import execute\nfrom xtl.runs.record import Labels\n"
        "from xtl.runs.run import Run\n"
        "from xtl.runs.store import Store\n"
        f"run = {run!r}\n"
        f"print(execute([run], Store({str(store.root)!r}), {str(notebooks)!r}).popitem()[1].state)\n"
        "print(sorted(set(sys.modules) & {'distributed', 'papermill', 'pandas', 'dask', 'torch', 'transformers'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.stdout.split("\n")[:2] == ["cached", "[]"], done.stderr


SCRIPT = """
import sys
import xtl.runs.execute  # before nbformat
from tests.runs.steps import step
from xtl.runs.execute import execute
from xtl.runs.store import Store
if __name__ == "__main__":
    try:
        execute([step("quick", 1), step("slow", -4)], Store(sys.argv[1]), sys.argv[2], workers=1, warm=False)
    except KeyboardInterrupt:
        print("interrupted")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_grid_leaves_no_process_and_keeps_what_is_done(store, notebooks, tmp_path, number):
    """Ctrl-C reaches the whole process group, as from a terminal; SIGKILL only the parent."""
    script = tmp_path / "grid.py"
    script.write_text(SCRIPT)
    short = Path(tempfile.mkdtemp())  # tmp_path is too long for the sockets in it
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": str(root), "TMPDIR": str(short)}
    process = subprocess.Popen(
        [sys.executable, str(script), str(store.root), str(notebooks)],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        # a shell that started the tests in the background has SIGINT ignored, and children inherit that
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    pids = store.runs / "pids"
    wait_until(lambda: process.poll() is not None or (pids.exists() and len(list(pids.iterdir())) == 1))
    assert process.poll() is None, process.communicate()
    family = descendants(process.pid) | {int(path.name) for path in pids.iterdir()}
    assert len(alive(family)) >= 2  # a worker and its kernel
    (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
    output, errors = process.communicate(timeout=300)
    wait_until(lambda: not alive(family))
    if number != signal.SIGKILL:
        assert output == "interrupted\n" and "Traceback" not in errors, errors
        assert not list(short.iterdir())
    shutil.rmtree(short)
    assert store.state(step("quick", 1)) == "done"
    assert store.state(step("slow", -4)) == "interrupted"


def test_a_worker_that_dies_is_replaced_and_a_run_that_kills_its_worker_ends(store, notebooks):
    kills, good = step("kills", -3), step("good", 3)
    outcomes = execute([kills, good], store, notebooks, workers=1, warm=False)
    assert outcomes[good.id].state == "done"
    assert outcomes[kills.id].state == "killed" and "died 2 times" in outcomes[kills.id].error
    assert store.state(kills) == "failed" and store.record(kills).error == outcomes[kills.id].error
    assert not alive(descendants(os.getpid()))


def test_what_is_called_after_a_run_is_called_in_the_worker(store, notebooks):
    run = step("good", 1)
    execute([run], store, notebooks, workers=1, warm=False, after_run="tests.runs.steps:note")
    assert (store.folder(run) / "note").exists()
    missing = step("other", 1)
    outcomes = execute([missing], store, notebooks, workers=1, warm=False, after_run="xtl.nowhere:write")
    assert outcomes[missing.id].good and "ModuleNotFoundError" in outcomes[missing.id].warning
