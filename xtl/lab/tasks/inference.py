"""Inference: when one event record entails, contradicts or leaves open another, and balanced pairs of such records."""

from dataclasses import replace

import numpy as np

from xtl.lab.world import events as ev
from xtl.lab.world import vocabulary
from xtl.lab.world.config import POOLS, LabConfig
from xtl.lab.world.events import Style, Table, chance
from xtl.lab.world.sampling import singles
from xtl.lab.world.world import KINDS, SORTS, world

ENTAILMENT, NEUTRAL, CONTRADICTION = range(3)
EITHER = list(vocabulary.VERBS).index(
    "animal person > animal person"
)  # the frame whose agent and object may change places
LABELS = ("entailment", "neutral", "contradiction")

# How a part of the premise stands to the same part of the hypothesis.
_EQUAL, _BELOW, _ABOVE, _EXCLUDES, _OTHER = range(5)


def _words(premise: np.ndarray, hypothesis: np.ndarray) -> np.ndarray:
    """Relation of two words by scale, or of two nouns by the taxonomy; a missing word is the most general one."""
    w = world()
    both = (premise >= 0) & (hypothesis >= 0)
    scale = both & (w.scale[premise] >= 0) & (w.scale[premise] == w.scale[hypothesis])
    same = (premise == hypothesis) | (scale & (w.pole[premise] == w.pole[hypothesis]))
    below = (hypothesis < 0) | (both & w.isa(premise, hypothesis))
    above = (premise < 0) | (both & w.isa(hypothesis, premise))
    return np.select([same, scale, below, above], [_EQUAL, _EXCLUDES, _BELOW, _ABOVE], _OTHER)


def _all(relations: list[np.ndarray]) -> np.ndarray:
    """Relation of wholes from those of their parts: one other part opens, then one excluding part excludes."""
    stack = np.stack(relations)
    has = {relation: (stack == relation).any(0) for relation in range(5)}
    mixed = has[_BELOW] & has[_ABOVE]
    excludes = has[_EXCLUDES] & ~has[_ABOVE]
    return np.select(
        [has[_OTHER] | mixed, has[_EXCLUDES] & has[_ABOVE], excludes, has[_BELOW], has[_ABOVE]],
        [_OTHER, _OTHER, _EXCLUDES, _BELOW, _ABOVE],
        _EQUAL,
    )


def relation(premise: Table, hypothesis: Table) -> np.ndarray:
    """Labels of pairs of event records, (n,): ENTAILMENT, NEUTRAL or CONTRADICTION.

    Both are read as about one situation: equal descriptions mean the same individual, opposite attributes of it and
    opposite actions exclude each other, and a different individual, thing, place, time or manner leaves open what
    happened. A negated statement denies its action and everything after it of a subject that exists; `every` and `no`
    range over at least one. Articles, tense, voice and order of words carry no meaning.
    """
    w = world()
    noun = _words(premise["agent"], hypothesis["agent"])
    tails = np.where(premise["agent_tail"] == hypothesis["agent_tail"], _EQUAL, _OTHER)
    subject = _all([noun, tails, _words(premise["agent_adj"], hypothesis["agent_adj"])])
    # A coordinated subject says the same of its second noun; the adjective belongs to the first.
    fellow = np.where(premise["fellow"] >= 0, _words(premise["fellow"], hypothesis["agent"]), _OTHER)
    fellow = np.where(hypothesis["agent_adj"] >= 0, _OTHER, fellow)
    subject = np.where(np.isin(fellow, (_EQUAL, _BELOW)) & ~np.isin(subject, (_EQUAL, _BELOW)), fellow, subject)
    action = _all(
        [
            _words(premise[name], hypothesis[name])
            for name in ("verb", "object", "object_adj", "object_tail", "place", "place_tail", "adp", "time", "manner")
        ]
    )
    rises, falls = np.isin(action, (_EQUAL, _BELOW)), np.isin(action, (_EQUAL, _ABOVE))
    known, wider = np.isin(subject, (_EQUAL, _BELOW)), np.isin(subject, (_EQUAL, _ABOVE))
    clash, opposite = subject == _EXCLUDES, action == _EXCLUDES

    # Quantifiers as polarity of the subject: `no` is a negation that ranges over its subject, `every` an affirmation
    # that does.
    def is_(table: Table, word: str) -> np.ndarray:
        return table["agent_det"] == w.ids[f"DET:{word}"]

    def tri(yes: np.ndarray, no: np.ndarray) -> np.ndarray:
        return np.select([yes, no], [ENTAILMENT, CONTRADICTION], NEUTRAL)

    p_neg, h_neg = premise["neg"] == 1, hypothesis["neg"] == 1
    some = np.select(
        [~p_neg & ~h_neg, ~p_neg & h_neg, p_neg & h_neg],
        [
            tri(known & rises, (clash & rises) | (known & opposite)),
            tri(known & opposite, (known | clash) & rises),
            tri(known & falls, clash & falls),
        ],
        tri(np.zeros_like(p_neg), (known | clash) & falls),
    )
    pe, pn, he, hn = is_(premise, "every"), is_(premise, "no"), is_(hypothesis, "every"), is_(hypothesis, "no")
    ps, hs = ~pe & ~pn, ~he & ~hn
    same = subject == _EQUAL
    none = np.zeros(len(pe), bool)
    cases = [
        (pe & he, tri(wider & rises, same & opposite)),
        (pe & hs, tri((known | wider) & rises, (known | wider) & opposite)),
        (pe & hn, tri(none, (known | wider) & rises)),
        (ps & he, tri(none, none)),
        (ps & hn, tri(none, known & rises)),
        (pn & hn, tri(wider & falls, none)),
        (pn & (he | hs), tri(none, wider & falls)),
    ]
    return np.select([where for where, _ in cases], [label for _, label in cases], some)


# What a pair turns on, with its share. The rest of the pair is the same on both sides, or dropped from the hypothesis.
# Whole events come first: comparing all of two sentences is what a small encoder learns before comparing one word.
FOCI = {"event": 0.4, "attribute": 0.15, "entity": 0.25, "action": 0.1, "quantifier": 0.1}
STYLE = Style(
    name=0.2,
    organisation=0.04,
    adjective=0.4,
    place=0.3,
    time=0.2,
    manner=0.15,
    neg=0.0,
    quantifier=0.0,
    fellow=0.08,
    relative=0.05,
)
# (premise, hypothesis, same noun?) with probabilities such that both sides' quantifiers are spread alike under every
# label.
QUANTIFIERS = {
    ENTAILMENT: [("every", "every", 1, 1), ("every", "some", 1, 1), ("some", "some", 1, 2), ("no", "no", 1, 4)],
    CONTRADICTION: [("every", "no", 1, 2), ("some", "no", 1, 2), ("no", "every", 1, 1), ("no", "some", 1, 3)],
    NEUTRAL: [("some", "every", 1, 1), ("some", "some", 0, 1), ("every", "some", 0, 2), ("no", "no", 0, 4)],
}


def pairs(
    config: LabConfig, part: str, n: int, name: str = "inference", foci: dict[str, float] = FOCI
) -> tuple[Table, Table, np.ndarray]:
    """n pairs of events and their labels, equally many of each: premises, hypotheses, labels (n,).

    `name` names the sample: others of the same name are the same pairs. `foci` says what the pairs turn on.

    Within a focus the words of the premise are spread alike under every label, and so are those of the hypothesis:
    only how the two relate tells the label. Training and testing use their own entities, templates, synonyms and
    opposites.
    """
    rng = config.rng(name, part)
    pool = POOLS[part]
    label = balanced(rng, n, 3)
    focus = rng.choice(len(foci), n, p=list(foci.values()))
    premise, hypothesis = ev.empty(n), ev.empty(n)
    for number, make in enumerate((_event, _attribute, _entity, _action, _quantifier)):
        rows = np.flatnonzero(focus == number)
        p, h, keep = make(rng, label[rows], pool)
        h = reduce(rng, p, h, keep, pool)
        rephrase(rng, p)
        rephrase(rng, h)
        for name in ev.COLUMNS:
            premise[name][rows], hypothesis[name][rows] = p[name], h[name]
    premise["doc"] = hypothesis["doc"] = np.arange(n)
    return premise, hypothesis, label


def balanced(rng, n: int, labels: int) -> np.ndarray:
    """n labels in random order, equally many of each in every twelve."""
    blocks = np.tile(np.arange(12) % labels, (n // 12 + 1, 1))
    return rng.permuted(blocks, axis=1).ravel()[:n]


def reduce(rng, premise: Table, hypothesis: Table, keep: np.ndarray, pool: int) -> Table:
    """Drop coordination, relative clause and, where the premise is affirmative, some modifiers outside `keep` (n,)."""
    h = ev.copy(hypothesis)
    for name in ("fellow", "fellow_det", "rel_verb", "rel_det", "rel_object", "mark"):
        h[name][:] = -1
    whole = ev.pattern(h)
    quantified = np.isin(h["agent_det"], [world().ids[f"DET:{word}"] for word in ("every", "no", "some")])
    need = np.where((premise["neg"] == 1) | quantified, whole, keep & whole)
    chosen = ev.draw_pattern(rng, h["verb"], pool, np.ones(ev.PATTERNS), need, ~whole & (ev.PATTERNS - 1))
    for name, bit in ev.MODIFIERS.items():
        gone = (chosen & bit) == 0
        for column in {"place": ("adp", "place_det", "place", "place_tail")}.get(name, (name,)):
            h[column][gone] = -1
    return h


def rephrase(rng, table: Table) -> None:
    """Draw anew what carries no meaning: articles, voice, and whether the time comes first."""
    w, n = world(), len(table["verb"])
    articles = [w.ids["DET:the"], w.ids["DET:a"]]
    for name in ("agent_det", "object_det"):
        table[name] = np.where(np.isin(table[name], articles), ev.pick(rng, n, np.array(articles)), table[name])
    table["fellow_det"] = np.where(table["fellow"] >= 0, table["agent_det"], -1)
    plain = (table["object"] >= 0) & (table["fellow"] < 0) & (table["rel_verb"] < 0) & (table["tense"] == 0)
    plain &= (table["agent_det"] < 0) | np.isin(table["agent_det"], articles)
    table["voice"] = (plain & chance(rng, n, STYLE.passive)).astype(int)
    table["front"] = ((table["time"] >= 0) & chance(rng, n, STYLE.front)).astype(int)


def replaced(rng, words: np.ndarray, pool: int, avoid: list[np.ndarray]) -> np.ndarray:
    """Another word of the same sort and kind from the pool for each word, none of `avoid`; -1 stays."""
    w = world()
    result = np.full(len(words), -1)
    open_ = words >= 0
    while open_.any():
        rows = np.flatnonzero(open_)
        group = w.sort[words[rows]] * len(KINDS) + np.maximum(w.kind[words[rows]], 0)
        lists = [w.of(sort, pool) for sort in SORTS for _ in KINDS]
        for kind in range(len(KINDS)):
            lists[kind] = w.of("noun", pool, kind)
        result[rows] = ev.pick_by(rng, group, lists)
        open_ = np.zeros(len(words), bool)
        for other in (words, *avoid):
            open_ |= (result == other) & (words >= 0)
    return result


def unrelated(rng, words: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """For each adjective one of another scale that fits the kind, for each verb one of another scale in its frame."""
    w = world()
    result = words.copy()
    for word in np.unique(words[words >= 0]):
        rows = np.flatnonzero(words == word)
        for k in np.unique(kind[rows]):
            some = rows[kind[rows] == k]
            if w.frame[word] >= 0:
                options = np.flatnonzero((w.frame == w.frame[word]) & (w.scale != w.scale[word]) & (w.paired >= 0))
            else:
                options = np.flatnonzero(w.fits[:, k] & (w.scale != w.scale[word]))
            result[some] = ev.pick(rng, len(some), options)
    return result


def related(rng, words: np.ndarray, label: np.ndarray, pool: int, kind: np.ndarray) -> np.ndarray:
    """Adjectives or verbs that stand to `words` as the labels ask: the same or a synonym, another, or an opposite."""
    w = world()
    same = np.where(chance(rng, len(words), 0.5), words, w.partner(words, False, pool))
    return np.select(
        [label == ENTAILMENT, label == CONTRADICTION], [same, w.partner(words, True, pool)], unrelated(rng, words, kind)
    )


def _event(rng, label: np.ndarray, pool: int) -> tuple[Table, Table, np.ndarray]:
    """The whole event: the same in equal or in opposite polarity, or one about somebody and something else."""
    n = len(label)
    p = singles(rng, n, pool, STYLE)
    p["neg"] = chance(rng, n, 0.5).astype(int)
    h = ev.copy(p)
    open_ = label == NEUTRAL
    while open_.any():  # drawn again where the other event, or a word of it, happens to be related to this one
        rows = np.flatnonzero(open_)
        drawn = singles(rng, len(rows), pool, STYLE)
        drawn["neg"] = chance(rng, len(rows), 0.5).astype(int)
        for name in ev.COLUMNS:
            h[name][rows] = drawn[name]
        akin = [
            (p[name] != h[name]) & (p[name] >= 0) & (h[name] >= 0) & (_words(p[name], h[name]) != _OTHER)
            for name in ("agent", "agent_adj", "verb", "object", "object_adj")
        ]
        # What keeps the pair neutral must not be a modifier, which may be dropped later.
        elsewhere = (_words(p["agent"], h["agent"]) == _OTHER) & (_words(p["fellow"], h["agent"]) != _EQUAL)
        elsewhere |= np.any([_words(p[name], h[name]) == _OTHER for name in ("verb", "object")], 0)
        open_ = (label == NEUTRAL) & (np.any(akin, 0) | ~elsewhere | (relation(p, h) != NEUTRAL))
    h["neg"] = np.where(label == NEUTRAL, h["neg"], p["neg"] ^ (label == CONTRADICTION))
    return p, h, np.zeros(n, int)


def _attribute(rng, label: np.ndarray, pool: int) -> tuple[Table, Table, np.ndarray]:
    """Adjective and noun of the agent, in either polarity, or of the object in affirmative pairs.

    The noun is the same or its class, or for half of the neutral pairs another noun or class beside any adjective.
    """
    w, n = world(), len(label)
    of_agent = chance(rng, n, 0.7)
    p = _mixed(of_agent, singles(rng, n, pool, STYLE, need=1), singles(rng, n, pool, STYLE, need=2))
    p["neg"] = (of_agent & chance(rng, n, 0.2)).astype(int)
    h = ev.copy(p)
    elsewhere = (label == NEUTRAL) & chance(rng, n, 0.5)
    general = chance(rng, n, 0.3)
    relation_ = np.where(elsewhere, rng.integers(0, 3, n), label)
    for name, avoid, where in (("agent", ("object", "fellow"), of_agent), ("object", ("agent",), ~of_agent)):
        rows = np.flatnonzero(where)
        noun, adjective = p[name][rows], p[f"{name}_adj"][rows]
        h[f"{name}_adj"][rows] = related(rng, adjective, relation_[rows], pool, w.kind[noun])
        other = replaced(rng, noun, pool, [p[column][rows] for column in avoid])
        own = w.parent[noun]
        h[name][rows] = np.select(
            [elsewhere[rows] & general[rows], elsewhere[rows], general[rows]],
            [_sister(rng, own, own), other, own],
            noun,
        )
    return p, h, np.where(of_agent, 1, 2)


def _entity(rng, label: np.ndarray, pool: int) -> tuple[Table, Table, np.ndarray]:
    """Who, what or where: the same or its class against another, with equal or different polarity."""
    w, n = world(), len(label)
    part = rng.choice(
        5, n, p=(0.35, 0.25, 0.15, 0.13, 0.12)
    )  # agent, its class, object, place, agent and object exchanged
    either = w.uses[(w.uses[:, 1] <= 1) & (w.uses[:, 2] <= 1) & (w.frame[w.uses[:, 0]] == EITHER)]
    transitive = w.uses[w.uses[:, 2] >= 0]
    plain = replace(STYLE, name=0.0, organisation=0.0)
    drawn = [
        singles(rng, n, pool, STYLE),
        singles(rng, n, pool, plain),
        singles(rng, n, pool, plain, uses=transitive),
        singles(rng, n, pool, STYLE, need=4),
        singles(rng, n, pool, plain, uses=either, forbid=3),
    ]
    p = {name: np.choose(part, [table[name] for table in drawn]) for name in ev.COLUMNS}
    p["fellow"], p["fellow_det"] = (np.where(part == 4, -1, p[name]) for name in ("fellow", "fellow_det"))
    for name in ("rel_verb", "rel_det", "rel_object"):
        p[name] = np.where(part == 4, -1, p[name])
    p["neg"] = chance(rng, n, 0.5).astype(int)
    h = ev.copy(p)
    flip = np.where(label == NEUTRAL, chance(rng, n, 0.5), label == CONTRADICTION)
    h["neg"] = p["neg"] ^ flip
    other = label == NEUTRAL
    # Another agent, object or place of the same kind.
    for number, name, avoid in ((0, "agent", ("object", "fellow")), (2, "object", ("agent",)), (3, "place", ())):
        rows = np.flatnonzero(other & (part == number))
        h[name][rows] = replaced(rng, p[name][rows], pool, [p[column][rows] for column in avoid])
        if name != "object":
            tail = p[f"{name}_tail"][rows]
            one = w.sort[p[name][rows]] == SORTS.index("loc")  # `Lake Arden`: another stem, the same head
            h[name][rows] = np.where(one, p[name][rows], h[name][rows])
            h[f"{name}_tail"][rows] = np.where(one, replaced(rng, tail, pool, []), tail)
    rows = np.flatnonzero(part == 1)
    own = w.parent[p["agent"][rows]]
    h["agent"][rows] = np.where(other[rows], _sister(rng, own, w.parent[p["fellow"][rows]]), own)
    rows = np.flatnonzero(other & (part == 4))
    h["agent"][rows], h["object"][rows] = p["object"][rows], p["agent"][rows]
    return p, h, np.where(part == 3, 4, 0)


def _action(rng, label: np.ndarray, pool: int) -> tuple[Table, Table, np.ndarray]:
    """The verb: the same or a synonym, its opposite, or one of another scale in the same frame."""
    w, n = world(), len(label)
    p = singles(rng, n, pool, STYLE, uses=w.uses[w.paired[w.uses[:, 0]] >= 0])
    h = ev.copy(p)
    h["verb"] = related(rng, p["verb"], label, pool, np.zeros(n, int))
    return p, h, np.zeros(n, int)


def _quantifier(rng, label: np.ndarray, pool: int) -> tuple[Table, Table, np.ndarray]:
    """Every, some and no, of the same noun or of another."""
    w, n = world(), len(label)
    p = singles(
        rng, n, pool, replace(STYLE, name=0.0, organisation=0.0, fellow=0.0, relative=0.0, passive=0.0), forbid=1
    )
    h = ev.copy(p)
    for value, cases in QUANTIFIERS.items():
        rows = np.flatnonzero(label == value)
        weight = np.array([case[3] for case in cases], float)
        case = rng.choice(len(cases), len(rows), p=weight / weight.sum())
        for table, column in ((p, 0), (h, 1)):
            words = np.array([w.ids[f"DET:{item[column]}"] for item in cases])
            table["agent_det"][rows] = words[case]
        other = rows[np.array([item[2] for item in cases])[case] == 0]
        h["agent"][other] = replaced(rng, p["agent"][other], pool, [p["object"][other]])
    return p, h, np.zeros(n, int)


def _mixed(where: np.ndarray, first: Table, second: Table) -> Table:
    return {name: np.where(where, first[name], second[name]) for name in ev.COLUMNS}


def _sister(rng, classes: np.ndarray, avoid: np.ndarray) -> np.ndarray:
    """Another class under the same kind, none of `avoid`."""
    w = world()
    result = classes.copy()
    while (same := (result == classes) | (result == avoid)).any():
        lists = [np.flatnonzero((w.sort == 1) & (w.kind == kind) & (w.parent >= 0)) for kind in range(len(KINDS))]
        result[same] = ev.pick_by(rng, w.kind[classes[same]], lists)
    return result
