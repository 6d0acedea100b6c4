"""The design of the mixed model: the terms that a grid identifies, coded against their means, and those it does not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

TRAINING = ["encoder", "intermediate", "target"]
RANDOM = {
    "language": ["language"],
    "task": ["target"],
    "training": TRAINING,
    "encoder × task": ["encoder", "target"],
    "encoder × task × language": ["encoder", "target", "language"],
}


@dataclass(frozen=True)
class Design:
    """matrix: (rows, columns), named by `columns`. terms: label -> weights of the columns, one label a level of a
    factor. random: random effect -> the columns of the rows that name its levels. dropped: term -> reason."""

    matrix: np.ndarray
    columns: list[str]
    terms: dict[str, np.ndarray]
    random: dict[str, list[str]]
    dropped: dict[str, str]

    def levels(self, rows: pd.DataFrame) -> list[np.ndarray]:
        """By random effect, the number of each row's level."""
        return [codes(rows, by) for by in self.random.values()]


def make(rows: pd.DataFrame) -> Design:
    """The fixed terms and random effects that the rows identify, in the order of the model's formula.

    rows: as mixed.Cells. Factors are coded by effects: a level's coefficient is its deviation from the mean over
    levels, and numbers are centred, so a main effect holds at the mean of everything else.
    """
    matrix, columns, terms = np.ones((len(rows), 1)), ["intercept"], {}
    dropped: dict[str, str] = {}
    numbers = {name: _centred(rows[name]) for name in ("similarity", "baseline", "log_corpus")}
    factors = {name: list(dict.fromkeys(rows[name])) for name in ("encoder", "intermediate", "format")}
    blocks = [
        ("similarity", numbers["similarity"], {"similarity": np.ones(1)}, "it is the same for every language"),
        ("baseline", numbers["baseline"], {"baseline": np.ones(1)}, "it is the same in every cell"),
        ("log corpus size", numbers["log_corpus"], {"log corpus size": np.ones(1)}, _why_no_size(rows["log_corpus"])),
        *((name, *_factor(rows, name, levels), f"the cells have one {name}") for name, levels in factors.items()),
    ]
    coded, weights = _factor(rows, "encoder", factors["encoder"])
    product = {f"{label} × similarity": weight for label, weight in weights.items()}
    blocks.append(("encoder × similarity", coded * numbers["similarity"], product, _why(factors, "encoder")))
    left, left_weights = _factor(rows, "intermediate", factors["intermediate"])
    right, right_weights = _factor(rows, "format", factors["format"])
    both = (left[:, :, None] * right[:, None, :]).reshape(len(rows), -1)
    product = {f"{a} × {b}": np.kron(x, y) for a, x in left_weights.items() for b, y in right_weights.items()}
    blocks.append(("intermediate × format", both, product, _why(factors, "intermediate", "format")))
    for name, block, weights, reason in blocks:
        wider = np.hstack([matrix, block])
        if block.shape[1] == 0 or np.linalg.matrix_rank(wider) < wider.shape[1]:
            dropped[name] = reason
            continue
        start = matrix.shape[1]
        terms |= {label: (start, weight) for label, weight in weights.items()}
        matrix, columns = wider, [*columns, *([name] * block.shape[1])]
    padded = {label: _padded(weight, start, matrix.shape[1]) for label, (start, weight) in terms.items()}
    random, lost = _random(rows, matrix)
    return Design(matrix, columns, padded, random, dropped | lost)


def codes(rows: pd.DataFrame, by: list[str]) -> np.ndarray:
    """The number of each row's level of the columns `by`."""
    return rows.groupby(by, sort=False, dropna=False).ngroup().to_numpy()


def constant_within(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Which columns of values (rows, columns) have one value in each group."""
    within = pd.DataFrame(values).groupby(groups)
    return ((within.max() - within.min()).to_numpy() < 1e-9).all(axis=0)


def indicators(groups: np.ndarray) -> np.ndarray:
    """(rows, levels): 1 in the column of the row's level."""
    return (groups[:, None] == np.arange(groups.max() + 1)).astype(float)


def _centred(values: pd.Series) -> np.ndarray:
    """(rows, 1), or no column where a value is missing or all are the same."""
    values = values.to_numpy(float)
    varies = len(values) and np.isfinite(values).all() and np.ptp(values) > 1e-9
    return (values - values.mean())[:, None] if varies else np.empty((len(values), 0))


def _factor(rows: pd.DataFrame, name: str, levels: list) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Effect codes (rows, levels − 1) and the weights of every level, the last one minus the sum of the others."""
    weights = np.vstack([np.eye(len(levels) - 1), -np.ones(len(levels) - 1)]) if len(levels) > 1 else np.empty((1, 0))
    place = rows[name].map({level: i for i, level in enumerate(levels)}).to_numpy(int)
    return weights[place], {f"{name} {level}": weight for level, weight in zip(levels, weights, strict=False)}


def _why(factors: dict[str, list], *names: str) -> str:
    alone = [f"one {name}" for name in names if len(factors[name]) < 2]
    return f"the cells have {' and '.join(alone)}" if alone else "some of its combinations are not there"


def _why_no_size(sizes: pd.Series) -> str:
    return "no sizes are known" if sizes.isna().all() else "it does not vary beyond the other terms"


def _padded(weight: np.ndarray, start: int, width: int) -> np.ndarray:
    row = np.zeros(width)
    row[start : start + len(weight)] = weight
    return row


def _random(rows: pd.DataFrame, matrix: np.ndarray) -> tuple[dict[str, list[str]], dict[str, str]]:
    """The random effects whose variance can be told from the fixed effects, from each other and from the residual."""
    kept, seen, dropped = {}, [], {}
    basis = np.linalg.qr(matrix)[0]
    for name, by in RANDOM.items():
        groups, label = codes(rows, by), f"(1|{name})"
        outside = len(rows) - (pd.DataFrame(basis).groupby(groups).sum() ** 2).to_numpy().sum()
        if groups.max() + 1 == len(rows):
            dropped[label] = "each of its levels has one cell"
        elif any((groups == other).all() for other in seen):
            dropped[label] = "it has the levels of another random effect"
        elif outside < 1e-8 * len(rows):  # the part of its indicators that lies outside the fixed terms, squared
            dropped[label] = "the fixed terms take all of it"
        else:
            kept[name] = by
            seen.append(groups)
    return kept, dropped
