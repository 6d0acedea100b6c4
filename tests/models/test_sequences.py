"""Input sequences: the frames of the three families, segments, packing."""

import numpy as np

from xtl.models.sequences import IGNORE, Frame, chunks, full_sentences, translation_pairs, two_segments

PAD, UNK, CLS, SEP, MASK = range(5)


def ids(*values):
    return np.array(values, dtype=np.int32)


def test_bert_frames_a_pair_with_segment_ids(dressed):
    built = Frame(dressed("bert")).build(ids(5, 6), ids(7))
    assert built.ids.tolist() == [CLS, 5, 6, SEP, 7, SEP]
    assert built.types.tolist() == [0, 0, 0, 0, 1, 1]
    assert built.special.tolist() == [True, False, False, True, False, True]


def test_roberta_has_two_separators_and_xlnet_ends_with_the_classification_token(dressed):
    assert Frame(dressed("roberta", False)).build(ids(5), ids(7)).ids.tolist() == [CLS, 5, SEP, SEP, 7, SEP]
    xlnet = Frame(dressed("xlnet")).build(ids(5), ids(7))
    assert xlnet.ids.tolist() == [5, SEP, 7, SEP, CLS]
    assert xlnet.types.tolist() == [0, 0, 1, 1, 2]
    assert Frame(dressed("xlnet")).build(ids(5)).ids.tolist() == [5, SEP, CLS]


def test_without_segments_every_type_is_zero(dressed):
    assert not Frame(dressed("bert", False)).build(ids(5), ids(7)).types.any()


def test_chunks_are_greedy_and_leave_a_long_sentence_alone():
    sentences = [ids(*range(n)) for n in (3, 4, 2, 9, 1)]
    assert [[len(s) for s in c] for c in chunks(sentences, 7)] == [[3, 4], [2], [9], [1]]


def test_chunks_hold_so_many_sentences_and_a_free_one_counts_as_none():
    end = ids(3)
    sentences = [ids(5), ids(6), end, ids(7), ids(8)]
    assert [[s.tolist() for s in c] for c in chunks(sentences, 9, 1, end)] == [[[5]], [[6], [3]], [[7]], [[8]]]
    assert [len(c) for c in chunks(sentences, 9, 3, end)] == [4, 1]


def test_inputs_of_one_sentence_are_that_sentence_for_every_recipe(dressed):
    documents = [[ids(5, 6), ids(7)], [ids(8)]]
    rng = np.random.default_rng(0)
    bert = two_segments(documents, Frame(dressed("bert")), 32, True, rng, sentences=1)
    roberta = full_sentences(documents, Frame(dressed("roberta", False)), 32, sentences=1)
    assert [s.ids.tolist() for s in bert] == [s.ids.tolist() for s in roberta]
    assert [s.ids.tolist() for s in bert] == [[CLS, 5, 6, SEP], [CLS, 7, SEP], [CLS, 8, SEP]]
    assert {s.follows for s in bert} == {IGNORE}


def test_a_random_second_segment_is_no_longer_than_the_true_one(dressed):
    documents = [[ids(d) for _ in range(6)] for d in (5, 6, 7)]
    rng = np.random.default_rng(0)
    built = [s for _ in range(20) for s in two_segments(documents, Frame(dressed("bert")), 32, True, rng, 2)]
    assert {s.follows for s in built} == {0, 1}
    assert {len(s) for s in built} == {5}  # one sentence of one token each, and three special tokens


def test_full_sentences_pack_across_documents_with_a_separator(dressed):
    documents = [[ids(5, 6), ids(7)], [ids(8)], [ids(9, 10)]]
    packed = full_sentences(documents, Frame(dressed("roberta", False)), length=8)
    # room for 6: 5 6 7 SEP 8 | the separator that would end the first block is dropped | 9 10
    assert [s.ids.tolist() for s in packed] == [[CLS, 5, 6, 7, SEP, 8, SEP], [CLS, 9, 10, SEP]]
    assert packed[0].special.tolist() == [True, False, False, False, True, False, True]


def test_two_segments_are_consecutive_or_random_and_say_which(dressed):
    documents = [[ids(5 + d), ids(10 + d)] for d in range(5)]  # sentence 10 + d follows 5 + d
    rng = np.random.default_rng(0)
    built = [s for _ in range(40) for s in two_segments(documents, Frame(dressed("bert")), 32, True, rng)]
    followed = [s for s in built if s.follows == 0]
    random = [s for s in built if s.follows == 1]
    assert 0.35 < len(random) / len(built) < 0.65
    assert all(s.ids[3] == s.ids[1] + 5 and len(s.ids) == 5 for s in followed)
    assert all((s.ids[3] - 5) % 5 != s.ids[1] - 5 for s in random)


def test_without_nsp_nothing_is_asked_and_nothing_is_random(dressed):
    documents = [[ids(5), ids(10)], [ids(6)]]
    built = two_segments(documents, Frame(dressed("bert")), 32, False, np.random.default_rng(0))
    assert [s.follows for s in built] == [IGNORE, IGNORE]
    assert [s.ids.tolist() for s in built] == [[CLS, 5, SEP, 10, SEP], [CLS, 6, SEP]]


def test_pairs_come_in_both_orders_and_too_long_ones_are_left_out(dressed):
    pairs = [(ids(5), ids(6))] * 50 + [(ids(*range(5, 20)), ids(*range(5, 20)))]
    built = translation_pairs(pairs, Frame(dressed("bert")), 16, np.random.default_rng(0))
    assert len(built) == 50
    assert {tuple(s.ids.tolist()) for s in built} == {(CLS, 5, SEP, 6, SEP), (CLS, 6, SEP, 5, SEP)}
