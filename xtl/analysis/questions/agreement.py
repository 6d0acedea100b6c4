"""Whether a language fails on the examples that the source language fails on: agreement of errors beyond chance."""

from __future__ import annotations

from functools import partial
from itertools import chain

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from xtl.analysis import wording
from xtl.analysis.figures import drawing
from xtl.analysis.figures.dot_plots import group_dots
from xtl.analysis.questions.gaps import origins
from xtl.analysis.results import Results, first_source
from xtl.analysis.scores import gains as gain_tables
from xtl.analysis.scores.finetunings import behind
from xtl.analysis.scores.tables import BASELINE, CELL
from xtl.analysis.section import Section, affordable, block, parts, section, table

TITLE = "Agreement of errors with the source language"
FILE = "examples.parquet"
MEASURED = ["language", "agreement", "kappa", "right", "right_source", "n"]
METHOD = (
    "Do the same examples fail in another language as in the source language? With c and s the shares of an example "
    "that are right in either, observed agreement is the mean of c s + (1 − c)(1 − s). What is shown is how far it "
    "lies from what two independent sets of errors of these sizes would give (0) towards the most that they allow "
    "(1): Cohen's kappa over its maximum where an example is right or wrong. The interval is over seeds, for these "
    "examples. Kappa in the table: not divided by its maximum. Mean score: over examples, which for an F1 of spans is "
    "another number."
)


def agreement(results: Results) -> Section:
    """Agreement of errors with the source language, language by language; reads the examples that the runs left.

    The laboratory's test sets are parallel line by line; of real ones only those whose examples share their ids over
    languages are compared.
    """
    measured = collect(first_source(results.units), results.records, in_order=results.data.parallel)
    if not measured["agreement"].notna().any():
        return section("agreement", TITLE)
    means = intervals(measured)
    own = means[means["intermediate"] == BASELINE]
    span = drawing.limits(own[["low", "high", "mean"]].stack(), 0.05)
    pictures, left_out = affordable(
        (key[0], partial(group_dots, rows, "language", results.order, results.encoders, " · ".join(key),
                         "agreement with the source language", span, digits=2))
        for key, rows in parts(own, ["target", *origins(own)])
    )  # fmt: skip
    rows = []
    for r in means[np.isfinite(means["mean"])].itertuples():
        interval = f"{wording.decimals(r.low)} to {wording.decimals(r.high)}" if np.isfinite(r.low) else ""
        rows.append([
            r.language, r.target, r.encoder, r.intermediate, wording.decimals(r.mean), interval, r.seeds,
            wording.decimals(r.kappa), wording.points(r.right, False), int(r.n),
        ])  # fmt: skip
    columns = "language,target,encoder,intermediate,agreement,95 % interval,seeds,kappa,mean score,examples".split(",")
    numbers = table("Agreement of errors in numbers", columns, rows)
    text = [*_beyond_chance(own), *left_out]
    shown = block(text=text, pictures=chain(*pictures.values()), tables=[numbers], notes=[METHOD])
    return section("agreement", TITLE, shown)


def beyond_chance(language: ArrayLike, source: ArrayLike) -> dict[str, float]:
    """Agreement of two languages' correctness on the same examples, beyond what their accuracies alone bring about.

    language, source: scores in points (0–100) of the same n examples in the same order. With c and s the shares of an
    example that are right in either language,

        observed = mean(c s + (1 − c)(1 − s)),  expected = c̄ s̄ + (1 − c̄)(1 − s̄)
        kappa = (observed − expected) / (1 − expected)
        agreement = (observed − expected) / (highest − expected)

    where `highest` is what would be observed had the errors fallen on the same examples as far as the two sets of
    scores allow (both sorted). Where an example is right or wrong, kappa is Cohen's of the two, the error consistency
    of Geirhos et al. 2020 (arXiv 2006.16736), and agreement is kappa over its maximum (Cohen 1960); with partial credit
    (tokens of a sentence, overlap of an answer) observed is the chance that a part drawn from either is right in both
    or wrong in both. Kappa alone cannot reach 1 between languages of different accuracy. Agreement is 0 where errors
    fall as if drawn independently, and 1 where they fall on the same examples as far as they can. NaN where a side has
    no variation. `right`, `right_source` are mean scores in points.

    >>> beyond_chance([100, 100, 0, 0], [100, 0, 0, 0])["agreement"]
    1.0
    """
    c = np.asarray(language, float) / 100
    s = np.asarray(source, float) / 100
    kappa = ratio = np.nan
    if len(c) and np.ptp(c) > 0 and np.ptp(s) > 0:
        expected = _both(c.mean(), s.mean())
        beyond = _both(c, s).mean() - expected
        highest = _both(np.sort(c), np.sort(s)).mean()
        kappa = beyond / (1 - expected)
        ratio = beyond / (highest - expected)
    means = {"right": 100 * c.mean(), "right_source": 100 * s.mean()} if len(c) else {}
    return {"agreement": float(ratio), "kappa": float(kappa), **means, "n": len(c)}


def _both(c, s):
    """The chance that a part of either is right in both or wrong in both."""
    return c * s + (1 - c) * (1 - s)


def measure(examples: pd.DataFrame, source: str, in_order: bool) -> pd.DataFrame:
    """Agreement of every language of one target with its source language; columns MEASURED, a row a language.

    examples: columns language, example_id, score (points) of one run and target. in_order: the test sets are parallel
    line by line (the laboratory's are), so equal sizes and ids are enough. Otherwise only languages whose ids are those
    of the source and more than running numbers, which every test set has; others are left out.
    """
    own = examples[examples["language"] == source].set_index("example_id")["score"]
    rows = []
    for code, part in examples.groupby("language", sort=False):
        if code == source or not len(own):
            continue
        other = part.set_index("example_id")["score"]
        shared = own.index.intersection(other.index)
        numbered = set(shared) <= {str(i) for i in range(max(len(own), len(other)) + 1)}
        parallel = len(shared) == len(own) == len(other) if in_order else len(shared) > 0 and not numbered
        if parallel:
            rows.append({"language": code, **beyond_chance(other.loc[shared], own.loc[shared])})
    return pd.DataFrame(rows, columns=MEASURED)


def collect(cells: pd.DataFrame, records, in_order: bool) -> pd.DataFrame:
    """Agreement with the source language in every cell and seed that left its examples; reads examples.parquet.

    Columns: those of a cell, seed, run_id, same_data, and MEASURED. A run is read once and forgotten, so that a grid of
    millions of examples fits.
    """
    key = [*CELL, "seed", "run_id", "same_data"]
    tables = []
    for identity, served in cells.groupby("run_id", sort=False):
        runs = [records.get(run_id) for run_id in behind(identity)]
        if not all(record and record.done and (record.folder / FILE).is_file() for record in runs):
            continue
        examples = [pd.read_parquet(record.folder / FILE) for record in runs]
        for row in served.itertuples():
            own = [measure(table[table["target"] == row.target], row.source, in_order) for table in examples]
            if all(map(len, own)):
                measured = pd.concat(own).groupby("language", sort=False, as_index=False).mean()
                tables.append(measured.assign(**{name: getattr(row, name) for name in key}))
    if not tables:
        return pd.DataFrame(columns=[*key, *MEASURED])
    return pd.concat(tables, ignore_index=True)[[*key, *MEASURED]].fillna({"architecture": ""})


def intervals(table: pd.DataFrame) -> pd.DataFrame:
    """Mean agreement over seeds with pooled t intervals per cell and language (gains.intervals); mean kappa, right."""
    means = gain_tables.intervals(table, "agreement")
    key = [*CELL, "language"]
    right = table.groupby(key, sort=False, dropna=False)[["kappa", "right", "n"]].mean().reset_index()
    return means.merge(right, on=key, how="left")


def _beyond_chance(own: pd.DataFrame) -> list[str]:
    """In how many languages and cells errors agree beyond chance."""
    tested = own[own["low"].notna()]
    if tested.empty:
        return []
    above = int((tested["low"] > 0).sum())
    below = int((tested["high"] < 0).sum())
    return [
        f"Without intermediate training errors agree beyond chance in {above} of {len(tested)} cells of encoder, "
        f"target and language, and less than by chance in {below} (95 % intervals over seeds, not corrected)."
    ]
