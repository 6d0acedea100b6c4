"""What trials of training settings gave on English development data, and which of them is taken."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from xtl.base.errors import UserError
from xtl.base.files import write_json


@dataclass(frozen=True)
class Trial:
    """A training with some settings and its score on English development data.

    Attributes:
        settings: the keys of `training` that trials may choose, with their values.
        points: the mean over its tasks' scores; None for a training that diverged.
    """

    settings: dict[str, float]
    points: float | None

    def write(self, path: Path) -> None:
        """Keep it where the runs that choose find it."""
        write_json(path, asdict(self))

    @classmethod
    def read(cls, path: Path) -> "Trial":
        """What `write` kept. Raises UserError where it cannot be read."""
        try:
            return cls(**json.loads(path.read_text("utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise UserError(
                f"{path} holds no trial ({error}); remove its folder, and the trial is made again."
            ) from None


def best(trials: Sequence[Trial]) -> int | None:
    """The place of the trial with the highest score, the first of equals; None where all diverged.

    >>> best([Trial({"learning_rate": 1e-5}, 61.0), Trial({"learning_rate": 3e-5}, 61.0), Trial({}, None)])
    0
    """
    scored = [number for number, trial in enumerate(trials) if trial.points is not None]
    return max(scored, key=lambda number: (trials[number].points, -number), default=None)


def chosen(paths: Sequence[str], tune: Mapping[str, Any]) -> dict[str, float]:
    """The values of the best trial, of the keys that `tune` tries. Raises UserError where every trial diverged.

    paths: of the trials, in the order of the grid's combinations.
    """
    trials = [Trial.read(Path(path)) for path in paths]
    number = best(trials)
    if number is None:
        raise UserError(f"all {len(trials)} trials of this training diverged; add smaller learning rates to `tune`.")
    return {name: trials[number].settings[name] for name in tune if name != "on"}


def edges(values: Mapping[str, float], tune: Mapping[str, Any]) -> dict[str, str]:
    """The keys whose chosen value is the smallest or the largest of those that were tried: which of them.

    >>> edges({"learning_rate": 3e-5, "epochs": 3}, {"learning_rate": [1e-5, 3e-5], "epochs": [2, 3, 5]})
    {'learning_rate': 'largest'}
    """
    ends = {}
    for name, value in values.items():
        if value == min(tune[name]):
            ends[name] = "smallest"
        elif value == max(tune[name]):
            ends[name] = "largest"
    return ends
