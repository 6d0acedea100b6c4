"""How long the runs of a plan will take, from the recorded durations of runs of the same size."""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

from xtl.base.errors import UserError
from xtl.grid.blocks import NEUTRAL
from xtl.grid.plan import Plan
from xtl.runs.record import RunRecord, read_record
from xtl.runs.run import Run

# Parameters that change what a run finds and not for how long it looks.
IDLE = {
    "seed", "learning_rate", "warmup", "weight_decay", "inputs", "architecture", "recipe", "layer", "pooling", "prefix",
    "sampler", "temperature",
}  # fmt: skip
SIZES = ("layers", "hidden", "inner", "length", "checkpoint")  # of the encoder that a run starts from

Runs = Mapping[str, Run] | Mapping[str, RunRecord]
Durations = Mapping[tuple[str, ...], list[float]]  # what runs have in common -> the seconds that they took


def recorded(root: Path) -> Durations:
    """Seconds of every finished run below outputs/runs, under both of its keys (see `_keys`)."""
    records: dict[str, RunRecord] = {}
    for path in root.glob("*/*/run.json"):
        with suppress(OSError, UserError):  # a folder that nobody can read has no duration to tell
            if record := read_record(path):
                records[record.id] = record
    durations: dict[tuple[str, ...], list[float]] = {}
    for record in records.values():
        if record.done and record.seconds:
            for key in _keys(record, records):
                durations.setdefault(key, []).append(record.seconds)
    return durations


def estimates(plan: Plan, durations: Durations) -> dict[str, float | None]:
    """Run id -> median seconds of the closest recorded runs; None where none of its size was ever run."""
    seconds: dict[str, float | None] = {}
    for run in plan.runs.values():
        alike = [durations[key] for key in _keys(run, plan.runs) if key in durations]
        seconds[run.id] = median(alike[0]) if alike else None
    return seconds


def wall_clock(plan: Plan, todo: list[Run], seconds: Mapping[str, float | None], workers: int) -> tuple[float, int]:
    """Seconds that `todo` takes on `workers` workers, and how many of the runs have no estimate (and count nothing).

    seconds: `estimates` of the plan. The larger of the work shared evenly and the longest chain of dependent runs.
    """
    ids = {run.id for run in todo}
    unknown = [run for run in todo if seconds[run.id] is None]
    work = {run_id: seconds[run_id] or 0.0 for run_id in ids}
    ends: dict[str, float] = {}
    for run in plan.runs.values():  # in dependency order
        start = max((ends.get(run_id, 0.0) for run_id in run.upstream.values()), default=0.0)
        ends[run.id] = start + work.get(run.id, 0.0)
    shared = sum(work.values()) / max(1, workers)
    return max(shared, *ends.values(), 0.0), len(unknown)


def _keys(run: Run | RunRecord, runs: Runs) -> list[tuple[str, ...]]:
    """What two runs must share for their durations to be compared, closest resemblance first.

    Always the phase, the tasks, languages, steps and sizes of the run, of the encoder at the beginning of its chain,
    and of the run by whose steps it is longer: nobody knows how time grows with them on another machine. At best the
    architecture, too.
    """
    first = run
    while first.upstream.get("checkpoint") in runs:
        first = runs[first.upstream["checkpoint"]]
    encoder = {name: first.params.get(name) for name in SIZES}
    longer_by = runs.get(run.upstream.get("longer_by", ""))
    size = [_felt(run.params), encoder, _felt(longer_by.params) if longer_by else {}]
    text = json.dumps(size, sort_keys=True)
    return [(run.phase, text, run.labels.architecture), (run.phase, text)]


def _felt(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters by which a run takes longer or shorter; keys that came later count where they are not neutral."""
    return {name: value for name, value in params.items() if name not in IDLE and NEUTRAL.get(name, ...) != value}
