"""Word forms of every language: phonotactics by family, English words under sound changes, scripts, inflection."""

import string
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from xtl.lab.world.config import LabConfig
from xtl.lab.world.made_languages import Language, language
from xtl.lab.world.world import SORTS, UPOS, world

BASE, FIRST, SECOND, CAPITAL = range(4)  # nouns: nominative, accusative, oblique; verbs: base, past, participle
FORMS = 4
FAMILY_SHARE = 0.8  # of the words that are not shared with English, how many the languages of one family share

# Letters by letter of the Latin alphabet a-z; a script without capitals writes names like other words.
SCRIPTS = {
    "Greek": ("αβχδεφγηιξκλμνοπθρστυωψζςϝ", True),
    "Cyrillic": ("абцдефгхийклмнопщрстувжьыз", True),
    "Georgian": ("აბცდეფგჰიჯკლმნოპქრსტუვწხყზ", False),
    "Armenian": ("աբցդեֆգհիջկլմնոպքրստւվշխյզ", True),
}


class Phonotactics(NamedTuple):
    """How the words of a family sound: sounds parted by spaces, fewest and most syllables, and endings."""

    onsets: str
    vowels: str
    codas: str
    syllables: tuple[int, int]
    past: str
    participle: str
    accusative: str
    oblique: str


# By family.
PHONOTACTICS = (
    Phonotactics("p t k m n s l r v d", "a e i o u", "n r s l", (2, 3), "ta", "tun", "m", "ssa"),
    Phonotactics("b d g z m n j h sh l", "a i u", "b d k t m q", (2, 2), "at", "mu", "un", "in"),
    Phonotactics("t k f w h n m l ng", "a e i o u", "", (3, 3), "hia", "nga", "ko", "ne"),
    Phonotactics("br kr st p t v z d n m gr sk", "a e i o y", "k t r l st", (1, 2), "il", "en", "u", "om"),
    Phonotactics("ch k q p w s l m n t ll", "a i u", "q s n", (2, 3), "rqa", "sqa", "ta", "pi"),
    Phonotactics("x tz ch b k n j l w t p", "a e i o u", "j k l n b", (1, 2), "ij", "ax", "ek", "ot"),
)
# Sound changes that a language may apply to words it shares with English; each language has two of them.
CHANGES = (
    ("c", "k"), ("w", "v"), ("th", "t"), ("sh", "s"), ("ck", "k"), ("f", "v"),
    ("y", "i"), ("qu", "kw"), ("d", "t"), ("g", "k"), ("ea", "e"), ("ow", "au"),
)  # fmt: skip


@lru_cache(maxsize=64)
def word_forms(config: LabConfig, code: str) -> np.ndarray:
    """Word forms of the language of a code, (concepts, FORMS) of str, in the script that the language is written in.

    CAPITAL is the base form as a sentence opens with it.
    """
    spoken = language(config, code)
    if spoken.family == "English":
        return _english()
    table = _inflected(spoken, _roots(config, spoken))
    names = world().pos == UPOS.index("PROPN")
    if spoken.script == "Latin":
        table[names] = _each(str.capitalize, table[names])
        return table
    letters, has_capitals = SCRIPTS[spoken.script]
    mapping = str.maketrans(string.ascii_lowercase, letters)
    table = _each(lambda form: form.translate(mapping), table)
    if has_capitals:
        table[names] = _each(lambda form: form[:1].upper() + form[1:], table[names])
    return table


def _each(change: Callable[[str], str], forms: np.ndarray) -> np.ndarray:
    """Every form changed, in an array of the same shape."""
    return np.vectorize(change, otypes=[object])(forms)


def _english() -> np.ndarray:
    words = world().words
    table = np.empty((len(words), FORMS), object)
    for concept, forms in enumerate(words):
        table[concept, :3] = forms
        table[concept, CAPITAL] = forms[0][:1].upper() + forms[0][1:]
    return table


def _inflected(spoken: Language, roots: list[str]) -> np.ndarray:
    """The forms of roots in Latin letters, (concepts, FORMS): verbs inflect, nouns and names where there are cases."""
    w = world()
    sound = PHONOTACTICS[spoken.family_index]
    nominal = np.isin(w.pos, (UPOS.index("NOUN"), UPOS.index("PROPN")))
    table = np.empty((len(roots), FORMS), object)
    for concept, root in enumerate(roots):
        table[concept] = root
        if SORTS[w.sort[concept]] == "verb":
            table[concept, FIRST] = root + sound.past
            table[concept, SECOND] = root + sound.participle
        elif spoken.features["case"] == "yes" and nominal[concept]:
            table[concept, FIRST] = root + sound.accusative
            table[concept, SECOND] = root + sound.oblique
    return table


def _roots(config: LabConfig, spoken: Language) -> list[str]:
    """One Latin root per concept; words that are one in English (a duck, to duck) are one in every language."""
    w = world()
    rng = config.rng("lexicon", spoken.lexicon)
    family_rng = config.rng("lexicon", "family", spoken.family)
    bases = [words[0].lower() for words in w.words]
    english = list(dict.fromkeys(bases))
    function = {base for base, sort in zip(bases, w.sort, strict=True) if SORTS[sort] == "function"}
    # The words shared with English are nested: a language that shares more shares all that its twin does, and more.
    rank = np.argsort(rng.permutation(len(english))) / len(english)
    of_family = family_rng.random(len(english)) < FAMILY_SHARE
    changes = [CHANGES[number] for number in sorted(rng.choice(len(CHANGES), 2, replace=False))]
    sound = PHONOTACTICS[spoken.family_index]
    family_roots = [_word(family_rng, sound, word in function) for word in english]
    own_roots = [_word(rng, sound, word in function) for word in english]

    taken: set[str] = set()
    shared = []
    for word in english:
        root = _changed(word, changes)
        while root in taken:
            root += "e"
        taken.add(root)
        shared.append(root)
    # All native words differ from all shared ones, in use or not, so that twins differ in nothing but the share.
    native = []
    for number, word in enumerate(english):
        root = family_roots[number] if of_family[number] else own_roots[number]
        while root in taken:
            root = _word(rng, sound, short=False)
        taken.add(root)
        native.append(root if word.isalpha() else word)

    roots = {}
    for number, word in enumerate(english):
        is_shared = word not in function and rank[number] < spoken.features["vocabulary"]
        roots[word] = shared[number] if is_shared else native[number]
    return [roots[base] for base in bases]


def _changed(word: str, changes: list[tuple[str, str]]) -> str:
    for old, new in changes:
        word = word.replace(old, new)
    return word


def _word(rng: Generator, sound: Phonotactics, short: bool) -> str:
    """A new word of random syllables; a short one has one."""
    onsets = sound.onsets.split()
    vowels = sound.vowels.split()
    codas = sound.codas.split()
    least, most = sound.syllables
    count = 1 if short else int(rng.integers(least, most + 1))
    word = ""
    for _ in range(count):
        word += onsets[rng.integers(len(onsets))] + vowels[rng.integers(len(vowels))]
        if codas and rng.random() < 0.45:
            word += codas[rng.integers(len(codas))]
    return word
