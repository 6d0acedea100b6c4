"""Published scores beside ours: task, metric and language, intervals, and what cannot be compared."""

import pandas as pd
import pytest

from tests.synthetic import SCORE_COLUMNS, results
from xtl.analysis.questions.reference import reference
from xtl.analysis.scores.tables import CELL_COLUMNS
from xtl.grid.reference import Reference
from xtl.tasks.catalog import TASKS
from xtl.tasks.sources import HubSource

PLANTED = {
    "none": 70.0,
    "mnli": 72.0,
    "squad1": 75.0,
}  # F1 of XQuAD in every language at seed 1; exact match is 10 less


def whole(scores, intermediate="none", encoder="a", languages=TASKS["xquad"].languages):
    """Results of one encoder on XQuAD, seeds 0 to 2 at −1, 0 and +1 points of what is planted."""
    cells = []
    rows = []
    for arm, planted in PLANTED.items():
        for seed in range(3):
            run_id = f"{arm}{seed}"
            labels = ("a", "bert", arm, "xquad", "en", "native", seed)
            cells.append((*labels, run_id, arm == "squad1", "done"))
            for language in languages:
                for metric, less in (("f1", 0), ("exact_match", 10)):
                    values = dict.fromkeys(SCORE_COLUMNS) | {"run_id": run_id, "target": "xquad", "split": "test"}
                    values |= {"language": language, "metric": metric, "headline": True, "seed": seed}
                    # English is two points above the others
                    rows.append(values | {"value": planted + seed - 1 - less + 2 * (language == "en")})
    block = {"source": "somebody", "encoder": encoder, "intermediate": intermediate, "scores": scores}
    attributes = {
        "cells": pd.DataFrame(cells, columns=CELL_COLUMNS), "rows": pd.DataFrame(rows), "records": {}, "wanted": None,
        "reference": {"system": Reference.model_validate(block)},
    }  # fmt: skip
    return results(HubSource(), attributes=attributes)


def lines(made) -> list[list[tuple[str, str]]]:
    (shown,) = reference(made).tables
    return [[(cell.text, cell.sub) for cell in row] for row in shown.rows]


def test_a_task_score_is_compared_with_the_mean_over_languages_and_metrics():
    (row,) = lines(whole({"xquad": 60.0}))
    # 70 and 60 are 65 on average, and a language of eleven is two points better; ± 4.30 × 1 / √3 over three seeds
    assert row == [
        ("system", "somebody"), ("a none", ""), ("xquad", ""), ("60.0", ""), ("65.2", "62.7 to 67.7"),
        ("+5.2", "+2.7 to +7.7"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "scores, target, ours, difference",
    [
        ({"xquad": {"f1": 71.0}}, "xquad f1", "70.2", "−0.8"),
        ({"xquad": {"exact_match": 60.0}}, "xquad exact_match", "60.2", "+0.2"),
        ({"xquad": {"en": 67.0}}, "xquad en", "67.0", "0.0"),
        ({"xquad": {"f1": {"de": 75.5}}}, "xquad f1 de", "70.0", "−5.5"),
    ],
)
def test_a_metric_and_a_language(scores, target, ours, difference):
    (row,) = lines(whole(scores))
    assert (row[2][0], row[4][0], row[5][0]) == (target, ours, difference)


def test_the_best_intermediate_is_named_and_said_to_flatter():
    made = whole({"xquad": {"f1": 75.0}}, intermediate="best")
    (row,) = lines(made)
    assert (row[1][0], row[4][0], row[5][0]) == ("a squad1", "75.2", "+0.2")
    assert any("flatters" in note for block in reference(made).blocks for note in block.notes)


@pytest.mark.parametrize(
    "options, note",
    [
        ({"encoder": "b"}, "not in this grid"),
        ({"intermediate": "ccg"}, "not in this grid"),
        ({"encoder": "b", "intermediate": "best"}, "not in this grid"),
        ({"languages": ["en", "de"]}, "not comparable: 2 of 11 languages"),
    ],
)
def test_what_cannot_be_compared_is_said(options, note):
    (row,) = lines(whole({"xquad": 60.0}, **options))
    assert row[4][1] == note and row[5][0] == "–"


def test_counts_and_a_grid_without_any():
    made = whole({"xquad": {"f1": 70.0, "exact_match": 60.0}, "xnli": 80.0})
    (text,) = [text for block in reference(made).blocks for text in block.text]
    assert text.startswith(
        "3 published scores, 2 of them with a counterpart here; ours minus the published one is +0.2"
    )
    made.reference = {}
    assert not reference(made).tables
