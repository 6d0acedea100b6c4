"""Hypotheses in a grid file: the vocabulary, its short forms, and one sentence for every mistake."""

import pytest
import yaml

from xtl.base.errors import UserError
from xtl.grid.experiment import load

GRID = {
    "name": "small",
    "question": "Does it work?",
    "encoders": {"bert": {"pretrain": {"architecture": "bert"}}, "xlnet": {"pretrain": {"architecture": "xlnet"}}},
    "intermediates": {"mnli": ["mnli"], "qqp": ["qqp"]},
    "targets": ["xnli", "tatoeba"],
}


@pytest.fixture
def read(tmp_path):
    """Function: hypotheses -> those of the grid that has them."""

    def reader(*hypotheses):
        path = tmp_path / "grid.yaml"
        path.write_text(yaml.safe_dump({**GRID, "hypotheses": list(hypotheses)}))
        return load(path).hypotheses

    return reader


def test_short_forms(read):
    gain, pair, minus = read(
        {"name": "a", "effect": "gain", "contrast": "mnli"},
        {"name": "b", "effect": "encoder_difference", "contrast": "bert - xlnet", "direction": "two-sided"},
        {"name": "c", "effect": "intermediate_difference", "contrast": "mnli − qqp", "targets": ["xnli"]},
    )
    assert gain.contrast == ["mnli"] and gain.direction == "greater" and gain.targets is None
    assert pair.of("encoder") == ["bert", "xlnet"] and pair.of("intermediate") == []
    assert minus.of("intermediate") == ["mnli", "qqp"]
    assert read({"name": "a", "effect": "similarity"})[0].contrast is None


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"effect": "helps"}, ["effect", "'gain'", "'similarity_difference'", "'helps'"]),
        ({"effect": "encoder_difference", "contrast": "bert"}, ["at least the first 2", "given: bert"]),
        ({"effect": "encoder_difference"}, ["given: nothing"]),
        ({"effect": "encoder_difference", "contrast": ["bert", "bert"]}, ["compares 'bert' with itself"]),
        ({"contrast": ["mnli", "bert", "xnli"]}, ["names intermediate, encoder in this order"]),
        ({"contrast": "none"}, ["hypotheses.h: unknown intermediate 'none'", "over the baseline", "has mnli, qqp"]),
        ({"contrast": ["mnli", "mbert"]}, ["unknown encoder 'mbert'", "has bert, xlnet"]),
        ({"targets": ["udpos"]}, ["unknown target 'udpos'", "has xnli, tatoeba"]),
        ({"targets": []}, ["hypotheses.0.targets", "at least one"]),
        ({"targets": ["xnli", "xnli"]}, ["none twice"]),
        ({"direction": "up"}, ["direction", "'two-sided'", "'up'"]),
        ({"contrasts": "mnli"}, ["unknown key 'hypotheses.0.contrasts'", "known there: name, effect, contrast"]),
    ],
)
def test_mistakes_are_one_sentence(read, changes, said):
    with pytest.raises(UserError) as caught:
        read({"name": "h", "effect": "gain", **changes})
    text = str(caught.value)
    assert "\n" not in text and text.endswith(".")
    for part in said:
        assert part in text


def test_two_hypotheses_have_two_names(read):
    with pytest.raises(UserError, match="hypotheses.h: two hypotheses have this name"):
        read({"name": "h", "effect": "gain"}, {"name": "h", "effect": "similarity"})
