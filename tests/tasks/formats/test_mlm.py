"""Language modelling as an intermediate task: masked where the family is, by permutation in XLNet."""

import numpy as np
import pytest
import torch
from datasets import Dataset

from xtl.base.errors import UserError
from xtl.models.encoders import load_tokenizer
from xtl.tasks.catalog import TASKS
from xtl.tasks.formats import format_of
from xtl.tasks.formats.format import Limits
from xtl.training.finetune import fine_tune
from xtl.training.settings import IntermediateSettings

TASK = TASKS["mlm"]
TEXTS = Dataset.from_dict({"id": ["0", "1"], "text": ["the fox slept here all day long", "an owl"]})


@pytest.mark.parametrize("architecture, objective", [("bert", "mlm"), ("roberta", "mlm"), ("xlnet", "plm")])
def test_losses_are_those_of_the_hidden_tokens(tiny_encoders, architecture, objective):
    tokenizer = load_tokenizer(tiny_encoders[architecture])
    model = format_of(TASK).build_model(tiny_encoders[architecture], seed=0).eval()
    assert model.objective == objective
    features = format_of(TASK).features(TEXTS, tokenizer, Limits(64), training=True)
    batch = format_of(TASK).collator(features, tokenizer, model, seed=0)([(0, 0), (1, 0)])
    with torch.inference_mode():
        found = model(**batch)
    assert len(found["logits"]) == len(batch["labels"])
    expected = torch.nn.functional.cross_entropy(found["logits"], batch["labels"])
    assert float(found["loss"]) == pytest.approx(float(expected))
    hidden, guessed = format_of(TASK).infer(model, features, tokenizer)[0]
    assert len(hidden) == len(guessed) > 0


def test_accuracy_by_hand():
    predictions = [(np.array([5, 6]), np.array([5, 7])), (np.array([8]), np.array([8]))]
    values, per_text = format_of(TASK).score(predictions, TEXTS, "en")
    assert values == {"accuracy": pytest.approx(200 / 3)} and per_text.tolist() == [50.0, 100.0]
    assert format_of(TASK).show(predictions, TEXTS).iloc[0].tolist() == ["the fox slept here all day long", 2, 1]


def test_a_text_without_tokens_is_left_out(tiny_encoders):
    tokenizer = load_tokenizer(tiny_encoders["bert"])
    texts = Dataset.from_dict({"id": ["0", "1"], "text": [" ", "an owl"]})
    assert len(format_of(TASK).features(texts, tokenizer, Limits(64), training=True)) == 1


@pytest.mark.parametrize("architecture", ["bert", "xlnet"])
def test_an_interrupted_training_can_be_saved_and_read_again(tiny_encoders, architecture, tmp_path):
    from safetensors.torch import load_file, save_file

    model = format_of(TASK).build_model(tiny_encoders[architecture], seed=0)
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, tmp_path / "weights")  # refuses tied ones
    other = format_of(TASK).build_model(tiny_encoders[architecture], seed=1)
    other.load_state_dict(load_file(tmp_path / "weights"))
    for a, b in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)


def settings(task, checkpoint, **options):
    """Of a short training on one task of the miniature."""
    given = dict(seed=0, epochs=1, batch_size=4, max_length=32, data={"kind": "hub"})
    return IntermediateSettings(tasks=[task], checkpoint=str(checkpoint), **{**given, **options})


def test_a_training_that_diverges_fails_in_one_sentence(tiny_encoders, hub, tmp_path):
    wild = settings("mnli", tiny_encoders["bert"], learning_rate=1e30, epochs=2, max_steps=6, warmup=0.0)
    with pytest.raises(UserError, match="training on mnli diverged: at step .* its loss is no number any more; lower"):
        fine_tune(wild, hub, tmp_path)


def test_a_language_model_trains_and_leaves_an_encoder(tiny_encoders, hub, tmp_path):
    short = settings("mlm", tiny_encoders["xlnet"], learning_rate=1e-3, max_steps=3, max_train_examples=12)
    trained = fine_tune(short, hub, tmp_path)
    assert trained.n_train == 12 and trained.facts["steps"] == 3 and np.isfinite(trained.log.loss).all()
    trained.save(tmp_path)
    again = fine_tune(
        settings("mnli", tmp_path / "checkpoint", learning_rate=1e-4, max_steps=3), hub, tmp_path / "next"
    )
    assert again.n_train == 24
