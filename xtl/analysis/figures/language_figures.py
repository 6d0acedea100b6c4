"""Figures with one mark a language: scores, and scores and gains against the distance from the source."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.lines import Line2D

from xtl.analysis.figures import drawing
from xtl.analysis.figures.drawing import GREY, Picture
from xtl.analysis.scores.tables import BASELINE
from xtl.analysis.wording import decimals, p_value, points

AXES = {"distance": "distance from the source (0–1)", "similarity": "similarity to the source (0–1)"}
CLEAR = 0.035  # the least distance of a code from other marks, as a share of the data range
# Where a language's code can stand: shift as a share of the data range, alignments, and shift in typographic points.
SIDES = (
    ((0.07, 0.0), dict(ha="left", va="center", xytext=(5, 0))),
    ((-0.07, 0.0), dict(ha="right", va="center", xytext=(-5, 0))),
    ((0.0, 0.08), dict(ha="center", va="bottom", xytext=(0, 4))),
    ((0.0, -0.08), dict(ha="center", va="top", xytext=(0, -4))),
)


def scatter(
    table: pd.DataFrame, correlations: pd.DataFrame, value: str, against: str, encoders: Sequence[str],
    label: str | None = None, y_range: tuple[float, float] | None = None,
) -> Picture:  # fmt: skip
    """Languages as points, facets target × encoder, with Spearman's r and p in each title.

    table, correlations: similarity.points and similarity.correlations for one intermediate. value: `score` or `gain`;
    against: `distance` or `similarity`. label: of the y axis, default the target's unit. y_range: common to figures.
    """
    colours, marks, words = drawing.palette(encoders), drawing.markers(encoders), []
    with drawing.style():
        figure, facets = drawing.facets(table, encoders, (2.6, 2.1), top=0.45, sharex=True)
        for axis, target, encoder, here in facets:
            here = here.dropna(subset=[value, against])
            if value == "gain":
                axis.axhline(0, color="#444444", linewidth=1, zorder=1)
            look = dict(color=colours[encoder], marker=marks[encoder], s=34, legend=False, zorder=3)
            sns.scatterplot(here, x=against, y=value, ax=axis, **look)
            _name_points(axis, here[against].to_numpy(), here[value].to_numpy(), here["language"])
            found = correlations[(correlations["target"] == target) & (correlations["encoder"] == encoder)]
            drawing.title(axis, f"{target} · {encoder}", correlation_text(found))
            x_range = drawing.limits(table[against], 0.1)
            axis.set(xlabel=AXES[against], ylabel=label or drawing.unit(target), xlim=x_range)
            axis.margins(y=0.15)  # room for the names of the outermost points
            if y_range:  # a range of None would freeze the scale at what is drawn so far, for the whole row
                axis.set_ylim(y_range)
            words.append(f"{target} {encoder} {correlation_text(found)}")
    return Picture(figure, f"Scatter plot of {value} against {against}, one point a language: {'; '.join(words)}.")


def correlation_text(found: pd.DataFrame) -> str:
    """`Spearman r = −0.71, p = 0.010, n = 12` of the one row given, or why there is none."""
    if found.empty:
        return "no scores yet"
    row = found.iloc[0]
    if not np.isfinite(row["r"]):
        return f"n = {row['n']}: no correlation"
    p = p_value(row["p"])
    return f"Spearman r = {decimals(row['r'])}, p {p if p.startswith('<') else f'= {p}'}, n = {row['n']}"


def _name_points(axis, xs: np.ndarray, ys: np.ndarray, codes: Sequence[str]) -> None:
    """Write each language's code beside its point, on the side that is farthest from other points and codes.

    A code that would cover its neighbours is left out: forty languages at four distances do not all fit.
    """
    if not len(xs):
        return
    places = np.column_stack([xs / max(np.ptp(xs), 1e-9), ys / max(np.ptp(ys), 1e-9)])
    taken = [tuple(place) for place in places]
    for i, code in enumerate(codes):
        others = np.array([place for j, place in enumerate(taken) if j != i])
        tried = [tuple(places[i] + shift) for shift, _ in SIDES]
        room = [np.square(others - place).sum(axis=1).min() if len(others) else 1.0 for place in tried]
        best = int(np.argmax(room))
        if room[best] < CLEAR**2:
            continue
        taken.append(tried[best])
        axis.annotate(code, (xs[i], ys[i]), textcoords="offset points", fontsize=7.5, color="#333333", **SIDES[best][1])


def language_scores(
    table: pd.DataFrame, encoders: Sequence[str], order: Sequence[str], x_range: tuple[float, float] | None = None
) -> Picture:
    """Score in every language, facets target × encoder, a mark an intermediate (hollow: the baseline), 95 % intervals.

    table: gains.intervals of main_scores. order: languages from top to bottom, near to far from the source.
    """
    table = table.dropna(subset=["language"])
    intermediates = list(dict.fromkeys(table["intermediate"]))
    colours, marks = drawing.palette(encoders), drawing.markers(intermediates)
    step = 0.5 / max(len(intermediates), 2)
    with drawing.style():
        height, left = 0.2 * max(len(order), 3), 0.25 + 0.08 * drawing.longest(order)
        bottom = 0.6 + 0.2 * drawing.legend_columns(intermediates, left + 2.85)[1]
        figure, facets = drawing.facets(table, encoders, (2.75, height), left=left, bottom=bottom)
        for axis, target, encoder, here in facets:
            codes = [code for code in order if code in set(table.loc[table["target"] == target, "language"])]
            colour = colours[encoder]
            for row in here.dropna(subset=["mean"]).itertuples():
                shift = step * (intermediates.index(row.intermediate) - (len(intermediates) - 1) / 2)
                y = codes.index(row.language) + shift
                if np.isfinite(row.low):
                    axis.plot([row.low, row.high], [y, y], color=colour, linewidth=1.2, alpha=0.7, zorder=2)
                face = "white" if row.intermediate == BASELINE else colour
                look = dict(color=colour, markerfacecolor=face, markersize=4.5, zorder=3)
                axis.plot(row.mean, y, marks[row.intermediate], **look)
            for code in set(codes) - set(here.dropna(subset=["mean"])["language"]):
                where = dict(transform=axis.get_yaxis_transform(), va="center", fontsize=7.5, color=GREY)
                axis.text(0.02, codes.index(code), "missing", **where)
            axis.set_yticks(range(len(codes)), codes)
            axis.set(xlabel=drawing.unit(target), ylim=(len(codes) - 0.4, -0.6), xlim=x_range)
        faces = ["white" if name == BASELINE else GREY for name in intermediates]
        handles = [
            Line2D([], [], color=GREY, marker=marks[name], linewidth=0, label=name, markerfacecolor=face)
            for name, face in zip(intermediates, faces, strict=True)
        ]
        drawing.legend(figure, handles, "bottom")
    words = [
        f"{' '.join(key)} {points(group.min(), False)} to {points(group.max(), False)}"
        for key, group in table.groupby(["target", "encoder", "intermediate"], sort=False)["mean"]
        if group.notna().any()
    ]
    return Picture(figure, f"Scores by language in points, nearest language on top: {'; '.join(words)}.")
