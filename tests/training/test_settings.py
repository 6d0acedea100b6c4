"""Settings: each has a line in its notebook's parameters cell, and decides the run's identity or is named here."""

import types
from typing import Literal, Union, get_args, get_origin

import nbformat
import pytest
import yaml
from papermill.translators import PythonTranslator

from xtl.base.errors import UserError
from xtl.base.places import REPOSITORY
from xtl.grid import plan
from xtl.grid.blocks import Training, keys_read_by
from xtl.grid.experiment import load
from xtl.runs.run import NOTEBOOKS
from xtl.tasks.catalog import TASKS
from xtl.tasks.sources.source import Origin
from xtl.training.settings import IntermediateSettings, Limits, PretrainSettings, TargetSettings, TrainingSet

SETTINGS = {
    "pretrain": PretrainSettings,
    "trial": IntermediateSettings,
    "intermediate": IntermediateSettings,
    "target": TargetSettings,
}
# Parameters that no settings have: digests of what is read, names in the grid, and where to write.
OF_THE_RUN = {"inputs": "dict", "labels": "dict", "run_dir": "str"}
# Parameters that decide no result: where things lie (their digests are among `inputs`), and names in the grid.
UNDECIDING = {"checkpoint", "revision", "folders", "labels", "run_dir"}

MIXTURE = {"tasks": ["mnli", {"task": "squad1", "language": "qaa"}], "sampler": "temperature"}
GRID = {
    "name": "parameters", "question": "Does it decide?", "data": "lab", "lab": {"languages": 12}, "seeds": [0],
    "encoders": {"bert": {"pretrain": {"architecture": "bert"}}},
    "intermediates": {"squad2": ["squad2"], "several": MIXTURE, "longer": {"steps_of": "squad2"}},
    "targets": ["xquad", "tatoeba"],
}  # fmt: skip


def cell(phase):
    """The annotated parameters of a phase's notebook, by name."""
    notebook = nbformat.read(REPOSITORY / "notebooks" / NOTEBOOKS[phase], 4)
    tagged = next(cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", ()))
    return {parameter.name: parameter for parameter in PythonTranslator.inspect(tagged)}


def fields(phase):
    """The settings of a phase by name, without keys of `training` that no run of the phase reads."""
    settings = SETTINGS[phase]
    role = "target" if phase == "target" else "intermediate"
    readers = [task.format for task in TASKS.values() if role in task.roles]
    readers += ["training", "target", "target training"] if phase == "target" else ["training"]
    unread = set(Training.model_fields) - set(keys_read_by(*readers))
    unread |= {"tune", "trials"} if phase == "trial" else set()
    return {name: field for name, field in settings.model_fields.items() if name not in unread}


def plain(annotation):
    """The type that the parameters cell gives a field, which knows those of JSON alone; None may stand for a default.

    >>> plain(int | None)
    'int'
    """
    outer = get_origin(annotation) or annotation
    if outer in (Union, types.UnionType):
        return plain(next(one for one in get_args(annotation) if one is not types.NoneType))
    if outer is Literal:
        return plain(type(get_args(annotation)[0]))
    if outer in (str, int, float, bool):
        return outer.__name__
    return "list" if outer in (list, tuple) else "dict"


@pytest.mark.parametrize("phase", SETTINGS)
def test_every_setting_has_its_line_in_the_notebook(phase):
    expected = {name: plain(field.annotation) for name, field in fields(phase).items()}
    assert {name: parameter.inferred_type_name for name, parameter in cell(phase).items()} == expected | OF_THE_RUN
    assert not [name for name, parameter in cell(phase).items() if not parameter.help], "a line lacks its comment"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Runs of every phase and kind: on one task and several, trained and read, and longer by another's steps."""
    path = tmp_path_factory.mktemp("grid") / "grid.yaml"
    path.write_text(yaml.safe_dump(GRID))
    tuned = plan.make(load(path, ["tune.learning_rate=[1e-5, 2e-5]"]))
    return [*plan.make(load(path)).runs.values(), *tuned.runs.values()]


@pytest.mark.parametrize("phase", SETTINGS)
def test_every_parameter_decides_the_identity_or_is_named(phase, runs):
    deciding = set()
    for run in runs:
        if run.phase == phase:
            deciding |= run.params.keys() | {name.partition(".")[0] for name in run.upstream}
    assert deciding | (UNDECIDING & set(cell(phase))) == set(cell(phase))
    assert not UNDECIDING & {name for run in runs for name in run.params}


@pytest.mark.parametrize("phase", SETTINGS)
def test_settings_are_what_the_grid_planned(phase, runs):
    """The parameters of a planned run come back from its settings; None stands for what it does not read."""
    for run in runs:
        if run.phase == phase:
            checkpoints = {name: f"checkpoint of {run_id}" for name, run_id in run.upstream.items()}
            settings = SETTINGS[phase].from_parameters({"seed": 0, **run.params, **checkpoints})
            values = settings.model_dump(mode="json")
            for name in values.keys() & run.params.keys() - {"tasks"}:
                assert run.params[name] in (values[name], None)


def intermediate(**changes):
    """Settings of a mixture."""
    parameters = {"tasks": MIXTURE["tasks"], "checkpoint": "bert", "data": {"kind": "lab"}, "seed": 0, **changes}
    return IntermediateSettings.from_parameters(parameters)


def test_a_name_is_short_for_english_data_and_none_for_the_default():
    settings = intermediate(temperature=None, max_steps=None, max_length=90, lengths={"mnli": Limits(40, 10)})
    assert settings.temperature == 2.0 and settings.max_steps is None
    english, other = settings.training_sets
    assert english == TrainingSet("mnli", None) and english.name == "mnli"
    assert other.origin.language == "qaa" and other.name == "squad1/qaa/native"
    assert settings.limits("mnli") == Limits(40, 10) and settings.limits("squad1") == Limits(90, 64)


def test_a_step_takes_the_place_of_the_stride_in_limits():
    assert intermediate(step=128).limits("squad1") == Limits(128, None, 128)
    settings = intermediate(stride=None, step=128, lengths={"mnli": {"max_length": 40, "stride": 10}})
    assert settings.limits("mnli") == Limits(40, 10) and settings.limits("squad1").overlap(300) == 172


def test_limits_are_the_encoder_s_where_those_are_shorter():
    tokenizer = types.SimpleNamespace(model_max_length=64)
    assert Limits(128, 30).within(tokenizer) == Limits(64, 30) and Limits(60, 30).within(tokenizer) == Limits(60, 30)


def test_a_wrong_value_is_one_sentence():
    with pytest.raises(
        UserError, match=r"^parameters: learning_rate: input should be greater than 0 \(given: '-1.0'\)"
    ):
        intermediate(learning_rate=-1.0)


def test_a_run_shows_what_it_reads():
    read = set(intermediate().read_by_run())
    assert {"tasks", "sampler", "learning_rate", "stride", "selection"} <= read
    assert not read & {"layer", "shots", "max_eval_examples"}
    common = {"checkpoint": "bert", "data": {}, "seed": 0}
    retrieval = TargetSettings(evaluate={"tatoeba": ["de"]}, **common)
    assert {"layer", "max_length", "max_eval_examples"} <= set(retrieval.read_by_run())
    assert not set(retrieval.read_by_run()) & {"learning_rate", "epochs", "stride", "oracle"}
    source = Origin(language="de", provenance="human")
    trained = TargetSettings(train_task="udpos", source=source, evaluate={"udpos": ["de"]}, **common)
    assert {"learning_rate", "oracle", "shots"} <= set(trained.read_by_run()) and "layer" not in trained.read_by_run()
    assert trained.training_sets == (TrainingSet("udpos", source),)
