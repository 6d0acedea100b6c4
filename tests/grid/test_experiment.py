"""The grid file: defaults, short forms, overrides, and one readable sentence for every mistake."""

import pytest
import yaml

from xtl.base.errors import UserError
from xtl.grid.experiment import load

GRID = {
    "name": "small",
    "question": "Does it work?",
    "data": "lab",
    "seeds": [0, 1],
    "encoders": {"bert": {"pretrain": {"architecture": "bert"}}},
    "intermediates": {"mnli": ["mnli"]},
    "targets": ["xnli", "tatoeba"],
}


@pytest.fixture
def write(tmp_path):
    """Function: changes to GRID -> path of a grid file; a key set to None is removed."""

    def writer(**changes):
        grid = {k: v for k, v in {**GRID, **changes}.items() if v is not None}
        path = tmp_path / "grid.yaml"
        path.write_text(yaml.safe_dump(grid))
        return path

    return writer


def complaint(path, *overrides) -> str:
    with pytest.raises(UserError) as caught:
        load(path, overrides)
    text = str(caught.value)
    assert "\n" not in text and text.endswith((".", ")"))
    return text


def test_a_small_grid_gets_its_defaults(write):
    grid = load(write())
    assert grid.seeds == (0, 1)
    assert list(grid.all_intermediates()) == ["none", "mnli"]
    assert [s.language for s in grid.sources] == ["en"]
    assert grid.training.learning_rate == 2e-5
    assert grid.data_source().kind == "lab"
    recipe = grid.encoders["bert"].pretrain.full_recipe.model_dump()
    assert recipe == dict(nsp=True, segments=True, masking="static", objective="mlm", predicted=0.15, pairs=0.0)


def test_pretraining_defaults_are_merged_below_every_block(write):
    grid = load(
        write(
            pretraining={"steps": 7, "recipe": {"pairs": 0.3}},
            encoders={
                "a": {"pretrain": {"architecture": "roberta", "steps": 9, "recipe": {"masking": "static"}}},
                "b": {"pretrain": {"architecture": "xlnet"}},
            },
        )
    )
    a, b = (grid.encoders[name].pretrain for name in "ab")
    assert (a.steps, a.recipe.pairs, a.recipe.masking) == (9, 0.3, "static")
    assert (b.steps, b.recipe.pairs, b.full_recipe.objective) == (7, 0.3, "plm")


def test_overrides_from_the_command_line_are_validated_like_the_file(write):
    grid = load(write(), ["training.max_steps=5", "seeds=[4]", "overrides.xnli.epochs=1.5"])
    assert (grid.training.max_steps, grid.seeds, grid.training_of("xnli").epochs) == (5, (4,), 1.5)
    assert grid.training_of("tatoeba").epochs == 3
    assert "unknown key 'training.max_step'" in complaint(write(), "training.max_step=5")
    assert "KEY=VALUE" in complaint(write(), "training.max_steps")
    assert "'name' is not a map" in complaint(write(), "name.x=1")
    assert "the key 'epochs' stands twice" in complaint(write(), "training={epochs: 1, epochs: 2}")


def test_the_environment_is_read_and_an_unset_name_is_an_error(write, monkeypatch):
    path = write(encoders={"local": {"checkpoint": "${XTL_TEST_ENCODER}"}})
    monkeypatch.delenv("XTL_TEST_ENCODER", raising=False)
    text = complaint(path)
    assert "XTL_TEST_ENCODER" in text and "encoders.local.checkpoint" in text
    monkeypatch.setenv("XTL_TEST_ENCODER", "some/folder")
    assert load(path).encoders["local"].checkpoint == "some/folder"


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"colour": 1}, ["unknown key 'colour'", "known there: name, question"]),
        ({"training": {"lr": 1}}, ["unknown key 'training.lr'", "learning_rate"]),
        ({"encoders": {"a": {"pretrain": {"architecture": "bert", "recipe": {"mask": 1}}}}}, ["recipe.mask"]),
        ({"encoders": {}}, ["'encoders' is empty"]),
        ({"targets": []}, ["'targets' is empty"]),
        ({"targets": ["xnly"]}, ["unknown target task 'xnly'", "xnli"]),
        ({"intermediates": {"a": ["tatoeba"]}}, ["unknown intermediate task 'tatoeba'", "mnli"]),
        ({"intermediates": {"a": []}}, ["intermediates.a", "baseline"]),
        ({"intermediates": {"none": ["mnli"]}}, ["intermediates.none", "baseline"]),
        ({"overrides": {"xnlii": {}}}, ["overrides.xnlii", "unknown task"]),
        ({"overrides": {"xnli": {"lr": 1}}}, ["unknown key 'overrides.xnli.lr'", "learning_rate"]),
        ({"overrides": {"xnli": {"epochs": -1}}}, ["overrides.xnli", "epochs", "greater than 0"]),
        ({"pretraining": {"step": 1}, "encoders": {"a": {"checkpoint": "x"}}}, ["key 'pretraining.step'", "steps"]),
        ({"revisions": {"google/xtrem": "main"}}, ["revisions", "'google/xtrem'", "google/xtreme"]),
        ({"encoders": {"x": {"checkpoint": ""}}}, ["encoders.x", "'checkpoint' is empty"]),
        ({"seeds": "many"}, ["seeds", "'many'"]),
        ({"seeds": [0, 0]}, ["seeds", "twice"]),
        ({"training": {"learning_rate": "fast"}}, ["training.learning_rate", "'fast'"]),
        ({"encoders": {"x": {}}}, ["encoders.x", "'pretrain'", "'checkpoint'"]),
        ({"encoders": {"x": {"pretrain": {"architecture": "gpt"}}}}, ["encoders.x.pretrain.architecture", "'gpt'"]),
        ({"encoders": {"x": {"pretrain": {"architecture": "bert", "recipe": {"objective": "plm"}}}}}, ["two-stream"]),
        ({"encoders": {"x": {"pretrain": {"architecture": "bert", "hidden": 130}}}}, ["hidden (130)", "heads (4)"]),
        ({"languages": {"udpos": ["en"]}}, ["languages", "udpos"]),
        ({"claims": [{"text": "t", "source": "s", "targets": ["xnly"]}]}, ["claims: unknown target 'xnly'", "xnli"]),
        ({"claims": [{"text": "t", "source": "s", "contrast": "none"}]}, ["'none'", "over the baseline"]),
        ({"intermediates": {"a": {"steps_of": "b"}}}, ["intermediates.a", "steps_of names 'b'"]),
        ({"intermediates": {"a": {"tasks": ["mnli"], "steps_of": "b"}}}, ["intermediates.a", "leave out `tasks`"]),
        ({"intermediates": {"a": ["mnli", "mnli"]}}, ["intermediates.a", "names a data set twice"]),
        ({"intermediates": {"a": {"tasks": ["mnli", "mlm"], "sampler": "uniform", "cap": 9}}}, ["a cap limits sizes"]),
        ({"intermediates": {"a": {"tasks": ["mnli"], "sampler": "uniform"}}}, ["sampler says how several tasks"]),
        ({"intermediates": {"a": {"steps_of": "mnli", "cap": 9}}}, ["intermediates.a", "cap says how several tasks"]),
        ({"intermediates": {"a": {"tasks": ["mnli", "mlm"], "temperature": 3}}}, ["temperature is read by sampler"]),
        ({"intermediates": {"a": {"tasks": ["mnli", "mlm"], "training": {"shots": 3}}}}, ["training.shots is of"]),
        ({"intermediates": {"a": {"tasks": ["mnli"], "training": {"epochs": 1}}}}, ["one task has its block"]),
        ({"intermediates": {"a": {"tasks": ["mnli", "mlm"], "training": {"lr": 1}}}}, ["unknown key 'training.lr'"]),
        ({"intermediates": {"a": {"tasks": ["mnli", "mlm"], "training": {"epochs": -1}}}}, ["a.training"]),
        ({"training": {"oracle": True, "shots": 4}}, ["training", "oracle compares zero-shot checkpoints"]),
        ({"training": {"learning_rate": float("inf")}}, ["training.learning_rate", "finite number"]),
        ({"name": "runs"}, ["outputs/runs holds other things"]),
        ({"sources": [{"provenance": "machine"}]}, ["sources.0", "English training data is native"]),
        ({"sources": [{"language": "de", "translator": "apertium"}]}, ["sources.0", "`provenance: machine`"]),
        ({"sources": ["en", "en"]}, ["sources", "twice"]),
        ({"sources": [{"intermediates": ["qqp"]}]}, ["sources.0.intermediates", "no 'qqp'", "none, mnli"]),
        ({"name": None}, ["'name' is missing"]),
        ({"name": "a/b"}, ["name", "a/b"]),
        ({"question": None}, ["'question' is missing"]),
    ],
)  # fmt: skip
def test_mistakes_are_one_sentence(write, changes, said):
    text = complaint(write(**changes))
    for part in said:
        assert part in text


def test_relative_places_count_from_the_base(tmp_path, write):
    (tmp_path / "mine").mkdir()
    encoders = {"a": {"checkpoint": "mine"}, "b": {"checkpoint": "someone/mine"}, "c": {"checkpoint": "./other"}}
    arms = {"x": [{"task": "mnli", "language": "de", "provenance": "machine", "translator": "./mine"}]}
    path = write(data="hub", encoders=encoders, folders={"ccg": "mine"}, intermediates=arms, targets=["xnli"], lab=None)
    found = load(path, (), tmp_path)
    whole = str(tmp_path / "mine")
    assert [spec.checkpoint for spec in found.encoders.values()] == [whole, "someone/mine", "./other"]
    assert found.folders == {"ccg": whole} and found.intermediates["x"].tasks[0].translator == whole
    assert load(path).encoders["a"].checkpoint == "mine"


def test_files_that_are_no_grid(tmp_path):
    path = tmp_path / "grid.yaml"
    assert "cannot read" in complaint(path)
    path.write_text("")
    assert "empty" in complaint(path)
    path.write_text("a: [1")
    assert "line" in complaint(path) and "YAML" in complaint(path)
    path.write_bytes(b"\xff\xfe\xfa")
    assert "UTF-8" in complaint(path)


@pytest.mark.parametrize(
    "text, message",
    [
        ("languages: [de, no]", "languages: YAML reads no, off and false without quotes as a truth value"),
        ("languages: {udpos: [no]}", "languages.udpos.0: YAML reads no, off and false"),
        ("sources: [no]", "sources: YAML reads no"),
        ("intermediates: {a: [on]}", "intermediates.a: tasks: YAML reads yes, on and true"),
        ("seeds: [no]", "seeds: YAML reads no"),
        ("training: {epochs: true}", "training: epochs: YAML reads yes, on and true"),
        ("overrides: {udpos: {layer: off}}", "overrides.udpos: layer: YAML reads no, off"),
        ("encoders: {a: {pretrain: {architecture: bert, recipe: {pairs: no}}}}", "recipe: pairs: YAML reads no"),
        ("name: 1_000", "name: YAML reads 1000 without quotes as a number"),
        ("seeds: [010]", "line 5: YAML reads 010 to the base of 8"),
        ("overrides: &a {udpos: *a}", "line 5: it refers to itself"),
        ("- a", "this one is a list"),
        ("training: {epochs: 1, epochs: 2}", "line [0-9]+: the key 'epochs' stands twice"),
        ("seeds: [-1]", "a seed is a whole number"),
        ("sources: []", "sources"),
        ("encoders: {../x: {checkpoint: a}}", "the name '../x' is none"),
    ],
)
def test_grids_that_ask_for_the_impossible(tmp_path, text, message):
    path = tmp_path / "grid.yaml"
    base = {
        "name": "name: m",
        "question": "question: q",
        "encoders": "encoders: {a: {checkpoint: x}}",
        "targets": "targets: [udpos]",
    }
    lines = [line for key, line in base.items() if not text.startswith(key + ":")]
    path.write_text("\n".join([text] if text.startswith("-") else [*lines, text]))
    with pytest.raises(UserError, match=message):
        load(path)


def test_a_truth_value_may_be_any_of_yamls_words_where_one_belongs(write):
    assert load(write(), ["overrides.xnli.oracle=yes"]).training_of("xnli").oracle
    assert load(write(), ["training.max_steps=1e2"]).training.max_steps == 100


@pytest.mark.parametrize("name", ["k" * 400, "a\nb" * 100, "a " * 200])
@pytest.mark.parametrize("block", ["", "encoders.", "training.", "overrides.", "languages.", "encoders.bert."])
def test_an_error_is_one_short_line_whatever_a_key_is_called(write, block, name):
    assert len(complaint(write(), f"{block}{name}=1")) < 300
