"""A plan without a network, a mirror or a licensed folder: everything is laid out, and what is missing is named."""

from pathlib import Path
from types import SimpleNamespace

import huggingface_hub
import pytest
from typer.testing import CliRunner

from xtl.base import hub
from xtl.base.errors import Absent, UserError
from xtl.cli import app
from xtl.grid.experiment import load
from xtl.grid.gpu_hours import budget
from xtl.grid.plan import make
from xtl.tasks.catalog import TASKS

PARAMS = Path(__file__).resolve().parents[2] / "params"


@pytest.fixture(params=["offline", "no network", "empty mirror"])
def nowhere(request, monkeypatch, tmp_path, outputs):
    """A fresh clone: nothing in the Hub client's cache, no folder named, and nobody to ask."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    for name in ("XTL_MIRROR", "XTL_CCG", "XTL_BUCC"):
        monkeypatch.delenv(name, raising=False)
    if request.param == "offline":
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    elif request.param == "no network":
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    else:
        (tmp_path / "mirror").mkdir()
        monkeypatch.setenv("XTL_MIRROR", str(tmp_path / "mirror"))
    return request.param


@pytest.mark.parametrize(
    "grid, runs, arms, absent",
    [
        ("quick", 17, 3, ["FacebookAI/xlm-roberta-base", "google/xtreme", "nyu-mll/glue", "rajpurkar/squad"]),
        ("phang2020", 87, 11, ["FacebookAI/xlm-roberta-large", "facebook/anli", "wikimedia/wikipedia"]),
        ("architectures", 743, 4, ["xlnet/xlnet-base-cased", "google/xtreme", "Rowan/hellaswag"]),
    ],
)
def test_a_plan_shows_shape_order_and_cost(nowhere, grid, runs, arms, absent):
    before = huggingface_hub.constants.HF_HUB_OFFLINE
    plan = make(load(PARAMS / f"{grid}.yaml"), provisional=True)
    assert huggingface_hub.constants.HF_HUB_OFFLINE == before
    assert len(plan.runs) == runs and plan.cells["intermediate"].nunique() == arms
    assert set(absent) <= set(plan.absent)
    assert "unknown" not in set(plan.cells["architecture"])
    needs = budget(plan, list(plan.runs.values()))
    assert needs.unknown == 0 and needs.gpu_hours > 0.1
    order = list(plan.runs)
    assert all(order.index(up) < order.index(run.id) for run in plan.runs.values() for up in run.upstream.values())
    targets = {run.id for run in plan.runs.values() if run.phase == "target" and run.params["train_task"] != "mnli"}
    assert plan.provisional >= targets - {run.id for run in plan.runs.values() if "here" in run.labels.encoder}


def test_a_run_says_in_one_sentence_what_is_missing(nowhere):
    with pytest.raises(UserError) as stop:
        make(load(PARAMS / "phang2020.yaml"))
    text = str(stop.value)
    for part in (
        "FacebookAI/xlm-roberta-large",
        "google/xtreme",
        "more not on this machine",
        "`xtl fetch GRID",
        "XTL_",
    ):
        assert part in text
    assert len(text) < 300


def test_the_command_prints_a_plan_and_marks_what_is_provisional(nowhere):
    result = CliRunner().invoke(app, ["plan", str(PARAMS / "phang2020.yaml")])
    assert result.exit_code == 0
    text = " ".join(result.stdout.split())
    assert "87 runs for 88 cells" in text and "GPU-hours" in text
    assert "target/xlmr-large-none-xnli-s0 (provisional)" in text
    assert "the ids of 87 runs are provisional" in text
    assert "xlmr-large: xlm-roberta, 24 layers, not here: what it can do is tried once it is." in text
    assert "left out bucc: folders.bucc: ${XTL_BUCC} is not a folder" in text
    assert "left out ccg, multi: folders.ccg: ${XTL_CCG} is not a folder" in text


GRID = """
name: licensed
question: Does it go on without the licensed folder?
data: hub
folders: {ccg: "${XTL_CCG}"}
encoders: {tiny: {checkpoint: CHECKPOINT}}
intermediates:
  squad1: [squad1]
  ccg: [ccg]
  both: [ccg, squad1]
  longer: {steps_of: ccg}
targets: [udpos, bucc]
languages: {udpos: [en, de], bucc: [de]}
"""


@pytest.fixture
def licensed(tmp_path, outputs, mirror, tiny_encoders, monkeypatch):
    monkeypatch.setenv("XTL_MIRROR", str(mirror))
    monkeypatch.delenv("XTL_CCG", raising=False)
    path = tmp_path / "grid.yaml"
    path.write_text(GRID.replace("CHECKPOINT", str(tiny_encoders["bert"])))
    return path


@pytest.mark.parametrize("provisional", [True, False])
def test_arms_of_a_folder_that_is_not_here_are_left_out(licensed, provisional):
    plan = make(load(licensed), provisional)
    assert list(dict.fromkeys(plan.cells["intermediate"])) == ["none", "squad1"]
    assert list(dict.fromkeys(plan.cells["target"])) == ["udpos"]
    assert not plan.absent and not plan.provisional
    assert [note.split(":")[0] for note in plan.notes] == ["bucc", "ccg, both, longer"]


def test_arms_of_a_folder_that_is_here_are_not(licensed, monkeypatch, folders):
    monkeypatch.setenv("XTL_CCG", folders["ccg"])
    plan = make(load(licensed, [f"folders.bucc={folders['bucc']}"]))
    assert set(plan.cells["intermediate"]) == {"none", "squad1", "ccg", "both", "longer"} and not plan.notes
    assert set(plan.cells["target"]) == {"udpos", "bucc"}


def test_a_folder_that_holds_other_things_is_an_error(licensed, tmp_path):
    with pytest.raises(UserError, match="folders.ccg: .* lacks train.txt"):
        make(load(licensed, [f"folders.ccg={tmp_path}"]), provisional=True)


def test_a_grid_of_which_no_target_is_left_is_an_error(licensed):
    with pytest.raises(UserError, match="targets: none is left without bucc: task bucc is not on the Hub"):
        make(load(licensed, ["targets=[bucc]", "languages=null"]), provisional=True)


def test_an_encoder_that_is_not_published_has_no_size(licensed):
    plan = make(load(licensed, ["encoders.tiny.checkpoint=someone/nobody"]), provisional=True)
    assert list(plan.absent) == ["someone/nobody"] and set(plan.cells["architecture"]) == {"unknown"}
    assert budget(plan, list(plan.runs.values())).unknown == len(plan.runs) == 3
    assert plan.provisional == set(plan.runs)


@pytest.mark.parametrize("status, kind", [(404, UserError), (401, UserError), (429, Absent), (503, Absent)])
def test_what_the_hub_denies_is_no_matter_of_the_network(status, kind):
    def request():
        error = OSError("no\nmore")
        error.response = SimpleNamespace(status_code=status)
        raise error

    with pytest.raises(UserError, match=r"someone/nobody cannot be had from the Hub \(no\)") as stop:
        hub.ask("someone/nobody", request)
    assert type(stop.value) is kind


def test_published_sizes_are_those_of_the_grids():
    from xtl.models.published import published

    for path in PARAMS.glob("*.yaml"):
        text = path.read_text()
        for name in (word.strip("{},") for word in text.split("checkpoint: ")[1:] for word in word.split()[:1]):
            assert "$" in name or name in published(), (path, name)
    assert TASKS["ccg"].folder and TASKS["bucc"].folder
