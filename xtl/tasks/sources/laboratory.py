"""The laboratory as a source of examples: everything is generated, and every translation is exact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from xtl.base.errors import UserError
from xtl.lab.world import made_languages
from xtl.lab.world.config import LabConfig
from xtl.languages.made import MadeLanguages
from xtl.tasks.catalog import HubTable, Task
from xtl.tasks.sources import columns
from xtl.tasks.sources.rows import Rows
from xtl.tasks.sources.source import DataSource, Origin, named

# What decides the tasks' examples, and what decides the pretraining corpora.
TASK_SETTINGS = ("languages", "train", "test", "seed")
CORPUS_SETTINGS = ("languages", "sentences", "seed")


@dataclass(frozen=True)
class LabSource(DataSource):
    """The laboratory with its settings."""

    config: LabConfig = LabConfig()
    left_out: dict[str, int] = field(default_factory=dict, init=False, compare=False, repr=False)

    kind = "lab"
    made = True
    parallel = True
    rows = "error"

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any]) -> LabSource:
        """The source that parameters name; settings that lack have their defaults, unknown ones are a UserError."""
        return cls(LabConfig.from_dict({key: value for key, value in parameters.items() if key != "folders"}))

    def parameters(self) -> dict[str, Any]:
        """The settings that decide the examples of tasks."""
        return self._settings(TASK_SETTINGS)

    def describe(self) -> str:
        """The laboratory with all its settings."""
        return "the laboratory, " + ", ".join(f"{key} {value}" for key, value in asdict(self.config).items())

    @property
    def linguistics(self) -> MadeLanguages:
        """The made languages."""
        return MadeLanguages(self.config)

    @property
    def tasks(self) -> LabConfig:
        """The settings that the tasks are generated from: how large the pretraining corpora are does not matter."""
        return replace(self.config, sentences=LabConfig.sentences)

    @property
    def corpora(self) -> LabConfig:
        """The settings that the pretraining corpora are generated from: how large the tasks are does not matter."""
        return replace(self.config, train=LabConfig.train, test=LabConfig.test)

    def languages(self, task: str | Task) -> list[str]:
        """Every language; for retrieval every one but English, since retrieval is to English."""
        codes = list(made_languages.languages(self.config))
        return [code for code in codes if code != "en"] if named(task).format in ("retrieval", "mining") else codes

    def listed(self, task: str | Task) -> list[str]:
        """The same: nothing lacks."""
        return self.languages(task)

    def own_splits(self, task: str | Task) -> set[str]:
        """All, but for a training set where the task trains on another's."""
        from xtl.lab.tasks import datasets  # here, so that real data does not load the generator

        task = named(task)
        held = set(datasets.splits(task.name))
        return held if task.trains_on in (task.name, None) else held - {"train"}

    def resolved(self, task: str | Task) -> Task:
        """The labels of supertags are those of the English training data."""
        from xtl.lab.tasks import datasets

        task = named(task)
        if task.format != "tagging" or task.labels:
            return task
        rows = datasets.dataset(self.tasks, task.name, "en", "train")["tags"]
        return replace(task, labels=(*sorted({tag for tags in rows for tag in tags}), columns.UNSEEN))

    def training_task(self, task: str | Task, origin: Origin) -> Task:
        """The task itself, whose translation is exact in every language."""
        if origin.translator:
            raise UserError("sources: the laboratory translates exactly by itself; leave translator out.")
        return named(task)

    def pretraining(self, corpus: str, documents: int | None, pieces: int | None) -> tuple[dict, dict[str, str]]:
        """The settings that decide the corpora; the arguments are about plain text of the Hub."""
        return self._settings(CORPUS_SETTINGS), {"corpus": self.corpora.digest()}

    def _settings(self, names: tuple[str, ...]) -> dict[str, Any]:
        return {"kind": self.kind, **{name: getattr(self.config, name) for name in names}}

    def _rows(self, task: Task, split: str, language: str) -> list[Rows]:
        """They have the columns of the Hub, or where that has none, ours."""
        from xtl.lab.tasks import datasets

        examples = datasets.dataset(self.tasks, task.name, language, split)
        canonical = {name: name for name in columns.CANONICAL[task.format]}
        form = task.hub or HubTable("", "", {}, canonical, optional=("id",))
        table = examples.with_format("arrow")[:]
        origin = f"the laboratory's {task.name}, {split} in {language}"
        return [columns.canonical(table, examples.features, form, task, language, origin)]

    def _check(self, task: Task, split: str, language: str) -> None:
        """Nothing lacks."""

    def _digest(self, task: Task, split: str, language: str) -> str:
        """The digest of the settings, with the laboratory's version."""
        return f"lab:{self.tasks.digest()}"
