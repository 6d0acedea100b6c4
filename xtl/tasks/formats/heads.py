"""A fresh head of any kind on the encoder of a checkpoint, whatever head that checkpoint carried."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xtl.base.errors import UserError
from xtl.models.checkpoints import mirrored
from xtl.models.encoders import loading
from xtl.tasks.catalog.task import Task


def build(auto_class: Any, checkpoint: str | Path, seed: int, revision: str | None = None, **config: Any):
    """A model of `auto_class` with the checkpoint's encoder and a head drawn from the seed, in float32.

    The head is always new: an intermediate task's classifier of the same shape must not leak into the target task,
    and one of another shape must not stop the loading. What the checkpoint lacks of the encoder itself (a pooler, say)
    is drawn from the seed too.

    Args:
        auto_class: an AutoModelFor… of transformers.
        checkpoint: a folder, or a Hub id (looked up in the mirror first) with `revision`.
        config: what the head needs (num_labels, id2label, …).
    Raises UserError where the checkpoint cannot be loaded.
    """
    import torch
    from transformers import AutoConfig, AutoModel, set_seed

    where = mirrored(str(checkpoint))
    with loading(checkpoint):
        settings = AutoConfig.from_pretrained(where, revision=revision, trust_remote_code=False, **config)
        set_seed(seed)
        encoder = AutoModel.from_pretrained(where, revision=revision, dtype=torch.float32, weights_only=True)
    set_seed(seed)
    model = auto_class.from_config(settings, dtype=torch.float32)
    lacking = model.base_model.load_state_dict(encoder.state_dict(), strict=False).missing_keys
    if lacking:
        raise UserError(f"encoder '{checkpoint}': {auto_class.__name__} needs weights that it lacks: {lacking[:3]}.")
    return model


def labelled(
    auto_class: Any, checkpoint: str | Path, task: Task, seed: int, revision: str | None = None, **config: Any
):
    """As `build`, with one output per label of the task."""
    names = dict(enumerate(task.labels))
    return build(
        auto_class,
        checkpoint,
        seed,
        revision,
        num_labels=len(names),
        id2label=names,
        label2id={label: i for i, label in names.items()},
        **config,
    )
