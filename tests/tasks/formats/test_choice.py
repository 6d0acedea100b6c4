"""Multiple choice: what is read beside what, left padding, predictions by hand."""

import numpy as np
import pytest
import torch
from datasets import Dataset

from xtl.models.encoders import load_tokenizer
from xtl.tasks.catalog import TASKS
from xtl.tasks.formats import format_of
from xtl.tasks.formats.format import Limits
from xtl.training.collate import pad_batch

TASK = TASKS["cosmosqa"]
ROWS = Dataset.from_dict({
    "id": ["0", "1"],
    "context": ["the fox slept", ""],
    "question": ["who slept ?", "what sleeps ?"],
    "choices": [["a fox", "an owl"], ["the fox here", "it"]],
    "answer": [0, 1],
})  # fmt: skip


@pytest.mark.parametrize("architecture", ["bert", "roberta", "xlnet"])
def test_features_are_lists_over_choices(tiny_encoders, architecture):
    tokenizer = load_tokenizer(tiny_encoders[architecture])
    features = format_of(TASK).features(ROWS, tokenizer, Limits(64), training=True)
    assert features["labels"] == [0, 1] and [len(ids) for ids in features["input_ids"]] == [2, 2]
    # jiant's Cosmos QA: `context question` and the answer
    assert features[0]["input_ids"][1] == tokenizer("the fox slept who slept ?", "an owl")["input_ids"]
    assert features[1]["input_ids"][0] == tokenizer("what sleeps ?", "the fox here")["input_ids"]  # without a context
    assert features["length"] == [sum(map(len, ids)) for ids in features["input_ids"]]
    batch = pad_batch(list(features), tokenizer)
    longest = max(len(ids) for row in features["input_ids"] for ids in row)
    assert batch["input_ids"].shape == (2, 2, longest) and batch["labels"].tolist() == [0, 1]
    short = features[1]["input_ids"][1]
    row = batch["input_ids"][1, 1].tolist()
    assert (row[-len(short) :] if tokenizer.padding_side == "left" else row[: len(short)]) == short
    assert batch["attention_mask"][1, 1].sum() == len(short)


def test_an_ending_goes_on_from_the_beginning_of_its_sentence(tiny_encoders):
    # jiant's HellaSwag: `ctx_a`, and `ctx_b` with the ending
    tokenizer = load_tokenizer(tiny_encoders["bert"])
    features = format_of(TASKS["hellaswag"]).features(ROWS, tokenizer, Limits(64), training=True)
    assert features[0]["input_ids"][1] == tokenizer("the fox slept", "who slept ? an owl")["input_ids"]
    assert features[1]["input_ids"][0] == tokenizer("what sleeps ?", "the fox here")["input_ids"]


def test_the_end_of_a_long_context_stays(tiny_encoders):
    tokenizer = load_tokenizer(tiny_encoders["bert"])
    side = tokenizer.truncation_side
    rows = ROWS.select([0]).map(lambda row: {"context": "a " * 80 + "the end"})
    ids = format_of(TASK).features(rows, tokenizer, Limits(32), training=True)[0]["input_ids"][0]
    assert len(ids) == 32 and tokenizer.truncation_side == side
    first = ids[1 : ids.index(tokenizer.sep_token_id)]
    text = "a " * 80 + "the end who slept ?"
    assert first == tokenizer(text, add_special_tokens=False)["input_ids"][-len(first) :]


@pytest.mark.parametrize("architecture", ["bert", "roberta", "xlnet"])
def test_the_model_scores_every_choice(tiny_encoders, architecture):
    tokenizer = load_tokenizer(tiny_encoders[architecture])
    features = format_of(TASK).features(ROWS, tokenizer, Limits(64), training=True)
    model = format_of(TASK).build_model(tiny_encoders[architecture], seed=0).eval()
    with torch.inference_mode():
        together = model(**pad_batch(list(features), tokenizer))
        alone = model(**pad_batch([features[1]], tokenizer)).logits
    assert together.logits.shape == (2, 2)
    np.testing.assert_allclose(together.logits[1], alone[0], atol=1e-5)  # padding changes nothing
    expected = torch.nn.functional.cross_entropy(together.logits, torch.tensor([0, 1]))
    assert float(together.loss) == pytest.approx(float(expected), abs=1e-6)


def test_predictions_and_accuracy():
    features = Dataset.from_dict({"example": [1, 0]})
    predicted = format_of(TASK).predict([np.array([0.1, 2.0]), np.array([-1.0, 0.5])], features, ROWS)
    assert predicted.tolist() == [1, 1]
    values, per_example = format_of(TASK).score(predicted, ROWS, "en")
    assert values == {"accuracy": 50.0} and per_example.tolist() == [0.0, 100.0]
    shown = format_of(TASK).show(predicted, ROWS)
    assert shown.iloc[0].tolist() == ["the fox slept who slept ?", "a fox", "an owl", 2]
