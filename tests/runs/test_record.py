"""record.py: what run.json says of a run, labels as notebooks receive them, one sentence for what is wrong."""

import json
from pathlib import Path

import pytest

from xtl.base.errors import UserError
from xtl.runs.record import Labels, RunRecord, State, StoredFile, read_record

KEYS = (
    "id hash phase slug params upstream labels status error traceback started finished seconds device versions git "
    "mirror facts files"
).split()


def test_run_json_has_these_keys_and_reads_back(tmp_path):
    labels = Labels(encoder="bert", seed=0)
    record = RunRecord(
        "a", "aa", "target", "run", {"seed": 0}, {}, labels, State.DONE, tmp_path, facts={"steps": 3},
        files={"scores.parquet": StoredFile(3, "ab")},
    )  # fmt: skip
    content = record.to_json()
    assert content["files"] == {"scores.parquet": {"size": 3, "sha256": "ab"}}
    assert list(content) == KEYS
    assert content["labels"] == {"encoder": "bert", "seed": 0} and content["status"] == "done"
    (tmp_path / "run.json").write_text(json.dumps(content))
    assert read_record(tmp_path / "run.json") == record
    assert read_record(tmp_path / "other.json") is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hash": ...}, "the key 'hash' is missing"),
        ({"params": [1]}, r"params: input should be a valid dictionary \(given: '\[1\]'\)"),
        ({"seconds": "long"}, "seconds: .* number.*'long'"),
        ({"status": "finished"}, "state: input should be 'absent', .*'finished'"),
        ({"files": {"scores.parquet": {"size": "big", "sha256": ""}}}, "files.scores.parquet.size: .*integer.*'big'"),
        ({"facts": {"steps": "many"}}, "facts.steps: .*integer.*'many'"),
        ({"facts": {"losses": [1.0]}}, "facts.losses: .*dictionary"),
        ({"labels": {"colour": "red"}}, "unknown key 'labels.colour'; known there: encoder, architecture"),
    ],
)
def test_a_record_with_a_mistake_is_one_sentence(tmp_path, change, message):
    whole = RunRecord("a", "aa", "target", "run", {}, {}, Labels(), State.DONE, Path()).to_json()
    content = {key: value for key, value in {**whole, **change}.items() if value is not ...}
    (tmp_path / "run.json").write_text(json.dumps(content))
    with pytest.raises(UserError, match=message) as complaint:
        read_record(tmp_path / "run.json")
    assert str(complaint.value).endswith("Move its folder away to run it again.")
    assert str(tmp_path / "run.json") in str(complaint.value) and "\n" not in str(complaint.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not readable JSON"),
        (b'{"id": "a", ', "is not readable JSON"),
        (b"\xff\xfe\x00", "is not readable JSON"),
        (b"[" * 100_000, "is not readable JSON"),
        (b"[1, 2]", "holds no record of a run"),
        (b"null", "holds no record of a run"),
        (b'{"folder": "x", "state": "done"}', "the key 'id' is missing"),
    ],
)
def test_a_file_that_holds_no_record_is_one_sentence(tmp_path, content, message):
    path = tmp_path / "run.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match=message) as complaint:
        read_record(path)
    assert "move its folder away to run it again" in str(complaint.value).lower()
    path.unlink()
    path.mkdir()
    with pytest.raises(UserError, match=r"cannot be read \(Is a directory\)"):
        read_record(path)


def test_labels_round_trip_what_notebooks_receive():
    whole = {
        "encoder": "bert", "architecture": "bert", "intermediate": "mnli", "source": "de", "provenance": "machine",
        "seed": 0, "seen": {"xnli": ["de"]},
    }  # fmt: skip
    assert Labels.from_dict(whole).to_dict() == whole
    assert Labels.from_dict({}).to_dict() == {}


def test_every_state_has_a_sentence():
    assert [state.value for state in State if not state.sentence.endswith(".")] == []
