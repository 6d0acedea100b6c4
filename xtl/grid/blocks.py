"""The blocks of a grid file that stand for themselves: encoders and their pretraining, data sets, training."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import product
from math import prod
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from xtl.base.validation import Strict
from xtl.grid.checks import check_keys, known_task, twice
from xtl.models.recipes import Pretraining
from xtl.tasks import sources
from xtl.tasks.catalog import TASKS

WINDOWS = {"stride", "step"}  # two keys of `training` that say where the windows of a context begin


def merged(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Keys of `training` with those that change; a stride takes the place of a step, and a step of a stride.

    >>> merged({"stride": 64, "epochs": 2}, {"step": 128})
    {'epochs': 2, 'step': 128}
    """
    replaced = WINDOWS if WINDOWS & set(changes) else set(changes)
    return {name: value for name, value in values.items() if name not in replaced} | dict(changes)


class Pretrain(Pretraining):
    """An encoder trained here from scratch, and the text that it is trained on."""

    corpus: str = Field("lab", description="the laboratory's, or a task of plain text (mlm) with `data: hub`")
    tokenizer: Literal["lab"] | int = Field("lab", description="the laboratory's, or the pieces of one trained on it")
    documents: int = Field(20000, ge=1, description="of each language at most, of a corpus of the Hub")

    @model_validator(mode="after")
    def readable(self) -> Self:
        """The corpus exists, and the vocabulary and the recipe are ones that it can give."""
        plain = sorted(task.name for task in TASKS.values() if task.format == "mlm")
        if self.corpus not in ("lab", *plain):
            raise ValueError(f"unknown corpus '{self.corpus}'; known: lab, {', '.join(plain)}")
        if (self.corpus == "lab") != (self.tokenizer == "lab"):
            raise ValueError("corpus lab goes with tokenizer lab, another corpus with a number of pieces to train")
        if self.corpus != "lab" and self.recipe.pairs:
            raise ValueError(f"corpus {self.corpus} holds no translations; leave recipe.pairs at 0")
        return self


class Crossed(Strict):
    """What a grid crosses with its intermediates, all of them or some."""

    intermediates: tuple[str, ...] | None = Field(None, description="those that it is crossed with; default: all")

    def crosses(self, intermediate: str) -> bool:
        """Whether it is crossed with that one."""
        return not self.intermediates or intermediate in self.intermediates


class Encoder(Crossed):
    """Either `pretrain` (trained here) or `checkpoint` (a Hub id or a folder)."""

    pretrain: Pretrain | None = Field(None, description="trained here, from scratch")
    checkpoint: str | None = Field(None, description="a folder as `save_pretrained` writes it, or a Hub id")
    revision: str | None = Field(None, description="commit of a Hub id; default: what its main branch is now")
    training: dict[str, Any] = Field(
        {}, description="keys of `training` that differ for it; `tasks`: task -> those that differ for it there"
    )

    seen: tuple[str, ...] = Field(
        (), description="tasks whose English training data it was trained on before: such cells are `same_data`"
    )

    @field_validator("seen")
    @classmethod
    def known_seen(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Tasks of the catalog that have training data, each once."""
        if twice(value):
            raise ValueError("names a task twice")
        with_data = sorted(task.name for task in TASKS.values() if task.training_set)
        for name in value:
            if name not in with_data:
                raise ValueError(f"no task '{name}' has training data; those that have: {', '.join(with_data)}")
        return value

    @field_validator("training")
    @classmethod
    def known_training(cls, value: dict[str, Any]) -> dict[str, Any]:
        """Keys that `training` has, also by task, and the same test examples as for the other encoders."""
        general = {name: setting for name, setting in value.items() if name != "tasks"}
        blocks = {"training": general}
        tasks = value.get("tasks", {})
        if not isinstance(tasks, dict):
            raise ValueError(f"training.tasks is a map from tasks to keys of `training` (given: {tasks!r})")
        for task, settings in tasks.items():
            if not isinstance(settings, dict):
                raise ValueError(f"training.tasks.{task} is a map of keys of `training` (given: {settings!r})")
            blocks[f"training.tasks.{task}"] = {str(name): setting for name, setting in settings.items()}
        for where, settings in blocks.items():
            check_keys(settings, Training, where)
            if "max_eval_examples" in settings:
                raise ValueError(f"{where}.max_eval_examples: encoders are compared on the same test examples")
        return value

    def training_of(self, name: str) -> dict[str, Any]:
        """The keys of `training` that differ for it in a task, or in the intermediate of several tasks of that name."""
        general = {key: setting for key, setting in self.training.items() if key != "tasks"}
        return merged(general, self.training.get("tasks", {}).get(name, {}))

    @model_validator(mode="after")
    def one_origin(self) -> Self:
        """Exactly one origin is named."""
        if (self.pretrain is None) == (self.checkpoint is None):
            raise ValueError("needs either 'pretrain' (trained here) or 'checkpoint' (a Hub id or a folder)")
        if self.checkpoint is not None and not self.checkpoint.strip():
            raise ValueError("'checkpoint' is empty; name a Hub id such as FacebookAI/xlm-roberta-base, or a folder")
        if self.revision and not self.checkpoint:
            raise ValueError("'revision' belongs to a Hub checkpoint")
        return self


class Origin(Strict):
    """The language of training data, and how that data came to be in it."""

    language: str = Field("en", description="code of the language of the training data")
    provenance: Literal["native", "human", "machine"] = Field(
        "native", description="written in it, or translated into it by people or by a machine"
    )
    translator: str | None = Field(None, description="a MarianMT checkpoint or `apertium`, where no set is translated")

    @model_validator(mode="after")
    def translated(self) -> Self:
        """Only what a machine translated has a translator, and English is what it translates from."""
        if self.translator and self.provenance != "machine":
            raise ValueError("a translator makes `provenance: machine`")
        if self.language == "en" and self.provenance != "native":
            raise ValueError("English training data is native: leave provenance out")
        return self

    def origin(self) -> sources.Origin | None:
        """Where the data comes from; None for the English data that every task has."""
        if self.language == "en":
            return None
        return sources.Origin(self.language, self.provenance, self.translator)

    def parameters(self) -> dict[str, Any] | None:
        """What run parameters say of it."""
        origin = self.origin()
        return asdict(origin) if origin else None


class Source(Crossed, Origin):
    """Where the target's training data comes from."""


class Part(Origin):
    """One data set of an intermediate task: a task name, or a task in another language."""

    task: Annotated[str, AfterValidator(lambda name: known_task(name, "intermediate"))] = Field(
        description="name in the catalog, see `xtl tasks`"
    )


class Intermediate(Strict):
    """What the encoder is trained on between pretraining and the target task; nothing for the baseline."""

    tasks: tuple[Part, ...] = Field((), description="names or blocks; a plain list of them is short for this key")
    sampler: Literal["uniform", "proportional", "temperature"] = Field(
        "proportional", description="how often a step is of a task: equally, by its size, by its size to 1/temperature"
    )
    cap: int | None = Field(
        None,
        ge=1,
        description="examples that a task counts for at most, where size matters; default: plain text counts for the "
        "other tasks together",
    )
    temperature: float = Field(2.0, ge=0.1, description="of sampler temperature")
    training: dict[str, Any] = Field({}, description="of several tasks together: keys of `training`")
    steps_of: str | None = Field(None, description="no task: target training longer by this intermediate's steps")

    @model_validator(mode="before")
    @classmethod
    def short_forms(cls, value: Any) -> Any:
        """`[mnli]` and `{tasks: [mnli, {task: …}]}` both work."""
        if isinstance(value, list):
            value = {"tasks": value}
        if isinstance(value, dict) and isinstance(value.get("tasks"), list):
            parts = [{"task": part} if isinstance(part, str) else part for part in value["tasks"]]
            value = {**value, "tasks": parts}
        return value

    @model_validator(mode="after")
    def sensible(self) -> Self:
        """A control trains on nothing; several tasks are different ones, and what mixes them has an effect."""
        if self.steps_of and self.tasks:
            raise ValueError("steps_of is a control without intermediate tasks; leave out `tasks`")
        if twice((part.task, part.language, part.provenance) for part in self.tasks):
            raise ValueError("names a data set twice")
        mixing = self.model_fields_set & {"sampler", "cap", "temperature"}
        if mixing and len(self.tasks) < 2:
            raise ValueError(f"{min(mixing)} says how several tasks are mixed; name two or leave it out")
        if self.cap and self.sampler == "uniform":
            raise ValueError("a cap limits sizes, which sampler uniform does not read")
        if "temperature" in mixing and self.sampler != "temperature":
            raise ValueError(f"temperature is read by sampler temperature, not by {self.sampler}")
        check_keys(self.training, Training, "training")
        formats = {task.format for task in TASKS.values() if "intermediate" in task.roles}
        idle = set(self.training) - set(keys_read_by("training", *formats))
        if idle:
            raise ValueError(f"training.{min(idle)} is of target training; an intermediate does not read it")
        if self.training and len(self.tasks) < 2:
            raise ValueError("training is for several tasks together; one task has its block in `overrides`")
        return self


@dataclass(frozen=True)
class ReadBy:
    """Which runs a key of `training` decides about: they carry it among their parameters, and so in their identity.

    Attributes:
        readers: `training` (every run that trains), `target` (every target run), `target training` (target runs that
            train), or a task format (the runs of that format).
        neutral: of a key that came later, the value at which runs are what they were before, and keep their identity.
    """

    readers: tuple[str, ...]
    neutral: object = ...


FIT = ReadBy(("training",))
RETRIEVAL = ReadBy(("retrieval", "mining"))


class Training(Strict):
    """How a task is trained and read; `overrides` of the grid replace single keys for single tasks.

    A new key is one field here, with what reads it and its neutral value, and one line in the parameters cells of the
    notebooks that read it.
    """

    learning_rate: Annotated[float, FIT] = Field(2e-5, gt=0, description="peak; linear decay to zero after the warm-up")
    epochs: Annotated[float, FIT] = Field(3.0, gt=0, le=100_000, description="passes over the training data")
    max_steps: Annotated[int | None, FIT] = Field(None, ge=1, description="stops earlier than `epochs` would")
    batch_size: Annotated[int, FIT] = Field(32, ge=1, description="examples in a step")
    max_length: Annotated[int, ReadBy(("training", "retrieval", "mining"))] = Field(
        128, ge=8, description="tokens; longer tagging inputs are split, longer contexts slide"
    )
    stride: Annotated[int | None, ReadBy(("span",))] = Field(
        64, ge=0, description="overlap in tokens of two windows of one context; none where `step` is set"
    )
    step: Annotated[int | None, ReadBy(("span",), neutral=None)] = Field(
        None, ge=1, description="instead: tokens from one window to the next, the `doc_stride` of XTREME and jiant"
    )
    warmup: Annotated[float, FIT] = Field(0.1, ge=0, le=1, description="share of the steps")
    weight_decay: Annotated[float, FIT] = Field(0.01, ge=0, description="none on biases and LayerNorm")
    label_smoothing: Annotated[float, ReadBy(("training",), neutral=0.0)] = Field(
        0.0, ge=0, lt=1, description="share of a label's probability that is spread evenly over all labels"
    )
    precision: Annotated[Literal["fp32", "bf16"], FIT] = Field("fp32", description="of the forward and backward pass")
    selection: Annotated[Literal["last", "english_dev", "average"], FIT] = Field(
        "last", description="which weights are kept: the last, the best of ten on English dev data, or their mean"
    )
    max_train_examples: Annotated[int | None, FIT] = Field(
        None, ge=1, description="a sample drawn from the seed; default: all"
    )
    max_eval_examples: Annotated[int | None, ReadBy(("target",))] = Field(
        None, ge=1, description="the first so many of a language; default: all"
    )
    shots: Annotated[int | None, ReadBy(("target training",), neutral=None)] = Field(
        None, ge=1, description="development examples of a test language to train on besides; no longer zero-shot"
    )
    shot_steps: Annotated[int, ReadBy(("target training",), neutral=None)] = Field(
        50, ge=1, description="steps on them"
    )
    oracle: Annotated[bool, ReadBy(("target training",), neutral=False)] = Field(
        False, description="also score what every selection rule gives, and the best checkpoint"
    )
    layer: Annotated[int | None, RETRIEVAL] = Field(
        None, ge=0, description="retrieval: layer of the recipe; default 14/24 of the depth"
    )
    pooling: Annotated[Literal["mean", "cls", "mean_special"], RETRIEVAL] = Field(
        "mean", description="retrieval: how token vectors become one vector of a sentence"
    )
    prefix: Annotated[str, RETRIEVAL] = Field("", description="retrieval: text put before every sentence")

    @model_validator(mode="before")
    @classmethod
    def stride_or_step(cls, values: Any) -> Any:
        """A step takes the place of the stride's default."""
        if not isinstance(values, dict) or values.get("step") is None:
            if isinstance(values, dict) and values.get("stride", 0) is None:
                raise ValueError("stride needs a number where no step is set")
            return values
        if values.get("stride") is not None:
            raise ValueError("stride is the overlap of two windows, step how far the next one begins; set one of them")
        return {**values, "stride": None}

    def changed(self, values: Mapping[str, Any]) -> "Training":
        """The block with other values."""
        return Training.model_validate(merged(self.model_dump(exclude_unset=True), values))

    @model_validator(mode="after")
    def zero_shot_beside_oracle(self) -> Self:
        """The oracle compares rules of zero-shot training, which shots end."""
        if self.oracle and self.shots:
            raise ValueError("oracle compares zero-shot checkpoints, and shots end that; set one of them")
        return self


def _read_by(name: str) -> ReadBy:
    return next(mark for mark in Training.model_fields[name].metadata if isinstance(mark, ReadBy))


_READ_BY = {name: _read_by(name) for name in Training.model_fields}
# Key that came later -> its value in the runs that were there before.
NEUTRAL = {name: mark.neutral for name, mark in _READ_BY.items() if mark.neutral is not ...}


def keys_read_by(*readers: str) -> list[str]:
    """The keys of `training` that any of the readers reads, see ReadBy.

    >>> keys_read_by("retrieval")
    ['max_length', 'layer', 'pooling', 'prefix']
    """
    return [name for name, mark in _READ_BY.items() if set(mark.readers) & set(readers)]


MOST_TRIALS = 64  # of one encoder on one task
Numbers = tuple[float, ...] | None
WholeNumbers = tuple[int, ...] | None


class Tune(Strict):
    """Keys of `training` that trials choose, for every encoder and task among the same values."""

    on: Literal["english_dev"] = Field("english_dev", description="what chooses: the first 500 English dev examples")
    seed: int = Field(1000, ge=0, lt=2**32, description="of the trials, none of the grid's seeds")
    learning_rate: Numbers = Field(None, description="values to try")
    epochs: Numbers = Field(None, description="values to try")
    max_steps: WholeNumbers = Field(None, description="values to try")
    batch_size: WholeNumbers = Field(None, description="values to try")
    warmup: Numbers = Field(None, description="values to try")
    weight_decay: Numbers = Field(None, description="values to try")
    label_smoothing: Numbers = Field(None, description="values to try")

    @model_validator(mode="after")
    def some_trials(self) -> Self:
        """At least one key has several different values, and their combinations are few enough."""
        if not self.tried:
            raise ValueError("names no key to tune, such as `learning_rate: [1.0e-5, 3.0e-5]`")
        for name, values in self.tried.items():
            if len(values) < 2 or twice(values):
                raise ValueError(f"{name} needs two or more different values; a single one belongs into `training`")
        trials = prod(map(len, self.tried.values()))
        if trials > MOST_TRIALS:
            raise ValueError(f"asks for {trials} trials of every encoder and task; at most {MOST_TRIALS}")
        return self

    @property
    def tried(self) -> dict[str, list[float]]:
        """Key -> its values in ascending order.

        >>> Tune(learning_rate=(3e-5, 1e-5)).tried
        {'learning_rate': [1e-05, 3e-05]}
        """
        keys = [name for name in type(self).model_fields if name in Training.model_fields]
        return {name: sorted(getattr(self, name)) for name in keys if getattr(self, name) is not None}

    def candidates(self) -> list[dict[str, float]]:
        """Every combination of values, those of the first key slowest; ties go to the first."""
        return [dict(zip(self.tried, values, strict=True)) for values in product(*self.tried.values())]
