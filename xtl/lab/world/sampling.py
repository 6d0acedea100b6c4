"""Drawing documents of consecutive events that share participants; a single event is a document of length one."""

from collections.abc import Callable

import numpy as np

from xtl.lab.world import events as ev
from xtl.lab.world.draws import Draw, pattern_weights
from xtl.lab.world.events import Style, Table
from xtl.lab.world.world import ANIMAL, BOTH, FOOD, ITEM, MODIFIERS, PERSON, TEST, TRAIN, held_out, world


def singles(
    draw: Draw,
    n: int,
    style: Style,
    need: int = 0,
    forbid: int = 0,
    uses: np.ndarray | None = None,
    keep: Callable[[Table], np.ndarray] | None = None,
) -> Table:
    """n unrelated events.

    Args:
        need, forbid: sets of modifiers that each must and must not have.
        uses: (u, 3), the uses of verbs to draw from, as in World; default all.
        keep: from a table to the events that may stay, (n,) bool.
    """
    tables = [Table.empty(0)]
    missing = n
    while missing > 0:
        lengths = np.ones(int(missing * 1.5) + 20, int)
        drawn = documents(draw, lengths, style, need, forbid, uses)
        # What a sample lacks (no allowed set of modifiers, a name where an adjective is needed) is drawn again.
        good = complete(drawn, need)
        if keep is not None:
            good &= keep(drawn)
        drawn = drawn.take(np.flatnonzero(good)[:missing])
        tables.append(drawn)
        missing -= len(drawn)
    table = Table.stack(tables)
    table["doc"] = np.arange(n)
    return table


def complete(table: Table, need: int = 0) -> np.ndarray:
    """Which events are well formed, (n,) bool: a verb or a predicate, and every needed modifier."""
    has_head = (table["verb"] >= 0) | (table["predicate"] >= 0)
    return has_head & ((table.pattern() & need) == need)


def documents(
    draw: Draw,
    lengths: np.ndarray,
    style: Style,
    need: int = 0,
    forbid: int = 0,
    uses: np.ndarray | None = None,
) -> Table:
    """Documents of `lengths` (d,) consecutive events, as a table whose column `doc` numbers them.

    Two animate participants, one thing and one food belong to a document; each keeps its adjective. Everything comes
    from the pool: entities, templates (verb and set of modifiers), relative clauses. An event for which the pool has
    no template has no verb (see `complete`).
    """
    drawing = _Drawing(draw, lengths, style)
    drawing.add_agents()
    drawing.add_verbs(world().uses if uses is None else uses)
    drawing.add_objects()
    drawing.add_modifiers(need, forbid)
    drawing.add_determiners()
    drawing.add_syntax()
    if style.general:
        drawing.generalise()
    if style.attribute or style.taxonomy:
        drawing.turn_into_states()
    return drawing.table


class _Drawing:
    """Documents that are being drawn, and who belongs to them."""

    def __init__(self, draw: Draw, lengths: np.ndarray, style: Style):
        self.w = world()
        self.draw = draw
        self.style = style
        self.lengths = lengths
        self.doc = np.repeat(np.arange(len(lengths)), lengths)
        self.n = len(self.doc)
        self.first = np.ones(self.n, bool)  # which events open a document
        self.first[1:] = self.doc[1:] != self.doc[:-1]
        self.table = Table.empty(self.n)
        self.table["doc"] = self.doc

    def add_agents(self) -> None:
        """Draw two participants a document; in every event one of them acts, the other is there to be acted on."""
        one = self._participants(len(self.lengths))
        two = self._participants(len(self.lengths))
        self.alone = _same(one, two)[self.doc]  # two participants of one name: the second stays out
        one_acts = self._chance(0.6) | self.alone
        cast = [one.take(self.doc), two.take(self.doc)]
        self.agent = Table.choose(np.where(one_acts, 0, 1), cast)
        self.other = Table.choose(np.where(one_acts, 1, 0), cast)
        self.table["agent"] = self.agent["noun"]
        self.table["agent_tail"] = self.agent["tail"]

    def add_verbs(self, uses: np.ndarray) -> None:
        """Draw a use of a verb that fits the agent and an object that the document can offer.

        An object is the other participant or a thing; organisations act on things only.
        """
        groups = self.agent["kind"] * 2 + self.other["kind"] + 4 * self.agent["organisation"]
        choices = []
        for group in range(8):
            agent_kind = group % 4 // 2
            other_kind = group % 2
            takes = uses[:, 2] >= FOOD
            if group < 4:
                takes = takes | (uses[:, 2] == other_kind) | (uses[:, 2] < 0)
            choices.append(np.flatnonzero((uses[:, 1] == agent_kind) & takes))
        use = self.draw.pick_by(groups, choices)
        self.table["verb"] = np.where(use >= 0, uses[use, 0], -1)
        self.object_kind = np.where(use >= 0, uses[use, 2], -1)

    def add_objects(self) -> None:
        """Draw the objects that the verbs take: the other participant, the document's thing, or something new."""
        table = self.table
        kind = self.object_kind
        same = self._chance(self.style.same) & ~self.alone
        new = self._participants(self.n, np.where(kind == PERSON, PERSON, ANIMAL))
        patient = Table.choose(np.where(same | _same(new, self.agent), 0, 1), [self.other, new])
        food = self.draw.nouns(np.full(len(self.lengths), FOOD))[self.doc]
        item = self.draw.nouns(np.full(len(self.lengths), ITEM))[self.doc]
        is_thing = kind >= FOOD
        thing_kind = np.where(is_thing, kind, -1)
        new_thing = self.draw.nouns(thing_kind)
        thing = np.where(same, np.where(kind == FOOD, food, item), new_thing)
        thing = np.where(is_thing, thing, -1)
        thing_adjective = self.draw.adjectives(thing_kind)

        animate = (kind >= 0) & ~is_thing
        table["object"] = np.where(animate, patient["noun"], thing)
        table["object_tail"] = np.where(animate, patient["tail"], -1)
        table["verb"] = np.where(animate & _same(patient, self.agent), -1, table["verb"])
        self.object_adjective = np.where(animate, patient["adjective"], thing_adjective)

    def add_modifiers(self, need: int, forbid: int) -> None:
        """Draw adjectives, place, time and manner on the pool's side of the split; without any, there is no verb."""
        table = self.table
        columns = {"agent_adj": self.agent["adjective"], "object_adj": self.object_adjective}
        forbidden = np.full(self.n, forbid)
        for name, adjective in columns.items():
            forbidden |= np.where(adjective < 0, MODIFIERS[name], 0)
        weights = pattern_weights(self.style)
        pattern = self.draw.patterns(table["verb"], np.full(self.n, need), forbidden, weights)
        table["verb"] = np.where(pattern < 0, -1, table["verb"])
        columns |= self.draw.places(self.n, self.style)
        columns["time"] = self.draw.pick(self.n, self.w.of("time", self.draw.pool))
        columns["manner"] = self.draw.pick(self.n, self.w.of("manner", self.draw.pool))
        for modifier, names in ev.MODIFIER_COLUMNS.items():
            present = (pattern >= 0) & (pattern & MODIFIERS[modifier] > 0)
            for name in names:
                table[name] = np.where(present, columns[name], -1)

    def add_determiners(self) -> None:
        """The agent's may be a quantifier; articles are indefinite at first mention, mostly definite later."""
        table = self.table
        the = self.w.ids["DET:the"]
        a = self.w.ids["DET:a"]
        quantifier = self.draw.pick_word(self.n, "DET", "every", "some", "no", "this", "that")
        article = np.where(self._chance(np.where(self.first, 0.4, 0.1)), a, the)
        determiner = np.where(self._chance(self.style.quantifier), quantifier, article)
        table["agent_det"] = np.where(self.w.is_sort(table["agent"], "noun", "class"), determiner, -1)
        article = np.where(self._chance(np.where(self.first, 0.5, 0.3)), a, the)
        table["object_det"] = np.where(self.w.is_sort(table["object"], "noun", "class"), article, -1)

    def add_syntax(self) -> None:
        """Negation, time first, coordination, relative clauses, passive, tense, discourse marks."""
        table = self.table
        style = self.style
        quantified = np.isin(table["agent_det"], (self.w.ids["DET:every"], self.w.ids["DET:no"]))
        common = table["agent_det"] >= 0
        table["neg"] = (self._chance(style.neg) & ~quantified).astype(int)
        table["front"] = (self._chance(style.front) & (table["time"] >= 0)).astype(int)

        coordinated = self._chance(style.fellow) & common & ~quantified
        fellow = self.draw.nouns(np.where(coordinated, self.agent["kind"], -1))
        coordinated &= (fellow != table["agent"]) & (fellow != table["object"])
        table["fellow"] = np.where(coordinated, fellow, -1)
        table["fellow_det"] = np.where(coordinated, table["agent_det"], -1)

        self._add_relative_clauses(self._chance(style.relative) & common & ~coordinated)
        passive = self._chance(style.passive) & (table["object"] >= 0)
        passive &= ~coordinated & (table["rel_verb"] < 0) & ~quantified
        table["voice"] = passive.astype(int)
        table["tense"] = (self._chance(style.future) & ~passive).astype(int)
        mark = self.draw.pick_word(self.n, "ADV", "then", "later")
        marked = self._chance(style.mark) & ~self.first & (table["front"] == 0)
        table["mark"] = np.where(marked, mark, -1)

    def _add_relative_clauses(self, where: np.ndarray) -> None:
        table = self.table
        uses = self.w.uses
        if self.draw.pool != BOTH:  # templates without modifiers are on one side of the split as others are
            uses = uses[held_out(uses[:, 0], 0) == bool(self.draw.pool)]
        by_agent = [np.flatnonzero(uses[:, 1] == kind) for kind in (ANIMAL, PERSON)]
        use = self.draw.pick_by(np.where(where, self.agent["kind"], -1), by_agent)
        verb = np.where(use >= 0, uses[use, 0], -1)
        target = self.draw.nouns(np.where(use >= 0, uses[use, 2], -1))
        is_agent = (target == table["agent"]) & (target >= 0)
        table["rel_verb"] = np.where(is_agent | (verb == table["verb"]), -1, verb)
        table["rel_object"] = np.where(table["rel_verb"] >= 0, target, -1)
        table["rel_det"] = np.where(table["rel_object"] >= 0, self.w.ids["DET:the"], -1)

    def generalise(self) -> None:
        """Let some later mentions go by the class: first `a fox`, then `the canine` or `the animal`."""
        for name in ("agent", "object"):
            concept = self.table[name]
            general = self.w.is_sort(concept, "noun") & ~self.first & (self.table[f"{name}_det"] >= 0)
            general &= self._chance(self.style.general)
            self.table[name] = np.where(general, self._class_above(concept, 0.35), concept)

    def turn_into_states(self) -> None:
        """Let some sentences say what the agent is like (`was not small but big`) or is (`every fox is an animal`)."""
        w = self.w
        table = self.table
        noun = self.agent["noun"]
        u = self.draw.rng.random(self.n)
        common = w.is_sort(noun, "noun")
        attribute = (u < self.style.attribute) & common
        taxonomy = (u > 1 - self.style.taxonomy) & common
        state = attribute | taxonomy
        for name in ev.CONCEPTS:
            if name not in ("mark", "agent", "agent_det"):
                table[name] = np.where(state, -1, table[name])
        for name in ("tense", "neg", "voice", "front"):
            table[name] = np.where(state, 0, table[name])
        table["agent"] = np.where(state, noun, table["agent"])

        # The contrast is any opposite of the predicate, of either pool.
        adjective = np.where(attribute, self.agent["adjective"], -1)
        opposite = np.where(self._chance(0.5), w.opposite(adjective, TRAIN), w.opposite(adjective, TEST))
        contrast = attribute & self._chance(0.6) & (adjective >= 0) & (opposite != adjective)
        table["contrast"] = np.where(contrast, opposite, -1)
        table["predicate"] = np.where(taxonomy, self._class_above(noun, 0.4), adjective)
        determiner = np.where(self._chance(0.5), w.ids["DET:every"], w.ids["DET:a"])
        determiner = np.where(attribute, w.ids["DET:the"], determiner)
        table["agent_det"] = np.where(state, determiner, table["agent_det"])
        table["mark"] = np.where(taxonomy, -1, table["mark"])
        table["kind"] = np.select([attribute, taxonomy], [ev.ATTRIBUTE, ev.CLASS], ev.EVENT)

    def _participants(self, n: int, kind: np.ndarray | None = None) -> Table:
        """Animate participants, of random kinds or of those given: kind, noun, tail, adjective, organisation (bool)."""
        if kind is None:
            kind = np.where(self.draw.chance(n, self.style.animals), ANIMAL, PERSON)
        organisation = (kind == PERSON) & self.draw.chance(n, self.style.organisation)
        named = organisation | ((kind == PERSON) & self.draw.chance(n, self.style.name))
        first, second = self.draw.names(organisation)
        noun = np.where(named, first, self.draw.nouns(kind))
        tail = np.where(named, second, -1)
        adjective = np.where(named, -1, self.draw.adjectives(kind))
        return Table({"kind": kind, "noun": noun, "tail": tail, "adjective": adjective, "organisation": organisation})

    def _chance(self, p: float | np.ndarray) -> np.ndarray:
        return self.draw.chance(self.n, p)

    def _class_above(self, noun: np.ndarray, top: float) -> np.ndarray:
        """The class of each noun, (n,), or with probability `top` the class above that."""
        above = self.w.parent[noun]
        return np.where(self._chance(top), self.w.parent[above], above)


def _same(one: Table, other: Table) -> np.ndarray:
    """Whether participants are called alike, (n,) bool."""
    return (one["noun"] == other["noun"]) & (one["tail"] == other["tail"])
