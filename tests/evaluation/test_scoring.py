"""Scoring submissions: the benchmark's own figures, what is missing, and what is said of files that do not fit."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from tests.published import FIGURES
from xtl.base.errors import UserError
from xtl.cli import app
from xtl.evaluation import scoring


def test_every_figure_of_the_benchmark(shared_data, tmp_path):
    mock = shared_data / "xtreme_mock"
    written = tmp_path / "scores.json"
    run = CliRunner().invoke(app, ["score", str(mock / "predictions"), str(mock / "labels"), "--json", str(written)])
    assert run.exit_code == 0, run.output
    result = json.loads(written.read_text())
    assert set(result["tasks"]) == set(FIGURES)
    for task, figures in FIGURES.items():
        entry = result["tasks"][task]
        assert entry["missing"] == [] and set(entry["average"]) >= set(figures)
        for metric, figure in figures.items():
            assert entry["average"][metric] == pytest.approx(figure, abs=1e-9)
    assert "accuracy" in result["tasks"]["udpos"]["languages"]["de"]
    scores = [
        51.42857142857143, 30.666666666666668, 57.50793650793652, 70.21746048354693, 55.0, 53.611111111111114,
        (77.27272727272727 + 79.9586776859504) / 2, (57.142857142857146 + 81.76870748299321) / 2,
        (88.88888888888889 + 97.22222222222223) / 2,
    ]  # fmt: skip
    assert result["overall"] == pytest.approx(sum(scores) / 9, abs=1e-9)


QUESTIONS = [{"id": "a", "answers": [{"text": "北京市"}]}, {"id": "b", "answers": [{"text": "x"}]}]


@pytest.fixture
def folders(tmp_path):
    """A submission with one language of three tasks, by hand."""
    files = {
        "labels/xnli/test-de.tsv": "neutral\nentailment\n",
        "predictions/xnli/test-de.tsv": "neutral\nneutral\n",
        "labels/bucc2018/test-fr.tsv": "fr-1\ten-1\nfr-2\ten-2\n",
        "predictions/bucc2018/test-fr.tsv": "fr-2\ten-2\n",
        "predictions/tatoeba/test-de.tsv": "0\n1\n",
        "labels/mlqa/test-zh.json": json.dumps({"data": [{"paragraphs": [{"qas": QUESTIONS}]}]}),
        "predictions/mlqa/test-zh.json": json.dumps({"a": "北京"}),
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "predictions", tmp_path / "labels"


def test_what_is_there_is_scored_and_what_lacks_is_listed(folders):
    result = scoring.score_folders(*folders)
    assert result.tasks["xnli"].average == {"accuracy": 50.0}
    assert "de" not in result.tasks["xnli"].missing and len(result.tasks["xnli"].missing) == 14
    assert result.tasks["bucc2018"].average["f1"] == pytest.approx(200 / 3)
    assert result.tasks["tatoeba"] == scoring.TaskScores(missing=list(scoring.TASKS["tatoeba"].languages))
    # by MLQA's rules 北京 shares two of three characters with the answer (F1 80); the other question has no answer
    assert result.tasks["mlqa"].average == pytest.approx({"exact_match": 0.0, "f1": 40.0})
    assert result.overall is None


@pytest.mark.parametrize(
    "name, text, message",
    [
        ("xnli/test-de.tsv", "neutral\n", "has 1 lines, but its labels have 2"),
        ("bucc2018/test-fr.tsv", "fr-1 en-1 x\n", "line 1 has 3 ids; expected two"),
        ("mlqa/test-zh.json", "{", "is not valid JSON"),
        ("mlqa/test-zh.json", "[]", "expected a JSON object from question ids to answers"),
        ("mlqa/test-zh.json", '{"a": 3}', "every answer must be a text"),
        ("mlqa/test-zh.json", '{"z": "x"}', "answers none of the questions"),
        ("mlqa/test-zh.json", "[" * 100_000, "nesting beyond"),
    ],
)
def test_files_that_do_not_fit(folders, name, text, message):
    (folders[0] / name).write_text(text)
    with pytest.raises(UserError, match=message):
        scoring.score_folders(*folders)


def test_tags_and_sentences_must_be_as_many(folders):
    for side, text in zip(folders, ("O\nO\n\nO\n", "O\n\nO\n"), strict=True):
        (side / "panx").mkdir()
        (side / "panx/test-de.tsv").write_text(text)
    with pytest.raises(UserError, match="sentence 1 has 2 tags, but its labels are 1"):
        scoring.score_folders(*folders)
    (folders[0] / "panx/test-de.tsv").write_text("O\n")
    with pytest.raises(UserError, match="has 1 sentences, but its labels have 2"):
        scoring.score_folders(*folders)


def test_empty_labels_are_no_zero(folders):
    for name in ("xnli/test-de.tsv", "bucc2018/test-fr.tsv"):
        before = (folders[1] / name).read_text()
        (folders[1] / name).write_text("")
        if name.startswith("xnli"):
            (folders[0] / name).write_text("")
        with pytest.raises(UserError, match="is empty; it must hold"):
            scoring.score_folders(*folders)
        (folders[1] / name).write_text(before)
        (folders[0] / name).write_text(before)


def test_nothing_to_score(folders, tmp_path):
    with pytest.raises(UserError, match="is not a folder; give one that holds a folder a task"):
        scoring.score_folders(tmp_path / "no", folders[1])
    shutil.rmtree(folders[0])
    folders[0].mkdir()
    with pytest.raises(UserError, match="have no file in common"):
        scoring.score_folders(*folders)
