"""Tokenizers of checkpoints: every kind, without padding, of another encoder; the longest input of every encoder."""

import pytest
import torch
from transformers import AutoConfig, AutoModel, BertConfig, ByT5Tokenizer, PreTrainedTokenizerFast, RobertaConfig

from tests.tokenizer_kinds import KINDS, tokenizer_of
from xtl.base.errors import UserError
from xtl.models.encoders import load_tokenizer
from xtl.models.tokenizers import longest_input

SMALL = {
    "vocab_size": 99, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16,
    "max_position_embeddings": 40, "pad_token_id": 1,
}  # fmt: skip
ENCODERS = {
    "bert": {}, "albert": {"embedding_size": 8}, "electra": {"embedding_size": 8},
    "rembert": {"input_embedding_size": 8},
    "distilbert": {"dim": 8, "n_layers": 1, "n_heads": 2, "hidden_dim": 16}, "roformer": {"embedding_size": 8},
    "convbert": {"embedding_size": 8, "head_ratio": 1}, "megatron-bert": {}, "ernie": {}, "fnet": {},
    "xlm": {"n_words": 99, "emb_dim": 8, "n_layers": 1, "n_heads": 2}, "mra": {}, "nystromformer": {},
    "roberta": {}, "xlm-roberta": {}, "xlm-roberta-xl": {}, "camembert": {}, "data2vec-text": {}, "mpnet": {},
    "xmod": {"languages": ["en_XX"], "default_language": "en_XX"}, "roberta-prelayernorm": {}, "ibert": {},
    "esm": {"position_embedding_type": "absolute"},
    "deberta-v2": {"position_biased_input": True},
}  # fmt: skip
WITH_A_ROW_FOR_PADDING = {
    "roberta", "xlm-roberta", "xlm-roberta-xl", "camembert", "data2vec-text", "mpnet", "xmod", "roberta-prelayernorm",
    "ibert", "esm",
}  # fmt: skip


@pytest.mark.parametrize("model_type", ENCODERS)
def test_the_longest_input_is_what_the_encoder_reads_and_no_token_more(model_type):
    config = AutoConfig.for_model(model_type, **{**SMALL, **ENCODERS[model_type]})
    longest = longest_input(config)
    assert longest == (38 if model_type in WITH_A_ROW_FOR_PADDING else 40)
    model = AutoModel.from_config(config).eval()
    with torch.inference_mode():
        assert len(model(torch.full((1, longest), 5)).last_hidden_state[0]) == longest
        if model_type not in ("mra", "nystromformer"):  # their tables have two rows more than they say
            with pytest.raises((IndexError, RuntimeError)):
                model(torch.full((1, longest + 1), 5))


def test_relative_positions_have_no_limit():
    sizes = {"vocab_size": 99, "d_model": 8, "n_layer": 1, "n_head": 2, "d_inner": 16}
    assert longest_input(AutoConfig.for_model("xlnet", **sizes)) is None
    assert longest_input(AutoConfig.for_model("mt5", d_model=8, num_layers=1, num_heads=2, d_kv=4, d_ff=16)) is None
    relative = AutoConfig.for_model("deberta-v2", **SMALL, position_biased_input=False, relative_attention=True)
    assert longest_input(relative) is None
    with torch.inference_mode():
        assert len(AutoModel.from_config(relative)(torch.full((1, 99), 5)).last_hidden_state[0]) == 99


def test_rotary_positions_end_where_the_training_did():
    for model_type in ("modernbert", "eurobert", "nomic_bert", "gte"):
        assert longest_input(AutoConfig.for_model(model_type, **SMALL)) == 40


def folder_of(tmp_path, tokenizer, config):
    tokenizer.save_pretrained(tmp_path)
    config.save_pretrained(tmp_path)
    return tmp_path


def small(kind, **changes):
    return BertConfig(**{**SMALL, "vocab_size": len(tokenizer_of(kind)), **changes})


def test_the_encoder_limits_a_tokenizer_that_knows_no_limit(tmp_path):
    tokenizer = tokenizer_of("Gemma")
    assert tokenizer.model_max_length > 10**9
    config = RobertaConfig(**{**SMALL, "vocab_size": len(tokenizer)})
    assert load_tokenizer(folder_of(tmp_path, tokenizer, config)).model_max_length == 38
    assert load_tokenizer(folder_of(tmp_path, tokenizer, small("Gemma"))).model_max_length == 40


def test_the_shorter_limit_counts(tmp_path):
    folder = folder_of(tmp_path, tokenizer_of("Gemma"), small("Gemma"))
    tokenizer = load_tokenizer(folder)
    tokenizer.model_max_length = 30
    tokenizer.save_pretrained(folder)
    assert load_tokenizer(folder).model_max_length == 30


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_reads_the_same_from_a_folder(kind, tmp_path):
    tokenizer = tokenizer_of(kind)
    loaded = load_tokenizer(folder_of(tmp_path, tokenizer, small(kind)))
    assert loaded.is_fast == (kind != "ByT5")
    assert loaded("the cats", "im Garten")["input_ids"] == tokenizer("the cats", "im Garten")["input_ids"]


def test_padding_is_there_where_a_tokenizer_has_none(tmp_path):
    inner = tokenizer_of("Llama 3 without CLS").backend_tokenizer
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="</s>")
    loaded = load_tokenizer(folder_of(tmp_path, tokenizer, small("Llama 3 without CLS")))
    assert loaded.pad_token == "</s>"
    padded = loaded(["the cats are running", "the"], padding=True)
    assert padded["attention_mask"][1] == [1, 1, 0, 0, 0]


def test_a_padding_token_that_the_encoder_does_not_know_is_replaced(tmp_path):
    inner = tokenizer_of("Gemma").backend_tokenizer
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="</s>", pad_token="<new>")
    loaded = load_tokenizer(folder_of(tmp_path, tokenizer, small("Gemma")))
    assert loaded.pad_token == "</s>"


def test_a_tokenizer_of_another_encoder_is_refused(tmp_path):
    folder = folder_of(tmp_path, tokenizer_of("ByteLevel"), small("ByteLevel", vocab_size=50))
    with pytest.raises(UserError, match=r"writes \w+ as number \d+ where the encoder has 50 embeddings"):
        load_tokenizer(folder)


def test_a_tokenizer_whose_files_are_not_there_is_one_sentence(tmp_path):
    BertConfig(**SMALL).save_pretrained(tmp_path)
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "M2M100Tokenizer"}')
    (tmp_path / "sentencepiece.bpe.model").write_bytes(b"")
    with pytest.raises(UserError, match="cannot be (read|loaded)"):
        load_tokenizer(tmp_path)


def test_a_tokenizer_in_python_reads_pads_and_is_quiet(tmp_path, capfd):
    loaded = load_tokenizer(folder_of(tmp_path, ByT5Tokenizer(), small("ByT5")))
    capfd.readouterr()
    assert len(loaded("the cats", "the dogs", truncation="longest_first", max_length=9)["input_ids"]) == 9
    assert capfd.readouterr() == ("", "")
    assert (loaded.pad_token_id, loaded.eos_token_id, loaded.model_max_length) == (0, 1, 40)
    assert loaded("a")["input_ids"] == [ord("a") + 3, 1]
