"""What a grid asks of its encoders and they cannot do is one sentence, before anything runs."""

import huggingface_hub
import pytest
import yaml
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

from tests.encoder_types import write
from xtl.base.errors import UserError
from xtl.cli import app
from xtl.grid import capable
from xtl.grid.blocks import Encoder
from xtl.grid.experiment import load
from xtl.grid.plan import make
from xtl.tasks.formats.capabilities import Capability

EVERY = dict.fromkeys(("classification", "choice", "tagging", "span", "mlm", "retrieval", "mining"), "transformers")


@pytest.fixture
def plan(tmp_path, monkeypatch, mirror, tiny_encoders, outputs):
    """Function: targets, `training` -> plan over the miniature mirror with one tiny encoder."""
    monkeypatch.setenv("XTL_MIRROR", str(mirror))

    def planned(targets=("udpos", "tatoeba"), intermediates=None, checkpoint=tiny_encoders["bert"], **training):
        grid = {
            "name": "small", "question": "Can it?", "data": "hub", "languages": "available", "training": training,
            "encoders": {"tiny": {"checkpoint": str(checkpoint)}}, "targets": list(targets),
            "intermediates": intermediates or {},
        }  # fmt: skip
        path = tmp_path / "grid.yaml"
        path.write_text(yaml.safe_dump(grid))
        return make(load(path))

    planned.path = tmp_path / "grid.yaml"
    return planned


def check(plan, **changes):
    values = {"kind": "new", "heads": EVERY, "refusals": {}, "longest": 64, "segments": True, "layers": 2}
    capable.check(plan.runs.values(), {"tiny": Capability(**values | changes)})


def test_what_works_is_not_refused(plan):
    check(plan(["udpos", "tatoeba", "xquad"], step=63, layer=2))
    check(plan(["xquad"], step=100, max_length=200), longest=None)


@pytest.mark.parametrize(
    "refused, message",
    [
        ("retrieval", r"encoder 'tiny' \(new\) cannot do tatoeba: no states; leave one of them out of the grid"),
        ("span", r"encoder 'tiny' \(new\) cannot do squad1: no states"),
    ],
)
def test_formats_of_targets_and_intermediates_are_refused(plan, refused, message):
    with pytest.raises(UserError, match=message):
        check(plan(intermediates={"squad1": ["squad1"]}), refusals={refused: "no states"})


def test_a_step_of_windows_that_the_encoder_cannot_read_is_refused(plan):
    with pytest.raises(UserError, match=r"reads 64 tokens of a context at once, so no two windows begin 64 tokens"):
        check(plan(["xquad"], step=64))
    with pytest.raises(UserError, match=r"reads 32 tokens .* set a smaller `step` in encoders.tiny.training"):
        check(plan(["xquad"], step=40, max_length=32))
    mixture = {"both": ["squad1", "mnli"]}
    with pytest.raises(UserError, match=r"reads 64 tokens .* begin 65 tokens apart"):
        check(plan(["udpos"], mixture, step=65))


def test_a_layer_that_the_encoder_does_not_have_is_refused(plan):
    with pytest.raises(UserError, match=r"has layers 0 \(embeddings\) to 2, not 3, which tatoeba would be read at"):
        check(plan(layer=3))


def test_encoders_that_are_trained_here_need_no_trial(outputs):
    plan = make(load("params/smoke.yaml"))
    abilities = capable.capabilities(plan)
    assert [ability.kind for ability in abilities.values()] == ["bert", "xlnet"]
    assert [ability.segments for ability in abilities.values()] == [True, False]
    assert abilities["bert"].describe().endswith("up to 128 tokens; two segments; trained here")
    capable.check(plan.runs.values(), abilities)
    assert not (outputs / "cache" / "encoders").exists()


def test_a_hub_id_of_which_the_cache_holds_some_files_is_marked(plan, monkeypatch):
    made = plan()
    made.experiment.encoders["tiny"] = Encoder(checkpoint="some/encoder", revision="0" * 40)
    monkeypatch.delenv("XTL_MIRROR")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    assert capable.capabilities(made) == {"tiny": "not here: what it can do is tried once it is"}


def xtl(*arguments):
    result = CliRunner().invoke(app, list(map(str, arguments)))
    return result.exit_code, " ".join(result.output.split()), result.exception


def test_a_plan_prints_a_line_for_each_encoder(plan, outputs):
    plan(max_length=100)
    status, text, _ = xtl("plan", plan.path)
    assert status == 0
    assert "tiny: bert; pairs, choices, tags, spans, language modelling (heads of transformers); retrieval" in text
    assert "up to 64 tokens; two segments; its own pooler;" in text
    assert "inputs are cut there, not at max_length 100 as the grid says." in text
    assert len(list((outputs / "cache" / "encoders").glob("*.json"))) == 1


@pytest.mark.parametrize("command", ["plan", "run"])
def test_plan_and_run_refuse_before_anything_runs(command, plan, outputs, tmp_path):
    funnel = write("funnel", tmp_path / "funnel")
    plan(checkpoint=funnel)
    _, _, error = xtl(command, plan.path)
    assert isinstance(error, UserError) and "(funnel) cannot do tatoeba: some layers have hidden states" in str(error)
    bert = write("bert", tmp_path / "bert")
    weights = load_file(bert / "model.safetensors")
    save_file({f"net.{name}": weight for name, weight in weights.items()}, bert / "model.safetensors")
    plan(checkpoint=bert)
    _, _, error = xtl(command, plan.path)
    assert isinstance(error, UserError) and "its weights lack 37 of the encoder's 37" in str(error)
    assert not (outputs / "runs").exists()
