"""execute.py and cluster.py: notebooks on Dask workers, the cache, failures, interruption, and nothing left behind."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import psutil
import pytest

from xtl.base.errors import UserError
from xtl.runs.cluster import cluster_from, local_cluster, read_cluster_file, sigterm_as_interrupt, worker_environments
from xtl.runs.execute import Watch, _dependants, execute, validate_parameters
from xtl.runs.record import Labels
from xtl.runs.run import Run
from xtl.runs.store import Store
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


@pytest.fixture
def notebooks(tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for name in ("0_pretrain", "1_intermediate", "2_target"):
        write_notebook(folder / f"{name}.ipynb", PARAMETERS, STEP)
    return folder


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "outputs")


def one(run, store, notebooks, checkpoints=None) -> Outcome:
    return execute_one(Job(run, store.root, notebooks, checkpoints or {}, warm=False))


def test_execute_one_runs_the_notebook_once(store, notebooks):
    run = step("a", 7)
    outcome = one(run, store, notebooks)
    assert outcome.state == "done" and outcome.error is None
    record = store.record(run)
    assert record.done and record.seconds == outcome.seconds > 0
    assert (store.folder(run) / "checkpoint" / "sum").read_text() == "7"
    executed = nbformat.read(store.folder(run) / "notebook.ipynb", 4)
    assert executed.cells[-1].outputs[0].text == "sum 7\n"
    assert one(run, store, notebooks) == Outcome("cached", outcome.seconds)


def test_a_checkpoint_that_is_gone_is_named_before_anything_runs(store, notebooks):
    base = step("a", 1, phase="pretrain")
    one(base, store, notebooks)
    shutil.rmtree(store.folder(base) / "checkpoint")
    with pytest.raises(UserError, match="a-.*/checkpoint, which is gone .* remove the folder .*a-") as complaint:
        execute([base, step("b", 2, base)], store, notebooks, workers=1)
    assert "\n" not in str(complaint.value) and not (store.runs / "intermediate").exists()
    shutil.rmtree(store.folder(base))
    outcomes = execute([base, step("b", 2, base)], store, notebooks, workers=1, warm=False)
    assert {outcome.state for outcome in outcomes.values()} == {"done"}


def test_execute_one_keeps_the_failing_cells_error(store, notebooks):
    run = step("a", -1)
    outcome = one(run, store, notebooks)
    assert outcome.state == "failed"
    assert outcome.error == "ValueError: minus one (cell 3)"  # papermill puts its own cell of parameters second
    record = store.record(run)
    assert record.error == outcome.error and record.state == "failed"
    assert 'raise ValueError("minus one' in record.traceback and "\x1b" not in record.traceback
    assert one(run, store, notebooks).state == "failed"  # a failure is not cached: it was executed again


def test_a_kernel_that_dies_is_an_error_and_not_a_hang(store, notebooks):
    outcome = one(step("a", -2), store, notebooks)
    assert outcome.state == "failed" and outcome.error.startswith("the kernel died in cell 3 of notebook.ipynb")


def test_a_notebook_that_leaves_nothing_has_failed(store, notebooks):
    outcome = one(step("a", 1, phase="target"), store, notebooks)  # it leaves a checkpoint
    assert outcome.error == "the notebook ended without scores.parquet, which a target run must leave"


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


SCRIPT = """
import sys
import xtl.runs.execute  # before nbformat
from tests.runs.test_execute import step
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


def test_sigterm_interrupts_and_the_handler_is_restored():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), sigterm_as_interrupt():
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_worker_that_dies_is_replaced_and_a_run_that_kills_its_worker_ends(store, notebooks):
    kills, good = step("kills", -3), step("good", 3)
    outcomes = execute([kills, good], store, notebooks, workers=1, warm=False)
    assert outcomes[good.id].state == "done"
    assert outcomes[kills.id].state == "killed" and "died 2 times" in outcomes[kills.id].error
    assert store.state(kills) == "failed" and store.record(kills).error == outcomes[kills.id].error
    assert not alive(descendants(os.getpid()))


def test_everything_local_listens_on_loopback_and_the_environment_is_kept():
    before = dict(os.environ)
    with local_cluster(1, 1) as client:
        environment = client.submit(lambda: dict(os.environ)).result()
        family = [psutil.Process(), *psutil.Process().children(recursive=True)]
        listening = {c.laddr.ip for p in family for c in p.net_connections("inet") if c.status == psutil.CONN_LISTEN}
    assert listening == {"127.0.0.1"}
    assert dict(os.environ) == before
    expected = worker_environments(1)[0]
    assert {name: environment[name] for name in expected} == expected
    assert expected["TOKENIZERS_PARALLELISM"] == "false" and expected["OMP_WAIT_POLICY"] == "PASSIVE"


def test_workers_share_cores_and_gpus(monkeypatch):
    monkeypatch.setattr("xtl.runs.cluster.cores", lambda: 16)
    monkeypatch.setattr("xtl.runs.cluster.visible_gpus", lambda: {"2": "A", "3": "B"})
    environments = worker_environments(3)
    assert [e["OMP_NUM_THREADS"] for e in environments] == ["5", "5", "5"]
    assert [e["CUDA_VISIBLE_DEVICES"] for e in environments] == ["2", "3", "2"]
    monkeypatch.setattr("xtl.runs.cluster.visible_gpus", lambda: {})
    assert "CUDA_VISIBLE_DEVICES" not in worker_environments(32)[0]
    assert worker_environments(32)[0]["OMP_NUM_THREADS"] == "1"


def test_a_cluster_file(tmp_path):
    path = tmp_path / "here.yaml"
    options = {"n_workers": 0, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0", "host": "127.0.0.1"}
    path.write_text(json.dumps({"class": "distributed.LocalCluster", "options": options, "scale": 1}))
    with cluster_from(path, None) as client:
        assert client.submit(lambda: 6 * 7).result(timeout=300) == 42


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("class: dask_nowhere.Cluster", "needs the package dask_nowhere, .* pip install dask-nowhere"),
        ("class: distributed.NoCluster", "there is no class distributed.NoCluster"),
        ("class: distributed.LocalCluster\nsize: 3", "unknown key 'size'; known there: class, options, scale"),
        ("class: distributed.LocalCluster\nscale: none", "scale: .*integer.* \\(given: 'none'\\)"),
        ("- 1", "must be a mapping with the key `class`"),
        ("class: [", "cannot be read"),
    ],
)
def test_a_cluster_file_with_a_mistake(tmp_path, text, message):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        read_cluster_file(path)


def test_a_cluster_that_refuses_its_options(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text("class: collections.OrderedDict\noptions: {}\n")
    with pytest.raises(UserError, match="does not exist"):
        read_cluster_file(tmp_path / "none.yaml")
    path.write_text("class: fractions.Fraction\noptions: {size: 3}\n")
    with pytest.raises(UserError, match="Fraction does not start with these options"), cluster_from(path, None):
        pass


@pytest.mark.parametrize("name", ["slurm", "kubernetes"])
def test_the_examples_have_the_right_shape(name, monkeypatch):
    """Their packages are not installed here, so only the shape is held."""
    path = Path(__file__).parents[2] / "params" / "clusters" / f"{name}.yaml"
    with pytest.raises(UserError, match="which is not installed here"):
        monkeypatch.setitem(sys.modules, f"dask_{'jobqueue' if name == 'slurm' else name}", None)
        read_cluster_file(path)


def note(record) -> None:
    """What the next test has called after a run: leaves a file beside run.json, and refuses one run."""
    (record.folder / "note").write_text(f"{record.slug} {record.state} {record.error}")
    if record.slug == "refused":
        raise ValueError("no\nnote")


def test_what_is_called_after_a_run_sees_its_end_and_never_fails_it(store, notebooks):
    good, bad, refused = step("good", 1), step("bad", -1), step("refused", 2)
    jobs = [Job(run, store.root, notebooks, {}, False, f"{__name__}:note") for run in (good, bad, refused)]
    outcomes = [execute_one(job) for job in jobs]
    assert [outcome.state for outcome in outcomes] == ["done", "failed", "done"]
    assert (store.folder(good) / "note").read_text() == "good done None"
    assert (store.folder(bad) / "note").read_text().startswith("bad failed ValueError: minus one")
    assert [outcome.warning for outcome in outcomes[:2]] == [None, None]
    assert outcomes[2].warning == f"{__name__}:note after refused: ValueError: no note"
    assert store.state(refused) == "done"
    assert execute_one(jobs[2]).state == "cached"


def test_what_is_called_after_a_run_is_called_in_the_worker(store, notebooks):
    run = step("good", 1)
    execute([run], store, notebooks, workers=1, warm=False, after_run="tests.runs.test_execute:note")
    assert (store.folder(run) / "note").exists()
    missing = step("other", 1)
    outcomes = execute([missing], store, notebooks, workers=1, warm=False, after_run="xtl.nowhere:write")
    assert outcomes[missing.id].good and "ModuleNotFoundError" in outcomes[missing.id].warning
