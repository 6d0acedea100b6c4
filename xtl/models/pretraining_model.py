"""The model that is pretrained: any encoder under one and the same prediction head."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional
from transformers import PreTrainedModel

from xtl.models.sequences import IGNORE


class PretrainingModel(nn.Module):
    """An encoder, BERT's prediction head (dense, GELU, LayerNorm, tied decoder) and a next-sentence head.

    One head for every architecture keeps the comparison matched, and logits are computed only where a token is
    predicted. The decoder reuses the encoder's input embeddings without owning them.
    """

    def __init__(self, encoder: PreTrainedModel, nsp: bool):
        super().__init__()
        self.encoder = encoder
        hidden = encoder.config.hidden_size
        dense = nn.Linear(hidden, hidden)
        self.transform = nn.Sequential(dense, nn.GELU(), nn.LayerNorm(hidden))
        self.bias = nn.Parameter(torch.zeros(self.vocabulary.shape[0]))
        self.next = nn.Linear(hidden, 2) if nsp else None
        for layer in (dense, self.next):
            if layer is not None:
                nn.init.normal_(layer.weight, std=0.02)
                nn.init.zeros_(layer.bias)

    @property
    def vocabulary(self) -> torch.Tensor:
        """The encoder's input embeddings (vocabulary, hidden)."""
        embeddings = self.encoder.get_input_embeddings()
        assert isinstance(embeddings, nn.Embedding)
        return embeddings.weight

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.bias.device

    def logits(
        self, predicted: torch.Tensor, **inputs: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Scores over the vocabulary (predicted, vocabulary), and next-sentence scores (batch, 2) if asked for."""
        given = {name: value for name, value in inputs.items() if value is not None}
        output = self.encoder(**given)
        rows = self.transform(output.last_hidden_state.flatten(0, 1)[predicted])
        scores = functional.linear(rows, self.vocabulary, self.bias)
        return scores, self.next(output.pooler_output) if self.next is not None else None

    # The Trainer reads the names of the inputs from the signature.
    def forward(
        self,
        labels: torch.Tensor,
        predicted: torch.Tensor,
        follows: torch.Tensor,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        token_type_ids: torch.Tensor | None = None,
        perm_mask: torch.Tensor | None = None,
        target_mapping: torch.Tensor | None = None,
    ) -> dict[str, torch.Tensor]:
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
