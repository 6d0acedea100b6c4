"""Slicing tables by hand: means over what is not named, and two runs example by example."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from xtl.runs.record import FINETUNING_SEED


def pivot(table: pd.DataFrame, rows: str | list[str], columns: str | list[str], value: str = "score") -> pd.DataFrame:
    """Means of a column over everything that `rows` and `columns` do not name, in the order of the grid.

    A mean over a part is another number, so one missing value makes its mean NaN; so is what the table has no row for.

    >>> pivot(results.scores.query("intermediate == 'none'"), "language", "target")["xquad"].tolist()
    [60.0, 50.0, 40.0, 30.0]
    """
    rows = [rows] if isinstance(rows, str) else list(rows)
    columns = [columns] if isinstance(columns, str) else list(columns)
    grouped = table.groupby([*rows, *columns], sort=False, dropna=False)[value]
    wide = grouped.agg(lambda values: values.astype(float).mean(skipna=False)).unstack(columns)
    return wide.iloc[_order(wide.index, table), _order(wide.columns, table)]


def _order(index: pd.Index, table: pd.DataFrame) -> list[int]:
    """Positions of an index in the order in which its values first appear in the table, the first level slowest."""
    ranks = [pd.Index(table[name].unique()).get_indexer(index.get_level_values(name)) for name in index.names]
    return list(np.lexsort(ranks[::-1]))


def label(cell: Mapping) -> str:
    """What a cell is called in a table: `bert · mnli · seed 0`, with its source (`de machine`) where not English.

    >>> label({"encoder": "bert", "intermediate": "mnli", "source": "de", "provenance": "machine", "seed": 0})
    'bert · mnli · de machine · seed 0'
    """
    parts = [cell["encoder"], cell["intermediate"]]
    if (cell["source"], cell["provenance"]) != ("en", "native"):
        parts.append(cell["source"] if cell["provenance"] == "native" else f"{cell['source']} {cell['provenance']}")
    parts.append(f"seed {cell['seed']}")
    finetuning = cell.get(FINETUNING_SEED, cell["seed"])
    if finetuning != cell["seed"]:
        parts.append(f"fine-tuning {finetuning}")
    return " · ".join(parts)


def differing(compared: pd.DataFrame) -> pd.DataFrame:
    """The examples on which two runs differ, the largest difference first.

    >>> differing(results.compare(*results.pair("tatoeba")))["example_id"].tolist()
    ['q2', 'q2', 'q2', 'q3', 'q3', 'q3']
    """
    rows = compared[compared["difference"].abs() > 0]
    return rows.sort_values("difference", key=abs, ascending=False, kind="stable", ignore_index=True)


def tally(compared: pd.DataFrame) -> pd.DataFrame:
    """A row a language: examples, on how many the second run is better, equal or worse, and the mean difference.

    About these two runs alone: another seed moves every one of these numbers.

    >>> tally(results.compare(*results.pair("tatoeba"))).head(1)
              examples  better  equal  worse  missing  difference
    language
    qaa              3       1      1      1        0   23.333333
    """
    sign = np.sign(compared["difference"])
    counts = pd.DataFrame({
        "language": compared["language"], "better": sign > 0, "equal": sign == 0, "worse": sign < 0,
        "missing": sign.isna(),
    })  # fmt: skip
    result = counts.groupby("language", sort=False).sum()
    result.insert(0, "examples", compared.groupby("language", sort=False).size())
    return result.assign(difference=compared.groupby("language", sort=False)["difference"].mean())
