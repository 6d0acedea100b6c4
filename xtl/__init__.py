"""xtl: zero-shot cross-lingual transfer experiments, from one grid file to one report."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xtl.explore import OpenGrid
    from xtl.runs.store import Store

__all__ = ["open"]
__version__ = "0.1.0"

# nbformat imports jsonschema, which compiles a grammar of international URIs where it finds this package (JupyterLab
# brings it): two seconds in every process, for a format that no notebook has. None makes it not to be found.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # None is what import takes for "not found"

# tqdm's, when the data library is imported in a notebook without widgets: meant for whoever installs it.
warnings.filterwarnings("ignore", message="IProgress not found")


def open(
    grid: str | Path, overrides: Sequence[str] = (), store: Store | None = None, base: str | Path = ""
) -> OpenGrid:
    """Open a grid, finished or not: its scores, gains and runs as tables, its questions, its figures.

    Args:
        grid: the grid file; a relative path is looked up from here, then from the repository.
        overrides: settings as after --set on the command line.
        store: where the runs lie; default the outputs folder.
        base: the folder from which the grid's relative places count; default this one.

    Reads only, and computes each table and each answer once, when it is asked for.

    >>> results = xtl.open("params/smoke.yaml")
    >>> results.name
    'smoke'
    """
    from xtl.explore import open_grid  # here: pandas and torch take seconds that `import xtl` need not wait for

    return open_grid(grid, overrides, store, base)
