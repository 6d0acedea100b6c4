"""worker.py: a run is executed once, its error is kept, and what follows it never fails it."""

import nbformat
import pytest

from tests.runs.steps import PARAMETERS, STEP, one, step, write_notebook
from xtl.runs.store import Store
from xtl.runs.worker import Job, Outcome, execute_one

NOTE = "tests.runs.steps:note"


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


def test_what_is_called_after_a_run_sees_its_end_and_never_fails_it(store, notebooks):
    good, bad, refused = step("good", 1), step("bad", -1), step("refused", 2)
    jobs = [Job(run, store.root, notebooks, {}, False, NOTE) for run in (good, bad, refused)]
    outcomes = [execute_one(job) for job in jobs]
    assert [outcome.state for outcome in outcomes] == ["done", "failed", "done"]
    assert (store.folder(good) / "note").read_text() == "good done None"
    assert (store.folder(bad) / "note").read_text().startswith("bad failed ValueError: minus one")
    assert [outcome.warning for outcome in outcomes[:2]] == [None, None]
    assert outcomes[2].warning == f"{NOTE} after refused: ValueError: no note"
    assert store.state(refused) == "done"
    assert execute_one(jobs[2]).state == "cached"


@pytest.mark.parametrize("name", ["out{1}", "out-{seed} {{}} %s $HOME", 'a}b it\'s "ü" [語]\n\\'])
def test_folders_have_any_name(tmp_path, name):
    (tmp_path / name).mkdir()
    write_notebook(tmp_path / name / "1_intermediate.ipynb", PARAMETERS, STEP)
    store = Store(tmp_path / name / "outputs")
    run = step("a", 7)
    outcome = one(run, store, tmp_path / name)
    assert (outcome.state, outcome.error) == ("done", None)
    assert (store.folder(run) / "checkpoint" / "sum").read_text() == "7"
    assert (store.folder(run) / "notebook.ipynb").is_file()
