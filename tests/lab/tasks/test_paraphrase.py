"""Paraphrase: labels against the records, and swaps that keep all words."""

from collections import Counter

import numpy as np
import pytest

from xtl.lab.tasks import builders, paraphrase
from xtl.lab.tasks.datasets import dataset as load
from xtl.lab.world import events as ev


@pytest.mark.parametrize("task", ["qqp", "pawsx"])
@pytest.mark.parametrize("part", ["train", "evaluation"])
def test_every_label_follows_from_the_records(small, task, part):
    first, second, same = builders.records(small, task, part)
    assert (paraphrase.equal(first, second) == same).all() and abs(same.mean() - 0.5) < 0.01


def test_many_statements_that_differ_in_meaning_have_the_same_words(small):
    pairs = load(small, "pawsx", "en", "train")
    articles = {"a", "an", "the"}
    a, b = (
        [[w for w in text.lower().split() if w not in articles] for text in pairs[name]]
        for name in ("sentence1", "sentence2")
    )
    alike = [label for x, y, label in zip(a, b, pairs["label"], strict=True) if Counter(x) == Counter(y) and x != y]
    assert alike.count("0") > 0.12 * len(pairs) and alike.count("1") > 0.02 * len(pairs)


def test_questions_ask_and_statements_do_not(small):
    first, second, _ = builders.records(small, "qqp", "train")
    assert (first["mood"] != ev.STATEMENT).all() and len(np.unique(first["mood"])) == 4
    assert all(text.endswith(" ?") for text in load(small, "qqp", "en", "test")["question1"])
    assert all(text.endswith(" .") for text in load(small, "pawsx", "en", "test")["sentence1"])
