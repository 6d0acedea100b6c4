"""Tiny encoders of many kinds, untrained, and what they can do."""

from pathlib import Path

import torch
import yaml
from tokenizers.processors import TemplateProcessing
from transformers import AutoConfig, AutoModel, PretrainedConfig

from tests.tasks.conftest import VOCABULARY, make_tokenizer

CONFIGS = yaml.safe_load((Path(__file__).parent / "encoder_types.yaml").read_text())
DEFAULT = CONFIGS.pop("default")


def tiny_config(kind: str) -> PretrainedConfig:
    """Two layers of width 16 over the words of tests/tasks/conftest.py."""
    special = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3, "cls_token_id": 2, "sep_token_id": 3}
    values = {"vocab_size": len(VOCABULARY), **special, **DEFAULT, **CONFIGS[kind]}
    config = AutoConfig.for_model(kind, **{name: value for name, value in values.items() if value is not None})
    config.architectures = []  # of Funnel transformers has two bare models
    return config


def write(kind: str, folder: Path) -> Path:
    """An encoder of that kind with a tokenizer, as save_pretrained writes them."""
    torch.manual_seed(0)
    model = AutoModel.from_config(tiny_config(kind))
    with torch.no_grad():
        for weight in model.parameters():  # so far from zero that a difference shows
            weight.add_(torch.randn_like(weight) * 0.1)
    model.save_pretrained(folder)
    tokenizer = make_tokenizer("xlnet" if kind == "xlnet" else "bert")
    if kind == "longformer":  # looks for its two separators
        special = [("[CLS]", 2), ("[SEP]", 3)]
        pair = "[CLS] $A [SEP] [SEP] $B [SEP]"
        tokenizer.backend_tokenizer.post_processor = TemplateProcessing("[CLS] $A [SEP]", pair, special)
    tokenizer.save_pretrained(folder)
    return folder
