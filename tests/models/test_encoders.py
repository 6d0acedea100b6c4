"""Encoders: identities that follow content and not place, readable errors, embeddings by hand."""

import shutil

import numpy as np
import pytest
import torch

from xtl.base.errors import UserError
from xtl.base.files import file_digest
from xtl.models import checkpoints, encoders


def test_an_identity_follows_the_content_and_not_the_path(tiny_encoders, tmp_path):
    copy = shutil.copytree(tiny_encoders["bert"], tmp_path / "copy")
    assert checkpoints.identity(str(copy)) == checkpoints.identity(str(tiny_encoders["bert"]))
    config = copy / "config.json"
    config.write_text(config.read_text().replace('"hidden_act": "gelu"', '"hidden_act": "relu"'))
    assert checkpoints.identity(str(copy)) != checkpoints.identity(str(tiny_encoders["bert"]))


def test_digests_are_remembered_until_a_file_changes(tmp_path):
    path, cache = tmp_path / "a.json", tmp_path / "cache"
    path.write_text("one")
    first = file_digest(path, cache)
    assert [p.read_text() for p in cache.iterdir()] == [first]
    assert file_digest(path, cache) == first
    path.write_text("three")
    assert file_digest(path, cache) != first


@pytest.mark.parametrize(
    "lacking, said",
    [("model.safetensors", "no weights"), ("config.json", "no config.json"), ("tokenizer*", "tokenizer")],
)
def test_a_folder_that_is_no_encoder(tiny_encoders, tmp_path, lacking, said):
    copy = shutil.copytree(tiny_encoders["bert"], tmp_path / "copy")
    for path in copy.glob(lacking):
        path.unlink()
    with pytest.raises(UserError, match=said):
        checkpoints.identity(str(copy))


def test_an_absent_encoder_is_one_sentence(tmp_path, monkeypatch):
    with pytest.raises(UserError, match="no such folder"):
        checkpoints.identity(str(tmp_path / "nowhere"))
    monkeypatch.setenv("XTL_MIRROR", str(tmp_path))
    with pytest.raises(UserError, match="nor in the mirror"):
        checkpoints.identity("some/model")


def test_a_mirrored_model_is_found_under_models(tiny_encoders, tmp_path, monkeypatch):
    shutil.copytree(tiny_encoders["bert"], tmp_path / "models" / "some" / "model")
    monkeypatch.setenv("XTL_MIRROR", str(tmp_path))
    assert checkpoints.identity("some/model") == checkpoints.identity(str(tiny_encoders["bert"]))
    assert encoders.architecture_of("some/model") == "bert"


def test_the_recipe_s_layer_is_14_24_of_the_depth():
    assert [encoders.recipe_layer(n) for n in (1, 3, 6, 12, 24)] == [1, 2, 4, 7, 14]
    assert encoders.recipe_layer(12, 0) == 0
    with pytest.raises(UserError, match="0 .embeddings. to 3, not 4"):
        encoders.recipe_layer(3, 4)


@pytest.mark.parametrize("architecture", ["bert", "roberta", "xlnet"])
def test_embeddings_equal_a_sentence_at_a_time_by_hand(tiny_encoders, architecture):
    folder = tiny_encoders[architecture]
    model, tokenizer = encoders.load_encoder(folder), encoders.load_tokenizer(folder)
    sentences = ["abc de", "f", "some longer words here"]
    together = encoders.embed(model, tokenizer, sentences, batch_tokens=40)
    assert together.shape == (3, 4, 3, 16) and together.dtype == np.float32
    for number, sentence in enumerate(sentences):
        coded = tokenizer(sentence, return_tensors="pt")
        with torch.inference_mode():
            states = torch.stack(model(**coded, output_hidden_states=True).hidden_states)[:, 0].numpy()
        special = np.array(
            tokenizer.get_special_tokens_mask(coded["input_ids"][0], already_has_special_tokens=True), bool
        )
        cls = -1 if architecture == "xlnet" else 0
        np.testing.assert_allclose(together[:, 0, number], states[:, ~special].mean(1), atol=2e-5)
        np.testing.assert_allclose(together[:, 1, number], states[:, cls], atol=2e-5)
        np.testing.assert_allclose(together[:, 2, number], states.mean(1), atol=2e-5)
    some = encoders.embed(model, tokenizer, sentences, batch_tokens=40, layers=[2])
    np.testing.assert_allclose(some[0], together[2], atol=1e-6)


@pytest.mark.parametrize("architecture", ["bert", "xlnet"])
def test_the_variant_with_padding_averages_over_every_position(tiny_encoders, architecture):
    folder = tiny_encoders[architecture]
    model, tokenizer = encoders.load_encoder(folder), encoders.load_tokenizer(folder)
    sentences = ["abc de", "f", "some longer words here"]
    padded = encoders.POOLINGS.index("mean_padded")
    together = encoders.embed(model, tokenizer, sentences, batch_tokens=1000)[:, padded]  # one batch, longest first
    coded = tokenizer([sentences[i] for i in (2, 0, 1)], return_tensors="pt", padding=True)
    with torch.inference_mode():
        states = torch.stack(model(**coded, output_hidden_states=True).hidden_states).numpy()
    np.testing.assert_allclose(together[:, [2, 0, 1]], states.mean(2), atol=1e-5)
    alone = encoders.embed(model, tokenizer, sentences[2:], batch_tokens=1000)
    np.testing.assert_allclose(alone[:, padded], alone[:, padded - 1], atol=1e-6)  # nothing is padded


def test_embedding_an_empty_sentence_and_a_prefix(tiny_encoders):
    model, tokenizer = (f(tiny_encoders["bert"]) for f in (encoders.load_encoder, encoders.load_tokenizer))
    assert np.isfinite(encoders.embed(model, tokenizer, ["", "a"])).all()
    with_prefix = encoders.embed(model, tokenizer, ["b"], prefix="a ")
    np.testing.assert_allclose(with_prefix, encoders.embed(model, tokenizer, ["a b"]), atol=1e-6)


def test_coverage_by_hand(tiny_encoders):
    class Words:
        unk_token_id = 0

        def __call__(self, sentences, add_special_tokens):
            known = {"a": [1], "fox": [2, 3]}
            return {"input_ids": [[i for w in s.split() for i in known.get(w, [0])] for s in sentences]}

    # pieces 1 | 2 3 | 0 and 1: one of five is unknown, five pieces for four words
    assert encoders.coverage(Words(), ["a fox owl", "a"]) == {"unknown": 0.2, "fertility": 1.25}
    assert encoders.coverage(Words(), []) == {"unknown": 0.0, "fertility": 0.0}


def test_byte_level_tokenizers_read_words_as_in_a_text():
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    inner.train_from_iterator(["the fox saw the fox"] * 9, trainers.BpeTrainer(vocab_size=300, show_progress=False))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner)
    glued = tokenizer([["the", "fox"]], is_split_into_words=True)["input_ids"][0]
    with encoders.spaced_words(tokenizer):
        apart = tokenizer([["the", "fox"]], is_split_into_words=True)["input_ids"][0]
    assert apart == tokenizer(" the fox")["input_ids"] != glued
    assert tokenizer([["the", "fox"]], is_split_into_words=True)["input_ids"][0] == glued  # as it was
