"""Figures of gains and of retrieval layers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from xtl.analysis import drawing
from xtl.analysis.drawing import GREY, Picture, style
from xtl.analysis.tables import BASELINE
from xtl.analysis.wording import points

MISSING, HATCH = "#d9d9d9", dict(hatch="////", edgecolor="#777777")


def gain_dots(table: pd.DataFrame, encoders: Sequence[str]) -> Picture:
    """Headline: the gain over the baseline per target and intermediate, a dot and a 95 % interval for each encoder.

    table: gains.intervals of the gains of task scores. Cells of the same data are hollow; a cell without a gain says
    so at the zero line.
    """
    colours, marks = drawing.palette(encoders), drawing.markers(encoders)
    rows = list(dict.fromkeys(zip(table["target"], table["intermediate"], strict=True)))
    one = len({intermediate for _, intermediate in rows}) == 1
    names = [target if one else f"{target} · {name}" for target, name in rows]
    with style():
        left, height = 0.25 + 0.075 * drawing.longest(names), 0.23 * len(rows) * (len(encoders) + 0.8)
        figure, axes = drawing.canvas(1, 1, (4.3 - left, height), left=left, top=0.4)
        axis = axes[0, 0]
        for row in table.itertuples():
            shift = (list(encoders).index(row.encoder) - (len(encoders) - 1) / 2) * 0.72 / len(encoders)
            y, colour = rows.index((row.target, row.intermediate)) + shift, colours[row.encoder]
            if not np.isfinite(row.mean):
                axis.text(0, y, " missing", color=GREY, va="center", fontsize=8)
                continue
            if np.isfinite(row.low):
                axis.plot([row.low, row.high], [y, y], color=colour, linewidth=2, solid_capstyle="butt", zorder=2)
            face = "white" if row.same_data else colour
            axis.plot(row.mean, y, marks[row.encoder], color=colour, markerfacecolor=face, markersize=6, zorder=3)
        axis.axvline(0, color="#444444", linewidth=1, zorder=1)
        axis.set_yticks(range(len(rows)), names)
        axis.set(ylim=(len(rows) - 0.5, -0.5))
        axis.set_xlabel(f"gain {f'of {rows[0][1]} ' if one else ''}over {BASELINE} (points)")
        handles = [Line2D([], [], color=colours[e], marker=marks[e], linewidth=2, label=e) for e in encoders]
        if table["same_data"].any():
            hollow = dict(color=GREY, marker="o", markerfacecolor="white", linewidth=0)
            handles.append(Line2D([], [], label="same data", **hollow))
        drawing.legend(figure, handles, "top")
    words = [
        f"{r.encoder} {r.target} {r.intermediate} {points(r.mean) if np.isfinite(r.mean) else 'missing'}"
        for r in table.itertuples()
    ]
    return Picture(figure, f"Dot plot of the gain over {BASELINE} in points, 95 % intervals: {'; '.join(words)}.")


def gain_map(
    table: pd.DataFrame, rows: str, columns: str, title: str, limit: float, order: Sequence[str]
) -> Picture:  # fmt: skip
    """Heat map of mean gains (columns `gain`, `same_data` and optionally `significant`) over `rows` × `columns`.

    limit: the colours run from −limit to +limit points, so that maps of one report compare. Cells of the same data
    are hatched, significant ones bold and boxed, missing ones grey with a dash, and what the table has no row for (a
    language that the target does not have) is blank. order: the rows from top to bottom.
    """
    names = list(dict.fromkeys(table[columns]))
    cells = table.set_index([rows, columns])
    wide = cells["gain"].astype(float).unstack(columns).reindex(index=list(order), columns=names)
    same_data = bool(table["same_data"].any())
    tilted = drawing.longest(names) > 8
    size = 0.72 * max(len(names), 2), 0.27 * max(len(wide), 2)
    with style():
        bottom = (0.75 if tilted else 0.3) + 0.3 * same_data
        left = 0.15 + 0.08 * drawing.longest(order)
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
        if same_data:
            twice = Patch(facecolor="white", label="trained on the same data twice", **HATCH)
            drawing.legend(figure, [twice], "bottom")
    known = table["gain"].dropna()
    span = f", from {points(known.min())} to {points(known.max())}" if len(known) else ""
    return Picture(
        figure,
        f"Heat map, {title}: gain over {BASELINE} in points for {len(wide)} rows ({rows}) and {len(names)} columns "
        f"({columns}){span}; {len(table) - len(known)} cells missing.",
    )


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
