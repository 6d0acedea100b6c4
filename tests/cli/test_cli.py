"""The command line from outside: bad input gets one sentence, status 2 and no trace; the tables say what is there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from tests.command import xtl
from xtl.base.errors import UserError
from xtl.cli import app, main

ROOT = Path(__file__).resolve().parents[2]
SMOKE = str(ROOT / "params" / "smoke.yaml")


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["plan", "nowhere.yaml"], "nowhere.yaml"),
        (["run", SMOKE, "--set", "trainig.epochs=1"], "unknown key 'trainig'"),
        (["run", SMOKE, "--set", "targets=[xnly]"], "unknown target task 'xnly'"),
        (["run", SMOKE, "--set", "languages=[en, qzz]"], "'qzz'"),
        (["run", SMOKE, "--set", "seeds=all"], "seeds"),
        (["run", SMOKE, "--set", "targets=udpos"], "should be a list"),
        (["run", SMOKE, "--set", "encoders={}"], "'encoders' is empty"),
        (["run", SMOKE, "--only", "nothing-like-this"], "no run of this grid matches"),
        (["run", SMOKE, "--cluster", "nowhere.yaml"], "nowhere.yaml"),
        (["run", SMOKE, "--set", "intermediates.both={tasks: [mnli, qqp], sampler: often}"], "'often'"),
    ],
)
def test_a_mistake_is_one_sentence_and_leaves_no_trace(arguments, said, tmp_path):
    done = xtl(*arguments, XTL_OUTPUTS=str(tmp_path / "outputs"))
    assert done.returncode == 2
    assert said in done.stderr and "Traceback" not in done.stderr + done.stdout
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "outputs" / "runs").exists()


def test_results_that_cannot_be_written_are_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    done = xtl("run", SMOKE, XTL_OUTPUTS=str(tmp_path / "file" / "outputs"))
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "name a folder for results in XTL_OUTPUTS" in done.stderr


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


def test_an_interruption_says_what_is_kept(monkeypatch, capsys):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("xtl.cli.load_plan", interrupted)
    monkeypatch.setattr("sys.argv", ["xtl", "plan", SMOKE])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 130
    assert capsys.readouterr().err == "xtl: interrupted. What is done stays done; the same command goes on from here.\n"


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
    natural = xtl("languages")
    assert natural.returncode == 0 and "Swahili" in natural.stdout and "Similarity to English" in natural.stdout
    made = CliRunner().invoke(app, ["languages", SMOKE]).stdout
    assert "qaa" in made and "qal" in made


@pytest.mark.parametrize("arguments", [[], ["--to", "ja", "--definition", "angular"], [SMOKE, "--to", "qad"]])
def test_the_languages_fit_a_hundred_columns(arguments, monkeypatch):
    monkeypatch.setattr("xtl.cli.out", Console(width=100))
    lines = CliRunner().invoke(app, ["languages", *arguments]).stdout.splitlines()
    assert max(map(len, lines)) <= 100
    codes = [line.split()[0] for line in lines if re.match(r"[a-z]{2,3} ", line)]
    count = 13 if SMOKE in arguments else 40
    assert len(codes) == 2 * count and len(set(codes)) == count  # two tables, no row in two lines


def test_similarities_are_shown_with_their_coverage(monkeypatch):
    monkeypatch.setattr("xtl.cli.out", Console(width=100))
    lines = [line.rstrip() for line in CliRunner().invoke(app, ["languages"]).stdout.splitlines()]
    similar = {line[:2]: line.split() for line in lines[lines.index("Similarity to English (en), nearest first") :]}
    assert similar["de"] == "de German 0.54 1.00 1,059 0.90 (84%) 0.81 (89%) 0.76 0.00".split()
    assert similar["eu"][2] == "—"


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["--to", "xx"], "no language 'xx' to compare with; there are af, ar"),
        ([SMOKE, "--to", "de"], "no language 'de' to compare with; there are en, qaa"),
        (["--definition", "dice"], "no definition 'dice'"),
    ],
)
def test_a_language_or_formula_that_is_not_there_is_one_sentence(arguments, said):
    done = xtl("languages", *arguments)
    assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1 and not done.stdout


def test_every_command_has_help_with_an_example():
    for command in ("plan", "run", "status", "report", "tasks", "languages"):
        result = CliRunner().invoke(app, [command, "--help"])
        assert result.exit_code == 0 and "Examples:" in result.stdout and f"xtl {command}" in result.stdout


def test_user_errors_reach_the_caller_unchanged():
    result = CliRunner().invoke(app, ["plan", "nowhere.yaml"])
    assert isinstance(result.exception, UserError)


def test_the_package_is_the_command():
    done = subprocess.run([sys.executable, "-m", "xtl", "tasks"], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0 and "mnli" in done.stdout
