"""Fine-tunings of one pretraining become one value early, so that a pretraining is the unit of every interval."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.synthetic import MADE, results
from xtl.analysis.questions import MAIN, MORE
from xtl.analysis.questions.recipe import pretraining
from xtl.analysis.scores import finetunings, items
from xtl.analysis.scores.items import RunItems
from xtl.analysis.statistics import intervals
from xtl.analysis.wording import DASH


def crossed(pretrainings=3, finetunings=2, finished=(), **options):
    """Results of a grid that crosses seeds; finished: encoders that are checkpoints, with as many seeds as runs."""
    grid = results(seeds=range(pretrainings * finetunings), **options)
    here = ~grid.cells["encoder"].isin(finished)
    number = grid.cells["seed"]
    grid.cells["finetuning_seed"] = (number % finetunings).where(here, number)
    grid.cells["seed"] = (number // finetunings).where(here, number)
    grid.records = {
        name: record
        for name, record in grid.records.items()
        if record.phase == "target" or record.labels.encoder not in finished
    }
    return grid


def test_a_cell_has_one_value_a_pretraining_the_mean_over_its_finetunings():
    one = dict(encoders=("bert",), targets=("xquad",))
    apart = results(seeds=range(6), **one).tasks.set_index(["intermediate", "seed"])["score"]
    found = crossed(**one).tasks.set_index(["intermediate", "seed"])
    assert sorted(found.index) == [(name, seed) for name in ("mnli", "none") for seed in range(3)]
    assert found.loc[("mnli", 2), "score"] == pytest.approx((apart["mnli", 4] + apart["mnli", 5]) / 2)
    assert len(finetunings.behind(found.loc[("mnli", 2), "run_id"])) == 2


def test_the_interval_has_the_pretrainings_degrees_of_freedom():
    grid = crossed(encoders=("bert",), targets=("xquad",))
    gain = grid.gains.iloc[0]
    values = grid.task_gains["gain"].to_numpy()
    assert len(values) == 3
    assert gain["seeds"] == 3
    half = stats.t.ppf(0.975, 2) * values.std(ddof=1) / np.sqrt(3)
    assert gain["low"] == pytest.approx(values.mean() - half)
    assert gain["high"] == pytest.approx(values.mean() + half)


def test_of_a_finished_checkpoint_every_finetuning_is_a_value():
    grid = crossed(encoders=("bert", "xlnet"), targets=("xquad",), finished=("xlnet",))
    assert grid.gains.set_index("encoder")["seeds"].to_dict() == {"bert": 3, "xlnet": 6}
    assert grid.unit == [
        "The unit of inference, called seed in this report: for bert a pretraining seed (3, each the mean over 2 "
        "fine-tuning seeds); for xlnet a fine-tuning seed (6)."
    ]
    assert grid.seeds == 3


def test_a_pretraining_without_one_of_its_finetunings_is_missing():
    """Run 3 is that of pretraining 1 and fine-tuning 1."""
    grid = crossed(encoders=("bert",), targets=("xquad",), drop=[("bert", "mnli", "xquad", 3)])
    gains = grid.task_gains.set_index("seed")["gain"]
    assert gains.isna().to_dict() == {0: False, 1: True, 2: False}
    assert grid.gains["seeds"].tolist() == [2]
    of_run = grid.units[(grid.units["intermediate"] == "mnli") & (grid.units["seed"] == 1)]
    assert of_run["status"].tolist() == ["failed"]
    assert grid.run_gains["gain"].notna().sum() == 5


def test_a_plain_list_of_seeds_leaves_every_table_as_it_is():
    grid = results()
    assert grid.units is grid.cells
    assert grid.unit_rows is grid.rows
    assert grid.run_gains.empty
    assert grid.unit == []


def test_one_run_of_several_finetunings_stays_itself():
    """Retrieval without intermediate training reads the pretraining's checkpoint once."""
    grid = crossed(encoders=("bert",), targets=("tatoeba",), finetunings=2)
    plain = grid.cells["intermediate"] == "none"
    first = grid.cells[plain].groupby("seed")["run_id"].transform("first")
    grid.cells.loc[plain, "run_id"] = first
    units = grid.units[grid.units["intermediate"] == "none"]
    assert units["run_id"].tolist() == list(dict.fromkeys(first))
    assert grid.task_gains["gain"].notna().all()
    assert len(grid.run_gains) == 6


def test_selections_of_one_rule_are_averaged_whatever_their_steps():
    cells = pd.DataFrame({"run_id": ["a+b", "c"]})
    rows = pd.DataFrame({
        "run_id": ["a", "b", "c", "a", "d"], "target": "udpos", "language": ["en", "en", "en", "de", "en"],
        "split": "test", "metric": "f1", "value": [50.0, 60, 70, 80, 90], "n": 3,
        "selection": ["english_dev@4", "english_dev@8", "english_dev@4", "last", "last"],
    })  # fmt: skip
    found = finetunings.averaged(cells, rows)
    assert found[["run_id", "value", "n", "selection"]].to_numpy().tolist() == [
        ["c", 70, 3, "english_dev@4"],
        ["a+b", 55, 3, "english_dev"],
    ]  # German is lacking in b, d is of no cell


def test_items_of_finetunings_are_averaged_where_they_are_the_same():
    names = np.array(["x", "y"])
    runs = [
        {"xnli": RunItems(40.0, names, np.array([-1.0, 1])), "udpos": RunItems(1.0, names, np.zeros(2))},
        {"xnli": RunItems(50.0, names, np.array([-3.0, 3])), "udpos": RunItems(1.0, names[:1], np.zeros(1))},
    ]
    found = items.mean(runs)
    assert list(found) == ["xnli"]
    assert found["xnli"].mean == 45
    assert found["xnli"].shares.tolist() == [-2, 2]
    assert items.mean(runs[:1]) is runs[0]
    assert items.mean([]) == {}


def test_the_report_splits_the_variance_by_encoder():
    grid = crossed(encoders=("bert", "xlnet"), targets=("xquad",), finished=("xlnet",))
    *_, shown = pretraining(grid).blocks[0].tables
    bert, xlnet = [[cell.text for cell in row] for row in shown.rows]
    assert bert[:5] == ["mnli", "bert", "pretraining", "3", "6"]
    assert xlnet[:6] == ["mnli", "xlnet", "fine-tuning", "1", "6", DASH]
    gains = grid.run_gains[grid.run_gains["encoder"] == "xlnet"]["gain"]
    assert xlnet[6] == f"{gains.std(ddof=1):.2f}"


def test_every_question_is_answered_with_crossed_seeds():
    small = dict(encoders=("bert", "xlnet"), targets=("udpos", "tatoeba"), languages=MADE[:6], layers=2)
    grid = crossed(2, 2, finished=("xlnet",), drop=[("bert", "mnli", "udpos", 3)], **small)
    for name, question in (MAIN | MORE).items():
        assert question(grid).title, name


def test_pretrainings_that_differ_make_an_interval_of_finetunings_too_narrow():
    """Deviations 2 between pretrainings and 1 within: the mean of 3 × 4 runs, taken as 12 values, covers 64 %."""
    rng = np.random.default_rng(5)
    tables = rng.normal(0, 2, (2000, 3, 1)) + rng.normal(0, 1, (2000, 3, 4))
    right = intervals.pooled(tables.mean(axis=2)[:, None, None, :])
    wrong = intervals.pooled(tables.reshape(2000, 1, 1, 12))
    assert np.mean((right.low < 0) & (right.high > 0)) == pytest.approx(0.95, abs=0.02)
    assert np.mean((wrong.low < 0) & (wrong.high > 0)) < 0.8
