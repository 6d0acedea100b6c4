"""Training: an interrupted one ends where a whole one does, selection keeps the best, logits lose their padding."""

import numpy as np
import pytest
import torch
from datasets import Dataset
from transformers import AutoModelForSequenceClassification, AutoModelForTokenClassification, set_seed

from xtl.models.encoders import load_tokenizer
from xtl.training.collate import pad_batch
from xtl.training.trainer import fit, last_checkpoint, predict_logits

ROWS = [{"input_ids": [2, *range(10 + i, 14 + i), 3], "attention_mask": [1] * 6, "labels": i % 2} for i in range(12)]
BATCHES = [[i % 12, (i * 5 + 1) % 12] for i in range(20)]
OPTIONS = dict(items=12, learning_rate=1e-2, warmup=0.1, weight_decay=0.01, seed=0)


class Stop(Exception):
    """What interrupts a training in these tests."""


def model_and_tokenizer(folder):
    set_seed(0)
    return AutoModelForSequenceClassification.from_pretrained(
        folder, num_labels=2, hidden_dropout_prob=0.1
    ), load_tokenizer(folder)


def run(folder, encoder, stop_at=None, **more):
    model, tokenizer = model_and_tokenizer(encoder)
    asked = []

    def collate(items):
        asked.append(items)
        if len(asked) - 1 == stop_at:
            raise Stop
        return pad_batch([ROWS[i] for i in items], tokenizer)

    log = fit(model, BATCHES, collate, folder, **{**OPTIONS, **more})
    return model, log, asked


def test_a_resumed_training_equals_an_uninterrupted_one(tiny_encoders, tmp_path):
    whole, log, asked = run(tmp_path / "whole", tiny_encoders["bert"])
    assert asked == BATCHES
    assert log.step.max() == 20 and log.loss.notna().all()
    with pytest.raises(Stop):
        run(tmp_path / "cut", tiny_encoders["bert"], stop_at=12, save_seconds=0)
    assert last_checkpoint(tmp_path / "cut" / "trainer")
    again, log, asked = run(tmp_path / "cut", tiny_encoders["bert"])
    assert len(asked) < 20 and asked == BATCHES[-len(asked) :]
    for name, weight in whole.state_dict().items():
        assert torch.equal(weight, again.state_dict()[name]), name
    assert not (tmp_path / "cut" / "trainer").exists()
    assert log.step.max() == 20 and log.step.min() <= 2  # the earlier part of the curve is kept


def test_a_half_written_checkpoint_is_not_resumed_from(tmp_path):
    (tmp_path / "checkpoint-5").mkdir()
    assert last_checkpoint(tmp_path) is None
    for step in (5, 10):
        (tmp_path / f"checkpoint-{step}").mkdir(exist_ok=True)
        (tmp_path / f"checkpoint-{step}" / "trainer_state.json").write_text("{}")
    assert last_checkpoint(tmp_path).endswith("checkpoint-10")


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
