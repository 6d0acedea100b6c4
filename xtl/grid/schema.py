"""The schema of a grid file: every key, its type, its default and what it must agree with."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from itertools import chain
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from xtl.base.validation import Strict
from xtl.grid.blocks import (
    Encoder,
    Intermediate,
    Part,
    Pretrain,
    Source,
    Training,
    Tune,
)
from xtl.grid.checks import check_keys, known_task, twice
from xtl.grid.reference import Reference
from xtl.grid.seeds import AnySeeds, every
from xtl.lab.world.config import LabConfig
from xtl.tasks.catalog import TASKS
from xtl.tasks.sources import DataSource, HubSource, LabSource

BASELINE = "none"
RESERVED = ("runs", "cache", "scratch")  # folders of outputs/ that are no grid's
NAME = r"[A-Za-z0-9][A-Za-z0-9._+-]*"  # of what becomes part of a folder's name


class Lab(Strict):
    """Size of the laboratory."""

    languages: Literal[12, 24] = Field(12, description="made languages beside English, in four or in six families")
    sentences: int = Field(10000, ge=200, description="pretraining sentences of a language of full corpus size")
    train: int = Field(12000, ge=100, description="training examples of a task")
    test: int = Field(300, ge=20, description="dev and test examples of a task, per language")
    seed: int = Field(0, description="of world, languages, corpora and tasks")


Role = Literal["encoder", "intermediate"]
Effect = Literal["gain", "intermediate_difference", "encoder_difference", "similarity", "similarity_difference"]
# Effect of a hypothesis -> what the names in `contrast` must stand for, in this order, and what may follow them; a role
# that no name stands for is all that the grid has of it.
CONTRASTS: dict[Effect, tuple[list[Role], list[Role]]] = {
    "gain": ([], ["intermediate", "encoder"]),
    "intermediate_difference": (["intermediate", "intermediate"], ["encoder"]),
    "encoder_difference": (["encoder", "encoder"], ["intermediate"]),
    "similarity": ([], ["intermediate", "encoder"]),
    "similarity_difference": (["encoder", "encoder"], ["intermediate"]),
}


def split_contrast(value: Any) -> Any:
    """The names of a contrast that is written as text, `A` or `A - B`; anything else as it is."""
    if isinstance(value, str):
        return [part.strip() for part in re.split(r"\s[-−]\s", value)]
    return value


class Hypothesis(Strict):
    """A confirmatory statement, fixed before the grid runs; xtl.analysis.questions.hypotheses tests it."""

    name: str = Field(min_length=1, description="what the report calls it")
    effect: Effect = Field(
        description="gain (points over the baseline), a difference of gains between two intermediates or two encoders, "
        "the rank correlation of gain with similarity over languages, or the difference of two encoders' slopes on it"
    )
    contrast: list[str] | None = Field(
        None,
        description="whose: the names that are compared (`A - B` for a pair), then those to which it is confined; "
        "intermediates before encoders; default: all of the grid",
    )
    direction: Literal["greater", "less", "two-sided"] = Field("greater", description="than zero")
    targets: list[str] | None = Field(None, description="the mean over these; default: every target of the grid")

    @field_validator("contrast", mode="before")
    @classmethod
    def short_contrast(cls, value: Any) -> Any:
        """`mnli` stands for `[mnli]`, and `bert - xlnet` for `[bert, xlnet]`."""
        return split_contrast(value)

    @field_validator("targets")
    @classmethod
    def some_targets(cls, value: list[str] | None) -> list[str] | None:
        """At least one target, each once."""
        if value is not None and (not value or twice(value)):
            raise ValueError("name at least one target and none twice, or leave the key out for all of the grid")
        return value

    @model_validator(mode="after")
    def complete(self) -> Self:
        """The contrast has the names that the effect asks for."""
        needed, _ = CONTRASTS[self.effect]
        names = self.contrast or []
        if not len(needed) <= len(names) <= len(self.roles()):
            least = f", at least the first {len(needed)}" if needed else ", or less"
            raise ValueError(
                f"the contrast of {self.effect} names {', '.join(self.roles())} in this order{least} (given: "
                f"{', '.join(names) or 'nothing'})"
            )
        if needed and names[0] == names[1]:
            raise ValueError(f"its contrast compares {names[0]!r} with itself")
        return self

    def roles(self) -> list[Role]:
        """What each name of the contrast stands for."""
        needed, possible = CONTRASTS[self.effect]
        return needed + possible

    def of(self, role: Role) -> list[str]:
        """The names of the contrast that stand for an `encoder` or an `intermediate`; empty where all are meant."""
        pairs = zip(self.roles(), self.contrast or [], strict=False)
        return [name for kind, name in pairs if kind == role]


class Claim(Strict):
    """A claim of others about results, set beside this grid; xtl.analysis.questions.claims judges it."""

    text: str = Field(min_length=1, description="what is claimed, in a sentence")
    source: str = Field(min_length=1, description="who claims it, and where")
    effect: Literal["gain", "best_gain", "intermediate_difference"] = Field(
        "gain",
        description="gain over the baseline, that of each target's best intermediate, or of one beyond another",
    )
    contrast: list[str] | None = Field(
        None, description="intermediates; `A - B` for a difference; default: every single English one"
    )
    targets: list[str] | None = Field(None, description="the mean over these; default: every target of the grid")
    reference: float = Field(0.0, description="the value that the claim states, in points")
    direction: Literal["greater", "less"] = Field("greater", description="at least the reference, or less than it")
    share: float | None = Field(None, gt=0, le=1, description="of the single English intermediates that must reach it")

    @field_validator("contrast", mode="before")
    @classmethod
    def short_contrast(cls, value: Any) -> Any:
        """`mnli` stands for `[mnli]`, and `mnli - ccg` for `[mnli, ccg]`."""
        return split_contrast(value)

    @model_validator(mode="after")
    def complete(self) -> Self:
        """A difference names two intermediates."""
        if self.effect == "intermediate_difference" and len(self.contrast or []) != 2:
            raise ValueError("an intermediate_difference names two intermediates, as `A - B`")
        return self


class Experiment(Strict):
    """A whole grid file, validated."""

    name: str = Field(pattern=f"^{NAME}$", max_length=100, description="names the report's folder in outputs/")
    question: str = Field(description="what the grid asks; it heads the report")
    data: Literal["lab", "hub"] = Field(
        "lab", description="the laboratory, or the ids of the Hub (a mirror comes first)"
    )
    lab: Lab = Field(Lab(), description="size of the laboratory, with `data: lab`")
    revisions: dict[str, str] = Field({}, description="Hub repository -> pinned revision")
    folders: dict[str, str] = Field({}, description="task -> folder of its files, for what is not on the Hub")
    rows: Literal["error", "skip"] = Field("error", description="damaged rows: refused, or left out and counted")
    seeds: AnySeeds = Field(
        (0,),
        description="a seed changes pretraining (where it happens here), fine-tuning and data order; a block varies "
        "pretraining and fine-tuning apart",
    )
    encoders: dict[str, Encoder] = Field(min_length=1, description="name -> where an encoder comes from")
    intermediates: dict[str, Intermediate] = Field(
        {}, description="name -> what comes before the target; `none` is there"
    )
    targets: tuple[str, ...] = Field(min_length=1, description="names in the catalog, see `xtl tasks`")
    sources: tuple[Source, ...] = Field((Source(),), min_length=1, description="languages of target training data")
    languages: Literal["available"] | tuple[str, ...] | dict[str, tuple[str, ...]] | None = Field(
        None, description="codes, or target -> codes, or what the data source holds; default: all that a target lists"
    )
    pretraining: dict[str, Any] = Field({}, description="defaults for every encoder's `pretrain` block")
    training: Training = Field(Training(), description="how tasks are trained and read")
    overrides: dict[str, dict[str, Any]] = Field({}, description="task -> keys of `training` that differ for it")
    tune: Tune | None = Field(None, description="keys of `training` that trials choose for every encoder and task")
    hypotheses: tuple[Hypothesis, ...] = Field((), description="statements fixed before the grid runs")
    equivalence: float | None = Field(
        None,
        gt=0,
        description="points below which a gain or a difference is as good as none, fixed before the grid runs",
    )
    claims: tuple[Claim, ...] = Field((), description="claims of others with their source and reference value")
    reference: dict[str, Reference] = Field({}, description="name of a published system -> its scores, with source")

    @model_validator(mode="before")
    @classmethod
    def pretraining_defaults(cls, value: Any) -> Any:
        """`pretraining:` is merged below every `pretrain:` block, the recipe key by key."""
        if not isinstance(value, dict) or not isinstance(value.get("encoders"), dict):
            return value
        shared = value.get("pretraining") or {}
        if not isinstance(shared, dict):
            return value
        encoders = dict(value["encoders"])
        for name, spec in encoders.items():
            if not isinstance(spec, dict) or not isinstance(spec.get("pretrain"), dict):
                continue
            merged = shared | spec["pretrain"]
            recipes = [block.get("recipe") or {} for block in (shared, spec["pretrain"])]
            if all(isinstance(recipe, dict) for recipe in recipes):
                merged["recipe"] = recipes[0] | recipes[1]
            encoders[name] = {**spec, "pretrain": merged}
        return {**value, "encoders": encoders}

    @field_validator("sources", mode="before")
    @classmethod
    def short_sources(cls, value: Any) -> Any:
        """`[en]` stands for `[{language: en}]`."""
        if isinstance(value, list):
            return [{"language": source} if isinstance(source, str) else source for source in value]
        return value

    @field_validator("targets")
    @classmethod
    def known_targets(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Every target is in the catalog, once."""
        if twice(value):
            raise ValueError("names a target twice")
        return tuple(known_task(name, "target") for name in value)

    @field_validator("encoders", "intermediates")
    @classmethod
    def plain_names(cls, value: dict[str, Any]) -> dict[str, Any]:
        """Names that are safe in a folder's name."""
        for name in value:
            if not re.fullmatch(NAME, name):
                raise ValueError(f"the name {name!r} is none: letters, digits, and . _ + - after the first")
        return value

    @model_validator(mode="after")
    def known_blocks(self) -> Self:
        """The maps whose keys are names have names and keys that exist."""
        if self.name in RESERVED:
            raise ValueError(f"name: outputs/{self.name} holds other things; take another name")
        if self.tune and self.tune.seed in every(self.seeds):
            raise ValueError(f"tune.seed: {self.tune.seed} is a seed of the results; trials have one of their own")
        for task, values in self.overrides.items():
            if task not in TASKS:
                raise ValueError(f"overrides.{task}: unknown task; known: {', '.join(sorted(TASKS))}")
            check_keys(values, Training, f"overrides.{task}")
        check_keys(self.pretraining, Pretrain, "pretraining")
        mixtures = [name for name, spec in self.intermediates.items() if len(spec.tasks) > 1]
        for name, spec in self.encoders.items():
            for task in spec.training.get("tasks", {}):
                if task not in (*TASKS, *mixtures):
                    known = ", ".join((*mixtures, *sorted(TASKS)))
                    raise ValueError(f"encoders.{name}.training.tasks.{task}: unknown task; known: {known}")
        repositories: set[str] = set()
        for entry in TASKS.values():
            repositories |= {source.dataset for source in (*entry.sources, *entry.origins.values())}
        for name in self.revisions:
            if name not in repositories:
                alike = " or ".join(get_close_matches(name, sorted(repositories), cutoff=0.0))
                raise ValueError(f"revisions: no task is read from '{name}'; is {alike} meant?")
        in_folders = sorted(entry.name for entry in TASKS.values() if entry.folder)
        for name in self.folders:
            if name not in in_folders:
                known = ", ".join(in_folders)
                raise ValueError(f"folders.{name}: only tasks that are not on the Hub are read from folders: {known}")
        return self

    @model_validator(mode="after")
    def one_kind_of_corpus(self) -> Self:
        """Encoders that are pretrained here read the same kind of data as the tasks."""
        for name, spec in self.encoders.items():
            if spec.pretrain and (spec.pretrain.corpus == "lab") != (self.data == "lab"):
                other = "corpus: mlm and a number of pieces as tokenizer" if self.data == "hub" else "corpus: lab"
                raise ValueError(f"encoders.{name}.pretrain: with `data: {self.data}` it needs {other}")
        return self

    @model_validator(mode="after")
    def crossed(self) -> Self:
        """Only the baseline trains on nothing, and what encoders and sources are crossed with is there."""
        arms = self.all_intermediates()
        for name, spec in self.intermediates.items():
            if (name == BASELINE) == bool(spec.tasks or spec.steps_of):
                raise ValueError(f"intermediates.{name}: only the baseline '{BASELINE}' trains on no task")
            if spec.steps_of and not arms.get(spec.steps_of, Intermediate()).tasks:
                raise ValueError(
                    f"intermediates.{name}: steps_of names '{spec.steps_of}', which trains on no task here"
                )
        if twice((source.language, source.provenance, source.translator) for source in self.sources):
            raise ValueError("sources: names one twice")
        blocks: dict[str, Encoder | Source] = {f"encoders.{name}": spec for name, spec in self.encoders.items()}
        blocks |= {f"sources.{number}": source for number, source in enumerate(self.sources)}
        for where, block in blocks.items():
            for name in block.intermediates or ():
                if name not in arms:
                    raise ValueError(f"{where}.intermediates: this grid has no '{name}'; it has {', '.join(arms)}")
        if isinstance(self.languages, dict):
            for name in sorted(set(self.languages) - set(self.targets)):
                raise ValueError(f"languages names {name!r}, not a target here")
        return self

    @model_validator(mode="after")
    def testable(self) -> Self:
        """Every hypothesis has its own name and speaks of encoders, intermediates and targets of this grid."""
        arms = [name for name in self.all_intermediates() if name != BASELINE]
        for number, hypothesis in enumerate(self.hypotheses):
            where = f"hypotheses.{hypothesis.name}"
            if hypothesis.name in [earlier.name for earlier in self.hypotheses[:number]]:
                raise ValueError(f"{where}: two hypotheses have this name")
            self._check_names(where, "encoder", hypothesis.of("encoder"), self.encoders)
            self._check_names(where, "intermediate", hypothesis.of("intermediate"), arms)
            self._check_names(where, "target", hypothesis.targets or [], self.targets)
        for claim in self.claims:
            # Others claim what they like. An intermediate that is not here, as where a setting narrows the grid, makes
            # a claim not testable.
            if BASELINE in (claim.contrast or []):
                self._check_names("claims", "intermediate", [BASELINE], arms)
            for target in claim.targets or []:
                if target not in TASKS:
                    raise ValueError(f"claims: unknown target '{target}'; known: {', '.join(sorted(TASKS))}")
        return self

    @staticmethod
    def _check_names(where: str, role: str, names: Iterable[str], known: Iterable[str]) -> None:
        for name in names:
            if name not in known:
                hint = " (every gain is over the baseline; leave it out)" if name == BASELINE else ""
                raise ValueError(f"{where}: unknown {role} '{name}'{hint}; this grid has {', '.join(known) or 'none'}")

    def training_of(self, task: str, encoder: str = "") -> Training:
        """The training block with what the grid changes for a task, and then with what an encoder changes."""
        own = self.encoders[encoder].training_of(task) if encoder else {}
        return self.training.changed(self.overrides.get(task, {})).changed(own)

    def mixture_training(self, name: str, encoder: str = "") -> Training:
        """The training block of an intermediate of several tasks, changed in the same way."""
        own = self.encoders[encoder].training_of(name) if encoder else {}
        return self.training.changed(self.intermediates[name].training).changed(own)

    def intermediate_training(self, name: str, encoder: str = "") -> Training:
        """The training block of an intermediate, of one task or of several."""
        tasks = self.intermediates[name].tasks
        return self.training_of(tasks[0].task, encoder) if len(tasks) == 1 else self.mixture_training(name, encoder)

    def data_source(self) -> DataSource:
        """Where the examples come from."""
        if self.data == "lab":
            return LabSource(LabConfig(**self.lab.model_dump()))
        return HubSource(self.revisions, self.folders, self.rows)

    def languages_of(self, target: str, listed: Iterable[str]) -> list[str]:
        """The languages that the grid asks for, of those that are listed for a target."""
        asked = self.languages.get(target) if isinstance(self.languages, dict) else self.languages
        if asked is None or asked == "available":
            return list(listed)
        return [code for code in asked if code in listed]

    def parts(self) -> list[Part]:
        """The data sets of all intermediates."""
        return list(chain.from_iterable(spec.tasks for spec in self.intermediates.values()))

    def all_intermediates(self) -> dict[str, Intermediate]:
        """The intermediates with the baseline first."""
        return {BASELINE: Intermediate()} | self.intermediates
