"""Aggregates over tasks against values counted by hand; what is missing is named and never averaged away."""

import numpy as np
import pandas as pd
import pytest

from tests.synthetic import grid
from xtl.analysis.scores import aggregates, gains, tables
from xtl.analysis.scores.aggregates import NINE


def tasks(values: dict, same=()) -> pd.DataFrame:
    """Rows as tables.task_scores from {(intermediate, target): [one score per seed]} of one encoder."""
    rows = [(*key, seed, score) for key, scores in values.items() for seed, score in enumerate(scores)]
    table = pd.DataFrame(rows, columns=["intermediate", "target", "seed", "score"])
    marks = [(name, target) in same for name, target in zip(table["intermediate"], table["target"], strict=True)]
    return table.assign(encoder="bert", architecture="bert", source="en", provenance="native", same_data=marks)


SMALL = {
    ("none", "udpos"): [50.0, 52, 54], ("none", "xquad"): [30.0, 31, 32],
    ("mnli", "udpos"): [55.0, 53, 51], ("mnli", "xquad"): [33.0, 34, 35],
}  # fmt: skip


def test_the_interquartile_mean_leaves_a_quarter_out_at_either_end():
    values = np.array([[1.0, 2, 3], [10, 20, 30], [100, 200, 300]])
    assert aggregates.interquartile_mean(values) == pytest.approx((3 + 10 + 20 + 30 + 100) / 5)  # 9 // 4 = 2 out
    assert aggregates.interquartile_mean(np.array([[7.0]])) == 7


def test_the_probability_of_improvement_counts_pairs_of_runs():
    after, before = np.array([[55.0, 53, 51], [1, 1, 1]]), np.array([[50.0, 52, 54], [1, 1, 1]])
    # 55 beats three, 53 two, 51 one of nine pairs; equal runs are half a win each
    assert aggregates.probability_of_improvement(after, before) == pytest.approx((6 / 9 + 1 / 2) / 2)
    assert aggregates.probability_of_improvement(after[:, :2], before) == pytest.approx((5 / 6 + 1 / 2) / 2)


def test_one_seed_has_estimates():
    found = aggregates.table(tasks({key: scores[:1] for key, scores in SMALL.items()})).set_index("intermediate")
    assert found.loc["mnli", "improvement"] == 1 and found.loc["mnli", "iqm"] == 44


def test_table_of_both_aggregates():
    found = aggregates.table(tasks(SMALL)).set_index("intermediate")
    assert found.loc["none", "iqm"] == pytest.approx((31 + 32 + 50 + 52) / 4)
    assert found.loc["mnli", "improvement"] == pytest.approx((6 / 9 + 1) / 2) and np.isnan(
        found.loc["none", "improvement"]
    )
    assert found["seeds"].tolist() == [3, 3] and found["missing"].tolist() == ["", ""]


def test_a_failed_run_costs_its_seed_and_is_named():
    failed = SMALL | {("mnli", "xquad"): [33.0, np.nan, 35]}
    found = aggregates.table(tasks(failed)).set_index("intermediate")
    assert found.loc["mnli", "seeds"] == 2 and found.loc["mnli", "missing"] == "xquad"
    assert found.loc["mnli", "improvement"] == pytest.approx((4 / 6 + 1) / 2)  # 55 and 51 against three baselines
    gone = SMALL | {("mnli", "xquad"): [np.nan] * 3}
    found = aggregates.table(tasks(gone)).set_index("intermediate")
    assert np.isnan(found.loc["mnli", ["iqm", "improvement"]].astype(float)).all() and found.loc["none", "iqm"] > 0


def test_same_data_is_marked_in_the_mean_and_left_out_of_the_improvement():
    found = aggregates.table(tasks(SMALL, same=[("mnli", "xquad")])).set_index("intermediate")
    assert found.loc["mnli", "improvement"] == pytest.approx(6 / 9) and found.loc["mnli", "left_out"] == 1
    assert found["same_data"].to_dict() == {"none": False, "mnli": True}
    every = aggregates.table(tasks(SMALL, same=[("mnli", "xquad"), ("mnli", "udpos")])).set_index("intermediate")
    assert np.isnan(every.loc["mnli", "improvement"]) and every.loc["mnli", "iqm"] > 0


def test_without_a_baseline_or_without_anything():
    alone = aggregates.table(tasks({key: v for key, v in SMALL.items() if key[0] == "mnli"}))
    assert np.isnan(alone["improvement"]).all()
    assert aggregates.table(tasks({})).empty and aggregates.nine_task(tasks({})).empty


def test_the_nine_task_score_by_hand():
    scores = {("none", target): [10.0 * i, 10.0 * i + 9] for i, target in enumerate(NINE)}
    found = aggregates.nine_task(tasks(scores | {("none", "bucc_pairs"): [99.0, 99.0]}))
    assert NINE == ("xnli", "pawsx", "udpos", "panx", "xquad", "mlqa", "tydiqa", "bucc", "tatoeba")
    assert found["score"].tolist() == [40, 49] and found["missing"].tolist() == ["", ""]


def test_eight_tasks_have_no_nine_task_score():
    scores = {("none", target): [50.0, 60.0] for target in NINE}
    scores[("none", "panx")] = [50.0, np.nan]
    found = aggregates.nine_task(tasks(scores))
    assert found["score"][0] == 50 and np.isnan(found["score"][1]) and found["missing"].tolist() == ["", "panx"]
    del scores[("none", "mlqa")]
    assert aggregates.nine_task(tasks(scores))["missing"].tolist() == ["mlqa", "panx mlqa"]
    partial = aggregates.nine_task(tasks({("none", target): [50.0] for target in NINE}), {"xnli": "3 of 15 languages"})
    assert np.isnan(partial["score"][0]) and partial["missing"][0] == "xnli"


def test_gains_and_intervals_of_the_nine_task_score():
    scores = {(name, target): [50.0 + add, 51, 52] for name, add in (("none", 0), ("mnli", 3)) for target in NINE}
    table = aggregates.nine_task(tasks(scores, same=[("mnli", "xnli")]))
    gain = gains.intervals(gains.gains(table), "gain").iloc[0]
    assert gain["mean"] == 1 and gain["target"] == aggregates.NINE_NAME and gain["same_data"]
    assert gains.intervals(table, "score").set_index("intermediate").loc["none", "sd"] == 1


def test_targets_in_other_languages_than_the_benchmark():
    cells, scores, _, languages = grid(
        encoders=("bert",), seeds=(0,), targets=("xquad", "tatoeba"), languages=["en", "de"]
    )
    main = tables.main_scores(cells, scores, languages)
    assert aggregates.partial_targets(main) == {"xquad": "2 of 11 languages", "tatoeba": "1 of 36 languages"}
    full = pd.DataFrame({"target": "mlqa", "language": "ar de en es hi vi zh".split()})
    assert aggregates.partial_targets(full) == {}
