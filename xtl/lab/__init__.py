"""The embedded laboratory: a made world, made languages with planted features, and tasks derived from event records."""

from xtl.lab.tasks.corpora import corpus, parallel, tokenizer
from xtl.lab.tasks.datasets import TASKS, dataset, splits
from xtl.lab.world.config import LAB_VERSION, LabConfig
from xtl.lab.world.made_languages import Language, distances, feature_table, languages, twins

__all__ = [
    "LAB_VERSION", "TASKS", "LabConfig", "Language", "corpus", "dataset", "distances", "feature_table", "languages",
    "parallel", "splits", "tokenizer", "twins",
]  # fmt: skip
