"""The recipe, the matched encoders and the mixtures are told from the run records."""

from dataclasses import replace

import pytest

from tests.synthetic import grid
from xtl.analysis.scores import provenance
from xtl.tasks.catalog import METRIC_NAMES, TASKS


@pytest.fixture
def found():
    return grid(encoders=("bert", "roberta", "xlnet"), seeds=(0, 1), languages=["en", "de", "hi"])


def test_parameters_by_phase(found):
    table = provenance.parameters(found[2]).set_index("parameter")
    assert table.loc["recipe.objective", "pretrain"] == "mlm, plm" and table.loc["layers", "pretrain"] == "3"
    assert table.loc["epochs", "target"] == "3" and table.loc["epochs", "pretrain"] == "–"
    assert "evaluate" not in table.index and not any(name.startswith("evaluate") for name in table.index)


@pytest.mark.parametrize(
    "task", [task for task in TASKS.values() if "target" in task.roles], ids=lambda task: task.name
)
def test_every_metric_of_a_target_has_a_name_and_a_definition(task):
    for metric in task.score:
        assert metric in METRIC_NAMES
        assert (task.format, metric) in provenance.DEFINITIONS


def test_targets_say_what_a_score_is(found):
    cells, scores, records, _ = found
    table = provenance.targets(scores, records, ["xquad", "tatoeba"]).set_index("target")
    assert table.loc["xquad", "score"].startswith("mean of EM") and table.loc["xquad", "trained on"] == "squad1"
    assert table.loc["tatoeba", "layer"] == "2" and table.loc["tatoeba", "pooling"] == "mean"
    assert table.loc["xquad", "test examples per language"] == "300"
    for record in records.values():
        record.params["max_eval_examples"] = 50
    assert provenance.targets(scores, records, ["xquad"])["test examples per language"][0] == "300 (subset, at most 50)"
    assert provenance.subset(records) == 50


def test_pretrained_encoders_side_by_side(found):
    table = provenance.pretrained(found[2]).set_index("encoder")
    assert list(table.index) == ["bert", "roberta", "xlnet"] and set(table["seeds"]) == {2}
    assert table.loc["xlnet", "parameters"] == 1_200_345 and table.loc["bert", "seconds"] == 61.5
    assert "parameters_outside_embeddings" not in table  # not recorded by any run
    assert provenance.pretrained({}).empty


def test_contrasts_are_named_for_what_they_are(found):
    records = found[2]
    recipe, architecture, _ = provenance.contrasts(records, ["bert", "roberta", "xlnet"])
    kind = "a contrast of pretraining recipe (both compute the same function)."
    assert recipe == f"bert and roberta: {kind} They differ in nsp, masking."
    assert architecture.startswith("bert and xlnet: a contrast of architecture and objective.")
    records["proberta0"].params["layers"] = 6
    assert "They also differ in layers: they are not matched." in provenance.contrasts(records, ["bert", "roberta"])[0]


def test_searched_learning_rates_are_named_and_no_lack_of_matching(found):
    records = {key: replace(record, params={**record.params}) for key, record in found[2].items()}
    for name, rate in (("pbert0", 0.002), ("proberta0", 0.003)):
        records[name].params.update(learning_rate=rate, layers=3)
    sentence = provenance.contrasts(records, ["bert", "roberta"])[0]
    assert "Learning rates 0.002 and 0.003: matched if one search chose both." in sentence


def test_plan_counts_states(found):
    cells, _, records, _ = grid(encoders=("bert",), languages=["en", "de"], drop=[("bert", "mnli", "udpos", 0)])
    table = provenance.plan(records).set_index("phase")
    assert table.loc["target", ["runs", "done", "failed"]].tolist() == [18, 17, 1]
    assert table.loc["pretrain", "seconds"] == pytest.approx(3 * 21.4)
    assert provenance.runs(records)["phase"].iloc[0] == "pretrain"


def test_mixed_versions_are_said(found):
    records = found[2]
    assert provenance.machines(records)[1] == []
    records["pbert0"] = replace(records["pbert0"], versions={"torch": "2.12.0"})
    table, note = provenance.machines(records)
    assert "mix different torch" in note[0]
    assert "2.12.0 (1 runs)" in table.set_index("what").loc["torch", "value"]


def test_contrasts_as_a_table(found):
    records = {key: replace(record, params={**record.params}) for key, record in found[2].items()}
    table = provenance.contrast_table(records, ["bert", "roberta", "xlnet", "mbert"]).set_index(["first", "second"])
    assert table["kind"].to_dict() == {
        ("bert", "roberta"): "pretraining recipe", ("bert", "xlnet"): "architecture and objective",
        ("bert", "mbert"): "confounded", ("roberta", "xlnet"): "architecture and objective",
        ("roberta", "mbert"): "confounded", ("xlnet", "mbert"): "confounded",
    }  # fmt: skip
    assert table.loc[("bert", "roberta"), ["recipe", "shape", "matched"]].tolist() == ["nsp, masking", "", True]
    assert not table.loc[("bert", "mbert"), "matched"]
    records["pxlnet0"].params.update(recipe=records["pbert0"].params["recipe"], inputs={"corpus": "other"})
    row = provenance.contrast_table(records, ["bert", "xlnet"]).iloc[0]
    assert (row["kind"], row["recipe"], row["shape"], row["matched"]) == (
        "architecture", "", "corpus or tokenizer", False,
    )  # fmt: skip
    assert provenance.pretrained_here(records) == {"bert", "roberta", "xlnet"}
    assert provenance.contrast_table({}, ["one"]).empty
