"""store.py: the run folder's states, its lock, its atomic record, and the score table."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import pandas as pd
import pytest

from xtl.base.errors import UserError
from xtl.base.files import replacing
from xtl.base.places import REPOSITORY, outputs_root
from xtl.runs.record import Labels
from xtl.runs.run import Run
from xtl.runs.store import (
    EXAMPLE_COLUMNS,
    SCORE_COLUMNS,
    Progress,
    Store,
    read_progress,
    write_examples,
    write_facts,
    write_progress,
    write_scores,
)


def make_run(digit: str = "a", phase: str = "target"):
    digest = digit * 64
    return Run(phase, "mbert-xnli", {"seed": 0}, {"checkpoint": "b" * 12}, digest, Labels(encoder="mbert"))


def scores(**changes) -> pd.DataFrame:
    row = {
        "run_id": "a" * 12, "encoder": "mbert", "architecture": "bert", "intermediate": "none", "target": "xnli",
        "source": "en", "provenance": "native", "seed": 0, "language": "de", "split": "test", "metric": "accuracy",
        "value": 71.5, "n": 400, "n_train": 1000, "selection": "last", "layer": None, "pooling": None,
        "zero_shot": True,
    }  # fmt: skip
    return pd.DataFrame([row | changes])


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


def test_outputs_root_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("XTL_OUTPUTS", str(tmp_path / "elsewhere"))
    assert outputs_root() == Store().root == tmp_path / "elsewhere"
    monkeypatch.delenv("XTL_OUTPUTS")
    assert outputs_root() == REPOSITORY / "outputs"


def test_a_run_from_absent_to_done(store):
    run = make_run()
    assert store.state(run) == "absent" and store.record(run).started is None
    assert not store.runs.exists()  # asking writes nothing
    with store.lock(run):
        folder = store.begin(run)
        assert folder == store.root / "runs" / "target" / "mbert-xnli-aaaaaaaaaaaa"
        assert store.state(run) == "running"
        write_facts(folder, tokens=10)
        write_facts(folder, parameters=3, tokens=20)
        write_progress(folder, 1, 4, "step 1")
        assert read_progress(folder) == Progress(1, 4, "step 1")
        write_scores(folder, scores())
        store.finish(run)
    assert store.state(run) == "done" and store.record(run).folder == folder
    record = store.record(run)
    assert record.facts == {"tokens": 20, "parameters": 3}
    assert record.hash == "a" * 64 and record.id == "a" * 12 and record.params == {"seed": 0}
    assert record.seconds >= 0 and record.error is None and record.finished >= record.started[:19]
    assert record.versions["python"] == ".".join(map(str, sys.version_info[:3]))
    assert {"torch", "transformers", "datasets"} <= set(record.versions)
    assert read_progress(folder) is None
    assert not [path for path in folder.iterdir() if path.suffix == ".tmp"]


def test_a_failure_keeps_its_error_and_is_reused_in_place(store):
    run = make_run()
    folder = store.begin(run)
    store.fail(run, "ValueError:\n  too   bad", "Traceback ...\nValueError")
    record = store.record(run)
    assert store.state(run) == "failed"
    assert record.error == "ValueError: too bad" and record.traceback == "Traceback ...\nValueError"
    (folder / "trainer" / "checkpoint-10").mkdir(parents=True)
    (folder / "checkpoint").mkdir()
    (folder / "predictions").mkdir()
    for name in ("scores.parquet", "examples.parquet", "facts.json", "notebook.ipynb"):
        (folder / name).write_text("{}")
    assert store.begin(run) == folder
    assert sorted(path.name for path in folder.iterdir()) == ["run.json", "trainer"]
    assert store.record(run).error is None
    assert (folder / "trainer" / "checkpoint-10").is_dir()


def test_running_means_that_a_live_process_holds_the_lock(store, tmp_path):
    """A process takes the lock and is killed: the operating system drops the lock with it."""
    run = make_run()
    code = (
        "import sys, time\nfrom xtl.runs.record import Labels\nfrom xtl.runs.run import Run\n"
        "from xtl.runs.store import Store\n"
        f"run = {run!r}\nstore = Store({str(tmp_path)!r})\n"
        "lock = store.lock(run)\nlock.acquire()\nstore.begin(run)\nprint('held', flush=True)\ntime.sleep(600)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)
    assert holder.stdout.readline() == "held\n"
    assert store.state(run) == "running"
    holder.kill()
    holder.wait()
    assert store.state(run) == "interrupted"
    with store.lock(run).acquire(timeout=60):
        pass


def test_a_folder_of_another_run_is_an_error_that_names_both(store):
    run = make_run()
    store.begin(run)
    path = store.folder(run) / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"hash": "c" * 64}))
    for action in (store.state, store.begin, store.record):
        with pytest.raises(UserError, match=f"run.json records the run {'c' * 16}….*stands for {'a' * 16}…"):
            action(run)
    path.write_text("{")
    with pytest.raises(UserError, match="is not readable JSON"):
        store.record(run)


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["file"]
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new" and os.listdir(tmp_path) == ["file"]


def test_scores_are_written_in_order_and_read_back_over_runs(store):
    runs = [make_run(digit) for digit in "abcd"]
    for run in runs:
        store.begin(run)
    # columns in another order, one more column, another type for a column that is empty elsewhere
    write_scores(store.folder(runs[0]), scores(dev_value=70.0)[["dev_value", *reversed(SCORE_COLUMNS)]])
    write_scores(store.folder(runs[1]), scores(run_id="b" * 12, value=80, layer=7, pooling="mean", zero_shot=False))
    write_scores(store.folder(runs[2]), scores(run_id="c" * 12))
    for run in (runs[0], runs[1], runs[3]):
        store.finish(run)  # c is not done, d has no scores
    frame = store.read_scores(runs)
    assert list(frame.columns) == [*SCORE_COLUMNS, "dev_value"]
    assert frame["run_id"].tolist() == ["a" * 12, "b" * 12]
    assert frame["value"].tolist() == [71.5, 80.0]
    assert frame["layer"].isna().tolist() == [True, False] and frame["layer"][1] == 7
    assert frame["zero_shot"].tolist() == [True, False] and frame["dev_value"].isna().tolist() == [False, True]
    assert list(store.read_scores([]).columns) == list(SCORE_COLUMNS) and store.read_scores([]).empty


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (scores().drop(columns=["metric", "n"]), r"scores.parquet: columns \['metric', 'n'\] are missing"),
        (scores(value=None), "scores.parquet: 1 rows have no finite value"),
        (scores(value=float("nan")), "scores.parquet: 1 rows have no finite value"),
        (scores(value=float("-inf")), "scores.parquet: 1 rows have no finite value"),
        (scores(seed="zero"), "column seed must be Int64"),
    ],
)
def test_scores_that_do_not_fit_are_refused(tmp_path, frame, message):
    with pytest.raises(ValueError, match=message):
        write_scores(tmp_path, frame)
    assert not os.listdir(tmp_path)


def test_examples_carry_their_run(store):
    run = make_run()
    folder = store.begin(run)
    frame = pd.DataFrame({"target": ["xnli"] * 2, "score": [0, 100], "language": "de", "example_id": [1, 2]})
    write_examples(folder, frame)
    store.finish(run)
    examples = store.read_examples([run])
    assert list(examples.columns) == ["run_id", *EXAMPLE_COLUMNS, "target"]
    assert examples.to_dict("list") == {
        "run_id": ["a" * 12] * 2, "language": ["de"] * 2, "example_id": ["1", "2"], "score": [0.0, 100.0],
        "target": ["xnli"] * 2,
    }  # fmt: skip
    with pytest.raises(ValueError, match=r"examples.parquet: columns \['example_id'\] are missing"):
        write_examples(folder, frame.drop(columns="example_id"))


def test_an_equal_run_under_another_name_is_the_same_run(tmp_path):
    store, first = Store(tmp_path), make_run()
    renamed = replace(first, slug="other-name", labels=Labels(encoder="other"))
    assert store.folder(renamed).name == f"other-name-{renamed.id}"
    with store.lock(first):
        store.begin(first)
    assert store.folder(renamed) == store.folder(first) and store.record(renamed).hash == first.hash
    assert store.record(renamed).slug == "other-name" and store.record(renamed).labels.encoder == "other"
    assert store.folder(make_run("c")).name == "mbert-xnli-" + "c" * 12


def test_results_that_cannot_be_read_name_their_file(store):
    run = make_run()
    store.begin(run)
    store.finish(run)
    path = store.folder(run) / "scores.parquet"
    path.write_text("junk")
    with pytest.raises(UserError, match="scores.parquet cannot be read .*move its folder away"):
        store.read_scores([run])
    (store.folder(run) / "run.json").write_text("[]")
    with pytest.raises(UserError, match="run.json holds no record of a run"):
        store.state(run)
