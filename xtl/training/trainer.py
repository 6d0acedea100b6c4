"""Training on transformers' Trainer, and prediction: prepared batches, progress, checkpoints, resume."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch.utils.data import DataLoader
from transformers import Trainer, TrainerCallback, TrainingArguments, set_seed
from transformers.trainer_callback import PrinterCallback

from xtl.runs.store import write_facts, write_progress
from xtl.training.collate import INPUTS, budget_batches, pad_batch

SAVE_SECONDS = 120  # a checkpoint to resume from, at most this much work is lost
EVAL_TOKENS = 8192  # tokens in an evaluation batch, padding counted; decides speed, not results


class BatchTrainer(Trainer):
    """A Trainer that is given its batches (lists of items) instead of a sampler.

    The list covers the whole training, so one "epoch" is everything, and a resumed training skips exactly the
    batches that it has seen.
    """

    def __init__(self, *args, batches, collate, **kwargs):
        super().__init__(*args, **kwargs)
        self.batches, self.collate = batches, collate

    def get_train_dataloader(self) -> DataLoader:
        """Batches in their given order."""
        return DataLoader(self.train_dataset, batch_sampler=self.batches, collate_fn=self.collate)


class Items:
    """A dataset whose items are looked up by the collator: item i is i itself."""

    def __init__(self, length: int):
        self.length = length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, item):
        return item


class Progress(TrainerCallback):
    """Writes progress.json for the command line, shows one live line in a notebook, saves every few minutes."""

    def __init__(self, folder: Path, title: str, save_seconds: float = SAVE_SECONDS):
        self.folder, self.title, self.save_seconds = folder, title, save_seconds
        self.started = self.shown = self.saved = time.monotonic()
        self.display, self.first_step, self.loss = None, 0, None

    def on_train_begin(self, args, state, control, **kwargs):
        """Open the live line."""
        self.started = self.saved = time.monotonic()
        self.first_step = state.global_step
        self.show(state)

    def on_log(self, args, state, control, logs=None, **kwargs):
        """Keep the latest loss."""
        self.loss = (logs or {}).get("loss", self.loss)

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

    def show(self, state):
        """One line: step, loss, seconds left."""
        self.shown = now = time.monotonic()
        done, total = state.global_step, state.max_steps
        spent = now - self.started
        left = spent / max(1, done - self.first_step) * (total - done)
        loss = f" · loss {float(self.loss):.3f}" if self.loss is not None else ""
        text = f"{self.title}: step {done}/{total}{loss} · {spent:.0f} s" + (
            f", about {left:.0f} s left" if 0 < done < total else ""
        )
        write_progress(self.folder, done, total, text)
        from IPython import get_ipython

        if get_ipython() is None:
            return
        from IPython.display import Pretty, display

        if self.display is None:
            self.display = display(Pretty(text), display_id=True)
        else:
            self.display.update(Pretty(text))


def fit(
    model,
    batches: list,
    collate,
    folder: Path,
    *,
    items: int,
    learning_rate: float,
    warmup: float,
    weight_decay: float,
    seed: int,
    precision: str = "fp32",
    title: str = "training",
    save_seconds: float = SAVE_SECONDS,
    snapshots: Sequence[TrainerCallback] = (),
    adam_beta2: float = 0.999,
) -> pd.DataFrame:
    """Train a model in place on the given batches; resume where an interrupted call in the same folder stopped.

    AdamW (eps 1e-8, no decay on biases and LayerNorm), gradients clipped at 1.0, linear warm-up over `warmup` of the
    steps, then linear decay: the authors' schedule (PROTOCOL).

    Args:
        batches: one list of items per step; `collate` turns it into the model's inputs.
        folder: the run's folder; checkpoints live in `trainer/` below it and are removed at the end.
        items: number of different items (only reported).
        snapshots: further callbacks, such as those of xtl.training.selection.

    Returns:
        DataFrame step, loss, learning_rate, seconds: a row about every fiftieth of the training. Steps and losses are
        recorded as the fact `losses`.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    steps = len(batches)
    set_seed(seed)
    arguments = TrainingArguments(
        output_dir=str(folder / "trainer"),
        max_steps=steps,
        learning_rate=learning_rate,
        warmup_steps=int(np.ceil(warmup * steps)),
        weight_decay=weight_decay,
        lr_scheduler_type="linear",
        adam_epsilon=1e-8,
        adam_beta2=adam_beta2,
        max_grad_norm=1.0,
        per_device_train_batch_size=1,
        bf16=precision == "bf16",
        use_cpu=not torch.cuda.is_available(),
        logging_steps=max(1, steps // 50),
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
    log = Log()
    callbacks = [Progress(folder, title, save_seconds), log, *snapshots]
    trainer = BatchTrainer(
        model=model, args=arguments, train_dataset=Items(items), batches=batches, collate=collate, callbacks=callbacks
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train(resume_from_checkpoint=last_checkpoint(folder / "trainer"))
    model.eval()
    shutil.rmtree(folder / "trainer", ignore_errors=True)
    table = log.table(trainer.state.log_history)
    write_facts(folder, losses={"step": table["step"].astype(int).tolist(), "loss": table["loss"].round(4).tolist()})
    return table


class Log(TrainerCallback):
    """Stamps every logged row with the seconds since training began (an earlier, interrupted part not counted)."""

    def on_train_begin(self, args, state, control, **kwargs):
        """Start the clock."""
        self.started = time.monotonic()

    def on_log(self, args, state, control, logs=None, **kwargs):
        """Add the seconds to the row that was just logged."""
        if state.log_history and "loss" in state.log_history[-1]:
            state.log_history[-1]["seconds"] = time.monotonic() - self.started

    @staticmethod
    def table(history: list[dict]) -> pd.DataFrame:
        """The logged losses as a table."""
        rows = [{k: h.get(k) for k in ("step", "loss", "learning_rate", "seconds")} for h in history if "loss" in h]
        return pd.DataFrame(rows, columns=["step", "loss", "learning_rate", "seconds"]).astype(float)


def last_checkpoint(folder: Path) -> str | None:
    """The newest complete checkpoint in a trainer's folder; Trainer writes trainer_state.json last."""
    found = [p for p in folder.glob("checkpoint-*") if (p / "trainer_state.json").is_file()]
    return str(max(found, key=lambda p: int(p.name.split("-")[1]))) if found else None


def _tokens(ids: list) -> int:
    """Tokens of a feature, of all its choices where it has some."""
    return sum(map(len, ids)) if isinstance(ids[0], (list, np.ndarray)) else len(ids)


def predict_logits(model, features, tokenizer, batch_tokens: int = EVAL_TOKENS) -> list[np.ndarray]:
    """Logits of every feature, in order, padding removed.

    Returns:
        for each feature float32 (labels,) for one label an input, (choices,) for one score a choice, (length, labels)
        for one label a token, and (length, 2), start and end, for spans.
    """
    model.eval()
    columns = [c for c in INPUTS if c in features.column_names]
    rows = list(features.select_columns(columns))
    lengths = [len(row["input_ids"]) for row in rows]
    out: list = [None] * len(rows)
    left = tokenizer.padding_side == "left"
    with torch.inference_mode():
        for numbers in budget_batches([_tokens(row["input_ids"]) for row in rows], batch_tokens):
            batch = {k: v.to(model.device) for k, v in pad_batch([rows[i] for i in numbers], tokenizer).items()}
            result = model(**batch)
            logits = result.logits if "logits" in result else torch.stack([result.start_logits, result.end_logits], -1)
            logits = logits.float().cpu().numpy()
            for number, values in zip(numbers, logits, strict=True):
                token_level = values.ndim == 2
                keep = slice(-lengths[number], None) if left else slice(lengths[number])
                out[number] = values[keep].copy() if token_level else values.copy()
    return out
