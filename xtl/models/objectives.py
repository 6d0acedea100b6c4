"""The two objectives as collators: masked language modelling and permutation language modelling."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.random import Generator
from transformers import PreTrainedTokenizerBase

from xtl.models.recipes import FullRecipe
from xtl.models.schedules import Item
from xtl.models.sequences import InputSequence


class Collator:
    """Turns (number of a sequence, epoch) items into padded batches for the pretraining model.

    Both objectives predict the same number of tokens, chosen in the same way: the recipe's share `predicted` of a
    sequence's ordinary tokens, at least one. With static masking the choice depends on the sequence alone, with dynamic
    masking on the epoch too.

    A batch holds input_ids, attention_mask, token_type_ids (batch, length), `predicted` (flat indices of the
    predicted rows of the encoder's output), `labels` (their ids) and `follows` (batch,). Permutation batches also hold
    perm_mask (batch, length, length) and target_mapping (batch, predicted per sequence, length).
    """

    def __init__(
        self, sequences: Sequence[InputSequence], tokenizer: PreTrainedTokenizerBase, recipe: FullRecipe, seed: int
    ):
        self.sequences = sequences
        self.recipe = recipe
        self.seed = seed
        self.padding = tokenizer.pad_token_id
        self.padding_type = tokenizer.pad_token_type_id
        self.pads_left = tokenizer.padding_side == "left"
        self.has_types = "token_type_ids" in tokenizer.model_input_names
        self.mask = tokenizer.mask_token_id
        self.ordinary = np.setdiff1d(np.arange(len(tokenizer)), tokenizer.all_special_ids)

    def __call__(self, items: Sequence[Item]) -> dict[str, torch.Tensor]:
        """The batch of these items."""
        sequences = [self.sequences[number] for number, _ in items]
        longest = max(len(sequence) for sequence in sequences)
        shape = (len(sequences), longest)
        ids = np.full(shape, self.padding, np.int64)
        types = np.full(shape, self.padding_type, np.int64)
        attention = np.zeros(shape, np.int64)
        rngs: list[Generator] = []
        targets: list[np.ndarray] = []  # the predicted positions of each row
        for row, (sequence, item) in enumerate(zip(sequences, items, strict=True)):
            start = longest - len(sequence) if self.pads_left else 0
            span = slice(start, start + len(sequence))
            ids[row, span] = sequence.ids
            types[row, span] = sequence.types
            attention[row, span] = 1
            rng = self._rng(item)
            rngs.append(rng)
            targets.append(choose(sequence, self.recipe.predicted, rng) + start)

        batch = {"attention_mask": attention, "follows": np.array([sequence.follows for sequence in sequences])}
        if self.has_types:
            batch["token_type_ids"] = types
        if self.recipe.objective == "mlm":
            width = longest
            columns = targets
        else:
            targets = [rng.permutation(places) for places, rng in zip(targets, rngs, strict=True)]
            batch["perm_mask"], batch["target_mapping"] = permutation(targets, longest)
            width = batch["target_mapping"].shape[1]
            columns = [np.arange(len(places)) for places in targets]
        batch["labels"] = np.concatenate([ids[row, places] for row, places in enumerate(targets)])
        batch["predicted"] = np.concatenate([row * width + places for row, places in enumerate(columns)])
        if self.recipe.objective == "mlm":
            for row, places in enumerate(targets):
                ids[row, places] = corrupt(ids[row, places], rngs[row], self.mask, self.ordinary)
        batch["input_ids"] = ids
        return {name: torch.from_numpy(values) for name, values in batch.items()}

    def _rng(self, item: Item) -> Generator:
        number, epoch = item
        return np.random.default_rng([self.seed, number, epoch if self.recipe.masking == "dynamic" else 0])


def choose(sequence: InputSequence, share: float, rng: Generator) -> np.ndarray:
    """The positions to predict: that share of the ordinary tokens, at least one, in ascending order."""
    ordinary = np.flatnonzero(~sequence.special)
    return np.sort(rng.choice(ordinary, how_many(len(ordinary), share), replace=False))


def how_many(ordinary: int, share: float) -> int:
    """How many of a sequence's ordinary tokens are predicted."""
    return max(1, round(share * ordinary))


def corrupt(ids: np.ndarray, rng: Generator, mask: int, ordinary: np.ndarray) -> np.ndarray:
    """BERT's corruption of the chosen tokens: 80 % become the mask, 10 % a random ordinary token, 10 % stay."""
    dice = rng.random(len(ids))
    random_ids = rng.choice(ordinary, len(ids))
    return np.select([dice < 0.8, dice < 0.9], [np.full(len(ids), mask), random_ids], ids)


def permutation(places: Sequence[np.ndarray], length: int) -> tuple[np.ndarray, np.ndarray]:
    """The masks of permutation language modelling (Yang et al. 2019, arXiv 1906.08237, section 2.3).

    `places[row]` lists a row's predicted positions in the order of their factorization. Everything else comes before
    them: it sees all of itself and no target. Target k sees that context and targets 0..k-1; its query stream does
    not see its own content (transformers lets the content stream see itself).

    Returns:
        perm_mask float32 (batch, length, length), 1 where position i must not attend to j, and target_mapping float32
        (batch, most targets of a row, length), one-hot; rows without a target are zero and are never read.
    """
    rank = np.full((len(places), length), -1)
    most = max(len(positions) for positions in places)
    mapping = np.zeros((len(places), most, length), np.float32)
    for row, positions in enumerate(places):
        rank[row, positions] = np.arange(len(positions))
        mapping[row, np.arange(len(positions)), positions] = 1
    is_target = rank[:, None, :] >= 0
    comes_later_or_is_itself = rank[:, None, :] >= rank[:, :, None]
    return (is_target & comes_later_or_is_itself).astype(np.float32), mapping
