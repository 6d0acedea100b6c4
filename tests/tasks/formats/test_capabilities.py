"""What encoders can do: tried once a kind, noted by content, refused where the weights are not the encoder's."""

import importlib.util
import json
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from tests.encoder_types import write
from xtl.base.errors import UserError
from xtl.tasks.formats import trial
from xtl.tasks.formats.capabilities import Capability, capability
from xtl.tasks.formats.trial import tried

ROOT = Path(__file__).resolve().parents[3]
HEADS = ("classification", "choice", "tagging", "span")


@pytest.fixture
def ability(tmp_path):
    """Function: type -> what a tiny encoder of it can do."""
    return lambda kind: tried(str(write(kind, tmp_path / kind)))


def test_heads_of_the_library_and_of_ours(ability):
    bert = ability("bert")
    assert bert.heads == dict.fromkeys([*HEADS, "mlm"], "transformers") | {"retrieval": "", "mining": ""}
    assert (bert.refusals, bert.longest, bert.segments, bert.layers) == ({}, 80, True, 2)
    assert bert.pooler == "its own pooler" and not bert.feels_padding
    gte = ability("gte")
    owners = [gte.heads[name] for name in HEADS]
    assert owners == ["transformers", "xtl", "transformers", "xtl"]
    assert gte.pooler == "no pooler" and "heads of ours read the first token" in gte.describe()


def test_an_encoder_before_a_decoder_stands_alone(ability):
    mt5 = ability("mt5")
    assert {mt5.heads[name] for name in HEADS} == {"xtl"}
    assert mt5.refusals == {"mlm": "transformers has no model of it that predicts hidden tokens"}
    assert mt5.longest is None and min(mt5.weights) > 0


def test_padding_is_felt(ability):
    funnel = ability("funnel")
    assert funnel.feels_padding and "padding changes hidden states" in funnel.describe()
    assert set(funnel.refusals) == {"retrieval", "mining"}


def test_what_cannot_be_trained_on_any_length_says_so(ability):
    reformer = ability("reformer")
    assert set(reformer.refusals) == {*HEADS, "mlm", "retrieval", "mining"}
    assert "sequence length 67 has to be a multiple" in reformer.refusals["tagging"]


def test_what_reads_tables_says_so(ability):
    with pytest.raises(UserError, match="the model type 'tapas' reads tables, .*no plain text; take another one"):
        ability("tapas")


def test_positions_limit_what_gpt2_reads(ability):
    assert ability("gpt2").longest == 80


def test_modules_of_a_language_are_named(ability):
    assert "every language by its modules for en_XX" in ability("xmod").describe()


def test_memory_is_four_bytes_a_weight_and_sixteen_in_training():
    large = Capability("bert", {}, {}, None, False, 2, weights=(278_000_000, 0))
    assert large.describe().endswith("278.0 M weights: 1.1 GB, in training 4.4 GB and the batch")
    both = Capability("mt5", {}, {}, None, False, 2, weights=(1_000_000, 500_000))
    # 4 x 1.5 million bytes, and 16 x 1 million + 4 x 0.5 million
    assert both.describe().endswith("0.5 M of a decoder that is kept: 6.0 MB, in training 18.0 MB and the batch")


def test_a_note_is_read_instead_of_a_second_trial(tmp_path, monkeypatch):
    folder = str(write("bert", tmp_path / "bert"))
    first = capability(folder, None, {"sha256": "1"}, tmp_path / "notes")
    monkeypatch.setattr(trial, "tried", None)
    assert capability(folder, None, {"sha256": "1"}, tmp_path / "notes") == first
    [note] = (tmp_path / "notes").glob("*.json")
    monkeypatch.undo()
    note.write_text("{")
    assert capability(folder, None, {"sha256": "1"}, tmp_path / "notes") == first


def test_weights_that_are_not_the_encoder_s_are_refused_without_reading_them(tmp_path):
    folder = write("bert", tmp_path)
    weights = load_file(folder / "model.safetensors")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"intermediate_size": 48}))
    with pytest.raises(UserError, match=r"has the shape \(32, 16\) where config.json asks for \(48, 16\)"):
        tried(str(folder))
    (folder / "config.json").write_text(json.dumps(config))
    without = {name: weight for name, weight in weights.items() if "layer.1." not in name}
    save_file(without, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(UserError, match="its weights lack 16 of the encoder's 37"):
        tried(str(folder))
    no_pooler = {name: weight for name, weight in weights.items() if "pooler" not in name}
    save_file(no_pooler, folder / "model.safetensors", metadata={"format": "pt"})
    assert tried(str(folder)).pooler == "a pooler drawn from the seed"


@pytest.mark.slow
def test_the_page_says_what_every_type_can_do():
    spec = importlib.util.spec_from_file_location("encoder_table", ROOT / "tools" / "encoder_table.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    page = tool.PAGE.read_text(encoding="utf-8")
    assert tool.filled(page) == page, "run: .venv/bin/python tools/encoder_table.py"
    assert len(tool.CONFIGS) >= 30
