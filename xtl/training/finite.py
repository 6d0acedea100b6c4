"""Losses, weights and embeddings that are no finite numbers: found where they arise or are read, and whose they are."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from transformers import TrainerCallback

from xtl.base.errors import UserError
from xtl.runs.promises import CHECKPOINT
from xtl.runs.store import RUN_FILE


class Diverged(UserError):
    """A training after which a loss, a weight or a prediction is no number any more."""


class StopAtDivergence(TrainerCallback):
    """Ends a training whose logged loss is no finite number: nothing good comes after it."""

    def __init__(self, title: str):
        self.title = title

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        """Look at the loss of a row of the log."""
        if not math.isfinite(logs.get("loss", 0.0)):
            raise Diverged(f"{self.title} diverged: at step {state.global_step} of {state.max_steps} its loss is no "
                            "number any more; lower the learning rate.")  # fmt: skip


def unusable_weight(model: nn.Module) -> str | None:
    """The name of the first parameter that holds NaN or infinity; None where all are finite."""
    for name, weight in model.named_parameters():
        if not torch.isfinite(weight).all():
            return name
    return None


def check_checkpoint(model: nn.Module, checkpoint: str) -> None:
    """Raise UserError where the weights that a checkpoint gave a model are no finite numbers."""
    name = unusable_weight(model)
    if name:
        raise UserError(
            f"encoder '{origin(checkpoint)}': its weights ({name}) hold values that are no numbers, as a training that "
            "diverged leaves them; train it again with a lower learning rate, or take another."
        )


def check_embeddings(vectors: np.ndarray, checkpoint: str) -> None:
    """Raise UserError where embeddings of an encoder, of any shape, are no finite numbers."""
    if not np.isfinite([vectors.min(), vectors.max()]).all():
        raise UserError(
            f"encoder '{origin(checkpoint)}': its embeddings hold values that are no numbers although its weights are; "
            "its activations overflow: take another checkpoint."
        )


def origin(checkpoint: str) -> str:
    """The run that left a checkpoint, as phase/name-id, or the checkpoint as it was given."""
    folder = Path(checkpoint).parent
    if Path(checkpoint).name == CHECKPOINT and (folder / RUN_FILE).is_file():
        return f"{folder.parent.name}/{folder.name}"
    return checkpoint
