"""The transfer gap: how far a language stays behind the source language, by family and by script."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from xtl.analysis.scores import gains
from xtl.analysis.scores.tables import BASELINE, CELL


def gaps(main: pd.DataFrame) -> pd.DataFrame:
    """Score in the source language minus the score in each other language, per cell and seed, in points.

    main: tables.main_scores. Adds `gap` (NaN where either is missing) and drops the source's own rows. A target
    without the source among its languages (retrieval pairs every language with it) has no gap and no rows.
    """
    key = [*CELL, "seed"]
    own = main.loc[main["language"] == main["source"], [*key, "score"]].rename(columns={"score": "own"})
    rows = main[(main["language"] != main["source"]) & main["language"].notna()].merge(own, on=key)
    return rows.assign(gap=rows["own"] - rows["score"])


def by_group(table: pd.DataFrame, groups: Mapping[str, str], value: str = "gap") -> pd.DataFrame:
    """The plain mean of a value over the languages of each group, per cell and seed.

    groups: language -> family, script or another group; languages without one form the group `unknown`. `languages`
    counts the members; the mean is NaN where one of them is missing. The column `group` takes the language's place.
    """
    table = table.assign(group=table["language"].map(lambda code: groups.get(code) or "unknown"))
    key = [*CELL, "seed", "run_id", "same_data", "group"]
    grouped = table.groupby(key, sort=False, dropna=False)[value]
    result = pd.DataFrame({value: grouped.mean().where(grouped.count() == grouped.size()), "languages": grouped.size()})
    return result.reset_index()


def intervals(table: pd.DataFrame, value: str = "gap") -> pd.DataFrame:
    """Mean over seeds with pooled t intervals of every cell and group (gains.intervals), with `languages`."""
    found = gains.intervals(table.rename(columns={"group": "language"}), value)
    sizes = table.groupby([*CELL, "group"], sort=False, dropna=False)["languages"].max().reset_index()
    return found.rename(columns={"language": "group"}).merge(sizes, on=[*CELL, "group"], how="left")


def narrowing(table: pd.DataFrame, value: str = "gap") -> pd.DataFrame:
    """How much smaller the value is than without intermediate training, paired by seed, per cell and group.

    table: as `by_group` returns it. Adds `change`, the arm's value minus the baseline's; the baseline has no rows.
    """
    key = [column for column in CELL if column != "intermediate"] + ["seed", "group"]
    base = table.loc[table["intermediate"] == BASELINE, [*key, value]].rename(columns={value: "baseline"})
    rows = table[table["intermediate"] != BASELINE].merge(base, on=key, how="left")
    return rows.assign(change=rows[value] - rows["baseline"])
