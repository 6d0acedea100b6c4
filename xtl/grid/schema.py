"""The schema of a grid file: every key, its type, its default and what it must agree with."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from xtl.grid.blocks import Encoder, Intermediate, Pretrain, Source, Strict, Training, known_task
from xtl.lab.world.config import LabConfig
from xtl.tasks.catalog import TASKS
from xtl.tasks.sources import DataSource, HubSource, LabSource

BASELINE = "none"
RESERVED = ("runs", "cache", "scratch")  # folders of outputs/ that are no grid's


class Lab(Strict):
    """Size of the laboratory."""

    languages: Literal[12, 24] = Field(12, description="made languages beside English, in four or in six families")
    sentences: int = Field(10000, ge=200, description="pretraining sentences of a language of full corpus size")
    train: int = Field(12000, ge=100, description="training examples of a task")
    test: int = Field(300, ge=20, description="dev and test examples of a task, per language")
    seed: int = Field(0, description="of world, languages, corpora and tasks")


# Effect of a hypothesis -> what the names in `contrast` stand for, in this order; those after the bar may be left out,
# and stand then for all that the grid has.
EFFECTS = {
    "gain": "| intermediate encoder",
    "intermediate_difference": "intermediate intermediate | encoder",
    "encoder_difference": "encoder encoder | intermediate",
    "similarity": "| intermediate encoder",
    "similarity_difference": "encoder encoder | intermediate",
}


def split_contrast(value: Any) -> Any:
    """The names of a contrast that is written as text, `A` or `A - B`; anything else as it is."""
    return [part.strip() for part in re.split(r"\s[-−]\s", value)] if isinstance(value, str) else value


class Hypothesis(Strict):
    """A confirmatory statement, fixed before the grid runs; xtl.analysis.questions.hypotheses tests it."""

    name: str = Field(min_length=1, description="what the report calls it")
    effect: Literal[tuple(EFFECTS)] = Field(
        description="gain (points over the baseline), a difference of gains between two intermediates or two encoders, "
        "the rank correlation of gain with similarity over languages, or its difference between two encoders"
    )
    contrast: list[str] | None = Field(None, description="whose: names in the order of EFFECTS; `A - B` for a pair")
    direction: Literal["greater", "less", "two-sided"] = Field("greater", description="than zero")
    targets: list[str] | None = Field(None, description="the mean over these; default: every target of the grid")

    @field_validator("contrast", mode="before")
    @classmethod
    def short_contrast(cls, value):
        """`mnli` stands for `[mnli]`, and `bert - xlnet` for `[bert, xlnet]`."""
        return split_contrast(value)

    @field_validator("targets")
    @classmethod
    def some_targets(cls, value):
        """At least one target, each once."""
        if value is not None and (not value or len(set(value)) < len(value)):
            raise ValueError("name at least one target and none twice, or leave the key out for all of the grid")
        return value

    @model_validator(mode="after")
    def complete(self):
        """The contrast has the names that the effect asks for."""
        needed, roles = EFFECTS[self.effect].partition("|")[0].split(), self.roles()
        given = self.contrast or []
        if not len(needed) <= len(given) <= len(roles):
            least = f", at least the first {len(needed)}" if needed else ", or less"
            raise ValueError(
                f"the contrast of {self.effect} names {', '.join(roles)} in this order{least} (given: "
                f"{', '.join(given) or 'nothing'})"
            )
        if needed and given[0] == given[1]:
            raise ValueError(f"its contrast compares {given[0]!r} with itself")
        return self

    def roles(self) -> list[str]:
        """What each name of the contrast stands for, `encoder` or `intermediate`."""
        return EFFECTS[self.effect].replace("|", "").split()

    def of(self, role: str) -> list[str]:
        """The names of the contrast that stand for an `encoder` or an `intermediate`; empty where all are meant."""
        return [name for kind, name in zip(self.roles(), self.contrast or [], strict=False) if kind == role]


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
    def short_contrast(cls, value):
        """`mnli` stands for `[mnli]`, and `mnli - ccg` for `[mnli, ccg]`."""
        return split_contrast(value)

    @model_validator(mode="after")
    def complete(self):
        """A difference names two intermediates."""
        if self.effect == "intermediate_difference" and len(self.contrast or []) != 2:
            raise ValueError("an intermediate_difference names two intermediates, as `A - B`")
        return self


class Experiment(Strict):
    """A whole grid file, validated."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$", max_length=100, description="names the report's folder in outputs/"
    )
    question: str = Field(description="what the grid asks; it heads the report")
    data: Literal["lab", "hub"] = Field(
        "lab", description="the laboratory, or the ids of the Hub (a mirror comes first)"
    )
    lab: Lab = Field(Lab(), description="size of the laboratory, with `data: lab`")
    revisions: dict[str, str] = Field({}, description="Hub repository -> pinned revision")
    folders: dict[str, str] = Field({}, description="task -> folder of its files, for what is not on the Hub")
    seeds: tuple[int, ...] = Field(
        (0,), min_length=1, description="a seed changes pretraining (where it happens here), fine-tuning and data order"
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
    hypotheses: tuple[Hypothesis, ...] = Field((), description="statements fixed before the grid runs")
    claims: tuple[Claim, ...] = Field((), description="claims of others with their source and reference value")

    @model_validator(mode="before")
    @classmethod
    def pretraining_defaults(cls, value):
        """`pretraining:` is merged below every `pretrain:` block, the recipe key by key."""
        if not isinstance(value, dict) or not isinstance(value.get("encoders"), dict):
            return value
        shared = value.get("pretraining") or {}
        if not isinstance(shared, dict):
            return value
        value, encoders = dict(value), {}
        for name, spec in value["encoders"].items():
            if isinstance(spec, dict) and isinstance(spec.get("pretrain"), dict):
                own = spec["pretrain"]
                recipes = [part.get("recipe") or {} for part in (shared, own)]
                merged = {**shared, **own}
                if all(isinstance(part, dict) for part in recipes) and any(recipes):
                    merged["recipe"] = {**recipes[0], **recipes[1]}
                spec = {**spec, "pretrain": merged}
            encoders[name] = spec
        value["encoders"] = encoders
        return value

    @field_validator("sources", mode="before")
    @classmethod
    def short_sources(cls, value):
        """`[en]` stands for `[{language: en}]`."""
        return [{"language": s} if isinstance(s, str) else s for s in value] if isinstance(value, list) else value

    @field_validator("targets")
    @classmethod
    def known_targets(cls, value):
        """Every target is in the catalog, once."""
        if len(set(value)) < len(value):
            raise ValueError("names a target twice")
        return tuple(known_task(name, "target") for name in value)

    @field_validator("seeds")
    @classmethod
    def different_seeds(cls, value):
        """Each seed is named once."""
        if len(set(value)) < len(value):
            raise ValueError("names a seed twice")
        if any(not 0 <= seed < 2**32 for seed in value):
            raise ValueError("a seed is a whole number from 0 to 4,294,967,295")
        return value

    @field_validator("encoders", "intermediates")
    @classmethod
    def plain_names(cls, value):
        """Names that are safe in a folder's name."""
        for name in value:
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]*", name):
                raise ValueError(f"the name {name!r} is none: letters, digits, and . _ + - after the first")
        return value

    @model_validator(mode="after")
    def testable(self):
        """Every hypothesis has its own name and speaks of encoders, intermediates and targets of this grid."""
        arms = {name: spec for name, spec in self.all_intermediates().items() if name != BASELINE}
        for i, hypothesis in enumerate(self.hypotheses):
            where = f"hypotheses.{hypothesis.name}"
            if any(hypothesis.name == other.name for other in self.hypotheses[:i]):
                raise ValueError(f"{where}: two hypotheses have this name")
            asked = [(role, known, name) for role, known in (("encoder", self.encoders), ("intermediate", arms))
                     for name in hypothesis.of(role)]  # fmt: skip
            asked += [("target", self.targets, name) for name in hypothesis.targets or ()]
            for role, known, name in asked:
                if name not in known:
                    hint = " (every gain is over the baseline; leave it out)" if name == BASELINE else ""
                    raise ValueError(
                        f"{where}: unknown {role} '{name}'{hint}; this grid has {', '.join(known) or 'none'}"
                    )
        for claim in self.claims:
            for name in claim.contrast or ():
                if name not in arms:
                    known = ", ".join(arms) or "none"
                    raise ValueError(f"claims: unknown intermediate '{name}'; this grid has {known}")
            for name in claim.targets or ():
                if name not in self.targets:
                    raise ValueError(f"claims: unknown target '{name}'; this grid has {', '.join(self.targets)}")
        return self

    @model_validator(mode="after")
    def consistent(self):
        """Overrides name tasks of the catalog and keys of `training`; the baseline trains on nothing."""
        for name, values in self.overrides.items():
            if name not in TASKS:
                raise ValueError(f"overrides.{name}: unknown task; known: {', '.join(sorted(TASKS))}")
            unknown = set(values) - set(Training.model_fields)
            if unknown:
                raise ValueError(
                    f"overrides.{name}: unknown key '{sorted(unknown)[0]}'; known: {', '.join(Training.model_fields)}"
                )
        for name, spec in self.encoders.items():
            if spec.pretrain and (spec.pretrain.corpus == "lab") != (self.data == "lab"):
                other = "corpus: mlm and a number of pieces as tokenizer" if self.data == "hub" else "corpus: lab"
                raise ValueError(f"encoders.{name}.pretrain: with `data: {self.data}` it needs {other}")
        unknown = set(self.pretraining) - set(Pretrain.model_fields)
        if unknown:
            known = ", ".join(Pretrain.model_fields)
            raise ValueError(f"pretraining: unknown key '{sorted(unknown)[0]}'; known: {known}")
        held = sorted({source.dataset for task in TASKS.values() for source in (*task.sources, *task.origins.values())})
        if self.name in RESERVED:
            raise ValueError(f"name: outputs/{self.name} holds other things; take another name")
        for name in self.revisions:
            if name not in held:
                raise ValueError(f"revisions: no task is read from '{name}'; data sets are {', '.join(held)}")
        for name in self.folders:
            if name not in TASKS or not TASKS[name].folder:
                those = ", ".join(sorted(task.name for task in TASKS.values() if task.folder))
                raise ValueError(f"folders.{name}: only tasks that are not on the Hub are read from folders: {those}")
        for name, spec in self.intermediates.items():
            if (name == BASELINE) == bool(spec.tasks or spec.steps_of):
                raise ValueError(f"intermediates.{name}: only the baseline '{BASELINE}' trains on no task")
            if spec.steps_of and not (self.intermediates.get(spec.steps_of) or Intermediate()).tasks:
                raise ValueError(
                    f"intermediates.{name}: steps_of names '{spec.steps_of}', which trains on no task here"
                )
        origins = [(source.language, source.provenance, source.translator) for source in self.sources]
        if len(set(origins)) < len(origins):
            raise ValueError("sources: names one twice")
        crossed = [(f"encoders.{name}", spec) for name, spec in self.encoders.items()]
        crossed += [(f"sources.{number}", source) for number, source in enumerate(self.sources)]
        for where, spec in crossed:
            for name in spec.intermediates or ():
                if name not in self.all_intermediates():
                    known = ", ".join(self.all_intermediates())
                    raise ValueError(f"{where}.intermediates: this grid has no '{name}'; it has {known}")
        if isinstance(self.languages, dict) and set(self.languages) - set(self.targets):
            raise ValueError(
                f"languages names {sorted(set(self.languages) - set(self.targets))[0]!r}, not a target here"
            )
        return self

    def training_of(self, task: str | None) -> Training:
        """The training block with the overrides of one task applied."""
        values = {**self.training.model_dump(exclude_unset=True), **self.overrides.get(task, {})}
        return Training.model_validate(values)

    def mixture_training(self, spec: Intermediate) -> Training:
        """The training block of an intermediate of several tasks."""
        return Training.model_validate({**self.training.model_dump(exclude_unset=True), **spec.training})

    def data_source(self) -> DataSource:
        """Where the examples come from."""
        if self.data == "lab":
            return LabSource(LabConfig(**self.lab.model_dump()))
        return HubSource(self.revisions, self.folders)

    def all_intermediates(self) -> dict[str, Intermediate]:
        """The intermediates with the baseline first."""
        return {BASELINE: Intermediate(), **{k: v for k, v in self.intermediates.items() if k != BASELINE}}
