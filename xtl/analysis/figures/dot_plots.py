"""Dot plots: rows of estimates with their 95 % intervals, a colour and marker for each series in a row."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from xtl.analysis.figures import drawing
from xtl.analysis.figures.drawing import INK, LEADING, MARKERS, PAGE, RULE, SERIES, SOFT, WIDTH, Look, Picture
from xtl.analysis.scores.gains import pooled_gains
from xtl.analysis.scores.tables import BASELINE
from xtl.analysis.wording import decimals, points
from xtl.tasks.catalog import TASKS

DENSE = 150  # marks of a picture from which they stand closer
MEAN_ROW = "mean over targets"
APART = " "  # a group without a name, set apart by a rule
TICK = 5  # pixels of a single seed's tick, and how far below its interval it stands
ESTIMATE = ["mean", "low", "high"]


def gains_by_target(
    gain: pd.DataFrame, pooled: pd.DataFrame, encoders: Sequence[str], most: int | None = None,
    by_seed: pd.DataFrame | None = None,
) -> list[Picture]:  # fmt: skip
    """The gain of every intermediate by target and encoder, the mean over targets set apart on top: a forest plot.

    A panel an intermediate, on one scale. Cells of the same data are hollow and not in the mean.

    gain: gains.intervals of the gains of task scores; pooled: gains.intervals of gains.pooled_gains. most: panels to
    show, those with the largest mean gain of an encoder; then the caption says so. by_seed: the gains of task scores
    themselves (gains.gains), of which every seed becomes a tick below its interval.
    """
    names = list(dict.fromkeys(gain["intermediate"]))
    best = pooled.groupby("intermediate")["mean"].max().reindex(names).sort_values(ascending=False, kind="stable")
    caption = f"The {most} of {len(names)} intermediate tasks with the largest mean gain of an encoder."
    rows = gain.assign(row=gain["target"], hollow=gain["same_data"], group=APART)
    rows = pd.concat([pooled.assign(row=MEAN_ROW, hollow=False, group=""), rows], ignore_index=True)
    rows["series"] = rows["encoder"]
    rows[ESTIMATE] = rows[ESTIMATE].astype(float)  # a table without rows has no type
    ticks = None if by_seed is None else _seeds(by_seed)
    values = [rows["low"], rows["mean"], rows["high"], *([] if ticks is None else [ticks["gain"]])]
    span = drawing.limits(pd.concat([pd.Series([0.0]), *values]))
    caption = caption if most and most < len(names) else ""
    label = f"gain over {BASELINE} in points, 95 % intervals"
    pictures = []
    for name in names:
        if name in best.index[:most]:
            own = rows[rows["intermediate"] == name]
            title = f"Gain of {name} by target"
            what = f"Dot plot of the gain of {name} over {BASELINE} in points"
            look = drawing.looks(encoders)
            seeds = None if ticks is None else ticks[ticks["intermediate"] == name]
            picture = dot_plot(own, look, label, what, title=title, span=span, caption=caption, ticks=seeds)
            pictures.append(picture)
    return pictures


def _seeds(by_seed: pd.DataFrame) -> pd.DataFrame:
    """The gain of every seed by target, and its mean over targets, at the places of `gains_by_target`."""
    means = pooled_gains(by_seed).assign(row=MEAN_ROW, group="")
    table = pd.concat([means, by_seed.assign(row=by_seed["target"], group=APART)], ignore_index=True)
    table = table.assign(series=table["encoder"], gain=table["gain"].astype(float))
    return table.dropna(subset=["gain"])


def encoder_gains(pooled: pd.DataFrame, encoders: Sequence[str]) -> Picture:
    """The mean gain over the grid's targets of every intermediate, a dot an encoder, in one panel.

    pooled: gains.intervals of gains.pooled_gains.
    """
    rows = pooled.assign(row=pooled["intermediate"], series=pooled["encoder"])
    what = f"Dot plot of the mean gain over the grid's targets over {BASELINE} in points"
    return dot_plot(rows, drawing.looks(encoders), f"mean gain over {BASELINE} in points, 95 % intervals", what)


def encoder_differences(table: pd.DataFrame) -> Picture:
    """The difference of the mean gain between two encoders, a row a pair, in one panel.

    table: contrasts.encoder_differences.
    """
    several = table["intermediate"].nunique() > 1
    rows = table.assign(
        row=table["first"] + " − " + table["second"], series="", mean=table["difference"],
        group=table["intermediate"] if several else "",
    )  # fmt: skip
    label = "difference of mean gains in points, 95 % intervals"
    return dot_plot(rows, {"": Look(INK, "o")}, label, f"Dot plot of the {label}")


def improvement_dots(table: pd.DataFrame, encoders: Sequence[str]) -> Picture:
    """The probability of improvement over the baseline in per cent, a dot an encoder, in one panel.

    table: aggregates.table without the baseline's rows.
    """
    rows = table.assign(row=table["intermediate"], series=table["encoder"], mean=100 * table["improvement"])
    rows = rows.assign(low=np.nan, high=np.nan)
    what = f"Dot plot of the probability of improvement over {BASELINE} in per cent"
    label = f"runs that beat {BASELINE} (%)"
    return dot_plot(rows, drawing.looks(encoders), label, what, span=(-3, 103), zero=50.0, number=_unsigned)


def group_dots(
    table: pd.DataFrame, group: str, order: Sequence[str], encoders: Sequence[str], title: str, label: str,
    x_range: tuple[float, float], digits: int = 1,
) -> Picture:  # fmt: skip
    """Mean and 95 % interval of every group (a family, a language) of one target, a dot an encoder, in one panel.

    table: columns `group`, encoder, mean, low, high. order: groups from top to bottom. digits: in the alternative text.
    """
    rows = _ordered(table.assign(series=table["encoder"]), group, order).assign(group="")
    means = rows.groupby("row", sort=False)["mean"].mean().dropna()
    words = ", ".join(f"{name} {decimals(mean, digits)}" for name, mean in means.items())
    number = f"{len(encoders)} encoders" if len(encoders) > 1 else " ".join(encoders)
    what = f"Dot plot, {title}: {label} by {group}, mean of {number}"
    return dot_plot(rows, drawing.looks(encoders), label, what, title=title, span=x_range, words=words or "missing")


def arm_scores(
    table: pd.DataFrame, rows: str, encoders: Sequence[str], order: Sequence[str], title: str, label: str,
    x_range: tuple[float, float] | None = None,
) -> Picture:  # fmt: skip
    """Scores of one encoder by language or target, a mark an intermediate, hollow for the baseline.

    In one panel, so that it is tall where there are many languages.

    table: gains.intervals of scores. rows: the column `language` or `target`. order: of the rows from top to bottom.
    """
    colour = drawing.palette(encoders)[table.iloc[0]["encoder"]]
    arms = sorted(set(table["intermediate"]), key=lambda name: (name != BASELINE, name))
    looks = {name: Look(colour, MARKERS[i % len(MARKERS)], name != BASELINE) for i, name in enumerate(arms)}
    spans = table.groupby("intermediate", sort=False)["mean"].agg(["min", "max"]).dropna()
    words = "; ".join(f"{r.Index} {_unsigned(r.min)} to {_unsigned(r.max)}" for r in spans.itertuples())
    ordered = _ordered(table.assign(series=table["intermediate"]), rows, order)
    what = f"Dot plot, {title}: {label} by {rows}"
    return dot_plot(ordered, looks, label, what, title=title, span=x_range, zero=None, words=words)


def run_scores(scores: pd.DataFrame) -> list[Picture]:
    """The scores of one run by language, a panel a target and metric; hollow are languages that were trained on.

    scores: rows of scores.parquet.
    """
    rows = scores[scores["headline"]].assign(row=scores["language"], series="", mean=scores["value"], low=np.nan)
    rows = rows.assign(high=np.nan, hollow=~rows["zero_shot"].astype(bool))
    pictures = []
    for (target, metric), part in rows.groupby(["target", "metric"], sort=False):
        if metric in TASKS[target].score:
            picture = dot_plot(
                part, {"": Look(SERIES[0], "o")}, f"{metric} (points)",
                f"Dot plot of {target}, {metric} in points by language", title=str(target), span=(0, 100), zero=None,
                number=_unsigned, hollow="not zero-shot",
            )  # fmt: skip
            pictures.append(picture)
    return pictures


def forest(
    table: pd.DataFrame, kinds: Sequence[str], title: str, label: str, x_range: tuple[float, float], what: str
) -> Picture:
    """Estimates of several kinds in every row about a line at zero, in one panel.

    table: columns row, kind, estimate, low, high. x_range: of the axis; an interval that leaves it ends in an arrow.
    """
    looks = (Look(SERIES[0], "o"), Look(SERIES[1], "s", False, "--"), Look(SERIES[2], "^", True, ":"))
    rows = table.assign(series=table["kind"], mean=table["estimate"])
    series = dict(zip(kinds, looks, strict=False))
    return dot_plot(rows, series, label, what, title=title, span=x_range, number=decimals)


def shared_range(tables: Sequence[pd.DataFrame], main: str) -> tuple[float, float]:
    """An axis for several forests: all estimates and the intervals of the kind `main`, wider ones are cut."""
    every = pd.concat(list(tables)) if len(tables) else pd.DataFrame(columns=["kind", "estimate", "low", "high"])
    own = every[every["kind"] == main]
    low, high = drawing.limits(pd.concat([every["estimate"], own["low"], own["high"], pd.Series([0.0])]), 0.15)
    reach = pd.concat([every["low"], every["high"]]).astype(float).dropna()
    if reach.empty:
        return low, high
    room = 0.4 * (high - low)
    return min(low, max(float(reach.min()), low - room)), max(high, min(float(reach.max()), high + room))


def _unsigned(value: float) -> str:
    return points(value, signed=False)


def _ordered(table: pd.DataFrame, column: str, order: Sequence[str]) -> pd.DataFrame:
    """The table in an order of the values of a column, which become its rows."""
    rank = {name: i for i, name in enumerate(order)}
    return table.assign(row=table[column]).sort_values("row", key=lambda names: names.map(rank), kind="stable")


# --- drawing ---


@drawing.style()
def dot_plot(
    table: pd.DataFrame, series: Mapping[str, Look], label: str, what: str, *, title: str = "",
    span: tuple[float, float] | None = None, zero: float | None = 0.0, number: Callable[[float], str] = points,
    hollow: str = "same data", words: str = "", caption: str = "", ticks: pd.DataFrame | None = None,
) -> Picture:  # fmt: skip
    """The picture of some estimates, 360 pixels wide: rows as they come, series one below the other in each.

    table: columns row, series, mean (NaN: missing), low, high (NaN: no interval) and maybe hollow and group, whose name
    stands above its rows. series: their looks, in order. span: of the axis, default that of the values. zero: where a
    line marks no effect. hollow: what hollow marks mean. what, words: the alternative text; default: every estimate.
    ticks: columns group, row, series and gain: single values (seeds) that stand as ticks below their interval.
    """
    table = table.assign(**{name: value for name, value in (("hollow", False), ("group", "")) if name not in table})
    dense = len(table) > DENSE
    step = 5 if dense else 12
    depth = 4 + max(step * len(series) + (0 if dense else 4), 10)
    rows = table[["group", "row"]].drop_duplicates()
    group = rows["group"].ne(rows["group"].shift()) & rows["group"].ne("")
    spaces = group * np.where(rows["group"] == APART, 6, LEADING)
    bottoms = (spaces + depth).cumsum()
    centres = {(r.group, r.row): bottom - depth / 2 for r, bottom in zip(rows.itertuples(), bottoms, strict=True)}
    height = float(bottoms.max()) if len(bottoms) else depth
    names = [drawing.fitted(name, 0.45 * WIDTH) for name in rows["row"]]
    keys = [look.key(name) for name, look in series.items()] if len(series) > 1 else []
    if table["hollow"].any():
        keys.append(Look(SOFT, "o", filled=False).key(hollow, line=False))
    if ticks is not None and len(ticks):
        keys.append(Look(SOFT, "|").key("one seed", line=False))
        what += " with every seed as a tick"
    figure, axes = drawing.panel(height, drawing.widest(names) + 14, title=title, label=label, keys=keys)
    span = span or drawing.limits(table[["mean", "low", "high"]].assign(zero=zero).astype(float).stack())
    axes.set(xlim=span, ylim=(height, 0))
    axes.set_yticks(list(centres.values()), names)
    axes.locator_params(axis="x", nbins=5)
    if zero is not None:
        axes.axvline(zero, color=SOFT, linewidth=1, zorder=1)
    for name, bottom in zip(rows["group"][group], bottoms[group] - depth, strict=True):
        _heading(axes, name.strip(), bottom)
    for i, (name, look) in enumerate(series.items()):
        own = table[table["series"] == name]
        offset = (i - (len(series) - 1) / 2) * step
        middles = np.array([centres[r.group, r.row] for r in own.itertuples()])
        _marks(axes, own.assign(y=middles + offset), look, 4 if dense else 6, zero)
        if ticks is not None:
            single = ticks[ticks["series"] == name]
            heights = [centres[r.group, r.row] + offset + (0 if dense else TICK) for r in single.itertuples()]
            axes.plot(single["gain"], heights, "|", color=look.colour, markersize=TICK, zorder=3, clip_on=False)
    words = words or "; ".join(_words(r, number) for r in table.itertuples())
    return Picture(figure, f"{what}: {words}.", caption)


def _words(row, number: Callable[[float], str]) -> str:
    """An estimate with its place and its interval."""
    place = ", ".join(name for name in (row.group.strip(), row.row, row.series) if name)
    if not np.isfinite(row.mean):
        return f"{place} missing"
    interval = f" ({number(row.low)} to {number(row.high)})" if row.high > row.low else ""
    return f"{place} {number(row.mean)}{interval}"


def _heading(axes: Axes, name: str, y: float) -> None:
    """A rule above a group of rows, and its name below the rule."""
    left = -axes.get_position().x0 / axes.get_position().width
    place = axes.get_yaxis_transform()
    axes.plot([left, 1], [y - (LEADING - 1 if name else 3)] * 2, color=RULE, lw=1, clip_on=False, transform=place)
    axes.text(left, y - 3, name, weight="bold", transform=place)


def _marks(axes: Axes, rows: pd.DataFrame, look: Look, size: float, zero: float | None) -> None:
    """The intervals and marks of one series at their heights `y`; what is missing says so."""
    low, high = axes.get_xlim()
    style: dict[str, Any] = dict(color=look.colour, linestyle="none", markersize=size, zorder=3, clip_on=False)
    present = rows[np.isfinite(rows["mean"])]
    bars = present[np.isfinite(present["low"])]
    ends = np.column_stack([bars["low"].clip(low, high), bars["high"].clip(low, high), np.full(len(bars), np.nan)])
    axes.plot(ends.ravel(), bars["y"].repeat(3), color=look.colour, linewidth=2, linestyle=look.line, zorder=2)
    for arrow, x, cut in (("<", low, bars[bars["low"] < low]), (">", high, bars[bars["high"] > high])):
        axes.plot([x] * len(cut), cut["y"], arrow, **style)
    for hollow, marks in present.groupby("hollow"):
        face = PAGE if hollow else look.face
        axes.plot(marks["mean"].clip(low, high), marks["y"], look.marker, markerfacecolor=face, **style)
    x = low if zero is None else zero
    left = x > low + 0.7 * (high - low)
    where: dict[str, Any] = dict(xytext=(-5 if left else 5, 0), ha="right" if left else "left", va="center")
    for y in rows.loc[~np.isfinite(rows["mean"]), "y"]:
        axes.annotate("missing", (x, y), textcoords="offset points", size=10, color=SOFT, **where)
