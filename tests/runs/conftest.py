"""What tests of runs share: a folder of notebooks and an empty store."""

import pytest

from tests.runs.steps import PARAMETERS, STEP, write_notebook
from xtl.runs.store import Store


@pytest.fixture
def notebooks(tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for name in ("0_pretrain", "1_intermediate", "2_target"):
        write_notebook(folder / f"{name}.ipynb", PARAMETERS, STEP)
    return folder


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "outputs")
