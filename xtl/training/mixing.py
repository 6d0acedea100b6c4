"""Training on several tasks at once: how often a step is of each, and one encoder under a head for each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import nn

from xtl.tasks.formats.shared_weights import SharedWeights
from xtl.training.collate import grouped_batches


def shares(sizes: Sequence[int], sampler: str, cap: int | None = None, temperature: float = 2.0) -> np.ndarray:
    """The probability that a step is of each task, (tasks,).

    `uniform` asks all equally; `proportional` by their examples, a task counting for `cap` at most (as Phang et al.
    2020 do with 2^17); `temperature` by these sizes to the power 1/temperature (as multilingual BERT and XLM-R sample
    languages).
    """
    weights = np.minimum(np.asarray(sizes, float), cap or np.inf)
    if sampler == "uniform":
        weights = np.ones_like(weights)
    elif sampler == "temperature":
        weights = weights ** (1 / temperature)
    elif sampler != "proportional":
        raise ValueError(f"unknown sampler '{sampler}'")
    return weights / weights.sum()


def mixed_batches(
    lengths: Sequence[Sequence[int]],
    batch_size: int,
    epochs: float,
    max_steps: int | None,
    seed: int,
    *,
    sampler: str,
    cap: int | None = None,
    temperature: float = 2.0,
) -> list[list[tuple[int, int]]]:
    """Batches of items (task, row), each batch of one task, drawn by `shares`.

    One epoch is as many steps as the tasks' examples make, each task's counted up to `cap`; a task that is drawn more
    often than it has batches is read again, in another order.

    Args:
        lengths: for each task the tokens of its features.
    """
    sizes = [len(each) for each in lengths]
    counted = sum(min(size, cap or size) for size in sizes)
    steps = max(1, round(epochs * -(-counted // batch_size)))
    steps = min(steps, max_steps or steps)
    weights = shares(sizes, sampler, cap, temperature)
    drawn = np.random.default_rng([seed, 7]).choice(len(sizes), size=steps, p=weights)
    streams = []
    for task, each in enumerate(lengths):
        wanted = int((drawn == task).sum())
        passes = -(-wanted * batch_size // len(each)) + 1
        streams.append(iter(grouped_batches(list(each), batch_size, passes, seed)[:wanted]))
    return [[(int(task), row) for row in next(streams[task])] for task in drawn]


class Heads(SharedWeights):
    """One encoder under the heads of several tasks; a batch names whose it is as `part`.

    The encoder is that of the model with the most weights (some heads need a pooler that others lack), put below every
    other head in place of its own.
    """

    accepts_loss_kwargs = False  # of the heads that see only their own batches

    def __init__(self, models: Sequence[nn.Module]):
        super().__init__()
        whole = [getattr(model, "model", model) if isinstance(model, SharedWeights) else model for model in models]
        sizes = [sum(p.numel() for p in model.base_model.parameters()) for model in whole]
        self.donor = int(np.argmax(sizes))
        encoder = whole[self.donor].base_model
        for model in whole:
            if model.base_model is not encoder:
                setattr(model, model.base_model_prefix, encoder)
                model.tie_weights()  # a language model's output layer is the table of this encoder's embeddings
        self.models = nn.ModuleList(models)

    @property
    def device(self):
        """Where the weights are."""
        return next(self.parameters()).device

    def forward(self, part: int, **inputs):
        """What the part's own model gives."""
        return self.models[part](**inputs)

    def save_pretrained(self, folder) -> None:
        """The encoder with one of the heads, as transformers keeps it; whoever reads it drops the head."""
        self.models[self.donor].save_pretrained(folder)
