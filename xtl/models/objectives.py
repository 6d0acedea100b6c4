"""The two objectives as collators: masked language modelling and permutation language modelling."""

from __future__ import annotations

import numpy as np
import torch

from xtl.models.sequences import Sequence


class Collator:
    """Turns (sequence, epoch) items into padded batches for `xtl.models.architectures.Pretrainer`.

    Both objectives predict the same number of tokens, chosen in the same way: the recipe's share `predicted` of a
    sequence's ordinary tokens, at least one. With static masking the choice depends on the sequence alone, with dynamic
    masking on the epoch too.

    A batch holds input_ids, attention_mask, token_type_ids (batch, length), `predicted` (flat indices of the
    predicted rows of the encoder's output), `labels` (their ids) and `follows` (batch,). Permutation batches also hold
    perm_mask (batch, length, length) and target_mapping (batch, predicted per sequence, length).
    """

    def __init__(self, sequences: list[Sequence], tokenizer, recipe: dict, seed: int):
        self.sequences, self.objective, self.seed = sequences, recipe["objective"], seed
        self.dynamic, self.share = recipe["masking"] == "dynamic", recipe["predicted"]
        self.pad, self.mask = tokenizer.pad_token_id, tokenizer.mask_token_id
        self.pad_type = tokenizer.pad_token_type_id
        self.ordinary = np.setdiff1d(np.arange(len(tokenizer)), tokenizer.all_special_ids)
        self.left = tokenizer.padding_side == "left"
        self.typed = "token_type_ids" in tokenizer.model_input_names

    def __call__(self, items: list[tuple[int, int]]) -> dict[str, torch.Tensor]:
        chosen = [self.sequences[number] for number, _ in items]
        rngs = [np.random.default_rng([self.seed, number, epoch if self.dynamic else 0]) for number, epoch in items]
        targets = [choose(sequence, self.share, rng) for sequence, rng in zip(chosen, rngs, strict=True)]
        longest = max(len(s) for s in chosen)
        shift = [longest - len(s) if self.left else 0 for s in chosen]
        ids = np.full((len(chosen), longest), self.pad, np.int64)
        types = np.full((len(chosen), longest), self.pad_type, np.int64)
        attention = np.zeros((len(chosen), longest), np.int64)
        for row, (sequence, start) in enumerate(zip(chosen, shift, strict=True)):
            span = slice(start, start + len(sequence))
            ids[row, span], types[row, span], attention[row, span] = sequence.ids, sequence.types, 1
        places = [t + start for t, start in zip(targets, shift, strict=True)]
        labels = np.concatenate([ids[row, place] for row, place in enumerate(places)])
        batch = {"attention_mask": attention, "labels": labels, "follows": np.array([s.follows for s in chosen])}
        if self.typed:
            batch["token_type_ids"] = types
        if self.objective == "mlm":
            for row, (place, rng) in enumerate(zip(places, rngs, strict=True)):
                ids[row, place] = corrupt(ids[row, place], rng, self.mask, self.ordinary)
            batch["predicted"] = np.concatenate([row * longest + place for row, place in enumerate(places)])
        else:
            places = [rng.permutation(place) for place, rng in zip(places, rngs, strict=True)]
            batch["labels"] = np.concatenate([ids[row, place] for row, place in enumerate(places)])
            batch["perm_mask"], batch["target_mapping"] = permutation(places, longest)
            most = batch["target_mapping"].shape[1]
            batch["predicted"] = np.concatenate(
                [row * most + np.arange(len(place)) for row, place in enumerate(places)]
            )
        batch["input_ids"] = ids
        return {name: torch.from_numpy(value) for name, value in batch.items()}


def choose(sequence: Sequence, share: float, rng) -> np.ndarray:
    """The positions to predict: that share of the ordinary tokens, at least one, in ascending order."""
    ordinary = np.flatnonzero(~sequence.special)
    return np.sort(rng.choice(ordinary, how_many(len(ordinary), share), replace=False))


def how_many(ordinary: int, share: float) -> int:
    """How many of a sequence's ordinary tokens are predicted."""
    return max(1, round(share * ordinary))


def corrupt(ids: np.ndarray, rng, mask: int, ordinary: np.ndarray) -> np.ndarray:
    """BERT's corruption of the chosen tokens: 80 % become the mask, 10 % a random ordinary token, 10 % stay."""
    dice = rng.random(len(ids))
    return np.where(dice < 0.8, mask, np.where(dice < 0.9, rng.choice(ordinary, len(ids)), ids))


def permutation(places: list[np.ndarray], length: int) -> tuple[np.ndarray, np.ndarray]:
    """The masks of permutation language modelling (Yang et al. 2019, arXiv 1906.08237, section 2.3).

    `places[row]` lists a row's predicted positions in the order of their factorization. Everything else comes before
    them: it sees all of itself and no target. Target k sees that context and targets 0..k-1; its query stream does
    not see its own content (transformers lets the content stream see itself).

    Returns:
        perm_mask float32 (batch, length, length), 1 where position i must not attend to j, and target_mapping float32
        (batch, most targets of a row, length), one-hot; rows without a target are zero and are never read.
    """
    rank = np.full((len(places), length), -1)
    mapping = np.zeros((len(places), max(len(p) for p in places), length), np.float32)
    for row, place in enumerate(places):
        rank[row, place] = np.arange(len(place))
        mapping[row, np.arange(len(place)), place] = 1
    hidden = (rank[:, None, :] >= 0) & (rank[:, None, :] >= rank[:, :, None])
    return hidden.astype(np.float32), mapping
