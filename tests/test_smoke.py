"""End to end: the smoke grid, cached the second time; the notebooks alone; a miniature of the Hub."""

import json
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.command import xtl
from xtl.runs.store import SCORE_COLUMNS

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    """The outputs of one run of the smoke grid, and what the command printed."""
    outputs = tmp_path_factory.mktemp("outputs")
    return outputs, xtl("run", "params/smoke.yaml", XTL_OUTPUTS=str(outputs))


def test_the_grid_runs_to_its_report(smoke):
    outputs, done = smoke
    assert done.returncode == 0, done.stdout + done.stderr
    records = [json.loads(path.read_text()) for path in outputs.glob("runs/*/*/run.json")]
    assert len(records) <= 20
    assert {r["status"] for r in records} == {"done"}
    assert {r["phase"] for r in records} == {"pretrain", "intermediate", "target", "analysis"}
    notebooks = list(outputs.glob("runs/*/*/notebook.ipynb"))
    assert len(notebooks) == len(records)
    assert not [path for path in notebooks if "Warning: " in path.read_text()], "libraries talk about themselves"
    report = outputs / "smoke" / "report"
    page = (report / "index.html").read_text()
    assert "Does the whole way from corpus to report work?" in page
    made = [path.parent.name for path in outputs.glob("runs/*/*/notebook.html")]  # by the workers
    assert len(made) == len(records) - 1  # the analysis is the report itself
    assert sorted(path.stem for path in (report / "runs").iterdir()) == sorted(made)


def test_every_cell_has_its_scores(smoke):
    outputs, _ = smoke
    scores = pd.concat(pd.read_parquet(path) for path in outputs.glob("runs/target/*/scores.parquet"))
    assert list(scores.columns[: len(SCORE_COLUMNS)]) == list(SCORE_COLUMNS)
    assert scores.value.between(0, 100).all()
    cells = scores[scores.headline].groupby(["encoder", "intermediate", "target"]).language.apply(set)
    assert len(cells) == 12
    assert cells["bert", "none", "xnli"] == {"en", "qaa", "qab", "qad"}
    assert cells["xlnet", "mnli", "tatoeba"] == {"qaa", "qab", "qad"}
    retrieval = scores[scores.target == "tatoeba"]
    assert set(retrieval.layer) == {0, 1, 2} and set(retrieval.pooling) == {
        "mean",
        "cls",
        "mean_special",
    }
    assert (scores.zero_shot == (scores.language != "en")).all()
    for path in outputs.glob("runs/target/*xnli*"):
        assert len((path / "predictions" / "xnli" / "test-qaa.tsv").read_text().splitlines()) == 60
        examples = pd.read_parquet(path / "examples.parquet")
        english = scores[(scores.run_id == path.name[-12:]) & (scores.language == "en")].value.iloc[0]
        assert examples[examples.language == "en"].score.mean() == pytest.approx(english)


def test_the_second_time_everything_is_cached(smoke):
    outputs, _ = smoke
    before = {path: path.stat().st_mtime_ns for path in outputs.glob("runs/*/*/run.json")}
    again = xtl("run", "params/smoke.yaml", XTL_OUTPUTS=str(outputs))
    assert again.returncode == 0 and f"{len(before)} cached" in again.stdout
    assert before == {path: path.stat().st_mtime_ns for path in outputs.glob("runs/*/*/run.json")}
    assert xtl("status", "params/smoke.yaml", XTL_OUTPUTS=str(outputs)).returncode == 0


def test_equal_runs_of_another_grid_are_one_run(smoke, tmp_path):
    outputs, _ = smoke
    grid = yaml.safe_load((ROOT / "params" / "smoke.yaml").read_text())
    grid |= {"name": "other", "question": "The same runs?", "targets": ["xnli"]}
    (tmp_path / "other.yaml").write_text(yaml.safe_dump(grid))
    planned = xtl("plan", str(tmp_path / "other.yaml"), XTL_OUTPUTS=str(outputs))
    assert "8 runs for 4 cells: 8 cached, 0 new." in planned.stdout


@pytest.mark.parametrize("name", ["0_pretrain", "1_intermediate", "2_target", "3_analysis", "explore"])
def test_notebooks_run_alone_with_their_defaults(name, tmp_path_factory, tmp_path, monkeypatch):
    import papermill

    outputs = tmp_path_factory.getbasetemp() / "alone"
    monkeypatch.setenv("XTL_OUTPUTS", str(outputs))
    source = ROOT / "notebooks" / f"{name}.ipynb"
    executed = papermill.execute_notebook(
        source, tmp_path / source.name, cwd=source.parent, kernel_name="python3", progress_bar=False
    )
    assert not any("error" in str(out.get("output_type")) for cell in executed.cells for out in cell.get("outputs", []))


def test_a_miniature_of_the_hub_end_to_end(tmp_path, mirror, tiny_encoders):
    grid = {
        "name": "mini", "question": "Do the loaders work?", "data": "hub", "seeds": [0],
        "encoders": {"left": {"checkpoint": "encoder"}},  # from where the command is given, not from the notebooks
        "intermediates": {"panx": ["panx"]}, "targets": ["udpos", "xquad", "tatoeba"], "languages": "available",
        "training": {"epochs": 1, "max_length": 64, "stride": 16},
    }  # fmt: skip
    (tmp_path / "mini.yaml").write_text(yaml.safe_dump(grid))
    (tmp_path / "encoder").symlink_to(tiny_encoders["xlnet"])
    done = xtl("run", "mini.yaml", cwd=tmp_path, XTL_OUTPUTS="outputs", XTL_MIRROR=str(mirror))
    assert done.returncode == 0, done.stdout + done.stderr
    scores = pd.concat(pd.read_parquet(path) for path in (tmp_path / "outputs").glob("runs/target/*/scores.parquet"))
    assert set(scores.target) == {"udpos", "xquad", "tatoeba"} and set(scores.language) == {"en", "de", "es"}
