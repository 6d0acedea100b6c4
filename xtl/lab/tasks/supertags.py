"""Supertags: the combinatory category of every word of a rendered sentence, from its event and its language's order."""

from xtl.lab.world import events as ev
from xtl.lab.world.events import Table
from xtl.lab.world.rendering import Rendered
from xtl.lab.world.world import UPOS, world

_BEGINS, _INSIDE = (1, 3, 5), (2, 4, 6)  # of grammar.NAMES


def supertags(table: Table, text: Rendered) -> list[list[str]]:
    """One category per word, in the notation of CCGbank (Hockenmaier and Steedman 2007).

    A verb phrase seeks its subject, a verb its object, an adposition its noun and an adjective its noun on the side
    where the language puts them.
    """
    categories = _Categories(text)
    tags = []
    for number in range(len(table)):
        event = {name: int(column[number]) for name, column in table.columns.items()}
        tags.append(categories.of_sentence(event, text.start[number], text.start[number + 1]))
    return tags


class _Categories:
    """The categories of a text's words; what is sought stands after `\\` where it comes before, after `/` else."""

    def __init__(self, text: Rendered):
        self.text = text
        self.w = world()
        features = text.language.features
        order = features["order"]
        before_verb = "\\" if order == "SOV" else "/"
        self.verb_phrase = "S/NP" if order == "VSO" else "S\\NP"
        self.transitive_verb = f"({self.verb_phrase}){before_verb}NP"
        self.auxiliary = f"({self.verb_phrase}){before_verb}({self.verb_phrase})"
        beside_verb = "/" if order == "SOV" else "\\"
        self.adverb = f"({self.verb_phrase}){beside_verb}({self.verb_phrase})"
        noun_side = "\\" if features["adposition"] == "post" else "/"
        self.adposition = f"({self.adverb}){noun_side}NP"
        self.opening_adposition = f"(S/S){noun_side}NP"
        self.adjective = "N\\N" if features["adjective"] == "after" else "N/N"
        self.relative = f"(NP\\NP)/({self.verb_phrase})"
        self.others = {"DET": "NP/N", "ADP": self.adposition, "AUX": self.auxiliary, "PART": self.adverb}
        self.others |= {"NOUN": "N", "CCONJ": "conj", "PUNCT": "."}

    def of_sentence(self, event: dict[str, int], start: int, end: int) -> list[str]:
        """The categories of one sentence, the words from `start` to `end` of the text."""
        tags = []
        time_opens = event["front"] == 1
        for word in range(start, end):
            is_adposition = UPOS[self.text.upos[word]] == "ADP"
            if is_adposition and time_opens and self.w.adposition[event["time"]] == self.text.concepts[word]:
                time_opens = False  # the first such adposition opens the sentence
                tags.append(self.opening_adposition)
            else:
                tags.append(self._of_word(event, word, end))
        return tags

    def _of_word(self, event: dict[str, int], word: int, end: int) -> str:
        pos = UPOS[self.text.upos[word]]
        concept = int(self.text.concepts[word])
        if pos == "VERB":
            return self._of_verb(event, concept)
        if pos == "PROPN":  # of a name's two words the first modifies the second
            names = self.text.names
            modifies = word + 1 < end and names[word] in _BEGINS and names[word + 1] in _INSIDE
            return "N/N" if modifies else "NP"
        if pos == "ADJ":
            is_predicate = event["kind"] == ev.ATTRIBUTE and concept in (event["predicate"], event["contrast"])
            return "S[adj]\\NP" if is_predicate else self.adjective
        if pos == "ADV":
            if concept == event["manner"]:
                return self.adverb
            return "S/S" if concept == event["mark"] else "S[wq]/S[q]"
        if pos == "PRON":
            is_relative = event["mood"] == ev.STATEMENT or concept == self.w.ids["PRON:that"]
            return self.relative if is_relative else f"S[wq]/({self.verb_phrase})"
        return self.others[pos]

    def _of_verb(self, event: dict[str, int], concept: int) -> str:
        if concept == event["rel_verb"] and concept != event["verb"]:
            return self.transitive_verb if event["rel_object"] >= 0 else self.verb_phrase
        if event["voice"] == 1:
            return self.verb_phrase.replace("S", "S[pss]", 1)
        return self.transitive_verb if event["object"] >= 0 else self.verb_phrase
