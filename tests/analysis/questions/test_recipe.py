"""Where the numbers come from: what vocabularies do not know is marked."""

from dataclasses import replace

import pandas as pd

from tests.synthetic import results
from xtl.analysis.questions.recipe import missing, vocabulary

MAIN = pd.DataFrame({
    "target": "udpos", "encoder": "bert", "intermediate": "none", "language": ["en", "zh"],
    "unknown": [0.0, 0.5], "fertility": [1.2, 3.0],
})  # fmt: skip


def test_vocabularies_are_shown_and_what_they_do_not_know_is_marked():
    grid = results(encoders=("bert",), targets=("udpos",))
    grid.main = MAIN
    shown = vocabulary(grid).blocks[0].tables[0]
    assert [[c.text for c in row] for row in shown.rows] == [["en", "0.0 %", "1.20"], ["zh", "50.0 %", "3.00"]]
    assert [row[1].kind for row in shown.rows] == ["", "failed"]


def test_runs_that_did_not_record_vocabularies_have_no_such_section():
    grid = results(encoders=("bert",), targets=("udpos",))
    grid.main = MAIN.drop(columns=["unknown", "fertility"])
    assert vocabulary(grid).blocks == []


def test_rows_that_are_left_out_are_counted():
    grid = results(encoders=("bert",), targets=("udpos",))
    run = next(record for record in grid.records.values() if record.phase == "target")
    grid.records[run.id] = replace(run, facts={"rows_left_out": {"google/xtreme, config udpos.German, split test": 3}})
    shown = missing(grid).blocks[-1].tables[0]
    assert [[c.text for c in row] for row in shown.rows] == [["google/xtreme, config udpos.German, split test", "3"]]
