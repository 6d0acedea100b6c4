"""The world as arrays: concepts with part of speech, class, scale, frame and pool, and which templates are held out."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from xtl.lab.world import vocabulary

UPOS = ("ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "NOUN", "PART", "PRON", "PROPN", "PUNCT", "VERB")
KINDS = tuple(vocabulary.NOUNS)  # animal, person, food, item
TRAIN, TEST, BOTH = 0, 1, -1
# A template is a verb's frame with the set of its event's modifiers; these are the bits of that set.
MODIFIERS = {"agent_adj": 1, "object_adj": 2, "place": 4, "time": 8, "manner": 16}
PATTERNS = 32
# A fixed shuffle of the patterns, so that which modifiers go together is no clue to the side of the split.
_WEIGHT = np.random.default_rng(5).permutation(PATTERNS)


@dataclass(frozen=True)
class World:
    """Columns over concepts (c,), and lists of concepts by what they are used for; -1 means none."""

    words: tuple  # English forms: (base, past, participle)
    pos: np.ndarray  # index into UPOS
    sort: np.ndarray  # index into SORTS
    kind: np.ndarray  # index into KINDS, of nouns and classes
    parent: np.ndarray  # the class above: fox -> canine -> animal
    scale: (
        np.ndarray
    )  # adjectives and verbs: words of one scale and pole are synonyms, of one scale and two poles opposites
    pole: np.ndarray
    frame: np.ndarray  # of verbs: index into vocabulary.VERBS
    paired: (
        np.ndarray
    )  # its scale, for adjectives and verbs that have opposites and share their frame with another such scale
    pool: np.ndarray  # TRAIN, TEST or BOTH
    adposition: np.ndarray  # of times
    uses: np.ndarray  # (u, 3): verb, kind of agent, kind of object or -1
    fits: np.ndarray  # (c, 4) adjective fits kind
    ids: dict  # "DET:the" -> concept

    def of(self, sort: str, pool: int = BOTH, kind: int | None = None) -> np.ndarray:
        """Concepts of a sort that may be used in a pool, in order."""
        chosen = self.sort == SORTS.index(sort)
        if pool != BOTH:
            chosen &= (self.pool == pool) | (self.pool == BOTH)
        if kind is not None:
            chosen &= self.kind == kind
        return np.flatnonzero(chosen)

    def isa(self, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
        """Whether `lower` is `upper` or lies under it in the taxonomy; none is only under none."""
        answer = lower == upper
        for _ in range(2):
            lower = np.where(lower >= 0, self.parent[lower], -1)
            answer = answer | ((lower == upper) & (upper >= 0))
        return answer

    def partner(self, words: np.ndarray, opposite: bool, pool: int) -> np.ndarray:
        """The synonym or an opposite of each word that a pool may use, or the word itself where it has none.

        Pairs are disjoint between the pools. Of a scale a1 a2 | b1 b2 the pairs a1-b1 and a2-b2 are for training,
        a1-b2 and a2-b1 for testing (four single poles pair as 0-1, 2-3 and 0-2, 1-3); of two synonym pairs the first
        trains, the second tests.
        """
        return _partners()[int(opposite), pool][words]


SORTS = ("noun", "class", "place", "time", "manner", "adjective", "verb", "given", "stem", "org", "loc", "function")


@cache
def world() -> World:
    """The one world; it does not depend on any setting."""
    rows: list[dict] = []
    ids: dict[str, int] = {}

    def add(word: str, pos: str, sort: str, **columns) -> int:
        forms = tuple(word.split("/")) if "/" in word else (word, word, word)
        rows.append({"words": forms, "pos": UPOS.index(pos), "sort": SORTS.index(sort), **columns})
        ids[f"{pos}:{forms[0]}"] = len(rows) - 1
        return len(rows) - 1

    def halves(words: str) -> list[tuple[str, int]]:
        items = words.split()
        return [(word, TRAIN if i < len(items) / 2 else TEST) for i, word in enumerate(items)]

    for pos, words in vocabulary.FUNCTION.items():
        for word in words.split():
            add(word, pos, "function")
    for kind, (top, classes) in enumerate(vocabulary.NOUNS.items()):
        above = add(top, "NOUN", "class", kind=kind)
        for name, words in classes.items():
            middle = add(name, "NOUN", "class", kind=kind, parent=above)
            for word, pool in halves(words):
                add(word, "NOUN", "noun", kind=kind, parent=middle, pool=pool)
    for word, pool in halves(vocabulary.PLACES):
        add(word, "NOUN", "place", pool=pool)
    for entry, pool in halves(vocabulary.TIMES):
        adposition, word = entry.split(":")
        add(word, "PROPN" if word[0].isupper() else "NOUN", "time", pool=pool, adposition=ids[f"ADP:{adposition}"])
    for word, pool in halves(vocabulary.MANNERS):
        add(word, "ADV", "manner", pool=pool)
    scale = 0
    fits = {}
    for words, kinds in vocabulary.ADJECTIVES.values():
        for pole, synonyms in enumerate(words.split("|")):
            for word in synonyms.split():
                fits[add(word, "ADJ", "adjective", scale=scale, pole=pole)] = [
                    KINDS.index(kind) for kind in kinds.split()
                ]
        scale += 1
    uses = []
    for frame, (kinds, lines) in enumerate(vocabulary.VERBS.items()):
        agents, objects = (side.split() for side in kinds.split(">"))
        for line in lines:
            for pole, synonyms in enumerate(line.split("|")):
                for word in synonyms.split():
                    verb = add(word, "VERB", "verb", scale=scale, pole=pole, frame=frame)
                    uses += [
                        (verb, KINDS.index(agent), KINDS.index(thing) if thing else -1)
                        for agent in agents
                        for thing in objects or [""]
                    ]
            scale += 1
    for sort, words in (("given", vocabulary.GIVEN), ("stem", vocabulary.STEMS)):
        for word, pool in halves(words):
            add(word, "PROPN", sort, pool=pool, kind=KINDS.index("person") if sort == "given" else -1)
    for sort, words in (("org", vocabulary.ORG_HEADS), ("loc", vocabulary.LOC_HEADS)):
        for word in words.split():
            add(word, "PROPN", sort)

    table = {
        name: np.array([row.get(name, -1) for row in rows])
        for name in ("pos", "sort", "kind", "parent", "scale", "pole", "frame", "pool", "adposition")
    }
    scales, sizes = np.unique(table["scale"][table["scale"] >= 0], return_counts=True)
    full = scales[sizes == 4]
    paired = np.where(np.isin(table["scale"], full), table["scale"], -1)
    for frame in range(len(vocabulary.VERBS)):
        members = (table["frame"] == frame) & (paired >= 0)
        if len(np.unique(paired[members])) < 2:
            paired[members] = -1
    matrix = np.zeros((len(rows), len(KINDS)), bool)
    for concept, kinds in fits.items():
        matrix[concept, kinds] = True
    return World(
        words=tuple(row["words"] for row in rows), **table, paired=paired, uses=np.array(uses), fits=matrix, ids=ids
    )


@cache
def _partners() -> np.ndarray:
    """(2, 2, c): synonym and opposite of every concept in the training and in the testing pool."""
    w = world()
    table = np.tile(np.arange(len(w.words)), (2, 2, 1))
    for scale in range(w.scale.max() + 1):
        members = np.flatnonzero(w.scale == scale)
        if len(members) != 4:
            continue
        a, b, c, d = members
        if w.pole[d] == 1:
            opposites = {TRAIN: ((a, c), (b, d)), TEST: ((a, d), (b, c))}
            synonyms = {TRAIN: ((a, b),), TEST: ((c, d),)}
        else:
            opposites = {TRAIN: ((a, b), (c, d)), TEST: ((a, c), (b, d))}
            synonyms = {TRAIN: (), TEST: ()}
        for kind, pairs in ((0, synonyms), (1, opposites)):
            for pool in (TRAIN, TEST):
                for first, second in pairs[pool]:
                    table[kind, pool, first], table[kind, pool, second] = second, first
    return table


def held_out(verb: np.ndarray, pattern: np.ndarray) -> np.ndarray:
    """Whether a template (frame of the verb, set of modifiers) is for testing: a third of the sets of each frame."""
    return (world().frame[verb] + _WEIGHT[pattern]) % 3 == 0
