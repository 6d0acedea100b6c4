"""The embedded laboratory: a made world, made languages with planted features, and tasks derived from event records."""

from xtl.lab.config import LAB_VERSION, LabConfig
from xtl.lab.data import BUILDERS, corpus, dataset, parallel
from xtl.lab.languages import Language, distances, feature_table, languages, twins
from xtl.lab.tokens import tokenizer

TASKS = tuple(BUILDERS)

__all__ = [
    "LAB_VERSION", "TASKS", "LabConfig", "Language", "corpus", "dataset", "distances", "feature_table", "languages",
    "parallel", "tokenizer", "twins",
]  # fmt: skip
