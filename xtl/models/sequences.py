"""From documents and translation pairs to input sequences, and from sequences to batches of equal token counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

IGNORE = -100


@dataclass(frozen=True)
class Sequence:
    """One unmasked input: ids and segments (length,), which positions are special, and the next-sentence label."""

    ids: np.ndarray
    types: np.ndarray
    special: np.ndarray
    follows: int = IGNORE  # 0: the second segment follows the first; 1: it is a random one; IGNORE: not asked

    def __len__(self) -> int:
        return len(self.ids)


class Frame:
    """Where a tokenizer puts its special tokens, learned from its own output rather than from its family's name."""

    def __init__(self, tokenizer):
        self.typed = "token_type_ids" in tokenizer.model_input_names
        self.single = self._learn(tokenizer("a"), 1)
        self.pair = self._learn(tokenizer("a", "b"), 2)
        self.separator = tokenizer.sep_token_id
        self.cost = [sum(len(ids) for ids, _ in parts) for parts in (self.single[0], self.pair[0])]

    def _learn(self, coded, segments):
        """Special tokens before, between and after the segments as (ids, types), and each segment's type."""
        types = coded["token_type_ids"] if self.typed else [0] * len(coded["input_ids"])
        specials = [([], [])]
        inner, seen = [], set()
        for token, kind, segment in zip(coded["input_ids"], types, coded.sequence_ids(), strict=True):
            if segment is None:
                specials[-1][0].append(token)
                specials[-1][1].append(kind)
            elif segment not in seen:
                seen.add(segment)
                inner.append(kind)
                specials.append(([], []))
        assert len(inner) == segments, "the tokenizer dropped a segment"
        return specials, inner

    def build(self, a: np.ndarray, b: np.ndarray | None = None, follows: int = IGNORE) -> Sequence:
        """The sequence of one segment or of two."""
        specials, inner = self.pair if b is not None else self.single
        ids, types, special = [], [], []
        for i, (extra, kinds) in enumerate(specials):
            ids.append(extra)
            types.append(kinds)
            special.append(np.ones(len(extra), bool))
            segment = (a, b)[i] if i < len(inner) else None
            if segment is not None:
                ids.append(segment)
                types.append(np.full(len(segment), inner[i]))
                special.append(segment == self.separator)
        return Sequence(
            np.concatenate(ids).astype(np.int32),
            np.concatenate(types).astype(np.int32),
            np.concatenate(special),
            follows,
        )


def two_segments(
    documents: list[list[np.ndarray]], frame: Frame, length: int, nsp: bool, rng, sentences: int | None = None
) -> list[Sequence]:
    """BERT's inputs: consecutive sentences of one document, cut at a sentence boundary into two segments.

    With `nsp`, every second input gets its second segment from a random other document of the list (label 1).
    A chunk of a single sentence stays one segment without it, and gets a random second segment with it, unless inputs
    are to hold one sentence.

    Args:
        documents: of one language; each a list of sentences, each an array of token ids.
        sentences: that an input holds at most; as many as fit where None.
    """
    room, out = length - frame.cost[1], []
    for number, document in enumerate(documents):
        for chunk in chunks(document, room, sentences):
            cut = int(rng.integers(1, len(chunk))) if len(chunk) > 1 else 1
            a, b = np.concatenate(chunk[:cut])[:room], chunk[cut:]
            random_next = nsp and sentences != 1 and (not b or rng.random() < 0.5)
            if random_next and len(documents) > 1:
                other = documents[(number + 1 + int(rng.integers(len(documents) - 1))) % len(documents)]
                start = int(rng.integers(len(other)))
                b = other[start : start + max(1, sentences - cut) if sentences else None]
            b = np.concatenate(b)[: room - len(a)] if b else None
            if b is None or not len(b):
                out.append(frame.build(a))
            else:
                out.append(frame.build(a, b, int(random_next) if nsp else IGNORE))
    return out


def full_sentences(
    documents: list[list[np.ndarray]], frame: Frame, length: int, sentences: int | None = None
) -> list[Sequence]:
    """RoBERTa's inputs: sentences packed across documents up to the length, a separator where a document ends.

    `sentences` limits an input as in `two_segments`; a separator counts as none.
    """
    room = length - frame.cost[0]
    ends = np.array([frame.separator], dtype=np.int32)
    stream = [s for document in documents for s in (*document, ends)][:-1]
    out = []
    for chunk in chunks(stream, room, sentences, ends):
        chunk = [s for i, s in enumerate(chunk) if s is not ends or 0 < i < len(chunk) - 1]
        if chunk:
            out.append(frame.build(np.concatenate(chunk)[:room]))
    return out


def translation_pairs(pairs: list[tuple[np.ndarray, np.ndarray]], frame: Frame, length: int, rng) -> list[Sequence]:
    """Inputs of two sentences that translate each other, in random order."""
    room, out = length - frame.cost[1], []
    for a, b in pairs:
        a, b = (b, a) if rng.random() < 0.5 else (a, b)
        if len(a) + len(b) <= room:
            out.append(frame.build(a, b))
    return out


def chunks(
    sentences: list[np.ndarray], room: int, most: int | None = None, free: object = None
) -> list[list[np.ndarray]]:
    """Consecutive sentences grouped greedily into chunks of at most `room` tokens (a longer sentence stands alone).

    A chunk holds at most `most` sentences, the array `free` not counted among them.
    """
    out, used, held = [], room + 1, 0
    for sentence in sentences:
        if used + len(sentence) > room or (held == most and sentence is not free):
            out.append([])
            used, held = 0, 0
        out[-1].append(sentence)
        used += len(sentence)
        held += sentence is not free
    return out


@dataclass(frozen=True)
class Schedule:
    """Every batch of a pretraining: items are (sequence number, epoch), so that masks can depend on either."""

    batches: list[list[tuple[int, int]]]
    tokens: int
    padded_tokens: int


def schedule(
    lengths: np.ndarray,
    stages: list[tuple[int, int, int]],
    pairs: tuple[int, int],
    share: float,
    batch_tokens: int,
    seed: int,
    pool: int = 32,
) -> Schedule:
    """Batches that hold batch_tokens tokens each on average, exact over the whole training up to one sequence.

    Each kind of sequence is gone through in random order, epoch after epoch. Inside pools of `pool` batches sequences
    are sorted by length, which keeps padding small; the order of the batches in a pool is random.

    Args:
        lengths: tokens of every sequence.
        stages: (steps, first, count): that many steps draw their monolingual sequences from first..first+count-1.
        pairs: (first, count) of the translation pairs, drawn with probability `share` for every sequence.
    """
    rng = np.random.default_rng([seed, 7])
    orders: dict[tuple[int, int], np.ndarray] = {}
    at: dict[tuple[int, int], int] = {}
    epoch: dict[tuple[int, int], int] = {}

    def draw(kind: tuple[int, int]) -> tuple[int, int]:
        if at.get(kind, kind[1]) == kind[1]:
            orders[kind], at[kind], epoch[kind] = rng.permutation(kind[1]), 0, epoch.get(kind, -1) + 1
        at[kind] += 1
        return kind[0] + int(orders[kind][at[kind] - 1]), epoch[kind]

    batches, tokens, padded = [], 0, 0
    for steps, first, count in stages:
        end = len(batches) + steps
        while len(batches) < end:
            n_batches = min(pool, end - len(batches))
            goal, items = (len(batches) + n_batches) * batch_tokens, []
            while tokens < goal:
                items.append(draw(pairs if rng.random() < share else (first, count)))
                tokens += int(lengths[items[-1][0]])
            items.sort(key=lambda item: lengths[item[0]])
            ends = np.cumsum([lengths[number] for number, _ in items])
            cuts = np.searchsorted(ends, ends[-1] * np.arange(1, n_batches) / n_batches)
            parts = [items[i:j] for i, j in zip([0, *cuts], [*cuts, len(items)], strict=True)]
            padded += sum(len(p) * max(int(lengths[n]) for n, _ in p) for p in parts if p)
            batches += [parts[i] for i in rng.permutation(len(parts))]
    return Schedule(batches, tokens, padded)
