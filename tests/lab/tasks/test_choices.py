"""Choices: right by the records, wrong ones wrong, places and words that give nothing away."""

import numpy as np
import pytest

from xtl.lab.tasks import builders, choices
from xtl.lab.tasks.datasets import dataset as load
from xtl.lab.tasks.entailment import ENTAILMENT, relation
from xtl.lab.world.world import world


@pytest.mark.parametrize("part", ["train", "evaluation"])
def test_one_ending_is_entailed_by_its_document_and_no_other(small, part):
    texts, options, right = builders.records(small, "hellaswag", part)
    n = len(right)
    entailed = np.zeros((n, choices.ENDINGS), bool)
    for place in range(choices.ENDINGS):
        ending = options.take(np.arange(n) * choices.ENDINGS + place)
        for event in range(3):
            entailed[:, place] |= relation(texts.take(np.arange(n) * 3 + event), ending) == ENTAILMENT
    assert (entailed.sum(1) == 1).all() and (entailed.argmax(1) == right).all()
    assert np.bincount(right, minlength=4).min() > 0.2 * n


def test_denial_is_no_clue(small):
    _, options, right = builders.records(small, "hellaswag", "train")
    negative = options["neg"].reshape(-1, choices.ENDINGS)
    of_right = negative[np.arange(len(right)), right].mean()
    assert abs(of_right - 0.3) < 0.06  # as often as events are denied, so the right one is no more affirmative


@pytest.mark.parametrize("code", ["en", "qaa"])
def test_answers_are_phrases_of_the_asked_role_and_differ(small, code):
    rows = load(small, "cosmosqa", code, "test")
    for row in list(rows)[:100]:
        options = [row[f"answer{i}"] for i in range(choices.ANSWERS)]
        assert len(set(options)) == len(options) and options[row["label"]] in row["context"]
    assert np.bincount(rows["label"], minlength=4).min() > 0.15 * len(rows)


def test_what_a_thing_is_follows_the_taxonomy(small):
    question, options, right = builders.records(small, "csqa", "evaluation")
    w, n = world(), len(right)
    said = options["predicate"].reshape(n, choices.CLASSES)
    truth = w.isa(np.repeat(question["agent"], choices.CLASSES), said.ravel()).reshape(n, choices.CLASSES)
    assert (truth.sum(1) == 1).all() and (truth.argmax(1) == right).all()
    train = {int(i) for i in builders.records(small, "csqa", "train").contexts["agent"]}
    assert not train & {int(i) for i in question["agent"]}


@pytest.mark.parametrize("part", ["train", "evaluation"])
def test_what_did_not_happen_has_no_answer(small, part):
    table, question, asked, answerable = builders.records(small, "squad2", part)
    assert 0.3 < answerable.mean() < 0.7
    w = world()
    scales = w.scale[table["verb"]]
    for doc in np.flatnonzero(~answerable).tolist():
        assert w.scale[question["verb"][doc]] not in scales[table["doc"] == doc]
    rows = load(small, "squad2", "en", "train" if part == "train" else "validation")
    empty = [not row["answers"]["text"] for row in rows]
    assert empty == (~answerable[: len(empty)]).tolist()
