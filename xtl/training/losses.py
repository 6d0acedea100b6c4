"""What a training minimises where it is not the loss that the model computes itself."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor
from torch.nn.functional import cross_entropy

from xtl.tasks.formats.tagging import IGNORED


def smoothed_loss(output: Any, inputs: Mapping[str, Any], smoothing: float) -> Tensor:
    """The mean cross-entropy in nats that the heads of all formats minimise, with smoothed labels.

    Of a label's probability the share `smoothing` is spread evenly over all labels (Szegedy et al. 2016, arXiv
    1512.00567). What the labels are is the format's: of an input, of the words of a sentence, the places of choices,
    the vocabulary for a hidden token. For spans they are the positions of the padded input, and the loss is the mean of
    that of the start and that of the end, as transformers computes it.

    Args:
        output: of a model: logits (..., labels), or start_logits and end_logits (batch, length).
        inputs: of that model, with labels, or start_positions and end_positions.
    """
    if "start_positions" in inputs:
        start = cross_entropy(output["start_logits"], inputs["start_positions"], label_smoothing=smoothing)
        end = cross_entropy(output["end_logits"], inputs["end_positions"], label_smoothing=smoothing)
        return (start + end) / 2
    logits = output["logits"].flatten(0, -2)
    labels = inputs["labels"].flatten()
    return cross_entropy(logits, labels, ignore_index=IGNORED, label_smoothing=smoothing)
