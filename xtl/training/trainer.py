"""Training on transformers' Trainer: prepared batches, progress, checkpoints to resume from."""

import json
import shutil
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import torch
from IPython import get_ipython
from IPython.display import Pretty, display
from safetensors import SafetensorError, safe_open
from torch import nn
from torch.utils.data import DataLoader
from transformers import Trainer, TrainerCallback, TrainingArguments, set_seed
from transformers.trainer_callback import PrinterCallback

from xtl.base.errors import UserError
from xtl.grid.blocks import Training
from xtl.models.recipes import Pretraining
from xtl.runs.store import write_facts, write_progress
from xtl.training.finite import Diverged, StopAtDivergence, unusable_weight
from xtl.training.losses import smoothed_loss

SAVE_SECONDS = 120  # a checkpoint to resume from, at most this much work is lost
LOGGED = 50  # rows of the log
COLUMNS = ["step", "loss", "learning_rate", "seconds"]  # of the log

Batch = TypeVar("Batch")  # what is read in one step; only the collator knows what it is


def fit(
    model: nn.Module,
    batches: Sequence[Batch],
    collate: Callable[[Batch], dict[str, Any]],
    folder: str | Path,
    settings: Pretraining | Training,
    *,
    seed: int,
    title: str = "training",
    callbacks: Sequence[TrainerCallback] = (),
    adam_beta2: float = 0.999,
    save_seconds: float = SAVE_SECONDS,
) -> pd.DataFrame:
    """Train a model in place on the given batches; resume where an interrupted call in the same folder stopped.

    AdamW (eps 1e-8, no decay on biases and LayerNorm), gradients clipped at 1.0, linear warm-up over a share of the
    steps, then linear decay: the authors' schedule (docs/protocol.md).

    Args:
        batches: one for each step; `collate` turns it into the model's inputs.
        folder: the run's folder; checkpoints live in `trainer/` below it and are removed at the end.
        settings: of which learning_rate, warmup, weight_decay, precision and label_smoothing are read.
        callbacks: further ones, such as xtl.training.snapshots.Selection.

    Returns:
        DataFrame step, loss, learning_rate, seconds: a row about every fiftieth of the training. Steps and losses are
        recorded as the fact `losses`.
    Raises UserError for a training that diverges: a loss or a weight that is no finite number.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    steps = len(batches)
    set_seed(seed)
    arguments = TrainingArguments(
        output_dir=str(folder / "trainer"),
        max_steps=steps,
        learning_rate=settings.learning_rate,
        warmup_steps=int(np.ceil(settings.warmup * steps)),
        weight_decay=settings.weight_decay,
        lr_scheduler_type="linear",
        adam_epsilon=1e-8,
        adam_beta2=adam_beta2,
        max_grad_norm=1.0,
        per_device_train_batch_size=1,
        bf16=settings.precision == "bf16",
        use_cpu=not torch.cuda.is_available(),
        logging_steps=max(1, steps // LOGGED),
        logging_first_step=True,
        logging_nan_inf_filter=False,
        save_strategy="no",
        save_total_limit=1,
        report_to=[],
        disable_tqdm=True,
        remove_unused_columns=False,
        seed=seed,
        data_seed=seed,
        dataloader_pin_memory=torch.cuda.is_available(),
    )
    trainer = OrderedTrainer(
        model=model,
        args=arguments,
        train_dataset=batches,
        data_collator=lambda loaded: collate(loaded[0]),
        callbacks=[StopAtDivergence(title), Progress(folder, title, save_seconds), *callbacks],
    )
    trainer.label_smoothing = settings.label_smoothing if isinstance(settings, Training) else 0.0
    trainer.remove_callback(PrinterCallback)
    try:
        trainer.train(resume_from_checkpoint=last_checkpoint(folder / "trainer"))
        if unusable_weight(model):
            raise Diverged(f"{title} diverged in its last steps: its weights are no numbers; lower the learning rate.")
    except UserError:
        shutil.rmtree(folder / "trainer", ignore_errors=True)  # what diverged is not resumed
        raise
    model.eval()
    shutil.rmtree(folder / "trainer", ignore_errors=True)
    log = pd.DataFrame([row for row in trainer.state.log_history if "loss" in row]).reindex(columns=COLUMNS)
    log = log.astype(float)
    write_facts(folder, losses={"step": log["step"].astype(int).tolist(), "loss": log["loss"].round(4).tolist()})
    return log


def last_checkpoint(folder: Path) -> str | None:
    """The newest complete checkpoint in a trainer's folder; Trainer writes trainer_state.json last.

    One with a file that is cut short, by a kill or a full disk, is not complete.
    """
    complete = [path.parent for path in folder.glob("checkpoint-*/trainer_state.json") if whole(path.parent)]
    if not complete:
        return None
    return str(max(complete, key=step_of))


def step_of(checkpoint: Path | str) -> int:
    """The step that a trainer's checkpoint is of, by its name."""
    return int(Path(checkpoint).name.removeprefix("checkpoint-"))


def whole(folder: Path) -> bool:
    """Whether all files below a folder of JSON, safetensors and PyTorch's archives are as long as they say."""
    for path in folder.rglob("*"):
        try:
            if path.suffix == ".json":
                json.loads(path.read_text("utf-8"))
            elif path.suffix == ".safetensors":
                with safe_open(path, "pt"):
                    pass
            elif path.suffix in (".pt", ".pth", ".bin") and not zipfile.is_zipfile(path):
                return False
        except (ValueError, SafetensorError, OSError):
            return False
    return True


class OrderedTrainer(Trainer):
    """A Trainer whose data set are the batches of the whole training, which it reads one by one in their order.

    So one "epoch" is everything, and a resumed training skips exactly the batches that it has seen.
    """

    label_smoothing = 0.0

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        """The model's own loss, or the same with smoothed labels."""
        if not self.label_smoothing:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        output = model(**inputs)
        loss = smoothed_loss(output, inputs, self.label_smoothing)
        return (loss, output) if return_outputs else loss

    def get_train_dataloader(self) -> DataLoader:
        """Batches in their given order."""
        batches: Any = self.train_dataset
        return DataLoader(batches, batch_size=1, shuffle=False, collate_fn=self.data_collator)


class Progress(TrainerCallback):
    """Writes progress.json for the command line, shows one live line in a notebook, saves every few minutes."""

    def __init__(self, folder: Path, title: str, save_seconds: float = SAVE_SECONDS):
        self.folder = folder
        self.title = title
        self.save_seconds = save_seconds
        self.display: Any = None
        self.loss: float | None = None

    def on_train_begin(self, args, state, control, **kwargs):
        """Open the live line."""
        self.started = time.monotonic()
        self.saved = self.started
        self.first_step = state.global_step
        self.show(state)

    def on_log(self, args, state, control, logs=None, **kwargs):
        """Keep the latest loss, and stamp it with the seconds since training began (again, after an interruption)."""
        if "loss" in logs:
            self.loss = logs["loss"]
            state.log_history[-1]["seconds"] = time.monotonic() - self.started

    def on_step_end(self, args, state, control, **kwargs):
        """Refresh the line about once a second; ask for a checkpoint when the last one is old."""
        now = time.monotonic()
        if now - self.shown > 1:
            self.show(state)
        if now - self.saved > self.save_seconds:
            self.saved = now
            control.should_save = True

    def on_train_end(self, args, state, control, **kwargs):
        """Close the line with the final count."""
        self.show(state)

    def show(self, state) -> None:
        """One line: step, loss, seconds left."""
        self.shown = time.monotonic()
        text = self.line(state.global_step, state.max_steps, self.shown - self.started)
        write_progress(self.folder, state.global_step, state.max_steps, text)
        if get_ipython() is None:
            return
        if self.display is None:
            self.display = display(Pretty(text), display_id=True)
        else:
            self.display.update(Pretty(text))

    def line(self, step: int, steps: int, seconds: float) -> str:
        """Where the training stands after so many seconds."""
        parts = [f"{self.title}: step {step}/{steps}"]
        if self.loss is not None:
            parts.append(f"loss {float(self.loss):.3f}")
        parts.append(f"{seconds:.0f} s")
        if 0 < step < steps:
            left = seconds / max(1, step - self.first_step) * (steps - step)
            parts[-1] += f", about {left:.0f} s left"
        return " · ".join(parts)
