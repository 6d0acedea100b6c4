"""Tables of events: their columns, how often things happen in them, and the draws that sentences are made of."""

from dataclasses import dataclass, field

import numpy as np

from xtl.lab.world.world import BOTH, KINDS, MODIFIERS, PATTERNS, held_out, world

# Columns hold concepts, -1 where absent, except the flags tense (0 past, 1 future), neg, voice (1 passive), front (1
# time first) and the numbers kind, mood and doc.
CONCEPTS = (
    "mark agent_det agent_adj agent agent_tail fellow_det fellow rel_verb rel_det rel_object verb "
    "object_det object_adj object object_tail adp place_det place place_tail time manner predicate contrast"
).split()
FLAGS = ("tense", "neg", "voice", "front", "kind", "mood", "doc")
COLUMNS = (*CONCEPTS, *FLAGS)
EVENT, ATTRIBUTE, CLASS = range(3)  # kind: she chased him · she was (not small but) big · every fox is an animal
STATEMENT, POLAR, WHO, WHAT, WHERE, WHEN, HOW = range(7)  # mood; from WHO on, the role asked for
ROLES = {WHO: "agent", WHAT: "object", WHERE: "place", WHEN: "time", HOW: "manner"}

Table = dict[str, np.ndarray]


@dataclass(frozen=True)
class Style:
    """How often things happen in a sample of events; probabilities, each of what it can apply to."""

    name: float = 0.25  # a person is called by name
    organisation: float = 0.05  # an organisation acts
    place_name: float = 0.25
    adjective: float = 0.4
    place: float = 0.35
    time: float = 0.25
    manner: float = 0.15
    neg: float = 0.15
    future: float = 0.3
    passive: float = 0.2
    front: float = 0.25
    fellow: float = 0.08
    relative: float = 0.08
    quantifier: float = 0.1
    same: float = 0.8  # an animate object is the document's other participant, a thing the document's thing
    general: float = 0.0  # a participant mentioned before is called by its class
    attribute: float = 0.0
    taxonomy: float = 0.0
    mark: float = 0.25  # a later sentence opens with `then` or `later`
    kinds: tuple = field(default=(0.5, 0.5))  # animals and persons among the participants


def empty(n: int) -> Table:
    """A table of n statements without content."""
    return {name: np.full(n, -1) for name in CONCEPTS} | {name: np.zeros(n, int) for name in FLAGS}


def take(table: Table, rows) -> Table:
    """Rows of a table, as a new table."""
    return {name: column[rows] for name, column in table.items()}


def stack(tables: list[Table]) -> Table:
    """Tables one after the other."""
    return {name: np.concatenate([table[name] for table in tables]) for name in COLUMNS}


def copy(table: Table) -> Table:
    """A table whose columns can be changed without changing the first."""
    return {name: column.copy() for name, column in table.items()}


def keys(table: Table) -> np.ndarray:
    """One value per event, equal for events that are equal in everything but their document, (n,) of bytes."""
    columns = np.stack([table[name] for name in COLUMNS if name != "doc"], 1).astype(np.int16)
    return np.ascontiguousarray(columns).view(f"V{columns.shape[1] * 2}").ravel()


def pattern(table: Table) -> np.ndarray:
    """The set of modifiers of each event, as a number below PATTERNS."""
    return sum(bit * (table[name] >= 0) for name, bit in MODIFIERS.items())


def chance(rng: np.random.Generator, n: int, p) -> np.ndarray:
    """n coins that fall true with probability p."""
    return rng.random(n) < p


def pick(rng: np.random.Generator, n: int, items: np.ndarray) -> np.ndarray:
    """n items with replacement."""
    return items[rng.integers(0, len(items), n)]


def pick_by(rng: np.random.Generator, groups: np.ndarray, items: list[np.ndarray]) -> np.ndarray:
    """One item per row from the list that its group names; -1 for a negative group or an empty list."""
    count = np.array([len(group) for group in items] + [0])
    padded = np.full((len(items) + 1, max(1, count.max())), -1)
    for i, group in enumerate(items):
        padded[i, : len(group)] = group
    groups = np.where(groups < 0, len(items), groups)
    return padded[groups, (rng.random(len(groups)) * count[groups]).astype(int)]


def draw_pattern(rng, verb, pool, weights, need, forbid) -> np.ndarray:
    """A set of modifiers per verb on the pool's side of the split, by weight (32,); -1 where none is allowed, (n,)."""
    sets = np.arange(PATTERNS)
    allowed = ((sets & need[:, None]) == need[:, None]) & ((sets & forbid[:, None]) == 0)
    if pool != BOTH:
        allowed &= held_out(verb[:, None], sets) == bool(pool)
    cumulative = np.cumsum(np.where(allowed, weights, 0.0), 1)
    drawn = (cumulative < (rng.random(len(verb)) * cumulative[:, -1])[:, None]).sum(1)
    return np.where(cumulative[:, -1] > 0, np.minimum(drawn, PATTERNS - 1), -1)


def pattern_weights(style: Style) -> np.ndarray:
    """Probability of each set of modifiers when they come independently, (32,)."""
    p = np.array([style.adjective, style.adjective, style.place, style.time, style.manner])
    present = (np.arange(PATTERNS)[:, None] >> np.arange(5)) & 1
    return np.where(present, p, 1 - p).prod(1)


def adjectives(rng, kind: np.ndarray) -> np.ndarray:
    """An adjective that fits each kind, (n,); -1 for a negative kind."""
    w = world()
    return pick_by(rng, kind, [np.flatnonzero(w.fits[:, k]) for k in range(len(KINDS))])


def nouns(rng, kind: np.ndarray, pool: int) -> np.ndarray:
    """A noun of each kind, (n,); -1 for a negative kind."""
    w = world()
    return pick_by(rng, kind, [w.of("noun", pool, k) for k in range(len(KINDS))])


def named(rng, n: int, pool: int, organisation) -> tuple[np.ndarray, np.ndarray]:
    """Names of persons (given, given and family, family) or, where asked, of organisations: two tokens, (n,) each."""
    w = world()
    stem = pick(rng, n, w.of("stem", pool))
    form = rng.integers(0, 3, n)
    first = np.where(form == 2, stem, pick(rng, n, w.of("given", pool)))
    second = np.where(form == 1, stem, -1)
    return np.where(organisation, stem, first), np.where(organisation, pick(rng, n, w.of("org")), second)


def places(rng, n: int, pool: int, style: Style) -> Table:
    """Places with adposition and article, named or not, as four columns."""
    w = world()
    name = chance(rng, n, style.place_name)
    two = name & chance(rng, n, 0.5)
    stem = pick(rng, n, w.of("stem", pool))
    place = np.where(name, np.where(two, pick(rng, n, w.of("loc")), stem), pick(rng, n, w.of("place", pool)))
    by_name, by_noun = (
        [w.ids[f"ADP:{word}"] for word in words] for words in (("near", "in"), ("near", "behind", "beside", "at"))
    )
    adp = np.where(name, pick(rng, n, np.array(by_name)), pick(rng, n, np.array(by_noun)))
    return {
        "adp": adp,
        "place_det": np.where(name, -1, w.ids["DET:the"]),
        "place": place,
        "place_tail": np.where(two, stem, -1),
    }
