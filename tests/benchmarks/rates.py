"""Prints the table of rates of docs/statistics.md: what the report's statements are worth, by simulation.

    python -m tests.benchmarks.rates [tables] [tables at the ends of the range]

Per cent of simulated tables, with one standard Monte Carlo error, in the shapes of tests.analysis.worlds.
"""

import sys

import numpy as np

from tests.analysis.test_rates import CUT, NULL
from tests.analysis.worlds import SHAPES, Truth, draw, related, report, truncated


def rate(hits: np.ndarray) -> str:
    """`4.8 ± 0.7`"""
    share = np.asarray(hits, float).mean()
    return f"{100 * share:.1f} ± {100 * np.sqrt(share * (1 - share) / np.size(hits)):.1f}"


def main(tables: int = 1000, at_the_ends: int = 200) -> None:
    """The rows of the table, a line each."""
    print("| " + " | ".join(["nothing planted but", "shape", "any claim", "a gain", "F", "a relation"]) + " |")
    for name, truth in NULL.items():
        for shape, design in SHAPES.items():
            found = report(design, *draw(design, truth, tables))
            cells = [rate(found.claims().any(axis=1)), rate(found.gains < 0.05)]
            cells += [rate(found.encoders < 0.05), rate(found.relations < 0.05)]
            print("| " + " | ".join([name, shape, *cells]) + " |", flush=True)
    for name, (truth, low) in CUT.items():
        for shape, design in SHAPES.items():
            target = "xnli" if low else "xquad"
            claim, naive = truncated(design, truth, at_the_ends, low, target=target)
            line = f"| {name} | {shape} | claim {rate(claim < 0.05)} | over languages in points {rate(naive < 0.05)} |"
            print(line, flush=True)
    for shape, design in SHAPES.items():
        before, after = draw(design, Truth(slopes=(4, 4, 4), noisy=(4, 1, 1)), tables)
        gain = (after - before).mean(axis=2)
        languages, _, _ = related(design, gain[:, :1] - gain[:, 1:2])
        print(
            f"| difference of slopes, one encoder four times noisier | {shape} | {rate(languages < 0.05)} |", flush=True
        )
    for shape, design in SHAPES.items():
        found = report(design, *draw(design, Truth(gains=(3, 0, 0), slopes=(0, 8, 0)), tables))
        claims = found.claims()
        wrong = claims[:, [1, 2, 4, 6]].any(axis=1)
        whole = claims[:, [0, 3, 5]].all(axis=1)
        line = f"| planted | {shape} | all of it {rate(whole)} | and nothing else {rate(whole & ~wrong)}"
        print(f"{line} | false {rate(wrong)} |", flush=True)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
