"""A forest plot: estimates with their intervals, several kinds of estimate side by side in every row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D

from xtl.analysis.figures import drawing
from xtl.analysis.figures.drawing import GREY, Picture

# Kinds of estimate in order: marker, whether it is filled, and its line. No colour is needed to tell them apart.
LOOKS = (("o", True, "-"), ("s", False, "--"), ("^", True, ":"))


def forest(
    table: pd.DataFrame, kinds: Sequence[str], title: str, label: str, x_range: tuple[float, float], alt: str
) -> Picture:
    """Rows of estimates with intervals about a line at zero, one mark a kind.

    table: columns row, kind, estimate, low, high; rows stand in the order of their first appearance. x_range: the
    axis; an interval that leaves it ends in an arrowhead. A row without an estimate of a kind says `missing`. alt: the
    beginning of the alternative text, which the estimates follow.
    """
    names = list(dict.fromkeys(table["row"]))
    colours = list(drawing.palette(kinds).values())
    with drawing.style():
        left, height = 0.25 + 0.075 * drawing.longest(names), 0.24 * len(names) * (len(kinds) + 0.6)
        figure, axes = drawing.canvas(1, 1, (max(4.3 - left, 1.8), max(height, 0.6)), left=left, top=0.62)
        axis = axes[0, 0]
        axis.set(ylim=(len(names) - 0.5, -0.5), xlim=x_range, xlabel=label)
        axis.axvline(0, color="#444444", linewidth=1, zorder=1)
        for row in table.itertuples():
            kind = list(kinds).index(row.kind)
            marker, filled, line = LOOKS[kind % len(LOOKS)]
            y = names.index(row.row) + (kind - (len(kinds) - 1) / 2) * 0.7 / max(len(kinds), 1)
            if not np.isfinite(row.estimate):
                axis.text(np.clip(0, *x_range), y, " missing", color=GREY, va="center", fontsize=8)
                continue
            if np.isfinite(row.low):
                _interval(axis, row.low, row.high, y, x_range, color=colours[kind], linestyle=line)
            look = dict(color=colours[kind], markerfacecolor=colours[kind] if filled else "white", zorder=3)
            axis.plot(np.clip(row.estimate, *x_range), y, marker, markersize=6, **look)
        axis.set_yticks(range(len(names)), names)
        axis.locator_params(axis="x", nbins=5)
        axis.set_title(title, pad=24)
        handles = []
        for kind, colour in zip(kinds, colours, strict=True):
            marker, filled, line = LOOKS[list(kinds).index(kind) % len(LOOKS)]
            face = colour if filled else "white"
            handles.append(
                Line2D([], [], color=colour, marker=marker, markerfacecolor=face, linestyle=line, label=kind)
            )
        place = dict(loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False, columnspacing=1.2, borderaxespad=0.2)
        axis.legend(handles=handles, ncols=len(kinds), **place)
    return Picture(figure, f"{alt}: {_words(table)}.")


def _interval(axis, low: float, high: float, y: float, x_range: tuple[float, float], **look) -> None:
    """A horizontal line, with an arrowhead where it goes on beyond the axis."""
    shown = np.clip([low, high], *x_range)
    axis.plot(shown, [y, y], linewidth=2, zorder=2, **look)
    for beyond, marker, x in ((low < x_range[0], "<", shown[0]), (high > x_range[1], ">", shown[1])):
        if beyond:
            axis.plot(x, y, marker, color=look["color"], markersize=6, zorder=3, clip_on=False)


def _words(table: pd.DataFrame) -> str:
    """Every estimate with its interval, for those who cannot see the figure."""
    words = []
    for row in table.itertuples():
        text = "missing" if not np.isfinite(row.estimate) else f"{row.estimate:.2f}"
        words.append(
            f"{row.row}, {row.kind} {text}" + (f" ({row.low:.2f} to {row.high:.2f})" if row.low == row.low else "")
        )
    return "; ".join(words).replace("-", "−")


def shared_range(tables: Sequence[pd.DataFrame], main: str) -> tuple[float, float]:
    """An axis for several forests: all estimates and the intervals of the kind `main`, wider ones are cut."""
    every = pd.concat(list(tables)) if len(tables) else pd.DataFrame(columns=["kind", "estimate", "low", "high"])
    own = every[every["kind"] == main]
    ends = pd.concat([every["estimate"], own["low"], own["high"], pd.Series([0.0])]).astype(float)
    low, high = drawing.limits(ends, 0.15)
    wide = high - low
    reach = pd.concat([every["low"], every["high"]]).astype(float)
    low = min(low, max(reach.min(), low - 0.4 * wide)) if reach.notna().any() else low
    high = max(high, min(reach.max(), high + 0.4 * wide)) if reach.notna().any() else high
    return float(low), float(high)
