"""Several tasks at once: how often each is asked, one encoder below all heads, and each task's own gradients."""

import numpy as np
import pytest
import torch

from xtl.grid.blocks import Training
from xtl.models.encoders import load_tokenizer
from xtl.tasks.catalog import TASKS
from xtl.tasks.formats import format_of
from xtl.training.collate import pad_batch
from xtl.training.mixing import Heads, mixed_batches, shares
from xtl.training.settings import IntermediateSettings
from xtl.training.trainer import fit

SETTINGS = Training(learning_rate=1e-2, warmup=0.1, weight_decay=0.01)


def settings(**options):
    """Of a mixture of two tasks in batches of four."""
    given = {"tasks": ["mnli", "squad1"], "seed": 1, **options}
    return IntermediateSettings(checkpoint="", data={}, batch_size=4, **given)


def test_shares_by_hand():
    assert shares([100, 300], settings(sampler="uniform")).tolist() == [0.5, 0.5]
    assert shares([100, 300], settings(sampler="proportional")).tolist() == [0.25, 0.75]
    assert shares([100, 300], settings(sampler="proportional", cap=100)).tolist() == [0.5, 0.5]
    by_temperature = settings(sampler="temperature", temperature=2)
    assert shares([100, 400], by_temperature).tolist() == pytest.approx([1 / 3, 2 / 3])
    capped = settings(sampler="temperature", cap=256, temperature=4)
    assert shares([16, 10_000], capped).tolist() == pytest.approx([1 / 3, 2 / 3])
    with pytest.raises(ValueError, match="'often'"):
        settings(sampler="often")


def test_plain_text_counts_for_the_other_tasks_together():
    mixture = settings(tasks=["mnli", "mlm"])
    assert shares([300, 9_000_000], mixture).tolist() == [0.5, 0.5]
    assert shares([300, 100], mixture).tolist() == [0.75, 0.25]
    three = settings(tasks=["mnli", "mlm", "squad1"])
    assert shares([100, 5_000, 300], three).tolist() == [0.125, 0.5, 0.375]
    assert shares([300, 9_000_000], settings(tasks=["mnli", "mlm"], cap=400)).tolist() == pytest.approx([3 / 7, 4 / 7])
    lengths = [[5] * 40, [7] * 4_000]
    assert len(mixed_batches(lengths, mixture)) == 3 * 20  # 3 epochs of 80 examples in batches of 4
    assert len(mixed_batches(lengths, settings(tasks=["mnli", "mlm"], sampler="uniform"))) == 3 * 20


def test_batches_are_of_one_task_each_and_go_on_where_a_small_task_ends():
    lengths = [[5] * 40, [7] * 4]
    batches = mixed_batches(lengths, settings(epochs=2, sampler="uniform"))
    assert [batch.step for batch in batches] == list(range(22))  # 44 examples in batches of 4 make 11 steps, twice
    assert 5 <= sum(batch.part for batch in batches) <= 17
    small = [sorted(batch.rows) for batch in batches if batch.part == 1]
    assert small == [[0, 1, 2, 3]] * len(small)
    assert batches == mixed_batches(lengths, settings(epochs=2, sampler="uniform"))
    assert batches != mixed_batches(lengths, settings(epochs=2, sampler="uniform", seed=2))


def test_an_epoch_counts_each_task_up_to_the_cap():
    lengths = [[5] * 400, [5] * 40]
    assert len(mixed_batches(lengths, settings(epochs=1, cap=40))) == 20
    assert len(mixed_batches(lengths, settings(epochs=1, cap=40, max_steps=7))) == 7


def models(folder, names):
    return [format_of(TASKS[name]).build_model(folder, seed=0) for name in names]


@pytest.mark.parametrize("architecture", ["bert", "roberta", "xlnet"])
def test_all_heads_are_on_one_encoder(tiny_encoders, architecture, tmp_path):
    from safetensors.torch import save_file
    from transformers import AutoModel

    names = ["squad1", "mnli", "udpos", "mlm"]
    together = Heads(models(tiny_encoders[architecture], names))
    inner = [*together.models[:-1], together.models[-1].model]
    assert len({id(model.base_model) for model in inner}) == 1
    embedding = inner[0].get_input_embeddings().weight
    assert inner[-1].get_output_embeddings().weight is embedding
    # written once, read again whole
    state = {k: v.contiguous() for k, v in together.state_dict().items()}
    save_file(state, tmp_path / "weights")
    other = Heads(models(tiny_encoders[architecture], names))
    with torch.no_grad():
        for weight in other.parameters():
            weight.zero_()
    loaded = other.load_state_dict(state)
    assert loaded.missing_keys == [] and loaded.unexpected_keys == []  # the trainer stumbles over missing ones
    for a, b in zip(together.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)
    together.save_pretrained(tmp_path / "checkpoint")
    saved = AutoModel.from_pretrained(tmp_path / "checkpoint")
    assert torch.equal(saved.get_input_embeddings().weight, embedding)


def test_a_step_on_one_task_is_that_tasks_own_step(tiny_encoders):
    """The loss and the encoder's gradients of a batch are those of the task's model alone; other heads get none."""
    tokenizer = load_tokenizer(tiny_encoders["bert"])
    coded = tokenizer(["a fox", "the owl sat"], ["it is", "no"])
    rows = [{k: coded[k][i] for k in coded.keys()} | {"labels": i} for i in range(2)]
    together, (alone,) = (
        Heads(models(tiny_encoders["bert"], ["udpos", "mnli"])),
        models(tiny_encoders["bert"], ["mnli"]),
    )
    together.eval(), alone.eval()
    batch = pad_batch(rows, tokenizer)
    mixed, own = together(part=1, **batch).loss, alone(**batch).loss
    torch.testing.assert_close(mixed, own)
    mixed.backward(), own.backward()
    for a, b in zip(together.models[1].base_model.parameters(), alone.base_model.parameters(), strict=True):
        assert (a.grad is None) == (b.grad is None)
        if a.grad is not None:
            torch.testing.assert_close(a.grad, b.grad)
    assert all(p.grad is None for p in together.models[0].classifier.parameters())
    assert np.isfinite(mixed.item())


def test_an_interrupted_mixture_is_resumed(tiny_encoders, tmp_path):
    """The trainer reads its checkpoint of one encoder under several heads, and ends where a whole training does."""
    tokenizer = load_tokenizer(tiny_encoders["bert"])
    coded = tokenizer(["a fox", "the owl sat"], ["it is", "no"])
    rows = [{k: coded[k][i] for k in coded.keys()} | {"labels": i} for i in range(2)]

    def train(folder, stop_at=None, **options):
        asked = []

        def collate(batch):
            asked.append(batch)
            if len(asked) == stop_at:
                raise KeyboardInterrupt
            return {**pad_batch([rows[i] for i in batch], tokenizer), "part": 1}

        model = Heads(models(tiny_encoders["bert"], ["squad1", "mnli"]))
        fit(model, [[0, 1]] * 8, collate, folder, SETTINGS, seed=0, **options)
        return model, asked

    whole, asked = train(tmp_path / "whole")
    assert len(asked) == 8
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "cut", stop_at=6, save_seconds=0)
    resumed, asked = train(tmp_path / "cut")
    assert len(asked) < 8
    for name, weight in whole.state_dict().items():
        assert torch.equal(weight, resumed.state_dict()[name]), name
