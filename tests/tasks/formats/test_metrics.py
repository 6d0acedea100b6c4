"""The metrics: hand-computed values, and every figure of the benchmark's own mock submission."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.published import FIGURES
from xtl.tasks.catalog import TASKS
from xtl.tasks.formats import metrics


def test_accuracy_per_example_and_mean():
    values, per_example = metrics.accuracy(["a", "b", "c", "d"], ["a", "b", "d", "d"])
    assert values == {"accuracy": 75.0}
    assert per_example.tolist() == [100.0, 100.0, 0.0, 100.0]


def test_another_number_of_predictions_is_an_error():
    with pytest.raises(ValueError, match="2 predictions for 3 examples"):
        metrics.accuracy([1, 2, 3], [1, 2])


def test_binary_f1_of_the_positive_class():
    # one of two positives found, one false alarm: precision 1/2, recall 1/2
    assert metrics.binary_f1([1, 1, 0, 0], [1, 0, 1, 0]) == 50.0
    assert metrics.binary_f1([0, 0], [0, 0]) == 0.0


@pytest.mark.parametrize(
    "tags, expected",
    [
        ("B-PER I-PER O B-LOC B-LOC", [("PER", 0, 1), ("LOC", 3, 3), ("LOC", 4, 4)]),
        ("I-PER I-PER O I-LOC", [("PER", 0, 1), ("LOC", 3, 3)]),  # I- without B- begins a span
        ("B-PER I-LOC I-LOC", [("PER", 0, 0), ("LOC", 1, 2)]),  # and so does another type
        ("O O", []),
        ("", []),
        ("NOUN NOUN VERB", [("NOUN", 0, 1), ("VERB", 2, 2)]),  # bare tags: a run is one span
        ("SCONJ SCONJ SYM", [("SCONJ", 0, 0), ("SCONJ", 1, 1), ("SYM", 2, 2)]),  # but for those with an S
        ("INTJ INTJ SCONJ INTJ", [("INTJ", 0, 1), ("SCONJ", 2, 2), ("INTJ", 3, 3)]),
    ],
)
def test_spans(tags, expected):
    assert metrics.spans(tags.split()) == expected


def test_udpos_f1_is_not_token_accuracy():
    values, per_sentence = metrics.tag_scores(["NOUN NOUN VERB".split()], ["NOUN ADJ VERB".split()])
    # gold NOUN(0-1) VERB(2), predicted NOUN(0) ADJ(1) VERB(2): one of 2 and one of 3
    assert values["f1"] == pytest.approx(40.0)
    assert values["precision"] == pytest.approx(100 / 3)
    assert values["recall"] == pytest.approx(50.0)
    assert values["accuracy"] == pytest.approx(200 / 3)
    assert per_sentence.tolist() == pytest.approx([200 / 3])


def test_cconj_is_not_sconj():
    # seqeval 1.2.2 cuts the first letter of a bare tag and would call this right
    values, _ = metrics.tag_scores([["CCONJ"]], [["SCONJ"]])
    assert values["f1"] == 0.0


def test_spans_are_counted_over_the_file_and_end_with_the_sentence():
    gold = [["B-PER", "I-PER"], ["I-PER", "O"], ["O"]]
    predicted = [["B-PER", "I-PER"], ["O", "O"], ["B-LOC"]]
    values, per_sentence = metrics.tag_scores(gold, predicted)
    assert (values["precision"], values["recall"], values["f1"]) == (50.0, 50.0, 50.0)  # one of 2, one of 2
    assert values["accuracy"] == pytest.approx(60.0)
    assert per_sentence.tolist() == [100.0, 50.0, 0.0]


def test_a_lacking_tag_is_an_error():
    with pytest.raises(ValueError, match="sentence 1 has 2 tags but 1 predictions"):
        metrics.tag_scores([["O"], ["O", "O"]], [["O"], ["O"]])


def test_set_f1_counts_an_item_once():
    # 2 of 3 right, 2 of 4 found
    values = metrics.set_f1(["a", "b", "c", "d"], ["a", "b", "x", "b"])
    assert values == pytest.approx({"precision": 200 / 3, "recall": 50.0, "f1": 400 / 7})
    assert metrics.set_f1(["a"], []) == {"f1": 0.0, "precision": 0.0, "recall": 0.0}


def test_squad_takes_the_best_reference():
    values, per_question = metrics.squad([["in Kyoto", "Kyoto"], ["red fox"]], ["the Kyoto.", "a fox"])
    assert values["exact_match"] == 50.0
    # second: one common token, precision 1, recall 1/2
    assert per_question.tolist() == pytest.approx([100.0, 200 / 3])
    assert values["f1"] == pytest.approx(250 / 3)


def test_squad_without_prediction_without_answer_and_without_tokens():
    values, per_question = metrics.squad([["fox"], [], [], ["the"]], [None, "", "fox", "The"])
    assert per_question.tolist() == [0.0, 100.0, 0.0, 0.0]  # as in the official script, nothing left has F1 0
    assert values == {"exact_match": 50.0, "f1": 25.0}


@pytest.mark.parametrize("task", [name for name in FIGURES if name not in ("bucc2018", "mlqa")])
def test_figures_of_the_benchmark(task, shared_data):
    """The official scorer's averages over languages on its mock submission, to the last digit."""
    mock = shared_data / "xtreme_mock"
    scorers = {"udpos": _tags, "panx": _tags, "xquad": _squad, "tydiqa": _squad}
    by_language = {
        path.stem.removeprefix("test-"): scorers.get(task, _lines)(mock / "predictions" / task / path.name, path)
        for path in sorted((mock / "labels" / task).iterdir())
    }
    if task in TASKS:
        assert set(by_language) == set(TASKS[task].languages)
    for metric, figure in FIGURES[task].items():
        assert np.mean([values[metric] for values in by_language.values()]) == pytest.approx(figure, abs=1e-9)


def _lines(predicted: Path, gold: Path) -> dict:
    return metrics.accuracy(gold.read_text().splitlines(), predicted.read_text().splitlines())[0]


def _tags(predicted: Path, gold: Path) -> dict:
    return metrics.tag_scores(*([s.split() for s in path.read_text().split("\n\n")] for path in (gold, predicted)))[0]


def _squad(predicted: Path, gold: Path) -> dict:
    answers = json.loads(predicted.read_text())
    articles = json.loads(gold.read_text())["data"]
    questions = [q for article in articles for paragraph in article["paragraphs"] for q in paragraph["qas"]]
    references = [[a["text"] for a in q["answers"]] for q in questions]
    return metrics.squad(references, [answers.get(q["id"]) for q in questions])[0]
