"""Embeddings by hand, at every layer and by every pooling."""

import numpy as np
import pytest
import torch

from xtl.base.errors import UserError
from xtl.models.embeddings import embed, recipe_layer
from xtl.models.encoders import load_encoder, load_tokenizer


def test_the_recipe_s_layer_is_14_24_of_the_depth():
    assert [recipe_layer(n) for n in (1, 3, 6, 12, 24)] == [1, 2, 4, 7, 14]
    assert recipe_layer(12, 0) == 0
    with pytest.raises(UserError, match="0 .embeddings. to 3, not 4"):
        recipe_layer(3, 4)


@pytest.mark.parametrize("architecture", ["bert", "roberta", "xlnet"])
def test_embeddings_equal_a_sentence_at_a_time_by_hand(tiny_encoders, architecture):
    folder = tiny_encoders[architecture]
    model, tokenizer = load_encoder(folder), load_tokenizer(folder)
    sentences = ["abc de", "f", "some longer words here"]
    together = embed(model, tokenizer, sentences, batch_tokens=40)
    assert together.shape == (3, 3, 3, 16) and together.dtype == np.float32
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
    some = embed(model, tokenizer, sentences, batch_tokens=40, layers=[2])
    np.testing.assert_allclose(some[0], together[2], atol=1e-6)


def test_equal_sentences_are_read_once(tiny_encoders, monkeypatch):
    model, tokenizer = load_encoder(tiny_encoders["bert"]), load_tokenizer(tiny_encoders["bert"])
    different = embed(model, tokenizer, ["abc de", "f", "some longer words"], batch_tokens=20)
    read = []
    forward = model.forward
    monkeypatch.setattr(model, "forward", lambda **inputs: read.append(len(inputs["input_ids"])) or forward(**inputs))
    repeated = embed(model, tokenizer, ["f", "abc de", "f", "some longer words", "f", "abc de"], batch_tokens=20)
    assert sum(read) == 3
    np.testing.assert_array_equal(repeated, different[:, :, [1, 0, 1, 2, 1, 0]])


def test_embedding_an_empty_sentence_and_a_prefix(tiny_encoders):
    model, tokenizer = (f(tiny_encoders["bert"]) for f in (load_encoder, load_tokenizer))
    assert np.isfinite(embed(model, tokenizer, ["", "a"])).all()
    with_prefix = embed(model, tokenizer, ["b"], prefix="a ")
    np.testing.assert_allclose(with_prefix, embed(model, tokenizer, ["a b"]), atol=1e-6)
