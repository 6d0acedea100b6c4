"""Batches: padding on either side, answer positions that move with it, grouping by length."""

from types import SimpleNamespace

import pytest

from xtl.training.collate import budget_batches, grouped_batches, pad_batch

FEATURES = [
    {"input_ids": [7, 8, 9], "attention_mask": [1, 1, 1], "labels": [-100, 1, 2], "length": 3},
    {"input_ids": [7], "attention_mask": [1], "labels": [4], "length": 1},
]


def tokenizer(side):
    return SimpleNamespace(padding_side=side, pad_token_id=5, pad_token_type_id=3)


@pytest.mark.parametrize(
    "side, ids, labels", [("right", [7, 5, 5], [4, -100, -100]), ("left", [5, 5, 7], [-100, -100, 4])]
)
def test_tokens_are_padded_on_the_tokenizer_s_side(side, ids, labels):
    batch = pad_batch(FEATURES, tokenizer(side))
    assert batch["input_ids"].tolist() == [[7, 8, 9], ids]
    assert batch["labels"].tolist() == [[-100, 1, 2], labels]
    assert batch["attention_mask"].sum(1).tolist() == [3, 1]
    assert set(batch) == {"input_ids", "attention_mask", "labels"}


@pytest.mark.parametrize("side, starts", [("right", [2, 0]), ("left", [2, 2])])
def test_answers_move_with_the_text(side, starts):
    features = [{"input_ids": [1, 2, 3], "start_positions": 2}, {"input_ids": [1], "start_positions": 0}]
    assert pad_batch(features, tokenizer(side))["start_positions"].tolist() == starts


def test_scalars_become_a_vector():
    features = [{"input_ids": [1, 2], "labels": 1}, {"input_ids": [1], "labels": 0}]
    assert pad_batch(features, tokenizer("left"))["labels"].tolist() == [1, 0]


def test_every_epoch_sees_every_example_once_in_another_order():
    lengths = [1, 9, 2, 8, 3, 7, 4]
    batches = grouped_batches(lengths, 2, epochs=2, seed=0, pool=2)
    first, second = batches[:4], batches[4:]
    assert sorted(sum(first, [])) == sorted(sum(second, [])) == list(range(7))
    assert first != second
    assert batches == grouped_batches(lengths, 2, epochs=2, seed=0, pool=2)
    assert len(grouped_batches(lengths, 2, epochs=1.5, seed=0)) == 6
    assert len(grouped_batches([5], 32, epochs=0.1, seed=0)) == 1


def test_grouping_by_length_saves_padding():
    lengths = [1 + (i * 37) % 50 for i in range(400)]
    padded = sum(len(b) * max(lengths[i] for i in b) for b in grouped_batches(lengths, 8, 1, seed=0))
    assert sum(lengths) / padded > 0.9


def test_evaluation_batches_keep_the_budget_and_hold_everything_once():
    batches = budget_batches([3, 10, 1, 4, 30], budget=20)
    assert batches == [[4], [1, 3], [0, 2]]  # 30 alone; 2 x 10; rest
    assert sorted(sum(batches, [])) == list(range(5))
