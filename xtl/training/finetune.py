"""Fine-tuning a checkpoint on one task or several: what the intermediate and the target notebooks share."""

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from torch import nn
from transformers import PreTrainedTokenizerBase

from xtl.base.errors import UserError
from xtl.base.files import replacing_folder
from xtl.models.encoders import load_tokenizer
from xtl.runs.record import MOVE, read_record
from xtl.runs.store import RUN_FILE
from xtl.tasks.formats.heads import save_checkpoint
from xtl.tasks.formats.learning import Learning
from xtl.tasks.sources import DataSource
from xtl.training.collate import batches_of_steps, grouped_batches
from xtl.training.finite import check_checkpoint
from xtl.training.mixing import Batch, Heads, mixed_batches
from xtl.training.parts import Part, check_rows, collator, dev_score, dev_sets, read_part
from xtl.training.settings import FineTuningSettings, IntermediateSettings, TargetSettings
from xtl.training.snapshots import Selection, Test
from xtl.training.trainer import fit, last_checkpoint, step_of


@dataclass(frozen=True)
class Trained:
    """A fine-tuned model with what a reader wants to know about its training.

    Attributes:
        log: step, loss, learning_rate, seconds.
        selection: rule and step, e.g. "last" or "english_dev@400".
        facts: about the training, for run.json.
        watched: what was noted at each snapshot (snapshots.Selection), where tests were asked for.
        averaged: the test scores of the snapshots' mean weights then.
    """

    model: nn.Module
    tokenizer: PreTrainedTokenizerBase
    parts: list[Part]
    log: pd.DataFrame
    selection: str
    facts: dict[str, Any]
    watched: list[dict[str, Any]]
    averaged: list[dict[str, Any]]

    @property
    def n_train(self) -> int:
        """Training examples of all tasks."""
        return sum(part.examples for part in self.parts)

    def describe(self) -> str:
        """The training in one sentence."""
        data = ", ".join(f"{part.examples:,} examples of {part.name}" for part in self.parts)
        steps, tokens = self.facts["steps"], self.facts["tokens_seen"]
        return f"{data}; {steps:,} steps and {tokens:,} tokens; weights: {self.selection}."

    def save(self, folder: str | Path) -> None:
        """Write model and tokenizer to `checkpoint/` of the run folder; later runs read the encoder below the head."""
        with replacing_folder(Path(folder) / "checkpoint") as checkpoint:
            save_checkpoint(self.model, checkpoint)
            self.tokenizer.save_pretrained(checkpoint)


def fine_tune(settings: FineTuningSettings, data: DataSource, folder: str | Path, test: Test | None = None) -> Trained:
    """Train a checkpoint on the training set of a task, or on those of several with one encoder and a head for each.

    The head of an earlier task in the checkpoint is dropped, and a new one is drawn from the seed.

    Args:
        data: where examples come from.
        folder: the run's folder; an interrupted training in it is resumed.
        test: asked at ten evenly spaced steps, where the outcomes of all selection rules are wanted.
    Raises UserError for data that is not there, and for a training that diverges.
    """
    folder = Path(folder)
    tokenizer = load_tokenizer(settings.checkpoint, settings.revision)
    parts = [read_part(training_set, settings, data, tokenizer) for training_set in settings.training_sets]
    check_rows(settings, data, folder)
    models: list[Any] = [part.build_model(settings) for part in parts]
    model = models[0] if len(models) == 1 else Heads(models)
    check_checkpoint(model, settings.checkpoint)
    batches = plan_batches([part.lengths for part in parts], settings)

    dev = dev_sets(parts, data) if settings.selection == "english_dev" or test else []
    score = dev_score(dev, tokenizer) if dev else None
    selection = Selection(settings.selection, folder, len(batches), score, test)
    resumed = last_checkpoint(folder / "trainer")
    if resumed is None or not selection.reaches(step_of(resumed)):  # what an earlier attempt kept is not of this one
        shutil.rmtree(folder / "trainer", ignore_errors=True)
        selection.clear()
    title = f"training on {' and '.join(part.task.name for part in parts)}"
    collate = collator(parts, models, tokenizer, settings.seed)
    log = fit(model, batches, collate, folder, settings, seed=settings.seed, title=title, callbacks=[selection])
    watched = selection.history() if test else []
    averaged = selection.averaged(model)
    name, choice = selection.choose(model)
    selection.clear()
    tuned = {"tuned": settings.tuned} if settings.tuned else {}
    origins = {part.name: built.origin.facts() for part, built in zip(parts, models, strict=True)}
    facts = {**_facts(parts, batches), "heads": origins, **choice, **tuned}
    return Trained(model, tokenizer, parts, log, name, facts, watched, averaged)


def plan_batches(lengths: Sequence[Sequence[int]], settings: FineTuningSettings) -> list[Batch]:
    """What is read in every step.

    lengths: for each part the tokens of its features.
    """
    if isinstance(settings, IntermediateSettings) and len(lengths) > 1:
        return mixed_batches(lengths, settings)
    batches = grouped_batches(lengths[0], settings.batch_size, settings.epochs, settings.seed)[: settings.max_steps]
    if isinstance(settings, TargetSettings) and settings.longer_by:
        steps = len(batches) + steps_of(settings.longer_by)
        batches = batches_of_steps(lengths[0], settings.batch_size, steps, settings.seed)
    return [Batch(0, rows, step) for step, rows in enumerate(batches)]


def steps_of(checkpoint: str) -> int:
    """The training steps of the run that left a checkpoint."""
    record = read_record(Path(checkpoint).parent / RUN_FILE)
    if record is None:
        raise UserError(f"{checkpoint} is no checkpoint of a run: beside it there is no {RUN_FILE}.")
    if "steps" not in record.facts:
        raise UserError(f"{record.folder / RUN_FILE} says nothing of the steps of its run; {MOVE}")
    return record.facts["steps"]


def _facts(parts: list[Part], batches: list[Batch]) -> dict[str, Any]:
    """Steps, tokens and examples of a training; of several parts also the steps of each."""
    lengths = [np.array(part.lengths) for part in parts]
    facts: dict[str, Any] = {
        "steps": len(batches),
        "tokens_seen": int(sum(lengths[batch.part][batch.rows].sum() for batch in batches)),
        "n_train": sum(part.examples for part in parts),
    }
    if len(parts) > 1:
        drawn = Counter(batch.part for batch in batches)
        facts["steps_of"] = {part.name: drawn[number] for number, part in enumerate(parts)}
    return facts


@dataclass(frozen=True)
class DevScores:
    """What a trained model makes of the first English development examples of its tasks.

    Attributes:
        table: task, metric, points, n.
        shown: (task, "en") -> a few predictions to read.
        learning: task -> its right decisions beside those of a model that learned nothing.
    """

    table: pd.DataFrame
    shown: dict[tuple[str, str], pd.DataFrame]
    learning: dict[str, Learning]

    @property
    def facts(self) -> dict[str, Any]:
        """For run.json: every score, and of every task whether it was learned."""
        learning = []
        for task, compared in self.learning.items():
            judged = {"limit": compared.limit, "learned": compared.learned}
            learning.append({"task": task, **asdict(compared), **judged})
        return {"english_dev_scores": self.table.to_dict("records"), "learning": learning}

    def describe(self) -> str:
        """What was learned, a sentence a task."""
        sentences = []
        for task, compared in self.learning.items():
            verdict = "" if compared.learned else "Did not learn: "
            sentences.append(
                f"{verdict}{task}, {compared.right:,} of {compared.decisions:,} right on English development data; "
                f"{compared.rule} has {compared.rate:.1%}, by luck up to {compared.limit:,}."
            )
        return "\n".join(sentences)


def dev_scores(trained: Trained, data: DataSource) -> DevScores:
    """Scores on the first English development examples; a task without a development set has none."""
    rows = []
    shown = {}
    learning = {}
    for dev in dev_sets(trained.parts, data):
        task = dev.part.task
        scored = dev.score(trained.model, trained.tokenizer)
        for metric, points in scored.metrics.items():
            rows.append({"task": task.name, "metric": metric, "points": points, "n": len(dev.examples)})
        shown[task.name, "en"] = dev.part.format.show(scored.predictions, dev.examples)
        learning[task.name] = dev.part.format.learning(scored.predictions, dev.examples)
    return DevScores(pd.DataFrame(rows, columns=["task", "metric", "points", "n"]), shown, learning)
