"""Batches: how examples are grouped and padded, for encoders that pad on either side."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedTokenizerBase

from xtl.tasks.formats.tagging import IGNORED

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
POSITIONS = ("start_positions", "end_positions")

Inputs = dict[str, torch.Tensor]


def pad_batch(features: Sequence[Mapping[str, Any]], tokenizer: PreTrainedTokenizerBase) -> Inputs:
    """Pad unpadded features to the longest of the batch, on the tokenizer's side.

    Token-level lists become (batch, length); scalars become (batch,). Inputs that are lists over choices become
    (batch, choices, length). Positions of answers move with the text where the padding stands on the left. Keys that
    are neither inputs nor labels are left out.
    """
    if _is_list(features[0]["input_ids"][0]):
        return _pad_choices(features, tokenizer)
    left = tokenizer.padding_side == "left"
    lengths = [len(row["input_ids"]) for row in features]
    longest = max(lengths)
    padding = {
        "input_ids": tokenizer.pad_token_id,
        "attention_mask": 0,
        "token_type_ids": tokenizer.pad_token_type_id,
        "labels": IGNORED,
    }
    batch = {}
    for name in (*INPUTS, "labels", *POSITIONS):
        if name not in features[0]:
            continue
        values = [row[name] for row in features]
        if not _is_list(values[0]):
            batch[name] = torch.tensor(values, dtype=torch.long)
            continue
        table = np.full((len(values), longest), padding[name], dtype=np.int64)
        for row, value in zip(table, values, strict=True):
            if left:
                row[longest - len(value) :] = value
            else:
                row[: len(value)] = value
        batch[name] = torch.from_numpy(table)
    if left:
        for name in batch.keys() & set(POSITIONS):
            batch[name] += longest - torch.tensor(lengths)
    return batch


def _pad_choices(features: Sequence[Mapping[str, Any]], tokenizer: PreTrainedTokenizerBase) -> Inputs:
    """As `pad_batch`, of features whose inputs are lists over equally many choices."""
    names = [name for name in INPUTS if name in features[0]]
    choices = []
    for row in features:
        for place in range(len(row["input_ids"])):
            choices.append({name: row[name][place] for name in names})
    batch = {}
    for name, table in pad_batch(choices, tokenizer).items():
        batch[name] = table.view(len(features), -1, table.shape[-1])
    if "labels" in features[0]:
        batch["labels"] = torch.tensor([row["labels"] for row in features], dtype=torch.long)
    return batch


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, np.ndarray))


def grouped_batches(
    lengths: Sequence[int], batch_size: int, epochs: float, seed: int, pool: int = 50
) -> list[list[int]]:
    """Batches of a whole training: every epoch shuffled, then sorted by length inside pools of `pool` batches.

    Little padding and still random: which examples meet in a batch changes from epoch to epoch.
    The last, smaller batch of an epoch is kept; a fractional epoch count cuts the list.
    """
    rng = np.random.default_rng(seed)
    sizes = np.asarray(lengths)
    batches = []
    for _ in range(int(np.ceil(epochs))):
        order = rng.permutation(len(sizes))
        epoch = []
        for start in range(0, len(order), pool * batch_size):
            rows = order[start : start + pool * batch_size]
            rows = rows[np.argsort(sizes[rows], kind="stable")]
            for first in range(0, len(rows), batch_size):
                epoch.append(rows[first : first + batch_size].tolist())
        batches += [epoch[number] for number in rng.permutation(len(epoch))]
    per_epoch = steps_of_an_epoch(len(sizes), batch_size)
    return batches[: max(1, round(epochs * per_epoch))]


def batches_of_steps(lengths: Sequence[int], batch_size: int, steps: int, seed: int) -> list[list[int]]:
    """As `grouped_batches`, exactly so many, read again as often as that takes."""
    epochs = -(-steps // steps_of_an_epoch(len(lengths), batch_size))
    return grouped_batches(lengths, batch_size, epochs, seed)[:steps]


def steps_of_an_epoch(examples: int, batch_size: int) -> int:
    """Batches that read every example once, the last one maybe smaller.

    >>> steps_of_an_epoch(33, 16)
    3
    """
    return -(-examples // batch_size)


def budget_batches(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Batches for evaluation: longest first, as many rows as fit in `budget` tokens with padding, at least one.

    >>> budget_batches([3, 10, 1, 4], budget=20)
    [[1, 3], [0, 2]]
    """
    order = sorted(range(len(lengths)), key=lambda row: (-lengths[row], row))
    batches = []
    start = 0
    while start < len(order):
        longest = lengths[order[start]]
        rows = max(1, budget // max(1, longest))
        batches.append(order[start : start + rows])
        start += rows
    return batches
