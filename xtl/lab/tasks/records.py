"""What the examples of a task are made of: event records, before any language says them."""

from typing import NamedTuple

import numpy as np

from xtl.lab.world.events import Table

IN_BOTH, FOREIGN_ONLY, ENGLISH_ONLY = range(3)


class Sentences(NamedTuple):
    """One event an example."""

    table: Table


class Pairs(NamedTuple):
    """Two events an example, and how they relate."""

    first: Table
    second: Table
    label: np.ndarray  # (n,) int


class Questions(NamedTuple):
    """Documents with a question each."""

    documents: Table  # their events in order; the column `doc` says which example they belong to
    questions: Table  # n events with a mood
    asked: np.ndarray  # (n,) row of `documents`: the event that a question is about
    answerable: np.ndarray  # (n,) bool


class Choices(NamedTuple):
    """Contexts and options: equally many events an example, one after the other."""

    contexts: Table
    options: Table
    right: np.ndarray  # (n,) place of the right option


class AnswerChoices(NamedTuple):
    """Questions as above, and events whose fillers of the asked role are the choices."""

    documents: Table
    questions: Table
    asked: np.ndarray
    chosen: np.ndarray  # (n, choices) rows of `documents`
    right: np.ndarray  # (n,) place of the right one


class Pools(NamedTuple):
    """Sentences, and which pools each is in."""

    table: Table
    pool: np.ndarray  # (n,) IN_BOTH, FOREIGN_ONLY or ENGLISH_ONLY


Records = Sentences | Pairs | Questions | Choices | AnswerChoices | Pools


def tables(records: Records) -> list[Table]:
    """The events that the examples say or ask."""
    return [part for part in records if isinstance(part, Table)]
