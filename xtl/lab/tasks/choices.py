"""Choices: which sentence a document entails, which phrase answers a question, what a thing is a kind of."""

from dataclasses import replace

import numpy as np

from xtl.lab.tasks import reading
from xtl.lab.tasks.inference import ENTAILMENT, reduce, relation, rephrase, replaced
from xtl.lab.world import events as ev
from xtl.lab.world.config import POOLS, LabConfig
from xtl.lab.world.events import Table, chance
from xtl.lab.world.sampling import complete, documents
from xtl.lab.world.world import KINDS, SORTS, world

ENDINGS, ANSWERS, CLASSES = 4, 4, 5
STYLE = replace(reading.STYLE, neg=0.3, relative=0.0, name=0.2)


def endings(config: LabConfig, part: str, n: int) -> tuple[Table, Table, np.ndarray]:
    """n documents of three events, ENDINGS sentences each to go on from them, and which of these is entailed, (n,).

    The right one says an event of the document again (in other words, some modifiers dropped); the wrong ones deny it,
    put another verb, or another agent in its place. No event of the document entails a wrong one. Endings of a
    document follow each other; their `doc` is the document's.
    """
    rng, pool = config.rng("endings", part), POOLS[part]
    found: list[tuple[Table, Table, np.ndarray]] = []
    count = 0
    while count < n:
        d = int((n - count) * 2) + 50
        table = documents(rng, np.full(d, 3), pool, STYLE)
        whole = complete(table).reshape(d, 3).all(1)
        table = ev.take(table, np.repeat(whole, 3))
        d = int(whole.sum())
        right = rng.integers(0, 3, d) + 3 * np.arange(d)
        choices = _endings(rng, ev.take(table, right), pool)
        good = np.ones(d, bool)
        for number, choice in enumerate(choices):
            entailed = np.stack([relation(ev.take(table, 3 * np.arange(d) + i), choice) for i in range(3)])
            good &= (entailed == ENTAILMENT).any(0) == (number == 0)
            good &= complete(choice)
        kept = np.flatnonzero(good)[: n - count]
        order = np.argsort(rng.random((len(kept), ENDINGS)), 1)  # order[i, k]: which choice stands at place k
        texts = ev.take(table, (3 * kept[:, None] + np.arange(3)).ravel())
        options = ev.take(ev.stack(choices), (order * d + kept[:, None]).ravel())
        texts["doc"] = np.repeat(count + np.arange(len(kept)), 3)
        options["doc"] = np.repeat(count + np.arange(len(kept)), ENDINGS)
        found.append((texts, options, (order == 0).argmax(1)))
        count += len(kept)
    tables = [ev.stack([each[i] for each in found]) for i in range(2)]
    return tables[0], tables[1], np.concatenate([each[2] for each in found])


def _endings(rng, event: Table, pool: int) -> list[Table]:
    """The right ending and three wrong ones for each event."""
    w, n = world(), len(event["verb"])
    right = reduce(rng, event, event, np.zeros(n, int), pool)
    words = right["verb"]
    right["verb"] = np.where(chance(rng, n, 0.5), w.partner(words, False, pool), words)
    denied, other, another = ev.copy(right), ev.copy(right), ev.copy(right)
    denied["neg"] = 1 - right["neg"]
    for row in range(n):
        verb = right["verb"][row]
        options = np.flatnonzero((w.frame == w.frame[verb]) & (w.scale != w.scale[verb]))
        other["verb"][row] = rng.choice(options) if len(options) else -1
    another["agent"] = replaced(rng, right["agent"], pool, [right["object"], right["fellow"]])
    for table in (right, denied, other, another):
        rephrase(rng, table)
        table["mark"][:] = -1
    return [right, denied, other, another]


def answers(config: LabConfig, part: str, n: int) -> tuple[Table, Table, np.ndarray, np.ndarray, np.ndarray]:
    """n documents with a question each, as `reading.questions`, and ANSWERS events whose fillers of the asked role are
    the choices: rows of the documents' table, (n, ANSWERS), and the place of the right one, (n,).

    The wrong ones are first those of the same document, then those of others; all differ.
    """
    table, question, asked = reading.questions(config, part, n, "answers")
    rng = config.rng("answers-choices", part)
    fillers = {mood: reading.filler(table, role) for mood, role in ev.ROLES.items()}
    rows = {mood: np.flatnonzero(values >= 0) for mood, values in fillers.items()}
    starts = np.searchsorted(table["doc"], np.arange(n + 1))
    chosen = np.empty((n, ANSWERS), int)
    for i, (row, mood) in enumerate(zip(asked.tolist(), question["mood"].tolist(), strict=True)):
        picked, values = [row], {int(fillers[mood][row])}
        own = rng.permutation(np.arange(starts[i], starts[i + 1])).tolist()
        strangers = (int(rng.choice(rows[mood])) for _ in iter(int, 1))
        for candidate in (*own, *(next(strangers) for _ in range(200))):
            value = int(fillers[mood][candidate])
            if len(picked) < ANSWERS and value >= 0 and value not in values:
                picked.append(candidate)
                values.add(value)
        chosen[i] = picked
    order = np.argsort(rng.random((n, ANSWERS)), 1)
    return table, question, asked, np.take_along_axis(chosen, order, 1), (order == 0).argmax(1)


def kinds(config: LabConfig, part: str, n: int) -> tuple[Table, Table, np.ndarray]:
    """n statements about a noun (`a fox is an animal`), CLASSES statements each of what else it is, and which is true.

    The nouns are those of the pool; what they are is in the corpora, in either pool. Statements repeat: a pool has no
    more than half of the nouns.
    """
    rng, pool, w = config.rng("kinds", part), POOLS[part], world()
    nouns = w.of("noun", pool)
    nouns = nouns[np.isin(w.kind[nouns], [k for k in range(len(KINDS)) if len(_classes(k)) >= 2])]
    noun = ev.pick(rng, n, nouns)
    every = np.array([c for k in range(len(KINDS)) for c in _classes(k)])
    own = w.parent[noun]
    chosen = np.empty((n, CLASSES), int)
    for i in range(n):
        others = rng.permutation(every[every != own[i]])[: CLASSES - 1]
        chosen[i] = [own[i], *others]
    order = np.argsort(rng.random((n, CLASSES)), 1)
    chosen = np.take_along_axis(chosen, order, 1)
    question = _statement(rng, noun, w.parent[own])
    options = _statement(rng, np.repeat(noun, CLASSES), chosen.ravel())
    options["agent_det"] = np.repeat(question["agent_det"], CLASSES)
    question["doc"], options["doc"] = np.arange(n), np.repeat(np.arange(n), CLASSES)
    return question, options, (order == 0).argmax(1)


def _statement(rng, noun: np.ndarray, predicate: np.ndarray) -> Table:
    """`Every fox is a canine`, or `a fox`."""
    w, n = world(), len(noun)
    table = ev.empty(n)
    table["kind"][:] = ev.CLASS
    table["agent"], table["predicate"] = noun, predicate
    table["agent_det"] = np.where(chance(rng, n, 0.5), w.ids["DET:every"], w.ids["DET:a"])
    return table


def _classes(kind: int) -> np.ndarray:
    w = world()
    return np.flatnonzero((w.sort == SORTS.index("class")) & (w.kind == kind) & (w.parent >= 0))
