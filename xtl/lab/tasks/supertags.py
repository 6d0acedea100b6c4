"""Supertags: the combinatory category of every word of a rendered sentence, from its event and its language's order."""

import numpy as np

from xtl.lab.world import events as ev
from xtl.lab.world.events import Table
from xtl.lab.world.grammar import Rendered
from xtl.lab.world.made_languages import Language
from xtl.lab.world.world import UPOS, world


def supertags(table: Table, text: Rendered, language: Language) -> list[list[str]]:
    """One category per word, in the notation of CCGbank (Hockenmaier and Steedman 2007).

    A verb phrase seeks its subject, a verb its object, an adposition its noun and an adjective its noun on the side
    where the language puts them.
    """
    made = _Categories(language)
    ends = text.start.tolist()
    return [
        made.sentence({name: int(column[i]) for name, column in table.items()}, text, a, b)
        for i, (a, b) in enumerate(zip(ends[:-1], ends[1:], strict=True))
    ]


class _Categories:
    def __init__(self, language: Language):
        order = language.features["order"]
        before, after = "\\", "/"  # of what is sought
        self.w = world()
        self.phrase = f"S{after if order == 'VSO' else before}NP"  # what seeks its subject
        self.verb = f"({self.phrase}){before if order == 'SOV' else after}NP"
        self.adverb = f"({self.phrase}){after if order == 'SOV' else before}({self.phrase})"
        self.auxiliary = f"({self.phrase}){before if order == 'SOV' else after}({self.phrase})"
        side = before if language.features["adposition"] == "post" else after
        self.adjunct, self.opening = f"({self.adverb}){side}NP", f"(S/S){side}NP"
        self.adjective = "N\\N" if language.features["adjective"] == "after" else "N/N"
        self.relative = f"(NP\\NP)/({self.phrase})"

    def sentence(self, event: dict[str, int], text: Rendered, a: int, b: int) -> list[str]:
        """The categories of one sentence, words a to b of the text."""
        w, tags = self.w, []
        fronted = event["front"] == 1
        for i in range(a, b):
            concept, pos = int(text.concepts[i]), UPOS[text.upos[i]]
            if pos == "ADP" and fronted and w.adposition[event["time"]] == concept:
                fronted = False  # the first such adposition opens the sentence
                tags.append(self.opening)
            else:
                tags.append(self._category(event, text, i, b, concept, pos))
        return tags

    def _category(self, event: dict[str, int], text: Rendered, i: int, b: int, concept: int, pos: str) -> str:
        if pos == "VERB":
            if concept == event["rel_verb"] and concept != event["verb"]:
                return self.verb if event["rel_object"] >= 0 else self.phrase
            if event["voice"] == 1:
                return self.phrase.replace("S", "S[pss]", 1)
            return self.verb if event["object"] >= 0 else self.phrase
        if pos == "NOUN":
            return "N"
        if pos == "PROPN":  # of a name's two words the first modifies the second
            two = i + 1 < b and text.names[i + 1] in _INSIDE and text.names[i] in _BEGINS
            return "N/N" if two else "NP"
        if pos == "ADJ":
            predicate = concept in (event["predicate"], event["contrast"]) and event["kind"] == ev.ATTRIBUTE
            return "S[adj]\\NP" if predicate else self.adjective
        if pos == "ADV":
            if concept == event["manner"]:
                return self.adverb
            return "S/S" if concept == event["mark"] else "S[wq]/S[q]"
        if pos == "PRON":
            return self.relative if event["mood"] == ev.STATEMENT or concept == _that() else f"S[wq]/({self.phrase})"
        rest = {"DET": "NP/N", "ADP": self.adjunct, "AUX": self.auxiliary, "PART": self.adverb, "CCONJ": "conj"}
        return rest.get(pos, ".")


_BEGINS, _INSIDE = (1, 3, 5), (2, 4, 6)  # of grammar.NAMES


def _that() -> int:
    return world().ids["PRON:that"]


def distinct(tags: list[list[str]]) -> np.ndarray:
    """The categories that occur, sorted."""
    return np.unique([tag for sentence in tags for tag in sentence])
