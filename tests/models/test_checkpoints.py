"""Checkpoints: identities that follow content and not place, readable errors."""

import shutil

import pytest

from xtl.base.errors import UserError
from xtl.models import checkpoints


def test_an_identity_follows_the_content_and_not_the_path(tiny_encoders, tmp_path):
    copy = shutil.copytree(tiny_encoders["bert"], tmp_path / "copy")
    assert checkpoints.identity(str(copy)) == checkpoints.identity(str(tiny_encoders["bert"]))
    config = copy / "config.json"
    config.write_text(config.read_text().replace('"hidden_act": "gelu"', '"hidden_act": "relu"'))
    assert checkpoints.identity(str(copy)) != checkpoints.identity(str(tiny_encoders["bert"]))


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
    assert checkpoints.architecture_of("some/model") == "bert"
