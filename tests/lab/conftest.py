"""A small laboratory that all its tests share, in a temporary folder."""

import pytest

from xtl.lab.world.config import LabConfig


@pytest.fixture(scope="session")
def small() -> LabConfig:
    return LabConfig(sentences=400, train=1500, test=150)


@pytest.fixture(scope="session", autouse=True)
def lab_outputs(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("outputs")
        patch.setenv("XTL_OUTPUTS", str(folder))
        yield folder
