"""What a plan will cost: run times taken from the recorded durations of runs of the same size."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from statistics import median

from xtl.base.errors import UserError
from xtl.grid.blocks import NEUTRAL
from xtl.grid.plan import Plan
from xtl.runs.record import RunRecord, read_record
from xtl.runs.run import Run

Keys = list[tuple]
# Parameters that change what a run finds and not for how long it looks.
IDLE = {
    "seed", "learning_rate", "warmup", "weight_decay", "inputs", "architecture", "recipe", "layer", "pooling", "prefix",
    "sampler", "temperature",
}  # fmt: skip
SIZES = ("layers", "hidden", "inner", "length", "checkpoint")  # of the encoder that a run starts from


def keys(
    phase: str, params: Mapping, architecture: str | None, encoder: Mapping | None = None, longer: Mapping | None = None
) -> Keys:
    """What two runs must share for their durations to be compared, closest resemblance first.

    Always the tasks, languages, steps and sizes of the run, and the size of the encoder that it starts from (encoder:
    the parameters of that one's pretraining): nobody knows how time grows with them on another machine. longer: the
    parameters of the run by whose steps this one is longer.
    """
    own, longer = (_felt(given or {}) for given in (params, longer))
    base = {name: (encoder or {}).get(name) for name in SIZES}
    size = json.dumps([own, base, longer], sort_keys=True)
    return [(phase, architecture, size), (phase, size)]


def _felt(params: Mapping) -> dict:
    """The parameters by which a run takes longer or shorter; keys that came later count where they are not neutral."""
    return {k: v for k, v in params.items() if k not in IDLE and NEUTRAL.get(k, ...) != v}


def recorded(root: Path) -> dict[tuple, list[float]]:
    """Seconds of every finished run below outputs/runs, under each of its keys."""
    records: dict[str, RunRecord] = {}
    for path in root.glob("*/*/run.json"):
        with suppress(OSError, UserError):  # a folder that nobody can read has no duration to tell
            record = read_record(path)
            if record:
                records[record.id] = record
    first = {record.id: (record.params, record.upstream) for record in records.values()}
    durations: dict[tuple, list[float]] = {}
    for record in records.values():
        if record.done and record.seconds:
            for key in keys(record.phase, record.params, record.labels.architecture, *_before(record.id, first)):
                durations.setdefault(key, []).append(record.seconds)
    return durations


def estimates(plan: Plan, known: Mapping[tuple, list[float]]) -> dict[str, float | None]:
    """Run id -> median seconds of the closest recorded runs; None where none of its size was ever run."""
    first = {run.id: (run.params, run.upstream) for run in plan.runs.values()}
    return {run.id: _median(run, first, known) for run in plan.runs.values()}


def wall_clock(plan: Plan, todo: list[Run], seconds: Mapping[str, float | None], workers: int) -> tuple[float, int]:
    """Seconds that `todo` takes on `workers` workers, and how many of the runs have no estimate (and count nothing).

    seconds: `estimates` of the plan. The larger of the work shared evenly and the longest chain of dependent runs.
    """
    seconds = {run.id: seconds[run.id] for run in todo}
    chains: dict[str, float] = {}
    for run in plan.runs.values():  # in dependency order
        before = max((chains.get(i, 0.0) for i in run.upstream.values()), default=0.0)
        chains[run.id] = before + (seconds.get(run.id) or 0.0)
    work = sum(s or 0.0 for s in seconds.values())
    return max(work / max(1, workers), max(chains.values(), default=0.0)), sum(s is None for s in seconds.values())


def _median(run: Run, first: Mapping, known: Mapping[tuple, list[float]]) -> float | None:
    for key in keys(run.phase, run.params, run.labels.architecture, *_before(run.id, first)):
        if key in known:
            return median(known[key])
    return None


def _before(id_: str, runs: Mapping[str, tuple[Mapping, Mapping]]) -> tuple[Mapping, Mapping]:
    """Parameters of the first run that a run's checkpoint descends from, and of the one by whose steps it is longer.

    runs: id -> its parameters and upstream.
    """
    params, upstream = runs[id_]
    longer, _ = runs.get(upstream.get("longer_by"), ({}, {}))
    while upstream.get("checkpoint") in runs:
        params, upstream = runs[upstream["checkpoint"]]
    return params, longer
