"""Shortcut baselines: by hand on tiny data, and under their ceilings on the laboratory's tasks."""

import numpy as np
import pytest
from datasets import Dataset
from scipy import sparse

from xtl.evaluation import shortcuts as baselines
from xtl.lab.tasks.datasets import dataset
from xtl.lab.world.config import LabConfig

# Enough examples that a baseline could learn and that chance is known to about two points.
CONFIG = LabConfig(sentences=100, train=3000, test=1000)


@pytest.fixture(scope="module", autouse=True)
def lab_outputs(tmp_path_factory):
    """The laboratory's files, in a temporary folder that the tests of this module share."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XTL_OUTPUTS", str(tmp_path_factory.mktemp("outputs")))
        yield


def splits(task: str, test: str | None = None):
    return dataset(CONFIG, task, "en", "train"), dataset(CONFIG, test or task, "en", "test")


@pytest.mark.parametrize("task, chance", [("mnli", 100 / 3), ("qqp", 50), ("pawsx", 50)])
def test_pairs_give_nothing_away_to_bags_of_words(task, chance):
    train, test = splits(task)
    assert baselines.hypothesis_only(train, test) <= chance + 5
    assert baselines.bag_of_words(train, test) <= chance + 5


def test_a_word_alone_does_not_tell_its_tag():
    assert 70 < baselines.most_frequent_tag(*splits("udpos"))["accuracy"] <= 85


def test_known_names_do_not_tell_the_names():
    assert baselines.most_frequent_tag(*splits("panx"))["f1"] < 60


def test_reading_needs_the_question():
    assert baselines.question_blind(*splits("squad1", "xquad")) <= 35


def test_retrieval_is_not_solved_by_spelling():
    found = {
        code: baselines.lexical_overlap(dataset(CONFIG, "tatoeba", code, "test").select(range(400)))
        for code in ("qaa", "qab")
    }
    assert max(found.values()) < 90


def test_bag_of_words_finds_a_word_that_tells_the_label():
    rows = Dataset.from_dict(
        {"premise": ["a b", "a c"] * 20, "hypothesis": ["x not", "x y"] * 20, "label": [2, 0] * 20}
    )
    assert baselines.bag_of_words(rows, rows) == baselines.hypothesis_only(rows, rows) == 100
    blind = rows.map(lambda row: {"hypothesis": "x"})
    assert baselines.hypothesis_only(blind, blind) == 50


def test_a_linear_model_cannot_see_that_two_words_are_equal():
    rows = Dataset.from_dict(
        {"question1": ["p", "p", "q", "q"] * 10, "question2": ["p", "q", "p", "q"] * 10, "label": [1, 0, 0, 1] * 10}
    )
    assert baselines.bag_of_words(rows, rows) == 50


def test_most_frequent_tag_by_hand():
    train = Dataset.from_dict(
        {"tokens": [["the", "saw", "saw", "saw", "fox"]], "pos_tags": [["DET", "VERB", "NOUN", "VERB", "NOUN"]]}
    )
    test = Dataset.from_dict({"tokens": [["the", "saw", "hen"]], "pos_tags": [["DET", "NOUN", "NOUN"]]})
    # `saw` is VERB; `hen` is unknown and gets NOUN, the first in the alphabet of the two most frequent tags.
    assert baselines.most_frequent_tag(train, test)["accuracy"] == pytest.approx(200 / 3)


def test_question_blind_reads_the_word_before_an_answer():
    pairs = (("ann", "rome"), ("bob", "oslo"), ("eve", "bern"))
    answers = [{"answer_start": [len(name) + 10], "text": [place]} for name, place in pairs]
    contexts = [f"{name} sat near {place} ." for name, place in pairs]
    data = Dataset.from_dict({"context": contexts, "question": ["?"] * 3, "answers": answers})
    assert baselines.question_blind(data, data) == 100


def test_lexical_overlap_by_hand():
    data = Dataset.from_dict(
        {"source_sentence": ["la katta", "il fokso", "xyz"], "target_sentence": ["the catta", "the fox", "the hen"]}
    )
    # "la katta" shares "atta" with the first, "il fokso" "fo" with the second; "xyz" nothing, so the first is "nearest"
    assert baselines.lexical_overlap(data) == pytest.approx(200 / 3)


def test_fit_is_the_optimum_of_its_loss():
    rng = np.random.default_rng(0)
    x, y = sparse.csr_matrix(rng.random((60, 4))), rng.integers(0, 3, 60)
    weights = baselines.fit(x, y)
    p = np.exp(x @ weights)
    gradient = x.T @ (p / p.sum(1, keepdims=True) - np.eye(3)[y]) + weights
    assert np.abs(gradient).max() < 1e-2


def test_unknown_columns_are_named():
    with pytest.raises(ValueError, match="no shortcut baseline reads the columns text"):
        baselines.strongest(None, Dataset.from_dict({"text": ["a"]}))


def test_lexical_mining_by_hand():
    data = Dataset.from_dict({
        "id": ["x0", "x1", "en0", "en1"],
        "side": ["foreign", "foreign", "english", "english"],
        "sentence": ["abcdef", "zzz", "abcdef", "yyy"],
        "pair": ["en0", "", "x0", ""],
    })  # fmt: skip
    assert baselines.lexical_mining(data) == 100.0  # the first pair alone is right, and it comes first
    turned = data.add_column("new", ["en1", "", "", "x0"]).remove_columns("pair").rename_column("new", "pair")
    assert baselines.lexical_mining(turned) == 0.0
