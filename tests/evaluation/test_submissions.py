"""Submission files: read example by example, and collected by chain."""

import numpy as np
import pandas as pd
import pytest
from datasets import Dataset

from tests.synthetic import run_record
from xtl.base.errors import UserError
from xtl.evaluation.submissions import collect, predicted
from xtl.runs.record import State
from xtl.tasks.catalog import TASKS
from xtl.tasks.formats import format_of


def test_every_format_of_predictions_is_read(tmp_path):
    def read(text, format, ids=("1", "2")):
        path = tmp_path / "test-de"
        path.write_text(text)
        return predicted(path, format, list(ids))

    assert read("NOUN\nVERB\n\nX\n\n", "tagging") == ["NOUN VERB", "X"]
    assert read("1\n0\n", "retrieval") == ["1", "0"]
    assert read('{"2": "b"}', "span") == [None, "b"]
    assert read("de-1\ten-9\n", "mining", ["de-1\ten-1", "de-2\ten-2"]) == ["en-9", None]
    with pytest.raises(UserError, match="holds 1 predictions, but the run scored 2 examples"):
        read("neutral\n", "classification")


def test_what_formats_write_is_what_is_read(tmp_path):
    def round_trip(task, predictions, examples, ids):
        path = tmp_path / "test-de"
        path.write_text(format_of(TASKS[task]).submission(predictions, examples), encoding="utf-8")
        return predicted(path, TASKS[task].format, ids)

    words = Dataset.from_dict({"id": ["0", "1", "2", "3"], "tokens": [[], ["a\u2028b", "\ufeff"], [], []]})
    tags = [[], ["NOUN", "X"], [], []]
    assert round_trip("udpos", tags, words, words["id"]) == ["", "NOUN X", "", ""]
    assert round_trip("udpos", [[]], words, ["0"]) == [""] and round_trip("udpos", [], words, []) == []
    answers = ["", '"\\ \u2028\r\n\ttab', "\ufeff\u00a0"]
    questions = Dataset.from_dict({"id": ["q\n", 'q"', "\u2029"]})
    assert round_trip("xquad", answers, questions, questions["id"]) == answers
    assert round_trip("bucc", [], words, ["de-1\ten-1"]) == [None]
    assert round_trip("bucc", [("de-\u00a01", "en 2")], words, ["de-\u00a01\ten-9"]) == ["en 2"]
    assert round_trip("xnli", np.array([2, 0]), words, ["0", "1"]) == ["contradiction", "entailment"]
    assert round_trip("tatoeba", np.array([10, 0]), words, ["0", "1"]) == ["10", "0"]


def test_submissions_are_collected_by_chain(tmp_path):
    for run, task, text in (("r1", "udpos", "NOUN\n"), ("r2", "tatoeba", "0\n"), ("r3", "udpos", "VERB\n")):
        folder = tmp_path / run / "predictions" / task
        folder.mkdir(parents=True)
        (folder / "test-de.tsv").write_text(text)
    records = {run: run_record(run, folder=tmp_path / run) for run in ("r1", "r2")}
    records["r3"] = run_record("r3", state=State.FAILED, folder=tmp_path / "r3")
    chain = dict(encoder="bert", source="en", provenance="native", seed=0)
    cells = pd.DataFrame([
        {**chain, "intermediate": "none", "target": "udpos", "run_id": "r1"},
        {**chain, "intermediate": "none", "target": "tatoeba", "run_id": "r2"},
        {**chain, "intermediate": "mnli", "target": "udpos", "run_id": "r3"},
    ])  # fmt: skip
    (tmp_path / "out" / "old").mkdir(parents=True)
    made = collect(cells, records, tmp_path / "out")
    assert [path.name for path in made] == ["bert_none_s0"] and not (tmp_path / "out" / "old").exists()
    assert (made[0] / "udpos" / "test-de.tsv").read_text() == "NOUN\n"
    assert (made[0] / "tatoeba" / "test-de.tsv").read_text() == "0\n"


def test_finetunings_of_one_pretraining_are_chains_of_their_own(tmp_path):
    for run in ("r0", "r1"):
        folder = tmp_path / run / "predictions" / "udpos"
        folder.mkdir(parents=True)
        (folder / "test-de.tsv").write_text(f"{run}\n")
    records = {run: run_record(run, folder=tmp_path / run) for run in ("r0", "r1")}
    chain = dict(encoder="bert", source="en", provenance="native", seed=0, intermediate="none", target="udpos")
    cells = pd.DataFrame([{**chain, "finetuning_seed": seed, "run_id": f"r{seed}"} for seed in (0, 1)])
    made = collect(cells, records, tmp_path / "out")
    assert {path.name: (path / "udpos" / "test-de.tsv").read_text() for path in made} == {
        "bert_none_s0": "r0\n", "bert_none_s0-f1": "r1\n",
    }  # fmt: skip
