"""The two objectives: what is predicted, what is hidden from what, and static against dynamic masks."""

import numpy as np
import pytest
import torch
from transformers import AutoModel

from xtl.models.objectives import Collator, choose, corrupt, permutation
from xtl.models.pretraining_model import PretrainingModel
from xtl.models.recipes import HABITS, Pretraining
from xtl.models.scratch import scratch_config
from xtl.models.sequences import Frame


def sentences(tokenizer, *lengths):
    frame = Frame(tokenizer)
    return [frame.build(np.arange(5, 5 + n, dtype=np.int32)) for n in lengths]


def test_fifteen_percent_of_the_ordinary_tokens_at_least_one(dressed):
    long, short = sentences(dressed("bert"), 20, 2)
    assert len(choose(long, 0.15, np.random.default_rng(0))) == 3
    assert len(choose(long, 0.4, np.random.default_rng(0))) == 8  # of 20
    assert len(choose(short, 0.15, np.random.default_rng(0))) == 1
    assert not long.special[choose(long, 0.15, np.random.default_rng(0))].any()


def test_corruption_is_80_10_10():
    ordinary = np.arange(5, 1000)
    changed = corrupt(np.full(20000, 7), np.random.default_rng(0), 4, ordinary)
    assert abs((changed == 4).mean() - 0.8) < 0.01
    assert abs((changed == 7).mean() - 0.1) < 0.01
    assert not np.isin(changed, range(4)).any()


@pytest.mark.parametrize("objective, architecture", [("mlm", "bert"), ("plm", "xlnet")])
def test_static_masks_stay_and_dynamic_ones_change(dressed, objective, architecture):
    tokenizer = dressed(architecture)
    rows = sentences(tokenizer, 20)
    for masking, same in (("static", True), ("dynamic", False)):
        collate = Collator(rows, tokenizer, HABITS[architecture].model_copy(update={"masking": masking}), seed=1)
        first, later = collate([(0, 0)]), collate([(0, 1)])
        assert torch.equal(first["labels"], later["labels"]) == same
        assert torch.equal(collate([(0, 1)])["input_ids"], later["input_ids"])


def test_masked_batches_hold_labels_where_they_were(dressed):
    tokenizer = dressed("bert")
    rows = sentences(tokenizer, 20, 6)
    batch = Collator(rows, tokenizer, HABITS["bert"], seed=0)([(0, 0), (1, 0)])
    assert batch["input_ids"].shape == (2, 22)
    assert batch["attention_mask"].sum(1).tolist() == [22, 8]
    original = np.zeros((2, 22), int)
    original[0], original[1, :8] = rows[0].ids, rows[1].ids
    assert batch["labels"].tolist() == original.reshape(-1)[batch["predicted"]].tolist()
    assert len(batch["labels"]) == 3 + 1


def test_permutation_batches_pad_on_the_left_and_predict_as_many(dressed):
    tokenizer = dressed("xlnet")
    rows = sentences(tokenizer, 20, 7)
    batch = Collator(rows, tokenizer, HABITS["xlnet"].model_copy(update={"masking": "static"}), seed=0)(
        [(0, 0), (1, 0)]
    )
    assert batch["attention_mask"][1].tolist() == [0] * 13 + [1] * 9
    assert batch["target_mapping"].shape == (2, 3, 22)
    assert batch["predicted"].tolist() == [0, 1, 2, 3]
    places = batch["target_mapping"].argmax(-1)
    assert batch["labels"].tolist() == [
        int(batch["input_ids"][r, places[r, k]]) for r, k in [(0, 0), (0, 1), (0, 2), (1, 0)]
    ]


def test_permutation_masks_by_hand():
    hidden, mapping = permutation([np.array([3, 1])], 4)  # first predict position 3, then position 1
    assert hidden[0].tolist() == [
        [0, 1, 0, 1],  # context sees context only
        [0, 1, 0, 0],  # the second target sees the first
        [0, 1, 0, 1],
        [0, 1, 0, 1],  # the first target sees no target
    ]
    assert mapping[0].tolist() == [[0, 0, 0, 1], [0, 1, 0, 0]]


def test_an_earlier_target_changes_a_later_one_and_never_itself_or_an_earlier_one(dressed):
    tokenizer = dressed("xlnet")
    torch.manual_seed(0)
    settings = Pretraining(architecture="xlnet", layers=3, hidden=32, heads=2, inner=128, length=32)
    model = PretrainingModel(AutoModel.from_config(scratch_config(settings, tokenizer)), nsp=False).eval()
    for parameter in model.parameters():  # the initial weights are too small to show a dependence reliably
        torch.nn.init.normal_(parameter, std=0.3)
    ids = torch.from_numpy(sentences(tokenizer, 12)[0].ids.astype(np.int64))[None]
    order = np.array([4, 9, 1])
    hidden, mapping = (torch.from_numpy(m) for m in permutation([order], ids.shape[1]))

    def logits(tokens):
        inputs = dict(
            input_ids=tokens, attention_mask=torch.ones_like(tokens), perm_mask=hidden, target_mapping=mapping
        )
        with torch.inference_mode():
            return model.logits(torch.arange(3), **inputs)[0]

    before = logits(ids)
    for number, place in enumerate(order):
        changed = ids.clone()
        changed[0, place] = 19
        moved = (logits(changed) - before).abs().amax(-1) > 1e-5
        assert moved.tolist() == [later > number for later in range(3)]
    changed = ids.clone()
    changed[0, 6] = 19  # context reaches every prediction
    assert ((logits(changed) - before).abs().amax(-1) > 1e-5).all()
