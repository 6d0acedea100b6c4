"""Few-shot transfer: a fine-tuned model goes on with a few examples of a test language."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable
from pathlib import Path

from xtl.base.errors import UserError
from xtl.tasks.sources import DataSource
from xtl.tasks.sources.source import subset
from xtl.training.collate import grouped_batches
from xtl.training.finetune import Trained, collator, prepare


def adapter(
    trained: Trained,
    source: str,
    data: DataSource,
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
    from xtl.training.trainer import fit

    def adapted(target: str, language: str):
        if language == source:
            return None
        examples = subset(data.examples(target, "validation", language), shots, seed)
        if len(examples) < shots:
            raise UserError(
                f"task {target} has {len(examples)} development examples in {language}, fewer than the {shots} shots "
                "that are asked for."
            )
        part = prepare(data.resolved(target), examples, trained.tokenizer, max_length, stride)
        sizes = list(part.features["length"])
        epochs = -(-steps // max(1, -(-len(sizes) // batch_size)))
        batches = grouped_batches(sizes, batch_size, epochs, seed)[:steps]
        model, where = copy.deepcopy(trained.model), Path(folder) / "shots" / f"{target}-{language}"
        fit(
            model,
            [[(row, number) for row in batch] for number, batch in enumerate(batches)],
            collator(part, model, trained.tokenizer, seed),
            where,
            items=len(sizes),
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
