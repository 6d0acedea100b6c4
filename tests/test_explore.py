"""explore.py: tidy scores, pivots, two runs example by example, on a store that was filled by hand."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from xtl import explore
from xtl.base.errors import UserError
from xtl.runs.store import Store, write_examples, write_facts, write_scores

ROOT = Path(__file__).resolve().parent.parent
SMOKE = ROOT / "params" / "smoke.yaml"  # bert and xlnet, none and mnli, xnli, xquad and tatoeba, en qaa qab qad, seed 0
FAILED = "xlnet-mnli-xquad"
SAID = {"xnli": ["entailment", "neutral", "entailment"], "xquad": ["a", "", "<b>c"], "tatoeba": ["0", "2", "2"]}
POINTS = {"none": [100.0, 0.0, 50.0], "mnli": [100.0, 100.0, 20.0]}


def fill(store: Store, opened: explore.Opened) -> None:
    """Finish every run but one: score 60 − 10 × (place of the language), 5 more after MNLI; qad of xnli is lacking."""
    for run in opened.plan.runs.values():
        folder = store.begin(run)
        if FAILED in run.slug:
            store.fail(run, "ValueError: no")
            continue
        if run.phase == "target":
            first = run.labels.intermediate
            (target, codes), rows, examples = next(iter(run.params["evaluate"].items())), [], []
            for place, code in enumerate(codes):
                if (target, code) == ("xnli", "qad"):
                    continue
                metrics = ("exact_match", "f1") if target == "xquad" else ("accuracy",)
                value = 60 - 10 * place + 5 * (first == "mnli")
                rows += [{"metric": m, "value": value, "language": code} for m in metrics]
                ids = ["q1", "q2", "q3"]
                examples.append(pd.DataFrame({"language": code, "example_id": ids, "score": POINTS[first]}))
                path = folder / "predictions" / target / f"test-{code}.{'json' if target == 'xquad' else 'tsv'}"
                path.parent.mkdir(parents=True, exist_ok=True)
                said = [*SAID[target][:2], SAID[target][2] + ("!" if first == "mnli" else "")]
                text = json.dumps(dict(zip(ids, said, strict=True))) if target == "xquad" else "\n".join(said) + "\n"
                path.write_text(text)
            labels = {"run_id": run.id, "target": target, "split": "test", "n": 3, "n_train": 9, "selection": "last"}
            labels |= {"layer": None, "pooling": None, "zero_shot": True, **run.labels.to_dict()}
            write_scores(folder, pd.DataFrame(rows).assign(**labels))
            write_examples(folder, pd.concat(examples).assign(target=target))
        else:
            write_facts(folder, losses={"step": [1, 10], "loss": [3.0, 1.0 + run.labels.encoder.startswith("x")]})
        store.finish(run)


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """The smoke grid with all runs finished but one."""
    store = Store(tmp_path_factory.mktemp("outputs"))
    fill(store, explore.open_grid(SMOKE, store=store))
    return explore.open_grid(SMOKE, store=store)


@pytest.fixture(scope="module")
def nothing(tmp_path_factory):
    """The smoke grid before anything has run."""
    return explore.open_grid("params/smoke.yaml", store=Store(tmp_path_factory.mktemp("none") / "outputs"))


def test_scores_are_tidy_and_missing_ones_stay(opened):
    scores = explore.scores(opened)
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
    scores = explore.scores(opened)
    wide = explore.pivot(scores.query("intermediate == 'none'"), "language", ["target", "encoder"])
    assert list(wide.index) == ["en", "qaa", "qab", "qad"]
    assert list(wide.columns) == [(t, e) for t in ("xnli", "xquad", "tatoeba") for e in ("bert", "xlnet")]
    assert wide["xquad", "bert"].tolist() == [60, 50, 40, 30] and np.isnan(wide.loc["en", ("tatoeba", "bert")])
    gained = explore.pivot(scores.query("intermediate != 'none'"), "encoder", "target", "gain")
    assert gained.loc["bert", ["xquad", "tatoeba"]].tolist() == [5, 5] and np.isnan(gained.loc["bert", "xnli"])
    assert np.isnan(gained.loc["xlnet", "xquad"])


def test_two_runs_are_chosen_by_what_differs_least(opened):
    first, second = explore.choose(opened)
    assert (explore.label(first), explore.label(second)) == ("bert · none · seed 0", "bert · mnli · seed 0")
    assert first["target"] == second["target"] == "xnli"
    first, second = explore.choose(opened, "xquad", {"encoder": "xlnet"})
    assert (explore.label(first), explore.label(second)) == ("xlnet · none · seed 0", "bert · none · seed 0")
    first, second = explore.choose(opened, "tatoeba", {"intermediate": "mnli"}, {"encoder": "xlnet"})
    assert (explore.label(first), explore.label(second)) == ("bert · mnli · seed 0", "xlnet · mnli · seed 0")


def test_what_cannot_be_chosen_is_said(opened, nothing):
    with pytest.raises(UserError, match="chosen by encoder, .* not by 'seeds'"):
        explore.choose(opened, first={"seeds": 1})
    with pytest.raises(UserError, match="encoder: bert, xlnet; intermediate: none, mnli"):
        explore.choose(opened, first={"encoder": "gpt"})
    with pytest.raises(UserError, match="Fewer than two runs of udpos have finished"):
        explore.choose(opened, "udpos")
    with pytest.raises(UserError, match="No two runs of one target have finished.*xtl run params/smoke.yaml"):
        explore.choose(nothing)


def test_two_runs_example_by_example(opened):
    compared = explore.compare(opened, *explore.choose(opened, "tatoeba"))
    assert len(compared) == 9 and compared["difference"].tolist()[:3] == [0, 100, -30]
    differ = explore.differing(compared)
    assert differ["example_id"].tolist() == ["q2"] * 3 + ["q3"] * 3
    tally = explore.tally(compared)
    assert tally.loc["qaa"].tolist() == [3, 1, 1, 1, 0, pytest.approx(70 / 3)]
    half = compared.assign(difference=compared["difference"].where(compared["example_id"] != "q2"))
    assert explore.tally(half).loc["qaa", ["better", "missing"]].tolist() == [0, 1]


def test_predictions_side_by_side(opened):
    pair = explore.choose(opened, "xquad", {"encoder": "bert"})
    read = explore.predictions(opened, pair[1], "qaa")
    assert read["prediction"].tolist() == ["a", "", "<b>c!"] and read["score"].tolist() == POINTS["mnli"]
    both = explore.side_by_side(opened, *pair, "qaa")
    assert both.to_numpy().tolist() == [["q2", 100.0, "", ""], ["q3", -30.0, "<b>c", "<b>c!"]]
    assert explore.predictions(opened, explore.choose(opened, "xnli")[0], "en")["prediction"].tolist() == SAID["xnli"]
    with pytest.raises(UserError, match="bert · none · seed 0 kept no predictions of xquad in 'de'"):
        explore.predictions(opened, pair[0], "de")


def test_every_format_of_predictions_is_read():
    path, ids = Path("test-de.tsv"), ["1", "2"]
    assert explore.READ["tagging"]("NOUN\nVERB\n\nX\n\n", ids, path) == ["NOUN VERB", "X"]
    assert explore.READ["retrieval"]("1\n0\n", ids, path) == ["1", "0"]
    assert explore.READ["span"]('{"2": "b"}', ids, path) == [None, "b"]
    assert explore.READ["mining"]("de-1\ten-9\n", ["de-1\ten-1", "de-2\ten-2"], path) == ["en-9", None]
    with pytest.raises(UserError, match="holds 1 predictions, but the run scored 2 examples"):
        explore.READ["classification"]("neutral\n", ids, path)


def test_the_test_examples_can_stand_beside(opened):
    pair = explore.choose(opened, "xnli")
    texts = explore.examples(opened, pair[0], "qaa")
    assert {"example_id", "text_a", "text_b", "label"} == set(texts.columns) and len(texts) == 60
    assert set(texts["label"]) <= {"entailment", "neutral", "contradiction"}
    both = explore.side_by_side(opened, *pair, "qaa", texts=True)
    assert list(both.columns)[:4] == ["example_id", "difference", "first", "second"] and "text_a" in both


def test_losses_are_what_the_runs_recorded(opened, nothing):
    losses = explore.losses(opened)
    assert set(losses["phase"]) == {"pretrain", "intermediate"} and len(losses) == 8
    pictures = explore.loss_curves(losses)
    assert [p.alt for p in pictures] == [
        "Training loss of the pretrain runs by step: bert ends at 1.00; xlnet ends at 2.00.",
        "Training loss of the intermediate runs by step: bert ends at 1.00; xlnet ends at 2.00.",
    ]
    assert explore.losses(nothing).empty


def test_before_anything_has_run(nothing):
    assert explore.state(nothing) == (
        "smoke: 0 of 12 cells are done. To run what is missing: xtl run params/smoke.yaml"
    )
    scores = explore.scores(nothing)
    assert len(scores) == 44 and scores["score"].isna().all() and set(scores["status"]) == {"absent"}
    assert explore.pivot(scores, "language", "target").isna().all().all()
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
