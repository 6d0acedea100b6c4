"""Where things lie: the repository, the folder of results, caches in it, and the local mirror."""

from __future__ import annotations

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def outputs_root() -> Path:
    """The folder of all results: $XTL_OUTPUTS, else outputs/ in the repository."""
    return Path(os.environ.get("XTL_OUTPUTS") or REPOSITORY / "outputs").expanduser().absolute()


def cache_folder(name: str) -> Path:
    """The folder of one kind of cache below the results, such as `digests`; it may not exist yet."""
    return outputs_root() / "cache" / name


def mirror_root() -> Path | None:
    """The local mirror that $XTL_MIRROR names; None where it names none."""
    given = os.environ.get("XTL_MIRROR")
    return Path(given).expanduser() if given else None
