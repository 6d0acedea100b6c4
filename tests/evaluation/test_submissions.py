"""Submission files: read example by example, and collected by chain."""

from pathlib import Path

import pandas as pd
import pytest

from tests.synthetic import run_record
from xtl.base.errors import UserError
from xtl.evaluation.submissions import READERS, collect
from xtl.runs.record import State


def test_every_format_of_predictions_is_read():
    path, ids = Path("test-de.tsv"), ["1", "2"]
    assert READERS["tagging"]("NOUN\nVERB\n\nX\n\n", ids, path) == ["NOUN VERB", "X"]
    assert READERS["retrieval"]("1\n0\n", ids, path) == ["1", "0"]
    assert READERS["span"]('{"2": "b"}', ids, path) == [None, "b"]
    assert READERS["mining"]("de-1\ten-9\n", ["de-1\ten-1", "de-2\ten-2"], path) == ["en-9", None]
    with pytest.raises(UserError, match="holds 1 predictions, but the run scored 2 examples"):
        READERS["classification"]("neutral\n", ids, path)


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
