"""The laboratory's tasks in every language, in the columns of the datasets that they stand for."""

import pyarrow as pa
from datasets import Dataset

from xtl.base.errors import UserError
from xtl.lab.tasks.builders import BUILDERS, records
from xtl.lab.tasks.corpora import corpus
from xtl.lab.world.cache import cached_table
from xtl.lab.world.config import SPLITS, LabConfig
from xtl.lab.world.made_languages import language
from xtl.lab.world.rendering import renderer

PLAIN = "mlm"  # the task whose examples are the corpus
TASKS = (*BUILDERS, PLAIN)


def splits(task: str) -> tuple[str, ...]:
    """The splits of a task. Raises UserError for an unknown one."""
    if task == PLAIN:
        return ("train",)
    if task not in BUILDERS:
        raise UserError(f"the laboratory has no task `{task}`; it has {', '.join(TASKS)}")
    return SPLITS if BUILDERS[task].training else SPLITS[1:]


def dataset(config: LabConfig, task: str, code: str, split: str) -> Dataset:
    """A task's examples in a language, in the columns of the dataset that it stands for.

    All languages have the same examples in the same order; a training split in another language than English is an
    exact translation. Unknown tasks, languages and splits are errors.
    """
    language(config, code)
    if split not in splits(task):
        raise UserError(f"the laboratory's task `{task}` has no split `{split}`; it has {', '.join(splits(task))}")
    if task == PLAIN:
        texts = [" ".join(document) for document in corpus(config, code)]
        return Dataset.from_dict({"id": [f"{code}-{number:06d}" for number in range(len(texts))], "text": texts})
    part = "train" if split == "train" else "evaluation"

    def build() -> pa.Table:
        return pa.table(BUILDERS[task].columns(records(config, task, part), renderer(config), code))

    table = cached_table(config, f"{task}-{code}-{part}.parquet", build)
    return Dataset(table if part == "train" else BUILDERS[task].half(table, config, split))
