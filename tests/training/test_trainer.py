"""Training: an interrupted one ends where a whole one does."""

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForSequenceClassification, set_seed

from xtl.grid.blocks import Training
from xtl.models.encoders import load_tokenizer
from xtl.training.collate import pad_batch
from xtl.training.trainer import fit, last_checkpoint

ROWS = [{"input_ids": [2, *range(10 + i, 14 + i), 3], "attention_mask": [1] * 6, "labels": i % 2} for i in range(12)]
BATCHES = [[i % 12, (i * 5 + 1) % 12] for i in range(20)]
SETTINGS = Training(learning_rate=1e-2, warmup=0.1, weight_decay=0.01)


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

    log = fit(model, BATCHES, collate, folder, SETTINGS, seed=0, **more)
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


def test_a_checkpoint_with_a_file_cut_short_is_not_resumed_from(tiny_encoders, tmp_path):
    with pytest.raises(Stop):
        run(tmp_path, tiny_encoders["bert"], stop_at=12, save_seconds=0)
    checkpoint = Path(last_checkpoint(tmp_path / "trainer"))
    for name in ("model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth", "trainer_state.json"):
        content = (checkpoint / name).read_bytes()
        for size in (0, len(content) // 2, len(content) - 4):
            (checkpoint / name).write_bytes(content[:size])
            assert last_checkpoint(tmp_path / "trainer") is None, (name, size)
        if name != "trainer_state.json":
            (checkpoint / name).write_bytes(content)
            assert last_checkpoint(tmp_path / "trainer") == str(checkpoint)
    _, log, asked = run(tmp_path, tiny_encoders["bert"])
    assert asked == BATCHES and log.step.max() == 20


def test_a_half_written_checkpoint_is_not_resumed_from(tmp_path):
    (tmp_path / "checkpoint-5").mkdir()
    assert last_checkpoint(tmp_path) is None
    for step in (5, 10):
        (tmp_path / f"checkpoint-{step}").mkdir(exist_ok=True)
        (tmp_path / f"checkpoint-{step}" / "trainer_state.json").write_text("{}")
    assert last_checkpoint(tmp_path).endswith("checkpoint-10")
