"""Inference: balanced pairs of events of which one entails, contradicts or leaves open the other."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from xtl.lab.tasks.alterations import another, reduced, related, rephrase, sister
from xtl.lab.tasks.entailment import CONTRADICTION, ENTAILMENT, EQUAL, NEUTRAL, OTHER, relation, word_relation
from xtl.lab.tasks.records import Pairs
from xtl.lab.world import vocabulary
from xtl.lab.world.config import LabConfig
from xtl.lab.world.draws import Draw
from xtl.lab.world.events import RELATIVE, Style, Table
from xtl.lab.world.sampling import singles
from xtl.lab.world.world import FOOD, MODIFIERS, world

# The frame whose agent and object may change places.
EXCHANGEABLE = list(vocabulary.VERBS).index("animal person > animal person")
# What a pair turns on, with its share. The rest of the pair is the same on both sides, or dropped from the hypothesis.
# Whole events come first: comparing all of two sentences is what a small encoder learns before comparing one word.
FOCI = {"event": 0.4, "attribute": 0.15, "entity": 0.25, "action": 0.1, "quantifier": 0.1}
# What the harder pairs turn on: never on whole events, which are learned first.
HARDER = {"event": 0.0, "attribute": 0.3, "entity": 0.3, "action": 0.2, "quantifier": 0.2}
STYLE = Style(
    name=0.2, organisation=0.04, adjective=0.4, place=0.3, time=0.2, manner=0.15, neg=0.0, quantifier=0.0, fellow=0.08,
    relative=0.05,
)  # fmt: skip
COMMON_NOUNS = replace(STYLE, name=0.0, organisation=0.0)


# Quantifiers of premise and hypothesis, whether both are of one noun, and how often the case occurs: such that both
# sides' quantifiers are spread alike under every label.
QUANTIFIERS: dict[int, list[tuple[str, str, int, int]]] = {
    ENTAILMENT: [("every", "every", 1, 1), ("every", "some", 1, 1), ("some", "some", 1, 2), ("no", "no", 1, 4)],
    CONTRADICTION: [("every", "no", 1, 2), ("some", "no", 1, 2), ("no", "every", 1, 1), ("no", "some", 1, 3)],
    NEUTRAL: [("some", "every", 1, 1), ("some", "some", 0, 1), ("every", "some", 0, 2), ("no", "no", 0, 4)],
}  # fmt: skip


class Draft(NamedTuple):
    """Premises, hypotheses before anything is left out of them, and the modifiers that must stay, (n,) or one set."""

    premise: Table
    hypothesis: Table
    keep: np.ndarray | int = 0


def pairs(config: LabConfig, part: str, n: int, name: str = "inference", foci: Mapping[str, float] = FOCI) -> Pairs:
    """n pairs of a premise and a hypothesis and their labels, equally many of each.

    `name` names the sample: others of the same name are the same pairs. `foci` says what the pairs turn on.

    Within a focus the words of the premise are spread alike under every label, and so are those of the hypothesis:
    only how the two relate tells the label. Training and testing use their own entities, templates, synonyms and
    opposites.
    """
    draw = Draw.of_part(config, part, name)
    label = balanced(draw, n, 3)
    focus = draw.rng.choice(len(foci), n, p=list(foci.values()))
    premise = Table.empty(n)
    hypothesis = Table.empty(n)
    for number, draft_of in enumerate((_event, _attribute, _entity, _action, _quantifier)):
        rows = np.flatnonzero(focus == number)
        draft = draft_of(draw, label[rows])
        shorter = reduced(draw, draft.premise, draft.hypothesis, draft.keep)
        rephrase(draw, draft.premise)
        rephrase(draw, shorter)
        premise.put(rows, draft.premise)
        hypothesis.put(rows, shorter)
    return _numbered(premise, hypothesis, label)


def several(config: LabConfig, part: str, n: int) -> Pairs:
    """The pairs of several collections put together, as ANLI+ does: MNLI's own n, n like them, n / 2 harder ones.

    For evaluation n in all, drawn from the three in that proportion.
    """
    size = n if part == "train" else -(-2 * n // 5)
    collections = (
        pairs(config, part, size),
        pairs(config, part, size, "inference-more"),
        pairs(config, part, size // 2, "inference-harder", HARDER),
    )
    label = np.concatenate([collection.label for collection in collections])
    order = config.rng("inference-several", part).permutation(len(label))
    if part != "train":
        order = order[:n]
    premise = Table.stack([collection.first for collection in collections]).take(order)
    hypothesis = Table.stack([collection.second for collection in collections]).take(order)
    return _numbered(premise, hypothesis, label[order])


def balanced(draw: Draw, n: int, labels: int) -> np.ndarray:
    """n labels in random order, equally many of each in every twelve."""
    blocks = np.tile(np.arange(12) % labels, (n // 12 + 1, 1))
    return draw.rng.permuted(blocks, axis=1).ravel()[:n]


def _numbered(premise: Table, hypothesis: Table, label: np.ndarray) -> Pairs:
    premise["doc"] = np.arange(len(label))
    hypothesis["doc"] = np.arange(len(label))
    return Pairs(premise, hypothesis, label)


def _event(draw: Draw, label: np.ndarray) -> Draft:
    """The whole event: the same in equal or in opposite polarity, or one about somebody and something else."""
    n = len(label)
    premise = singles(draw, n, STYLE)
    premise["neg"] = draw.chance(n, 0.5).astype(int)
    hypothesis = premise.copy()
    neutral = label == NEUTRAL
    missing = neutral
    while missing.any():  # drawn again where the other event, or a word of it, happens to be related to this one
        rows = np.flatnonzero(missing)
        drawn = singles(draw, len(rows), STYLE)
        drawn["neg"] = draw.chance(len(rows), 0.5).astype(int)
        hypothesis.put(rows, drawn)
        missing = neutral & (_akin(premise, hypothesis) | (relation(premise, hypothesis) != NEUTRAL))
    contradiction = premise["neg"] ^ (label == CONTRADICTION)
    hypothesis["neg"] = np.where(neutral, hypothesis["neg"], contradiction)
    return Draft(premise, hypothesis)


def _akin(premise: Table, hypothesis: Table) -> np.ndarray:
    """Whether two different words of a pair are related, or only modifiers, which may be dropped, tell it apart."""
    relations = {
        name: word_relation(premise[name], hypothesis[name])
        for name in ("agent", "agent_adj", "verb", "object", "object_adj")
    }
    akin = np.zeros(len(premise), bool)
    for name, words in relations.items():
        both = (premise[name] >= 0) & (hypothesis[name] >= 0)
        akin |= both & (premise[name] != hypothesis[name]) & (words != OTHER)
    by_fellow = word_relation(premise["fellow"], hypothesis["agent"]) == EQUAL
    elsewhere = (relations["agent"] == OTHER) & ~by_fellow
    elsewhere |= (relations["verb"] == OTHER) | (relations["object"] == OTHER)
    return akin | ~elsewhere


def _attribute(draw: Draw, label: np.ndarray) -> Draft:
    """Adjective and noun of the agent, in either polarity, or of the object in affirmative pairs.

    The noun is the same or its class, or for half of the neutral pairs another noun or class beside any adjective.
    """
    w = world()
    n = len(label)
    of_agent = draw.chance(n, 0.7)
    with_agent_adjective = singles(draw, n, STYLE, need=MODIFIERS["agent_adj"])
    with_object_adjective = singles(draw, n, STYLE, need=MODIFIERS["object_adj"])
    premise = Table.choose(np.where(of_agent, 0, 1), [with_agent_adjective, with_object_adjective])
    premise["neg"] = (of_agent & draw.chance(n, 0.2)).astype(int)
    hypothesis = premise.copy()
    elsewhere = (label == NEUTRAL) & draw.chance(n, 0.5)
    general = draw.chance(n, 0.3)
    adjective_label = np.where(elsewhere, draw.rng.integers(0, 3, n), label)
    for name, avoid, where in (("agent", ("object", "fellow"), of_agent), ("object", ("agent",), ~of_agent)):
        rows = np.flatnonzero(where)
        noun = premise[name][rows]
        adjective = premise[f"{name}_adj"][rows]
        hypothesis[f"{name}_adj"][rows] = related(draw, adjective, adjective_label[rows], w.kind[noun])
        other_noun = another(draw, noun, [premise[column][rows] for column in avoid])
        class_ = w.parent[noun]
        other_class = sister(draw, class_, class_)
        same = np.where(general[rows], class_, noun)
        other = np.where(general[rows], other_class, other_noun)
        hypothesis[name][rows] = np.where(elsewhere[rows], other, same)
    return Draft(premise, hypothesis, np.where(of_agent, MODIFIERS["agent_adj"], MODIFIERS["object_adj"]))


# The parts of an event that an entity pair turns on, with their shares.
_ENTITIES = {"agent": 0.35, "class": 0.25, "object": 0.15, "place": 0.13, "exchange": 0.12}


def _entity(draw: Draw, label: np.ndarray) -> Draft:
    """Who, what or where: the same or its class against another, with equal or different polarity."""
    w = world()
    n = len(label)
    part = draw.rng.choice(5, n, p=list(_ENTITIES.values()))
    on = {name: part == number for number, name in enumerate(_ENTITIES)}
    agent = w.uses[:, 1]
    patient = w.uses[:, 2]
    transitive = w.uses[patient >= 0]
    between_animates = (agent < FOOD) & (patient < FOOD) & (w.frame[w.uses[:, 0]] == EXCHANGEABLE)
    adjectives = MODIFIERS["agent_adj"] | MODIFIERS["object_adj"]
    samples = [
        singles(draw, n, STYLE),
        singles(draw, n, COMMON_NOUNS),
        singles(draw, n, COMMON_NOUNS, uses=transitive),
        singles(draw, n, STYLE, need=MODIFIERS["place"]),
        singles(draw, n, COMMON_NOUNS, uses=w.uses[between_animates], forbid=adjectives),
    ]
    premise = Table.choose(part, samples)
    premise.clear(("fellow", "fellow_det", *RELATIVE), on["exchange"])
    premise["neg"] = draw.chance(n, 0.5).astype(int)
    hypothesis = premise.copy()
    neutral = label == NEUTRAL
    flipped = np.where(neutral, draw.chance(n, 0.5), label == CONTRADICTION)
    hypothesis["neg"] = premise["neg"] ^ flipped

    for name, avoid in (("agent", ("object", "fellow")), ("object", ("agent",)), ("place", ())):
        rows = np.flatnonzero(neutral & on[name])
        word = premise[name][rows]
        other = another(draw, word, [premise[column][rows] for column in avoid])
        if name != "object":
            two_words = w.is_sort(word, "loc")  # `Lake Arden`: another stem, the same head
            tail = premise[f"{name}_tail"][rows]
            other_tail = another(draw, tail)
            other = np.where(two_words, word, other)
            hypothesis[f"{name}_tail"][rows] = np.where(two_words, other_tail, tail)
        hypothesis[name][rows] = other
    rows = np.flatnonzero(on["class"])
    class_ = w.parent[premise["agent"][rows]]
    other_class = sister(draw, class_, w.parent[premise["fellow"][rows]])
    hypothesis["agent"][rows] = np.where(neutral[rows], other_class, class_)
    rows = np.flatnonzero(neutral & on["exchange"])
    hypothesis["agent"][rows] = premise["object"][rows]
    hypothesis["object"][rows] = premise["agent"][rows]
    return Draft(premise, hypothesis, np.where(on["place"], MODIFIERS["place"], 0))


def _action(draw: Draw, label: np.ndarray) -> Draft:
    """The verb: the same or a synonym, its opposite, or one of another scale in the same frame."""
    w = world()
    n = len(label)
    paired = w.paired[w.uses[:, 0]] >= 0
    premise = singles(draw, n, STYLE, uses=w.uses[paired])
    hypothesis = premise.copy()
    hypothesis["verb"] = related(draw, premise["verb"], label, np.zeros(n, int))
    return Draft(premise, hypothesis)


def _quantifier(draw: Draw, label: np.ndarray) -> Draft:
    """Every, some and no, of the same noun or of another."""
    w = world()
    style = replace(COMMON_NOUNS, fellow=0.0, relative=0.0, passive=0.0)
    premise = singles(draw, len(label), style, forbid=MODIFIERS["agent_adj"])
    hypothesis = premise.copy()
    for value, cases in QUANTIFIERS.items():
        premise_words, hypothesis_words, one_noun, weights = (np.array(column) for column in zip(*cases, strict=True))
        rows = np.flatnonzero(label == value)
        case = draw.rng.choice(len(cases), len(rows), p=weights / weights.sum())
        premise["agent_det"][rows] = [w.ids[f"DET:{word}"] for word in premise_words[case]]
        hypothesis["agent_det"][rows] = [w.ids[f"DET:{word}"] for word in hypothesis_words[case]]
        other = rows[one_noun[case] == 0]
        hypothesis["agent"][other] = another(draw, premise["agent"][other], [premise["object"][other]])
    return Draft(premise, hypothesis)
