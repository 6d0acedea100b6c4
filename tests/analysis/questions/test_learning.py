"""The section on runs that did not learn: counted by encoder and task, and the means with them and without."""

from dataclasses import replace

import numpy as np
import pytest

from tests.synthetic import results
from xtl.analysis.questions.answer import trust
from xtl.analysis.questions.learning import affected, counted, learning, without
from xtl.analysis.scores.tables import BASELINE


def judged(learned):
    return [{"task": "mnli", "right": 34, "decisions": 100, "rate": 0.34, "rule": "the most frequent label",
             "limit": 43, "learned": learned}]  # fmt: skip


@pytest.fixture
def grid():
    """Synthetic results in which the target run of the first cell with an intermediate did not learn."""
    made = results()
    cell = made.cells[(made.cells["intermediate"] != BASELINE) & (made.cells["target"] != "tatoeba")].iloc[0]
    for identity, record in made.records.items():
        if record.phase == "target":
            made.records[identity] = replace(record, facts={"learning": judged(identity != cell["run_id"])})
    return made, cell


def test_only_that_run_is_affected(grid):
    made, cell = grid
    assert affected(made) == {cell["run_id"]}
    assert counted(made.records).startswith("1 of ")
    assert "mnli 1)" in counted(made.records)


def test_the_mean_gain_stands_with_it_and_without(grid):
    made, cell = grid
    gains = made.task_gains
    own = gains[(gains["encoder"] == cell["encoder"]) & (gains["intermediate"] == cell["intermediate"])]
    own = own[~own["same_data"].astype(bool)]
    kept = own[~((own["target"] == cell["target"]) & (own["seed"] == cell["seed"]))]
    expected = [part.groupby("target")["gain"].mean().mean() for part in (own, kept)]
    (sentence,) = without(made)
    assert f"for {cell['encoder']}" in sentence
    for value in expected:
        assert f"{value:+.1f}".replace("-", "−") in sentence or np.isclose(value, 0, atol=0.05)


def test_a_baseline_that_did_not_learn_takes_the_gain_with_it(grid):
    made, cell = grid
    place = ["target", "encoder", "seed"]
    plain = made.cells[(made.cells["intermediate"] == BASELINE) & (made.cells[place] == cell[place]).all(axis=1)].iloc[
        0
    ]
    for identity in (cell["run_id"], plain["run_id"]):
        record = made.records[identity]
        made.records[identity] = replace(record, facts={"learning": judged(identity == cell["run_id"])})
    assert affected(made) == {plain["run_id"]}
    assert len(without(made)) == 1


def test_what_follows_an_intermediate_that_did_not_learn_is_affected(grid):
    made, cell = grid
    base = replace(made.records[cell["run_id"]], id="base", phase="intermediate")
    made.records["base"] = base
    learned = replace(made.records[cell["run_id"]], facts={"learning": judged(True)}, upstream={"checkpoint": "base"})
    made.records[cell["run_id"]] = learned
    assert affected(made) == {cell["run_id"]}


def test_the_section_and_the_first_screen_say_it(grid):
    made, cell = grid
    shown = learning(made)
    assert shown.words[0] == counted(made.records)
    assert shown.tables[1].rows[0][0].text == cell["target"]
    assert "1 target runs after a training that did not learn, in every mean" in trust(made)


def test_where_all_learned_there_is_no_section():
    assert learning(results()).html == ""
