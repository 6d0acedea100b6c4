"""What a plan will cost: run times taken from the recorded durations of runs that resemble its own."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median

from xtl.plan import Plan
from xtl.runs import Run, trained_on

Keys = list[tuple]


def keys(phase: str, params: dict, architecture: str | None) -> Keys:
    """What two runs must share for their durations to be compared, closest resemblance first."""
    task = "+".join(trained_on(params)) or "+".join(params.get("evaluate", {}))
    size = params.get("steps") or params.get("max_train_examples")
    return [(phase, architecture, task, size), (phase, architecture, task), (phase, task)]


def recorded(root: Path) -> dict[tuple, list[float]]:
    """Seconds of every finished run below outputs/runs, under each of its keys."""
    found: dict[tuple, list[float]] = {}
    for path in root.glob("*/*/run.json"):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if record.get("status") == "done" and record.get("seconds"):
            architecture = (record.get("labels") or {}).get("architecture")
            for key in keys(record["phase"], record["params"], architecture):
                found.setdefault(key, []).append(record["seconds"])
    return found


def estimate(run: Run, known: dict[tuple, list[float]]) -> float | None:
    """Median seconds of the closest recorded runs; None where nothing like it was ever run."""
    for key in keys(run.phase, run.params, run.labels.get("architecture")):
        if key in known:
            return median(known[key])
    return None


def wall_clock(plan: Plan, todo: list[Run], known: dict[tuple, list[float]], workers: int) -> tuple[float, int]:
    """Seconds that `todo` takes on `workers` workers, and how many of the runs have no estimate (and count nothing).

    The larger of the work shared evenly and the longest chain of dependent runs.
    """
    seconds = {run.id: estimate(run, known) for run in todo}
    chains: dict[str, float] = {}
    for run in plan.runs.values():  # in dependency order
        before = max((chains.get(i, 0.0) for i in run.upstream.values()), default=0.0)
        chains[run.id] = before + (seconds.get(run.id) or 0.0)
    work = sum(s or 0.0 for s in seconds.values())
    return max(work / max(1, workers), max(chains.values(), default=0.0)), sum(s is None for s in seconds.values())
