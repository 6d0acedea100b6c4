"""A fresh head of any kind on the encoder of a checkpoint, and modules whose parts share weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoConfig, AutoModel, PreTrainedModel, set_seed

from xtl.base.errors import UserError
from xtl.models.checkpoints import mirrored
from xtl.models.encoders import loading


def build(
    auto_class: Any,
    checkpoint: str | Path,
    seed: int,
    revision: str | None = None,
    **config: Any,
) -> PreTrainedModel:
    """A model with the checkpoint's encoder and a head drawn from the seed, in float32.

    The head is always new: an intermediate task's classifier of the same shape must not leak into the target task,
    and one of another shape must not stop the loading. What the checkpoint lacks of the encoder itself (a pooler, say)
    is drawn from the seed too.

    Args:
        auto_class: an AutoModelFor… of transformers.
        checkpoint: a folder, or a Hub id (looked up in the mirror first) with `revision`.
        config: what the head needs (num_labels, id2label, …).
    Raises UserError where the checkpoint cannot be loaded.
    """
    place = mirrored(str(checkpoint))
    with loading(checkpoint):
        settings = AutoConfig.from_pretrained(place, revision=revision, trust_remote_code=False, **config)
        set_seed(seed)
        encoder = AutoModel.from_pretrained(place, revision=revision, dtype=torch.float32, weights_only=True)
    set_seed(seed)
    model = auto_class.from_config(settings, dtype=torch.float32)
    lacking = model.base_model.load_state_dict(encoder.state_dict(), strict=False).missing_keys
    if lacking:
        raise UserError(f"encoder '{checkpoint}': {auto_class.__name__} needs weights that it lacks: {lacking[:3]}.")
    return model


class SharedWeights(nn.Module):
    """A module whose parts share weights, in the trainer's hands: it writes and reads each of them once."""

    def __init__(self) -> None:
        super().__init__()
        self.register_state_dict_post_hook(_without_copies)
        self.register_load_state_dict_post_hook(_read_with_what_they_are_tied_to)


def _without_copies(module: nn.Module, weights: dict[str, torch.Tensor], prefix: str, metadata: Any) -> None:
    """Leave out the weights that are tied to an earlier one, which safetensors refuses to write twice."""
    places = set()
    for name, value in list(weights.items()):
        place = (value.data_ptr(), value.shape)
        if value.numel() and place in places:
            del weights[name]
        places.add(place)


def _read_with_what_they_are_tied_to(module: nn.Module, keys: Any) -> None:
    """Weights that `_without_copies` left out do not count as missing."""
    written = module.state_dict()
    keys.missing_keys[:] = [name for name in keys.missing_keys if name in written]
