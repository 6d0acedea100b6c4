"""The format of language modelling on plain text: masked, or by permutation where the model was trained so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from datasets import Dataset
from torch import nn
from torch.nn import functional
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForMaskedLM, set_seed
from transformers import PreTrainedTokenizerBase as Tokenizer
from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING

from xtl.models.checkpoints import mirrored
from xtl.models.encoders import loading
from xtl.models.objectives import Collator
from xtl.models.recipes import FullRecipe
from xtl.models.sequences import InputSequence
from xtl.tasks.formats import metrics
from xtl.tasks.formats.format import Columns, DrawnFormat, Limits, encode, head
from xtl.tasks.formats.heads import SharedWeights
from xtl.tasks.formats.learning import Learning, beside_majority

Guesses = list[tuple[np.ndarray, np.ndarray]]  # of every text the hidden tokens, and the likeliest guess for each


class LanguageModel(SharedWeights):
    """A language model of transformers behind the interface of the trainer: batches of `xtl.models.objectives`."""

    def __init__(self, model: Any, objective: str):
        super().__init__()
        self.model = model
        self.objective = objective

    @property
    def device(self) -> torch.device:
        """Where the model's weights are."""
        return self.model.device

    def forward(
        self, labels: torch.Tensor, predicted: torch.Tensor, follows: torch.Tensor | None = None, **inputs: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """Mean cross-entropy in nats over the predicted tokens, and their scores (predicted, vocabulary)."""
        scores = self.model(**inputs).logits.flatten(0, 1)[predicted]
        return {"loss": functional.cross_entropy(scores, labels), "logits": scores}

    def save_pretrained(self, folder: str | Path) -> None:
        """The model as transformers keeps it."""
        self.model.save_pretrained(folder)


class LanguageModelling(DrawnFormat[Guesses]):
    """Plain text, of which some tokens are hidden.

    >>> texts = Dataset.from_dict({"text": ["the fox slept"]})
    >>> format_of(TASKS["mlm"]).score([(np.array([5, 6]), np.array([5, 7]))], texts, "en")[0]
    {'accuracy': 50.0}
    """

    def build_model(self, checkpoint: str | Path, seed: int, revision: str | None = None) -> LanguageModel:
        """The checkpoint's encoder with its own prediction head; one drawn from the seed where it has none."""
        place = mirrored(str(checkpoint))
        with loading(checkpoint):
            # transformers has no masked model of XLNet; what it calls its causal one computes permutation LM
            config = AutoConfig.from_pretrained(place, revision=revision, trust_remote_code=False)
            masked = type(config) in MODEL_FOR_MASKED_LM_MAPPING
            auto_class = AutoModelForMaskedLM if masked else AutoModelForCausalLM
            set_seed(seed)
            model = auto_class.from_pretrained(place, revision=revision, dtype=torch.float32, weights_only=True)
        return LanguageModel(model, "mlm" if masked else "plm")

    def features(self, examples: Dataset, tokenizer: Tokenizer, limits: Limits, *, training: bool) -> Dataset:
        """One feature a text, cut to `max_length`: input_ids, (token_type_ids), special (0 or 1), length.

        A text without any ordinary token has none.
        """

        def batch_features(batch: Columns, rows: list[int]) -> Columns:
            coded = tokenizer(
                batch["text"],
                truncation=True,
                max_length=limits.max_length,
                return_special_tokens_mask=True,
                return_attention_mask=False,
            )
            special = coded.pop("special_tokens_mask")
            kept = [row for row, marks in enumerate(special) if not all(marks)]  # else there is nothing to predict
            columns: Columns = {}
            for name, values in {**coded, "special": special}.items():
                columns[name] = [values[row] for row in kept]
            return {**columns, "length": [len(ids) for ids in columns["input_ids"]]}

        return encode(examples, batch_features)

    def collator(self, features: Dataset, tokenizer: Tokenizer, model: nn.Module, seed: int) -> Collator:
        """Batches with the tokens to predict hidden."""
        rows = []
        for row in features:
            ids = np.array(row["input_ids"], np.int32)
            types = np.array(row.get("token_type_ids", np.zeros_like(ids)), np.int32)
            rows.append(InputSequence(ids, types, np.array(row["special"], bool)))
        objective = str(model.objective)
        recipe = FullRecipe(nsp=False, segments=False, masking="dynamic", objective=objective)  # as RoBERTa's
        return Collator(rows, tokenizer, recipe, seed)

    def infer(self, model: nn.Module, features: Dataset, tokenizer: Tokenizer) -> Guesses:
        """Hidden tokens and the likeliest guess for each; the masks are always the same."""
        collate = self.collator(features, tokenizer, model, seed=0)
        device = next(model.parameters()).device
        guesses = []
        model.eval()
        with torch.inference_mode():
            for number in range(len(features)):
                batch = {name: values.to(device) for name, values in collate([(number, 0)]).items()}
                guessed = model(**batch)["logits"].argmax(dim=-1)
                guesses.append((batch["labels"].cpu().numpy(), guessed.cpu().numpy()))
        return guesses

    def score(self, predictions: Guesses, examples: Dataset, language: str) -> metrics.Scores:
        """Share of the hidden tokens that are guessed, over all and per text."""
        right = np.array([np.sum(hidden == guessed) for hidden, guessed in predictions])
        counts = np.array([len(hidden) for hidden, _ in predictions])
        return {"accuracy": 100.0 * float(right.sum() / counts.sum())}, 100.0 * right / counts

    def learning(self, predictions: Guesses, examples: Dataset) -> Learning:
        """Hidden tokens that are guessed beside the most frequent hidden token alone."""
        hidden = np.concatenate([tokens for tokens, _ in predictions]).tolist()
        return beside_majority(hidden, np.concatenate([guesses for _, guesses in predictions]).tolist(), "hidden token")

    def show(self, predictions: Guesses, examples: Dataset, n: int = 5) -> pd.DataFrame:
        """The beginnings of the texts and how many of their hidden tokens are guessed."""
        rows = []
        for text, (hidden, guessed) in zip(head(examples, n)["text"], predictions, strict=False):
            rows.append((text[:120], len(hidden), int(np.sum(hidden == guessed))))
        return pd.DataFrame(rows, columns=["text", "hidden", "guessed"])
