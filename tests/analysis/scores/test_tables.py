"""Joining cells and scores: the cell's labels win, the recipe's rows count, what is missing stays missing."""

import numpy as np
import pandas as pd
import pytest

from tests.synthetic import grid
from xtl.analysis.scores import tables
from xtl.base.errors import UserError


def small(**changes):
    options = dict(encoders=("bert",), seeds=(0,), targets=("xquad", "tatoeba"), languages=["en", "de", "hi"], noise=0)
    return grid(**options | changes)


def test_main_score_of_question_answering_is_the_mean_of_em_and_f1():
    cells, scores, _, languages = small()
    main = tables.main_scores(cells, scores, languages).set_index(["intermediate", "target", "language"])["score"]
    assert main["none", "xquad", "en"] == pytest.approx((80 + 72) / 2)
    assert main["mnli", "xquad", "hi"] == pytest.approx(80 - 8 + 2 - 4)


def test_labels_come_from_the_cell_and_layers_from_the_recipe():
    cells, scores, _, languages = small()
    main = tables.main_scores(cells, scores, languages)
    assert set(main["encoder"]) == {"bert"} and set(main["seed"]) == {0} and set(main["source"]) == {"en"}
    retrieval = main[(main["target"] == "tatoeba") & (main["intermediate"] == "none")].set_index("language")["score"]
    assert retrieval.to_dict() == {"de": 76, "hi": 72}  # layer 2; the other layers score 5 and 10 less


def test_one_run_may_serve_several_cells():
    cells, scores, _, languages = small()
    again = cells.assign(intermediate="other", same_data=True)[cells["intermediate"] == "none"]
    main = tables.main_scores(pd.concat([cells, again]), scores, languages)
    wide = main.pivot_table(index=["target", "language"], columns="intermediate", values="score")
    assert (wide["other"] == wide["none"]).all()


def test_a_missing_language_makes_the_task_score_missing():
    cells, scores, _, languages = small()
    gone = scores[~((scores["language"] == "hi") & (scores["metric"] == "f1"))]
    main = tables.main_scores(cells, gone, languages)
    assert main["score"].isna().sum() == 2 and len(main) == 10
    tasks = tables.task_scores(main).set_index(["intermediate", "target"])
    row = tasks.loc[("none", "xquad")]
    assert np.isnan(row["score"]) and row["missing"] == 1 and row["missing_languages"] == "hi"
    assert tasks.loc[("none", "tatoeba"), "score"] == pytest.approx(74)


def test_a_failed_run_is_a_row_of_missing_scores():
    cells, scores, _, languages = small(drop=[("bert", "mnli", "xquad", 0)])
    main = tables.main_scores(cells, scores, languages)
    lost = main[main["score"].isna()]
    assert set(lost["status"]) == {"failed"} and list(lost["language"]) == ["en", "de", "hi"]
    assert tables.task_scores(main)["missing"].tolist() == [0, 0, 3, 0]


def test_without_any_score_every_cell_is_there():
    cells, scores, _, languages = small()
    main = tables.main_scores(cells, scores.iloc[:0], languages)
    assert len(main) == 10 and main["score"].isna().all()
    unknown = tables.main_scores(cells, scores.iloc[:0])
    assert len(unknown) == 4 and tables.task_scores(unknown)["score"].isna().all()


def test_development_scores_are_no_test_scores():
    cells, scores, _, languages = small()
    dev = scores.assign(split="validation", value=99.0)
    found = tables.main_scores(cells, pd.concat([scores, dev]), languages)
    pd.testing.assert_frame_equal(found, tables.main_scores(cells, scores, languages))


def test_a_table_without_the_column_headline_has_only_headline_rows():
    cells, scores, _, languages = small()
    rows = scores[scores["headline"]].drop(columns="headline")
    assert tables.main_scores(cells, rows, languages)["score"].notna().all()


def test_two_values_for_one_cell_are_refused():
    cells, scores, _, languages = small()
    with pytest.raises(UserError, match="more than one accuracy of tatoeba in de"):
        tables.main_scores(cells, scores.assign(headline=True), languages)


def test_an_unknown_architecture_does_not_lose_the_cell():
    cells, scores, _, languages = small()
    tasks = tables.task_scores(tables.main_scores(cells.assign(architecture=None), scores, languages))
    assert tasks["score"].notna().all() and set(tasks["architecture"]) == {""}


def test_layer_curves_by_hand():
    cells, scores, _, _ = small(targets=("tatoeba",), intermediates=("none",))
    curves = tables.layer_curves(cells, scores)
    assert curves.set_index("layer")["score"].to_dict() == {0: 64, 1: 69, 2: 74, 3: 69}  # mean of de 76 and hi 72
    assert curves.loc[curves["headline"], "layer"].tolist() == [2]
    gone = scores[~((scores["language"] == "hi") & (scores["layer"] == 1))]
    assert np.isnan(tables.layer_curves(cells, gone).set_index("layer")["score"][1])
    assert tables.layer_curves(cells, scores.iloc[:0]).empty
    assert tables.layer_curves(cells, scores[scores["layer"] == 2]).empty  # one layer is no curve
