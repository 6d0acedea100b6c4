"""What a model that learned nothing reaches, by format, computed by hand."""

import numpy as np
import pytest
from datasets import Dataset

from xtl.tasks.catalog import TASKS
from xtl.tasks.formats import trained_format
from xtl.tasks.formats.learning import Learning


def test_luck_is_the_upper_end_of_the_binomial_interval():
    """Of 100 at 0.4: 40 + 1.96 x 4.9 = 49.6, so 50; of 500 at 1/4: 125 + 1.96 x 9.7 = 144."""
    assert Learning(0, 100, 0.4, "").limit == 50
    assert Learning(0, 500, 0.25, "").limit == 144
    assert not Learning(50, 100, 0.4, "").learned
    assert Learning(51, 100, 0.4, "").learned
    assert not Learning(10, 100, 0.4, "").learned  # worse than one answer is no better


def test_classification_is_held_against_the_most_frequent_label():
    examples = Dataset.from_dict({"label": [0] * 5 + [1] * 3 + [2] * 2})
    compared = trained_format(TASKS["mnli"]).learning(np.zeros(10, dtype=int), examples)
    assert compared == Learning(5, 10, 0.5, "the most frequent label")
    assert not compared.learned


def test_a_score_of_another_metric_changes_nothing():
    """QQP is scored by F1, too; always "duplicate" has an F1 of 54 and an accuracy of 37."""
    examples = Dataset.from_dict({"label": [1] * 37 + [0] * 63})
    assert not trained_format(TASKS["qqp"]).learning(np.ones(100, dtype=int), examples).learned


def test_choices_are_held_against_a_guess():
    examples = Dataset.from_dict({"answer": [0, 1, 1], "choices": [["a", "b"], ["a", "b"], ["a", "b", "c", "d"]]})
    compared = trained_format(TASKS["csqa"]).learning(np.array([0, 0, 1]), examples)
    assert (compared.right, compared.decisions) == (2, 3)
    assert compared.rate == pytest.approx((1 / 2 + 1 / 2 + 1 / 4) / 3)


def test_tags_are_held_against_the_most_frequent_tag_over_all_words():
    """All O: eight of ten words are right, the F1 is 0."""
    task = TASKS["panx"]
    place = {tag: number for number, tag in enumerate(task.labels)}
    examples = Dataset.from_dict({"tags": [[place["O"]] * 6 + [place["B-PER"]], [place["O"]] * 2 + [place["B-LOC"]]]})
    compared = trained_format(task).learning([["O"] * 7, ["O"] * 3], examples)
    assert compared == Learning(8, 10, 0.8, "the most frequent tag")
    assert not compared.learned


def test_answers_are_held_against_a_guessed_span():
    """Three words have 3 + 2 + 1 spans, two have three."""
    examples = Dataset.from_dict({"context": ["the red fox", "Max slept"], "answers": [["fox"], ["Max"]]})
    compared = trained_format(TASKS["squad1"]).learning(["a fox!", "slept"], examples)
    assert (compared.right, compared.decisions) == (1, 2)
    assert compared.rate == pytest.approx((1 / 6 + 1 / 3) / 2)


def test_answers_are_held_against_no_answer_where_there_may_be_none():
    examples = Dataset.from_dict({"context": ["the red fox"] * 10, "answers": [["fox"]] * 5 + [[]] * 5})
    compared = trained_format(TASKS["squad2"]).learning([""] * 10, examples)
    assert compared == Learning(5, 10, 0.5, "no answer")


def test_hidden_tokens_are_held_against_the_most_frequent_one():
    guesses = [(np.array([5, 6]), np.array([5, 5])), (np.array([5, 5]), np.array([5, 7]))]
    compared = trained_format(TASKS["mlm"]).learning(guesses, Dataset.from_dict({"text": ["a b", "c d"]}))
    assert compared == Learning(2, 4, 0.75, "the most frequent hidden token")
