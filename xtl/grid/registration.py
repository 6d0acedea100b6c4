"""When the hypotheses of a grid were written: a record that `xtl run` appends to before anything executes."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock
from pydantic import Field, ValidationError

from xtl.base.files import make_folder, read_json, write_json
from xtl.base.validation import Strict
from xtl.grid.plan import Plan
from xtl.grid.schema import Experiment
from xtl.runs.record import State
from xtl.runs.store import Store

FILE = "hypotheses.json"  # in the grid's folder of the outputs
UNKNOWN = "When they were written is not recorded"


class Version(Strict):
    """The hypotheses as they were when a run of the grid began, and how many of its target runs were done then."""

    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    time: datetime
    done: int = Field(ge=0)
    runs: int = Field(ge=0)
    fixed: dict[str, Any]


class Record(Strict):
    """Every version that a run of the grid began with, the oldest first; versions are added, never changed."""

    versions: list[Version] = Field(min_length=1)


def canonical(experiment: Experiment) -> dict[str, Any]:
    """What the file fixes before a run, whatever the order of hypotheses and targets and however it is written."""
    keys = {"hypotheses", "equivalence"}
    fixed = experiment.model_dump(mode="json", include=keys, exclude_defaults=True)
    for hypothesis in fixed.get("hypotheses", ()):
        if hypothesis.get("targets"):
            hypothesis["targets"] = sorted(hypothesis["targets"])
    if "hypotheses" in fixed:
        fixed["hypotheses"] = sorted(fixed["hypotheses"], key=_text)
    return fixed


def digest(experiment: Experiment) -> str:
    """SHA-256 of the canonical form, 64 hex digits."""
    return hashlib.sha256(_text(canonical(experiment)).encode()).hexdigest()


def register(plan: Plan, store: Store) -> None:
    """Append the hypotheses to the grid's record if they are not those of its last version.

    Only target runs count as done: the others have no score that a hypothesis could be fitted to. A grid without
    hypotheses is recorded, too, so that later ones are dated. A damaged record is kept under another name.
    """
    folder = store.root / plan.experiment.name
    make_folder(folder)
    path = folder / FILE
    with FileLock(folder / f".{FILE}.lock", fallback_to_soft=False):
        versions = _read(path)
        if versions is None:
            if path.exists():
                path.rename(_free(path))
            versions = []
        current = digest(plan.experiment)
        if versions and versions[-1].sha256 == current:
            return
        targets = [run for run in plan.runs.values() if run.phase == "target"]
        done = sum(store.state(run) is State.DONE for run in targets)
        version = Version(
            sha256=current,
            time=datetime.now(UTC).replace(microsecond=0),
            done=done,
            runs=len(targets),
            fixed=canonical(plan.experiment),
        )
        write_json(path, Record(versions=[*versions, version]).model_dump(mode="json"))


def dated(experiment: Experiment, folder: Path) -> str:
    """When the hypotheses were written, in a sentence; folder: the grid's in the outputs. Never an error."""
    path = folder / FILE
    versions = _read(path)
    if versions is None:
        return f"{UNKNOWN}: the record {folder.name}/{FILE} cannot be read." if path.exists() else f"{UNKNOWN}."
    current = digest(experiment)
    same = [version for version in versions if version.sha256 == current]
    if not same:
        return f"{UNKNOWN}: they are not those of the last `xtl run`."
    first = same[0]  # a version that was left and taken up again was written when it was first recorded
    day = f"{first.time:%Y-%m-%d}"
    runs = f"{first.done} of {first.runs} target runs were done"
    if first.done == 0 and first is versions[0]:
        text = f"Fixed before the first target run was done ({day})"
    elif first.done == 0:  # runs of an earlier version may have been of another plan
        text = f"Written when none of {first.runs} target runs was done ({day})"
    elif first is versions[0]:
        text = f"{UNKNOWN}: {runs} when `xtl run` first saw them ({day})"
    else:
        text = f"Written after {runs} ({day})"
    others = {version.sha256 for version in versions} - {current}
    if others:
        text += f"; other versions of the hypotheses in {FILE}: {len(others)}"
    return f"{text}."


def _read(path: Path) -> Sequence[Version] | None:
    """The versions of a record; None where there is none, or one that cannot be read."""
    try:
        return Record.model_validate(read_json(path)).versions
    except (ValidationError, OSError):
        return None


def _free(path: Path) -> Path:
    """A name beside `path` that nothing has yet."""
    number = 1
    while path.with_suffix(f".damaged-{number}.json").exists():
        number += 1
    return path.with_suffix(f".damaged-{number}.json")


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
