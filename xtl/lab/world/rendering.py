"""Tables of events rendered in a language: text with parts of speech, tags of names, and spans of roles."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from xtl.lab.world import events as ev
from xtl.lab.world.config import LabConfig
from xtl.lab.world.events import Table
from xtl.lab.world.grammar import NAMES, Clause
from xtl.lab.world.lexicon import CAPITAL, word_forms
from xtl.lab.world.made_languages import Language, language
from xtl.lab.world.world import UPOS, world

T = TypeVar("T")


@dataclass(frozen=True)
class Rendered:
    """Sentences of a table as flat columns over their words, (t,)."""

    words: np.ndarray  # as they are written, str
    concepts: np.ndarray  # of the world
    start: np.ndarray  # (n + 1,) where each sentence begins in the columns, and where the last one ends
    upos: np.ndarray  # index into UPOS
    names: np.ndarray  # index into grammar.NAMES
    roles: np.ndarray  # number in grammar.ROLES of the role whose phrase, less article and adposition, it is in, or 0
    offset: np.ndarray  # of the word's first character in its sentence
    language: Language

    def sentences(self) -> list[str]:
        """The sentences, words and punctuation parted by one space."""
        return [" ".join(words) for words in self.tokens()]

    def tokens(self) -> list[list[str]]:
        """The words of each sentence."""
        return self._split(self.words.tolist())

    def tags(self) -> list[list[str]]:
        """The universal part of speech of each word."""
        return self._split([UPOS[number] for number in self.upos])

    def name_tags(self) -> list[list[str]]:
        """The IOB2 tag of each word."""
        return self._split([NAMES[number] for number in self.names])

    def span(self, mood: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """First character and end of the phrase that a mood (n,) WHO..HOW asks for, (n,) each; -1 where absent."""
        n = len(self.start) - 1
        row = np.repeat(np.arange(n), np.diff(self.start))
        inside = np.flatnonzero(self.roles == (mood - ev.WHO + 1)[row])
        length = np.array([len(word) for word in self.words[inside]], int)
        first = np.full(n, -1)
        first[row[inside][::-1]] = self.offset[inside][::-1]  # the first word of a sentence is written last
        end = np.full(n, -1)
        end[row[inside]] = self.offset[inside] + length
        return first, end

    def _split(self, column: list[T]) -> list[list[T]]:
        bounds = self.start.tolist()
        return [column[first:end] for first, end in zip(bounds[:-1], bounds[1:], strict=True)]


# Gives a table's sentences in the language of a code.
Render = Callable[[Table, str], Rendered]


def renderer(config: LabConfig) -> Render:
    """The function that renders tables in the languages of a laboratory."""
    return lambda table, code: render(table, language(config, code), word_forms(config, code))


def render(table: Table, language: Language, forms: np.ndarray) -> Rendered:
    """Render a table in a language whose word forms are `forms` (concepts, FORMS)."""
    columns = Clause(table, language).columns()
    concept, form, upos, name, role = (np.stack(parts, 1) for parts in zip(*columns, strict=True))
    present = concept >= 0
    length = present.sum(1)
    start = np.concatenate([[0], np.cumsum(length)])
    flat_concept = concept[present]
    flat_form = form[present]
    if language.code == "en":
        flat_form[start[:-1]] = CAPITAL
    words = forms[flat_concept, flat_form]
    if language.code == "en":
        words = _articles_before_vowels(words, flat_concept, flat_form)
    size = np.array([len(word) + 1 for word in words.tolist()], int)
    offset = np.cumsum(size) - size
    offset -= np.repeat(offset[start[:-1]], length)
    return Rendered(words, flat_concept, start, upos[present], name[present], role[present], offset, language)


def _articles_before_vowels(words: np.ndarray, concept: np.ndarray, form: np.ndarray) -> np.ndarray:
    """English words, `a` being `an` where the next word begins with a vowel."""
    vowel = np.array([word[:1] in "aeiou" for word in words.tolist()])
    before_vowel = np.append(vowel[1:], False)
    an = np.where(form == CAPITAL, "An", "an")
    return np.where((concept == world().ids["DET:a"]) & before_vowel, an, words)
