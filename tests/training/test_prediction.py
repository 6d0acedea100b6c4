"""Prediction: logits come back in order and lose their padding."""

import numpy as np
import pytest
import torch
from datasets import Dataset
from transformers import AutoModelForTokenClassification

from xtl.models.encoders import load_tokenizer
from xtl.training.prediction import predict_logits


@pytest.mark.parametrize("architecture", ["bert", "xlnet"])
def test_logits_come_back_in_order_and_without_padding(tiny_encoders, architecture):
    tokenizer = load_tokenizer(tiny_encoders[architecture])
    model = AutoModelForTokenClassification.from_pretrained(tiny_encoders[architecture], num_labels=3).eval()
    coded = tokenizer(["ab", "abc de f", "a", "longer words"])
    features = Dataset.from_dict({k: coded[k] for k in ("input_ids", "attention_mask")})
    together = predict_logits(model, features, tokenizer, batch_tokens=30)
    for row, logits in zip(features, together, strict=True):
        with torch.inference_mode():
            alone = model(**{k: torch.tensor([v]) for k, v in row.items()}).logits[0].numpy()
        assert logits.shape == alone.shape == (len(row["input_ids"]), 3)
        np.testing.assert_allclose(logits, alone, atol=2e-5)
