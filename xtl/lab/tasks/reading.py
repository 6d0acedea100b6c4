"""Reading: short documents and a question about one role of one of their events, answered by a span of the document."""

import numpy as np

from xtl.lab.tasks.alterations import keep_some_modifiers
from xtl.lab.tasks.records import Questions
from xtl.lab.world import events as ev
from xtl.lab.world.config import LabConfig
from xtl.lab.world.draws import Draw
from xtl.lab.world.events import RELATIVE, Style, Table
from xtl.lab.world.sampling import complete, documents
from xtl.lab.world.world import MODIFIERS, world

STYLE = Style(
    name=0.35, organisation=0.05, adjective=0.4, place=0.6, time=0.5, manner=0.4, neg=0.0, quantifier=0.0, fellow=0.0,
    relative=0.04, passive=0.15, same=0.6,
)  # fmt: skip
ASKED = tuple(ev.ROLES)


def questions(config: LabConfig, part: str, n: int, name: str = "reading") -> Questions:
    """n documents of three or four events and a question about each; `name` names the sample.

    Verbs differ within a document, and what is asked for has at least two different candidates in it.
    """
    draw = Draw.of_part(config, part, name)
    tables: list[Table] = []
    count = 0
    while count < n:
        drawn = int((n - count) * 2.5) + 50
        table = documents(draw, draw.rng.integers(3, 5, drawn), STYLE)
        kept = np.flatnonzero(_usable(table, drawn))[: n - count]
        table = table.take(np.isin(table["doc"], kept))
        table["doc"] = np.searchsorted(kept, table["doc"]) + count
        tables.append(table)
        count += len(kept)
    table = Table.stack(tables)
    asked, mood = _choose(draw, table, n)
    question = table.take(asked)
    question["mood"] = mood
    _shorten(draw, question)
    question.clear(("mark",))
    question["front"] = np.zeros(n, int)
    question["voice"] = np.where(mood == ev.WHO, 0, question["voice"])
    question["doc"] = np.arange(n)
    return Questions(table, question, asked, np.ones(n, bool))


def with_unanswerable(config: LabConfig, part: str, n: int) -> Questions:
    """As `questions`, about half of them such that the document does not answer them.

    Those ask about something that did not happen: the verb is one of another scale that no event of the document has,
    nor its synonym or opposite.
    """
    w = world()
    sample = questions(config, part, n, "reading-unanswerable")
    draw = Draw.of_part(config, part, "unanswerable")
    scales: list[set[int]] = [set() for _ in range(n)]
    for doc, verb in zip(sample.documents["doc"].tolist(), sample.documents["verb"].tolist(), strict=True):
        scales[doc].add(int(w.scale[verb]))
    verbs = sample.questions["verb"]
    for row in np.flatnonzero(draw.chance(n, 0.55)):
        one_frame = w.frame == w.frame[verbs[row]]
        others = np.flatnonzero(one_frame & ~np.isin(w.scale, list(scales[row])))
        if len(others):
            verbs[row] = draw.rng.choice(others)
            sample.answerable[row] = False
    return sample


def filler(table: Table, role: str) -> np.ndarray:
    """One number per filler of a role, (n,), -1 where absent; a name's two words are one filler."""
    tail = table[f"{role}_tail"] if f"{role}_tail" in ev.COLUMNS else -1
    return np.where(table[role] >= 0, table[role] * 1000 + tail + 1, -1)


def _usable(table: Table, count: int) -> np.ndarray:
    """Which of `count` documents have complete events, verbs that all differ, and something to ask for, (count,)."""
    doc = table["doc"]
    verb = table["verb"]
    bad = np.zeros(count, bool)
    bad[doc[~complete(table)]] = True
    order = np.lexsort((verb, doc))
    doc = doc[order]
    verb = verb[order]
    repeated = (doc[1:] == doc[:-1]) & (verb[1:] == verb[:-1])
    bad[doc[1:][repeated]] = True
    return ~bad & (_candidates(table, count).max(1) > 0)


def _candidates(table: Table, count: int) -> np.ndarray:
    """Whether each role of ASKED has at least two different fillers in each of `count` documents, (count, roles)."""
    doc = table["doc"]
    result = np.zeros((count, len(ASKED)), int)
    for number, mood in enumerate(ASKED):
        value = filler(table, ev.ROLES[mood])
        if mood == ev.WHO:
            value = np.where(_anchored(table), value, -1)
        filled = value >= 0
        high = np.full(count, -1)
        low = np.full(count, 10**9)
        np.maximum.at(high, doc[filled], value[filled])
        np.minimum.at(low, doc[filled], value[filled])
        result[:, number] = (high > low) & (high >= 0)
    return result


def _anchored(table: Table) -> np.ndarray:
    """Events that something beside their agent tells apart, so that asking for the agent leaves something to go by."""
    return np.any([table[name] >= 0 for name in ("object", "place", "time", "manner")], 0)


def _choose(draw: Draw, table: Table, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The event and the mood of each document's question, (count,): a role with candidates, an event that fills it."""
    doc = table["doc"]
    role = (draw.rng.random((count, len(ASKED))) * _candidates(table, count)).argmax(1)
    fills = np.stack([table[ev.ROLES[mood]] >= 0 for mood in ASKED], 1)
    fills[:, 0] &= _anchored(table)
    score = draw.rng.random(len(table)) * fills[np.arange(len(table)), role[doc]]
    order = np.lexsort((score, doc))
    best_of_document = np.append(doc[order][1:] != doc[order][:-1], True)
    return order[best_of_document], np.array(ASKED)[role]


def _shorten(draw: Draw, question: Table) -> None:
    """Leave out of the question some modifiers other than the one it asks for, and relative clauses."""
    asked = np.array([MODIFIERS.get(ev.ROLES[mood], 0) for mood in question["mood"].tolist()])
    only_modifiers_left = (question["mood"] == ev.WHO) & (question["object"] < 0)
    keep_some_modifiers(draw, question, np.where(only_modifiers_left, question.pattern(), asked))
    question.clear(RELATIVE)
