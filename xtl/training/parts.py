"""The data sets of a training, each with its features, its model, and how its batches become inputs."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset
from torch import nn
from transformers import PreTrainedTokenizerBase

from xtl.base.errors import UserError
from xtl.models.checkpoints import mirrored
from xtl.runs.store import write_facts
from xtl.tasks.catalog import TASKS, Task
from xtl.tasks.formats import trained_format
from xtl.tasks.formats.format import DrawnFormat, Limits, TrainedFormat
from xtl.tasks.sources import DataSource, origins
from xtl.training.collate import pad_batch
from xtl.training.mixing import Batch, Heads
from xtl.training.prediction import Scored, score_examples
from xtl.training.settings import FineTuningSettings, TargetSettings, TrainingSet

DEV_EXAMPLES = 500  # first English dev examples that select a checkpoint, as in the authors' scripts (docs/protocol.md)


@dataclass(frozen=True)
class Part:
    """One data set that a training reads.

    Attributes:
        name: of the task, with language and provenance where it is not its English data.
        features: what the task's format makes of the examples; `length` counts tokens.
        examples: how many they are.
    """

    name: str
    task: Task
    features: Dataset
    examples: int
    limits: Limits

    @property
    def format(self) -> TrainedFormat:
        """The task's format."""
        return trained_format(self.task)

    @property
    def lengths(self) -> list[int]:
        """Tokens of each feature."""
        return list(self.features["length"])

    def build_model(self, settings: FineTuningSettings) -> nn.Module:
        """The checkpoint's encoder under a new head of the task, drawn from the seed."""
        checkpoint = mirrored(settings.checkpoint)
        return self.format.build_model(checkpoint, settings.seed, settings.revision)


def read_part(
    training_set: TrainingSet, settings: FineTuningSettings, data: DataSource, tokenizer: PreTrainedTokenizerBase
) -> Part:
    """A training set with its features. Raises UserError where no example fits."""
    task = data.resolved(training_set.task)
    examples = origins.examples(task, training_set.origin, data, settings.max_train_examples, settings.seed)
    part = prepare(training_set.name, task, examples, tokenizer, settings.limits(task.name))
    if not len(part.features):
        raise UserError(
            f"task {task.name}: no training example fits max_length {part.limits.max_length}; "
            "raise training.max_length."
        )
    return part


def check_rows(settings: FineTuningSettings, data: DataSource, folder: str | Path) -> None:
    """Read all that is read after the training, so that damaged rows are found before it; record what is left out.

    Raises UserError for damaged rows, unless the grid skips them.
    """
    if not data.made:
        for task, split, language in _read_later(settings, data):
            data.examples(task, split, language)
    if data.left_out:
        write_facts(Path(folder), rows_left_out=dict(data.left_out))


def _read_later(settings: FineTuningSettings, data: DataSource) -> Iterator[tuple[str, str, str]]:
    """Task, split and language of the development and test sets of a run."""
    trained = [training_set.task for training_set in settings.training_sets if training_set.task]
    if isinstance(settings, TargetSettings):
        for target, languages in settings.evaluate.items():
            splits = (*TASKS[target].evaluation_splits, *(["validation"] if trained and settings.shots else []))
            yield from product([target], splits, languages)
        if settings.selection != "english_dev" and not settings.oracle:
            return
    for task in trained:
        if "validation" in data.splits(task):
            yield task, "validation", "en"


def prepare(name: str, task: Task, examples: Dataset, tokenizer: PreTrainedTokenizerBase, limits: Limits) -> Part:
    """Examples with the features that training on them reads."""
    fitting = limits.within(tokenizer)
    features = trained_format(task).features(examples, tokenizer, fitting, training=True)
    return Part(name, task, features, len(examples), fitting)


def collator(
    parts: Sequence[Part], models: Sequence[nn.Module], tokenizer: PreTrainedTokenizerBase, seed: int
) -> Callable[[Batch], dict[str, Any]]:
    """Function: a batch -> the inputs of its part's model, and where there are several parts which it is, for Heads."""
    drawing = {}  # parts in which what is predicted is drawn anew in every batch
    rows = {}
    for number, (part, model) in enumerate(zip(parts, models, strict=True)):
        task_format = part.format
        if isinstance(task_format, DrawnFormat):
            drawing[number] = task_format.collator(part.features, tokenizer, model, seed)
        else:
            rows[number] = list(part.features.remove_columns("length"))

    def collate(batch: Batch) -> dict[str, Any]:
        if batch.part in drawing:
            inputs = drawing[batch.part]([(row, batch.step) for row in batch.rows])
        else:
            inputs = pad_batch([rows[batch.part][row] for row in batch.rows], tokenizer)
        return inputs if len(parts) == 1 else {**inputs, "part": batch.part}

    return collate


@dataclass(frozen=True)
class DevSet:
    """The first English development examples of the part with that number."""

    number: int
    part: Part
    examples: Dataset

    def score(self, model: nn.Module, tokenizer: PreTrainedTokenizerBase) -> Scored:
        """What the part's model makes of them."""
        own = model.models[self.number] if isinstance(model, Heads) else model
        return score_examples(own, tokenizer, self.part.task, self.examples, "en", self.part.limits)


def dev_sets(parts: Sequence[Part], data: DataSource) -> list[DevSet]:
    """The development sets of the parts that have one."""
    sets = []
    for number, part in enumerate(parts):
        if "validation" in data.splits(part.task):
            sets.append(DevSet(number, part, data.first(part.task, "validation", "en", DEV_EXAMPLES)))
    return sets


def dev_score(sets: Sequence[DevSet], tokenizer: PreTrainedTokenizerBase) -> Callable[[nn.Module], float]:
    """Function: model -> the mean of its scores on the development sets."""
    return lambda model: float(np.mean([dev.score(model, tokenizer).mean(dev.part.task) for dev in sets]))
