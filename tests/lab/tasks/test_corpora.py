"""Corpora: size, documents, what they hold and lack; the sub-word vocabulary: special tokens, offsets, coverage."""

import numpy as np

from xtl.lab.tasks import corpora
from xtl.lab.tasks.corpora import corpus, parallel, tokenizer
from xtl.lab.world import events as ev
from xtl.lab.world.config import LabConfig
from xtl.lab.world.made_languages import languages
from xtl.lab.world.world import SORTS, world


def test_no_context_sentence_of_a_test_is_in_a_corpus(small):
    for code in languages(small):
        held_out = corpora.held_out_sentences(small, code)
        assert len(held_out) > 1000 and not held_out & {
            sentence for document in corpus(small, code) for sentence in document
        }


def test_corpora_have_their_planted_size_and_are_documents(small):
    for code, item in languages(small).items():
        documents = corpus(small, code)
        expected = small.sentences * item.features["corpus"]
        assert expected <= sum(map(len, documents)) <= expected + 6
        assert np.mean([len(document) for document in documents]) > 3 and max(map(len, documents)) <= 6
        if code != "en":
            assert len(parallel(small, code)) == int(expected) // 2


def test_documents_share_participants_across_sentences():
    table = corpora.corpus_events(LabConfig(), "any", 3000)
    first = {}
    shared = []
    for i, doc in enumerate(table["doc"]):
        entities = {table["agent"][i], table["object"][i]} - {-1}
        if doc in first:
            shared.append(bool(entities & first[doc]))
        first.setdefault(doc, set()).update(entities)
    assert np.mean(shared) > 0.7


def test_a_corpus_of_the_usual_size_has_every_word(small):
    usual = corpora.corpus_events(LabConfig(), "en", 10_000)
    used = np.unique(np.concatenate([usual[name] for name in ev.CONCEPTS]))
    w = world()
    content = np.flatnonzero(w.sort != SORTS.index("function"))
    assert set(content.tolist()) <= set(used.tolist())


def test_sentences_have_what_the_world_promises(small):
    table = corpora.corpus_events(LabConfig(), "any", 3000)
    event = table["kind"] == ev.EVENT
    for column, least, most in (("neg", 0.08, 0.2), ("voice", 0.05, 0.2), ("front", 0.05, 0.2), ("tense", 0.2, 0.4)):
        assert least < table[column][event].mean() < most, column
    for column, least in (("fellow", 0.03), ("rel_verb", 0.03), ("contrast", 0.02), ("mark", 0.1)):
        assert (table[column] >= 0).mean() > least, column
    assert {ev.EVENT, ev.ATTRIBUTE, ev.CLASS} == set(table["kind"].tolist())


def test_special_tokens_open_the_vocabulary_and_nothing_is_added(small):
    found = tokenizer(small)
    assert [found.id_to_token(i) for i in range(5)] == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    assert found.post_processor is None and found.get_vocab_size() <= 4000
    assert found.encode("the fox").ids == found.encode("the fox", add_special_tokens=True).ids


def test_pieces_lie_inside_their_words_and_text_comes_back(small):
    found = tokenizer(small)
    for code in languages(small):
        for sentence in (sentence for document in corpus(small, code)[:15] for sentence in document):
            encoded = found.encode(sentence)
            assert found.decode(encoded.ids) == sentence and 1 not in encoded.ids
            for piece, (first, end) in zip(encoded.tokens, encoded.offsets, strict=True):
                assert end > first and " " not in sentence[first:end]
                assert piece in ("▁",) or piece.lstrip("▁") == sentence[first:end]


def test_capitals_are_kept(small):
    found = tokenizer(small)
    assert found.encode("Fox").ids != found.encode("fox").ids
