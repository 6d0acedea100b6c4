"""The format of language modelling on plain text: masked, or by permutation where the model was trained so."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from datasets import Dataset
from torch import nn
from torch.nn import functional
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, PretrainedConfig, set_seed
from transformers import PreTrainedTokenizerBase as Tokenizer

from xtl.base.errors import UserError
from xtl.models.encoders import INPUTS, inputs_of, load_config, load_model
from xtl.models.objectives import Collator
from xtl.models.recipes import FullRecipe
from xtl.models.sequences import InputSequence
from xtl.models.weights import Origin, save
from xtl.tasks.formats import metrics
from xtl.tasks.formats.format import Columns, DrawnFormat, Limits, encode, head
from xtl.tasks.formats.heads import SharedWeights
from xtl.tasks.formats.learning import Learning, beside_majority

Guesses = list[tuple[np.ndarray, np.ndarray]]  # of every text the hidden tokens, and the likeliest guess for each


class LanguageModel(SharedWeights):
    """A language model of transformers behind the interface of the trainer: batches of `xtl.models.objectives`."""

    def __init__(self, model: Any, objective: str, origin: Origin):
        super().__init__()
        self.model = model
        self.objective = objective
        self.origin = origin
        self.unread = set(INPUTS) - set(inputs_of(model.config))

    @property
    def device(self) -> torch.device:
        """Where the model's weights are."""
        return self.model.device

    def forward(
        self, labels: torch.Tensor, predicted: torch.Tensor, follows: torch.Tensor | None = None, **inputs: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """Mean cross-entropy in nats over the predicted tokens, and their scores (predicted, vocabulary)."""
        read = {name: table for name, table in inputs.items() if name not in self.unread}
        scores = self.model(**read).logits.flatten(0, 1)[predicted]
        return {"loss": functional.cross_entropy(scores, labels), "logits": scores}

    def save_pretrained(self, folder: str | Path) -> None:
        """The model as transformers keeps it, with what its checkpoint had besides."""
        save(self.model, self.origin, Path(folder))


def objective_of(config: PretrainedConfig) -> tuple[str, Any] | None:
    """How transformers has an encoder model language: mlm or plm with the class that does, or None where it cannot.

    It has no masked model of XLNet; what it calls its causal one computes permutation LM.
    """
    if type(config) in AutoModelForMaskedLM._model_mapping and not config.is_encoder_decoder:
        return "mlm", AutoModelForMaskedLM
    if type(config) in AutoModelForCausalLM._model_mapping:
        model_class: Any = AutoModelForCausalLM._model_mapping[type(config)]
        if "target_mapping" in inspect.signature(model_class.forward).parameters:
            return "plm", AutoModelForCausalLM
    return None


class LanguageModelling(DrawnFormat[Guesses]):
    """Plain text, of which some tokens are hidden.

    >>> texts = Dataset.from_dict({"text": ["the fox slept"]})
    >>> format_of(TASKS["mlm"]).score([(np.array([5, 6]), np.array([5, 7]))], texts, "en")[0]
    {'accuracy': 50.0}
    """

    def build_model(self, checkpoint: str | Path, seed: int, revision: str | None = None) -> LanguageModel:
        """The checkpoint's encoder with its own prediction head; one drawn from the seed where it has none."""
        config = load_config(checkpoint, revision)
        objective = objective_of(config)
        if objective is None:
            raise UserError(
                f"encoder '{checkpoint}': transformers has no language model of the kind {config.model_type} that "
                "predicts hidden tokens; leave task mlm out for it."
            )
        name, auto_class = objective
        set_seed(seed)
        model, absent = load_model(auto_class, checkpoint, config, revision)
        return LanguageModel(model, name, Origin(str(checkpoint), revision, type(model).__name__, tuple(absent)))

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
