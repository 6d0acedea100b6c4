"""Sentence retrieval, which trains nothing: an encoder's embeddings scored at every layer by every pooling."""

from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from datasets import Dataset

from xtl.evaluation.scores import Evaluation
from xtl.evaluation.zero_shot import COVERED
from xtl.models.embeddings import POOLINGS, embed, recipe_layer
from xtl.models.encoders import depth_of, load_encoder, load_tokenizer, on_device
from xtl.models.subwords import of_scores
from xtl.tasks.catalog import TASKS, Task
from xtl.tasks.formats import retrieval_format
from xtl.tasks.formats.format import Vectors
from xtl.tasks.sources import DataSource
from xtl.training.finite import check_checkpoint, check_embeddings
from xtl.training.parts import check_rows
from xtl.training.prediction import Scored
from xtl.training.settings import TargetSettings

# Up to so many sentences in a language, retrieval is scored at every layer; beyond, at the recipe's alone, because all
# layers of a pool of 400,000 sentences would fill 80 GB.
CURVE_SENTENCES = 20_000


@dataclass(frozen=True)
class Pool:
    """The sentences of one split in a language and in English, and the examples that they are of."""

    foreign: list[str]
    english: list[str]
    examples: Dataset


def read_pools(task: Task, language: str, data: DataSource, most: int | None) -> dict[str, Pool]:
    """The pools of every split that the task's format reads, at most so many sentences of each."""
    task_format = retrieval_format(task)
    pools = {}
    for split in task.evaluation_splits:
        examples = task_format.limit(data.examples(task.name, split, language), most)
        foreign, english = task_format.texts(examples)
        pools[split] = Pool(foreign, english, examples)
    return pools


def evaluate(settings: TargetSettings, data: DataSource, folder: str | Path) -> Evaluation:
    """Score sentence retrieval at every layer by every pooling; the recipe's layer and pooling are the headline."""
    check_rows(settings, data, folder)
    evaluation = Evaluation(Path(folder), n_train=0, selection="none")
    model = on_device(load_encoder(settings.checkpoint, settings.revision))
    check_checkpoint(model, settings.checkpoint)
    tokenizer = load_tokenizer(settings.checkpoint, settings.revision)
    depth = depth_of(model)
    recipe = recipe_layer(depth, settings.layer)

    def vectors(sentences: list[str], max_length: int, layers: list[int]) -> np.ndarray:
        """(layers, poolings, sentences, hidden)."""
        embedded = embed(model, tokenizer, sentences, max_length, prefix=settings.prefix, layers=layers)
        check_embeddings(embedded, settings.checkpoint)
        return embedded

    for target, languages in settings.evaluate.items():
        task = TASKS[target]
        task_format = retrieval_format(task)
        max_length = settings.limits(target).within(tokenizer).max_length
        for language in languages:
            pools = read_pools(task, language, data, settings.max_eval_examples)
            small = all(len(pool.foreign) + len(pool.english) <= CURVE_SENTENCES for pool in pools.values())
            layers = list(range(depth + 1)) if small else [recipe]
            foreign = {split: vectors(pool.foreign, max_length, layers) for split, pool in pools.items()}
            english = {split: vectors(pool.english, max_length, layers) for split, pool in pools.items()}
            test = pools["test"]
            texts = {language: test.foreign[:COVERED], "en": test.english[:COVERED]}
            covered = of_scores(tokenizer, texts, "en")[language]
            for (place, layer), (number, pooling) in product(enumerate(layers), enumerate(POOLINGS)):
                sides = {
                    split: Vectors(foreign[split][place, number], english[split][place, number], pool.examples)
                    for split, pool in pools.items()
                }
                scored = Scored(*task_format.evaluate(sides))
                headline = layer == recipe and pooling == settings.pooling
                n = len(scored.per_example)
                evaluation.add(target, language, scored.metrics, n, covered, layer, pooling, headline)
                if headline:
                    evaluation.keep(task, language, test.examples, task_format.example_ids(test.examples), scored)
    return evaluation
