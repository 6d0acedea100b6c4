"""Input sequences of pretraining, made from documents and translation pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from transformers import PreTrainedTokenizerBase

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


class Slot(NamedTuple):
    """One place in a tokenizer's inputs: a special token, or a segment by its number."""

    token: int | None
    segment: int | None
    type: int


class Frame:
    """Puts special tokens around segments, where the tokenizer puts them: learned from its own output."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase):
        self.separator = tokenizer.sep_token_id
        self.single = _slots(tokenizer, "a")
        self.pair = _slots(tokenizer, "a", "b")
        self.single_size = len(self.single) - 1  # how many special tokens an input of one segment has
        self.pair_size = len(self.pair) - 2

    def build(self, first: Sentence, second: Sentence | None = None, follows: int = IGNORE) -> InputSequence:
        """The sequence of one segment or of two."""
        slots = self.single if second is None else self.pair
        segments = (first, second)
        ids: list[np.ndarray] = []
        types: list[np.ndarray] = []
        special: list[np.ndarray] = []
        for slot in slots:
            segment = segments[slot.segment] if slot.segment is not None else None
            if segment is None:
                ids.append(np.array([slot.token]))
                special.append(np.array([True]))
            else:
                ids.append(segment)
                special.append(segment == self.separator)
            types.append(np.full(len(ids[-1]), slot.type, np.int32))
        return InputSequence(
            np.concatenate(ids).astype(np.int32), np.concatenate(types), np.concatenate(special), follows
        )


def _slots(tokenizer: PreTrainedTokenizerBase, *texts: str) -> list[Slot]:
    """The places in the tokenizer's input for so many segments."""
    coded = tokenizer(*texts)
    ids = coded["input_ids"]
    types = coded["token_type_ids"] if "token_type_ids" in tokenizer.model_input_names else [0] * len(ids)
    slots: list[Slot] = []
    for token, kind, segment in zip(ids, types, coded.sequence_ids(), strict=True):
        if segment is None:
            slots.append(Slot(token, None, kind))
        elif not slots or slots[-1].segment != segment:
            slots.append(Slot(None, segment, kind))
    assert [slot.segment for slot in slots if slot.token is None] == list(range(len(texts))), "a segment was dropped"
    return slots


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
    room = length - frame.pair_size
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
    room = length - frame.single_size
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
    room = length - frame.pair_size
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
