"""The near-orthogonal design of the made languages: their features, their twins, and the search behind them."""

import numpy as np

# A feature's levels in the order of their codes; the numbers are the values of its column in the feature table.
LEVELS: dict[str, tuple] = {
    "order": ("SVO", "SOV", "VSO"),
    "adposition": ("pre", "post"),
    "adjective": ("before", "after"),
    "articles": ("yes", "no"),
    "case": ("no", "yes"),
    "script": ("Latin", "own"),
    "vocabulary": (0.6, 0.35, 0.1),
    "corpus": (1.0, 0.25),
}
FEATURES = tuple(LEVELS)
BOUND = 0.3  # |r| between any two columns of different features stays below this
FAMILY_BOUND = 0.75  # share of a feature's variance that the family may explain
# Codes of English. Its vocabulary code is a fourth level that no made language has: it shares all of its words with
# itself.
ENGLISH = (0, 0, 0, 0, 0, 0, -1, 0)

# The designs in use, found by `search` and kept as data: a word per language, a digit per feature (its index in
# LEVELS).
DESIGNS = {
    12: ("01000010 01000110 21001021 00101010 10101010 11110120 20010020 20010000 20100111 11000001 10000001 00011111"),
    24: (
        "20001001 20001101 00000001 00000000 00011120 10011120 10101121 10100121 20011101 20011121 21111011 01100101 "
        "00001020 01001020 21111110 20100120 01011111 01111111 20110021 00010000 21010121 21000121 21111120 11010011"
    ),
}
# Twins by family, as (row of the model, row of its twin, feature in which they differ).
TWINS = {
    12: ((0, 1, "script"), (3, 4, "order"), (6, 7, "vocabulary"), (9, 10, "adposition")),
    24: (
        (0, 1, "script"), (2, 3, "corpus"), (4, 5, "order"), (6, 7, "case"),
        (8, 9, "vocabulary"), (12, 13, "adposition"), (16, 17, "adjective"), (20, 21, "articles"),
    ),
}  # fmt: skip
FAMILIES = {12: 4, 24: 6}


def table(languages: int) -> np.ndarray:
    """The design in use, (languages, 8) codes into LEVELS."""
    return np.array([[int(digit) for digit in word] for word in DESIGNS[languages].split()])


def columns(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numeric columns of designs (..., languages, 8) -> (..., languages, 10), and the feature of each column, (10,).

    Constituent order has one column for each of its three values; shared vocabulary is the share that is *not* shared.
    """
    order = codes[..., :1] == np.arange(3)
    vocabulary = 1 - np.append(LEVELS["vocabulary"], 1.0)[codes[..., 6:7]]  # code -1 (English) reads the appended 1.0
    table = np.concatenate([order, codes[..., 1:6], vocabulary, codes[..., 7:]], -1).astype(float)
    return table, np.array([0, 0, 0, *range(1, len(FEATURES))])


def distance(codes: np.ndarray) -> np.ndarray:
    """Planted distance of each language to English: mean of |difference| over the features, order as one."""
    difference = (codes != np.array(ENGLISH)).astype(float)
    difference[..., 6] = columns(codes)[0][..., -2]
    return difference.mean(-1)


def correlations(codes: np.ndarray) -> np.ndarray:
    """Pearson's r between all pairs of columns of different features, (..., pairs); 1 where a column is constant."""
    table, feature = columns(codes)
    centred = table - table.mean(-2, keepdims=True)
    length = np.sqrt((centred**2).sum(-2))
    first, second = np.triu_indices(len(feature), 1)
    different = feature[first] != feature[second]
    first, second = first[different], second[different]
    product = (np.swapaxes(centred, -1, -2) @ centred)[..., first, second]
    scale = length[..., first] * length[..., second]
    return np.where(scale > 1e-9, product / np.maximum(scale, 1e-9), 1.0)


def family_share(codes: np.ndarray) -> np.ndarray:
    """Share of each column's variance that lies between families (eta squared), (..., 10)."""
    table = columns(codes)[0]
    groups = table.reshape(*table.shape[:-2], FAMILIES[table.shape[-2]], -1, table.shape[-1]).mean(-2)
    variance = table.var(-2)
    return np.where(variance > 1e-9, groups.var(-2) / np.maximum(variance, 1e-9), 1.0)


def cost(codes: np.ndarray) -> np.ndarray:
    """What the search minimises, (...): bounds that are broken weigh most, then distances to English should spread.

    Script and shared vocabulary move scores most, so that a design in which they cancel against the remaining
    features would hide that scores fall with distance: their part is asked to point the same way as the total.
    """
    excess = np.abs(correlations(codes)) - (BOUND - 0.001)
    broken = np.clip(excess + 0.03, 0, None).sum(-1, where=excess > 0)  # each one counts, however near the bound
    broken += np.clip(family_share(codes) - FAMILY_BOUND, 0, None).sum(-1)
    for f, name in enumerate(FEATURES):  # each level is held by at least half of its equal part of the languages
        sizes = (codes[..., f, None] == np.arange(len(LEVELS[name]))).mean(-2)
        broken += np.clip(0.5 / len(LEVELS[name]) - sizes, 0, None).sum(-1)
    total = distance(codes)
    table = columns(codes)[0]
    drivers = 0.5 * table[..., 7] + table[..., 8]
    centred = total - total.mean(-1, keepdims=True)
    slope = (
        (centred * drivers).sum(-1)
        / np.sqrt((centred**2).sum(-1) + 1e-9)
        / (drivers.std(-1) * np.sqrt(total.shape[-1]) + 1e-9)
    )
    return 20 * broken - total.std(-1) - 0.2 * slope - 0.2 * np.ptp(total, -1)


def search(languages: int, seed: int = 0, steps: int = 3000, chains: int = 64) -> np.ndarray:
    """The best design found by simulated annealing in parallel chains, (languages, 8) codes.

    Twins follow their models at every step. Whether the result keeps the bounds is for the caller to check.
    """
    rng = np.random.default_rng(seed)
    radix = np.array([len(LEVELS[name]) for name in FEATURES])
    every = np.arange(chains)

    def complete(codes: np.ndarray) -> np.ndarray:
        for model, twin, name in TWINS[languages]:
            f = FEATURES.index(name)
            own = codes[:, twin, f].copy()
            codes[:, twin] = codes[:, model]
            codes[:, twin, f] = np.where(own == codes[:, model, f], (own + 1) % radix[f], own)
        return codes

    codes = complete(rng.integers(0, radix, (chains, languages, len(FEATURES))))
    now = cost(codes)
    best, best_cost = codes[0].copy(), np.inf
    for step in range(steps):
        trial = codes.copy()
        # A chain draws a level anew, or exchanges two languages' levels, which keeps how often each level occurs.
        row, other = rng.integers(0, languages, (2, chains))
        f, exchange = rng.integers(0, len(FEATURES), chains), rng.random(chains) < 0.5
        trial[every, row, f] = np.where(exchange, codes[every, other, f], rng.integers(0, radix[f]))
        trial[every, other, f] = np.where(exchange, codes[every, row, f], trial[every, other, f])
        trial = complete(trial)
        new = cost(trial)
        accept = rng.random(chains) < np.exp(np.minimum(0, now - new) / (1.2 * (1 - step / steps) + 1e-3))
        codes[accept], now[accept] = trial[accept], new[accept]
        if now.min() < best_cost:
            best, best_cost = codes[now.argmin()].copy(), now.min()
    return best
