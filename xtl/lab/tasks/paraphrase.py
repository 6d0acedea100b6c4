"""Paraphrase: pairs of statements or questions with the same words, or nearly, that mean the same or do not."""

from dataclasses import replace

import numpy as np

from xtl.lab.tasks.inference import EITHER, ENTAILMENT, STYLE, balanced, relation, rephrase, replaced, unrelated
from xtl.lab.world import events as ev
from xtl.lab.world.config import POOLS, LabConfig
from xtl.lab.world.events import Table, chance
from xtl.lab.world.sampling import singles
from xtl.lab.world.world import world

# What a pair turns on: agent and object exchanged, their adjectives exchanged, another noun, adjective, verb or
# place, and in questions another thing asked for. The first two keep all words.
FOCI = ("roles", "adjectives", "noun", "attribute", "action", "place", "asked")
STATEMENTS = (0.25, 0.4, 0.1, 0.1, 0.1, 0.05, 0.0)
QUESTIONS = (0.1, 0.15, 0.2, 0.15, 0.15, 0.1, 0.15)
SYNONYMS = 0.3  # how often a word that has a synonym in the pool is said by it


def pairs(config: LabConfig, part: str, n: int, questions: bool) -> tuple[Table, Table, np.ndarray]:
    """n pairs of events and whether they mean the same, (n,) of 0 and 1, half of each.

    Whether a pair is exchanged or replaced is independent of how it is said (voice, place of the time, synonyms), so
    that the words of either side tell nothing.
    """
    name = "questions" if questions else "statements"
    rng = config.rng("paraphrase", name, part)
    pool = POOLS[part]
    w = world()
    same = balanced(rng, n, 2)
    focus = rng.choice(len(FOCI), n, p=QUESTIONS if questions else STATEMENTS)
    style = replace(STYLE, fellow=0.0, relative=0.0, neg=0.1)
    plain = replace(style, name=0.0, organisation=0.0)
    either = w.uses[(w.frame[w.uses[:, 0]] == EITHER)]
    paired = w.uses[w.paired[w.uses[:, 0]] >= 0]
    drawn = [
        singles(rng, n, pool, plain, uses=either, keep=_alike),
        singles(rng, n, pool, plain, uses=_exchangeable(), need=3, keep=_clashing),
        singles(rng, n, pool, style),
        singles(rng, n, pool, style, need=1),
        singles(rng, n, pool, style, uses=paired),
        singles(rng, n, pool, style, need=4),
        singles(rng, n, pool, style, need=12),
    ]
    first = {column: np.choose(focus, [table[column] for table in drawn]) for column in ev.COLUMNS}
    second = ev.copy(first)
    if questions:
        _ask(rng, first, second, focus, same)
    rows = {name: np.flatnonzero((focus == i) & (same == 0)) for i, name in enumerate(FOCI)}
    _exchange(first, second, rows["roles"], ("", "_adj", "_det"))
    _exchange(first, second, rows["adjectives"], ("_adj",))
    some = rows["noun"]
    second["agent"][some] = replaced(rng, first["agent"][some], pool, [first["object"][some]])
    some = rows["place"]
    stem = first["place_tail"][some] >= 0
    second["place_tail"][some] = replaced(rng, first["place_tail"][some], pool, [])
    other = replaced(rng, first["place"][some], pool, [])
    second["place"][some] = np.where(stem, first["place"][some], other)
    for name, column in (("attribute", "agent_adj"), ("action", "verb")):
        some = rows[name]
        word, kind = first[column][some], w.kind[first["agent"][some]]
        opposite = chance(rng, len(some), 0.5)
        second[column][some] = np.where(opposite, w.partner(word, True, pool), unrelated(rng, word, kind))
    for table in (first, second):
        _say(rng, table, pool)
    first["doc"] = second["doc"] = np.arange(n)
    return first, second, same


def equal(first: Table, second: Table) -> np.ndarray:
    """Whether two records say or ask the same, (n,) bool: each entails the other, and they ask for one role."""
    both = (relation(first, second) == ENTAILMENT) & (relation(second, first) == ENTAILMENT)
    return both & (first["mood"] == second["mood"])


def _alike(table: Table) -> np.ndarray:
    """Events whose template stays the same when agent and object change places: both have an adjective, or neither."""
    return (table["agent_adj"] >= 0) == (table["object_adj"] >= 0)


def _exchangeable() -> np.ndarray:
    return world().uses[world().uses[:, 2] >= 0]


def _clashing(table: Table) -> np.ndarray:
    """Events whose two adjectives could be exchanged, and would then say something else."""
    w = world()
    a, b = table["agent_adj"], table["object_adj"]
    fits = w.fits[a, w.kind[table["object"]]] & w.fits[b, w.kind[table["agent"]]]
    return (a >= 0) & (b >= 0) & fits & ((w.scale[a] != w.scale[b]) | (w.pole[a] != w.pole[b]))


def _exchange(first: Table, second: Table, rows: np.ndarray, parts: tuple[str, ...]) -> None:
    for part in parts:
        second[f"agent{part}"][rows] = first[f"object{part}"][rows]
        second[f"object{part}"][rows] = first[f"agent{part}"][rows]


def _ask(rng, first: Table, second: Table, focus: np.ndarray, same: np.ndarray) -> None:
    """Make questions: yes or no, or for a place, a time or a manner that the pair does not turn on."""
    n = len(focus)
    options = [np.full(n, ev.POLAR)]
    for mood in (ev.WHERE, ev.WHEN, ev.HOW):
        there = (first[ev.ROLES[mood]] >= 0) & ((focus != FOCI.index("place")) | (mood != ev.WHERE))
        options.append(np.where(there, mood, ev.POLAR))
    mood = np.choose(rng.integers(0, len(options), n), options)
    asked = focus == FOCI.index("asked")
    where = chance(rng, n, 0.5)
    mood = np.where(asked, np.where(where, ev.WHERE, ev.WHEN), mood)
    first["mood"][:] = second["mood"][:] = mood
    change = asked & (same == 0)
    second["mood"][change] = np.where(where, ev.WHEN, ev.WHERE)[change]


def _say(rng, table: Table, pool: int) -> None:
    """Synonyms, voice, place of the time: what changes the words but not the meaning."""
    w, n = world(), len(table["verb"])
    for column in ("agent_adj", "object_adj", "verb"):
        words = table[column]
        table[column] = np.where((words >= 0) & chance(rng, n, SYNONYMS), w.partner(words, False, pool), words)
    rephrase(rng, table)
    table["voice"] *= table["mood"] != ev.WHO
    table["front"] *= table["mood"] == ev.STATEMENT
