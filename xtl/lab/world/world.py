"""The world as arrays: concepts with part of speech, class, scale, frame and pool, and which templates are held out."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from xtl.lab.world import vocabulary

UPOS = ("ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "NOUN", "PART", "PRON", "PROPN", "PUNCT", "VERB")
SORTS = ("noun", "class", "place", "time", "manner", "adjective", "verb", "given", "stem", "org", "loc", "function")
KINDS = tuple(vocabulary.NOUNS)  # animal, person, food, item
ANIMAL, PERSON, FOOD, ITEM = range(len(KINDS))
TRAIN, TEST, BOTH = 0, 1, -1
# A template is a verb's frame with the set of its event's modifiers; these are the bits of that set.
MODIFIERS = {"agent_adj": 1, "object_adj": 2, "place": 4, "time": 8, "manner": 16}
PATTERNS = 32
# A fixed shuffle of the patterns, so that which modifiers go together is no clue to the side of the split.
_WEIGHT = np.random.default_rng(5).permutation(PATTERNS)


@dataclass(frozen=True)
class World:
    """Columns over concepts (c,), and lists of concepts by what they are used for; -1 means none.

    Words of one scale and one pole are synonyms, of one scale and different poles opposites.
    """

    words: tuple[tuple[str, ...], ...]  # English forms: base, past, participle
    pos: np.ndarray  # index into UPOS
    sort: np.ndarray  # index into SORTS
    kind: np.ndarray  # of nouns, classes and given names: index into KINDS
    parent: np.ndarray  # the class above: fox -> canine -> animal
    scale: np.ndarray  # of adjectives and verbs
    pole: np.ndarray
    frame: np.ndarray  # of verbs: index into vocabulary.VERBS
    paired: np.ndarray  # the scale of words with opposites, of verbs only where their frame has another such scale
    pool: np.ndarray  # TRAIN, TEST or BOTH
    adposition: np.ndarray  # that a time takes
    uses: np.ndarray  # (u, 3) verb, kind of its agent, kind of its object or -1
    fits: np.ndarray  # (c, 4) whether an adjective fits a kind
    ids: dict[str, int]  # "DET:the" -> concept

    def of(self, sort: str, pool: int = BOTH, kind: int | None = None) -> np.ndarray:
        """Concepts of a sort that may be used in a pool, in order."""
        chosen = self.sort == SORTS.index(sort)
        if pool != BOTH:
            chosen &= (self.pool == pool) | (self.pool == BOTH)
        if kind is not None:
            chosen &= self.kind == kind
        return np.flatnonzero(chosen)

    def is_sort(self, concepts: np.ndarray, *sorts: str) -> np.ndarray:
        """Whether each concept is of one of the sorts, (n,) bool; false where there is none."""
        return (concepts >= 0) & np.isin(self.sort[concepts], [SORTS.index(sort) for sort in sorts])

    def isa(self, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
        """Whether `lower` is `upper` or lies under it in the taxonomy; none is only under none."""
        answer = lower == upper
        for _ in range(2):
            lower = np.where(lower >= 0, self.parent[lower], -1)
            answer = answer | ((lower == upper) & (upper >= 0))
        return answer

    def synonym(self, words: np.ndarray, pool: int) -> np.ndarray:
        """The synonym of each word that a pool may use, or the word itself where it has none.

        Of two pairs of synonyms on a scale the first is for training, the second for testing.
        """
        return _partners()[0, pool][words]

    def opposite(self, words: np.ndarray, pool: int) -> np.ndarray:
        """An opposite of each word that a pool may use, or the word itself where it has none.

        Of a scale a1 a2 | b1 b2 the pairs a1-b1 and a2-b2 are for training, a1-b2 and a2-b1 for testing; four single
        poles pair as 0-1, 2-3 and as 0-2, 1-3.
        """
        return _partners()[1, pool][words]


@cache
def world() -> World:
    """The one world; it does not depend on any setting."""
    concepts = _Concepts()
    for pos, words in vocabulary.FUNCTION.items():
        for word in words.split():
            concepts.add(word, pos, "function")
    concepts.add_nouns()
    for word, pool in _halves(vocabulary.PLACES):
        concepts.add(word, "NOUN", "place", pool=pool)
    for entry, pool in _halves(vocabulary.TIMES):
        adposition, word = entry.split(":")
        pos = "PROPN" if word[0].isupper() else "NOUN"
        concepts.add(word, pos, "time", pool=pool, adposition=concepts.ids[f"ADP:{adposition}"])
    for word, pool in _halves(vocabulary.MANNERS):
        concepts.add(word, "ADV", "manner", pool=pool)
    concepts.add_adjectives()
    concepts.add_verbs()
    for word, pool in _halves(vocabulary.GIVEN):
        concepts.add(word, "PROPN", "given", pool=pool, kind=PERSON)
    for word, pool in _halves(vocabulary.STEMS):
        concepts.add(word, "PROPN", "stem", pool=pool)
    for word in vocabulary.ORG_HEADS.split():
        concepts.add(word, "PROPN", "org")
    for word in vocabulary.LOC_HEADS.split():
        concepts.add(word, "PROPN", "loc")
    return concepts.world()


class _Concepts:
    """The concepts as they are added, and what adjectives and verbs go with."""

    def __init__(self) -> None:
        self.words: list[tuple[str, ...]] = []
        self.rows: list[dict[str, int]] = []
        self.ids: dict[str, int] = {}
        self.scales = 0
        self.uses: list[tuple[int, int, int]] = []
        self.fits: dict[int, list[int]] = {}

    def add(self, word: str, pos: str, sort: str, **columns: int) -> int:
        """Add a concept, `word` or `base/past/participle`, and return its number."""
        number = len(self.rows)
        forms = tuple(word.split("/")) if "/" in word else (word, word, word)
        self.words.append(forms)
        self.rows.append({"pos": UPOS.index(pos), "sort": SORTS.index(sort), **columns})
        self.ids[f"{pos}:{forms[0]}"] = number
        return number

    def add_nouns(self) -> None:
        for kind, (kind_name, classes) in enumerate(vocabulary.NOUNS.items()):
            top = self.add(kind_name, "NOUN", "class", kind=kind)
            for class_name, words in classes.items():
                middle = self.add(class_name, "NOUN", "class", kind=kind, parent=top)
                for word, pool in _halves(words):
                    self.add(word, "NOUN", "noun", kind=kind, parent=middle, pool=pool)

    def add_adjectives(self) -> None:
        for scale, kinds in vocabulary.ADJECTIVES.values():
            for pole, synonyms in enumerate(scale.split("|")):
                for word in synonyms.split():
                    adjective = self.add(word, "ADJ", "adjective", scale=self.scales, pole=pole)
                    self.fits[adjective] = [KINDS.index(kind) for kind in kinds.split()]
            self.scales += 1

    def add_verbs(self) -> None:
        for frame, (kinds, scales) in enumerate(vocabulary.VERBS.items()):
            agents, objects = kinds.split(">")
            for scale in scales:
                for pole, synonyms in enumerate(scale.split("|")):
                    for word in synonyms.split():
                        verb = self.add(word, "VERB", "verb", scale=self.scales, pole=pole, frame=frame)
                        self._add_uses(verb, agents.split(), objects.split())
                self.scales += 1

    def _add_uses(self, verb: int, agents: list[str], objects: list[str]) -> None:
        for agent in agents:
            if not objects:
                self.uses.append((verb, KINDS.index(agent), -1))
            for patient in objects:
                self.uses.append((verb, KINDS.index(agent), KINDS.index(patient)))

    def world(self) -> World:
        """The arrays."""
        names = ("pos", "sort", "kind", "parent", "scale", "pole", "frame", "pool", "adposition")
        columns = {name: np.array([row.get(name, -1) for row in self.rows]) for name in names}
        fits = np.zeros((len(self.rows), len(KINDS)), bool)
        for adjective, kinds in self.fits.items():
            fits[adjective, kinds] = True
        paired = _paired(columns["scale"], columns["frame"])
        uses = np.array(self.uses)
        return World(words=tuple(self.words), **columns, paired=paired, uses=uses, fits=fits, ids=self.ids)


def _halves(words: str) -> list[tuple[str, int]]:
    """Words in a list, the first half for training and the second for testing."""
    items = words.split()
    return [(word, TRAIN if number < len(items) / 2 else TEST) for number, word in enumerate(items)]


def _paired(scale: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """The column `paired` of a World: scales of four words; of verbs, those whose frame has two of them or more."""
    scales, sizes = np.unique(scale[scale >= 0], return_counts=True)
    paired = np.where(np.isin(scale, scales[sizes == 4]), scale, -1)
    for number in range(len(vocabulary.VERBS)):
        members = (frame == number) & (paired >= 0)
        if len(np.unique(paired[members])) < 2:
            paired[members] = -1
    return paired


@cache
def _partners() -> np.ndarray:
    """(2, 2, c): synonym and opposite of every concept in the training and in the testing pool."""
    w = world()
    table = np.tile(np.arange(len(w.words)), (2, 2, 1))
    for scale in range(w.scale.max() + 1):
        members = np.flatnonzero(w.scale == scale)
        if len(members) != 4:
            continue
        a, b, c, d = members.tolist()
        if w.pole[d] == 1:
            _pair(table[0, TRAIN], (a, b))
            _pair(table[0, TEST], (c, d))
            _pair(table[1, TRAIN], (a, c), (b, d))
            _pair(table[1, TEST], (a, d), (b, c))
        else:
            _pair(table[1, TRAIN], (a, b), (c, d))
            _pair(table[1, TEST], (a, c), (b, d))
    return table


def _pair(partner: np.ndarray, *pairs: tuple[int, int]) -> None:
    for first, second in pairs:
        partner[first] = second
        partner[second] = first


def held_out(verb: np.ndarray, pattern: np.ndarray | int) -> np.ndarray:
    """Whether a template (frame of the verb, set of modifiers) is for testing: a third of the sets of each frame."""
    return (world().frame[verb] + _WEIGHT[pattern]) % 3 == 0
