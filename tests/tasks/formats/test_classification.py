"""Classification: features of pairs, heads across tasks, scores, XTREME's file."""

import numpy as np
import pytest
import torch
from datasets import Dataset

from xtl.tasks.catalog import TASKS
from xtl.tasks.formats import format_of
from xtl.tasks.formats.format import Limits

XNLI, QQP = TASKS["xnli"], TASKS["qqp"]


def examples(*rows):
    return Dataset.from_list([
        {"id": str(i), "text_a": a, "text_b": b, "label": label} for i, (a, b, label) in enumerate(rows)
    ])  # fmt: skip


def test_features_of_a_pair(family, tokenizer):
    data = examples(("the cat", "it sat", 2))
    (feature,) = format_of(XNLI).features(data, tokenizer, Limits(16), training=True).to_list()
    tokens = tokenizer.convert_ids_to_tokens(feature["input_ids"])
    pair = ["the", "cat", "[SEP]", "it", "sat", "[SEP]"]
    assert tokens == {"bert": ["[CLS]", *pair], "xlnet": [*pair, "[CLS]"]}[family]
    assert (feature["labels"], feature["length"]) == (2, 7)


def test_the_longer_text_is_cut_first(tokenizer):
    data = examples(("the cat sat on the mat", "it sat", 0), ("the cat", "it", 1))
    features = format_of(XNLI).features(data, tokenizer, Limits(8), training=False)
    tokens = [t for t in tokenizer.convert_ids_to_tokens(features["input_ids"][0]) if t not in ("[CLS]", "[SEP]")]
    assert tokens == ["the", "cat", "sat", "it", "sat"]
    assert list(features["length"]) == [8, 6] and list(features["example"]) == [0, 1]


def test_predict_follows_the_examples_not_the_order_of_features(tokenizer):
    data = examples(("the", "cat", 0), ("fox", "sat", 1), ("it", "is", 2))
    features = format_of(XNLI).features(data, tokenizer, Limits(8), training=False).select([2, 0, 1])
    logits = [np.eye(3, dtype=np.float32)[i] for i in (2, 0, 0)]
    predictions = format_of(XNLI).predict(logits, features, data)
    assert predictions.tolist() == [0, 0, 2]
    values, per_example = format_of(XNLI).score(predictions, data, "de")
    assert values == {"accuracy": pytest.approx(200 / 3)} and per_example.tolist() == [100.0, 0.0, 100.0]


def test_qqp_has_f1_of_duplicates_beside_accuracy():
    data = examples(("a", "b", 1), ("a", "b", 1), ("a", "b", 0), ("a", "b", 0))
    values, _ = format_of(QQP).score(np.array([1, 0, 1, 0]), data, "en")
    assert values == {"accuracy": 50.0, "f1": 50.0}


def test_submission_and_show():
    data = examples(("the cat sat", "it sat", 0), ("the fox", "the cat", 2))
    predictions = np.array([0, 1])
    assert format_of(XNLI).submission(predictions, data) == "entailment\nneutral\n"
    shown = format_of(XNLI).show(predictions, data, 5)
    assert shown.iloc[1].tolist() == ["the fox", "the cat", "contradiction", "neutral"]


def test_the_head_fits_whatever_the_checkpoint_carried(family, encoders, tmp_path):
    format_of(TASKS["panx"]).build_model(encoders[family], seed=0).save_pretrained(tmp_path / "tagger")
    model = format_of(XNLI).build_model(tmp_path / "tagger", seed=0)
    assert model.config.id2label == {0: "entailment", 1: "neutral", 2: "contradiction"}
    assert model.dtype == torch.float32
    with torch.no_grad():
        assert model(input_ids=torch.tensor([[5, 6, 3, 7, 3, 2]])).logits.shape == (1, 3)


def test_a_checkpoint_that_is_not_there(tmp_path):
    from xtl.base.errors import UserError

    with pytest.raises(UserError, match="cannot be loaded"):
        format_of(XNLI).build_model(tmp_path / "nothing", seed=0)
