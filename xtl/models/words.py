"""What an encoder reads of the words of a sentence: the pieces that its tokenizer makes of them in running text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from transformers import PreTrainedTokenizerBase

Pieces = list[int]  # ids of a tokenizer's vocabulary


@dataclass(frozen=True)
class Word:
    """The pieces of a word of a sentence.

    Attributes:
        first: the place among them of the word's first sub-token; None if the tokenizer makes nothing of the word.
    """

    pieces: Pieces
    first: int | None


@dataclass(frozen=True)
class Frame:
    """The special tokens around a text and, for each kind of a model's inputs, what stands at them and at the text."""

    before: dict[str, list[int]]
    inside: dict[str, int]
    after: dict[str, list[int]]

    def around(self, pieces: Pieces) -> dict[str, list[int]]:
        """A model's inputs for a text of these pieces."""
        inputs = {}
        for name, value in self.inside.items():
            text = pieces if name == "input_ids" else [value] * len(pieces)
            inputs[name] = self.before[name] + text + self.after[name]
        return inputs


@dataclass
class _Group:
    """What belongs to a word: pieces that are the white space before it alone, and the pieces that hold some of it."""

    space: Pieces = field(default_factory=list)
    rest: Pieces = field(default_factory=list)


def frame_of(tokenizer: PreTrainedTokenizerBase) -> Frame:
    """What a tokenizer puts around a text, found by reading one."""
    plain = tokenizer("a", add_special_tokens=False)["input_ids"]
    coded = tokenizer("a")
    ids = coded["input_ids"]
    begin = next(place for place in range(len(ids) + 1) if ids[place : place + len(plain)] == plain)
    end = begin + len(plain)
    return Frame(
        before={name: values[:begin] for name, values in coded.items()},
        inside={name: values[begin] if plain else 0 for name, values in coded.items()},
        after={name: values[end:] for name, values in coded.items()},
    )


def read_words(sentences: Sequence[Sequence[str]], tokenizer: PreTrainedTokenizerBase) -> list[list[Word]]:
    """The words of each sentence as the tokenizer reads them in running text, with a space between two words.

    White space that is a piece of its own belongs to the word behind it. It is that word's first sub-token only where
    the tokenizer writes it before the word alone, too (as SentencePiece marks a word's beginning), not where it parts
    two words. A word of which nothing is left (of control characters, say) is the unknown token, as XTREME reads it; an
    empty string is nothing. Where one piece holds parts of two words, or where the tokenizer does not tell the places
    of its pieces, every word is read by itself, with the space before it. Spaces around a word are not the word's.
    """
    sentences = [[word.strip(" ") or word for word in words] for words in sentences]
    grouped: list[list[_Group] | None] = [None] * len(sentences)
    if tokenizer.is_fast and sentences:
        texts = [" ".join(words) for words in sentences]
        coded = tokenizer(texts, add_special_tokens=False, return_offsets_mapping=True)
        for row, words in enumerate(sentences):
            grouped[row] = _by_offsets(words, coded["input_ids"][row], coded["offset_mapping"][row])

    singly = {word for words, groups in zip(sentences, grouped, strict=True) if groups is None for word in words}
    spaced = _read((f" {word}" for word in singly), tokenizer)
    parted = set()
    for words, groups in zip(sentences, grouped, strict=True):
        parted |= {word for word, group in zip(words, groups or (), strict=False) if group.space}
    alone = _read(singly | parted, tokenizer)
    unknown = tokenizer.unk_token_id
    read = []
    for words, groups in zip(sentences, grouped, strict=True):
        groups = groups or _by_word(words, spaced, alone)
        read.append([_word(word, group, alone, unknown) for word, group in zip(words, groups, strict=True)])
    return read


def _by_offsets(words: Sequence[str], ids: Pieces, offsets: Sequence[tuple[int, int]]) -> list[_Group] | None:
    """The pieces of the words of a sentence by their places in its text; None where a piece is in two words."""
    groups = [_Group() for _ in words]
    spans = []  # (number of the word, begin, end), without empty words
    begin = 0
    for number, word in enumerate(words):
        if word:
            spans.append((number, begin, begin + len(word)))
        begin += len(word) + 1
    place = 0  # in spans: the first word that ends behind the piece's beginning
    for piece, (start, end) in zip(ids, offsets, strict=True):
        while place < len(spans) - 1 and spans[place][2] <= start:
            place += 1
        if not spans:
            break
        number, begin, _ = spans[place]
        if place + 1 < len(spans) and end > spans[place + 1][1]:
            return None
        if end > begin:
            groups[number].rest.append(piece)
        else:
            groups[number].space.append(piece)
    return groups


def _by_word(words: Sequence[str], spaced: dict[str, Pieces], alone: dict[str, Pieces]) -> list[_Group]:
    """The pieces of the words of a sentence, the first read alone and the others with a space before them."""
    groups = []
    for number, word in enumerate(words):
        pieces = spaced[f" {word}"] if number else alone[word]
        extra = len(pieces) - len(alone[word])
        space = pieces[:extra] if extra > 0 and pieces[extra:] == alone[word] else []
        groups.append(_Group(space, pieces[len(space) :]))
    return groups


def _word(word: str, group: _Group, alone: dict[str, Pieces], unknown: int | None) -> Word:
    """A word with its first sub-token, from the pieces of the words that were read alone."""
    pieces = group.space + group.rest
    if group.space and alone[word][:1] == group.space[:1]:
        return Word(pieces, 0)
    if group.rest:
        return Word(pieces, len(group.space))
    if word and unknown is not None:
        return Word([*pieces, unknown], len(pieces))
    return Word(pieces, None)


def _read(texts: Iterable[str], tokenizer: PreTrainedTokenizerBase) -> dict[str, Pieces]:
    """The pieces of texts, without special tokens."""
    texts = sorted(texts)
    if not texts:
        return {}
    return dict(zip(texts, tokenizer(texts, add_special_tokens=False)["input_ids"], strict=True))
