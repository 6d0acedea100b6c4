"""The encoders are matched: bert and roberta compute the same function, and the special ids are the vocabulary's."""

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from xtl.models.objectives import Collator
from xtl.models.pretraining_model import PretrainingModel
from xtl.models.recipes import HABITS, Pretraining, Recipe
from xtl.models.scratch import parameter_counts, scratch_config, scratch_tokenizer
from xtl.models.sequences import Frame

MASKED = HABITS["bert"]  # masked LM with static masks


def build(architecture, tokenizer, segments, nsp=False):
    torch.manual_seed(0)
    recipe = Recipe(segments=segments, nsp=nsp)
    size = dict(layers=2, hidden=32, heads=4, inner=128, length=32)
    config = scratch_config(Pretraining(architecture=architecture, recipe=recipe, **size), tokenizer)
    return PretrainingModel(AutoModel.from_config(config), nsp).eval()


def test_bert_and_roberta_with_equal_factors_and_weights_give_equal_logits(dressed):
    tokenizer = dressed("bert", False)
    bert, roberta = build("bert", tokenizer, False), build("roberta", tokenizer, False)
    weights = bert.state_dict()
    positions = "encoder.embeddings.position_embeddings.weight"
    first = tokenizer.pad_token_id + 1  # RoBERTa counts positions from here
    shifted = roberta.state_dict()[positions].clone()
    shifted[first:] = weights[positions]
    roberta.load_state_dict({**weights, positions: shifted})
    rows = [Frame(tokenizer).build(np.arange(5, 5 + n, dtype=np.int32)) for n in (20, 9)]
    batch = Collator(rows, tokenizer, MASKED, 0)([(0, 0), (1, 0)])
    inputs = {k: batch[k] for k in ("input_ids", "attention_mask")}
    with torch.inference_mode():
        one, two = (m.logits(batch["predicted"], **inputs)[0] for m in (bert, roberta))
    assert torch.equal(one, two)


@pytest.mark.parametrize("architecture", ["bert", "roberta", "xlnet"])
def test_special_ids_are_the_shared_vocabulary_s(dressed, architecture, tmp_path):
    tokenizer = dressed(architecture)
    size = dict(layers=1, hidden=16, heads=2, inner=64, length=32)
    config = scratch_config(Pretraining(architecture=architecture, **size), tokenizer)
    assert (config.pad_token_id, config.bos_token_id, config.eos_token_id) == (0, 2, 3)
    tokenizer.save_pretrained(tmp_path)
    AutoModel.from_config(config).save_pretrained(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path)
    assert again("w0", "w1")["input_ids"] == tokenizer("w0", "w1")["input_ids"]
    assert again.padding_side == ("left" if architecture == "xlnet" else "right")
    assert (again.pad_token_id, again.cls_token_id, again.sep_token_id, again.mask_token_id) == (0, 2, 3, 4)
    assert AutoModel.from_pretrained(tmp_path).config.pad_token_id == 0


def test_the_three_architectures_are_within_ten_percent_at_the_laboratory_s_size(vocabulary):
    sizes = []
    for architecture in ("bert", "roberta", "xlnet"):
        settings = Pretraining(architecture=architecture, layers=3, hidden=128, heads=4, inner=512, length=128)
        config = scratch_config(settings, scratch_tokenizer(settings, vocabulary))
        config.vocab_size = 4000
        sizes.append(parameter_counts(AutoModel.from_config(config))["parameters"])
    assert max(sizes) / min(sizes) < 1.1


def test_the_loss_is_the_mean_over_predicted_tokens_plus_next_sentence(dressed):
    tokenizer = dressed("bert")
    model = build("bert", tokenizer, True, nsp=True)
    rows = [Frame(tokenizer).build(np.array([5, 6, 7]), np.array([8, 9]), follows) for follows in (0, 1)]
    batch = Collator(rows, tokenizer, MASKED, 0)([(0, 0), (1, 0)])
    with torch.inference_mode():
        out = model(**batch)
        inputs = {k: v for k, v in batch.items() if k not in ("labels", "predicted", "follows")}
        tokens, following = model.logits(batch["predicted"], **inputs)
    by_hand = -torch.log_softmax(tokens, -1)[torch.arange(2), batch["labels"]].mean()
    next_by_hand = -torch.log_softmax(following, -1)[torch.arange(2), torch.tensor([0, 1])].mean()
    assert out["token_loss"].item() == pytest.approx(by_hand.item(), abs=1e-6)
    assert out["loss"].item() == pytest.approx((by_hand + next_by_hand).item(), abs=1e-6)
