"""A key of `training` says itself which runs read it, and since when it is part of their identity."""

import pytest

from xtl.base.errors import UserError
from xtl.base.validation import one_sentence
from xtl.grid.blocks import NEUTRAL, Encoder, ReadBy, Training, keys_read_by

READERS = {"training", "target", "target training", "span", "retrieval", "mining"}


@pytest.mark.parametrize("name", Training.model_fields)
def test_every_key_names_its_readers(name):
    marks = [mark for mark in Training.model_fields[name].metadata if isinstance(mark, ReadBy)]
    assert len(marks) == 1
    assert set(marks[0].readers) <= READERS


def test_a_key_is_read_by_those_that_it_names():
    assert keys_read_by("span") == ["stride", "step"]
    assert keys_read_by("mining") == ["max_length", "layer", "pooling", "prefix"]
    assert "label_smoothing" in keys_read_by("training")


@pytest.mark.parametrize("name", NEUTRAL)
def test_a_key_that_came_later_is_neutral_at_its_default(name):
    """shot_steps counts only where there are shots; a run without them carries None."""
    default = Training.model_fields[name].default
    assert NEUTRAL[name] == (None if name == "shot_steps" else default)


def test_windows_begin_by_a_stride_or_by_a_step():
    assert (Training().stride, Training().step) == (64, None)
    by_step = Training(step=128)
    assert (by_step.stride, by_step.step) == (None, 128)
    by_stride = by_step.changed({"stride": 32})
    assert (by_stride.stride, by_stride.step) == (32, None)
    assert by_stride.changed({"step": 8, "max_length": 99}) == Training(step=8, max_length=99)
    assert by_step.changed({"step": None}) == Training() and by_step.changed({"epochs": 2}).step == 128
    for values, message in (({"stride": 64, "step": 128}, "set one of them"), ({"stride": None}, "needs a number")):
        with pytest.raises(UserError, match=message), one_sentence("grid.yaml"):
            Training(**values)
    encoder = Encoder(checkpoint="x", training={"stride": 8, "epochs": 2, "tasks": {"squad1": {"step": 128}}})
    assert encoder.training_of("squad1") == {"epochs": 2, "step": 128}
    assert encoder.training_of("xquad") == {"epochs": 2, "stride": 8}
