"""Figures with a row a family, script or language: dots with intervals by encoder, and source × language matrices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from xtl.analysis.figures import drawing
from xtl.analysis.figures.drawing import GREY, Picture
from xtl.analysis.wording import DASH, decimals, points

WIDTH = 4.5  # inches, so that the letters stay readable on a phone


def group_dots(
    table: pd.DataFrame, group: str, order: Sequence[str], encoders: Sequence[str], title: str, label: str,
    x_range: tuple[float, float], digits: int = 1,
) -> Picture:  # fmt: skip
    """Mean and 95 % interval of every group, a dot an encoder, of one target and arm.

    table: columns `group`, encoder, mean, low, high. order: groups from top to bottom. A group without a value says so.
    """
    colours, marks = drawing.palette(encoders), drawing.markers(encoders)
    order = [name for name in order if name in set(table[group])]
    with drawing.style():
        left, height = 0.25 + 0.08 * drawing.longest(order), max(len(order), 2) * (0.1 + 0.12 * len(encoders))
        top = 0.35 + 0.2 * drawing.legend_columns(encoders, WIDTH)[1]
        figure, axes = drawing.canvas(1, 1, (WIDTH - 0.1 - left, height), left=left, top=top)
        axis = axes[0, 0]
        for row in table.itertuples():
            shift = (list(encoders).index(row.encoder) - (len(encoders) - 1) / 2) * 0.72 / len(encoders)
            y, colour = order.index(getattr(row, group)) + shift, colours[row.encoder]
            if not np.isfinite(row.mean):
                where = dict(transform=axis.get_yaxis_transform(), va="center", fontsize=8, color=GREY)
                axis.text(0.01, y, "missing", **where)
                continue
            if np.isfinite(row.low):
                axis.plot([row.low, row.high], [y, y], color=colour, linewidth=2, solid_capstyle="butt", zorder=2)
            axis.plot(row.mean, y, marks[row.encoder], color=colour, markersize=6, zorder=3)
        if x_range[0] < 0 < x_range[1]:
            axis.axvline(0, color="#444444", linewidth=1, zorder=1)
        axis.set_yticks(range(len(order)), order)
        axis.set(ylim=(len(order) - 0.5, -0.5), xlim=x_range, xlabel=label)
        axis.set_title(title)
        handles = [Line2D([], [], color=colours[e], marker=marks[e], linewidth=2, label=e) for e in encoders]
        drawing.legend(figure, handles, "top")
    means = table.groupby(group)["mean"].mean()
    words = [f"{name} {decimals(means[name], digits)}" for name in order if np.isfinite(means[name])]
    number = f"{len(encoders)} encoders" if len(encoders) > 1 else encoders[0] if len(encoders) else "no encoder"
    return Picture(figure, f"Dot plot, {title}: {label} by {group}, mean of {number}: {', '.join(words) or 'missing'}.")


def source_matrix(table: pd.DataFrame, order: Sequence[str], title: str, limits: tuple[float, float]) -> Picture:
    """Heat map of scores, target languages as rows and sources of the training data as columns.

    table: sources.matrix of one encoder, target and arm. A source's own language is boxed (not zero-shot), a missing
    score is a dash on grey. limits: of the colours, common to the maps of a report.
    """
    labels = list(dict.fromkeys(table["label"]))
    cells = table.set_index(["language", "label"])
    wide = cells["mean"].astype(float).unstack("label")
    wide = wide.reindex(index=[code for code in order if code in wide.index], columns=labels)
    tilted = drawing.longest(labels) > 6
    with drawing.style():
        left, bottom = 0.2 + 0.08 * drawing.longest(wide.index), 0.85 if tilted else 0.5
        size = min(0.62 * max(len(labels), 2), WIDTH - left - 0.1), 0.25 * max(len(wide), 2)
        figure, axes = drawing.canvas(1, 1, size, left=left, bottom=bottom)
        axis = axes[0, 0]
        axis.grid(False)
        axis.set_facecolor("#d9d9d9")
        sns.heatmap(wide, ax=axis, cbar=False, cmap="YlGnBu", vmin=limits[0], vmax=limits[1], linewidths=1)
        for (code, label), cell in cells.iterrows():
            x, y = labels.index(label), wide.index.get_loc(code)
            dark = np.isfinite(cell["mean"]) and cell["mean"] > limits[0] + 0.6 * (limits[1] - limits[0])
            ink = "white" if dark else "#222222"
            if code == cell["source"]:
                box = dict(fill=False, edgecolor=ink, linewidth=1.3)
                axis.add_patch(Rectangle((x + 0.06, y + 0.1), 0.88, 0.8, **box))
            look = dict(ha="center", va="center", fontsize=8.5, color=ink)
            axis.text(x + 0.5, y + 0.5, points(cell["mean"], False), **look)
        axis.set(xlabel="training data in", ylabel="", title=title)
        axis.tick_params(axis="y", rotation=0, length=0)
        axis.tick_params(axis="x", rotation=35 if tilted else 0, length=0)
    means = wide.mean()
    words = [f"{label} {points(means[label], False)}" for label in labels if np.isfinite(means[label])]
    return Picture(
        figure,
        f"Heat map, {title}: score in points for {len(wide)} target languages and {len(labels)} sources of training "
        f"data; mean over languages by source: {', '.join(words) or DASH}.",
    )
