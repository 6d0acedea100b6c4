"""Sentence embeddings of an encoder, at every layer and by every pooling."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from xtl.base.errors import UserError
from xtl.models.encoders import inputs_of
from xtl.models.poolings import Pooling, pooling_of

# Over the tokens of the sentence; the classification token; over special tokens too, as XTREME and jiant do.
POOLINGS = ("mean", "cls", "mean_special")
# The authors read XLM-R Large (24 layers) at layer 14 (docs/protocol.md); the same relative depth is the recipe for
# every encoder, so that no layer is ever chosen on the test languages.
RECIPE_DEPTH = 14 / 24


def recipe_layer(layers: int, layer: int | None = None) -> int:
    """The layer that a retrieval score is read at: the given one, else 14/24 of the depth (0 is the embeddings).

    Raises UserError for a layer that the encoder does not have.

    >>> recipe_layer(12)
    7
    """
    if layer is None:
        return max(1, math.floor(RECIPE_DEPTH * layers + 0.5))
    if not 0 <= layer <= layers:
        raise UserError(f"training.layer: the encoder has layers 0 (embeddings) to {layers}, not {layer}.")
    return layer


def embed(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    sentences: Sequence[str],
    max_length: int = 128,
    batch_tokens: int = 8192,
    prefix: str = "",
    layers: Sequence[int] | None = None,
) -> np.ndarray:
    """Embeddings of sentences by every pooling, in one forward pass; equal sentences are read once.

    `mean` averages over the tokens that are neither special nor padding; `cls` is the classification token,
    wherever the family puts it (without one the first token, or the last where it alone has read the text);
    `mean_special` averages over all that is not padding, which is the mean of XTREME's and jiant's scripts. Without
    `target_mapping`, XLNet's hidden states are its content stream.

    Args:
        layers: the layers to return, in that order; default all, 0 being the embedding layer.

    Returns:
        float32 array (layers, poolings, sentences, hidden), poolings as in POOLINGS.
    """
    places: dict[str, list[int]] = {}
    for place, sentence in enumerate(sentences):
        places.setdefault(sentence, []).append(place)
    coded = tokenizer(
        [prefix + sentence for sentence in places],
        truncation=True,
        max_length=max_length,
        return_special_tokens_mask=True,
        return_attention_mask=True,
    )
    reads = inputs_of(model.config)
    last = pooling_of(model, tokenizer) is Pooling.LAST
    lengths = [len(ids) for ids in coded["input_ids"]]
    order = sorted(range(len(lengths)), key=lambda number: (-lengths[number], number))
    places_of = list(places.values())
    embeddings = None
    start = 0
    with torch.inference_mode():
        while start < len(order):
            rows = order[start : start + max(1, batch_tokens // max(1, lengths[order[start]]))]
            start += len(rows)
            features = {name: [values[row] for row in rows] for name, values in coded.items()}
            batch = tokenizer.pad(features, return_tensors="pt").to(model.device)
            special = batch.pop("special_tokens_mask").bool()
            inputs = {name: table for name, table in batch.items() if name in reads}
            states = list(model(**inputs, output_hidden_states=True).hidden_states)
            if any(state.shape[:2] != special.shape for state in states):
                raise UserError(
                    f"encoder: the hidden states of {model.config.model_type} are shorter than the text in some "
                    "layers, so that sentences have no embedding at each layer; leave retrieval out for it."
                )
            if layers is not None:
                states = [states[layer] for layer in layers]
            attended = batch["attention_mask"].bool()
            marks = attended if tokenizer.cls_token_id is None else batch["input_ids"] == tokenizer.cls_token_id
            pooled = _pooled(torch.stack(states), attended, special, _places(marks, last))
            if embeddings is None:
                shape = (*pooled.shape[:2], len(sentences), pooled.shape[-1])
                embeddings = np.empty(shape, np.float32)
            repeated = [len(places_of[row]) for row in rows]
            copies = np.repeat(pooled.cpu().numpy(), repeated, axis=2)
            embeddings[:, :, np.concatenate([places_of[row] for row in rows])] = copies
    if embeddings is None:
        raise ValueError("there are no sentences to embed")
    return embeddings


def _places(marks: torch.Tensor, last: bool) -> torch.Tensor:
    """Of a mask (batch, length) the first place that is marked in each row, or the last."""
    marks = marks.int()
    return marks.shape[1] - 1 - marks.flip(1).argmax(1) if last else marks.argmax(1)


def _pooled(states: torch.Tensor, attended: torch.Tensor, special: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Hidden states (layers, batch, length, hidden) by every pooling, (layers, poolings, batch, hidden).

    attended, special: masks (batch, length) of what is no padding and of special tokens. places: of the
    classification tokens, (batch,).
    """
    inner = attended & ~special  # a padded position counts as special, whatever the tokenizer fills in
    inner |= ~inner.any(1, keepdim=True) & attended  # an empty sentence has only special tokens
    cls = states[:, torch.arange(states.shape[1], device=states.device), places]
    return torch.stack([_mean(states, inner), cls, _mean(states, attended)], 1)


def _mean(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Average of hidden states over the positions of a mask (batch, length), (layers, batch, hidden)."""
    weights = mask.to(states.dtype)
    return (states * weights[None, :, :, None]).sum(2) / weights.sum(1)[None, :, None]
