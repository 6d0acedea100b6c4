"""Altering events: other words in place of theirs, modifiers left out, and what carries no meaning drawn anew."""

from collections.abc import Sequence

import numpy as np

from xtl.lab.tasks.entailment import CONTRADICTION, ENTAILMENT
from xtl.lab.world.draws import Draw
from xtl.lab.world.events import MODIFIER_COLUMNS, RELATIVE, Style, Table
from xtl.lab.world.world import KINDS, MODIFIERS, PATTERNS, SORTS, world

_STYLE = Style()


def another(draw: Draw, words: np.ndarray, avoid: Sequence[np.ndarray] = ()) -> np.ndarray:
    """Another word of the same sort and kind from the pool for each word (n,), none of `avoid`; -1 stays."""
    w = world()
    lists = [w.of("noun", draw.pool, kind) for kind in range(len(KINDS))]  # nouns come first among the sorts
    for sort in SORTS[1:]:
        lists += [w.of(sort, draw.pool)] * len(KINDS)
    result = np.full(len(words), -1)
    missing = words >= 0
    while missing.any():
        rows = np.flatnonzero(missing)
        group = w.sort[words[rows]] * len(KINDS) + np.maximum(w.kind[words[rows]], 0)
        result[rows] = draw.pick_by(group, lists)
        missing = np.zeros(len(words), bool)
        for other in (words, *avoid):
            missing |= (result == other) & (words >= 0)
    return result


def sister(draw: Draw, classes: np.ndarray, avoid: np.ndarray) -> np.ndarray:
    """Another class under the same kind for each class (n,), none of `avoid`."""
    w = world()
    lists = [classes_of(kind) for kind in range(len(KINDS))]
    result = classes.copy()
    missing = np.ones(len(classes), bool)
    while missing.any():
        result[missing] = draw.pick_by(w.kind[classes[missing]], lists)
        missing = (result == classes) | (result == avoid)
    return result


def classes_of(kind: int) -> np.ndarray:
    """The classes under a kind, such as bird and canine under animal."""
    w = world()
    return np.flatnonzero((w.sort == SORTS.index("class")) & (w.kind == kind) & (w.parent >= 0))


def unrelated(draw: Draw, words: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """For each adjective one of another scale that fits the kind, for each verb one of another scale in its frame."""
    w = world()
    result = words.copy()
    for word in np.unique(words[words >= 0]):
        rows = np.flatnonzero(words == word)
        for number in np.unique(kind[rows]):
            of_kind = rows[kind[rows] == number]
            if w.frame[word] >= 0:
                fits = (w.frame == w.frame[word]) & (w.paired >= 0)
            else:
                fits = w.fits[:, number]
            options = np.flatnonzero(fits & (w.scale != w.scale[word]))
            result[of_kind] = draw.pick(len(of_kind), options)
    return result


def related(draw: Draw, words: np.ndarray, label: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Adjectives or verbs that stand to `words` as the labels ask: the same or a synonym, another, or an opposite."""
    w = world()
    same = np.where(draw.chance(len(words), 0.5), words, w.synonym(words, draw.pool))
    opposite = w.opposite(words, draw.pool)
    return np.select([label == ENTAILMENT, label == CONTRADICTION], [same, opposite], unrelated(draw, words, kind))


def keep_some_modifiers(draw: Draw, table: Table, need: np.ndarray) -> None:
    """Leave out modifiers outside `need` (n,) at random, such that the template stays on the pool's side."""
    whole = table.pattern()
    forbidden = ~whole & (PATTERNS - 1)
    chosen = draw.patterns(table["verb"], need, forbidden)
    for name, bit in MODIFIERS.items():
        table.clear(MODIFIER_COLUMNS[name], (chosen & bit) == 0)


def reduced(draw: Draw, premise: Table, hypothesis: Table, keep: np.ndarray | int) -> Table:
    """The hypothesis without coordination, relative clause and some modifiers outside `keep` (n,).

    Modifiers stay where the premise is negated or the hypothesis quantified.
    """
    result = hypothesis.copy()
    result.clear(("fellow", "fellow_det", *RELATIVE, "mark"))
    whole = result.pattern()
    quantifiers = [world().ids[f"DET:{word}"] for word in ("every", "no", "some")]
    fixed = (premise["neg"] == 1) | np.isin(result["agent_det"], quantifiers)
    keep_some_modifiers(draw, result, np.where(fixed, whole, keep & whole))
    return result


def rephrase(draw: Draw, table: Table) -> None:
    """Draw anew what carries no meaning: articles, voice, and whether the time comes first."""
    n = len(table)
    articles = np.array([world().ids["DET:the"], world().ids["DET:a"]])
    for name in ("agent_det", "object_det"):
        article = draw.pick(n, articles)
        table[name] = np.where(np.isin(table[name], articles), article, table[name])
    table["fellow_det"] = np.where(table["fellow"] >= 0, table["agent_det"], -1)
    can_be_passive = (table["object"] >= 0) & (table["fellow"] < 0) & (table["rel_verb"] < 0) & (table["tense"] == 0)
    can_be_passive &= (table["agent_det"] < 0) | np.isin(table["agent_det"], articles)
    table["voice"] = (can_be_passive & draw.chance(n, _STYLE.passive)).astype(int)
    table["front"] = ((table["time"] >= 0) & draw.chance(n, _STYLE.front)).astype(int)
