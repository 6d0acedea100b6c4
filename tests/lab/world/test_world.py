"""The world: taxonomy, scales, the pools of training and testing."""

import numpy as np
import pytest

from xtl.lab.world import world as module
from xtl.lab.world.world import BOTH, KINDS, MODIFIERS, PATTERNS, TEST, TRAIN, UPOS, held_out, world

W = world()


def concept(name: str) -> int:
    return W.ids[name]


def isa(lower: str, upper: str) -> bool:
    return bool(W.isa(np.array([concept(f"NOUN:{lower}")]), np.array([concept(f"NOUN:{upper}")]))[0])


def test_a_fox_is_a_canine_and_an_animal_and_no_bird():
    assert isa("fox", "fox") and isa("fox", "canine") and isa("fox", "animal") and isa("canine", "animal")
    assert not isa("fox", "bird") and not isa("animal", "fox") and not isa("fox", "person")


def test_nothing_is_under_none():
    fox = np.array([concept("NOUN:fox")])
    assert not W.isa(fox, np.array([-1]))[0] and not W.isa(np.array([-1]), fox)[0]


@pytest.mark.parametrize("sort", ["noun", "place", "time", "manner", "given", "stem"])
def test_entities_of_the_two_pools_are_disjoint_and_equally_many(sort):
    train, test = set(W.of(sort, TRAIN)), set(W.of(sort, TEST))
    assert len(train) == len(test) > 0 and not train & test and train | test == set(W.of(sort, BOTH))


def test_every_class_has_nouns_in_both_pools():
    for middle in np.unique(W.parent[W.of("noun")]):
        members = W.pool[(W.parent == middle) & (W.sort == 0)]
        assert sorted(members) == [TRAIN] * 2 + [TEST] * 2


PARTNERS = {False: W.synonym, True: W.opposite}


def pairs(opposite: bool, pool: int) -> set[frozenset]:
    words = np.flatnonzero(W.scale >= 0)
    other = PARTNERS[opposite](words, pool)
    return {frozenset(pair) for pair in zip(words.tolist(), other.tolist(), strict=True) if pair[0] != pair[1]}


@pytest.mark.parametrize("opposite", [False, True])
def test_lexical_pairs_of_the_two_pools_are_disjoint(opposite):
    train, test = pairs(opposite, TRAIN), pairs(opposite, TEST)
    assert train and test and not train & test


def test_big_and_small_are_opposites_for_training_and_big_and_little_for_testing():
    big, large = concept("ADJ:big"), concept("ADJ:large")
    words = np.array([big])
    assert W.opposite(words, TRAIN)[0] == concept("ADJ:small") and W.opposite(words, TEST)[0] == concept("ADJ:little")
    assert W.synonym(words, TRAIN)[0] == large and W.synonym(words, TEST)[0] == big


def test_partners_are_mutual_and_of_the_right_pole():
    words = np.flatnonzero(W.scale >= 0)
    for pool in (TRAIN, TEST):
        for opposite in (False, True):
            partner = PARTNERS[opposite]
            other = partner(words, pool)
            assert (partner(other, pool) == words).all() and (W.scale[other] == W.scale[words]).all()
            moved = other != words
            assert ((W.pole[other] != W.pole[words])[moved] == opposite).all()


def test_a_third_of_the_templates_of_every_frame_and_pattern_is_held_out():
    verbs = np.array([np.flatnonzero(W.frame == frame)[0] for frame in range(W.frame.max() + 1)])
    held = held_out(verbs[:, None], np.arange(PATTERNS))
    assert set(held.sum(1)) <= {10, 11} and set(held.sum(0)) <= {len(verbs) // 3, -(-len(verbs) // 3)}
    assert sum(MODIFIERS.values()) + 1 == PATTERNS


def test_synonyms_and_opposites_share_a_frame_so_that_they_share_their_templates():
    for scale in np.unique(W.scale[W.frame >= 0]):
        assert len(np.unique(W.frame[W.scale == scale])) == 1


def test_words_are_ambiguous_between_parts_of_speech():
    found: dict[str, set] = {}
    for forms, pos in zip(W.words, W.pos, strict=True):
        found.setdefault(forms[0], set()).add(UPOS[pos])
    assert {"NOUN", "VERB"} <= found["duck"] and {"ADJ", "NOUN"} <= found["patient"]
    assert sum({"NOUN", "VERB"} <= tags for tags in found.values()) >= 15
    assert sum({"ADJ", "NOUN"} <= tags for tags in found.values()) >= 7
    assert found["that"] == {"DET", "PRON"}


def test_content_vocabulary_is_small():
    content = {forms[0] for forms, sort in zip(W.words, W.sort, strict=True) if module.SORTS[sort] != "function"}
    assert 180 <= len(content) <= 300 and len(KINDS) == 4
