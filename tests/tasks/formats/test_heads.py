"""Loading checkpoints: PyTorch files alone are read, and never by unrestricted unpickling."""

import pickle
import shutil

import pytest
import torch

from xtl.base.errors import UserError
from xtl.models.encoders import load_encoder
from xtl.tasks.formats import heads


@pytest.fixture
def only_pytorch(tiny_encoders, tmp_path):
    """A checkpoint as xlnet-base-cased has it: weights in pytorch_model.bin and nothing else."""
    from safetensors.torch import load_file

    folder = shutil.copytree(tiny_encoders["xlnet"], tmp_path / "old")
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    return folder


def test_a_pytorch_file_gives_the_same_weights(only_pytorch, tiny_encoders):
    old, new = load_encoder(only_pytorch), load_encoder(tiny_encoders["xlnet"])
    for a, b in zip(old.parameters(), new.parameters(), strict=True):
        assert torch.equal(a, b)


class Payload:
    """What a malicious checkpoint would run when it is unpickled without restriction."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_malicious_file_runs_nothing_and_is_an_error(only_pytorch, tmp_path, wrapped):
    from transformers import AutoModelForSequenceClassification

    trace = tmp_path / "executed"
    content = {"word_embedding.weight": Payload(trace)}
    if wrapped:
        torch.save(content, only_pytorch / "pytorch_model.bin")
    else:
        (only_pytorch / "pytorch_model.bin").write_bytes(pickle.dumps(content))
    with pytest.raises(UserError, match="cannot be loaded"):
        heads.build(AutoModelForSequenceClassification, only_pytorch, seed=0)
    with pytest.raises(UserError, match="cannot be loaded"):
        load_encoder(only_pytorch)
    assert not trace.exists()


def test_custom_code_is_never_run(tiny_encoders, tmp_path):
    import json

    from xtl.grid.blocks import Encoder
    from xtl.grid.gpu_hours import size_of
    from xtl.models.encoders import load_tokenizer

    folder = shutil.copytree(tiny_encoders["bert"], tmp_path / "custom")
    trace = tmp_path / "executed"
    (folder / "c.py").write_text(f"open({str(trace)!r}, 'w')\nclass C: pass\n")
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "zzz", "auto_map": {"AutoConfig": "c.C", "AutoModel": "c.C"}}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(UserError, match="cannot be loaded"):
        load_encoder(folder)
    assert size_of(Encoder(checkpoint=str(folder))) is None and not trace.exists()
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(UserError, match="cannot be loaded"):
        load_tokenizer(folder)


def test_a_cut_safetensors_file_is_said(tiny_encoders, tmp_path):
    folder = shutil.copytree(tiny_encoders["bert"], tmp_path / "cut")
    (folder / "model.safetensors").write_bytes(b"")
    with pytest.raises(UserError, match="cannot be loaded"):
        load_encoder(folder)
