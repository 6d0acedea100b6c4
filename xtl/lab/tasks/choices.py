"""Choices: which sentence a document entails, which phrase answers a question, what a thing is a kind of."""

from dataclasses import replace

import numpy as np

from xtl.lab.tasks import reading
from xtl.lab.tasks.alterations import another, classes_of, reduced, rephrase
from xtl.lab.tasks.entailment import ENTAILMENT, relation
from xtl.lab.tasks.records import AnswerChoices, Choices
from xtl.lab.world import events as ev
from xtl.lab.world.config import LabConfig
from xtl.lab.world.draws import Draw
from xtl.lab.world.events import Table
from xtl.lab.world.sampling import complete, documents
from xtl.lab.world.world import KINDS, world

EVENTS, ENDINGS, ANSWERS, CLASSES = 3, 4, 4, 5
STYLE = replace(reading.STYLE, neg=0.3, relative=0.0, name=0.2)


def endings(config: LabConfig, part: str, n: int) -> Choices:
    """n documents of EVENTS events, ENDINGS sentences each to go on from them, and which of these is entailed.

    The right one says an event of the document again (in other words, some modifiers dropped); the wrong ones deny it,
    put another verb, or another agent in its place. No event of the document entails a wrong one.
    """
    draw = Draw.of_part(config, part, "endings")
    contexts: list[Table] = []
    options: list[Table] = []
    rights: list[np.ndarray] = []
    count = 0
    while count < n:
        drawn = int((n - count) * 2) + 50
        table = documents(draw, np.full(drawn, EVENTS), STYLE)
        whole = complete(table).reshape(drawn, EVENTS).all(1)
        table = table.take(np.repeat(whole, EVENTS))
        size = int(whole.sum())
        first_event = EVENTS * np.arange(size)
        retold = draw.rng.integers(0, EVENTS, size) + first_event
        variants = _endings(draw, table.take(retold))
        good = np.ones(size, bool)
        for number, variant in enumerate(variants):
            relations = [relation(table.take(first_event + event), variant) for event in range(EVENTS)]
            entailed = (np.stack(relations) == ENTAILMENT).any(0)
            good &= entailed == (number == 0)
            good &= complete(variant)
        kept = np.flatnonzero(good)[: n - count]
        order = _shuffled(draw, len(kept), ENDINGS)
        context = table.take((EVENTS * kept[:, None] + np.arange(EVENTS)).ravel())
        option = Table.stack(variants).take((order * size + kept[:, None]).ravel())
        context["doc"] = np.repeat(count + np.arange(len(kept)), EVENTS)
        option["doc"] = np.repeat(count + np.arange(len(kept)), ENDINGS)
        contexts.append(context)
        options.append(option)
        rights.append((order == 0).argmax(1))
        count += len(kept)
    return Choices(Table.stack(contexts), Table.stack(options), np.concatenate(rights))


def _shuffled(draw: Draw, n: int, options: int) -> np.ndarray:
    """Which option stands at each place, (n, options): a random order in every row."""
    return np.argsort(draw.rng.random((n, options)), 1)


def _endings(draw: Draw, event: Table) -> list[Table]:
    """The right ending and three wrong ones for each event."""
    w = world()
    n = len(event)
    right = reduced(draw, event, event, 0)
    right["verb"] = np.where(draw.chance(n, 0.5), w.synonym(right["verb"], draw.pool), right["verb"])
    denied = right.copy()
    denied["neg"] = 1 - right["neg"]
    other_verb = right.copy()
    for row, verb in enumerate(right["verb"]):
        options = np.flatnonzero((w.frame == w.frame[verb]) & (w.scale != w.scale[verb]))
        other_verb["verb"][row] = draw.rng.choice(options) if len(options) else -1
    other_agent = right.copy()
    other_agent["agent"] = another(draw, right["agent"], [right["object"], right["fellow"]])
    variants = [right, denied, other_verb, other_agent]
    for table in variants:
        rephrase(draw, table)
        table.clear(("mark",))
    return variants


def answers(config: LabConfig, part: str, n: int) -> AnswerChoices:
    """n documents with a question each, and ANSWERS events whose fillers of the asked role are the choices.

    The wrong ones are first those of the same document, then those of others; all differ.
    """
    table, questions, asked, _ = reading.questions(config, part, n, "answers")
    draw = Draw.of_part(config, part, "answers-choices")
    fillers = {mood: reading.filler(table, role) for mood, role in ev.ROLES.items()}
    rows = {mood: np.flatnonzero(values >= 0) for mood, values in fillers.items()}
    starts = np.searchsorted(table["doc"], np.arange(n + 1))
    chosen = np.empty((n, ANSWERS), int)
    for number, (right, mood) in enumerate(zip(asked.tolist(), questions["mood"].tolist(), strict=True)):
        candidates = draw.rng.permutation(np.arange(starts[number], starts[number + 1])).tolist()
        candidates += [int(draw.rng.choice(rows[mood])) for _ in range(200)]
        picked = [right]
        values = {int(fillers[mood][right])}
        for candidate in candidates:
            value = int(fillers[mood][candidate])
            if len(picked) < ANSWERS and value >= 0 and value not in values:
                picked.append(candidate)
                values.add(value)
        chosen[number] = picked
    order = _shuffled(draw, n, ANSWERS)
    return AnswerChoices(table, questions, asked, np.take_along_axis(chosen, order, 1), (order == 0).argmax(1))


def kinds(config: LabConfig, part: str, n: int) -> Choices:
    """n statements about a noun (`a fox is an animal`), CLASSES statements each of what else it is, and which is true.

    The nouns are those of the pool; what they are is in the corpora, in either pool. Statements repeat: a pool has no
    more than half of the nouns.
    """
    w = world()
    draw = Draw.of_part(config, part, "kinds")
    nouns = w.of("noun", draw.pool)
    by_kind = [classes_of(kind) for kind in range(len(KINDS))]
    several = [kind for kind, classes in enumerate(by_kind) if len(classes) >= 2]
    nouns = nouns[np.isin(w.kind[nouns], several)]
    noun = draw.pick(n, nouns)
    classes = np.concatenate(by_kind)
    class_ = w.parent[noun]
    chosen = np.empty((n, CLASSES), int)
    for row in range(n):
        others = draw.rng.permutation(classes[classes != class_[row]])
        chosen[row] = [class_[row], *others[: CLASSES - 1]]
    order = _shuffled(draw, n, CLASSES)
    chosen = np.take_along_axis(chosen, order, 1)
    question = _statement(draw, noun, w.parent[class_])
    options = _statement(draw, np.repeat(noun, CLASSES), chosen.ravel())
    options["agent_det"] = np.repeat(question["agent_det"], CLASSES)
    question["doc"] = np.arange(n)
    options["doc"] = np.repeat(np.arange(n), CLASSES)
    return Choices(question, options, (order == 0).argmax(1))


def _statement(draw: Draw, noun: np.ndarray, predicate: np.ndarray) -> Table:
    """`Every fox is a canine`, or `a fox`."""
    ids = world().ids
    n = len(noun)
    table = Table.empty(n)
    table["kind"] = np.full(n, ev.CLASS)
    table["agent"] = noun
    table["predicate"] = predicate
    table["agent_det"] = np.where(draw.chance(n, 0.5), ids["DET:every"], ids["DET:a"])
    return table
