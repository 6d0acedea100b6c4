"""Translation: Apertium from English to Spanish where it is installed, a MarianMT model made on the spot, the cache."""

import json
import shutil

import pytest

from xtl.base.errors import UserError
from xtl.tasks.sources import translation as translate

ENGLISH = ["The dog sleeps in the house.", "", "The dog sleeps in the house.", "A cat eats."]


@pytest.fixture(scope="session")
def marian(tmp_path_factory):
    """An untrained MarianMT model over a vocabulary of a few sentences: its words are noise, its ways are real."""
    import sentencepiece
    from transformers import MarianConfig, MarianMTModel, MarianTokenizer, set_seed

    folder = tmp_path_factory.mktemp("opus-mt-en-xx")
    text = folder / "text.txt"
    text.write_text("the dog sleeps in the house\na cat eats the fish\nbirds fly over the old town\n" * 20)
    for side in ("source", "target"):
        sentencepiece.SentencePieceTrainer.train(
            input=str(text),
            model_prefix=str(folder / side),
            vocab_size=40,
            minloglevel=2,
            hard_vocab_limit=False,
        )
        (folder / f"{side}.model").rename(folder / f"{side}.spm")
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "source.spm"))
    names = ["</s>", "<unk>", *(pieces.id_to_piece(i) for i in range(3, len(pieces))), "<pad>"]
    (folder / "vocab.json").write_text(json.dumps({name: i for i, name in enumerate(names)}))
    tokenizer = MarianTokenizer(
        str(folder / "source.spm"), str(folder / "target.spm"), str(folder / "vocab.json"), source_lang="en"
    )
    pad = names.index("<pad>")
    set_seed(0)
    config = MarianConfig(
        vocab_size=len(names), d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=16, decoder_ffn_dim=16, max_position_embeddings=64,
        pad_token_id=pad, eos_token_id=0, decoder_start_token_id=pad, forced_eos_token_id=0, max_length=12,
    )  # fmt: skip
    out = tmp_path_factory.mktemp("marian")
    MarianMTModel(config).save_pretrained(out)
    tokenizer.save_pretrained(out)
    return out


@pytest.mark.skipif(not shutil.which("apertium"), reason="apertium is not installed")
def test_apertium_from_english_to_spanish(outputs):
    found = translate.texts(ENGLISH, "apertium", "es")
    assert found[1] == "" and found[0] == found[2] and "casa" in found[0] and "gato" in found[3]
    assert found[0].endswith(".") and found[3].endswith(".")
    with pytest.raises(UserError, match="no pair eng-fin; installed from English: eng-spa"):
        translate.texts(ENGLISH, "apertium", "fi")
    with pytest.raises(UserError, match="no language 'qaa'"):
        translate.identity("apertium", "qaa")


def test_apertium_that_is_not_there_is_one_sentence(outputs, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserError, match="apt install apertium"):
        translate.identity("apertium", "es")


def test_a_marian_checkpoint_translates_each_set_once(marian, outputs, monkeypatch):
    found = translate.texts(ENGLISH, str(marian), "de")
    assert found[1] == "" and found[0] == found[2] != ENGLISH[0]
    assert translate.identity(str(marian), "de").startswith("marian:")
    monkeypatch.setattr(translate, "_marian", None)  # what is asked again is read, not translated
    assert translate.texts(ENGLISH, str(marian), "de") == found
    assert len(list((outputs / "cache" / "translations").glob("*.parquet"))) == 1


def test_a_checkpoint_that_cannot_be_had(outputs, monkeypatch, tmp_path):
    monkeypatch.setenv("XTL_MIRROR", str(tmp_path))
    with pytest.raises(UserError, match="Helsinki-NLP/opus-mt-en-de"):
        translate.texts(ENGLISH, "Helsinki-NLP/opus-mt-en-de", "de")
