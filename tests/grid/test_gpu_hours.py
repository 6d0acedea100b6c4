"""GPU-hours from sizes, by hand."""

import pytest

from xtl.grid import gpu_hours
from xtl.grid.blocks import Encoder
from xtl.runs.record import Labels
from xtl.runs.run import make_run


def test_sizes_of_encoders_from_their_configuration(tiny_encoders):
    # two layers, width 16: 4 w^2 for attention and 2 w i for the feed-forward part, and the embeddings
    for name in ("bert", "roberta", "xlnet"):
        from transformers import AutoConfig

        config = AutoConfig.from_pretrained(tiny_encoders[name])
        inner = getattr(config, "intermediate_size", None) or config.d_inner
        expected = config.num_hidden_layers * (4 * 16**2 + 2 * 16 * inner)
        size = gpu_hours.size_of(Encoder(checkpoint=str(tiny_encoders[name])))
        assert size == gpu_hours.Size(expected, expected + 16 * config.vocab_size)
    assert gpu_hours.size_of(Encoder(checkpoint="nobody/nothing/here")) is None


def test_tokens_of_a_run_by_hand():
    params = {
        "train_task": "udpos", "epochs": 2, "max_steps": None, "batch_size": 10, "max_train_examples": 100,
        "max_length": 20, "evaluate": {"tatoeba": ["de", "fr"], "udpos": ["de"]}, "max_eval_examples": 50,
    }  # fmt: skip
    run = make_run("target", "a", params, {}, Labels())
    # 200 examples of at most 20 tokens; 50 x 2 languages x 2 sides x 20 of 25 tokens, and 50 x 20
    assert gpu_hours.tokens(run) == (4000, 5000)
    stopped = make_run("target", "a", {**params, "max_steps": 3}, {}, Labels())
    assert gpu_hours.tokens(stopped)[0] == 3 * 10 * 20


def test_gpu_hours():
    assert gpu_hours.Budget(gpu_hours.FLOPS * 7200, 0, 0).gpu_hours == pytest.approx(2)
