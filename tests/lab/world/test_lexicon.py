"""Lexicons: words that twins share, planted shares of English, one meaning a word, scripts."""

import itertools
import unicodedata

import numpy as np
import pytest

from xtl.lab.world import lexicon
from xtl.lab.world.config import LabConfig
from xtl.lab.world.lexicon import word_forms
from xtl.lab.world.made_languages import language, languages, twins
from xtl.lab.world.world import SORTS, world

W = world()
CONTENT = np.array([SORTS[sort] not in ("function",) for sort in W.sort])


def of_script(text: str, script: str) -> bool:
    return all(script.upper() in unicodedata.name(letter) for letter in text if letter.isalpha())


def test_twins_share_their_words(small):
    for model, twin, feature in twins(small):
        a, b = word_forms(small, model), word_forms(small, twin)
        same = (a == b).mean()
        if feature in ("order", "adposition", "adjective", "articles", "corpus"):
            assert same == 1
        elif feature == "script":
            assert len({len(word) for word in a.ravel()} - {len(word) for word in b.ravel()}) == 0
            lengths = np.vectorize(len)
            assert (lengths(a) == lengths(b)).all()
        elif feature == "vocabulary":
            shares = sorted(
                small_language.features["vocabulary"]
                for small_language in (language(small, model), language(small, twin))
            )
            content = a[CONTENT, 0] == b[CONTENT, 0]
            assert content.mean() == pytest.approx(1 - (shares[1] - shares[0]), abs=0.08)


@pytest.mark.parametrize("count", [12, 24])
def test_shared_vocabulary_is_as_planted(count):
    """Under one pair of regular sound changes, as many words are English as the feature says."""
    config = LabConfig(languages=count)
    english = [word.lower() for word in word_forms(config, "en")[CONTENT, 0]]
    changed = [
        [_changed(word, [one, other]) for word in english]
        for one, other in itertools.combinations_with_replacement(lexicon.CHANGES, 2)
    ]
    for code, item in languages(config).items():
        if code == "en" or item.script != "Latin":
            continue
        own = [word.lower() for word in word_forms(config, code)[CONTENT, 0]]
        share = max(np.mean([a == b for a, b in zip(own, words, strict=True)]) for words in changed)
        assert share == pytest.approx(item.features["vocabulary"], abs=0.06), code


def _changed(word: str, changes: list) -> str:
    for old, new in changes:
        word = word.replace(old, new)
    return word


@pytest.mark.parametrize("count", [12, 24])
def test_words_are_unambiguous_but_for_words_that_are_one_in_english(count):
    config = LabConfig(languages=count)
    for code in languages(config):
        found: dict[str, set] = {}
        for concept, form in enumerate(word_forms(config, code)[:, 0]):
            found.setdefault(form.lower(), set()).add(W.words[concept][0].lower())
        assert all(len(words) == 1 for words in found.values()), code


def test_scripts_are_real_letters_and_map_one_to_one():
    for script, (letters, _) in lexicon.SCRIPTS.items():
        assert len(set(letters)) == 26 and of_script(letters, script)
