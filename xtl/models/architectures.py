"""The pretraining model: any encoder under one and the same prediction head."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from xtl.models.sequences import IGNORE

INPUTS = ("input_ids", "attention_mask", "token_type_ids", "perm_mask", "target_mapping")


class Pretrainer(nn.Module):
    """An encoder, BERT's prediction head (dense, GELU, LayerNorm, tied decoder) and a next-sentence head.

    One head for every architecture keeps the comparison matched, and logits are computed only where a token is
    predicted. The decoder reuses the encoder's input embeddings without owning them.
    """

    def __init__(self, encoder: nn.Module, hidden: int, nsp: bool):
        super().__init__()
        self.encoder = encoder
        self.transform = nn.Sequential(nn.Linear(hidden, hidden), nn.GELU(), nn.LayerNorm(hidden))
        self.bias = nn.Parameter(torch.zeros(encoder.get_input_embeddings().num_embeddings))
        self.next = nn.Linear(hidden, 2) if nsp else None
        for layer in (self.transform[0], self.next):
            if layer is not None:
                nn.init.normal_(layer.weight, std=0.02)
                nn.init.zeros_(layer.bias)

    def logits(self, predicted, **inputs) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Scores over the vocabulary (predicted, vocabulary), and next-sentence scores (batch, 2) if asked for."""
        out = self.encoder(**{k: v for k, v in inputs.items() if v is not None})
        rows = self.transform(out.last_hidden_state.flatten(0, 1)[predicted])
        scores = functional.linear(rows, self.encoder.get_input_embeddings().weight, self.bias)
        return scores, self.next(out.pooler_output) if self.next is not None else None

    def forward(
        self,
        labels,
        predicted,
        follows=None,
        input_ids=None,
        attention_mask=None,
        token_type_ids=None,
        perm_mask=None,
        target_mapping=None,
    ):
        """The loss in nats: cross-entropy per predicted token (`token_loss`), plus that of next sentences if asked."""
        scores, next_scores = self.logits(
            predicted,
            input_ids=input_ids,
            attention_mask=attention_mask,
            token_type_ids=token_type_ids,
            perm_mask=perm_mask,
            target_mapping=target_mapping,
        )
        token_loss = functional.cross_entropy(scores, labels)
        loss = token_loss
        if next_scores is not None and (follows != IGNORE).any():
            loss = loss + functional.cross_entropy(next_scores, follows, ignore_index=IGNORE)
        return {"loss": loss, "token_loss": token_loss.detach()}
