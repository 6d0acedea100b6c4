"""A key of `training` says itself which runs read it, and since when it is part of their identity."""

import pytest

from xtl.grid.blocks import NEUTRAL, ReadBy, Training, keys_read_by

READERS = {"training", "target", "target training", "span", "retrieval", "mining"}


@pytest.mark.parametrize("name", Training.model_fields)
def test_every_key_names_its_readers(name):
    marks = [mark for mark in Training.model_fields[name].metadata if isinstance(mark, ReadBy)]
    assert len(marks) == 1
    assert set(marks[0].readers) <= READERS


def test_a_key_is_read_by_those_that_it_names():
    assert keys_read_by("span") == ["stride"]
    assert keys_read_by("mining") == ["max_length", "layer", "pooling", "prefix"]
    assert "label_smoothing" in keys_read_by("training")


@pytest.mark.parametrize("name", NEUTRAL)
def test_a_key_that_came_later_is_neutral_at_its_default(name):
    """shot_steps counts only where there are shots; a run without them carries None."""
    default = Training.model_fields[name].default
    assert NEUTRAL[name] == (None if name == "shot_steps" else default)
