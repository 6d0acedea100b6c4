"""What the notebooks of the three phases are told, one typed record a phase, built from their parameters cells."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from pydantic import BaseModel, field_validator

from xtl.base.validation import STRICT, one_sentence
from xtl.grid.blocks import Part, Training, keys_read_by
from xtl.models.recipes import Pretraining
from xtl.tasks.catalog import get
from xtl.tasks.formats.format import Limits
from xtl.tasks.sources import DataSource, from_parameters
from xtl.tasks.sources.source import Origin
from xtl.training.tuning import chosen


@dataclass(frozen=True)
class TrainingSet:
    """Training data by name: a task, and the origin of its examples; None for its English ones."""

    task: str
    origin: Origin | None

    @property
    def name(self) -> str:
        """The task, with language and provenance where its data is not the English one.

        >>> TrainingSet("mnli", Origin("de", "machine")).name
        'mnli/de/machine'
        """
        if self.origin is None:
            return self.task
        return f"{self.task}/{self.origin.language}/{self.origin.provenance}"


class Settings(BaseModel):
    """What the notebook of one phase is told; `data` and what follows from it are read by xtl.tasks.sources."""

    model_config = STRICT

    data: dict[str, Any]
    seed: int

    @classmethod
    def from_parameters(cls, names: Mapping[str, Any]) -> Self:
        """The settings among a notebook's names, as `globals()` has them; None stands for a key's default.

        Raises UserError for a value that the grid file would refuse.
        """
        given = {field: names[field] for field in cls.model_fields if names.get(field) is not None}
        with one_sentence("parameters", cls):
            return cls(**given)

    def read_by_run(self) -> dict[str, Any]:
        """The parameters that this run reads, by name."""
        raise NotImplementedError


class PretrainSettings(Settings, Pretraining):
    """Parameters of 0_pretrain.ipynb."""

    def read_by_run(self) -> dict[str, Any]:
        return {**self.model_dump(), "recipe": self.full_recipe.model_dump()}


class FineTuningSettings(Settings, Training):
    """What intermediate and target training share: the keys of `training`, and the checkpoint that they start from.

    With `trials`, the keys that `tune` names have the values of the best of them.
    """

    checkpoint: str
    revision: str | None = None
    folders: dict[str, str] = {}
    tune: dict[str, Any] = {}
    trials: tuple[str, ...] = ()

    @classmethod
    def from_parameters(cls, names: Mapping[str, Any]) -> Self:
        choice = chosen(names["trials"], names["tune"]) if names.get("trials") else {}
        return super().from_parameters({**names, **choice})

    @property
    def tuned(self) -> dict[str, float]:
        """The values that trials chose."""
        return {name: getattr(self, name) for name in self.tune if name != "on"}

    @property
    def training_sets(self) -> tuple[TrainingSet, ...]:
        """What is trained on, each with a head of its own."""
        raise NotImplementedError

    @property
    def data_source(self) -> DataSource:
        """Where the examples come from."""
        return from_parameters(self.data, self.folders)

    @property
    def readers(self) -> tuple[str, ...]:
        """Which keys of `training` this run reads, see xtl.grid.blocks.ReadBy."""
        raise NotImplementedError

    def limits(self, task: str) -> Limits:
        """The limits of a task's inputs."""
        return Limits(self.max_length, self.stride, self.step)

    def read_by_run(self) -> dict[str, Any]:
        unread = {*Training.model_fields, "trials"} - set(keys_read_by(*self.readers))
        return self.model_dump(exclude=unread)


class IntermediateSettings(FineTuningSettings):
    """Parameters of 1_intermediate.ipynb."""

    tasks: tuple[Part, ...]
    sampler: Literal["uniform", "proportional", "temperature"] = "proportional"
    cap: int | None = None
    temperature: float = 2.0
    lengths: dict[str, Limits] = {}

    @field_validator("tasks", mode="before")
    @classmethod
    def names(cls, tasks: list) -> list:
        """A name is short for the task's English data."""
        return [{"task": task} if isinstance(task, str) else task for task in tasks]

    @property
    def training_sets(self) -> tuple[TrainingSet, ...]:
        return tuple(TrainingSet(part.task, part.origin()) for part in self.tasks)

    @property
    def readers(self) -> tuple[str, ...]:
        return ("training", *(get(part.task).format for part in self.tasks))

    def limits(self, task: str) -> Limits:
        return self.lengths.get(task, super().limits(task))

    def read_by_run(self) -> dict[str, Any]:
        values = super().read_by_run()
        mixing = {} if len(self.tasks) > 1 else {"sampler": None, "cap": None, "temperature": None, "lengths": None}
        return {**values, **mixing, "tasks": [training_set.name for training_set in self.training_sets]}


class TargetSettings(FineTuningSettings):
    """Parameters of 2_target.ipynb."""

    train_task: str = ""
    source: Origin | None = None
    evaluate: dict[str, list[str]]
    longer_by: str = ""

    @property
    def training_sets(self) -> tuple[TrainingSet, ...]:
        return (TrainingSet(self.train_task, self.source),)

    @property
    def readers(self) -> tuple[str, ...]:
        trains = ("training", "target training") if self.train_task else ()
        return ("target", *trains, *(get(target).format for target in self.evaluate))
