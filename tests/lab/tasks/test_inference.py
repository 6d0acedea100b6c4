"""Inference: the labels of record pairs by hand, and every generated pair against them."""

import numpy as np
import pytest

from xtl.lab.tasks import builders, inference
from xtl.lab.tasks.datasets import dataset
from xtl.lab.tasks.inference import CONTRADICTION, ENTAILMENT, NEUTRAL
from xtl.lab.world import events as ev
from xtl.lab.world.config import LabConfig
from xtl.lab.world.world import SORTS, TEST, TRAIN, held_out, world

W = world()


def event(agent="fox", verb="chase", object="hen", **columns) -> dict:
    """A record of one event from English words; neg, and agent_det such as every, as given."""
    table = ev.empty(1)
    sorts = {"agent": "NOUN", "object": "NOUN", "verb": "VERB", "agent_adj": "ADJ", "object_adj": "ADJ",
             "place": "NOUN", "adp": "ADP", "time": "PROPN", "manner": "ADV", "agent_det": "DET", "fellow": "NOUN",
             "agent_tail": "PROPN"}  # fmt: skip
    for name, value in {"agent": agent, "verb": verb, "object": object, **columns}.items():
        if isinstance(value, str):
            value = W.ids[value if ":" in value else f"{sorts[name]}:{value}"]
        table[name][:] = -1 if value is None else value
    return table


def label(premise: dict, hypothesis: dict) -> int:
    return int(inference.relation(premise, hypothesis)[0])


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


@pytest.mark.parametrize("task", ["mnli", "xnli"])
@pytest.mark.parametrize("part", ["train", "evaluation"])
def test_every_generated_label_follows_from_the_records(task, part):
    premise, hypothesis, labels = builders.records(
        LabConfig(test=300), task, part
    )  # full size: rare clashes must not slip by
    assert (inference.relation(premise, hypothesis) == labels).all()
    assert np.ptp(np.bincount(labels)) <= 1


def content(tables) -> set[int]:
    """Entities of events: nouns, places, times, manners, names."""
    columns = (
        "agent",
        "agent_tail",
        "fellow",
        "rel_object",
        "object",
        "object_tail",
        "place",
        "place_tail",
        "time",
        "manner",
    )
    used = np.unique(np.concatenate([table[name] for table in tables for name in columns]))
    entity = np.isin(W.sort, [SORTS.index(sort) for sort in ("noun", "place", "time", "manner", "given", "stem")])
    return set(used[(used >= 0) & entity[used]].tolist())


@pytest.mark.parametrize("task", ["mnli", "qqp", "pawsx", "squad1", "udpos", "panx"])
def test_entities_and_templates_of_training_and_testing_are_disjoint(small, task):
    parts = [builders.BUILDERS[task].tables(builders.records(small, task, part)) for part in ("train", "evaluation")]
    train, test = (content(tables) for tables in parts)
    assert train and test and not train & test
    for tables, side in zip(parts, (False, True), strict=True):
        for table in tables:
            assert (held_out(table["verb"], ev.pattern(table)) == side).all()
            inner = table["rel_verb"] >= 0
            assert (held_out(table["rel_verb"][inner], np.zeros(inner.sum(), int)) == side).all()


def test_lexical_pairs_of_training_and_testing_are_disjoint(small):
    found = []
    for part, pool in (("train", TRAIN), ("evaluation", TEST)):
        premise, hypothesis, _ = builders.records(small, "mnli", part)
        pairs = set()
        for name in ("agent_adj", "object_adj", "verb", "agent"):
            a, b = premise[name], hypothesis[name]
            related = (a != b) & (b >= 0) & (a >= 0)
            related &= ((W.scale[a] == W.scale[b]) & (W.scale[a] >= 0)) | (W.isa(a, b) & (name == "agent"))
            pairs |= {frozenset(pair) for pair in zip(a[related].tolist(), b[related].tolist(), strict=True)}
        assert len(pairs) > 20 and pool in (0, 1)
        found.append(pairs)
    assert not found[0] & found[1]


def test_put_together_inference_holds_mnlis_own_pairs(small):
    own = {(r["premise"], r["hypothesis"]) for r in dataset(small, "mnli", "en", "train")}
    rows = dataset(small, "anli+", "en", "train")
    assert len(rows) == 2 * small.train + small.train // 2
    assert own <= {(r["premise"], r["hypothesis"]) for r in rows}
    premise, hypothesis, label = builders.records(small, "anli+", "train")
    assert (inference.relation(premise, hypothesis) == label).all()
