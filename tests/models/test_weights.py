"""Checkpoints: what a training does not use is carried along, and one without the encoder's weights is refused."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel, AutoModelForMaskedLM, AutoModelForPreTraining

from tests.encoder_types import tiny_config, write
from xtl.base.errors import UserError
from xtl.models.encoders import load_encoder, load_model
from xtl.tasks.catalog import TASKS
from xtl.tasks.formats import format_of
from xtl.tasks.formats.heads import save_checkpoint
from xtl.training.mixing import Heads


def pretrained(kind, folder, auto_class=AutoModelForPreTraining):
    """A checkpoint of a whole pretraining model: encoder, pooler and the heads of its objectives."""
    write(kind, folder)
    torch.manual_seed(1)
    auto_class.from_config(tiny_config(kind)).save_pretrained(folder)
    return folder


def built(task, folder, seed=0):
    return format_of(TASKS[task]).build_model(folder, seed)


@pytest.mark.parametrize("task", ["squad1", "udpos", "mlm", "mnli"])
@pytest.mark.parametrize("kind", ["bert", "albert", "ernie", "rembert"])
def test_a_pooler_outlives_what_does_not_train_it(kind, task, tmp_path):
    before = load_encoder(write(kind, tmp_path / "source"))
    save_checkpoint(built(task, tmp_path / "source"), tmp_path / "saved")
    poolers = {name: weight for name, weight in before.state_dict().items() if "pooler" in name}
    saved, absent = load_model(AutoModel, tmp_path / "saved", before.config)
    assert len(poolers) == 2 and not absent
    for name, weight in poolers.items():
        assert torch.equal(saved.state_dict()[name], weight)


def test_a_pooler_reaches_the_next_phase(tmp_path):
    source = write("bert", tmp_path / "source")
    save_checkpoint(built("udpos", source), tmp_path / "saved")
    shutil.copy(source / "tokenizer.json", tmp_path / "saved")
    pair = built("xnli", tmp_path / "saved", seed=5)
    assert torch.equal(pair.bert.pooler.dense.weight, load_encoder(source).pooler.dense.weight)
    assert pair.origin.facts() == {"head": "BertForSequenceClassification", "drawn": ["classifier"]}


def test_heads_of_pretraining_and_their_renamed_layers_are_carried(tmp_path):
    folder = pretrained("bert", tmp_path / "source")
    weights = load_file(folder / "model.safetensors")
    old = {name.replace("LayerNorm.weight", "LayerNorm.gamma"): value for name, value in weights.items()}
    old["cls.predictions.decoder.weight"] = weights["bert.embeddings.word_embeddings.weight"].clone()  # a copy
    save_file(old, folder / "model.safetensors", metadata={"format": "pt"})
    model = built("udpos", folder)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(1.0)
    save_checkpoint(model, tmp_path / "saved")
    saved = load_file(tmp_path / "saved" / "model.safetensors")
    assert "cls.predictions.decoder.weight" not in saved  # tied to the table, which was trained
    norms = [name for name in saved if name.startswith("bert.encoder.layer.0.output.LayerNorm.")]
    assert len(norms) == 2  # by one name or the other
    again, absent = load_model(AutoModelForPreTraining, tmp_path / "saved", model.config)
    assert not absent
    first = AutoModelForPreTraining.from_pretrained(folder)
    for name in ("cls.predictions.transform.dense.weight", "cls.predictions.transform.LayerNorm.weight"):
        assert torch.equal(again.state_dict()[name], first.state_dict()[name])
    assert torch.equal(again.cls.seq_relationship.weight, first.cls.seq_relationship.weight)
    for name, weight in model.bert.state_dict().items():
        assert torch.equal(again.bert.state_dict()[name], weight), name


@pytest.mark.parametrize("task", ["mnli", "squad1", "udpos", "hellaswag"])
def test_layers_of_a_head_that_a_language_model_trained_are_its(task, tmp_path):
    folder = pretrained("modernbert", tmp_path / "source", AutoModelForMaskedLM)
    model = built(task, folder)
    first = AutoModelForMaskedLM.from_pretrained(folder)
    assert torch.equal(model.head.dense.weight, first.head.dense.weight)
    assert model.origin.facts()["drawn"] == ["classifier"]
    bare = built(task, write("modernbert", tmp_path / "bare"))
    assert bare.origin.facts()["drawn"] == ["classifier", "head.dense", "head.norm"]


def test_another_task_s_classifier_never_leaks(tmp_path):
    folder = write("roberta", tmp_path / "source")
    trained = built("mnli", folder)
    trained.save_pretrained(tmp_path / "trained")
    again = built("xnli", tmp_path / "trained", seed=1)
    assert not torch.equal(again.classifier.dense.weight, trained.classifier.dense.weight)
    assert torch.equal(built("xnli", folder, seed=1).classifier.dense.weight, again.classifier.dense.weight)


def test_a_decoder_is_carried_and_what_was_only_drawn_is_not_written(tmp_path):
    folder = write("mt5", tmp_path / "source")
    model = built("udpos", folder)
    assert not any(weight.requires_grad for weight in model.encoder.decoder.block.parameters())
    save_checkpoint(model, tmp_path / "saved")
    assert load_file(folder / "model.safetensors").keys() == load_file(tmp_path / "saved" / "model.safetensors").keys()
    # an encoder alone stays one
    weights = load_file(folder / "model.safetensors")
    alone = {name: value for name, value in weights.items() if not name.startswith("decoder.")}
    save_file(alone, folder / "model.safetensors", metadata={"format": "pt"})
    save_checkpoint(built("udpos", folder), tmp_path / "alone")
    assert load_file(tmp_path / "alone" / "model.safetensors").keys() == alone.keys()


def test_a_mixture_shares_encoder_pooler_and_pretrained_layers(tmp_path):
    folder = pretrained("modernbert", tmp_path / "source", AutoModelForMaskedLM)
    together = Heads([built(task, folder) for task in ("mnli", "udpos", "mlm")])
    pair, tags, language = together.models
    assert pair.head.dense.weight is tags.head.dense.weight is language.model.head.dense.weight
    assert pair.classifier.weight is not tags.classifier.weight
    gte = Heads([built(task, write("gte", tmp_path / "gte")) for task in ("squad1", "mnli")])
    span, pair = gte.models
    assert span.encoder.layers[0].mlp.down_proj.weight is pair.gte.layers[0].mlp.down_proj.weight
    gte.save_pretrained(tmp_path / "saved")
    assert any("pooler" in name for name in load_file(tmp_path / "saved" / "model.safetensors"))


DAMAGES = {
    "no tensors": lambda weights: {},
    "all names prefixed": lambda weights: {f"net.{name}": value for name, value in weights.items()},
    "one layer lacking": lambda weights: {name: value for name, value in weights.items() if "layer.1." not in name},
    "one tensor lacking": lambda weights: {n: v for n, v in weights.items() if n != "embeddings.LayerNorm.bias"},
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_a_checkpoint_without_the_encoder_s_weights_is_refused(damage, device, tmp_path):
    folder = write("bert", tmp_path)
    weights = DAMAGES[damage](load_file(folder / "model.safetensors"))
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    config = tiny_config("bert")
    with pytest.raises(UserError, match=r"its weights lack \d+ of the encoder's 37") as error:
        load_model(AutoModel, folder, config, device=device)
    assert len(str(error.value)) < 300 + len(str(folder))
    if device == "cpu":
        for task in ("mnli", "squad1", "mlm"):
            with pytest.raises(UserError, match="its weights lack"):
                built(task, folder)
        with pytest.raises(UserError, match="its weights lack"):
            load_encoder(folder)


def test_weights_of_another_shape_are_refused(tmp_path):
    folder = write("bert", tmp_path)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"intermediate_size": 48}))
    with pytest.raises(UserError, match=r"has the shape \(32, 16\) where config.json asks for \(48, 16\)"):
        load_encoder(folder)
    with pytest.raises(UserError, match="has the shape"):
        built("mnli", folder)


def test_a_pooler_may_be_absent_and_is_drawn_from_the_seed(tmp_path):
    folder = write("bert", tmp_path)
    weights = {n: v for n, v in load_file(folder / "model.safetensors").items() if "pooler" not in n}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    first, again, other = (built("mnli", folder, seed) for seed in (0, 0, 1))
    assert first.origin.facts()["drawn"] == ["bert.pooler.dense", "classifier"]
    assert torch.equal(first.bert.pooler.dense.weight, again.bert.pooler.dense.weight)
    assert not torch.equal(first.bert.pooler.dense.weight, other.bert.pooler.dense.weight)


def test_sharded_and_pytorch_checkpoints_are_carried_too(tmp_path):
    source = load_encoder(write("bert", tmp_path / "source"))
    source.save_pretrained(tmp_path / "sharded", max_shard_size="10KB")
    assert (tmp_path / "sharded" / "model.safetensors.index.json").is_file()
    (tmp_path / "old").mkdir()
    shutil.copy(tmp_path / "source" / "config.json", tmp_path / "old")
    torch.save(source.state_dict(), tmp_path / "old" / "pytorch_model.bin")
    for form in ("sharded", "old"):
        save_checkpoint(built("udpos", tmp_path / form), tmp_path / f"{form}-saved")
        saved = load_encoder(tmp_path / f"{form}-saved")
        assert torch.equal(saved.pooler.dense.weight, source.pooler.dense.weight)


def test_an_encoder_of_many_languages_reads_english_by_default(tmp_path):
    folder = write("xmod", tmp_path)
    assert built("mnli", folder).config.default_language == "en_XX"
    assert load_encoder(folder).config.default_language == "en_XX"
