"""Encoders built from scratch: tokenizer, configuration and first weights of each architecture."""

from __future__ import annotations

from typing import Any

import torch
from tokenizers import Tokenizer
from tokenizers.processors import TemplateProcessing
from torch import nn
from transformers import AutoConfig, AutoModel, PretrainedConfig, PreTrainedModel, PreTrainedTokenizerFast, set_seed

from xtl.models.recipes import Pretraining

# Where the special tokens of one segment and of two stand, with the segment that each counts to.
TEMPLATES = {
    "bert": ("[CLS]:0 $A:0 [SEP]:0", "[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1"),
    "roberta": ("[CLS]:0 $A:0 [SEP]:0", "[CLS]:0 $A:0 [SEP]:0 [SEP]:1 $B:1 [SEP]:1"),
    "xlnet": ("$A:0 [SEP]:0 [CLS]:2", "$A:0 [SEP]:0 $B:1 [SEP]:1 [CLS]:2"),
}


def scratch_tokenizer(settings: Pretraining, vocabulary: Tokenizer) -> PreTrainedTokenizerFast:
    """A shared sub-word vocabulary, with [PAD] [UNK] [CLS] [SEP] [MASK], dressed as an architecture's tokenizer.

    The ids of the special tokens are the shared vocabulary's, whatever the architecture's defaults are; only their
    places follow the architecture (TEMPLATES), and XLNet is padded on the left. Where the recipe has no segments,
    segment ids are never given, so that fine-tuning never uses an embedding that pretraining left untouched.
    """
    single, pair = TEMPLATES[settings.architecture]
    backend = Tokenizer.from_str(vocabulary.to_str())
    special = [(name, backend.token_to_id(name)) for name in ("[CLS]", "[SEP]")]
    backend.post_processor = TemplateProcessing(single=single, pair=pair, special_tokens=special)
    inputs = ["input_ids", "attention_mask"]
    if settings.full_recipe.segments:
        inputs.append("token_type_ids")
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        padding_side="left" if settings.architecture == "xlnet" else "right",
        model_max_length=settings.length,
        model_input_names=inputs,
    )


def scratch_config(settings: Pretraining, tokenizer: PreTrainedTokenizerFast) -> PretrainedConfig:
    """The configuration of an encoder of that size; special ids are the tokenizer's, dropout is off.

    With about one pass over the corpus there is nothing to regularise, and equal (absent) dropout keeps the
    architectures matched: XLNet applies it in other places than BERT does.
    """
    shared: dict[str, Any] = dict(
        vocab_size=len(tokenizer),
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.cls_token_id,
        eos_token_id=tokenizer.sep_token_id,
    )
    if settings.architecture == "xlnet":
        return AutoConfig.for_model(
            "xlnet",
            d_model=settings.hidden,
            n_layer=settings.layers,
            n_head=settings.heads,
            d_inner=settings.inner,
            ff_activation="gelu",
            dropout=0.0,
            summary_last_dropout=0.0,
            summary_type="last",
            use_mems_eval=False,
            use_mems_train=False,
            **shared,
        )
    positions = settings.length
    if settings.architecture == "roberta":  # counts them from the id of padding + 1
        positions += tokenizer.pad_token_id + 1
    return AutoConfig.for_model(
        settings.architecture,
        hidden_size=settings.hidden,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.heads,
        intermediate_size=settings.inner,
        max_position_embeddings=positions,
        type_vocab_size=2 if settings.full_recipe.segments else 1,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        classifier_dropout=0.0,
        **shared,
    )


def scratch_encoder(settings: Pretraining, tokenizer: PreTrainedTokenizerFast, seed: int) -> PreTrainedModel:
    """A new encoder with weights drawn from the seed."""
    set_seed(seed)
    encoder = AutoModel.from_config(scratch_config(settings, tokenizer))
    _start_positions_as_sinusoids(encoder)
    return encoder


def _start_positions_as_sinusoids(encoder: PreTrainedModel) -> None:
    """Let learned absolute positions start as sinusoids (Vaswani et al. 2017) with the standard deviation they had.

    XLNet's relative positions are sinusoids by construction. Starting the others from noise would make them spend a
    short pretraining on learning which positions are neighbours, and the comparison would be one of that handicap.
    """
    embeddings = getattr(encoder, "embeddings", None)
    table = getattr(embeddings, "position_embeddings", None)
    if table is None:
        return
    positions, width = table.weight.shape
    angles = torch.arange(positions)[:, None] * 10000.0 ** (-torch.arange(0, width, 2) / width)
    waves = torch.cat([torch.sin(angles), torch.cos(angles)], dim=1)[:, :width]
    with torch.no_grad():
        table.weight.copy_(waves * (table.weight.std() / waves.std()))


def parameter_counts(model: nn.Module) -> dict[str, int]:
    """How many parameters a model has: `parameters` in all, and `parameters_outside_embeddings`."""
    sizes = {id(parameter): parameter.numel() for parameter in model.parameters()}
    tables = [module for module in model.modules() if isinstance(module, nn.Embedding)]
    in_tables = {id(table.weight): table.weight.numel() for table in tables}
    total = sum(sizes.values())
    return {"parameters": total, "parameters_outside_embeddings": total - sum(in_tables.values())}
