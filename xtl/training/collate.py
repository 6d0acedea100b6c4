"""Batches: how examples are grouped and padded, for encoders that pad on either side."""

from __future__ import annotations

import numpy as np
import torch

PAD_VALUES = {"attention_mask": 0, "token_type_ids": 0, "labels": -100}
POSITIONS = ("start_positions", "end_positions")
INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def pad_batch(features: list[dict], tokenizer) -> dict[str, torch.Tensor]:
    """Pad unpadded features to the longest of the batch, on the tokenizer's side.

    Token-level lists become (batch, length); scalars become (batch,). Inputs that are lists over choices become
    (batch, choices, length). Positions of answers move with the text where the padding stands on the left. Keys that
    are neither inputs nor labels are left out.
    """
    if isinstance(features[0]["input_ids"][0], (list, np.ndarray)):
        names = [name for name in INPUTS if name in features[0]]
        flat = [
            dict(zip(names, parts, strict=True)) for f in features for parts in zip(*(f[n] for n in names), strict=True)
        ]
        batch = {k: v.view(len(features), -1, v.shape[-1]) for k, v in pad_batch(flat, tokenizer).items()}
        if "labels" in features[0]:
            batch["labels"] = torch.tensor([f["labels"] for f in features], dtype=torch.long)
        return batch
    longest = max(len(f["input_ids"]) for f in features)
    left = tokenizer.padding_side == "left"
    fill = {**PAD_VALUES, "input_ids": tokenizer.pad_token_id, "token_type_ids": tokenizer.pad_token_type_id}
    batch = {}
    for name in (*INPUTS, "labels", *POSITIONS):
        if name not in features[0]:
            continue
        values = [f[name] for f in features]
        if isinstance(values[0], (list, np.ndarray)):
            table = np.full((len(values), longest), fill[name], dtype=np.int64)
            for row, value in zip(table, values, strict=True):
                row[slice(longest - len(value), None) if left else slice(len(value))] = value
            batch[name] = torch.from_numpy(table)
        else:
            moved = [
                v + (longest - len(f["input_ids"])) * (left and name in POSITIONS)
                for v, f in zip(values, features, strict=True)
            ]
            batch[name] = torch.tensor(moved, dtype=torch.long)
    return batch


def grouped_batches(lengths: list[int], batch_size: int, epochs: float, seed: int, pool: int = 50) -> list[list[int]]:
    """Batches of a whole training: every epoch shuffled, then sorted by length inside pools of `pool` batches.

    Little padding and still random: which examples meet in a batch changes from epoch to epoch.
    The last, smaller batch of an epoch is kept; a fractional epoch count cuts the list.
    """
    rng, batches = np.random.default_rng(seed), []
    sizes = np.asarray(lengths)
    for _ in range(int(np.ceil(epochs))):
        order = rng.permutation(len(sizes))
        pools = [order[i : i + pool * batch_size] for i in range(0, len(order), pool * batch_size)]
        epoch = []
        for part in pools:
            part = part[np.argsort(sizes[part], kind="stable")]
            epoch += [part[i : i + batch_size].tolist() for i in range(0, len(part), batch_size)]
        batches += [epoch[i] for i in rng.permutation(len(epoch))]
    per_epoch = -(-len(sizes) // batch_size)
    return batches[: max(1, round(epochs * per_epoch))]


def budget_batches(lengths: list[int], budget: int) -> list[list[int]]:
    """Batches for evaluation: longest first, as many rows as fit in `budget` tokens with padding."""
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))
    batches, at = [], 0
    while at < len(order):
        rows = max(1, budget // max(1, lengths[order[at]]))
        batches.append(order[at : at + rows])
        at += rows
    return batches
