"""Mining: margins, greedy pairing and the threshold by hand, on pools of a few sentences."""

import numpy as np
import pytest
from datasets import Dataset

from xtl.tasks.catalog import TASKS
from xtl.tasks.formats import format_of, mining
from xtl.tasks.formats.format import Vectors

BUCC = TASKS["bucc"]


def pools(pairs, n_foreign, n_english):
    partner = {f"x{a}": f"en{b}" for a, b in pairs} | {f"en{b}": f"x{a}" for a, b in pairs}
    ids = [f"x{i}" for i in range(n_foreign)] + [f"en{i}" for i in range(n_english)]
    sides = ["foreign"] * n_foreign + ["english"] * n_english
    rows = {"id": ids, "side": sides, "sentence": [f"text {i}" for i in ids], "pair": [partner.get(i, "") for i in ids]}
    return Dataset.from_dict(rows)


def unit(degrees):
    angle = np.deg2rad(degrees)
    return np.stack([np.cos(angle), np.sin(angle)], 1)


def test_margins_by_hand_with_one_neighbour():
    # With k = 1 a mutual nearest pair has cosine / cosine = 1; every margin is at most 1.
    foreign, english = unit([0, 50]), unit([10, 55])
    pairs, margins = mining.mine(foreign, english, k=1)
    assert pairs.tolist() == [[0, 0], [1, 1]] and margins == pytest.approx([1.0, 1.0])


def test_margins_by_hand_with_two_neighbours():
    foreign, english = unit([0, 60]), unit([0, 30])
    cos = np.cos(np.deg2rad([[0, 30], [60, 30]]))  # of foreign row and English column
    means_f, means_e = cos.mean(1), cos.mean(0)
    margin = cos / ((means_f[:, None] + means_e[None]) / 2)
    pairs, margins = mining.mine(foreign, english, k=2)
    # 0-0 has the greatest margin; 1 then takes what is left
    assert margin.argmax() == 0 and pairs.tolist() == [[0, 0], [1, 1]]
    assert margins == pytest.approx([margin[0, 0], margin[1, 1]])


def test_a_sentence_is_in_one_pair_at_most():
    rng = np.random.default_rng(0)
    pairs, margins = mining.mine(rng.normal(size=(30, 8)), rng.normal(size=(20, 8)))
    assert len(set(pairs[:, 0])) == len(set(pairs[:, 1])) == len(pairs) <= 20
    assert (np.diff(margins) <= 1e-7).all()


def test_the_threshold_is_halfway_below_the_best_prefix():
    wanted = [("a", "A"), ("b", "B"), ("c", "C")]
    found = [("a", "A"), ("x", "B"), ("b", "B2"), ("c", "C")]
    # right after 1, 2, 3, 4 pairs: 1 1 1 2; F1 = 2r/(n+3): .5 .4 .33 .571: all four, nothing below
    assert mining.best_threshold(found, np.array([2.0, 1.5, 1.2, 1.1]), wanted) == pytest.approx(1.1)
    # without the last: best is the first alone, halfway to the second
    assert mining.best_threshold(found[:3], np.array([2.0, 1.5, 1.2]), wanted) == pytest.approx(1.75)
    assert mining.best_threshold([("a", "B")], np.array([2.0]), wanted) == np.inf


def test_the_threshold_comes_from_the_development_pools_and_meets_the_test_pools():
    # Development: pair 0-0 is right and better than pair 1-1, which is wrong; so the threshold lies between the two.
    dev = (unit([0, 90]), unit([0, 130]), pools([(0, 0)], 2, 2))
    dev_pairs, dev_margins = mining.mine(*dev[:2])
    assert dev_pairs.tolist() == [[1, 1], [0, 0]] or dev_margins[0] > dev_margins[1]
    order = mining.named(dev_pairs, dev[2])
    gold = [order[0]]
    dev = (dev[0], dev[1], pools([(int(order[0][0][1:]), int(order[0][1][2:]))], 2, 2))
    threshold = mining.best_threshold(order, dev_margins, gold)
    assert threshold == pytest.approx(dev_margins.mean()) and dev_margins[0] > threshold > dev_margins[1]
    # Testing on the same sentences with both pairs gold: the better one alone is found.
    test = (dev[0], dev[1], pools([(0, 0), (1, 1)], 2, 2))
    predictions, values, per_example = format_of(BUCC).evaluate({"validation": Vectors(*dev), "test": Vectors(*test)})
    assert predictions == gold
    assert values == pytest.approx({"f1": 200 / 3, "precision": 100.0, "recall": 50.0})
    assert sorted(per_example.tolist()) == [0.0, 100.0] and per_example.mean() == 50.0
    assert format_of(BUCC).example_ids(test[2]) == ["x0\ten0", "x1\ten1"]


def headings(heading):
    """Six pairs in perfect order and two headings, each a pair too, on 16 axes; the headings have that text."""
    examples = pools([(i, i) for i in range(8)], 8, 8).to_pandas()
    for row in range(len(examples)):
        if examples["id"][row] in ("x6", "x7", "en7"):
            examples.loc[row, "sentence"] = heading or examples["sentence"][row]
    return Dataset.from_pandas(examples)


def test_pairs_of_repeated_sentences_are_left_out_before_the_threshold_is_chosen():
    # A pair of cosine (c + 0.25) / 1.25, with 0.2 to all else, has the margin (4 c + 1) / (c + 1); English 6 and 7 are
    # swapped, so that the two best of eight pairs are wrong.
    cosines = np.array([0.9, 0.88, 0.86, 0.84, 0.82, 0.8, 0.98, 0.97])
    partner = np.array([0, 1, 2, 3, 4, 5, 7, 6])
    foreign = np.eye(8, 17)
    english = np.zeros((8, 17))
    foreign[:, 16] = english[:, 16] = 0.5
    for row in range(8):
        english[partner[row], row] = cosines[row]
        english[partner[row], 8 + row] = np.sqrt(1 - cosines[row] ** 2)
    # As they are: 6 of 8 are right; precision, recall and F1 are 75.
    distinct = Vectors(foreign, english, headings(""))
    values = format_of(BUCC).evaluate({"validation": distinct, "test": distinct})[1]
    assert values == pytest.approx({"f1": 75.0, "precision": 75.0, "recall": 75.0})
    # Foreign 6 and 7 with one text and so one vector: what is mined of them is dropped; 6 of 6 are right, 8 are gold.
    foreign[7] = foreign[6]
    equal = Vectors(foreign, english, headings("Contents"))
    pairs, margins = mining.candidates(equal)
    assert pairs == [(f"x{row}", f"en{row}") for row in range(6)]
    assert margins == pytest.approx((4 * cosines[:6] + 1) / (cosines[:6] + 1))
    predictions, values, per_pair = format_of(BUCC).evaluate({"validation": equal, "test": equal})
    assert predictions == pairs and per_pair.tolist() == [100.0] * 6 + [0.0] * 2
    assert values == pytest.approx({"f1": 600 / 7, "precision": 100.0, "recall": 75.0})


def test_a_repeated_sentence_counts_once_among_the_neighbours():
    # Foreign 1 and 2 are one sentence, so that with k = 2 the neighbours of English 0 are x0 and it, not it twice.
    examples = pools([(0, 0)], 3, 2).to_pandas()
    examples.loc[examples["id"] == "x2", "sentence"] = "text x1"
    foreign, english = unit([0, 60, 60]), unit([30, 40])
    merged = mining.mine(foreign[:2], english)
    pairs, margins = mining.candidates(Vectors(foreign, english, Dataset.from_pandas(examples)))
    assert pairs == [("x0", "en0")]
    assert margins == pytest.approx(merged[1][(merged[0] == [0, 0]).all(axis=1)])


def test_submission_and_limits():
    examples = pools([(0, 0), (2, 1)], 3, 3)
    assert format_of(BUCC).submission([("x0", "en0"), ("x2", "en1")], examples) == "x0\ten0\nx2\ten1\n"
    few = format_of(BUCC).limit(examples, 2)
    assert few["id"] == ["x0", "x1", "en0", "en1"] and mining.gold_pairs(few) == [("x0", "en0")]  # x2 is gone
    assert format_of(BUCC).texts(few) == (["text x0", "text x1"], ["text en0", "text en1"])
    assert format_of(BUCC).show([("x1", "en0")], examples).to_numpy().tolist() == [["text x1", "text en0", "no"]]
