"""Retrieval: near-duplicates, and pools that hold both sides of a pair."""

import numpy as np

from xtl.lab.tasks.datasets import dataset


def test_near_duplicates_are_in_tatoeba(small):
    words = [set(text.split()) for text in dataset(small, "tatoeba", "qaa", "test")["target_sentence"]]
    near = [max(len(a & b) / len(a | b) for j, b in enumerate(words) if i != j) for i, a in enumerate(words)]
    assert (
        np.mean(np.array(near) >= 0.6) > 0.25
        and len(set(dataset(small, "tatoeba", "qaa", "test")["target_sentence"])) == small.test
    )


def test_pools_hold_both_sides_of_a_pair_in_one_half(small):
    for split in ("validation", "test"):
        rows = list(dataset(small, "bucc", "qaa", split))
        partner = {row["id"]: row["pair"] for row in rows if row["pair"]}
        assert partner and all(partner[pair] == name for name, pair in partner.items())
        gold = sum(row["side"] == "foreign" for row in rows if row["pair"])
        assert 0.3 < gold / sum(row["side"] == "foreign" for row in rows) < 0.5  # a quarter of 5/8
