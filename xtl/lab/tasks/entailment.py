"""When one event entails, contradicts or leaves open another."""

from collections.abc import Sequence

import numpy as np

from xtl.lab.world.events import Table
from xtl.lab.world.world import world

ENTAILMENT, NEUTRAL, CONTRADICTION = range(3)
LABELS = ("entailment", "neutral", "contradiction")

# How a part of the premise stands to the same part of the hypothesis.
EQUAL, BELOW, ABOVE, EXCLUDES, OTHER = range(5)
_ACTION = ("verb", "object", "object_adj", "object_tail", "place", "place_tail", "adp", "time", "manner")


def word_relation(premise: np.ndarray, hypothesis: np.ndarray) -> np.ndarray:
    """Relation of two words by scale, or of two nouns by the taxonomy; a missing word is the most general one."""
    w = world()
    both = (premise >= 0) & (hypothesis >= 0)
    one_scale = both & (w.scale[premise] >= 0) & (w.scale[premise] == w.scale[hypothesis])
    same = (premise == hypothesis) | (one_scale & (w.pole[premise] == w.pole[hypothesis]))
    below = (hypothesis < 0) | (both & w.isa(premise, hypothesis))
    above = (premise < 0) | (both & w.isa(hypothesis, premise))
    return np.select([same, one_scale, below, above], [EQUAL, EXCLUDES, BELOW, ABOVE], OTHER)


def _whole(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Relation of wholes from those of their parts: one other part opens, then one excluding part excludes."""
    stack = np.stack(parts)
    below, above, excludes, other = ((stack == relation).any(0) for relation in (BELOW, ABOVE, EXCLUDES, OTHER))
    open_ = other | (above & (below | excludes))
    return np.select([open_, excludes, below, above], [OTHER, EXCLUDES, BELOW, ABOVE], EQUAL)


def _subject_relation(premise: Table, hypothesis: Table) -> np.ndarray:
    noun = word_relation(premise["agent"], hypothesis["agent"])
    tail = np.where(premise["agent_tail"] == hypothesis["agent_tail"], EQUAL, OTHER)
    adjective = word_relation(premise["agent_adj"], hypothesis["agent_adj"])
    subject = _whole([noun, tail, adjective])
    # A coordinated subject says the same of its second noun; the adjective belongs to the first.
    fellow = word_relation(premise["fellow"], hypothesis["agent"])
    fellow = np.where((premise["fellow"] < 0) | (hypothesis["agent_adj"] >= 0), OTHER, fellow)
    by_fellow = np.isin(fellow, (EQUAL, BELOW)) & ~np.isin(subject, (EQUAL, BELOW))
    return np.where(by_fellow, fellow, subject)


def relation(premise: Table, hypothesis: Table) -> np.ndarray:
    """Labels of pairs of event records, (n,): ENTAILMENT, NEUTRAL or CONTRADICTION.

    Both are read as about one situation: equal descriptions mean the same individual, opposite attributes of it and
    opposite actions exclude each other, and a different individual, thing, place, time or manner leaves open what
    happened. A negated statement denies its action and everything after it of a subject that exists; `every` and `no`
    range over at least one. Articles, tense, voice and order of words carry no meaning.
    """
    subject = _subject_relation(premise, hypothesis)
    action = _whole([word_relation(premise[name], hypothesis[name]) for name in _ACTION])
    narrower = np.isin(subject, (EQUAL, BELOW))  # the premise's subject is the hypothesis's, or one of those
    wider = np.isin(subject, (EQUAL, ABOVE))
    akin = narrower | wider
    same = subject == EQUAL
    excluded = subject == EXCLUDES
    implies = np.isin(action, (EQUAL, BELOW))  # who does what the premise says does what the hypothesis says
    implied = np.isin(action, (EQUAL, ABOVE))
    opposite = action == EXCLUDES
    never = np.zeros(len(premise), bool)

    denies = premise["neg"] == 1
    denied = hypothesis["neg"] == 1
    # Of two statements about some subject; of a denied premise and an affirmed hypothesis last.
    plain = np.select(
        [~denies & ~denied, ~denies & denied, denies & denied],
        [
            _label(narrower & implies, (excluded & implies) | (narrower & opposite)),
            _label(narrower & opposite, (narrower | excluded) & implies),
            _label(narrower & implied, excluded & implied),
        ],
        _label(never, (narrower | excluded) & implied),
    )
    # Quantifiers as polarity of the subject: `no` is a negation that ranges over its subject, `every` an affirmation
    # that does.
    p_every, p_no, p_some = _quantifiers(premise)
    h_every, h_no, h_some = _quantifiers(hypothesis)
    cases = [
        (p_every & h_every, _label(wider & implies, same & opposite)),
        (p_every & h_some, _label(akin & implies, akin & opposite)),
        (p_every & h_no, _label(never, akin & implies)),
        (p_some & h_every, _label(never, never)),
        (p_some & h_no, _label(never, narrower & implies)),
        (p_no & h_no, _label(wider & implied, never)),
        (p_no & ~h_no, _label(never, wider & implied)),
    ]
    conditions, labels = zip(*cases, strict=True)
    return np.select(conditions, labels, plain)


def _quantifiers(table: Table) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which subjects are of every, of none, and of some, (n,) bool each."""
    ids = world().ids
    every = table["agent_det"] == ids["DET:every"]
    none = table["agent_det"] == ids["DET:no"]
    return every, none, ~every & ~none


def _label(entails: np.ndarray, contradicts: np.ndarray) -> np.ndarray:
    return np.select([entails, contradicts], [ENTAILMENT, CONTRADICTION], NEUTRAL)
