"""Paraphrase: pairs of statements or questions with the same words, or nearly, that mean the same or do not."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from xtl.lab.tasks.alterations import another, rephrase, unrelated
from xtl.lab.tasks.entailment import ENTAILMENT, relation
from xtl.lab.tasks.inference import EXCHANGEABLE, STYLE, balanced
from xtl.lab.tasks.records import Pairs
from xtl.lab.world import events as ev
from xtl.lab.world.config import LabConfig
from xtl.lab.world.draws import Draw
from xtl.lab.world.events import Table
from xtl.lab.world.sampling import singles
from xtl.lab.world.world import MODIFIERS, world

# What a pair turns on: agent and object exchanged, their adjectives exchanged, another noun, adjective, verb or
# place, and in questions another thing asked for. The first two keep all words.
FOCI = ("roles", "adjectives", "noun", "attribute", "action", "place", "asked")
STATEMENTS = (0.25, 0.4, 0.1, 0.1, 0.1, 0.05, 0.0)
QUESTIONS = (0.1, 0.15, 0.2, 0.15, 0.15, 0.1, 0.15)
SYNONYMS = 0.3  # how often a word that has a synonym in the pool is said by it


def statements(config: LabConfig, part: str, n: int) -> Pairs:
    """n pairs of statements and whether they mean the same, half of each."""
    draw = Draw.of_part(config, part, "paraphrase", "statements")
    same = balanced(draw, n, 2)
    focus = draw.rng.choice(len(FOCI), n, p=STATEMENTS)
    first = _events(draw, focus)
    return _altered(draw, first, first.copy(), focus, same)


def questions(config: LabConfig, part: str, n: int) -> Pairs:
    """n pairs of questions and whether they ask the same, half of each."""
    draw = Draw.of_part(config, part, "paraphrase", "questions")
    same = balanced(draw, n, 2)
    focus = draw.rng.choice(len(FOCI), n, p=QUESTIONS)
    first = _events(draw, focus)
    second = first.copy()
    _ask(draw, first, second, focus, same)
    return _altered(draw, first, second, focus, same)


def equal(first: Table, second: Table) -> np.ndarray:
    """Whether two records say or ask the same, (n,) bool: each entails the other, and they ask for one role."""
    both = (relation(first, second) == ENTAILMENT) & (relation(second, first) == ENTAILMENT)
    return both & (first["mood"] == second["mood"])


def _events(draw: Draw, focus: np.ndarray) -> Table:
    """Events that can be altered in the focus, (n,) into FOCI."""
    w = world()
    n = len(focus)
    style = replace(STYLE, fellow=0.0, relative=0.0, neg=0.1)
    common_nouns = replace(style, name=0.0, organisation=0.0)
    verb = w.uses[:, 0]
    exchangeable = w.uses[w.frame[verb] == EXCHANGEABLE]
    transitive = w.uses[w.uses[:, 2] >= 0]
    paired = w.uses[w.paired[verb] >= 0]
    both_adjectives = MODIFIERS["agent_adj"] | MODIFIERS["object_adj"]
    samples = [
        singles(draw, n, common_nouns, uses=exchangeable, keep=_alike),
        singles(draw, n, common_nouns, uses=transitive, need=both_adjectives, keep=_clashing),
        singles(draw, n, style),
        singles(draw, n, style, need=MODIFIERS["agent_adj"]),
        singles(draw, n, style, uses=paired),
        singles(draw, n, style, need=MODIFIERS["place"]),
        singles(draw, n, style, need=MODIFIERS["place"] | MODIFIERS["time"]),
    ]
    return Table.choose(focus, samples)


def _altered(draw: Draw, first: Table, second: Table, focus: np.ndarray, same: np.ndarray) -> Pairs:
    """The pairs, the second side altered in its focus where they are not to mean the same.

    Whether a pair is altered is independent of how it is said (voice, place of the time, synonyms), so that the words
    of either side tell nothing.
    """
    w = world()
    rows = {name: np.flatnonzero((focus == number) & (same == 0)) for number, name in enumerate(FOCI)}
    _exchange(first, second, rows["roles"], ("", "_adj", "_det"))
    _exchange(first, second, rows["adjectives"], ("_adj",))

    of_noun = rows["noun"]
    second["agent"][of_noun] = another(draw, first["agent"][of_noun], [first["object"][of_noun]])

    of_place = rows["place"]
    place = first["place"][of_place]
    tail = first["place_tail"][of_place]
    second["place_tail"][of_place] = another(draw, tail)
    other_place = another(draw, place)
    second["place"][of_place] = np.where(tail >= 0, place, other_place)

    for name, column in (("attribute", "agent_adj"), ("action", "verb")):
        of_word = rows[name]
        word = first[column][of_word]
        opposed = draw.chance(len(word), 0.5)
        other_word = unrelated(draw, word, w.kind[first["agent"][of_word]])
        second[column][of_word] = np.where(opposed, w.opposite(word, draw.pool), other_word)

    for table in (first, second):
        _reword(draw, table)
        table["doc"] = np.arange(len(table))
    return Pairs(first, second, same)


def _alike(table: Table) -> np.ndarray:
    """Events whose template stays the same when agent and object change places: both have an adjective, or neither."""
    return (table["agent_adj"] >= 0) == (table["object_adj"] >= 0)


def _clashing(table: Table) -> np.ndarray:
    """Events whose two adjectives could be exchanged, and would then say something else."""
    w = world()
    of_agent = table["agent_adj"]
    of_object = table["object_adj"]
    both = (of_agent >= 0) & (of_object >= 0)
    fit = w.fits[of_agent, w.kind[table["object"]]] & w.fits[of_object, w.kind[table["agent"]]]
    differ = (w.scale[of_agent] != w.scale[of_object]) | (w.pole[of_agent] != w.pole[of_object])
    return both & fit & differ


def _exchange(first: Table, second: Table, rows: np.ndarray, suffixes: Sequence[str]) -> None:
    """Let agent and object of the second side change places in columns with these suffixes."""
    for suffix in suffixes:
        second[f"agent{suffix}"][rows] = first[f"object{suffix}"][rows]
        second[f"object{suffix}"][rows] = first[f"agent{suffix}"][rows]


def _ask(draw: Draw, first: Table, second: Table, focus: np.ndarray, same: np.ndarray) -> None:
    """Make questions: yes or no, or for a place, a time or a manner that the pair does not turn on."""
    n = len(focus)
    on_place = focus == FOCI.index("place")
    where = np.where((first["place"] >= 0) & ~on_place, ev.WHERE, ev.POLAR)
    when = np.where(first["time"] >= 0, ev.WHEN, ev.POLAR)
    how = np.where(first["manner"] >= 0, ev.HOW, ev.POLAR)
    mood = np.choose(draw.rng.integers(0, 4, n), [np.full(n, ev.POLAR), where, when, how])
    # Pairs that turn on what is asked for: where or when, and the other one where they are not to be equal.
    on_asked = focus == FOCI.index("asked")
    asks_where = draw.chance(n, 0.5)
    mood = np.where(on_asked, np.where(asks_where, ev.WHERE, ev.WHEN), mood)
    other_mood = np.where(asks_where, ev.WHEN, ev.WHERE)
    first["mood"] = mood
    second["mood"] = np.where(on_asked & (same == 0), other_mood, mood)


def _reword(draw: Draw, table: Table) -> None:
    """Synonyms, voice, place of the time: what changes the words but not the meaning."""
    w = world()
    for column in ("agent_adj", "object_adj", "verb"):
        words = table[column]
        by_synonym = (words >= 0) & draw.chance(len(words), SYNONYMS)
        table[column] = np.where(by_synonym, w.synonym(words, draw.pool), words)
    rephrase(draw, table)
    table["voice"] = np.where(table["mood"] == ev.WHO, 0, table["voice"])
    table["front"] = np.where(table["mood"] == ev.STATEMENT, table["front"], 0)
