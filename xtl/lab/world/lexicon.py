"""Word forms of every language: phonotactics by family, English words under sound changes, scripts, inflection."""

import string
from functools import lru_cache

import numpy as np

from xtl.lab.world.config import LabConfig
from xtl.lab.world.made_languages import Language, language
from xtl.lab.world.world import SORTS, World, world

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
# Families: onsets, vowels, codas, syllables, and the endings of past, participle, accusative and oblique.
PHONOTACTICS = (
    ("p t k m n s l r v d", "a e i o u", "n r s l", (2, 3), "ta", "tun", "m", "ssa"),
    ("b d g z m n j h sh l", "a i u", "b d k t m q", (2, 2), "at", "mu", "un", "in"),
    ("t k f w h n m l ng", "a e i o u", "", (3, 3), "hia", "nga", "ko", "ne"),
    ("br kr st p t v z d n m gr sk", "a e i o y", "k t r l st", (1, 2), "il", "en", "u", "om"),
    ("ch k q p w s l m n t ll", "a i u", "q s n", (2, 3), "rqa", "sqa", "ta", "pi"),
    ("x tz ch b k n j l w t p", "a e i o u", "j k l n b", (1, 2), "ij", "ax", "ek", "ot"),
)
# Sound changes that a language may apply to words it shares with English; each language has two of them.
CHANGES = (
    ("c", "k"), ("w", "v"), ("th", "t"), ("sh", "s"), ("ck", "k"), ("f", "v"),
    ("y", "i"), ("qu", "kw"), ("d", "t"), ("g", "k"), ("ea", "e"), ("ow", "au"),
)  # fmt: skip


@lru_cache(maxsize=64)
def word_forms(config: LabConfig, code: str) -> np.ndarray:
    """The word forms of the language of a code, as `forms`, made once."""
    return forms(config, language(config, code))


def forms(config: LabConfig, language: Language) -> np.ndarray:
    """Word forms of a language, (concepts, FORMS) of str; CAPITAL is the base form as a sentence opens with it."""
    w = world()
    if language.family == "English":
        return _english(w)
    roots = _roots(config, language, w)
    _, _, _, _, past, participle, accusative, oblique = PHONOTACTICS[language.family_index]
    table = np.empty((len(w.words), FORMS), object)
    for concept, root in enumerate(roots):
        sort = SORTS[w.sort[concept]]
        table[concept] = root
        if sort == "verb":
            table[concept, FIRST], table[concept, SECOND] = root + past, root + participle
        elif language.features["case"] == "yes" and w.pos[concept] in _NOMINAL:
            table[concept, FIRST], table[concept, SECOND] = root + accusative, root + oblique
    names = np.isin(w.pos, _PROPER)
    if language.script == "Latin":
        table[names] = np.vectorize(str.capitalize, otypes=[object])(table[names])
        return table
    letters, capitals = SCRIPTS[language.script]
    mapping = str.maketrans(string.ascii_lowercase, letters)
    table = np.vectorize(lambda form: form.translate(mapping), otypes=[object])(table)
    if capitals:
        table[names] = np.vectorize(lambda form: form[:1].upper() + form[1:], otypes=[object])(table[names])
    return table


_NOMINAL = (6, 9)  # NOUN, PROPN in UPOS
_PROPER = (9,)


def _english(w: World) -> np.ndarray:
    table = np.empty((len(w.words), FORMS), object)
    for concept, words in enumerate(w.words):
        table[concept, :3] = words
        table[concept, CAPITAL] = words[0][:1].upper() + words[0][1:]
    return table


def _roots(config: LabConfig, language: Language, w: World) -> list[str]:
    """One Latin root per concept; words that are one in English (a duck, to duck) are one in every language."""
    rng = config.rng("lexicon", language.lexicon)
    family = config.rng("lexicon", "family", language.family)
    english = list(dict.fromkeys(words[0].lower() for words in w.words))
    n = len(english)
    function = {words[0].lower() for words, sort in zip(w.words, w.sort, strict=True) if SORTS[sort] == "function"}
    # The words shared with English are nested: a language that shares more shares all that its twin does, and more.
    rank = np.argsort(rng.permutation(n)) / n
    kin = family.random(n) < FAMILY_SHARE
    changes = [CHANGES[i] for i in sorted(rng.choice(len(CHANGES), 2, replace=False))]
    shape = PHONOTACTICS[language.family_index]
    proto = [_syllables(family, shape, word in function) for word in english]
    own = [_syllables(rng, shape, word in function) for word in english]
    taken: set[str] = set()
    shared, native = [], []
    for word in english:
        root = _changed(word, changes)
        while root in taken:
            root += "e"
        taken.add(root)
        shared.append(root)
    # All native words differ from all shared ones, whether in use or not, so that twins differ in nothing but the
    # share.
    for i, word in enumerate(english):
        root = proto[i] if kin[i] else own[i]
        while root in taken:
            root = _syllables(rng, shape, False)
        taken.add(root)
        native.append(root if word.isalpha() else word)
    use = [word not in function and rank[i] < language.features["vocabulary"] for i, word in enumerate(english)]
    result = {word: shared[i] if use[i] else native[i] for i, word in enumerate(english)}
    return [result[words[0].lower()] for words in w.words]


def _changed(word: str, changes: list[tuple[str, str]]) -> str:
    for old, new in changes:
        word = word.replace(old, new)
    return word


def _syllables(rng: np.random.Generator, shape: tuple, short: bool) -> str:
    onsets, vowels, codas, (least, most) = (*(part.split() for part in shape[:3]), shape[3])
    count = 1 if short else int(rng.integers(least, most + 1))
    word = ""
    for _ in range(count):
        word += onsets[rng.integers(len(onsets))] + vowels[rng.integers(len(vowels))]
        if codas and rng.random() < 0.45:
            word += codas[rng.integers(len(codas))]
    return word
