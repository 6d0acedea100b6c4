"""promises.py: the digests of what a finished run left, and what becomes of a run whose files are gone or changed."""

import json
import os
import shutil
from hashlib import sha256

import pytest

from tests.runs.steps import PARAMETERS, one, step, write_notebook
from tests.runs.test_store import make_run, scores
from xtl.base.errors import UserError
from xtl.runs import promises
from xtl.runs.execute import execute
from xtl.runs.record import StoredFile, read_record
from xtl.runs.store import write_examples, write_scores

AGAIN = "remove that folder, and `xtl run` makes it again"


def finished(store, digit: str = "a", phase: str = "target"):
    """A run that left a score table, a prediction and two files of a checkpoint."""
    run = make_run(digit, phase)
    folder = store.begin(run)
    write_scores(folder, scores(run_id=run.id))
    write_examples(folder, scores()[["language", "metric"]].assign(example_id="1", score=100.0))
    for name, text in (("predictions/xnli/test-de.tsv", "1\n"), ("checkpoint/model", "weights"), ("checkpoint/a", "")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "checkpoint" / ".hidden").touch()
    store.finish(run)
    return run, folder


def flip(path, keep_time: bool = False) -> None:
    """Change one bit of the last byte."""
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    if keep_time:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_a_finished_run_records_every_file_that_it_promises(store):
    _, folder = finished(store)
    files = read_record(folder / "run.json").files
    assert list(files) == [
        "scores.parquet", "examples.parquet", "checkpoint/a", "checkpoint/model", "predictions/xnli/test-de.tsv",
    ]  # fmt: skip
    assert files["checkpoint/model"] == StoredFile(7, sha256(b"weights").hexdigest())
    assert files["scores.parquet"].size == (folder / "scores.parquet").stat().st_size


@pytest.mark.parametrize("keep_time", [False, True])
@pytest.mark.parametrize(
    "name", ["scores.parquet", "examples.parquet", "checkpoint/model", "predictions/xnli/test-de.tsv"]
)
def test_a_flipped_bit_is_one_sentence_with_the_file(store, name, keep_time):
    run, folder = finished(store)
    assert store.state(run) == "done"
    flip(folder / name, keep_time)
    record = store.checked(run)
    assert record.state == "damaged"
    expected = f"{folder}: {name} is not the file that the run left (another SHA-256); put that back. Or {AGAIN}."
    assert record.error == expected
    with pytest.raises(UserError, match="is not the file that the run left"):
        store.read_scores([run])
    with pytest.raises(UserError, match="is not the file that the run left"):
        store.verify(folder)
    flip(folder / name)
    assert store.state(run) == "done"


def test_a_file_of_another_size_and_one_that_is_too_many(store):
    run, folder = finished(store)
    (folder / "checkpoint" / "adapter.json").write_text("{}")
    assert "holds checkpoint/adapter.json, which the run did not leave" in store.checked(run).error
    (folder / "checkpoint" / "adapter.json").unlink()
    (folder / "checkpoint" / "model").write_text("short")
    assert "checkpoint/model is not the file that the run left (5 bytes instead of 7)" in store.checked(run).error
    (folder / "checkpoint" / "model").unlink()
    assert "lacks checkpoint/model, which the run left" in store.checked(run).error
    shutil.rmtree(folder / "checkpoint")  # somebody needed the disk
    assert store.state(run) == "done"


@pytest.mark.parametrize("name", ["scores.parquet", "examples.parquet", "predictions/xnli/test-de.tsv"])
def test_a_run_whose_results_are_gone_is_not_done(store, name):
    run, folder = finished(store)
    (folder / name).unlink()
    record = store.record(run)
    assert (record.state, record.error) == ("incomplete", f"{name} is gone; `xtl run` makes the run again")
    assert store.read_scores([run]).empty


def test_files_are_read_again_only_when_their_size_or_time_has_changed(store, monkeypatch):
    run, folder = finished(store)
    read = []
    monkeypatch.setattr(
        promises, "file_digest", lambda path: read.append(path.name) or sha256(path.read_bytes()).hexdigest()
    )
    assert store.state(run) == "done"
    first = len(read)
    assert store.state(run) == "done" and len(read) == first
    os.utime(folder / "checkpoint" / "model", (1, 1))
    assert store.state(run) == "done" and len(read) == first + 5
    (note,) = store.notes.iterdir()
    note.write_bytes(b"\xff")
    assert store.state(run) == "done" and len(read) == first + 10
    assert store.state(run) == "done" and len(read) == first + 10


def test_a_run_of_before_digests_stays_readable_and_promises_its_scores(store):
    run, folder = finished(store)
    pretrained, elsewhere = finished(store, "b", "pretrain")
    for place in (folder, elsewhere):
        content = json.loads((place / "run.json").read_text())
        del content["files"]
        (place / "run.json").write_text(json.dumps(content))
        flip(place / "checkpoint" / "model")
    assert store.state(run) == store.state(pretrained) == "done"
    assert store.read_scores([run])["value"].tolist() == [71.5]
    write_scores(folder, scores(run_id="c" * 12))
    with pytest.raises(UserError, match=r"scores.parquet holds rows of another run \(cccccccccccc\)"):
        store.read_scores([run])
    (folder / "scores.parquet").unlink()
    assert store.state(run) == "incomplete" and store.state(pretrained) == "done"


def test_a_damaged_run_stops_what_depends_on_it_and_is_left_as_it_is(store, notebooks):
    base, other = step("base", 1, phase="pretrain"), step("other", 5)
    one(base, store, notebooks)
    flip(store.folder(base) / "checkpoint" / "sum")
    before = (store.folder(base) / "checkpoint" / "sum").read_bytes()
    depends = step("depends", 2, base)
    outcomes = execute([base, depends, other], store, notebooks, workers=1, warm=False)
    assert {run.slug: outcomes[run.id].state for run in (base, depends, other)} == {
        "base": "damaged", "depends": "blocked", "other": "done",
    }  # fmt: skip
    assert "checkpoint/sum is not the file that the run left" in outcomes[base.id].error
    assert outcomes[depends.id].error == f"needs {base.folder}, which is damaged"
    assert (store.folder(base) / "checkpoint" / "sum").read_bytes() == before
    shutil.rmtree(store.folder(base))
    outcomes = execute([base, depends], store, notebooks, workers=1, warm=False)
    assert (store.folder(depends) / "checkpoint" / "sum").read_text() == "3"


def test_a_checkpoint_that_is_damaged_while_the_grid_runs_is_not_used(store, notebooks):
    base = step("base", 1)
    one(base, store, notebooks)
    checkpoint = store.folder(base) / "checkpoint"
    flip(checkpoint / "sum")
    depends = step("depends", 2, base)
    outcome = one(depends, store, notebooks, {"base": str(checkpoint)})
    assert outcome.state == "failed" and "checkpoint/sum is not the file that the run left" in outcome.error
    assert store.record(depends).error == outcome.error


def test_a_run_whose_scores_are_gone_is_made_again(store, notebooks):
    write_notebook(notebooks / "2_target.ipynb", PARAMETERS, "open(f'{run_dir}/scores.parquet', 'w').write('rows')")
    run = step("a", 1, phase="target")
    assert [one(run, store, notebooks).state for _ in range(2)] == ["done", "cached"]
    (store.folder(run) / "scores.parquet").unlink()
    assert one(run, store, notebooks).state == "done"
    assert (store.folder(run) / "scores.parquet").read_text() == "rows"
