"""Rendering tables of events in a language: word columns in its order, joined to text with tags, names and spans."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from xtl.lab.world import events as ev
from xtl.lab.world.config import LabConfig
from xtl.lab.world.events import Table
from xtl.lab.world.lexicon import BASE, CAPITAL, FIRST, FORMS, SECOND, word_forms
from xtl.lab.world.made_languages import Language, language
from xtl.lab.world.world import SORTS, UPOS, world

NAMES = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG")
_ROLES = {role: number for number, role in enumerate(("agent", "object", "place", "time", "manner"), 1)}
PERSON, PLACE, ORGANISATION = 1, 3, 5  # the B- tags in NAMES


@dataclass(frozen=True)
class Rendered:
    """Sentences of a table as flat columns over their words (t,), with `start` (n + 1,) of each sentence in them."""

    words: np.ndarray  # str
    concepts: np.ndarray  # of the world
    start: np.ndarray
    upos: np.ndarray  # index into UPOS
    names: np.ndarray  # index into NAMES
    roles: (
        np.ndarray
    )  # 0, or 1 + index of the role whose noun phrase (article and adposition left out) the word is part of
    offset: np.ndarray  # of the word's first character in its sentence
    language: Language

    def sentences(self) -> list[str]:
        """The sentences, words and punctuation parted by one space."""
        words = self.words.tolist()
        return [" ".join(words[a:b]) for a, b in zip(self.start[:-1].tolist(), self.start[1:].tolist(), strict=True)]

    def tokens(self) -> list[list[str]]:
        """The words of each sentence."""
        return self._split(self.words)

    def tags(self) -> list[list[str]]:
        """The universal part of speech of each word."""
        return self._split(np.array(UPOS, object)[self.upos])

    def name_tags(self) -> list[list[str]]:
        """The IOB2 tag of each word."""
        return self._split(np.array(NAMES, object)[self.names])

    def span(self, role: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """First character and end of the phrase that a mood WHO..HOW asks for, (n,) each; -1 where it is absent."""
        row = np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))
        hit = np.flatnonzero(self.roles == (np.asarray(role) - ev.WHO + 1)[row])
        first, end = np.full(len(self.start) - 1, -1), np.full(len(self.start) - 1, -1)
        length = np.array([len(word) for word in self.words[hit]], int)
        first[row[hit][::-1]] = self.offset[hit][::-1]
        end[row[hit]] = self.offset[hit] + length
        return first, end

    def _split(self, column: np.ndarray) -> list[list[str]]:
        items = column.tolist()
        return [items[a:b] for a, b in zip(self.start[:-1].tolist(), self.start[1:].tolist(), strict=True)]


# `render(table, code)` gives a table's sentences in a language.
Render = Callable[[Table, str], Rendered]


def renderer(config: LabConfig) -> Render:
    """A function from a table and a language's code to its sentences."""
    return lambda table, code: render(table, language(config, code), word_forms(config, code))


def render(table: Table, language: Language, forms: np.ndarray) -> Rendered:
    """Render a table in a language whose word forms are `forms` (concepts, FORMS)."""
    columns = _Clause(table, language).columns()
    concept, form, upos, names, role = (np.stack(part, 1) for part in zip(*columns, strict=True))
    present = concept >= 0
    length = present.sum(1)
    start = np.r_[0, np.cumsum(length)]
    flat = concept[present] * FORMS + form[present]
    if language.code == "en":
        opening = start[:-1]
        flat[opening] += CAPITAL - flat[opening] % FORMS
    words = forms.ravel()[flat]
    if language.code == "en":  # `a` before a vowel
        a = world().ids["DET:a"]
        vowel = np.array([word[:1] in "aeiou" for word in words.tolist()] + [False])
        before = (flat // FORMS == a) & vowel[1:]
        words = np.where(before, np.where(flat % FORMS == CAPITAL, "An", "an"), words)
    size = np.array([len(word) + 1 for word in words.tolist()], int)
    ends = np.cumsum(size)
    offset = ends - size
    offset -= np.repeat(offset[start[:-1]], length)
    return Rendered(words, flat // FORMS, start, upos[present], names[present], role[present], offset, language)


class _Clause:
    """Builds the columns of a table's sentences, group by group; a column is (concept, form, upos, name tag, role)."""

    def __init__(self, table: Table, language: Language):
        self.t, self.language, self.w = table, language, world()
        self.n = len(table["verb"])
        f = language.features
        self.post, self.after = f["adposition"] == "post", f["adjective"] == "after"
        self.articles, self.case = f["articles"] == "yes", f["case"] == "yes"
        self.order, self.english = f["order"], language.code == "en"

    def word(self, pos: str, word: str, where) -> list[tuple]:
        """One function word where a condition holds."""
        return self.column(np.where(where, self.w.ids[f"{pos}:{word}"], -1))

    def column(self, concept, form=BASE, names=0, role=0) -> list[tuple]:
        """One column; its part of speech is the concept's."""
        full = [np.broadcast_to(np.asarray(part), (self.n,)) for part in (concept, form, names, role)]
        return [(full[0], full[1], self.w.pos[full[0]], full[2], full[3])]

    def phrase(self, det, adj, noun, tail, form: int, role: str | None, place: bool = False) -> list[tuple]:
        """A noun phrase: article, adjective and noun in order; of a name's two words the last is inflected."""
        number = _ROLES.get(role, 0)
        noun, tail = np.asarray(noun), np.asarray(tail)
        sort = self.w.sort[noun]
        named = (noun >= 0) & np.isin(sort, [SORTS.index(name) for name in ("given", "stem", "loc")])
        organisation = named & (tail >= 0) & (self.w.sort[tail] == SORTS.index("org"))
        tag = np.where(organisation, ORGANISATION, PLACE if place else PERSON) * named
        swap = organisation & self.after  # `Bank Arden` where adjectives follow
        first, second = np.where(swap, tail, noun), np.where(swap, noun, tail)
        if not self.case:
            form = BASE
        if not self.articles:
            articles = [self.w.ids["DET:the"], self.w.ids["DET:a"]]
            det = np.where(np.isin(det, articles), -1, det)
        adjective = self.column(adj, role=number)
        body = self.column(first, np.where(tail >= 0, BASE, form), tag, number)
        body += self.column(second, form, np.where(tag > 0, tag + 1, 0), number)
        return self.column(det) + (body + adjective if self.after else adjective + body)

    def adpositional(self, adposition, phrase: list[tuple]) -> list[tuple]:
        """A phrase with its adposition on the language's side."""
        own = self.column(adposition)
        return phrase + own if self.post else own + phrase

    def columns(self) -> list[tuple]:
        """All columns in the language's order."""
        t, w = self.t, self.w
        asked = t["mood"]
        question = asked != ev.STATEMENT
        passive = t["voice"] == 1
        hidden = {role: asked == number for number, role in ev.ROLES.items()}
        absent = np.full(self.n, -1)

        def shown(name: str, role: str) -> np.ndarray:
            return np.where(hidden[role], -1, t[name])

        parts = ("det", "adj", "", "tail")
        agent = [shown(f"agent_{part}".rstrip("_"), "agent") for part in parts]
        patient = [shown(f"object_{part}".rstrip("_"), "object") for part in parts]
        pick = lambda where, columns: [np.where(where, column, -1) for column in columns]  # noqa: E731

        relative = self.word("PRON", "that", t["rel_verb"] >= 0)
        action = self.column(t["rel_verb"], FIRST)
        target = self.phrase(t["rel_det"], absent, t["rel_object"], absent, FIRST, None)
        relative += target + action if self.order == "SOV" else action + target
        fellow = self.word("CCONJ", "and", t["fellow"] >= 0)
        fellow += self.phrase(t["fellow_det"], absent, t["fellow"], absent, BASE, None)
        subject = self.phrase(*pick(~passive, agent), BASE, "agent") + self.phrase(
            *pick(passive, patient), BASE, "object"
        )
        subject += fellow + relative
        obj = self.phrase(*pick(~passive, patient), FIRST, "object")
        by = self.word("ADP", "by", passive & ~hidden["agent"])
        agent_phrase = self.phrase(*pick(passive, agent), SECOND, "agent")
        by = agent_phrase + by if self.post else by + agent_phrase

        place = self.phrase(
            shown("place_det", "place"),
            absent,
            shown("place", "place"),
            shown("place_tail", "place"),
            SECOND,
            "place",
            place=True,
        )
        place = self.adpositional(shown("adp", "place"), place)
        time, manner = shown("time", "time"), self.column(shown("manner", "manner"), role=_ROLES["manner"])
        front = t["front"] == 1
        early, late = (self._time(np.where(where, time, -1)) for where in (front, ~front))

        event, attribute, taxonomy = (t["kind"] == kind for kind in (ev.EVENT, ev.ATTRIBUTE, ev.CLASS))
        negative = t["neg"] == 1
        contrast = t["contrast"] >= 0
        predicate = (
            self.word("PART", "not", contrast) + self.column(t["contrast"]) + self.word("CCONJ", "but", contrast)
        )
        predicate += self.word("DET", "a", taxonomy & self.articles) + self.column(t["predicate"])
        copula = self.word("AUX", "was", attribute) + self.word("AUX", "is", taxonomy)
        future = event & (t["tense"] == 1)
        subject_asked = np.where(passive, hidden["object"], hidden["agent"])
        # English takes `did` in negations and in questions about anything but the subject; the made languages do
        # without.
        did = event & ~passive & ~future & (negative | (question & ~subject_asked)) & self.english
        auxiliary = self.word("AUX", "will", future) + self.word("AUX", "did", did) + self.word("AUX", "was", passive)
        verb = self.column(t["verb"], np.where(passive, SECOND, np.where(future | did, BASE, FIRST)))
        negation = self.word("PART", "not", negative)

        persons = lambda role: np.isin(w.kind[t[role]], (0, 1)) | (w.pos[t[role]] == UPOS.index("PROPN"))  # noqa: E731
        who = (hidden["agent"] & persons("agent")) | (hidden["object"] & persons("object"))
        asking = self.word("PRON", "who", who) + self.word("PRON", "what", (hidden["agent"] | hidden["object"]) & ~who)
        for word, role in (("where", "place"), ("when", "time"), ("how", "manner")):
            asking += self.word("ADV", word, hidden[role])
        opening = self.column(t["mark"]) + early + asking
        closing = self.word("PUNCT", ".", ~question) + self.word("PUNCT", "?", question)

        if self.english:
            inverted = question & ~subject_asked
            first, then = self._where(auxiliary, inverted), self._where(auxiliary, ~inverted)
            clause = first + subject + then + copula + negation + verb + obj + predicate + by + manner + place + late
        elif self.order == "SVO":
            clause = subject + negation + auxiliary + copula + verb + obj + predicate + by + manner + place + late
        elif self.order == "VSO":
            clause = negation + auxiliary + copula + verb + subject + obj + predicate + by + manner + place + late
        else:
            clause = subject + late + place + manner + by + obj + predicate + negation + verb + auxiliary + copula
        return opening + clause + closing

    def _time(self, time: np.ndarray) -> list[tuple]:
        noun = self.phrase(np.full(self.n, -1), np.full(self.n, -1), time, np.full(self.n, -1), SECOND, "time")
        return self.adpositional(np.where(time >= 0, self.w.adposition[time], -1), noun)

    @staticmethod
    def _where(columns: list[tuple], where: np.ndarray) -> list[tuple]:
        return [(np.where(where, column[0], -1), *column[1:]) for column in columns]
