"""finite.py: a training that diverges ends as an error, and what it left is refused by the name of its run."""

import numpy as np
import pytest
import torch
from transformers import AutoModel, TrainerCallback

from tests.training import test_trainer
from xtl.base.errors import UserError
from xtl.grid.blocks import Training
from xtl.training.finite import check_checkpoint, check_embeddings, unusable_weight


class Poison(TrainerCallback):
    """Makes a weight NaN after a step."""

    def __init__(self, step):
        self.step = step

    def on_step_end(self, args, state, control, model=None, **kwargs):
        if state.global_step == self.step:
            with torch.no_grad():
                next(model.parameters()).fill_(float("nan"))


def test_a_training_with_too_high_a_rate_ends_at_the_step_where_its_loss_is_no_number(
    tiny_encoders, tmp_path, monkeypatch
):
    monkeypatch.setattr(test_trainer, "SETTINGS", Training(learning_rate=1e30, warmup=0.0))
    with pytest.raises(UserError, match=r"training diverged: at step \d+ of 20 its loss is no number any more"):
        test_trainer.run(tmp_path, tiny_encoders["bert"], save_seconds=0)
    assert not (tmp_path / "trainer").exists()  # the same command does not go on from weights without a number


def test_weights_that_break_after_the_last_logged_loss_are_found(tiny_encoders, tmp_path):
    with pytest.raises(UserError, match="training diverged in its last steps: its weights are no numbers"):
        test_trainer.run(tmp_path, tiny_encoders["bert"], callbacks=[Poison(20)])


def test_a_checkpoint_without_numbers_is_refused_by_the_name_of_its_run(tiny_encoders, tmp_path):
    model = AutoModel.from_pretrained(tiny_encoders["bert"])
    checkpoint = tmp_path / "pretrain" / "bert-s0-123456789012" / "checkpoint"
    checkpoint.mkdir(parents=True)
    check_checkpoint(model, str(checkpoint))
    for value in (float("nan"), float("inf")):
        with torch.no_grad():
            model.encoder.layer[1].output.dense.bias[3] = value
        assert unusable_weight(model) == "encoder.layer.1.output.dense.bias"
        with pytest.raises(
            UserError, match=r"encoder '/.*checkpoint': its weights \(encoder.layer.1.output.dense.bias"
        ):
            check_checkpoint(model, str(checkpoint))
    (checkpoint.parent / "run.json").touch()
    with pytest.raises(UserError, match="encoder 'pretrain/bert-s0-123456789012': its weights"):
        check_checkpoint(model, str(checkpoint))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_embeddings_without_numbers_are_refused(value):
    vectors = np.zeros((3, 4, 5, 8), np.float32)
    check_embeddings(vectors, "some/encoder")
    vectors[2, 0, 4, 7] = value
    with pytest.raises(UserError, match="encoder 'some/encoder': its embeddings hold values that are no numbers"):
        check_embeddings(vectors, "some/encoder")
