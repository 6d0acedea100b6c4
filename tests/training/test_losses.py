"""Label smoothing: by hand, the models' own loss at 0 in every format, and what a training minimises."""

from math import log

import pytest
import torch
from datasets import Dataset
from torch.nn.functional import softmax

from xtl.grid.blocks import Training
from xtl.models.encoders import load_tokenizer
from xtl.tasks.catalog import TASKS
from xtl.tasks.formats import format_of
from xtl.tasks.formats.format import Limits
from xtl.training.collate import pad_batch
from xtl.training.losses import smoothed_loss
from xtl.training.mixing import Heads
from xtl.training.trainer import fit

TOKENS = {"input_ids": [2, 10, 11, 3], "attention_mask": [1] * 4}
SHORT = {"input_ids": [2, 12, 3], "attention_mask": [1] * 3}
CHOICES = {"input_ids": [TOKENS["input_ids"], SHORT["input_ids"]], "attention_mask": [[1] * 4, [1] * 3]}
# Two features a task; one is shorter, so that there is padding.
FEATURES = {
    "mnli": [TOKENS | {"labels": 2}, SHORT | {"labels": 0}],
    "hellaswag": [CHOICES | {"labels": 1}, CHOICES | {"labels": 0}],
    "udpos": [TOKENS | {"labels": [-100, 4, 7, -100]}, SHORT | {"labels": [-100, 1, -100]}],
    "squad1": [
        TOKENS | {"start_positions": 1, "end_positions": 2}, SHORT | {"start_positions": 0, "end_positions": 0},
    ],
}  # fmt: skip


def test_by_hand():
    """Two labels of probabilities 1/4 and 3/4; smoothed by 0.2, the second is right to 0.9 and the first to 0.1."""
    logits = torch.tensor([[0.0, log(3)]])
    expected = -(0.1 * log(1 / 4) + 0.9 * log(3 / 4))
    assert smoothed_loss({"logits": logits}, {"labels": torch.tensor([1])}, 0.2).item() == pytest.approx(expected)
    span = {"start_positions": torch.tensor([1]), "end_positions": torch.tensor([0])}
    start_and_end = {"start_logits": logits, "end_logits": logits}
    mean = (expected - (0.9 * log(1 / 4) + 0.1 * log(3 / 4))) / 2
    assert smoothed_loss(start_and_end, span, 0.2).item() == pytest.approx(mean)
    tags = {"logits": torch.stack([logits, 5 * logits], 1)}  # the second token has no tag
    assert smoothed_loss(tags, {"labels": torch.tensor([[1, -100]])}, 0.2).item() == pytest.approx(expected)


@pytest.mark.parametrize("architecture", ["bert", "xlnet"])
@pytest.mark.parametrize("task", FEATURES)
def test_without_smoothing_it_is_the_loss_of_the_model(tiny_encoders, architecture, task):
    tokenizer = load_tokenizer(tiny_encoders[architecture])
    model = format_of(TASKS[task]).build_model(tiny_encoders[architecture], seed=0).eval()
    inputs = pad_batch(FEATURES[task], tokenizer)
    output = model(**inputs)
    torch.testing.assert_close(smoothed_loss(output, inputs, 0.0), output.loss)
    mixed = Heads([model])(part=0, **inputs)
    torch.testing.assert_close(smoothed_loss(mixed, {**inputs, "part": 0}, 0.0), output.loss)


@pytest.mark.parametrize("architecture", ["bert", "xlnet"])
def test_hidden_tokens_are_smoothed_over_the_vocabulary(tiny_encoders, architecture):
    tokenizer = load_tokenizer(tiny_encoders[architecture])
    model = format_of(TASKS["mlm"]).build_model(tiny_encoders[architecture], seed=0).eval()
    texts = Dataset.from_dict({"id": ["0"], "text": ["the fox slept here all day long"]})
    features = format_of(TASKS["mlm"]).features(texts, tokenizer, Limits(64), training=True)
    inputs = format_of(TASKS["mlm"]).collator(features, tokenizer, model, seed=0)([(0, 0)])
    output = model(**inputs)
    torch.testing.assert_close(smoothed_loss(output, inputs, 0.0), output["loss"])
    logs = softmax(output["logits"], -1).log()
    right = logs[torch.arange(len(logs)), inputs["labels"]]
    expected = -(0.9 * right + 0.1 * logs.mean(-1)).mean()
    torch.testing.assert_close(smoothed_loss(output, inputs, 0.1), expected)


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_a_training_minimises_it(tiny_encoders, tmp_path, smoothing):
    inputs = pad_batch(FEATURES["mnli"], load_tokenizer(tiny_encoders["bert"]))
    model = format_of(TASKS["mnli"]).build_model(tiny_encoders["bert"], seed=0)
    expected = smoothed_loss(model(**inputs), inputs, smoothing).item()
    log = fit(model, [0], lambda batch: inputs, tmp_path, Training(label_smoothing=smoothing), seed=0)
    assert log.loss[0] == pytest.approx(expected, abs=1e-4)
