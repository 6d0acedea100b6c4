"""Whether a language fails on the examples that English fails on: agreement of errors beyond chance."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from xtl.analysis.scores import gains
from xtl.analysis.scores.tables import CELL
from xtl.runs.record import RunRecord

FILE = "examples.parquet"
MEASURED = ["language", "agreement", "kappa", "right", "right_source", "n"]


def agreement(language, source) -> dict[str, float]:
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
    """
    c, s = np.asarray(language, float) / 100, np.asarray(source, float) / 100
    if not len(c) or np.ptp(c) == 0 or np.ptp(s) == 0:
        kappa, ratio = np.nan, np.nan
    else:
        expected = _both(c.mean(), s.mean())
        beyond = _both(c, s).mean() - expected
        kappa = beyond / (1 - expected)
        ratio = beyond / (_both(np.sort(c), np.sort(s)).mean() - expected)
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
    for code, here in examples.groupby("language", sort=False):
        if code == source or not len(own):
            continue
        other = here.set_index("example_id")["score"]
        shared = own.index.intersection(other.index)
        numbered = set(shared) <= {str(i) for i in range(max(len(own), len(other)) + 1)}
        parallel = len(shared) == len(own) == len(other) if in_order else len(shared) and not numbered
        if parallel:
            rows.append({"language": code, **agreement(other.loc[shared], own.loc[shared])})
    return pd.DataFrame(rows, columns=MEASURED)


def collect(cells: pd.DataFrame, records: Mapping[str, RunRecord], in_order: bool) -> pd.DataFrame:
    """Agreement with the source language in every cell and seed that left its examples; reads examples.parquet.

    cells, records: as tables.gather returns them. Columns: those of a cell, seed, run_id, same_data, and MEASURED. A
    run is read once and forgotten, so that a grid of millions of examples fits.
    """
    key, tables = [*CELL, "seed", "run_id", "same_data"], []
    for run_id, here in cells.groupby("run_id", sort=False):
        record = records.get(run_id)
        path = record.folder / FILE if record and record.done else None
        if path is None or not path.is_file():
            continue
        examples = pd.read_parquet(path)
        for row in here.itertuples():
            found = measure(examples[examples["target"] == row.target], row.source, in_order)
            if len(found):
                tables.append(found.assign(**{name: getattr(row, name) for name in key}))
    if not tables:
        return pd.DataFrame(columns=[*key, *MEASURED])
    return pd.concat(tables, ignore_index=True)[[*key, *MEASURED]].fillna({"architecture": ""})


def intervals(table: pd.DataFrame) -> pd.DataFrame:
    """Mean agreement over seeds with pooled t intervals per cell and language (gains.intervals); mean kappa, right."""
    found = gains.intervals(table, "agreement")
    key = [*CELL, "language"]
    right = table.groupby(key, sort=False, dropna=False)[["kappa", "right", "n"]].mean().reset_index()
    return found.merge(right, on=key, how="left")
