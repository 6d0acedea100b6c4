"""How each task is built: its event records, and the columns that they give in a language."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
import pyarrow as pa

from xtl.lab.tasks import choices, columns, inference, paraphrase, reading, retrieval, tagging
from xtl.lab.tasks.columns import Columns
from xtl.lab.tasks.records import Records
from xtl.lab.world.config import LabConfig
from xtl.lab.world.rendering import Render


def _half(table: pa.Table, config: LabConfig, split: str) -> pa.Table:
    """The examples of validation, which are the first half, or of test."""
    return table.slice(0 if split == "validation" else config.test, config.test)


def _half_of_pools(table: pa.Table, config: LabConfig, split: str) -> pa.Table:
    """The sentences of one half of the pools: both sides of a pair are in the same half."""
    number = np.array([int(name.rsplit("-", 1)[1]) for name in table.column("id").to_pylist()])
    in_first_half = number < retrieval.MINED * config.test
    return table.filter(pa.array(in_first_half == (split == "validation")))


@dataclass(frozen=True)
class Builder:
    """One task: `records(config, part, n)` its events, `columns(records, render, code)` its columns in a language."""

    records: Callable[[LabConfig, str, int], Records]
    columns: Callable[[Any, Render, str], Columns]
    training: bool = True
    in_corpora: bool = False  # whether the corpora may hold the sentences of its tests
    half: Callable[[pa.Table, LabConfig, str], pa.Table] = _half  # of the evaluation part: validation or test


BUILDERS: dict[str, Builder] = {
    "mnli": Builder(inference.pairs, columns.mnli),
    "xnli": Builder(inference.pairs, columns.xnli),
    "qqp": Builder(paraphrase.questions, columns.qqp),
    "pawsx": Builder(paraphrase.statements, columns.pawsx),
    "squad1": Builder(reading.questions, columns.squad),
    "xquad": Builder(reading.questions, columns.squad),
    "udpos": Builder(tagging.words, columns.udpos),
    "panx": Builder(tagging.names, columns.panx),
    "anli+": Builder(inference.several, columns.anli),
    "squad2": Builder(reading.with_unanswerable, columns.squad),
    "mlqa": Builder(partial(reading.questions, name="mlqa"), columns.squad),
    "tydiqa": Builder(partial(reading.questions, name="tydiqa"), columns.tydiqa),
    "hellaswag": Builder(choices.endings, columns.hellaswag),
    "cosmosqa": Builder(choices.answers, columns.cosmosqa),
    # What a wolf is stands in the corpora: it is knowledge, not a test sentence to be kept from them.
    "csqa": Builder(choices.kinds, columns.csqa, in_corpora=True),
    "ccg": Builder(tagging.words, columns.ccg),
    "bucc": Builder(retrieval.pools, columns.bucc, training=False, half=_half_of_pools),
    "bucc_pairs": Builder(partial(retrieval.retrieval, name="retrieval-pairs"), columns.tatoeba, training=False),
    "tatoeba": Builder(retrieval.retrieval, columns.tatoeba, training=False),
}


@lru_cache(maxsize=48)
def records(config: LabConfig, task: str, part: str) -> Records:
    """The event records behind a task's part: `train`, or `evaluation`, whose halves are validation and test."""
    n = config.train if part == "train" else 2 * config.test
    return BUILDERS[task].records(config, part, n)
