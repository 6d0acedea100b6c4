"""Fine-tuning a checkpoint on one task or several: what the intermediate and the target notebooks share."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
from datasets import Dataset

from xtl.base.errors import UserError
from xtl.models.checkpoints import mirrored
from xtl.models.encoders import load_tokenizer
from xtl.tasks.catalog import Task
from xtl.tasks.formats import format_of
from xtl.tasks.sources import DataSource, origins
from xtl.tasks.sources.origins import Origin
from xtl.tasks.sources.source import subset
from xtl.training.collate import grouped_batches, pad_batch

DEV_EXAMPLES = 500  # first English dev examples that select a checkpoint, as in the authors' scripts (PROTOCOL)


@dataclass
class Part:
    """One data set that a training reads: its task, features, and the inputs' limits in tokens."""

    name: str  # of the task, with language and provenance where it is not its English data
    spec: Task
    features: Dataset
    examples: int
    max_length: int
    stride: int

    @property
    def module(self) -> ModuleType:
        """The task's format."""
        return format_of(self.spec)


@dataclass
class Trained:
    """A fine-tuned model with what a reader wants to know about its training."""

    model: object
    tokenizer: object
    parts: list[Part]
    log: pd.DataFrame  # step, loss, learning_rate, seconds
    selection: str  # rule and step, e.g. "last" or "english_dev@400"
    facts: dict
    history: list[dict] = field(default_factory=list)  # what `watch` gave at each snapshot
    averaged: list[dict] = field(default_factory=list)  # what it gave for the snapshots' mean weights

    @property
    def task(self) -> Task:
        """The task, the first one of several."""
        return self.parts[0].spec

    @property
    def n_train(self) -> int:
        """Training examples of all tasks."""
        return sum(part.examples for part in self.parts)

    def model_of(self, number: int):
        """The model of one of the parts."""
        return self.model.models[number] if len(self.parts) > 1 else self.model


def fine_tune(
    tasks: str | Sequence[str | Mapping],
    checkpoint: str,
    data: DataSource,
    folder: str | Path,
    *,
    seed: int,
    revision: str | None = None,
    learning_rate: float = 2e-5,
    epochs: float = 3,
    max_steps: int | None = None,
    batch_size: int = 32,
    max_length: int = 128,
    stride: int = 64,
    warmup: float = 0.1,
    weight_decay: float = 0.01,
    precision: str = "fp32",
    selection: str = "last",
    max_train_examples: int | None = None,
    source: Mapping | None = None,
    lengths: Mapping[str, Mapping] | None = None,
    sampler: str = "proportional",
    cap: int | None = None,
    temperature: float = 2.0,
    extra_steps: int = 0,
    watch: Callable[[object, object], list[dict]] | None = None,
) -> Trained:
    """Train a checkpoint on the training set of a task, or on those of several with one encoder and a head for each.

    Args:
        tasks: names in the catalog, or {"task", "language", "provenance", "translator"} for data in other languages.
        checkpoint: folder or Hub id of the encoder; the head of an earlier task in it is dropped, and a new one is
            drawn from the seed.
        folder: the run's folder; an interrupted training in it is resumed.
        selection: `last` keeps the last weights; `english_dev` the best of ten evenly spaced ones on English dev data
            (of several tasks by the mean of their scores); `average` the mean of those ten.
        source: origin of the training data of a single task, where it is not the English one.
        lengths: task -> its own {"max_length", "stride"}.
        sampler, cap, temperature: how often a step is of each of several tasks, see xtl.training.mixing.
        extra_steps: steps beyond those that epochs and max_steps make.
        watch: (model, tokenizer) -> rows of test scores, asked at each of the ten.
    """
    from xtl.training.mixing import Heads, mixed_batches
    from xtl.training.selection import Average, Best, Watch, evenly
    from xtl.training.trainer import fit, last_checkpoint

    tokenizer, folder = load_tokenizer(checkpoint, revision), Path(folder)
    parts = []
    for each in [tasks] if isinstance(tasks, str) else tasks:
        name, origin = (each, source) if isinstance(each, str) else (each["task"], each)
        limits = {"max_length": max_length, "stride": stride, **(lengths or {}).get(name, {})}
        parts.append(
            _prepared(name, Origin.from_parameters(origin), data, tokenizer, max_train_examples, seed, **limits)
        )
    models = [part.module.build_model(mirrored(str(checkpoint)), part.spec, seed, revision=revision) for part in parts]
    model = models[0] if len(models) == 1 else Heads(models)
    sizes = [list(part.features["length"]) for part in parts]
    if len(parts) > 1:
        mixture = dict(sampler=sampler, cap=cap, temperature=temperature)
        batches = mixed_batches(sizes, batch_size, epochs, max_steps, seed, **mixture)
    else:
        batches = [[(0, row) for row in rows] for rows in _batches(sizes[0], batch_size, epochs, max_steps, seed)]
    if extra_steps:
        longer = _batches(sizes[0], batch_size, np.inf, len(batches) + extra_steps, seed)
        batches = [[(0, row) for row in rows] for rows in longer]
    collates = [collator(part, own, tokenizer, seed) for part, own in zip(parts, models, strict=True)]

    def collate(items: list[tuple[int, int, int]]) -> dict:
        part = items[0][0]
        batch = collates[part]([(row, number) for _, row, number in items])
        return {**batch, "part": part} if len(parts) > 1 else batch

    dev = _dev_score(parts, tokenizer, data) if selection == "english_dev" or watch else None
    at = evenly(len(batches))
    best = Best(folder, at, dev) if selection == "english_dev" else None
    average = Average(folder, at) if selection == "average" or watch else None
    watcher = Watch(folder, at, dev, lambda candidate: watch(candidate, tokenizer)) if watch else None
    snapshots = [each for each in (best, average, watcher) if each]
    if (
        last_checkpoint(folder / "trainer") is None
    ):  # nothing is resumed: what an earlier attempt kept is not of this one
        for each in snapshots:
            shutil.rmtree(each.folder, ignore_errors=True)
    log = fit(
        model,
        [[(part, row, number) for part, row in batch] for number, batch in enumerate(batches)],
        collate,
        folder,
        items=sum(map(len, sizes)),
        learning_rate=learning_rate,
        warmup=warmup,
        weight_decay=weight_decay,
        precision=precision,
        seed=seed,
        title=f"training on {' and '.join(part.spec.name for part in parts)}",
        snapshots=snapshots,
    )
    if not np.isfinite(log["loss"].iloc[-1]):
        raise UserError(
            f"training on {' and '.join(part.spec.name for part in parts)} diverged: its loss is no number any more; "
            "lower the learning rate."
        )
    facts = {
        "steps": len(batches),
        "tokens_seen": int(sum(sizes[part][row] for batch in batches for part, row in batch)),
        "n_train": sum(part.examples for part in parts),
    }
    if len(parts) > 1:
        drawn = [batch[0][0] for batch in batches]
        facts["steps_of"] = {part.name: drawn.count(number) for number, part in enumerate(parts)}
    trained = Trained(model, tokenizer, parts, log, selection, facts)
    if watcher:
        trained.history, trained.averaged = watcher.history(), _with_average(model, average, watch, tokenizer)
    if best:
        trained.selection = f"english_dev@{best.restore(model)['step']}"
        facts["english_dev"] = best.history()
    elif selection == "average":
        facts["averaged_steps"] = average.restore(model)
    for each in snapshots:
        shutil.rmtree(each.folder, ignore_errors=True)
    return trained


def _prepared(
    name: str,
    origin: Origin | None,
    data: DataSource,
    tokenizer,
    most: int | None,
    seed: int,
    max_length: int,
    stride: int,
) -> Part:
    """A training set with its features. Raises UserError where no example fits."""
    spec = data.resolved(name)
    part = prepare(spec, origins.examples(spec, origin, data, most, seed), tokenizer, max_length, stride)
    if origin and not (origin.language, origin.provenance) == ("en", "native"):
        part.name = f"{spec.name}/{origin.language}/{origin.provenance}"
    if not len(part.features):
        raise UserError(
            f"task {name}: no training example fits max_length {part.max_length}; raise training.max_length."
        )
    return part


def prepare(spec: Task, examples: Dataset, tokenizer, max_length: int, stride: int) -> Part:
    """Examples with the features that training on them reads."""
    module, length = format_of(spec), fitting_length(max_length, tokenizer)
    features = module.train_features(examples, tokenizer, spec, length, **module_options(module, stride=stride))
    return Part(spec.name, spec, features, len(examples), length, stride)


def _batches(lengths: list[int], batch_size: int, epochs: float, max_steps: int | None, seed: int) -> list[list[int]]:
    """The batches of one task, `max_steps` at most; with endless epochs exactly so many."""
    if np.isinf(epochs):
        epochs = -(-max_steps // -(-len(lengths) // batch_size))
    return grouped_batches(lengths, batch_size, epochs, seed)[:max_steps]


def collator(part: Part, model, tokenizer, seed: int) -> Callable[[list[tuple[int, int]]], dict]:
    """Items (row, number of the batch) -> the inputs of the part's model."""
    if hasattr(part.module, "collator"):  # what is predicted is drawn anew in every batch
        return part.module.collator(part.features, tokenizer, model, seed)
    rows = list(part.features.select_columns([c for c in part.features.column_names if c != "length"]))
    return lambda items: pad_batch([rows[row] for row, _ in items], tokenizer)


def _dev_score(parts: list[Part], tokenizer, data: DataSource) -> Callable[[object], float] | None:
    """Function: model -> mean score on the first English dev examples of the tasks that have some; None if none has."""
    having = [i for i, part in enumerate(parts) if "validation" in data.splits(part.spec)]
    examples = {i: subset(data.examples(parts[i].spec, "validation", "en"), DEV_EXAMPLES) for i in having}

    def score(model) -> float:
        scores = []
        for number, dev in examples.items():
            part, own = parts[number], model.models[number] if len(parts) > 1 else model
            metrics, _, _ = predict_and_score(own, tokenizer, part.spec, dev, "en", part.max_length, part.stride)
            scores.append(np.mean([metrics[name] for name in part.spec.score]))
        return float(np.mean(scores))

    return score if having else None


def _with_average(model, average, watch: Callable, tokenizer) -> list[dict]:
    """What `watch` gives for the mean of the snapshots' weights; the model keeps its own."""
    own = {name: value.clone() for name, value in model.state_dict().items()}
    average.restore(model)
    model.eval()
    rows = watch(model, tokenizer)
    model.load_state_dict(own)
    return rows


def predict_and_score(model, tokenizer, task: Task, examples, language: str, max_length: int, stride: int = 64):
    """Predict one language's examples: (metric -> points, per-example points, predictions)."""
    from xtl.training.trainer import predict_logits

    module = format_of(task)
    features = module.eval_features(examples, tokenizer, task, max_length, **module_options(module, stride=stride))
    if hasattr(module, "infer"):
        predictions = module.infer(model, features, tokenizer)
    else:
        predictions = module.predict(predict_logits(model, features, tokenizer), features, examples, task)
    metrics, scores = module.score(predictions, examples, task, language)
    return metrics, scores, predictions


def module_options(module, **options) -> dict:
    """Those of the options that a format declares to read."""
    return {k: v for k, v in options.items() if k in getattr(module, "OPTIONS", ())}


def fitting_length(max_length: int, tokenizer) -> int:
    """The asked length, or the encoder's longest input where that is shorter."""
    return min(max_length, tokenizer.model_max_length)


def save(trained: Trained, folder: str | Path) -> None:
    """Write model and tokenizer to `checkpoint/` of the run folder; later runs read the encoder below the head."""
    trained.model.save_pretrained(Path(folder) / "checkpoint")
    trained.tokenizer.save_pretrained(Path(folder) / "checkpoint")


def dev_scores(trained: Trained, data: DataSource) -> tuple[pd.DataFrame, dict[tuple[str, str], pd.DataFrame]]:
    """Scores on the first English dev examples (task, metric, points, n), and (task, "en") -> predictions to read.

    A task without a development set has neither.
    """
    rows, shown = [], {}
    for number, part in enumerate(trained.parts):
        name, task = part.spec.name, part.spec
        if "validation" not in data.splits(task):
            continue
        examples = subset(data.examples(task, "validation", "en"), DEV_EXAMPLES)
        metrics, _, predictions = predict_and_score(
            trained.model_of(number), trained.tokenizer, task, examples, "en", part.max_length, part.stride
        )
        rows += [dict(task=name, metric=metric, points=value, n=len(examples)) for metric, value in metrics.items()]
        shown[name, "en"] = part.module.show(predictions, examples, task, 5)
    return pd.DataFrame(rows, columns=["task", "metric", "points", "n"]), shown
