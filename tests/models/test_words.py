"""Words of a list are read as those of a running text, whatever the tokenizer."""

import pytest
from transformers import CanineTokenizer

from tests.tokenizer_kinds import KINDS, tokenizer_of
from xtl.models.words import frame_of, read_words

SENTENCES = [
    ["the", "cats", "are", "running"],
    ["The", "fox", "'s", "cat", "is", "n't", "running", ",", "but", "the", "cats", "were", "!"],
    ["die", "Katzen", "laufen", "im", "Garten", "und", "schläft", "der", "Hund", "?"],
    ["кошки", "бегут", "в", "саду"],
    ["बिल्लियाँ", "बगीचे", "में"],
    ["猫", "在", "花园", "里", "跑", "。"],
    ["10", "000", "x", "≈", "🙂", "1990s", "A.B.", "e-mail@x.org"],
    ["unbekannteswort"],
]
# Those that read a list of words as a text by themselves.
RIGHT_BY_THEMSELVES = [
    "WordPiece", "ByteLevel with prefix", "ByteLevel with prefix trimmed", "Metaspace always", "Metaspace first",
    "WhitespaceSplit and Metaspace", "WhitespaceSplit", "Llama 2",
]  # fmt: skip


def pieces_of(kind, words):
    """The pieces of each word, and its first sub-token."""
    tokenizer = tokenizer_of(kind)
    read = read_words([words], tokenizer)[0]
    return [(tokenizer.convert_ids_to_tokens(word.pieces), word.first) for word in read]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "across words"])
def test_the_pieces_are_those_of_the_running_text(kind):
    tokenizer = tokenizer_of(kind)
    for words, read in zip(SENTENCES, read_words(SENTENCES, tokenizer), strict=True):
        pieces = [piece for word in read for piece in word.pieces]
        assert pieces == tokenizer(" ".join(words), add_special_tokens=False)["input_ids"], words
        assert all(word.first is not None for word in read), words


@pytest.mark.parametrize("kind", RIGHT_BY_THEMSELVES)
def test_what_was_right_before_stays_as_it_was(kind):
    tokenizer = tokenizer_of(kind)
    coded = tokenizer(SENTENCES, is_split_into_words=True, add_special_tokens=False)
    for row, read in enumerate(read_words(SENTENCES, tokenizer)):
        assert [piece for word in read for piece in word.pieces] == coded["input_ids"][row]
        places = coded.word_ids(row)
        begins = []
        for number, word in enumerate(read):
            begins += [number if place == word.first else None for place in range(len(word.pieces))]
        starts = [now if now != before else None for before, now in zip([None, *places], places, strict=False)]
        assert begins == starts


def test_words_stand_apart_by_hand():
    whole = [["the"], ["cats"], ["are"], ["running"]]
    for kind, mark in (("Gemma", "▁"), ("Llama 3", "Ġ"), ("ByteLevel", "Ġ"), ("ByteLevel trimmed", "Ġ")):
        expected = [(["the"], 0), ([f"{mark}cats"], 0), ([f"{mark}are"], 0), ([f"{mark}running"], 0)]
        assert pieces_of(kind, SENTENCES[0]) == expected, kind
    assert pieces_of("ByteLevel with prefix", SENTENCES[0])[0] == (["Ġthe"], 0)
    assert pieces_of("Llama 2", SENTENCES[0])[0] == (["▁the"], 0)
    assert pieces_of("Metaspace never", SENTENCES[0])[1] == (["▁cat", "s"], 0)
    assert pieces_of("WordPiece", SENTENCES[0]) == [(word, 0) for word in whole]


def test_white_space_is_a_first_sub_token_where_it_marks_every_word():
    # SentencePiece's mark stands before a word alone, too; a space that parts two words does not
    for kind in ("Metaspace always", "WhitespaceSplit and Metaspace", "Llama 2"):
        assert pieces_of(kind, ["a", "庭"])[1] == (["▁", "<unk>"], 0)
    for kind in ("Metaspace never", "Gemma"):
        assert pieces_of(kind, ["a", "庭"])[1] == (["▁", "<unk>"], 1)
    assert pieces_of("ByteLevel", ["a", "庭"])[1] == (["Ġ", "å", "º", "Ń"], 1)
    assert pieces_of("ByteLevel with prefix", ["a", "庭"])[1] == (["Ġ", "å", "º", "Ń"], 0)
    for kind in ("characters", "ByT5"):
        assert pieces_of(kind, ["a", "cat"]) == [(["a"], 0), ([" ", "c", "a", "t"], 1)]


def test_pieces_over_two_words_are_parted():
    tokenizer = tokenizer_of("across words")
    assert len(tokenizer("the cats are running", add_special_tokens=False)["input_ids"]) < 4
    assert pieces_of("across words", SENTENCES[0]) == [
        (["t", "h", "e"], 0), ([" ", "cat", "s"], 1), ([" ", "ar", "e"], 1), ([" ", "running"], 1),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_odd_characters_stay_in_their_words(kind):
    odd = ["a", "", "\u200b", "\u00a0", "x\u00a0y", "x\u2028y", "\u2028", "x\x0cy", "\x0c", "\x81", "New York",
           " led ", "\u0301e", "fi\ufb01n", "\ufeffBOM", "sol\u00adar", "<s>", "\n", "\r\n", "\t", "z"]  # fmt: skip
    tokenizer = tokenizer_of(kind)
    read = read_words([odd, ["a"]], tokenizer)
    for word, text in zip(read[0], odd, strict=True):
        assert (word.first is None) == (text == ""), repr(text)
        if word.first is not None:
            assert word.first < len(word.pieces)
    # what stands in one word decides about no other
    again = read_words([["a", "z"], ["a"]], tokenizer)
    assert read[0][0] == again[0][0] and read[0][-1] == again[0][1] and read[1] == again[1]


def test_an_odd_word_by_hand():
    assert pieces_of("WordPiece", ["a", "x\u00a0x", "\u200b", ""]) == [
        (["a"], 0), (["x", "x"], 0), (["<unk>"], 0), ([], None),
    ]  # fmt: skip
    assert pieces_of("Gemma", ["a", " the "]) == [(["a"], 0), (["▁the"], 0)]
    assert pieces_of("ByteLevel", ["x\u2028", "the"]) == [(["x", "â", "Ģ", "¨"], 0), (["Ġthe"], 0)]


def test_no_words_and_no_sentences():
    tokenizer = tokenizer_of("Gemma")
    assert read_words([], tokenizer) == []
    assert read_words([[], [""]], tokenizer) == [[], read_words([[""]], tokenizer)[0]]


def test_the_frame_of_a_text():
    for kind in KINDS:
        tokenizer = tokenizer_of(kind)
        pieces = tokenizer("the cats", add_special_tokens=False)["input_ids"]
        assert frame_of(tokenizer).around(pieces) == dict(tokenizer("the cats")), kind
    frame = frame_of(tokenizer_of("Gemma"))
    assert (frame.before["input_ids"], frame.after["input_ids"]) == ([2], [3])
    frame = frame_of(tokenizer_of("ByT5"))
    assert (frame.before["input_ids"], frame.after["input_ids"]) == ([], [1])


def test_characters_without_places():
    read = read_words([["the", "cats"]], CanineTokenizer())[0]
    assert [(word.pieces, word.first) for word in read] == [([*map(ord, "the")], 0), ([*map(ord, " cats")], 1)]
