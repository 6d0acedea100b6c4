"""Figures of gains and of retrieval layers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from xtl.analysis.figures import drawing
from xtl.analysis.figures.drawing import GREY, Picture, style
from xtl.analysis.scores.tables import BASELINE
from xtl.analysis.wording import points

DOTS = 60  # of gains in one picture
MISSING, HATCH = "#d9d9d9", dict(hatch="////", edgecolor="#777777")


def gain_dots(table: pd.DataFrame, encoders: Sequence[str]) -> list[Picture]:
    """Headline: the gain over the baseline per target and intermediate, a dot and a 95 % interval for each encoder.

    table: gains.intervals of the gains of task scores. Cells of the same data are hollow; a cell without a gain says
    so at the zero line. One picture for about DOTS dots, all on one scale; targets stay whole.
    """
    only = set(table["intermediate"])
    names = table["target"] if len(only) == 1 else table["target"] + " · " + table["intermediate"]
    shown = table.assign(row=names, said=table["target"] + " " + table["intermediate"])
    axis = f"gain of {min(only)} over {BASELINE} (points)" if len(only) == 1 else f"gain over {BASELINE} (points)"
    what = f"gain over {BASELINE} in points, 95 % intervals"
    targets = list(dict.fromkeys(shown["target"]))
    count = min(-(-len(shown) // DOTS), len(targets))
    if count < 2:
        return [_dots(shown, encoders, axis, what)]
    span = drawing.limits(shown[["low", "high", "mean"]].stack())
    each = [shown[shown["target"].isin(part)] for part in np.array_split(targets, count)]
    return [_dots(part, encoders, axis, what, span=span) for part in each]


def encoder_gains(table: pd.DataFrame, encoders: Sequence[str]) -> Picture:
    """The mean gain over the grid's targets of every intermediate, a dot and a 95 % interval for each encoder.

    table: gains.intervals of gains.pooled_gains.
    """
    what = f"mean gain over the grid's targets over {BASELINE} in points, 95 % intervals"
    shown = table.assign(row=table["intermediate"], said=table["intermediate"])
    return _dots(shown, encoders, f"mean gain over {BASELINE} (points)", what)


def improvement_dots(table: pd.DataFrame, encoders: Sequence[str]) -> Picture:
    """The probability of improvement over the baseline in per cent, a dot and its interval for each encoder.

    table: aggregates.table without the baseline's rows.
    """
    columns = {"mean": "improvement", "low": "improvement_low", "high": "improvement_high"}
    percent = {name: 100 * table[column] for name, column in columns.items()}
    shown = table.assign(row=table["intermediate"], said=table["intermediate"], same_data=False, **percent)
    axis = f"runs that beat {BASELINE} (%)"
    return _dots(
        shown, encoders, axis, f"probability of improvement over {BASELINE} in per cent", 50.0, (0, 100), False
    )


def _dots(
    table: pd.DataFrame, encoders: Sequence[str], axis_label: str, what: str, zero: float = 0.0,
    span: tuple[float, float] | None = None, signed: bool = True,
) -> Picture:  # fmt: skip
    """Rows of dots with intervals, one for each encoder.

    table: row (its name at the axis), said (its name in the alt text), encoder, mean, low, high and maybe same_data.
    zero: where a line marks no effect, and where what is missing says so. span: of the axis; default: of the values.
    """
    colours, marks = drawing.palette(encoders), drawing.markers(encoders)
    names = list(dict.fromkeys(table["row"]))
    hollow = table["same_data"].astype(bool) if "same_data" in table else pd.Series(False, table.index)
    with style():
        left, height = 0.25 + 0.075 * drawing.longest(names), 0.23 * len(names) * (len(encoders) + 0.8)
        lines = drawing.legend_columns([*encoders, *(["same data"] if hollow.any() else [])], 4.4)[1]
        figure, axes = drawing.canvas(1, 1, (4.3 - left, max(height, 0.7)), left=left, top=0.2 + 0.2 * lines)
        axis = axes[0, 0]
        for row, same in zip(table.itertuples(), hollow, strict=True):
            shift = (list(encoders).index(row.encoder) - (len(encoders) - 1) / 2) * 0.72 / len(encoders)
            y, colour = names.index(row.row) + shift, colours[row.encoder]
            if not np.isfinite(row.mean):
                axis.text(zero, y, " missing", color=GREY, va="center", fontsize=8)
                continue
            if np.isfinite(row.low):
                axis.plot([row.low, row.high], [y, y], color=colour, linewidth=2, solid_capstyle="butt", zorder=2)
            face = "white" if same else colour
            axis.plot(row.mean, y, marks[row.encoder], color=colour, markerfacecolor=face, markersize=6, zorder=3)
        axis.axvline(zero, color="#444444", linewidth=1, zorder=1)
        axis.set_yticks(range(len(names)), names)
        axis.set(ylim=(len(names) - 0.5, -0.5), xlabel=axis_label)
        if span:
            axis.set_xlim(span[0] - 0.03 * (span[1] - span[0]), span[1] + 0.03 * (span[1] - span[0]))
        handles = [Line2D([], [], color=colours[e], marker=marks[e], linewidth=2, label=e) for e in encoders]
        if hollow.any():
            look = dict(color=GREY, marker="o", markerfacecolor="white", linewidth=0)
            handles.append(Line2D([], [], label="same data", **look))
        drawing.legend(figure, handles, "top")
    words = [
        f"{r.encoder} {r.said} {points(r.mean, signed) if np.isfinite(r.mean) else 'missing'}"
        + (f" ({points(r.low, signed)} to {points(r.high, signed)})" if r.high > r.low else "")
        for r in table.itertuples()
    ]
    return Picture(figure, f"Dot plot of the {what}: {'; '.join(words)}.")


def gain_map(
    table: pd.DataFrame, rows: str, columns: str, title: str, limit: float, order: Sequence[str]
) -> Picture:  # fmt: skip
    """Heat map of mean gains (columns `gain`, `same_data` and optionally `significant`) over `rows` × `columns`.

    limit: the colours run from −limit to +limit points, so that maps of one report compare. Cells of the same data
    are hatched, significant ones bold and boxed (gains.corrected), missing ones grey with a dash, and what the table
    has no row for (a language that the target does not have) is blank; a legend says so where there are such cells.
    order: the rows from top to bottom.
    """
    names = list(dict.fromkeys(table[columns]))
    cells = table.set_index([rows, columns])
    wide = cells["gain"].astype(float).unstack(columns).reindex(index=list(order), columns=names)
    keys = _map_keys(table)
    left = 0.15 + 0.08 * drawing.longest(order)
    column = float(np.clip((4.6 - 1.0 - left) / max(len(names), 2), 0.42, 0.72))  # a phone shows about 4.6 inches
    tilted = 0.09 * drawing.longest(names) > column
    size = column * max(len(names), 2), 0.27 * max(len(wide), 2)
    with style():
        bottom = (0.2 + 0.055 * drawing.longest(names) if tilted else 0.3) + 0.22 * len(keys) + 0.08 * bool(keys)
        figure, axes = drawing.canvas(1, 1, size, left=left, right=1.0, bottom=bottom)
        axis, (width, height) = axes[0, 0], figure.get_size_inches()
        bar = figure.add_axes(((width - 0.85) / width, bottom / height, 0.12 / width, min(1.8, size[1]) / height))
        axis.grid(False)
        look = dict(cmap="RdBu", center=0, vmin=-limit, vmax=limit, linewidths=1, linecolor="white")
        sns.heatmap(wide, ax=axis, cbar_ax=bar, cbar_kws={"label": "gain (points)"}, **look)
        for (row, column), cell in cells.iterrows():
            if row in wide.index:
                _map_cell(axis, names.index(column), wide.index.get_loc(row), cell, limit)
        axis.set(xlabel="", ylabel="", title=title)
        axis.tick_params(axis="y", rotation=0, length=0)
        axis.tick_params(axis="x", rotation=35 if tilted else 0, length=0)
        if keys:
            drawing.legend(figure, keys, "bottom", columns=1)
    known = table["gain"].dropna()
    span = f", from {points(known.min())} to {points(known.max())}" if len(known) else ""
    return Picture(
        figure,
        f"Heat map, {title}: gain over {BASELINE} in points for {len(wide)} rows ({rows}) and {len(names)} columns "
        f"({columns}){span}; {len(table) - len(known)} cells missing{_said(table, rows, columns)}.",
    )


def _map_keys(table: pd.DataFrame) -> list[Patch]:
    """What the marks of a heat map mean, for those that it has."""
    keys = []
    if "significant" in table and table["significant"].any():
        box = dict(facecolor="white", edgecolor="black", linewidth=1.3)
        keys.append(Patch(label="not zero (false discovery rate 5 %)", **box))
    if table["same_data"].any():
        keys.append(Patch(facecolor="white", label="trained on the same data twice", **HATCH))
    if table["gain"].isna().any():
        keys.append(Patch(facecolor=MISSING, label="missing"))
    return keys


def _said(table: pd.DataFrame, rows: str, columns: str, most: int = 12) -> str:
    """For the alt text of a heat map: its significant cells, by name up to `most`, and those of the same data."""
    words = ""
    if "significant" in table and table["significant"].any():
        cells = table[table["significant"].astype(bool)]
        named = [f"{row[rows]} {row[columns]} {points(row['gain'])}" for _, row in cells.iterrows()]
        more = f" and {len(named) - most} more" if len(named) > most else ""
        words += f"; not zero at a false discovery rate of 5 %: {', '.join(named[:most])}{more}"
    same = int(table["same_data"].sum())
    return words + (f"; {same} trained on the same data twice" if same else "")


def _map_cell(axis, x: int, y: int, cell: pd.Series, limit: float) -> None:
    """The number of one cell of a heat map, with its hatching and its box; grey with a dash where it is missing."""
    value, same, strong = cell["gain"], bool(cell["same_data"]), bool(cell.get("significant", False))
    if not np.isfinite(value):
        axis.add_patch(Rectangle((x + 0.02, y + 0.04), 0.96, 0.92, facecolor=MISSING, linewidth=0))
    if same:
        axis.add_patch(Rectangle((x, y), 1, 1, fill=False, linewidth=0, **HATCH))
    if strong:
        axis.add_patch(Rectangle((x + 0.04, y + 0.06), 0.92, 0.88, fill=False, edgecolor="black", linewidth=1.3))
    # on hatching the number needs a light ground to be read
    ground = dict(boxstyle="round,pad=0.12", facecolor="white", edgecolor="none", alpha=0.85) if same else None
    colour = "white" if not same and abs(value) > 0.65 * limit else "#222222"
    look = dict(ha="center", va="center", fontsize=8.5, color=colour, fontweight="bold" if strong else "normal")
    axis.text(x + 0.5, y + 0.5, points(value), bbox=ground, **look)


def layer_curves(curves: pd.DataFrame, encoders: Sequence[str], y_range: tuple[float, float] | None = None) -> Picture:
    """Retrieval score by layer, the mean over languages and seeds, facets target × encoder.

    curves: as tables.layer_curves. Colour: pooling; line style: intermediate; the ring is the recipe's layer.
    """
    key = ["target", "encoder", "intermediate", "pooling", "layer"]
    means = curves.groupby(key, sort=False).agg(score=("score", "mean"), headline=("headline", "any")).reset_index()
    poolings, styles = list(dict.fromkeys(means["pooling"])), list(dict.fromkeys(means["intermediate"]))
    colours = dict(zip(poolings, sns.color_palette("colorblind", len(poolings)), strict=True))
    with style():
        lines = -(-(len(poolings) + len(styles)) // 2)  # of the legend, two entries in each
        figure, facets = drawing.facets(means, encoders, (2.6, 2.4), bottom=0.6 + 0.2 * lines)
        for axis, target, _, here in facets:
            sns.lineplot(
                here, x="layer", y="score", ax=axis, hue="pooling", palette=colours, style="intermediate",
                style_order=styles, markers=True, errorbar=None,
            )  # fmt: skip
            rings = here[here["headline"].astype(bool)]
            ring = dict(markersize=11, markerfacecolor="none", markeredgecolor="#222222")
            axis.plot(rings["layer"], rings["score"], "o", **ring)
            axis.set(xlabel="layer (0 = embeddings)", ylabel=drawing.unit(target))
            if y_range:
                axis.set_ylim(y_range)
            axis.xaxis.get_major_locator().set_params(integer=True)
            handles, labels = axis.get_legend_handles_labels()
            axis.get_legend().remove()
        known = {*poolings, *styles}  # seaborn lists the names of the two variables as entries, too
        drawing.legend(
            figure, [h for h, label in zip(handles, labels, strict=True) if label in known], "bottom", columns=2
        )
    best = means.loc[means.groupby(["target", "encoder"], sort=False)["score"].idxmax().dropna()]
    words = [
        f"{r.target} {r.encoder} best {points(r.score, False)} at layer {r.layer}, {r.pooling}"
        for r in best.itertuples()
    ]
    return Picture(figure, f"Retrieval score by layer and pooling: {'; '.join(words)}.")
