"""The search behind the design of the made languages: near-orthogonal features, inside families too, spread distances.

    python -m tests.benchmarks.design_search 24

prints the best design that simulated annealing finds, as xtl/lab/world/feature_design.py keeps it.
"""

import sys

import numpy as np

from xtl.lab.world.feature_design import BOUND, FAMILY_BOUND, FAMILY_COUNT, FEATURES, LEVELS, TWINS

# Codes of English. Its vocabulary code is a fourth level that no made language has: it shares all words with itself.
ENGLISH = (0, 0, 0, 0, 0, 0, -1, 0)


def columns(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numeric columns of designs (..., languages, 8) -> (..., languages, 10), and the feature of each column, (10,).

    Constituent order has one column for each of its three values; shared vocabulary is the share that is *not* shared.
    """
    order = codes[..., :1] == np.arange(3)
    shares = np.array([*LEVELS["vocabulary"], 1.0], float)  # code -1 (English) reads the last one
    vocabulary = 1 - shares[codes[..., 6:7]]
    table = np.concatenate([order, codes[..., 1:6], vocabulary, codes[..., 7:]], -1).astype(float)
    return table, np.array([0, 0, 0, *range(1, len(FEATURES))])


def distance(codes: np.ndarray) -> np.ndarray:
    """Planted distance of each language to English: mean of |difference| over the features, order as one."""
    table, _ = columns(codes)
    difference = (codes != np.array(ENGLISH)).astype(float)
    difference[..., 6] = table[..., -2]
    return difference.mean(-1)


def correlations(codes: np.ndarray) -> np.ndarray:
    """Pearson's r between all pairs of columns of different features, (..., pairs); 1 where a column is constant."""
    table, feature = columns(codes)
    centred = table - table.mean(-2, keepdims=True)
    length = np.sqrt((centred**2).sum(-2))
    first, second = np.triu_indices(len(feature), 1)
    different = feature[first] != feature[second]
    first = first[different]
    second = second[different]
    product = (np.swapaxes(centred, -1, -2) @ centred)[..., first, second]
    scale = length[..., first] * length[..., second]
    return np.where(scale > 1e-9, product / np.maximum(scale, 1e-9), 1.0)


def family_share(codes: np.ndarray) -> np.ndarray:
    """Share of each column's variance that lies between families (eta squared), (..., 10)."""
    table, _ = columns(codes)
    *outer, languages, width = table.shape
    families = table.reshape(*outer, FAMILY_COUNT[languages], -1, width).mean(-2)
    variance = table.var(-2)
    return np.where(variance > 1e-9, families.var(-2) / np.maximum(variance, 1e-9), 1.0)


def cost(codes: np.ndarray) -> np.ndarray:
    """What the search minimises, (...): bounds that are broken weigh most, then distances to English should spread.

    Script and shared vocabulary move scores most, so that a design in which they cancel against the remaining
    features would hide that scores fall with distance: their part is asked to point the same way as the total.
    """
    excess = np.abs(correlations(codes)) - (BOUND - 0.001)
    broken = np.clip(excess + 0.03, 0, None).sum(-1, where=excess > 0)  # each one counts, however near the bound
    broken += np.clip(family_share(codes) - FAMILY_BOUND, 0, None).sum(-1)
    for f, name in enumerate(FEATURES):  # each level is held by at least half of its equal part of the languages
        levels = len(LEVELS[name])
        share = (codes[..., f, None] == np.arange(levels)).mean(-2)
        broken += np.clip(0.5 / levels - share, 0, None).sum(-1)
    total = distance(codes)
    table, _ = columns(codes)
    drivers = 0.5 * table[..., 7] + table[..., 8]
    centred = total - total.mean(-1, keepdims=True)
    length = np.sqrt((centred**2).sum(-1) + 1e-9)
    spread = drivers.std(-1) * np.sqrt(total.shape[-1]) + 1e-9
    slope = (centred * drivers).sum(-1) / length / spread
    return 20 * broken - total.std(-1) - 0.2 * slope - 0.2 * np.ptp(total, -1)


def search(languages: int, seed: int = 0, steps: int = 3000, chains: int = 64) -> np.ndarray:
    """The best design found by simulated annealing in parallel chains, (languages, 8) codes.

    Twins follow their models at every step. Whether the result keeps the bounds is for the caller to check.
    """
    rng = np.random.default_rng(seed)
    levels = np.array([len(LEVELS[name]) for name in FEATURES])
    chain = np.arange(chains)
    codes = rng.integers(0, levels, (chains, languages, len(FEATURES)))
    _follow_models(codes, levels)
    costs = cost(codes)
    best = codes[0].copy()
    best_cost = np.inf
    for step in range(steps):
        # A chain draws a level anew, or exchanges two languages' levels, which keeps how often each level occurs.
        row, other = rng.integers(0, languages, (2, chains))
        f = rng.integers(0, len(FEATURES), chains)
        exchange = rng.random(chains) < 0.5
        trial = codes.copy()
        trial[chain, row, f] = np.where(exchange, codes[chain, other, f], rng.integers(0, levels[f]))
        trial[chain, other, f] = np.where(exchange, codes[chain, row, f], trial[chain, other, f])
        _follow_models(trial, levels)
        trial_costs = cost(trial)
        temperature = 1.2 * (1 - step / steps) + 1e-3
        accept = rng.random(chains) < np.exp(np.minimum(0, costs - trial_costs) / temperature)
        codes[accept] = trial[accept]
        costs[accept] = trial_costs[accept]
        if costs.min() < best_cost:
            best = codes[costs.argmin()].copy()
            best_cost = costs.min()
    return best


def _follow_models(codes: np.ndarray, levels: np.ndarray) -> None:
    """Give every twin the codes of its model, but for the one feature in which they differ, in place."""
    for model, twin, name in TWINS[codes.shape[1]]:
        f = FEATURES.index(name)
        level = codes[:, twin, f].copy()
        codes[:, twin] = codes[:, model]
        codes[:, twin, f] = np.where(level == codes[:, model, f], (level + 1) % levels[f], level)


if __name__ == "__main__":
    print(" ".join("".join(str(level) for level in row) for row in search(int(sys.argv[1]))))
