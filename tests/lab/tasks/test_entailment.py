"""Entailment: the labels of pairs of events by hand."""

import pytest

from xtl.lab.tasks.entailment import CONTRADICTION, ENTAILMENT, NEUTRAL, relation
from xtl.lab.world import events as ev
from xtl.lab.world.world import world

W = world()


def event(agent="fox", verb="chase", object="hen", **columns) -> dict:
    """A record of one event from English words; neg, and agent_det such as every, as given."""
    table = ev.Table.empty(1)
    sorts = {"agent": "NOUN", "object": "NOUN", "verb": "VERB", "agent_adj": "ADJ", "object_adj": "ADJ",
             "place": "NOUN", "adp": "ADP", "time": "PROPN", "manner": "ADV", "agent_det": "DET", "fellow": "NOUN",
             "agent_tail": "PROPN"}  # fmt: skip
    for name, value in {"agent": agent, "verb": verb, "object": object, **columns}.items():
        if isinstance(value, str):
            value = W.ids[value if ":" in value else f"{sorts[name]}:{value}"]
        table[name][:] = -1 if value is None else value
    return table


def label(premise: dict, hypothesis: dict) -> int:
    return int(relation(premise, hypothesis)[0])


@pytest.mark.parametrize(
    "premise, hypothesis, expected",
    [
        ({}, {}, ENTAILMENT),
        ({}, {"agent": "canine"}, ENTAILMENT),
        ({}, {"agent": "animal", "object": "bird"}, ENTAILMENT),
        ({"agent": "animal"}, {"agent": "fox"}, NEUTRAL),
        ({}, {"agent": "wolf"}, NEUTRAL),
        ({}, {"agent": "hen", "object": "fox"}, NEUTRAL),
        ({"agent_adj": "big"}, {}, ENTAILMENT),
        ({}, {"agent_adj": "big"}, NEUTRAL),
        ({"agent_adj": "big"}, {"agent_adj": "large"}, ENTAILMENT),
        ({"agent_adj": "big"}, {"agent_adj": "little"}, CONTRADICTION),
        ({"agent_adj": "big"}, {"agent_adj": "brave"}, NEUTRAL),
        ({"agent_adj": "big"}, {"agent": "canine", "agent_adj": "small"}, CONTRADICTION),
        ({"object_adj": "big"}, {"object_adj": "small"}, CONTRADICTION),
        ({"place": "mill", "adp": "near", "time": "Monday"}, {"time": "Monday"}, ENTAILMENT),
        ({"place": "mill", "adp": "near"}, {"place": "mill", "adp": "behind"}, NEUTRAL),
        ({"time": "Monday"}, {"time": "Friday"}, NEUTRAL),
        ({}, {"verb": "hound"}, ENTAILMENT),
        ({}, {"verb": "flee"}, CONTRADICTION),
        ({}, {"verb": "love"}, NEUTRAL),
        ({"manner": "gladly"}, {"verb": "flee"}, CONTRADICTION),
        ({}, {"verb": "flee", "manner": "gladly"}, NEUTRAL),
        ({"verb": "sleep", "object": None}, {"verb": "wake", "object": None}, CONTRADICTION),
        # negation turns the action around and leaves the subject as it is
        ({}, {"neg": 1}, CONTRADICTION),
        ({"neg": 1}, {}, CONTRADICTION),
        ({"neg": 1}, {"neg": 1}, ENTAILMENT),
        ({"manner": "gladly"}, {"neg": 1}, CONTRADICTION),
        ({}, {"neg": 1, "manner": "gladly"}, NEUTRAL),
        ({"neg": 1, "manner": "gladly"}, {"neg": 1}, NEUTRAL),
        ({"neg": 1}, {"neg": 1, "manner": "gladly"}, ENTAILMENT),
        ({"neg": 1, "object": "bird"}, {"neg": 1, "object": "hen"}, ENTAILMENT),
        ({"neg": 1}, {"neg": 1, "object": "bird"}, NEUTRAL),
        ({"neg": 1}, {"neg": 1, "agent": "animal"}, ENTAILMENT),
        ({"neg": 1, "agent_adj": "big"}, {"neg": 1, "agent_adj": "small"}, CONTRADICTION),
        ({}, {"neg": 1, "agent": "wolf"}, NEUTRAL),
        ({}, {"neg": 1, "verb": "flee"}, ENTAILMENT),
        # quantifiers
        ({"agent_det": "every"}, {"agent_det": "every"}, ENTAILMENT),
        ({"agent_det": "every"}, {"agent_det": "some"}, ENTAILMENT),
        ({"agent_det": "every", "agent": "canine"}, {"agent_det": "every"}, ENTAILMENT),
        ({"agent_det": "every"}, {"agent_det": "every", "agent": "canine"}, NEUTRAL),
        ({"agent_det": "some"}, {"agent_det": "every"}, NEUTRAL),
        ({"agent_det": "no"}, {"agent_det": "no"}, ENTAILMENT),
        ({"agent_det": "no", "agent": "canine"}, {"agent_det": "no"}, ENTAILMENT),
        ({"agent_det": "no"}, {"agent_det": "no", "agent": "canine"}, NEUTRAL),
        ({"agent_det": "no"}, {"agent_det": "some"}, CONTRADICTION),
        ({"agent_det": "no"}, {"agent_det": "every"}, CONTRADICTION),
        ({"agent_det": "every"}, {"agent_det": "no"}, CONTRADICTION),
        ({"agent_det": "some"}, {"agent_det": "no"}, CONTRADICTION),
        ({"agent_det": "some"}, {"agent_det": "no", "agent": "wolf"}, NEUTRAL),
        # coordination says the same of both
        ({"fellow": "mouse"}, {"agent": "mouse"}, ENTAILMENT),
        ({"fellow": "mouse"}, {"agent": "rodent", "neg": 1}, CONTRADICTION),
        ({"fellow": "mouse"}, {"agent": "rat"}, NEUTRAL),
    ],
)  # fmt: skip
def test_relation_by_hand(premise, hypothesis, expected):
    assert label(event(**premise), event(**hypothesis)) == expected


def test_voice_tense_articles_and_order_carry_no_meaning():
    plain = event(time="Monday", agent_det="the")
    other = event(time="Monday", agent_det="a", voice=1, front=1)
    assert label(plain, other) == label(other, plain) == ENTAILMENT


def test_names_are_compared_whole():
    arden, corby = (event(agent="PROPN:Mira", agent_tail=name) for name in ("Arden", "Corby"))
    assert label(arden, arden) == ENTAILMENT and label(arden, corby) == NEUTRAL
