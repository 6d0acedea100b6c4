"""Scoring submissions: the benchmark's own figures, what is missing, and what is said of files that do not fit."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from datasets import Dataset
from typer.testing import CliRunner

from tests.published import FIGURES
from xtl.base.errors import UserError
from xtl.cli import app
from xtl.evaluation import scoring
from xtl.tasks.catalog import TASKS
from xtl.tasks.formats import format_of, metrics


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


def tagged(folders, gold, predicted, task="panx", raw=False):
    """The scores of one German file of tags."""
    for side, text in zip(folders, (predicted, gold), strict=True):
        (side / task).mkdir(exist_ok=True)
        (side / task / "test-de.tsv").write_bytes(text if raw else text.encode())
    return scoring.score_folders(*folders).tasks[task].languages["de"]


def test_a_line_of_white_space_ends_a_sentence(folders):
    # right: PER of the first sentence (the same tag of the second is a span of its own) and LOC; wrong: the last
    gold = "B-PER\n\nI-PER\nO\n\nB-LOC\n\nB-ORG\n"
    predicted = "B-PER\n{0}\nI-PER\nO\n{0}\nB-LOC\n{0}\nB-PER\n"
    for line in ("", " ", "\t", " \t\u00a0"):
        assert tagged(folders, gold.replace("\n\n", f"\n{line}\n"), predicted.format(""))["f1"] == 75.0, repr(line)
        assert tagged(folders, gold, predicted.format(line))["f1"] == 75.0, repr(line)


def test_marks_ends_of_lines_and_empty_lines_at_the_end_say_nothing(folders):
    gold = "NOUN\nVERB\n\nX\n"
    for text in ("\ufeff" + gold, gold.replace("\n", "\r\n"), gold.replace("\n", "\r"), gold + "\n\n \n", gold.strip()):
        assert tagged(folders, gold, text, "udpos")["accuracy"] == 100.0, repr(text)
        assert tagged(folders, text, gold, "udpos")["accuracy"] == 100.0, repr(text)
    for name, text in (("xnli", "neutral\nentailment"), ("bucc2018", "fr-1\ten-1\nfr-2\ten-2")):
        path = next((folders[0] / name).iterdir())
        for form in ("\ufeff" + text, text.replace("\n", " \r\n") + "\r\n\r\n", text + "\n\t\n"):
            path.write_bytes(form.encode())
            score = scoring.score_folders(*folders).tasks[name].average
            assert score.get("accuracy", score.get("f1")) == 100.0, repr(form)


def test_two_empty_lines_are_a_sentence_without_words(folders):
    assert tagged(folders, "X\n\n\nVERB\n", "X\n\n\nX\n", "udpos")["accuracy"] == 50.0
    with pytest.raises(UserError, match="has 3 sentences, but its labels have 2"):
        tagged(folders, "X\n\nVERB\n", "X\n\n\nX\n", "udpos")


INDEX = "expected the index of a sentence, 0 to 999"


@pytest.mark.parametrize(
    "name, text, message",
    [
        ("udpos/test-de.tsv", "the\tDET\ncat\tNOUN\n", r"line 1: 'the\\tDET' has 2 columns; expected one tag a line"),
        ("udpos/test-de.tsv", "DET\n\ncat NOUN _\n", "line 3: 'cat NOUN _' has 3 columns"),
        ("udpos/test-de.tsv", "DET\n\nNOUN\nnoun\n", r"line 4: 'noun' is no tag of udpos \(ADJ ADP"),
        ("udpos/test-de.tsv", "DET\n\n\nB-PER\n", "line 4: 'B-PER' is no tag of udpos"),
        ("panx/test-de.tsv", "O\nB-MISC\n", r"line 2: 'B-MISC' is no tag of panx \(O B-PER"),
        ("panx/test-de.tsv", "O\u2028O\n", "has 2 columns"),
        (
            "xnli/test-de.tsv",
            "neutral\nEntailment\n",
            "line 2: 'Entailment' is out of place; expected entailment, neutral",
        ),
        ("xnli/test-de.tsv", "neutral\ta\tb\nneutral\n", "line 1: .* has 3 columns; expected entailment, neutral"),
        ("xnli/test-de.tsv", "neutral\n\nneutral\n", "line 2: it is empty; expected entailment"),
        ("pawsx/test-de.tsv", "0\n2\n", "line 2: '2' is out of place; expected 0, 1"),
        ("tatoeba/test-de.tsv", "0\n-1\n", f"line 2: '-1' is out of place; {INDEX}"),
        ("tatoeba/test-de.tsv", "0\n1000\n", f"line 2: '1000' is out of place; {INDEX}"),
        ("tatoeba/test-de.tsv", "01\n2\n", f"line 1: '01' is out of place; {INDEX}"),
        ("tatoeba/test-de.tsv", "\u0661\n2\n", f"line 1: '\u0661' is out of place; {INDEX}"),
        ("bucc2018/test-fr.tsv", "en-1\tfr-1\n", "line 1: 'en-1 fr-1'; expected an id fr-… and an id en-…"),
        ("bucc2018/test-fr.tsv", "fr-1\ten-1\n\nfr-2\ten-2\n", "line 2 has 0 ids; expected two, parted by a tab"),
        ("bucc2018/test-fr.tsv", "fr-1 en-1\n", "line 1 has 2 ids; expected two, parted by a tab"),
        ("bucc2018/test-fr.tsv", "fr-1\ten-1\t0.9\n", "line 1 has 3 ids; expected two"),
        ("xquad/test-de.json", '{"a": "x",\n "zz": "y"}', "line 2: .* has no question 'zz'"),
        ("mlqa/test-de.json", '{"a": "x", "a": "y"}', "'a' stands twice"),
        ("tydiqa/test-bn.json", '{"a": ["x"]}', "every answer must be a text"),
    ],
)
def test_what_is_not_of_the_task_is_refused(folders, name, text, message):
    right = {"udpos": "X\n", "panx": "O\n", "xnli": "neutral\n", "pawsx": "0\n", "tatoeba": "5\n"}
    question = json.dumps({"data": [{"paragraphs": [{"qas": [{"id": "a", "answers": [{"text": "x"}]}]}]}]})
    task = name.partition("/")[0]
    other = right.get(task, "fr-1\ten-1\n" if task == "bucc2018" else question)
    for faulty, good in (folders, folders[::-1]):
        for folder, content in ((faulty, text), (good, other)):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(content, encoding="utf-8")
        with pytest.raises(UserError, match=message) as raised:
            scoring.score_folders(*folders)
        assert str(faulty / name) in str(raised.value)
        if name.endswith("json"):  # labels of questions have a format of their own
            break


@pytest.mark.parametrize(
    "questions, message",
    [
        ([{"id": 1, "answers": [{"text": "x"}]}], "the id '1' is no text"),
        ([{"id": "a", "answers": [{"text": "x"}]}] * 2, "the id 'a' is no text, or of more than one question"),
        ([{"id": "a", "answers": []}], "question 'a' must have one"),
        ([{"id": "a"}], "expected labels in SQuAD's format"),
        ([], "has no question"),
    ],
)
def test_labels_of_questions_that_are_none(folders, questions, message):
    (folders[1] / "mlqa/test-zh.json").write_text(json.dumps({"data": [{"paragraphs": [{"qas": questions}]}]}))
    with pytest.raises(UserError, match=message):
        scoring.score_folders(*folders)


def test_labels_of_all_sentences_tell_how_many_there_are(folders):
    path = folders[1] / "tatoeba/test-de.tsv"
    path.parent.mkdir()
    path.write_text("1\n0\n")
    assert scoring.score_folders(*folders).tasks["tatoeba"].average == {"accuracy": 0.0}
    (folders[0] / "tatoeba/test-de.tsv").write_text("2\n1\n")  # counted from 1
    with pytest.raises(UserError, match="line 1: '2' is out of place; expected the index of a sentence, 0 to 1"):
        scoring.score_folders(*folders)


def test_articles_alone_are_labels_too(folders):
    path = folders[1] / "mlqa/test-zh.json"
    before = scoring.score_folders(*folders).tasks["mlqa"].average
    path.write_text(json.dumps(json.loads(path.read_text())["data"]))
    assert scoring.score_folders(*folders).tasks["mlqa"].average == before


def test_a_metric_of_labels_is_one_entry(folders, monkeypatch):
    def macro_recall(gold, predicted):
        right = [100.0 * (label == guess) for label, guess in zip(gold, predicted, strict=True)]
        return sum(right[gold.index(label)] for label in set(gold)) / len(set(gold))

    monkeypatch.setitem(metrics.LABEL_METRICS, "macro_recall", macro_recall)
    task = replace(TASKS["xnli"], metrics=("accuracy", "macro_recall"))
    monkeypatch.setitem(TASKS, "xnli", task)
    assert scoring.score_folders(*folders).tasks["xnli"].average == {"accuracy": 50.0, "macro_recall": 50.0}
    examples = Dataset.from_dict({"label": [0, 1, 1, 1]})
    values, per_example = format_of(task).score(np.array([0, 2, 1, 1]), examples, "en")
    assert values == {"accuracy": 75.0, "macro_recall": 50.0} and per_example.tolist() == [100.0, 0.0, 100.0, 100.0]


def test_files_of_no_task_are_named(folders, tmp_path):
    for name in ("bucc/test-de.tsv", "xnli/test-jp.tsv", "xnli/test-en.txt", "xnli/.DS_Store"):
        (folders[0] / name).parent.mkdir(exist_ok=True)
        (folders[0] / name).write_text("0\n")
    assert scoring.score_folders(*folders).unread == ["bucc/test-de.tsv", "xnli/test-en.txt", "xnli/test-jp.tsv"]
    output = CliRunner().invoke(app, ["score", str(folders[0]), str(folders[1])]).output
    assert "not read bucc/test-de.tsv, xnli/test-en.txt" in " ".join(output.split())


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
