"""Supertags: whole sentences by hand in three orders."""

import numpy as np
import pytest

from xtl.lab.tasks import builders
from xtl.lab.tasks.datasets import dataset as load
from xtl.lab.world.made_languages import languages


def test_english_sentences_by_hand(small):
    found = {}
    for row in load(small, "ccg", "en", "train"):
        found.setdefault(tuple(row["tags"]), row["tokens"])
    shapes = {" ".join(tags) for tags in found}
    assert "NP/N N (S\\NP)/NP NP/N N ." in shapes  # the fox saw the hen
    assert any(shape.startswith("NP/N N/N N S\\NP") for shape in shapes)  # the old fox slept …
    verbs = {tag for tags in found for tag in tags if tag.startswith(("(S\\NP)/NP", "S\\NP", "S[pss]"))}
    assert verbs == {"(S\\NP)/NP", "S\\NP", "S[pss]\\NP"}


def test_a_word_that_is_two_parts_of_speech_has_two_categories(small):
    seen: dict[str, set[str]] = {}
    for row in load(small, "ccg", "en", "train"):
        for word, tag in zip(row["tokens"], row["tags"], strict=True):
            seen.setdefault(word.lower(), set()).add(tag)
    assert {"N", "(S\\NP)/NP"} & seen["cook"] and len(seen["cook"]) >= 2


@pytest.mark.parametrize("order, verb", [("SOV", "(S\\NP)\\NP"), ("VSO", "(S/NP)/NP"), ("SVO", "(S\\NP)/NP")])
def test_the_verb_seeks_its_object_where_the_language_puts_it(small, order, verb):
    code = next(c for c, item in languages(small).items() if item.features["order"] == order and c != "en")
    tags = {tag for row in load(small, "ccg", code, "test") for tag in row["tags"]}
    assert verb in tags and not {"(S\\NP)\\NP", "(S/NP)/NP", "(S\\NP)/NP"} - {verb} & tags


def test_every_word_has_one(small):
    for code in ("en", "qaa", "qad"):
        rows = load(small, "ccg", code, "test")
        assert all(len(row["tokens"]) == len(row["tags"]) for row in rows)
        upos = load(small, "udpos", code, "test")
        assert [row["tokens"] for row in rows] == [row["tokens"] for row in upos]  # the same sentences


def test_the_opening_time_differs_from_the_closing_one(small):
    table = builders.records(small, "ccg", "train").table
    rows = load(small, "ccg", "en", "train")
    for i in np.flatnonzero((table["time"] >= 0) & (table["front"] == 1))[:20].tolist():
        assert rows[i]["tags"][0] == "(S/S)/NP"
    for i in np.flatnonzero((table["time"] >= 0) & (table["front"] == 0))[:20].tolist():
        assert "(S/S)/NP" not in rows[i]["tags"]
