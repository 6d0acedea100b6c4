"""Reading: answers at their offsets in every language, candidates, and documents of events that belong together."""

import numpy as np
import pytest

from xtl.lab.tasks import builders
from xtl.lab.tasks.datasets import dataset
from xtl.lab.world import events as ev
from xtl.lab.world.lexicon import word_forms
from xtl.lab.world.made_languages import languages


def test_answers_stand_at_their_offsets_in_every_language(small):
    for code in languages(small):
        for row in dataset(small, "xquad", code, "test"):
            start, text = row["answers"]["answer_start"][0], row["answers"]["text"][0]
            assert text and row["context"][start : start + len(text)] == text, code
            # A span is made of whole words.
            assert (start == 0 or row["context"][start - 1] == " ") and row["context"][start + len(text)] == " "


def test_an_answer_is_the_phrase_that_fills_the_role_asked_for(small):
    table, question, asked, _ = builders.records(small, "squad1", "evaluation")
    forms = word_forms(small, "en")
    rows = dataset(small, "squad1", "en", "validation")
    for i, row in enumerate(rows):
        role = ev.ROLES[int(question["mood"][i])]
        event = asked[i]
        expected = [
            forms[table[name][event], 0]
            for name in (f"{role}_adj", role, f"{role}_tail")
            if name in ev.COLUMNS and table[name][event] >= 0
        ]
        answer = row["answers"]["text"][0]
        assert answer.lower() == " ".join(expected).lower()


def test_the_event_asked_about_belongs_to_the_document_and_is_the_only_one_with_its_verb(small):
    table, question, asked, _ = builders.records(small, "squad1", "train")
    assert (table["doc"][asked] == np.arange(len(asked))).all()
    assert (table["verb"][asked] == question["verb"]).all()
    lengths = np.bincount(table["doc"])
    assert set(lengths) == {3, 4}
    pairs = np.unique(np.stack([table["doc"], table["verb"]], 1), axis=0)
    assert len(pairs) == len(table["doc"])


def test_what_is_asked_for_has_another_candidate_in_the_document(small):
    table, question, asked, _ = builders.records(small, "xquad", "evaluation")
    for i, event in enumerate(asked):
        role = ev.ROLES[int(question["mood"][i])]
        others = table[role][(table["doc"] == i) & (np.arange(len(table["doc"])) != event)]
        same_head = f"{role}_tail" in ev.COLUMNS and len(others)
        assert ((others >= 0) & (others != table[role][event])).any() or same_head


def test_all_five_kinds_of_question_are_asked(small):
    first = [question.split()[0] for question in dataset(small, "squad1", "en", "train")["question"]]
    share = {word: first.count(word) / len(first) for word in ("Who", "What", "Where", "When", "How")}
    assert sum(share.values()) == pytest.approx(1) and min(share.values()) > 0.08


def test_consecutive_events_share_participants(small):
    table = builders.records(small, "squad1", "train").documents
    people = [{table["agent"][i], table["object"][i]} - {-1} for i in range(len(table["doc"]))]
    together = [
        bool(people[i] & people[i - 1]) for i in range(1, len(people)) if table["doc"][i] == table["doc"][i - 1]
    ]
    assert np.mean(together) > 0.6


def test_contexts_are_short_paragraphs(small):
    lengths = [len(context.split()) for context in dataset(small, "squad1", "en", "train")["context"]]
    assert 28 <= np.mean(lengths) <= 46
