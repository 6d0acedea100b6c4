"""Retrieval: for each English sentence the nearest foreign one."""

import numpy as np
from datasets import Dataset

from xtl.tasks.catalog import TASKS
from xtl.tasks.formats import format_of, retrieval
from xtl.tasks.formats.format import Vectors

TATOEBA = TASKS["tatoeba"]
PAIRS = Dataset.from_dict(
    {"id": ["0", "1", "2"], "foreign": ["eins", "zwei", "drei"], "english": ["one", "two", "three"]}
)


def test_direction_and_cosine():
    # English 0 is nearest foreign 1 in angle though foreign 0 has the larger product; English 2 is nearest itself.
    foreign = np.array([[100.0, 100.0], [1.0, 0.1], [0.0, 2.0]])
    english = np.array([[5.0, 0.0], [1.0, 0.2], [0.1, 3.0]])
    predictions, values, per_example = format_of(TATOEBA).evaluate({"test": Vectors(foreign, english, PAIRS)})
    assert predictions.tolist() == [1, 1, 2]  # foreign 0 is nobody's
    assert values == {"accuracy": 200 / 3} and per_example.tolist() == [0.0, 100.0, 100.0]
    assert format_of(TATOEBA).submission(predictions, PAIRS) == "1\n1\n2\n"
    assert format_of(TATOEBA).show(predictions, PAIRS, 2).to_numpy().tolist() == [
        ["one", "eins", "zwei"],
        ["two", "zwei", "the translation"],
    ]


def test_the_search_is_over_the_foreign_sentences():
    # Every foreign sentence is nearest to English 0, but English 1 and 2 still have a nearest one each
    # (the other direction would give 0, 0, 0).
    english = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.1]])
    foreign = np.array([[1.0, 0.1], [1.0, 0.9], [1.0, -0.5]])
    assert retrieval.nearest(foreign, english).tolist() == [0, 1, 1]


def test_blocks_ties_and_zeros():
    rng = np.random.default_rng(0)
    foreign, english = rng.normal(size=(7, 4)), rng.normal(size=(7, 4))
    assert retrieval.nearest(foreign, english, rows=2).tolist() == retrieval.nearest(foreign, english).tolist()
    same = np.ones((3, 2))
    assert retrieval.nearest(same, same).tolist() == [0, 0, 0]
    assert retrieval.nearest(np.zeros((3, 2)), same).tolist() == [0, 0, 0]
