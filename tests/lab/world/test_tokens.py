"""The shared sub-word vocabulary: special tokens, offsets, coverage."""

from xtl.lab import corpus, tokenizer
from xtl.lab.world.made_languages import languages


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
