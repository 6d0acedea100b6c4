"""Few-shot transfer: a fine-tuned model goes on with a few examples of a test language."""

import copy
import shutil
from pathlib import Path

from torch import nn

from xtl.base.errors import UserError
from xtl.tasks.sources import DataSource
from xtl.tasks.sources.source import subset
from xtl.training.collate import batches_of_steps
from xtl.training.finetune import Trained
from xtl.training.mixing import Batch
from xtl.training.parts import collator, prepare
from xtl.training.settings import TargetSettings
from xtl.training.trainer import fit


def with_shots(
    trained: Trained, settings: TargetSettings, data: DataSource, folder: str | Path, target: str, language: str
) -> nn.Module:
    """A copy of the model that is trained on `settings.shots` development examples of a language besides.

    The examples are drawn from the seed, the same for every encoder; `shot_steps` steps with the rate and the batch
    size of the training before, without warm-up, linear decay. Raises UserError where a language has fewer examples.
    """
    examples = subset(data.examples(target, "validation", language), settings.shots, settings.seed)
    if settings.shots and len(examples) < settings.shots:
        raise UserError(
            f"task {target} has {len(examples)} development examples in {language}, fewer than the {settings.shots} "
            "shots that are asked for."
        )
    task = data.resolved(target)
    part = prepare(target, task, examples, trained.tokenizer, settings.limits(target))
    rows = batches_of_steps(part.lengths, settings.batch_size, settings.shot_steps, settings.seed)
    model = copy.deepcopy(trained.model)
    folder = Path(folder) / "shots" / f"{target}-{language}"
    fit(
        model,
        [Batch(0, batch, step) for step, batch in enumerate(rows)],
        collator([part], [model], trained.tokenizer, settings.seed),
        folder,
        settings.model_copy(update={"warmup": 0.0}),
        seed=settings.seed,
        title=f"{len(examples)} shots of {target} in {language}",
    )
    shutil.rmtree(folder, ignore_errors=True)
    return model
