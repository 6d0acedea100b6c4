"""Settings of the laboratory: bad ones are readable errors."""

import pytest

from xtl.base.errors import UserError
from xtl.lab.world.config import LabConfig


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"seeds": 1}, "no setting `seeds`; known are languages"),
        ({"languages": 13}, "must be 12 or 24"),
        ({"train": "many"}, "whole number"),
    ],
)
def test_bad_settings_are_readable_errors(settings, message):
    with pytest.raises(UserError, match=message):
        LabConfig.from_dict({"kind": "lab", **settings})
