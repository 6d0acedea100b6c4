"""Few-shot transfer: a fine-tuned model goes on with a few examples of a test language."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable
from pathlib import Path

from xtl.collate import grouped_batches, pad_batch
from xtl.errors import UserError
from xtl.finetune import Trained, fitting_length, module_options
from xtl.tasks import data as task_data
from xtl.tasks import format_of


def adapter(
    trained: Trained,
    source: str,
    data: dict,
    folder: str | Path,
    *,
    shots: int,
    steps: int,
    seed: int,
    learning_rate: float,
    batch_size: int,
    max_length: int,
    stride: int,
    weight_decay: float = 0.01,
    precision: str = "fp32",
) -> Callable[[str, str], tuple[object, int] | None]:
    """Function: (target, language) -> a copy of the model trained on `shots` of its development examples besides, and
    how many they were.

    The examples are drawn from the seed, the same for every encoder; `steps` steps with the rate and the batch size of
    the training before, without warm-up, linear decay. None for the source language, which was trained on already.
    """
    from xtl.train import fit

    length = fitting_length(max_length, trained.tokenizer)

    def adapted(target: str, language: str):
        if language == source:
            return None
        task = task_data.resolved(target, data)
        module = format_of(task)
        examples = task_data.subset(task_data.load(target, "validation", language, data), shots, seed)
        if len(examples) < shots:
            raise UserError(
                f"task {target} has {len(examples)} development examples in {language}, fewer than the {shots} shots "
                "that are asked for."
            )
        features = module.train_features(
            examples, trained.tokenizer, task, length, **module_options(module, stride=stride)
        )
        rows = list(features.select_columns([c for c in features.column_names if c != "length"]))
        epochs = -(-steps // max(1, -(-len(rows) // batch_size)))
        batches = grouped_batches(list(features["length"]), batch_size, epochs, seed)[:steps]
        model, where = copy.deepcopy(trained.model), Path(folder) / "shots" / f"{target}-{language}"
        fit(
            model,
            batches,
            lambda items: pad_batch([rows[i] for i in items], trained.tokenizer),
            where,
            items=len(rows),
            learning_rate=learning_rate,
            warmup=0.0,
            weight_decay=weight_decay,
            precision=precision,
            seed=seed,
            title=f"{len(examples)} shots of {target} in {language}",
        )
        shutil.rmtree(where, ignore_errors=True)
        return model, len(examples)

    return adapted
