"""Input sequences of pretraining, made from documents and translation pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.random import Generator

if TYPE_CHECKING:  # takes seconds to import, and nothing here needs it
    from transformers import PreTrainedTokenizerFast

IGNORE = -100
Sentence = np.ndarray  # token ids (length,), without special tokens
Document = Sequence[Sentence]


@dataclass(frozen=True)
class InputSequence:
    """One unmasked input: ids and segments (length,), which positions are special, and the next-sentence label."""

    ids: np.ndarray
    types: np.ndarray
    special: np.ndarray
    follows: int = IGNORE  # 0: the second segment follows the first; 1: it is a random one; IGNORE: not asked

    def __len__(self) -> int:
        return len(self.ids)


class Layout:
    """The special tokens and types of a tokenizer's inputs, learned from its own output for given segments."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast, *texts: str):
        coded = tokenizer(*texts)
        ids = coded["input_ids"]
        types = coded["token_type_ids"] if "token_type_ids" in tokenizer.model_input_names else [0] * len(ids)
        # Special tokens before, between and after the segments, and each segment's type.
        self.specials: list[list[int]] = [[]]
        self.special_types: list[list[int]] = [[]]
        self.segment_types: list[int] = []
        seen = set()
        for token, kind, segment in zip(ids, types, coded.sequence_ids(), strict=True):
            if segment is None:
                self.specials[-1].append(token)
                self.special_types[-1].append(kind)
            elif segment not in seen:
                seen.add(segment)
                self.segment_types.append(kind)
                self.specials.append([])
                self.special_types.append([])
        assert len(self.segment_types) == len(texts), "the tokenizer dropped a segment"
        self.size = sum(len(tokens) for tokens in self.specials)  # how many special tokens an input has


class Frame:
    """Puts special tokens around segments, where the tokenizer puts them."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast):
        self.separator = tokenizer.sep_token_id
        self.single = Layout(tokenizer, "a")
        self.pair = Layout(tokenizer, "a", "b")

    def build(self, first: Sentence, second: Sentence | None = None, follows: int = IGNORE) -> InputSequence:
        """The sequence of one segment or of two."""
        segments = [first] if second is None else [first, second]
        layout = self.single if second is None else self.pair
        ids: list[np.ndarray] = []
        types: list[np.ndarray] = []
        special: list[np.ndarray] = []
        for number, tokens in enumerate(layout.specials):
            ids.append(np.array(tokens, np.int32))
            types.append(np.array(layout.special_types[number], np.int32))
            special.append(np.ones(len(tokens), bool))
            if number < len(segments):
                segment = segments[number]
                ids.append(segment)
                types.append(np.full(len(segment), layout.segment_types[number], np.int32))
                special.append(segment == self.separator)
        return InputSequence(
            np.concatenate(ids).astype(np.int32), np.concatenate(types), np.concatenate(special), follows
        )


def two_segments(
    documents: Sequence[Document], frame: Frame, length: int, nsp: bool, rng: Generator, sentences: int | None = None
) -> list[InputSequence]:
    """BERT's inputs: consecutive sentences of one document, cut at a sentence boundary into two segments.

    With `nsp`, every second input gets its second segment from a random other document of the list (label 1).
    A chunk of a single sentence stays one segment without it, and gets a random second segment with it, unless inputs
    are to hold one sentence.

    Args:
        documents: of one language.
        sentences: that an input holds at most; as many as fit where None.
    """
    room = length - frame.pair.size
    sequences = []
    for number, document in enumerate(documents):
        for chunk in chunks(document, room, sentences):
            cut = int(rng.integers(1, len(chunk))) if len(chunk) > 1 else 1
            first = np.concatenate(chunk[:cut])[:room]
            rest: Sequence[Sentence] = chunk[cut:]
            is_random = nsp and sentences != 1 and (not rest or rng.random() < 0.5)
            if is_random and len(documents) > 1:
                step = 1 + int(rng.integers(len(documents) - 1))
                other = documents[(number + step) % len(documents)]
                start = int(rng.integers(len(other)))
                rest = other[start:]
                if sentences is not None:
                    rest = rest[: max(1, sentences - cut)]
            second = np.concatenate(rest)[: room - len(first)] if rest else first[:0]
            if not len(second):
                sequences.append(frame.build(first))
            else:
                sequences.append(frame.build(first, second, int(is_random) if nsp else IGNORE))
    return sequences


def full_sentences(
    documents: Sequence[Document], frame: Frame, length: int, sentences: int | None = None
) -> list[InputSequence]:
    """RoBERTa's inputs: sentences packed across documents up to the length, a separator where a document ends.

    `sentences` limits an input as in `two_segments`; a separator counts as none.
    """
    room = length - frame.single.size
    separator = np.array([frame.separator], np.int32)
    stream: list[Sentence] = []
    for document in documents:
        stream += [*document, separator]
    sequences = []
    for chunk in chunks(stream[:-1], room, sentences, separator):
        if chunk[0] is separator:
            chunk = chunk[1:]
        if chunk and chunk[-1] is separator:
            chunk = chunk[:-1]
        if chunk:
            sequences.append(frame.build(np.concatenate(chunk)[:room]))
    return sequences


def translation_pairs(
    pairs: Sequence[tuple[Sentence, Sentence]], frame: Frame, length: int, rng: Generator
) -> list[InputSequence]:
    """Inputs of two sentences that translate each other, in random order; pairs that are too long are left out."""
    room = length - frame.pair.size
    sequences = []
    for first, second in pairs:
        if rng.random() < 0.5:
            first, second = second, first
        if len(first) + len(second) <= room:
            sequences.append(frame.build(first, second))
    return sequences


def chunks(
    sentences: Sequence[Sentence], room: int, most: int | None = None, free: Sentence | None = None
) -> list[list[Sentence]]:
    """Consecutive sentences grouped greedily into chunks of at most `room` tokens (a longer sentence stands alone).

    A chunk holds at most `most` sentences, the array `free` not counted among them.
    """
    groups: list[list[Sentence]] = []
    tokens = room + 1  # so that the first sentence opens a chunk
    count = 0
    for sentence in sentences:
        if tokens + len(sentence) > room or (count == most and sentence is not free):
            groups.append([])
            tokens = 0
            count = 0
        groups[-1].append(sentence)
        tokens += len(sentence)
        if sentence is not free:
            count += 1
    return groups
