"""Rendering: sentences by hand in English and in a made language of each order, with tags, names and spans."""

from dataclasses import replace

import numpy as np
import pytest

from xtl.lab.tasks import builders
from xtl.lab.world import events as ev
from xtl.lab.world import rendering
from xtl.lab.world.config import LabConfig
from xtl.lab.world.lexicon import FIRST, SECOND, word_forms
from xtl.lab.world.made_languages import ENGLISH, Language, languages
from xtl.lab.world.world import world

W = world()
CONFIG = LabConfig()
ENGLISH_FORMS = word_forms(CONFIG, "en")


def event(**columns) -> ev.Table:
    table = ev.Table.empty(1)
    for name, value in columns.items():
        table[name][:] = W.ids[value] if isinstance(value, str) else value
    return table


SMALL = dict(agent_det="DET:the", agent_adj="ADJ:small", agent="NOUN:fox", verb="VERB:chase",
             object_det="DET:a", object_adj="ADJ:grey", object="NOUN:hen",
             adp="ADP:near", place_det="DET:the", place="NOUN:mill",
             time="PROPN:Monday", manner="ADV:gladly")  # fmt: skip


def english(**columns) -> str:
    return rendering.render(event(**columns), ENGLISH, ENGLISH_FORMS).sentences()[0]


@pytest.mark.parametrize(
    "columns, expected",
    [
        ({}, "The small fox chased a grey hen gladly near the mill on Monday ."),
        ({"front": 1}, "On Monday the small fox chased a grey hen gladly near the mill ."),
        ({"neg": 1}, "The small fox did not chase a grey hen gladly near the mill on Monday ."),
        ({"tense": 1}, "The small fox will chase a grey hen gladly near the mill on Monday ."),
        ({"voice": 1, "neg": 1}, "A grey hen was not chased by the small fox gladly near the mill on Monday ."),
        ({"mood": ev.POLAR}, "Did the small fox chase a grey hen gladly near the mill on Monday ?"),
        ({"mood": ev.WHO}, "Who chased a grey hen gladly near the mill on Monday ?"),
        ({"mood": ev.WHAT}, "Who did the small fox chase gladly near the mill on Monday ?"),
        ({"mood": ev.WHERE}, "Where did the small fox chase a grey hen gladly on Monday ?"),
        ({"mood": ev.WHEN, "tense": 1}, "When will the small fox chase a grey hen gladly near the mill ?"),
        ({"mood": ev.HOW, "voice": 1}, "How was a grey hen chased by the small fox near the mill on Monday ?"),
        ({"mood": ev.WHAT, "voice": 1}, "Who was chased by the small fox gladly near the mill on Monday ?"),
        (
            {"agent": "NOUN:owl", "agent_adj": -1, "agent_det": "DET:a"},
            "An owl chased a grey hen gladly near the mill on Monday .",
        ),
    ],
)
def test_english_by_hand(columns, expected):
    assert english(**{**SMALL, **columns}) == expected


def test_relative_clause_coordination_and_states_in_english():
    fox = dict(agent_det="DET:the", agent="NOUN:fox", verb="VERB:sleep")
    assert (
        english(**fox, rel_verb="VERB:see", rel_det="DET:the", rel_object="NOUN:duck")
        == "The fox that saw the duck slept ."
    )
    assert (
        english(**fox, fellow_det="DET:the", fellow="NOUN:owl", mark="ADV:then") == "Then the fox and the owl slept ."
    )
    state = dict(agent_det="DET:the", agent="NOUN:fox", predicate="ADJ:big", kind=ev.ATTRIBUTE)
    assert english(**state) == "The fox was big ."
    assert english(**state, contrast="ADJ:small") == "The fox was not small but big ."
    assert (
        english(agent_det="DET:every", agent="NOUN:fox", predicate="NOUN:animal", kind=ev.CLASS)
        == "Every fox is an animal ."
    )


def made(order="SVO", **features) -> tuple[Language, np.ndarray]:
    """A made language with English stems, so that its order can be read; cases are marked by capitals."""
    base = {"order": order, "adposition": "pre", "adjective": "before", "articles": "yes", "case": "no",
            "script": "Latin", "vocabulary": 0.6, "corpus": 1.0}  # fmt: skip
    forms = ENGLISH_FORMS.copy()
    if features.get("case") == "yes":
        nominal = np.isin(W.pos, (6, 9))
        forms[nominal, FIRST] = forms[nominal, 0] + "ACC"
        forms[nominal, SECOND] = forms[nominal, 0] + "OBL"
    return replace(ENGLISH, code="qaa", features={**base, **features}), forms


@pytest.mark.parametrize(
    "features, columns, expected",
    [
        ({}, {}, "the small fox chased a grey hen gladly near the mill on Monday ."),
        ({"order": "SOV"}, {}, "the small fox on Monday near the mill gladly a grey hen chased ."),
        ({"order": "VSO"}, {}, "chased the small fox a grey hen gladly near the mill on Monday ."),
        (
            {"order": "SOV"},
            {"tense": 1, "neg": 1},
            "the small fox on Monday near the mill gladly a grey hen not chase will .",
        ),
        (
            {"order": "VSO"},
            {"tense": 1, "neg": 1},
            "not will chase the small fox a grey hen gladly near the mill on Monday .",
        ),
        ({}, {"neg": 1}, "the small fox not chased a grey hen gladly near the mill on Monday ."),
        ({"adposition": "post"}, {}, "the small fox chased a grey hen gladly the mill near Monday on ."),
        (
            {"adposition": "post"},
            {"voice": 1},
            "a grey hen was chased the small fox by gladly the mill near Monday on .",
        ),
        ({"adjective": "after"}, {}, "the fox small chased a hen grey gladly near the mill on Monday ."),
        ({"articles": "no"}, {}, "small fox chased grey hen gladly near mill on Monday ."),
        ({"case": "yes"}, {}, "the small fox chased a grey henACC gladly near the millOBL on MondayOBL ."),
        ({"order": "SOV"}, {"mood": ev.WHO}, "who on Monday near the mill gladly a grey hen chased ?"),
    ],
)
def test_made_languages_by_hand(features, columns, expected):
    language, forms = made(**features)
    assert rendering.render(event(**{**SMALL, **columns}), language, forms).sentences() == [expected]


def test_relative_clauses_follow_the_order():
    columns = dict(agent="NOUN:fox", verb="VERB:sleep", rel_verb="VERB:see", rel_object="NOUN:duck")
    assert rendering.render(event(**columns), *made("SOV")).sentences() == ["fox that duck saw slept ."]


NAMED = dict(agent="PROPN:Arden", agent_tail="PROPN:Bank", verb="VERB:hire", object="PROPN:Mira",
             object_tail="PROPN:Corby", adp="ADP:in", place="PROPN:Lake", place_tail="PROPN:Tarn")  # fmt: skip


def test_names_and_tags():
    text = rendering.render(event(**NAMED), ENGLISH, ENGLISH_FORMS)
    assert text.tokens() == [["Arden", "Bank", "hired", "Mira", "Corby", "in", "Lake", "Tarn", "."]]
    assert text.name_tags() == [["B-ORG", "I-ORG", "O", "B-PER", "I-PER", "O", "B-LOC", "I-LOC", "O"]]
    assert text.tags() == [["PROPN", "PROPN", "VERB", "PROPN", "PROPN", "ADP", "PROPN", "PROPN", "PUNCT"]]


def test_names_where_adjectives_follow_and_nouns_inflect():
    text = rendering.render(event(**NAMED), *made(adjective="after", case="yes"))
    assert text.sentences() == ["Bank Arden hired Mira CorbyACC in Lake TarnOBL ."]
    assert text.name_tags() == [["B-ORG", "I-ORG", "O", "B-PER", "I-PER", "O", "B-LOC", "I-LOC", "O"]]


def test_one_word_is_person_or_place_by_its_role():
    text = rendering.render(
        event(agent="PROPN:Arden", verb="VERB:sleep", adp="ADP:near", place="PROPN:Corby"), ENGLISH, ENGLISH_FORMS
    )
    assert text.name_tags() == [["B-PER", "O", "O", "B-LOC", "O"]]


@pytest.mark.parametrize("order", ["SVO", "SOV", "VSO"])
@pytest.mark.parametrize("adjective", ["before", "after"])
def test_spans_hold_the_phrase_without_article_and_adposition(order, adjective):
    language, forms = made(order, adjective=adjective)
    text = rendering.render(event(**SMALL), language, forms)
    sentence = text.sentences()[0]
    for mood, expected in (
        (ev.WHO, "small fox"),
        (ev.WHAT, "grey hen"),
        (ev.WHERE, "mill"),
        (ev.WHEN, "Monday"),
        (ev.HOW, "gladly"),
    ):
        first, end = text.span(np.array([mood]))
        assert sorted(sentence[first[0] : end[0]].split()) == sorted(expected.split())
    assert text.span(np.array([ev.WHO]))[0][0] == sentence.index("fox small" if adjective == "after" else "small fox")


def test_a_missing_role_has_no_span():
    first, end = rendering.render(event(agent="NOUN:fox", verb="VERB:sleep"), ENGLISH, ENGLISH_FORMS).span(
        np.array([ev.WHERE])
    )
    assert first[0] == end[0] == -1


def test_all_languages_render_the_same_events_word_for_word(small):
    """Tags differ between languages only by articles, English `did`, and the order."""
    table = builders.records(small, "udpos", "evaluation").table
    render = rendering.renderer(small)
    english = render(table, "en")
    for code, item in languages(small).items():
        text = render(table, code)
        for a, b in zip(english.tags(), text.tags(), strict=True):
            count = lambda tags, tag: tags.count(tag)  # noqa: E731
            for tag in ("NOUN", "PROPN", "VERB", "ADJ", "ADV", "ADP", "CCONJ", "PART", "PUNCT", "PRON"):
                assert count(a, tag) == count(b, tag), (code, tag)
            assert count(a, "DET") == count(b, "DET") or item.features["articles"] == "no"


def test_offsets_point_at_words(small):
    text = rendering.renderer(small)(builders.records(small, "panx", "evaluation").table, "qab")
    sentences = text.sentences()
    row = np.repeat(np.arange(len(sentences)), np.diff(text.start))
    assert all(sentences[r][o : o + len(w)] == w for r, o, w in zip(row, text.offset, text.words, strict=True))
