"""Training on several tasks at once: how often a step is of each, and one encoder under a head for each."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from xtl.tasks.catalog import get
from xtl.tasks.formats import heads, trained_format
from xtl.tasks.formats.format import DrawnFormat
from xtl.tasks.formats.heads import SharedWeights
from xtl.tasks.formats.mlm import LanguageModel
from xtl.training.collate import grouped_batches, steps_of_an_epoch
from xtl.training.settings import IntermediateSettings


@dataclass(frozen=True)
class Batch:
    """What is read in one step of a training: rows of one of its parts."""

    part: int
    rows: list[int]
    step: int


def counted(sizes: Sequence[int], settings: IntermediateSettings) -> np.ndarray:
    """What each task counts for where size matters, (tasks,): its examples, `cap` at most.

    Plain text has no size of its own, only what was read of it: without a cap, it counts for the other tasks together.
    """
    counts = np.minimum(np.asarray(sizes, float), settings.cap or np.inf)
    plain = np.array([isinstance(trained_format(get(part.task)), DrawnFormat) for part in settings.tasks])
    if not settings.cap and plain.any() and not plain.all():
        counts[plain] *= min(1.0, counts[~plain].sum() / counts[plain].sum())
    return counts


def shares(sizes: Sequence[int], settings: IntermediateSettings) -> np.ndarray:
    """The probability that a step is of each task, (tasks,).

    `uniform` asks all equally; `proportional` by their examples, as `counted` (Phang et al. 2020 cap them at 2^17);
    `temperature` by these sizes to the power 1/temperature (as multilingual BERT and XLM-R sample languages).

    settings: of which tasks, sampler, cap and temperature are read.
    """
    weights = counted(sizes, settings)
    if settings.sampler == "uniform":
        weights = np.ones_like(weights)
    elif settings.sampler == "temperature":
        weights = weights ** (1 / settings.temperature)
    return weights / weights.sum()


def mixed_batches(lengths: Sequence[Sequence[int]], settings: IntermediateSettings) -> list[Batch]:
    """Batches of one task each, drawn by `shares`.

    One epoch is as many steps as the tasks' examples make, each task's as `counted`; a task that is drawn more often
    than it has batches is read again, in another order.

    Args:
        lengths: for each task the tokens of its features.
        settings: of which epochs, max_steps, batch_size, seed and what `shares` reads are read.
    """
    sizes = [len(task) for task in lengths]
    examples = round(counted(sizes, settings).sum())
    steps = max(1, round(settings.epochs * steps_of_an_epoch(examples, settings.batch_size)))
    steps = min(steps, settings.max_steps or steps)
    drawn = np.random.default_rng([settings.seed, 7]).choice(len(sizes), size=steps, p=shares(sizes, settings))
    streams = []
    for task, size in enumerate(sizes):
        wanted = int((drawn == task).sum())
        passes = -(-wanted * settings.batch_size // size) + 1
        streams.append(iter(grouped_batches(lengths[task], settings.batch_size, passes, settings.seed)))
    return [Batch(int(task), next(streams[task]), step) for step, task in enumerate(drawn)]


class Heads(SharedWeights):
    """One encoder under the heads of several tasks; a batch names whose it is as `part`.

    The encoder is that of the model with the most weights (some heads need a pooler that others lack); the others read
    its weights in place of their own, and so they do those of a head that was pretrained (ModernBERT's).
    """

    accepts_loss_kwargs = False  # of the heads that see only their own batches

    def __init__(self, models: Sequence[nn.Module]):
        super().__init__()
        whole: list[Any] = [model.model if isinstance(model, LanguageModel) else model for model in models]
        sizes = [sum(weight.numel() for weight in model.base_model.parameters()) for model in whole]
        self.donor = int(np.argmax(sizes))
        donor = whole[self.donor]
        for model in whole:
            if model is not donor:
                _share(donor, model)
                model.tie_weights()  # a language model's output layer is the table of this encoder's embeddings
        self.models = nn.ModuleList(models)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    def forward(self, part: int, **inputs: Any) -> Any:
        """What the part's own model gives."""
        return self.models[part](**inputs)

    def save_pretrained(self, folder: str | Path) -> None:
        """The encoder with one of the heads; whoever reads it drops the head."""
        heads.save_checkpoint(self.models[self.donor], folder)


def _share(donor: Any, model: Any) -> None:
    """Let a model read the weights of another one's encoder, and of the layers of its head that were pretrained."""
    prefix = f"{donor.base_model_prefix}."
    pretrained = [name for name in heads.pretrained_names(donor) if not name.startswith(prefix)]
    _read_weights(donor, model, pretrained)
    _read_weights(donor.base_model, model.base_model, list(donor.base_model.state_dict()))
    if type(model.base_model) is type(donor.base_model):
        setattr(model, model.base_model_prefix, donor.base_model)


def _read_weights(source: nn.Module, model: nn.Module, names: Sequence[str]) -> None:
    """Put weights of a module in place of another one's of the same names; what one of them trains is trained."""
    weights = dict(source.named_parameters(remove_duplicate=False))
    own = dict(model.named_parameters(remove_duplicate=False))
    for name in names:
        if name in own and name in weights and own[name].shape == weights[name].shape:
            weights[name].requires_grad_(weights[name].requires_grad or own[name].requires_grad)
            place, _, leaf = name.rpartition(".")
            setattr(model.get_submodule(place), leaf, weights[name])
