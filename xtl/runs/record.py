"""What is known of a run: its state, what the grid calls it, and what its run.json says."""

import json
from collections.abc import Mapping
from dataclasses import asdict, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass
from typing_extensions import TypedDict  # pydantic reads that of typing from Python 3.12 on

from xtl.base.errors import UserError
from xtl.base.validation import one_sentence

Json = dict[str, Any]
MOVE = "move its folder away to run it again."


class State(StrEnum):
    """The state of a run folder."""

    ABSENT = "absent"
    RUNNING = "running"
    INTERRUPTED = "interrupted"
    FAILED = "failed"
    DONE = "done"
    INCOMPLETE = "incomplete"
    DAMAGED = "damaged"

    @property
    def sentence(self) -> str:
        """What the state means."""
        return _SENTENCES[self]


_SENTENCES = {
    State.ABSENT: "It has not been started.",
    State.RUNNING: "A process is working on it now.",
    State.INTERRUPTED: "Its process ended before the run did; the same command goes on from here.",
    State.FAILED: "Its notebook raised an error; the same command tries it again.",
    State.DONE: "It has finished, and everything that it promised is there.",
    State.INCOMPLETE: "It had finished, but a file of it is gone; the same command makes it again.",
    State.DAMAGED: "It had finished, but a file of it is not what it left; its error says which.",
}


FINETUNING_SEED = "finetuning_seed"  # a label, and a column of cells, where a grid crosses seeds


def seeds_name(seed: int | None, finetuning_seed: int | None = None) -> str:
    """Both seeds as part of a name: that of fine-tuning only where it is another.

    >>> seeds_name(0, 0), seeds_name(0, 1)
    ('s0', 's0-f1')
    """
    return f"s{seed}" if finetuning_seed in (None, seed) else f"s{seed}-f{finetuning_seed}"


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Labels:
    """What a grid calls a run: names that its score rows carry although they do not decide the result.

    Attributes:
        encoder, architecture, intermediate: names; empty where they do not apply, as the intermediate of a pretraining.
        source, provenance: language of the target training data, and how the data came to be in it.
        seed: of the run; where a grid crosses seeds, that of the pretraining.
        finetuning_seed: of what comes after the pretraining, where a grid crosses seeds.
        seen: target -> languages besides the source's in which the intermediate training read the target's own
            training set.
    """

    encoder: str = ""
    architecture: str = ""
    intermediate: str = ""
    source: str = ""
    provenance: str = ""
    seed: int | None = None
    finetuning_seed: int | None = None
    seen: Mapping[str, list[str]] = field(default_factory=dict, hash=False)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Labels":
        """The labels that a notebook receives. Raises UserError for a name that is no label.

        >>> Labels.from_dict({"encoder": "bert", "seed": 0}).to_dict()
        {'encoder': 'bert', 'seed': 0}
        """
        with one_sentence("labels", cls):
            return cls(**values)

    @property
    def training_seed(self) -> int | None:
        """The seed of intermediate and target training."""
        return self.seed if self.finetuning_seed is None else self.finetuning_seed

    @property
    def seeds(self) -> str:
        """The seeds as part of a run's name."""
        return seeds_name(self.seed, self.finetuning_seed)

    def to_dict(self) -> Json:
        """The labels that are set, as JSON; the inverse of `from_dict`."""
        return {name: value for name, value in asdict(self).items() if value not in ("", None, {})}


if TYPE_CHECKING:
    Facts = Json
else:

    class Facts(TypedDict, total=False):
        """What a notebook records: of any name, and of these types where somebody reads it."""

        __pydantic_config__ = ConfigDict(extra="allow")

        architecture: str
        steps: int
        tokens_seen: int
        predicted_tokens: int
        parameters: int
        flops: float
        train_seconds: float
        heldout_loss: float
        losses: dict[str, list[int | float]]


@dataclass(frozen=True)
class StoredFile:
    """What a file of a run was when the run finished."""

    size: int  # bytes
    sha256: str


@dataclass(frozen=True)
class RunRecord:
    """What the plan and run.json know of a run. What run.json adds is None or empty for a run that is absent.

    Attributes:
        id, hash: the first 12 and all 64 hex digits of the identity.
        phase, slug: pretrain, intermediate, target or analysis, and the readable name.
        upstream: notebook parameter -> id of the run whose checkpoint it reads.
        params: what decides the result.
        folder: where the run lies, or would.
        error, traceback: one line, and the text, of a failed run.
        started, finished: times in ISO 8601, UTC. seconds: between them.
        device, versions, git, mirror: where and with what it ran, see xtl.base.machine and xtl.base.mirror_lock.
        facts: what the notebook recorded, such as tokens seen.
        files: path below the folder -> what the file was, of all that a finished run promises (xtl.runs.promises);
            empty in runs of before this was recorded.
    """

    id: str
    hash: str
    phase: str
    slug: str
    params: Json
    upstream: dict[str, str]
    labels: Labels
    state: State
    folder: Path
    error: str | None = None
    traceback: str | None = None
    started: str | None = None
    finished: str | None = None
    seconds: float | None = None
    device: Json = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    git: Json | None = None
    mirror: str | None = None
    facts: Facts = field(default_factory=dict)
    files: dict[str, StoredFile] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        """Whether the run has finished."""
        return self.state is State.DONE

    @property
    def unlearned(self) -> list[str]:
        """The tasks of its training that a finished run did not learn, see docs/numbers.md."""
        judged = self.facts.get("learning", []) if self.done else []
        return [row["task"] for row in judged if not row["learned"]]

    def to_json(self) -> Json:
        """The content of run.json."""
        values = asdict(self)
        del values["folder"]
        values["labels"] = self.labels.to_dict()
        # `status` is the state's place in the file
        return {("status" if name == "state" else name): value for name, value in values.items()}


def read_record(path: Path) -> RunRecord | None:
    """What a run.json says, or None where there is no such file; whether a `running` run still runs it cannot tell.

    Raises UserError where the file cannot be read, lacks a key, or holds a value of another type.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): {MOVE}") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is not readable JSON ({error}): {MOVE}") from error
    if not isinstance(content, dict):
        raise UserError(f"{path} holds no record of a run: {MOVE}")
    state = content.pop("status", None)
    for name in ("state", "folder"):
        content.pop(name, None)  # what the file itself does not say
    try:
        with one_sentence(f"{path} holds no record of a run", RunRecord):
            return RunRecord(**content, state=state, folder=path.parent)
    except UserError as error:
        raise UserError(f"{error} {MOVE.capitalize()}") from None
