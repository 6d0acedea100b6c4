"""Tables of events: their columns, and how often things happen in a sample of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xtl.lab.world.world import MODIFIERS

# Columns hold concepts, -1 where absent, except the flags tense (0 past, 1 future), neg, voice (1 passive), front (1
# time first) and the numbers kind, mood and doc.
CONCEPTS = (
    "mark agent_det agent_adj agent agent_tail fellow_det fellow rel_verb rel_det rel_object verb "
    "object_det object_adj object object_tail adp place_det place place_tail time manner predicate contrast"
).split()
FLAGS = ("tense", "neg", "voice", "front", "kind", "mood", "doc")
COLUMNS = (*CONCEPTS, *FLAGS)
EVENT, ATTRIBUTE, CLASS = range(3)  # kind: she chased him · she was (not small but) big · every fox is an animal
STATEMENT, POLAR, WHO, WHAT, WHERE, WHEN, HOW = range(7)  # mood; from WHO on, the role asked for
ROLES = {WHO: "agent", WHAT: "object", WHERE: "place", WHEN: "time", HOW: "manner"}
# The columns of each modifier and of a relative clause, which come and go together.
MODIFIER_COLUMNS = {name: (name,) for name in MODIFIERS} | {"place": ("adp", "place_det", "place", "place_tail")}
RELATIVE = ("rel_verb", "rel_det", "rel_object")


class Table:
    """Events, or what else has columns (n,), as rows; columns are read and written by name."""

    def __init__(self, columns: dict[str, np.ndarray]):
        self.columns = columns

    @classmethod
    def empty(cls, n: int) -> Table:
        """n statements without content."""
        concepts = {name: np.full(n, -1) for name in CONCEPTS}
        flags = {name: np.zeros(n, int) for name in FLAGS}
        return cls(concepts | flags)

    @classmethod
    def stack(cls, tables: Sequence[Table]) -> Table:
        """Tables one after the other."""
        return cls({name: np.concatenate([table[name] for table in tables]) for name in COLUMNS})

    @classmethod
    def choose(cls, number: np.ndarray, tables: Sequence[Table]) -> Table:
        """Row by row that of the table that has the number, (n,); all tables have n rows."""
        return cls({name: np.choose(number, [table[name] for table in tables]) for name in tables[0].columns})

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def __getitem__(self, name: str) -> np.ndarray:
        return self.columns[name]

    def __setitem__(self, name: str, column: np.ndarray) -> None:
        self.columns[name] = column

    def take(self, rows: np.ndarray) -> Table:
        """Some rows, by number or by a mask, as a new table."""
        return Table({name: column[rows] for name, column in self.columns.items()})

    def put(self, rows: np.ndarray, events: Table) -> None:
        """Write events over some rows."""
        for name in COLUMNS:
            self[name][rows] = events[name]

    def copy(self) -> Table:
        """A table whose columns can be changed without changing this one."""
        return Table({name: column.copy() for name, column in self.columns.items()})

    def clear(self, names: Sequence[str], rows: np.ndarray | slice = slice(None)) -> None:
        """Leave columns of concepts empty, in all rows or in some."""
        for name in names:
            self[name][rows] = -1

    def pattern(self) -> np.ndarray:
        """The set of modifiers of each event, (n,), as a number below PATTERNS."""
        total = np.zeros(len(self), int)
        for name, bit in MODIFIERS.items():
            total += bit * (self[name] >= 0)
        return total

    def keys(self) -> np.ndarray:
        """One value per event, (n,) of bytes, equal for events that are equal in everything but their document."""
        columns = [self[name] for name in COLUMNS if name != "doc"]
        matrix = np.ascontiguousarray(np.stack(columns, 1).astype(np.int16))
        return matrix.view(f"V{matrix.shape[1] * 2}").ravel()


@dataclass(frozen=True)
class Style:
    """How often things happen in a sample of events; probabilities, each of what it can apply to."""

    name: float = 0.25  # a person is called by name
    organisation: float = 0.05  # an organisation acts
    place_name: float = 0.25
    adjective: float = 0.4
    place: float = 0.35
    time: float = 0.25
    manner: float = 0.15
    neg: float = 0.15
    future: float = 0.3
    passive: float = 0.2
    front: float = 0.25
    fellow: float = 0.08
    relative: float = 0.08
    quantifier: float = 0.1
    same: float = 0.8  # an animate object is the document's other participant, a thing the document's thing
    general: float = 0.0  # a participant mentioned before is called by its class
    attribute: float = 0.0
    taxonomy: float = 0.0
    mark: float = 0.25  # a later sentence opens with `then` or `later`
    animals: float = 0.5  # share of animals among the animate participants, the others are persons
