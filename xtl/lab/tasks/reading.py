"""Reading: short documents and a question about one role of one of their events, answered by a span of the document."""

import numpy as np

from xtl.lab.world import events as ev
from xtl.lab.world.config import POOLS, LabConfig
from xtl.lab.world.events import Style, Table, chance
from xtl.lab.world.sampling import complete, documents
from xtl.lab.world.world import world

STYLE = Style(
    name=0.35,
    organisation=0.05,
    adjective=0.4,
    place=0.6,
    time=0.5,
    manner=0.4,
    neg=0.0,
    quantifier=0.0,
    fellow=0.0,
    relative=0.04,
    passive=0.15,
    same=0.6,
)
ASKED = tuple(ev.ROLES)


def questions(config: LabConfig, part: str, n: int, name: str = "reading") -> tuple[Table, Table, np.ndarray]:
    """n documents of three or four events and a question about each; `name` names the sample.

    Returns the documents (events numbered by `doc`), the questions (n events with a mood), and the row of the event
    that each asks about, (n,). Verbs differ within a document, and what is asked for has at least two different
    candidates in it.
    """
    rng = config.rng(name, part)
    pool = POOLS[part]
    tables, missing, count = [], n, 0
    while missing > 0:
        d = int(missing * 2.5) + 50
        table = documents(rng, rng.integers(3, 5, d), pool, STYLE)
        good = _usable(table, d)
        kept = np.flatnonzero(good)[:missing]
        table = ev.take(table, np.isin(table["doc"], kept))
        table["doc"] = np.searchsorted(kept, table["doc"]) + count
        tables.append(table)
        missing -= len(kept)
        count += len(kept)
    table = ev.stack(tables)
    asked, mood = _choose(rng, table, n)
    question = ev.take(table, asked)
    question["mood"] = mood
    _shorten(rng, question, pool)
    question["mark"][:] = -1
    question["front"][:] = 0
    question["voice"] = np.where(mood == ev.WHO, 0, question["voice"])
    question["doc"] = np.arange(n)
    return table, question, asked


def with_unanswerable(config: LabConfig, part: str, n: int) -> tuple[Table, Table, np.ndarray, np.ndarray]:
    """As `questions`, with a fourth column (n,) that says which questions the document answers: about half.

    The others ask about something that did not happen: the verb is one of another scale that no event of the document
    has, nor its synonym or opposite.
    """
    table, question, asked = questions(config, part, n, "reading-unanswerable")
    rng, w = config.rng("unanswerable", part), world()
    scales = [set() for _ in range(n)]
    for doc, verb in zip(table["doc"].tolist(), table["verb"].tolist(), strict=True):
        scales[doc].add(int(w.scale[verb]))
    answerable = np.ones(n, bool)
    for row in np.flatnonzero(chance(rng, n, 0.55)):
        verb = question["verb"][row]
        others = np.flatnonzero((w.frame == w.frame[verb]) & ~np.isin(w.scale, list(scales[row])))
        if len(others):
            question["verb"][row] = rng.choice(others)
            answerable[row] = False
    return table, question, asked, answerable


def _usable(table: Table, d: int) -> np.ndarray:
    """Documents whose events are complete and whose verbs all differ, (d,)."""
    doc = table["doc"]
    bad = np.zeros(d, bool)
    bad[doc[~complete(table)]] = True
    order = np.lexsort((table["verb"], doc))
    again = (doc[order][1:] == doc[order][:-1]) & (table["verb"][order][1:] == table["verb"][order][:-1])
    bad[doc[order][1:][again]] = True
    return ~bad & (_candidates(table, d).max(1) > 0)


def filler(table: Table, role: str) -> np.ndarray:
    """One number per filler of a role, -1 where absent."""
    tail = table.get(f"{role}_tail", np.full(len(table["verb"]), -1))
    return np.where(table[role] >= 0, table[role] * 1000 + tail + 1, -1)


def _candidates(table: Table, d: int) -> np.ndarray:
    """Whether a role has at least two different fillers in a document, (d, roles)."""
    result = np.zeros((d, len(ASKED)), int)
    for i, mood in enumerate(ASKED):
        value = filler(table, ev.ROLES[mood])
        if mood == ev.WHO:
            value = np.where(_anchored(table), value, -1)
        high, low = np.full(d, -1), np.full(d, 10**9)
        there = value >= 0
        np.maximum.at(high, table["doc"][there], value[there])
        np.minimum.at(low, table["doc"][there], value[there])
        result[:, i] = (high > low) & (high >= 0)
    return result


def _anchored(table: Table) -> np.ndarray:
    """Events that something beside their agent tells apart, so that asking for the agent leaves something to go by."""
    return np.any([table[name] >= 0 for name in ("object", "place", "time", "manner")], 0)


def _choose(rng, table: Table, d: int) -> tuple[np.ndarray, np.ndarray]:
    """The event and the role that each question is about: a role with candidates, then an event that fills it."""
    possible = _candidates(table, d)
    role = (rng.random((d, len(ASKED))) * possible).argmax(1)
    fills = np.stack([table[ev.ROLES[mood]] >= 0 for mood in ASKED], 1)
    fills[:, 0] &= _anchored(table)
    score = rng.random(len(table["doc"])) * fills[np.arange(len(table["doc"])), role[table["doc"]]]
    order = np.lexsort((score, table["doc"]))
    last = np.r_[table["doc"][order][1:] != table["doc"][order][:-1], True]
    return order[last], np.array(ASKED)[role]


def _shorten(rng, question: Table, pool: int) -> None:
    """Leave out of the question some modifiers other than the one it asks for, on the pool's side of the templates."""
    whole = ev.pattern(question)
    asked = np.array([ev.MODIFIERS.get(ev.ROLES[mood], 0) for mood in question["mood"].tolist()])
    needed = np.where((question["mood"] == ev.WHO) & (question["object"] < 0), whole, asked)
    chosen = ev.draw_pattern(rng, question["verb"], pool, np.ones(ev.PATTERNS), needed, ~whole & (ev.PATTERNS - 1))
    for name, bit in ev.MODIFIERS.items():
        gone = (chosen & bit) == 0
        for column in {"place": ("adp", "place_det", "place", "place_tail")}.get(name, (name,)):
            question[column][gone] = -1
    for name in ("rel_verb", "rel_det", "rel_object"):
        question[name][:] = -1
