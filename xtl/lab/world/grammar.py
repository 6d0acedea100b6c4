"""The grammar of a language: the words of a table's events, column by column in the order of its sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from xtl.lab.world import events as ev
from xtl.lab.world.events import Table
from xtl.lab.world.lexicon import BASE, FIRST, SECOND
from xtl.lab.world.made_languages import Language
from xtl.lab.world.world import UPOS, world

NAMES = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG")
PERSON, PLACE, ORGANISATION = 1, 3, 5  # the B- tags in NAMES
ROLES = {role: number for number, role in enumerate(("agent", "object", "place", "time", "manner"), 1)}
_QUESTION_ADVERBS = {"where": "place", "when": "time", "how": "manner"}


class Column(NamedTuple):
    """One word of every sentence, (n,) each: concept or -1 where a sentence lacks it, form, tags and role."""

    concept: np.ndarray
    form: np.ndarray
    upos: np.ndarray  # index into UPOS
    name: np.ndarray  # index into NAMES
    role: np.ndarray  # 0, or the number of the role in ROLES whose noun phrase it is part of


Phrase = list[Column]


class Nouns(NamedTuple):
    """The words of a noun phrase, concepts (n,) or -1; a name's second word is its tail."""

    determiner: np.ndarray
    adjective: np.ndarray
    noun: np.ndarray
    tail: np.ndarray

    def where(self, chosen: np.ndarray) -> Nouns:
        """The phrase in the chosen sentences alone, (n,) bool."""
        return Nouns(*(np.where(chosen, part, -1) for part in self))


class Clause:
    """The words of a table's sentences in one language, phrase by phrase."""

    def __init__(self, table: Table, language: Language):
        self.table = table
        self.w = world()
        self.none = np.full(len(table), -1)
        self.english = language.code == "en"
        self.order = language.features["order"]
        self.postpositions = language.features["adposition"] == "post"
        self.adjective_follows = language.features["adjective"] == "after"
        self.has_articles = language.features["articles"] == "yes"
        self.has_cases = language.features["case"] == "yes"
        self.question = table["mood"] != ev.STATEMENT
        self.asked = {role: table["mood"] == mood for mood, role in ev.ROLES.items()}
        self.passive = table["voice"] == 1
        self.agent = self._participant("agent")
        self.patient = self._participant("object")

    def columns(self) -> Phrase:
        """All words in the language's order."""
        table = self.table
        subject = self._subject()
        patient = self._noun_phrase(self.patient.where(~self.passive), FIRST, "object")
        by_word = self._word("ADP", "by", self.passive & ~self.asked["agent"])
        by = self._adpositional(by_word, self._noun_phrase(self.agent.where(self.passive), SECOND, "agent"))
        place = self._place()
        front = table["front"] == 1
        early_time = self._time(front)
        late_time = self._time(~front)
        manner = self._column(self._shown("manner", "manner"), role=ROLES["manner"])

        event, attribute, taxonomy = (table["kind"] == kind for kind in (ev.EVENT, ev.ATTRIBUTE, ev.CLASS))
        predicate = self._predicate(taxonomy)
        copula = self._word("AUX", "was", attribute) + self._word("AUX", "is", taxonomy)
        negative = table["neg"] == 1
        negation = self._word("PART", "not", negative)
        future = event & (table["tense"] == 1)
        subject_asked = np.where(self.passive, self.asked["object"], self.asked["agent"])
        inverted = self.question & ~subject_asked
        # English takes `did` in negations and in questions about anything but the subject; the others do without.
        did = event & ~self.passive & ~future & (negative | inverted) & self.english
        auxiliary = self._word("AUX", "will", future) + self._word("AUX", "did", did)
        auxiliary += self._word("AUX", "was", self.passive)
        form = np.select([self.passive, future | did], [SECOND, BASE], FIRST)
        verb = self._column(table["verb"], form)

        if self.english:
            before = _where(auxiliary, inverted)
            after = _where(auxiliary, ~inverted)
            clause = before + subject + after + copula + negation + verb
            clause += patient + predicate + by + manner + place + late_time
        elif self.order == "SVO":
            clause = subject + negation + auxiliary + copula + verb
            clause += patient + predicate + by + manner + place + late_time
        elif self.order == "VSO":
            clause = negation + auxiliary + copula + verb + subject
            clause += patient + predicate + by + manner + place + late_time
        else:
            clause = subject + late_time + place + manner + by + patient + predicate
            clause += negation + verb + auxiliary + copula
        opening = self._column(table["mark"]) + early_time + self._question_words()
        closing = self._word("PUNCT", ".", ~self.question) + self._word("PUNCT", "?", self.question)
        return opening + clause + closing

    def _shown(self, column: str, role: str) -> np.ndarray:
        """A column of the table without the events of which the role is asked for."""
        return np.where(self.asked[role], -1, self.table[column])

    def _participant(self, role: str) -> Nouns:
        names = (f"{role}_det", f"{role}_adj", role, f"{role}_tail")
        return Nouns(*(self._shown(name, role) for name in names))

    def _subject(self) -> Phrase:
        """The agent, or in the passive the object, with a coordinated noun and a relative clause."""
        table = self.table
        subject = self._noun_phrase(self.agent.where(~self.passive), BASE, "agent")
        subject += self._noun_phrase(self.patient.where(self.passive), BASE, "object")
        subject += self._word("CCONJ", "and", table["fellow"] >= 0)
        subject += self._noun_phrase(Nouns(table["fellow_det"], self.none, table["fellow"], self.none), BASE)
        subject += self._word("PRON", "that", table["rel_verb"] >= 0)
        action = self._column(table["rel_verb"], FIRST)
        target = self._noun_phrase(Nouns(table["rel_det"], self.none, table["rel_object"], self.none), FIRST)
        return subject + (target + action if self.order == "SOV" else action + target)

    def _place(self) -> Phrase:
        adposition, determiner, noun, tail = (
            self._shown(name, "place") for name in ("adp", "place_det", "place", "place_tail")
        )
        phrase = self._noun_phrase(Nouns(determiner, self.none, noun, tail), SECOND, "place")
        return self._adpositional(self._column(adposition), phrase)

    def _time(self, where: np.ndarray) -> Phrase:
        time = np.where(where, self._shown("time", "time"), -1)
        adposition = np.where(time >= 0, self.w.adposition[time], -1)
        phrase = self._noun_phrase(Nouns(self.none, self.none, time, self.none), SECOND, "time")
        return self._adpositional(self._column(adposition), phrase)

    def _predicate(self, taxonomy: np.ndarray) -> Phrase:
        """What the agent is: `not small but big`, `an animal`."""
        contrast = self.table["contrast"]
        predicate = self._word("PART", "not", contrast >= 0) + self._column(contrast)
        predicate += self._word("CCONJ", "but", contrast >= 0)
        predicate += self._word("DET", "a", taxonomy & self.has_articles)
        return predicate + self._column(self.table["predicate"])

    def _question_words(self) -> Phrase:
        agent_or_object = self.asked["agent"] | self.asked["object"]
        who = self.asked["agent"] & self._is_animate("agent")
        who |= self.asked["object"] & self._is_animate("object")
        words = self._word("PRON", "who", who) + self._word("PRON", "what", agent_or_object & ~who)
        for word, role in _QUESTION_ADVERBS.items():
            words += self._word("ADV", word, self.asked[role])
        return words

    def _is_animate(self, role: str) -> np.ndarray:
        concept = self.table[role]
        return np.isin(self.w.kind[concept], (0, 1)) | (self.w.pos[concept] == UPOS.index("PROPN"))

    def _noun_phrase(self, nouns: Nouns, form: int, role: str | None = None) -> Phrase:
        """Article, adjective and noun in the language's order; of a name's two words the last is inflected."""
        determiner, adjective, noun, tail = nouns
        number = ROLES[role] if role else 0
        named = self.w.is_sort(noun, "given", "stem", "loc")
        organisation = named & self.w.is_sort(tail, "org")
        tag = np.where(organisation, ORGANISATION, PLACE if role == "place" else PERSON) * named
        reversed_ = organisation & self.adjective_follows  # `Bank Arden` where adjectives follow
        first = np.where(reversed_, tail, noun)
        second = np.where(reversed_, noun, tail)
        if not self.has_cases:
            form = BASE
        if not self.has_articles:
            articles = (self.w.ids["DET:the"], self.w.ids["DET:a"])
            determiner = np.where(np.isin(determiner, articles), -1, determiner)
        body = self._column(first, np.where(tail >= 0, BASE, form), tag, number)
        body += self._column(second, form, np.where(tag > 0, tag + 1, 0), number)
        modifier = self._column(adjective, role=number)
        return self._column(determiner) + (body + modifier if self.adjective_follows else modifier + body)

    def _adpositional(self, adposition: Phrase, phrase: Phrase) -> Phrase:
        return phrase + adposition if self.postpositions else adposition + phrase

    def _word(self, pos: str, word: str, where: np.ndarray) -> Phrase:
        """One function word where a condition holds."""
        return self._column(np.where(where, self.w.ids[f"{pos}:{word}"], -1))

    def _column(
        self, concept: np.ndarray, form: np.ndarray | int = BASE, name: np.ndarray | int = 0, role: int = 0
    ) -> Phrase:
        """A phrase of one column; its part of speech is the concept's."""
        n = len(concept)
        form, name, filled_role = (np.broadcast_to(np.asarray(part), (n,)) for part in (form, name, role))
        return [Column(concept, form, self.w.pos[concept], name, filled_role)]


def _where(phrase: Sequence[Column], chosen: np.ndarray) -> Phrase:
    """The phrase in the chosen sentences alone."""
    return [column._replace(concept=np.where(chosen, column.concept, -1)) for column in phrase]
