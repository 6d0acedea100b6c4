"""Inference: every generated pair against the labels of its records; training and testing share nothing."""

import numpy as np
import pytest

from xtl.lab.tasks import builders
from xtl.lab.tasks.datasets import dataset
from xtl.lab.tasks.entailment import relation
from xtl.lab.tasks.records import tables
from xtl.lab.world.config import LabConfig
from xtl.lab.world.world import SORTS, TEST, TRAIN, held_out, world

W = world()


@pytest.mark.parametrize("task", ["mnli", "xnli"])
@pytest.mark.parametrize("part", ["train", "evaluation"])
def test_every_generated_label_follows_from_the_records(task, part):
    premise, hypothesis, labels = builders.records(
        LabConfig(test=300), task, part
    )  # full size: rare clashes must not slip by
    assert (relation(premise, hypothesis) == labels).all()
    assert np.ptp(np.bincount(labels)) <= 1


def content(events) -> set[int]:
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
    used = np.unique(np.concatenate([table[name] for table in events for name in columns]))
    entity = np.isin(W.sort, [SORTS.index(sort) for sort in ("noun", "place", "time", "manner", "given", "stem")])
    return set(used[(used >= 0) & entity[used]].tolist())


@pytest.mark.parametrize("task", ["mnli", "qqp", "pawsx", "squad1", "udpos", "panx"])
def test_entities_and_templates_of_training_and_testing_are_disjoint(small, task):
    parts = [tables(builders.records(small, task, part)) for part in ("train", "evaluation")]
    train, test = (content(part) for part in parts)
    assert train and test and not train & test
    for part, side in zip(parts, (False, True), strict=True):
        for table in part:
            assert (held_out(table["verb"], table.pattern()) == side).all()
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
    assert (relation(premise, hypothesis) == label).all()
