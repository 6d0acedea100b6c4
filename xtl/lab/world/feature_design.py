"""The near-orthogonal design of the made languages: their features and their twins."""

import numpy as np

# A feature's levels in the order of their codes; the numbers are the values of its column in the feature table.
LEVELS: dict[str, tuple[str | float, ...]] = {
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

# The designs in use, found by tests/benchmarks/design_search.py: a word per language, a digit per feature (index in
# LEVELS).
DESIGNS = {
    12: "01000010 01000110 21001021 00101010 10101010 11110120 20010020 20010000 20100111 11000001 10000001 00011111",
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
FAMILY_COUNT = {12: 4, 24: 6}


def table(languages: int) -> np.ndarray:
    """The design in use, (languages, 8) codes into LEVELS."""
    rows = [list(word) for word in DESIGNS[languages].split()]
    return np.array(rows).astype(int)
