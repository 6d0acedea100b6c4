"""The format of language modelling on plain text: masked, or by permutation where the model was trained so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch
from datasets import Dataset
from torch.nn import functional

from xtl.models.checkpoints import mirrored
from xtl.models.encoders import loading
from xtl.models.objectives import Collator
from xtl.models.recipes import FullRecipe
from xtl.models.sequences import InputSequence
from xtl.tasks.catalog.task import Task
from xtl.tasks.formats import metrics
from xtl.tasks.formats.features import encode
from xtl.tasks.formats.shared_weights import SharedWeights

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class LanguageModel(SharedWeights):
    """A language model of transformers behind the interface of the trainer: batches of `xtl.models.objectives`."""

    model: PreTrainedModel

    def __init__(self, model: PreTrainedModel, objective: str):
        super().__init__()
        self.model, self.objective = model, objective

    @property
    def device(self):
        """Where the model's weights are."""
        return self.model.device

    def forward(self, labels, predicted, follows=None, **inputs):
        """Mean cross-entropy in nats over the predicted tokens, and their scores (predicted, vocabulary)."""
        scores = self.model(**inputs).logits.flatten(0, 1)[predicted]
        return {"loss": functional.cross_entropy(scores, labels), "logits": scores}

    def save_pretrained(self, folder):
        """The model as transformers keeps it."""
        self.model.save_pretrained(folder)


def build_model(checkpoint: str | Path, task: Task, seed: int, revision: str | None = None) -> LanguageModel:
    """The checkpoint's encoder with its own prediction head; one drawn from the seed where it has none."""
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForMaskedLM, set_seed
    from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING

    where = mirrored(str(checkpoint))
    with loading(checkpoint):
        # transformers has no masked model of XLNet; what it calls its causal one computes permutation LM
        masked = (
            type(AutoConfig.from_pretrained(where, revision=revision, trust_remote_code=False))
            in MODEL_FOR_MASKED_LM_MAPPING
        )
        kind = AutoModelForMaskedLM if masked else AutoModelForCausalLM
        set_seed(seed)
        model = kind.from_pretrained(where, revision=revision, dtype=torch.float32, weights_only=True)
    return LanguageModel(model, "mlm" if masked else "plm")


def train_features(examples: Dataset, tokenizer, task: Task, max_length: int) -> Dataset:
    """One unpadded feature a text, cut to `max_length`: input_ids, (token_type_ids), special (0 or 1), length.

    A text without any ordinary token has none.
    """

    def batch_features(batch: dict, rows: list[int]) -> dict:
        coded = tokenizer(
            batch["text"],
            truncation=True,
            max_length=max_length,
            return_special_tokens_mask=True,
            return_attention_mask=False,
        )
        special = coded.pop("special_tokens_mask")
        kept = [i for i, marks in enumerate(special) if not all(marks)]  # an empty text has nothing to predict
        columns = {name: [values[i] for i in kept] for name, values in {**coded, "special": special}.items()}
        return {**columns, "length": [len(ids) for ids in columns["input_ids"]]}

    return encode(examples, batch_features)


eval_features = train_features


def collator(features: Dataset, tokenizer, model: LanguageModel, seed: int) -> Collator:
    """Batches of (feature, epoch) items with the tokens to predict hidden."""
    typed = "token_type_ids" in features.column_names
    rows = []
    for row in features:
        ids = np.array(row["input_ids"], np.int32)
        types = np.array(row["token_type_ids"], np.int32) if typed else np.zeros_like(ids)
        rows.append(InputSequence(ids, types, np.array(row["special"], bool)))
    recipe = FullRecipe(nsp=False, segments=False, masking="dynamic", objective=model.objective)  # as RoBERTa's
    return Collator(rows, tokenizer, recipe, seed)


def infer(model: LanguageModel, features: Dataset, tokenizer) -> list[tuple[np.ndarray, np.ndarray]]:
    """Hidden tokens and the likeliest guess for each, a pair of arrays per feature; the masks are always the same."""
    collate, out = collator(features, tokenizer, model, seed=0), []
    model.eval()
    with torch.inference_mode():
        for number in range(len(features)):
            batch = {k: v.to(model.device) for k, v in collate([(number, 0)]).items()}
            out.append((batch["labels"].cpu().numpy(), model(**batch)["logits"].argmax(-1).cpu().numpy()))
    return out


def score(predictions: list[tuple[np.ndarray, np.ndarray]], examples, task: Task, language: str) -> metrics.Scores:
    """Share of the hidden tokens that are guessed, in points, over all and per text."""
    right = np.array([np.sum(a == b) for a, b in predictions])
    all_ = np.array([len(a) for a, _ in predictions])
    return {"accuracy": 100.0 * float(right.sum() / all_.sum())}, 100.0 * right / all_


def show(predictions: Sequence, examples: Dataset, task: Task, n: int = 5) -> pd.DataFrame:
    """The first n texts and how many of their hidden tokens are guessed."""
    rows = [
        {"text": text[:120], "hidden": len(a), "guessed": int(np.sum(a == b))}
        for text, (a, b) in zip(list(examples["text"])[:n], predictions, strict=False)
    ]
    return pd.DataFrame(rows, columns=["text", "hidden", "guessed"])
