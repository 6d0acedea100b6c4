"""How far languages stay behind the source language, by family and by script, and what an intermediate changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import chain

import numpy as np
import pandas as pd

from xtl.analysis import wording
from xtl.analysis.figures import drawing
from xtl.analysis.figures.dot_plots import group_dots
from xtl.analysis.results import Results
from xtl.analysis.scores import gains as gain_tables
from xtl.analysis.scores.tables import BASELINE, CELL
from xtl.analysis.section import Block, Cell, Section, Table, affordable, block, cell, parts, section, table

TITLE = "Transfer gap to the source language"
METHOD = (
    "The gap is the score in the source language minus the score in another, in points, a plain mean over the "
    "languages of a group; 95 % t intervals over seeds, with the variance of an encoder's cells of a target. "
    "It also narrows where the source language itself loses. Families and scripts differ in corpus size, vocabulary "
    "and much else at once: these means describe, they do not explain."
)
LABEL = "gap without intermediate training (points)"


def gaps(results: Results) -> Section:
    """Gap to the source language by family and by script, without intermediate training and what that changes."""
    by_language = language_gaps(results.everywhere)
    if not by_language["gap"].notna().any():
        return section("gaps", TITLE)
    everything = by_group(by_language, dict.fromkeys(by_language["language"], "all languages"))
    facts = results.data.linguistics.facts()
    grouped = {kind: by_group(by_language, facts[kind].to_dict()) for kind in ("family", "script")}
    means = {kind: intervals(values) for kind, values in grouped.items()}
    plain = pd.concat([values[values["intermediate"] == BASELINE] for values in means.values()])
    span = drawing.limits(plain[["low", "high", "mean"]].stack())
    blocks = [block(text=_narrowed(everything), notes=[METHOD])]
    blocks += [_of_kind(results, kind, grouped[kind], means[kind], span) for kind in grouped]
    return section("gaps", TITLE, *blocks)


def language_gaps(main: pd.DataFrame) -> pd.DataFrame:
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
    whole = grouped.mean().where(grouped.count() == grouped.size())
    return pd.DataFrame({value: whole, "languages": grouped.size()}).reset_index()


def intervals(table: pd.DataFrame, value: str = "gap") -> pd.DataFrame:
    """Mean over seeds with pooled t intervals of every cell and group (gains.intervals), with `languages`."""
    means = gain_tables.intervals(table.rename(columns={"group": "language"}), value)
    sizes = table.groupby([*CELL, "group"], sort=False, dropna=False)["languages"].max().reset_index()
    return means.rename(columns={"language": "group"}).merge(sizes, on=[*CELL, "group"], how="left")


def narrowing(table: pd.DataFrame, value: str = "gap") -> pd.DataFrame:
    """How much smaller the value is than without intermediate training, paired by seed, per cell and group.

    table: as `by_group` returns it. Adds `change`, the arm's value minus the baseline's; the baseline has no rows.
    """
    key = [column for column in CELL if column != "intermediate"] + ["seed", "group"]
    base = table.loc[table["intermediate"] == BASELINE, [*key, value]].rename(columns={value: "baseline"})
    rows = table[table["intermediate"] != BASELINE].merge(base, on=key, how="left")
    return rows.assign(change=rows[value] - rows["baseline"])


def _change_intervals(table: pd.DataFrame) -> pd.DataFrame:
    return gain_tables.intervals(narrowing(table).rename(columns={"group": "language"}), "change")


def _narrowed(everything: pd.DataFrame) -> list[str]:
    """In how many cells each intermediate narrows or widens the mean gap over all languages."""
    change = _change_intervals(everything)
    change = change[~change["same_data"].astype(bool) & change["low"].notna()]
    sentences = []
    for (name,), rows in parts(change, ["intermediate"]):
        less = int((rows["high"] < 0).sum())
        more = int((rows["low"] > 0).sum())
        sentences.append(
            f"With {name} the mean gap over all languages is narrower in {less} of {len(rows)} cells of encoder and "
            f"target and wider in {more}; in the rest the 95 % interval of the change holds zero."
        )
    return sentences


def _of_kind(results: Results, kind: str, values: pd.DataFrame, means: pd.DataFrame, span: tuple) -> Block:
    """Gaps by family, or by script."""
    own = means[means["intermediate"] == BASELINE]
    panels = [(key, rows) for key, rows in parts(own, ["target", *origins(own)]) if rows["mean"].notna().any()]
    pictures, left_out = affordable(
        (key[0], partial(group_dots, rows, "group", _narrowest_first(rows), results.encoders,
                         " · ".join(key), LABEL, span))
        for key, rows in panels
    )  # fmt: skip
    text = ["Without intermediate training, the narrowest gap on top.", *left_out] if pictures else []
    tables = [
        _gap_table(means, kind, results.encoders),
        _change_table(_change_intervals(values), kind, results.encoders),
    ]
    with_rows = [numbers for numbers in tables if numbers.rows]
    return block(f"By {kind}", text, pictures=chain(*pictures.values()), tables=with_rows)


def _narrowest_first(means: pd.DataFrame) -> list[str]:
    return list(means.groupby("group")["mean"].mean().sort_values().index)


def origins(values: pd.DataFrame) -> list[str]:
    """The columns of the source of target training, where there is more than one."""
    several = len(values[["source", "provenance"]].drop_duplicates()) > 1
    return ["source", "provenance"] if several else []


def column_names(key: Sequence[str]) -> list[str]:
    """The columns of a key as tables head them."""
    return ["data" if name == "provenance" else name for name in key]


def _gap_table(means: pd.DataFrame, kind: str, encoders: Sequence[str]) -> Table:
    key = ["target", *origins(means), "intermediate", "group"]
    by_cell = means.set_index([*key, "encoder"])
    rows = []
    for place, group in parts(means, key):
        size = int(group["languages"].max())
        name = cell(place[-1], f"{size} language{'s' * (size != 1)}")
        rows.append([*place[:-1], name, *(_score(by_cell, (*place, encoder)) for encoder in encoders)])
    columns = [*column_names(key[:-1]), kind, *encoders]
    return table(f"Gap by {kind} in points, 95 % interval", columns, rows)


def _change_table(change: pd.DataFrame, kind: str, encoders: Sequence[str]) -> Table:
    key = ["target", *origins(change), "intermediate", "language"]
    by_cell = change.set_index([*key, "encoder"])
    rows = [[*place, *(changed(by_cell, (*place, encoder)) for encoder in encoders)] for place, _ in parts(change, key)]
    columns = [*column_names(key[:-1]), kind, *encoders]
    caption = f"Change of the gap by {kind} in points (negative: it narrows), paired by seed, 95 % interval"
    return table(caption, columns, rows)


def _score(by_cell: pd.DataFrame, place: tuple) -> Cell:
    if place not in by_cell.index or not np.isfinite(by_cell.loc[place, "mean"]):
        return cell("missing", kind="missing")
    row = by_cell.loc[place]
    return cell(wording.points(row["mean"], False), wording.between(row["low"], row["high"]))


def changed(by_cell: pd.DataFrame, place: tuple) -> Cell:
    """The difference at a place of a table of intervals, or `missing`."""
    if place not in by_cell.index or not np.isfinite(by_cell.loc[place, "mean"]):
        return cell("missing", kind="missing")
    return cell(wording.gain(by_cell.loc[place]))
