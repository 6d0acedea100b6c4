"""What a grid reads and this machine has not: arms that are left out, and stand-ins for what a plan cannot ask for."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from xtl.base.errors import Absent, UserError
from xtl.base.places import mirror_root
from xtl.grid.schema import Experiment
from xtl.models import checkpoints
from xtl.tasks.catalog import TASKS, Task
from xtl.tasks.sources import DataSource, HubSource, folders

UNKNOWN = "unknown"  # in the identity of a run whose data or encoder nobody could ask for
SHOWN = 4  # names of what is not here, in an error
REASON = 80  # characters of the reason in it
Value = TypeVar("Value")


def or_else(question: Callable[[], Value], otherwise: Value, absent: dict[str, str]) -> Value:
    """The answer to a question, or something else where what it asks for is not here, which `absent` notes."""
    try:
        return question()
    except Absent as error:
        absent.setdefault(error.what, str(error))
        return otherwise


@dataclass(frozen=True)
class PlannedSource(HubSource):
    """The Hub, its mirror and folders, for a plan: what is not here is taken to be as the catalog says.

    Attributes:
        absent: name of what is not here -> why, filled while the plan asks.
    """

    absent: dict[str, str] = field(default_factory=dict)

    def or_else(self, question: Callable[[], Value], otherwise: Value) -> Value:
        """`or_else` with the notes of this source."""
        return or_else(question, otherwise, self.absent)

    def languages(self, task: str | Task) -> list[str]:
        """Those of HubSource, else all that the catalog lists."""
        return self.or_else(lambda: HubSource.languages(self, task), self.listed(task))

    def check(self, task: str | Task, split: str, language: str) -> None:
        """As HubSource."""
        self.or_else(lambda: HubSource.check(self, task, split, language), None)

    def digest(self, task: str | Task, split: str, language: str) -> str:
        """As HubSource, else UNKNOWN."""
        return self.or_else(lambda: HubSource.digest(self, task, split, language), UNKNOWN)

    def translator(self, name: str, language: str) -> str:
        """As HubSource, else UNKNOWN."""
        return self.or_else(lambda: HubSource.translator(self, name, language), UNKNOWN)


def planned(source: DataSource, absent: dict[str, str]) -> DataSource:
    """The same source for a plan, which notes in `absent` what is not here; the laboratory has everything."""
    if not isinstance(source, HubSource):
        return source
    return PlannedSource(source.revisions, source.folders, source.rows, absent=absent)


def asks_hub(experiment: Experiment) -> bool:
    """Whether a plan of the grid asks the Hub for anything."""
    if mirror_root():
        return False
    models = [encoder.checkpoint for encoder in experiment.encoders.values() if encoder.checkpoint]
    return experiment.data == "hub" or not all(map(checkpoints.is_folder, models))


def without_folders(experiment: Experiment) -> tuple[Experiment, list[str]]:
    """The grid without the arms and targets that read a folder which is not here, and a sentence for each folder.

    Raises UserError where no target is left.
    """
    lacking: dict[str, str] = {}
    for task in TASKS.values():
        if task.folder and experiment.data == "hub":
            try:
                folders.root(task, experiment.folders)
            except UserError as error:
                lacking[task.name] = str(error)
    arms = {}
    left_out: dict[str, list[str]] = {name: [name] for name in experiment.targets if name in lacking}
    for name, spec in experiment.intermediates.items():
        read = experiment.intermediates[spec.steps_of].tasks if spec.steps_of else spec.tasks
        reasons = [part.task for part in read if part.task in lacking]
        if reasons:
            left_out.setdefault(reasons[0], []).append(name)
        else:
            arms[name] = spec
    targets = tuple(name for name in experiment.targets if name not in lacking)
    notes = [f"{', '.join(names)}: {lacking[task]}" for task, names in left_out.items()]
    if not targets:
        raise UserError(f"targets: none is left without {notes[0]}")
    if not notes:
        return experiment, []
    languages = experiment.languages
    if isinstance(languages, dict):
        languages = {target: codes for target, codes in languages.items() if target in targets}
    changes = {"intermediates": arms, "targets": targets, "languages": languages}
    return experiment.model_copy(update=changes), notes


def missing(experiment: Experiment, absent: dict[str, str]) -> UserError:
    """The error of a grid that cannot run because of what is not here."""
    names = ", ".join(list(absent)[:SHOWN])
    more = f" and {len(absent) - SHOWN} more" if len(absent) > SHOWN else ""
    way = "`xtl fetch GRID --mirror DIR` gets what lacks, then set XTL_MIRROR=DIR"
    if mirror_root():
        way = "`xtl fetch GRID --mirror $XTL_MIRROR` gets what lacks"
    reason = next(iter(absent.values()))
    return UserError(
        f"{experiment.name}: {names}{more} not on this machine: where there is a network, {way} ({reason[:REASON]})."
    )
