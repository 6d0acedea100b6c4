"""The object of xtl.open: tidy scores, pivots, two runs example by example, on a store that was filled by hand."""

import doctest
import inspect
import json
import subprocess
import sys

import numpy as np
import pytest

import xtl
from tests.command import ROOT
from tests.filled import POINTS, SAID, SMOKE, fill
from xtl import explore
from xtl.analysis.questions import QUESTIONS
from xtl.analysis.scores import slices
from xtl.base.errors import UserError
from xtl.runs.store import Store


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """The smoke grid with all runs finished but one."""
    store = Store(tmp_path_factory.mktemp("outputs"))
    fill(store, xtl.open(SMOKE, store=store).plan)
    return xtl.open(SMOKE, store=store)


@pytest.fixture(scope="module")
def nothing(tmp_path_factory):
    """The smoke grid before anything has run."""
    return xtl.open("params/smoke.yaml", store=Store(tmp_path_factory.mktemp("none") / "outputs"))


def test_what_is_done_is_read_and_the_rest_is_named(opened, nothing):
    assert opened.cells["status"].value_counts().to_dict() == {"done": 11, "failed": 1}
    failed = opened.cells.query("status == 'failed'").iloc[0]["run_id"]
    assert opened.records[failed].error == "ValueError: no" and failed not in set(opened.rows["run_id"])
    assert set(opened.rows["run_id"]) == set(opened.cells.query("status == 'done'")["run_id"])
    assert opened.wanted == nothing.wanted and opened.wanted["xquad"] == ["en", "qaa", "qab", "qad"]
    assert set(nothing.cells["status"]) == {"absent"} and nothing.rows.empty
    assert all(record.started is None for record in nothing.records.values())


def test_scores_are_tidy_and_missing_ones_stay(opened):
    scores = opened.scores
    assert len(scores) == 2 * 2 * (4 + 4 + 3) and not scores.duplicated([*explore.RUN, "target", "language"]).any()
    one = scores.set_index(["encoder", "intermediate", "target", "language"]).sort_index()
    assert one.loc[("bert", "mnli", "xquad", "qab"), ["score", "baseline", "gain"]].tolist() == [45.0, 40.0, 5.0]
    assert one.loc[("bert", "mnli", "xquad", "en"), "distance"] == 0 and (one["distance"] <= 1).all()
    assert one.loc[("bert", "none", "xquad", "qaa"), "family"] == one.loc[("bert", "none", "xnli", "qaa"), "family"]
    assert np.isnan(one.loc[("bert", "none", "xquad", "en"), "gain"])
    assert np.isnan(one.loc[("bert", "mnli", "xnli", "qad"), "score"])
    assert set(one.loc[("xlnet", "mnli", "xquad"), "status"]) == {"failed"}
    assert one.loc[("xlnet", "mnli", "xquad"), "score"].isna().all()
    assert set(scores.loc[scores["same_data"], "target"]) == {"xnli"}


def test_a_mean_that_lacks_a_value_is_missing(opened):
    scores = opened.scores
    wide = slices.pivot(scores.query("intermediate == 'none'"), "language", ["target", "encoder"])
    assert list(wide.index) == ["en", "qaa", "qab", "qad"]
    assert list(wide.columns) == [(t, e) for t in ("xnli", "xquad", "tatoeba") for e in ("bert", "xlnet")]
    assert wide["xquad", "bert"].tolist() == [60, 50, 40, 30] and np.isnan(wide.loc["en", ("tatoeba", "bert")])
    gained = slices.pivot(scores.query("intermediate != 'none'"), "encoder", "target", "gain")
    assert gained.loc["bert", ["xquad", "tatoeba"]].tolist() == [5, 5] and np.isnan(gained.loc["bert", "xnli"])
    assert np.isnan(gained.loc["xlnet", "xquad"])


def test_two_runs_are_chosen_by_what_differs_least(opened):
    first, second = opened.pair()
    assert (slices.label(first), slices.label(second)) == ("bert · none · seed 0", "bert · mnli · seed 0")
    assert first["target"] == second["target"] == "xnli"
    first, second = opened.pair("xquad", {"encoder": "xlnet"})
    assert (slices.label(first), slices.label(second)) == ("xlnet · none · seed 0", "bert · none · seed 0")
    first, second = opened.pair("tatoeba", {"intermediate": "mnli"}, {"encoder": "xlnet"})
    assert (slices.label(first), slices.label(second)) == ("bert · mnli · seed 0", "xlnet · mnli · seed 0")


def test_what_cannot_be_chosen_is_said(opened, nothing):
    with pytest.raises(UserError, match="chosen by encoder, .* not by 'seeds'"):
        opened.pair(first={"seeds": 1})
    with pytest.raises(UserError, match="encoder: bert, xlnet; intermediate: none, mnli"):
        opened.pair(first={"encoder": "gpt"})
    with pytest.raises(UserError, match="Fewer than two runs of udpos have finished"):
        opened.pair("udpos")
    with pytest.raises(UserError, match="No two runs of one target have finished.*xtl run params/smoke.yaml"):
        nothing.pair()


def test_two_runs_example_by_example(opened):
    compared = opened.compare(*opened.pair("tatoeba"))
    assert len(compared) == 9 and compared["difference"].tolist()[:3] == [0, 100, -30]
    differ = slices.differing(compared)
    assert differ["example_id"].tolist() == ["q2"] * 3 + ["q3"] * 3
    tally = slices.tally(compared)
    assert tally.loc["qaa"].tolist() == [3, 1, 1, 1, 0, pytest.approx(70 / 3)]
    half = compared.assign(difference=compared["difference"].where(compared["example_id"] != "q2"))
    assert slices.tally(half).loc["qaa", ["better", "missing"]].tolist() == [0, 1]


def test_predictions_side_by_side(opened):
    pair = opened.pair("xquad", {"encoder": "bert"})
    read = opened.predictions(pair[1], "qaa")
    assert read["prediction"].tolist() == ["a", "", "<b>c!"] and read["score"].tolist() == POINTS["mnli"]
    both = opened.side_by_side(*pair, "qaa")
    assert both.to_numpy().tolist() == [["q2", 100.0, "", ""], ["q3", -30.0, "<b>c", "<b>c!"]]
    assert opened.predictions(opened.pair("xnli")[0], "en")["prediction"].tolist() == SAID["xnli"]
    with pytest.raises(UserError, match="bert · none · seed 0 kept no predictions of xquad in 'de'"):
        opened.predictions(pair[0], "de")


def test_the_test_examples_can_stand_beside(opened):
    pair = opened.pair("xnli")
    texts = opened.examples(pair[0], "qaa")
    assert {"example_id", "text_a", "text_b", "label"} == set(texts.columns) and len(texts) == 60
    assert set(texts["label"]) <= {"entailment", "neutral", "contradiction"}
    both = opened.side_by_side(*pair, "qaa", texts=True)
    assert list(both.columns)[:4] == ["example_id", "difference", "first", "second"] and "text_a" in both


def test_losses_are_what_the_runs_recorded(opened, nothing):
    losses = opened.losses
    assert set(losses["phase"]) == {"pretrain", "intermediate"} and len(losses) == 8
    pictures = opened.loss_curves()
    assert [p.alt for p in pictures] == [
        "Training loss of the pretrain runs by step: bert ends at 1.00; xlnet ends at 2.00.",
        "Training loss of the intermediate runs by step: bert ends at 1.00; xlnet ends at 2.00.",
    ]
    assert nothing.losses.empty


def test_before_anything_has_run(nothing):
    assert nothing.state == ("smoke: 0 of 12 cells are done. To run what is missing: xtl run params/smoke.yaml")
    scores = nothing.scores
    assert len(scores) == 44 and scores["score"].isna().all() and set(scores["status"]) == {"absent"}
    assert slices.pivot(scores, "language", "target").isna().all().all()
    assert not nothing.store.root.exists()  # looking changes nothing


def test_the_notebook_explores_a_grid_that_is_partly_done(opened, tmp_path, monkeypatch):
    import papermill

    monkeypatch.setenv("XTL_OUTPUTS", str(opened.store.root))
    source = ROOT / "notebooks" / "explore.ipynb"
    before = set(opened.store.runs.rglob("*"))
    parameters = {"grid": "params/smoke.yaml", "target": "xquad", "texts": True}
    executed = papermill.execute_notebook(
        source, tmp_path / source.name, parameters, cwd=source.parent, kernel_name="python3", progress_bar=False
    )
    text = json.dumps(executed, ensure_ascii=False)
    assert "smoke: 11 of 12 cells are done." in text and "xquad: first bert · none · seed 0" in text
    assert "&lt;b&gt;c!" in text and "No retrieval run with several layers has finished." in text
    assert "Training loss of the pretrain runs by step" in text and '"output_type": "error"' not in text
    assert before == set(opened.store.runs.rglob("*"))


# --- what xtl.open gives ---

SHOWN = (
    "state questions question figure finished pair compare predictions side_by_side examples losses loss_curves scores "
    "gains runs"
).split()
FUNCTIONS = [slices.pivot, slices.label, slices.differing, slices.tally, xtl.open]
DOCUMENTED = {name: getattr(explore.OpenGrid, name) for name in SHOWN} | {f.__name__: f for f in FUNCTIONS}


@pytest.mark.parametrize("documented", DOCUMENTED.values(), ids=DOCUMENTED.keys())
def test_its_examples_show_what_they_say(documented, opened, monkeypatch):
    monkeypatch.setenv("XTL_OUTPUTS", str(opened.store.root))
    names = {**vars(slices), "xtl": xtl, "results": opened}
    example = doctest.DocTestParser().get_doctest(inspect.getdoc(documented), names, "example", None, 0)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    assert example.examples and runner.run(example).failed == 0


def test_it_says_what_is_there_and_what_to_type_next(opened):
    said = repr(opened)
    assert said.startswith("Does the whole way from corpus to report work?")
    assert opened.state in said and "encoders: bert, xlnet" in said
    assert "results['answer']" in said and all(name in said for name in QUESTIONS)
    assert "11 of 12 cells are done" in opened._repr_html_() and "<h2>" in opened._repr_html_()


def test_its_names_are_completed(opened):
    assert set(SHOWN) <= set(dir(opened))
    assert opened._ipython_key_completions_() == list(QUESTIONS)
    assert opened["missing"] is opened.question("missing")  # computed once


def test_a_question_or_a_figure_that_there_is_not(opened):
    with pytest.raises(UserError, match="no question 'gain'; there are answer, gains"):
        opened["gain"]
    with pytest.raises(UserError, match="'missing' has 0 figures here; 1 is none of them"):
        opened.figure("missing")


def test_runs_lead_to_their_pages(opened):
    failed = next(key for key, record in opened.records.items() if record.state == "failed")
    pretrained = next(key for key, record in opened.records.items() if record.phase == "pretrain")
    assert opened.pages[failed].address == f"runs/xlnet-mnli-xquad-s0-{failed}.html"
    assert opened.pages[pretrained].address == f"#run-{pretrained}"  # it left no notebook
    assert opened["runs"].pages is opened.pages


def test_importing_the_package_takes_no_library():
    code = "import sys, xtl; print(sorted({'torch', 'pandas', 'numpy', 'transformers'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_seeds_of_pretraining_and_fine_tuning_are_open_apart(tmp_path):
    """Six runs of two pretrainings are in `cells`, two values in every table, and any one run can be looked at."""
    store = Store(tmp_path)
    sets = ["seeds={pretraining: [0, 1], finetuning: [0, 1, 2]}", "targets=[xquad, tatoeba]"]
    fill(store, xtl.open(SMOKE, sets, store=store).plan)
    grid = xtl.open(SMOKE, sets, store=store)
    assert "seeds: 0, 1; finetuning seeds: 0, 1, 2." in repr(grid)
    bert = grid.scores.query("encoder == 'bert' and intermediate == 'mnli' and target == 'xquad'")
    bert = bert[bert["language"] == "qaa"]
    assert bert["score"].tolist() == [55.0, 55.0]
    assert bert["run_id"].str.count(r"\+").tolist() == [2, 2]
    assert grid.gains.query("encoder == 'bert'")["seeds"].tolist() == [2, 2]
    wanted = {"encoder": "bert", "intermediate": "mnli", "seed": 1}
    pair = grid.pair("xquad", {**wanted, "finetuning_seed": 0}, {**wanted, "finetuning_seed": 2})
    assert [slices.label(cell) for cell in pair] == [
        "bert · mnli · seed 1 · fine-tuning 0", "bert · mnli · seed 1 · fine-tuning 2"
    ]  # fmt: skip
    assert len(grid.compare(*pair)) == 4 * 3
