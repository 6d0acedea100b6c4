"""Which hidden state stands for a whole text: that of the first token, of the last, or the mean of all."""

from __future__ import annotations

from enum import StrEnum

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase


class Pooling(StrEnum):
    """The token that a family of encoders collects a text in."""

    FIRST = "first token"
    LAST = "last token"
    MEAN = "mean of the tokens"


def pooling_of(encoder: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> Pooling:
    """The place of the classification token; without one the last token of an encoder that reads from left to right,
    the first where texts begin with a special token, and else the mean.
    """
    ids = tokenizer("a")["input_ids"]
    if tokenizer.cls_token_id in ids:
        return Pooling.FIRST if ids[0] == tokenizer.cls_token_id else Pooling.LAST
    if reads_left_to_right(encoder):
        return Pooling.LAST
    begins = ids and ids[0] in tokenizer.all_special_ids and ids[0] != tokenizer.unk_token_id
    return Pooling.FIRST if begins else Pooling.MEAN


def reads_left_to_right(encoder: PreTrainedModel) -> bool:
    """Whether the hidden state of a token stays the same when the token after it is another."""
    highest = encoder.config.vocab_size - 1
    texts = torch.tensor([[highest, highest - 1], [highest, highest - 2]], device=encoder.device)
    with torch.inference_mode():
        first, second = encoder(input_ids=texts).last_hidden_state[:, 0]
    return torch.equal(first, second)


def pooled(states: torch.Tensor, attended: torch.Tensor | None, pooling: Pooling) -> torch.Tensor:
    """Hidden states (batch, length, hidden) as one of each text, (batch, hidden).

    attended: 1 where a token is no padding, (batch, length); None where there is no padding.
    """
    if attended is None:
        attended = torch.ones(states.shape[:2], dtype=torch.long, device=states.device)
    if pooling is Pooling.MEAN:
        weights = attended[..., None].to(states.dtype)
        return (states * weights).sum(1) / weights.sum(1)
    places = attended.argmax(1)
    if pooling is Pooling.LAST:
        places = attended.shape[1] - 1 - attended.flip(1).argmax(1)
    return states[torch.arange(len(states), device=states.device), places]
