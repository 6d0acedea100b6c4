"""The command line from outside: bad input gets one sentence, status 2 and no trace; the tables say what is there."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.command import xtl
from xtl.cli import app
from xtl.errors import UserError

ROOT = Path(__file__).resolve().parent.parent
SMOKE = str(ROOT / "params" / "smoke.yaml")


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["plan", "nowhere.yaml"], "nowhere.yaml"),
        (["run", SMOKE, "--set", "trainig.epochs=1"], "unknown key 'trainig'"),
        (["run", SMOKE, "--set", "targets=[xnly]"], "unknown target task 'xnly'"),
        (["run", SMOKE, "--set", "languages=[en, qzz]"], "'qzz'"),
        (["run", SMOKE, "--set", "seeds=all"], "seeds"),
        (["run", SMOKE, "--set", "encoders={}"], "'encoders' is empty"),
        (["run", SMOKE, "--only", "nothing-like-this"], "no run of this grid matches"),
        (["run", SMOKE, "--cluster", "nowhere.yaml"], "nowhere.yaml"),
        (["run", SMOKE, "--set", "intermediates.both=[mnli, qqp]"], "several tasks at once are not there yet"),
    ],
)
def test_a_mistake_is_one_sentence_and_leaves_no_trace(arguments, said, tmp_path):
    done = xtl(*arguments, XTL_OUTPUTS=str(tmp_path / "outputs"))
    assert done.returncode == 2
    assert said in done.stderr and "Traceback" not in done.stderr + done.stdout
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "outputs" / "runs").exists()


def test_an_encoder_without_weights_and_a_mirror_without_data(tmp_path, tiny_encoders, mirror):
    import shutil

    broken = shutil.copytree(tiny_encoders["bert"], tmp_path / "broken")
    (broken / "model.safetensors").unlink()
    real = str(ROOT / "params" / "real.yaml")
    outputs = {"XTL_OUTPUTS": str(tmp_path / "outputs"), "XTL_MIRROR": str(mirror)}
    done = xtl("run", real, "--set", f"encoders.local.checkpoint={broken}", **outputs)
    assert done.returncode == 2 and "no weights" in done.stderr
    (tmp_path / "empty").mkdir()
    outputs["XTL_MIRROR"] = str(tmp_path / "empty")
    done = xtl("run", real, "--set", f"encoders.local.checkpoint={tiny_encoders['bert']}", **outputs)
    assert done.returncode == 2 and "google/xtreme" in done.stderr
    assert not (tmp_path / "outputs" / "runs").exists()


def test_plan_counts_and_changes_nothing(outputs):
    result = CliRunner().invoke(app, ["plan", SMOKE])
    assert result.exit_code == 0
    assert "16 runs for 12 cells: 0 cached, 16 new." in result.stdout
    assert not (outputs / "runs").exists()


def test_status_of_nothing_is_not_done(outputs):
    result = CliRunner().invoke(app, ["status", SMOKE])
    assert result.exit_code == 1 and "16 absent" in result.stdout


def test_tables_of_tasks_and_languages(outputs):
    assert "tatoeba" in CliRunner().invoke(app, ["tasks"]).stdout
    natural = CliRunner().invoke(app, ["languages"]).stdout
    assert "Swahili" in natural
    made = CliRunner().invoke(app, ["languages", SMOKE]).stdout
    assert "qaa" in made and "qal" in made


def test_every_command_has_help_with_an_example():
    for command in ("plan", "run", "status", "report", "tasks", "languages"):
        result = CliRunner().invoke(app, [command, "--help"])
        assert result.exit_code == 0 and "Examples:" in result.stdout and f"xtl {command}" in result.stdout


def test_user_errors_reach_the_caller_unchanged():
    result = CliRunner().invoke(app, ["plan", "nowhere.yaml"])
    assert isinstance(result.exception, UserError)
