"""Fine-tuning a checkpoint on one task: what the intermediate and the target notebooks share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from xtl.checkpoints import mirrored
from xtl.collate import grouped_batches, pad_batch
from xtl.encoders import load_tokenizer
from xtl.errors import UserError
from xtl.tasks import data as task_data
from xtl.tasks import format_of
from xtl.tasks.catalog import Task

DEV_EXAMPLES = 500  # first English dev examples that select a checkpoint, as in the authors' scripts (PROTOCOL)


@dataclass
class Trained:
    """A fine-tuned model with what a reader wants to know about its training."""

    model: object
    tokenizer: object
    task: Task
    log: pd.DataFrame  # step, loss, learning_rate, seconds
    n_train: int
    selection: str  # rule and step, e.g. "last" or "english_dev@400"
    facts: dict


def fine_tune(
    task: str,
    checkpoint: str,
    data: dict,
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
) -> Trained:
    """Train a checkpoint on the English training set of a task.

    Args:
        task: name in the catalog.
        checkpoint: folder or Hub id of the encoder; the head of an earlier task in it is dropped, and a new one is
            drawn from the seed.
        folder: the run's folder; an interrupted training in it is resumed.
        selection: `last` keeps the last weights; `english_dev` the best of ten evenly spaced ones on English dev data.
    """
    from xtl.train import Selection, fit

    spec, tokenizer = task_data.resolved(task, data), load_tokenizer(checkpoint, revision)
    module = format_of(spec)
    max_length = fitting_length(max_length, tokenizer)
    examples = task_data.training(spec, data, max_train_examples, seed)
    features = module.train_features(examples, tokenizer, spec, max_length, **module_options(module, stride=stride))
    if not len(features):
        raise UserError(f"task {task}: no training example fits max_length {max_length}; raise training.max_length.")
    batches = grouped_batches(list(features["length"]), batch_size, epochs, seed)[:max_steps]
    model = module.build_model(mirrored(str(checkpoint)), spec, seed, revision=revision)
    if hasattr(module, "collator"):  # what is predicted is drawn anew in every batch
        collate = module.collator(features, tokenizer, model, seed)
        batches = [[(row, number) for row in batch] for number, batch in enumerate(batches)]
    else:
        rows = list(features.select_columns([c for c in features.column_names if c != "length"]))

        def collate(items):
            return pad_batch([rows[i] for i in items], tokenizer)

    chooser = None
    if selection == "english_dev":
        dev = task_data.subset(task_data.load(task, "validation", "en", data), DEV_EXAMPLES)

        def dev_score(candidate) -> float:
            metrics, _, _ = predict_and_score(candidate, tokenizer, spec, dev, "en", max_length, stride)
            return float(np.mean([metrics[m] for m in spec.score]))

        chooser = Selection(Path(folder), dev_score, every=max(1, len(batches) // 10))
    log = fit(
        model,
        batches,
        collate,
        folder,
        items=len(features),
        learning_rate=learning_rate,
        warmup=warmup,
        weight_decay=weight_decay,
        precision=precision,
        seed=seed,
        title=f"training on {task}",
        selection=chooser,
    )
    lengths = np.asarray(features["length"])
    facts = {
        "steps": len(batches),
        "tokens_seen": int(sum(lengths[np.asarray(b).reshape(len(b), -1)[:, 0]].sum() for b in batches)),
        "n_train": len(examples),
    }
    chosen = selection
    if chooser:
        best = chooser.restore(model)
        chosen = f"english_dev@{best['step']}"
        facts["english_dev"] = chooser.history()
    return Trained(model, tokenizer, spec, log, len(examples), chosen, facts)


def predict_and_score(model, tokenizer, task: Task, examples, language: str, max_length: int, stride: int = 64):
    """Predict one language's examples: (metric -> points, per-example points, predictions)."""
    from xtl.train import predict_logits

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


def dev_scores(
    trained: Trained, data: dict, *, max_length: int = 128, stride: int = 64
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores on the first English dev examples (metric, points, n), and a few predictions to read.

    Both are empty for a task without a development set.
    """
    if "validation" not in task_data.splits(trained.task, data):
        return pd.DataFrame(columns=["metric", "points", "n"]), pd.DataFrame()
    examples = task_data.subset(task_data.load(trained.task, "validation", "en", data), DEV_EXAMPLES)
    length = fitting_length(max_length, trained.tokenizer)
    metrics, _, predictions = predict_and_score(
        trained.model, trained.tokenizer, trained.task, examples, "en", length, stride
    )
    table = pd.DataFrame([dict(metric=name, points=value, n=len(examples)) for name, value in metrics.items()])
    return table, format_of(trained.task).show(predictions, examples, trained.task, 5)
