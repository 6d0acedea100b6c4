"""What the tests of plans share."""

import pytest

from xtl.grid.experiment import load
from xtl.grid.plan import make


@pytest.fixture
def planned(tmp_path, request):
    """Function: settings -> plan of the test file's GRID with them."""

    def plan(*settings):
        (tmp_path / "grid.yaml").write_text(request.module.GRID)
        return make(load(tmp_path / "grid.yaml", settings))

    return plan
