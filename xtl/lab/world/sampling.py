"""Drawing documents of consecutive events that share participants; a single event is a document of length one."""

import numpy as np

from xtl.lab.world import events as ev
from xtl.lab.world.events import Style, Table, chance, pick, pick_by
from xtl.lab.world.world import BOTH, KINDS, held_out, world

ANIMAL, PERSON, FOOD, ITEM = range(len(KINDS))


def singles(
    rng: np.random.Generator, n: int, pool: int, style: Style, need: int = 0, forbid: int = 0, uses=None, keep=None
) -> Table:
    """n unrelated events.

    `need` and `forbid` are sets of modifiers that each must or must not have, `uses` (u, 3) limits the verbs, and
    `keep` is a function from a table to the events (n,) that may stay.
    """
    tables, missing = [ev.empty(0)], n
    while missing > 0:
        drawn = documents(rng, np.ones(int(missing * 1.5) + 20, int), pool, style, need, forbid, uses)
        # What a sample lacks (no allowed set of modifiers, a name where an adjective is needed) is drawn again.
        good = complete(drawn, need) & (True if keep is None else keep(drawn))
        drawn = ev.take(drawn, np.flatnonzero(good)[:missing])
        tables.append(drawn)
        missing -= len(drawn["doc"])
    table = ev.stack(tables)
    table["doc"] = np.arange(n)
    return table


def complete(table: Table, need: int = 0) -> np.ndarray:
    """Which events are well formed: a verb or a predicate, and every needed modifier."""
    has_head = (table["verb"] >= 0) | (table["predicate"] >= 0)
    return has_head & ((ev.pattern(table) & need) == need)


def participants(rng, n: int, pool: int, style: Style, kind: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Animate participants as columns kind, noun, tail, adj, organisation, (n,) each."""
    if kind is None:
        kind = np.where(chance(rng, n, style.kinds[0]), ANIMAL, PERSON)
    organisation = (kind == PERSON) & chance(rng, n, style.organisation)
    name = organisation | ((kind == PERSON) & chance(rng, n, style.name))
    first, second = ev.named(rng, n, pool, organisation)
    return {
        "kind": kind,
        "noun": np.where(name, first, ev.nouns(rng, kind, pool)),
        "tail": np.where(name, second, -1),
        "adj": np.where(name, -1, ev.adjectives(rng, kind)),
        "organisation": organisation,
    }


def documents(rng, lengths: np.ndarray, pool: int, style: Style, need: int = 0, forbid: int = 0, uses=None) -> Table:
    """Documents of `lengths` (d,) consecutive events, as a table whose column `doc` numbers them.

    Two animate participants, one thing and one food belong to a document; each keeps its adjective. Everything comes
    from the pool: entities, templates (verb and set of modifiers), relative clauses. An event for which the pool has
    no template has no verb (see `complete`).
    """
    w = world()
    uses = w.uses if uses is None else uses
    d = len(lengths)
    doc = np.repeat(np.arange(d), lengths)
    n = len(doc)
    first = np.r_[True, doc[1:] != doc[:-1]] if n else np.zeros(0, bool)
    table = ev.empty(n)
    table["doc"] = doc

    cast = [participants(rng, d, pool, style) for _ in range(2)]
    again = (cast[0]["noun"] == cast[1]["noun"]) & (cast[0]["tail"] == cast[1]["tail"])
    table_again = again[doc]  # two participants of one name: the second stays out
    leads = chance(rng, n, 0.6) | table_again
    agent = {key: np.where(leads, cast[0][key][doc], cast[1][key][doc]) for key in cast[0]}
    other = {key: np.where(leads, cast[1][key][doc], cast[0][key][doc]) for key in cast[0]}

    # The verb: any use that fits the agent and an object that the document can offer. Organisations act on things only.
    groups = agent["kind"] * 2 + other["kind"] + 4 * agent["organisation"]
    lists = []
    for group in range(8):
        a, o = group % 4 // 2, group % 2
        fits = (uses[:, 1] == a) & ((uses[:, 2] >= FOOD) | ((group < 4) & ((uses[:, 2] == o) | (uses[:, 2] < 0))))
        lists.append(np.flatnonzero(fits))
    use = pick_by(rng, groups, lists)
    table["verb"] = np.where(use >= 0, uses[use, 0], -1)
    kind = np.where(use >= 0, uses[use, 2], -1)

    # The object: the other participant, the document's thing, or something new.
    same = chance(rng, n, style.same) & ~table_again
    fresh = participants(rng, n, pool, style, np.where(kind == PERSON, PERSON, ANIMAL))
    fresh_is_agent = (fresh["noun"] == agent["noun"]) & (fresh["tail"] == agent["tail"])
    things = [ev.nouns(rng, np.full(d, k), pool)[doc] for k in (FOOD, ITEM)]
    new_thing = ev.nouns(rng, np.where(kind >= FOOD, kind, -1), pool)
    thing = np.where(kind < FOOD, -1, np.where(same, np.where(kind == FOOD, things[0], things[1]), new_thing))
    thing_adj = ev.adjectives(rng, np.where(kind >= FOOD, kind, -1))
    animate = (kind >= 0) & (kind < FOOD)
    new = {key: np.where(same | fresh_is_agent, other[key], fresh[key]) for key in ("noun", "tail", "adj")}
    new_is_agent = (new["noun"] == agent["noun"]) & (new["tail"] == agent["tail"])
    table["object"] = np.where(animate, new["noun"], thing)
    table["object_tail"] = np.where(animate, new["tail"], -1)
    object_adj = np.where(animate, new["adj"], thing_adj)
    table["verb"] = np.where(animate & new_is_agent, -1, table["verb"])
    table["agent"], table["agent_tail"] = agent["noun"], agent["tail"]

    # Modifiers, on the pool's side of the split.
    forbidden = forbid | np.where(agent["adj"] < 0, 1, 0) | np.where(object_adj < 0, 2, 0)
    chosen = ev.draw_pattern(rng, table["verb"], pool, ev.pattern_weights(style), np.full(n, need), forbidden)
    table["verb"] = np.where(chosen < 0, -1, table["verb"])
    has = {name: (chosen >= 0) & (chosen & bit > 0) for name, bit in ev.MODIFIERS.items()}
    table["agent_adj"] = np.where(has["agent_adj"], agent["adj"], -1)
    table["object_adj"] = np.where(has["object_adj"], object_adj, -1)
    for name, column in ev.places(rng, n, pool, style).items():
        table[name] = np.where(has["place"], column, -1)
    table["time"] = np.where(has["time"], pick(rng, n, w.of("time", pool)), -1)
    table["manner"] = np.where(has["manner"], pick(rng, n, w.of("manner", pool)), -1)

    _articles(rng, table, first, style)
    _syntax(rng, table, first, style, pool, agent["kind"])
    if style.general:
        _general(rng, table, first, style)
    if style.attribute or style.taxonomy:
        _states(rng, table, agent, style)
    return table


def _articles(rng, table: Table, first: np.ndarray, style: Style) -> None:
    """The agent's determiner may be a quantifier; articles are indefinite at first mention, mostly definite later."""
    w, n = world(), len(first)
    the, a = w.ids["DET:the"], w.ids["DET:a"]
    common = lambda column: (w.sort[table[column]] <= 1) & (table[column] >= 0)  # noqa: E731  nouns and classes
    quantifier = pick(rng, n, np.array([w.ids[f"DET:{word}"] for word in ("every", "some", "no", "this", "that")]))
    det = np.where(chance(rng, n, np.where(first, 0.4, 0.1)), a, the)
    table["agent_det"] = np.where(common("agent"), np.where(chance(rng, n, style.quantifier), quantifier, det), -1)
    det = np.where(chance(rng, n, np.where(first, 0.5, 0.3)), a, the)
    table["object_det"] = np.where(common("object"), det, -1)


def _syntax(rng, table: Table, first: np.ndarray, style: Style, pool: int, kind: np.ndarray) -> None:
    """Negation, tense, passive, time first, coordination, relative clauses, discourse marks."""
    w, n = world(), len(first)
    quantified = (table["agent_det"] == w.ids["DET:every"]) | (table["agent_det"] == w.ids["DET:no"])
    common = table["agent_det"] >= 0
    table["neg"] = (chance(rng, n, style.neg) & ~quantified).astype(int)
    table["front"] = (chance(rng, n, style.front) & (table["time"] >= 0)).astype(int)
    fellow = chance(rng, n, style.fellow) & common & ~quantified
    mate = ev.nouns(rng, np.where(fellow, kind, -1), pool)
    fellow &= (mate != table["agent"]) & (mate != table["object"])
    table["fellow"] = np.where(fellow, mate, -1)
    table["fellow_det"] = np.where(fellow, table["agent_det"], -1)
    relative = chance(rng, n, style.relative) & common & ~fellow
    plain = w.uses if pool == BOTH else w.uses[held_out(w.uses[:, 0], 0) == bool(pool)]
    use = pick_by(rng, np.where(relative, kind, -1), [np.flatnonzero(plain[:, 1] == k) for k in (ANIMAL, PERSON)])
    table["rel_verb"] = np.where(use >= 0, plain[use, 0], -1)
    target = ev.nouns(rng, np.where(use >= 0, plain[use, 2], -1), pool)
    clash = (target == table["agent"]) & (target >= 0)
    table["rel_verb"] = np.where(clash | (table["rel_verb"] == table["verb"]), -1, table["rel_verb"])
    table["rel_object"] = np.where(table["rel_verb"] >= 0, target, -1)
    table["rel_det"] = np.where(table["rel_object"] >= 0, w.ids["DET:the"], -1)
    passive = chance(rng, n, style.passive) & (table["object"] >= 0) & ~fellow & (table["rel_verb"] < 0) & ~quantified
    table["voice"] = passive.astype(int)
    table["tense"] = (chance(rng, n, style.future) & ~passive).astype(int)
    mark = pick(rng, n, np.array([w.ids["ADV:then"], w.ids["ADV:later"]]))
    table["mark"] = np.where(chance(rng, n, style.mark) & ~first & (table["front"] == 0), mark, -1)


def _general(rng, table: Table, first: np.ndarray, style: Style) -> None:
    """Some later mentions go by the class: first `a fox`, then `the canine` or `the animal`."""
    w, n = world(), len(first)
    for column in ("agent", "object"):
        concept = table[column]
        leaf = (concept >= 0) & (w.sort[concept] == 0) & ~first & (table[f"{column}_det"] >= 0)
        leaf &= chance(rng, n, style.general)
        parent = w.parent[concept]
        parent = np.where(chance(rng, n, 0.35), w.parent[parent], parent)
        table[column] = np.where(leaf, parent, concept)


def _states(rng, table: Table, agent: dict, style: Style) -> None:
    """Some sentences say what the agent is like (`was not small but big`) or what it is (`every fox is an animal`)."""
    w, n = world(), len(agent["noun"])
    u = rng.random(n)
    common = w.sort[agent["noun"]] == 0
    attribute = (u < style.attribute) & common
    taxonomy = (u > 1 - style.taxonomy) & common
    state = attribute | taxonomy
    for name in ev.CONCEPTS:
        if name not in ("mark", "agent", "agent_det"):
            table[name] = np.where(state, -1, table[name])
    for name in ("tense", "neg", "voice", "front"):
        table[name] = np.where(state, 0, table[name])
    table["agent"] = np.where(state, agent["noun"], table["agent"])
    # The contrast is any opposite of the predicate: same scale, other pole.
    predicate = np.where(attribute, agent["adj"], -1)
    opposite = np.where(chance(rng, n, 0.5), *(_opposite(predicate, pool) for pool in (0, 1)))
    contrast = attribute & chance(rng, n, 0.6) & (opposite != predicate)
    table["contrast"] = np.where(contrast, opposite, -1)
    above = w.parent[agent["noun"]]
    above = np.where(chance(rng, n, 0.4), w.parent[above], above)
    table["predicate"] = np.where(taxonomy, above, predicate)
    determiner = np.where(chance(rng, n, 0.5), w.ids["DET:every"], w.ids["DET:a"])
    table["agent_det"] = np.where(taxonomy, determiner, np.where(attribute, w.ids["DET:the"], table["agent_det"]))
    table["mark"] = np.where(taxonomy, -1, table["mark"])
    table["kind"] = np.where(attribute, ev.ATTRIBUTE, np.where(taxonomy, ev.CLASS, ev.EVENT))


def _opposite(words: np.ndarray, pool: int) -> np.ndarray:
    return np.where(words >= 0, world().partner(words, True, pool), -1)
