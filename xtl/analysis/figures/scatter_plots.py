"""Scatter plots: one mark a language, its score or gain against its distance from the source or similarity to it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.transforms import Bbox

from xtl.analysis.figures import drawing
from xtl.analysis.figures.drawing import INK, MARKERS, SERIES, SOFT, Look, Picture
from xtl.analysis.wording import decimals, p_equals

AXES = {"distance": "distance from the source (0–1)", "similarity": "similarity to the source (0–1)"}
HEIGHT = 230  # pixels
NAMED = 6  # families with a look of their own, the largest ones; the rest share one
OTHERS = "other families"
SMALL = Look(SOFT, "o", filled=False)
MOST_NAMES = 40
REACH = 6  # pixels from a mark to its name


def family_looks(families: Iterable[str]) -> dict[str, Look]:
    """Family -> look, those with most languages first; small ones share a soft look.

    families: of every language of the grid.
    """
    sizes = Counter(families)
    ranked = sorted(sizes, key=lambda name: -sizes[name])
    return {name: Look(SERIES[i], MARKERS[i]) if i < NAMED else SMALL for i, name in enumerate(ranked)}


@drawing.style()
def scatter(
    table: pd.DataFrame, correlations: pd.DataFrame, value: str, against: str, encoders: Sequence[str],
    label: str = "", y_range: tuple[float, float] | None = None, families: Mapping[str, str] | None = None,
) -> Picture:  # fmt: skip
    """The languages of one target and encoder as points, in a panel of 360 pixels, with Spearman's r and p above it.

    The line is that of least squares, which shows a direction; r and p do not rest on it.

    table, correlations: correlations.points and correlations.correlations for one intermediate. value: `score` or
    `gain`; against: `distance` or `similarity`. label: of the value, default the target's unit. y_range: common to
    panels. families: language -> family, which then has a colour and marker; default: one look, that of the encoder.
    """
    target, encoder = table.iloc[0][["target", "encoder"]]
    shown = table.dropna(subset=[value, against])
    tested = correlations[(correlations["target"] == target) & (correlations["encoder"] == encoder)]
    text = correlation_text(tested)
    own = drawing.looks(encoders)[encoder]
    looks = family_looks(families.values()) | {OTHERS: SMALL} if families else {OTHERS: own}
    kin = [(families or {}).get(code, OTHERS) for code in shown["language"]]
    keys = [look.key(name, line=False) for name, look in looks.items() if families and name in kin and look != SMALL]
    if any(looks[name] == SMALL for name in kin):
        keys.append(SMALL.key(OTHERS, line=False))
    title = f"{target} · {encoder}"
    label = label or drawing.unit(target)
    figure, axes = drawing.panel(HEIGHT, 34, title=title, note=text, keys=keys, value=label, label=AXES[against])
    axes.grid(True, axis="both")
    axes.set_xlim(drawing.limits(table[against], 0.1))
    axes.set_ylim(y_range or drawing.limits(shown[value], 0.15))
    axes.locator_params(nbins=5)
    axes.tick_params(axis="y", labelcolor=SOFT)
    if value == "gain":
        axes.axhline(0, color=SOFT, linewidth=1, zorder=1)
    xs = shown[against].to_numpy(float)
    ys = shown[value].to_numpy(float)
    if len(xs) > 1 and np.ptp(xs) > 0:
        slope, start = np.polyfit(xs, ys, 1)
        ends = np.array([xs.min(), xs.max()])
        colour = SOFT if families else own.colour
        axes.plot(ends, start + slope * ends, color=colour, linewidth=1.5, linestyle="--", zorder=2)
    for look in dict.fromkeys(looks.values()):
        here = np.array([looks[name] == look for name in kin], dtype=bool)
        style: dict[str, Any] = dict(color=look.colour, markerfacecolor=look.face, linestyle="none", markersize=5)
        axes.plot(xs[here], ys[here], look.marker, zorder=3, **style)
    _name_points(axes, xs, ys, list(shown["language"]))
    return Picture(
        figure, f"Scatter plot of {value} against {against}, one point a language: {target} {encoder} {text}."
    )


def correlation_text(tested: pd.DataFrame) -> str:
    """`Spearman r = −0.71, p = 0.010, n = 12` of the one row given, or why there is none; within families if known."""
    if tested.empty:
        return "no scores yet"
    row = tested.iloc[0]
    if not np.isfinite(row["r"]):
        return f"n = {row['n']}: no correlation"
    if np.isfinite(row.get("within_r", np.nan)):
        words = f"r within families = {decimals(row['within_r'])}, p {p_equals(row['within_p'])}"
        return f"{words}; r = {decimals(row['r'])}, n = {row['n']}"
    return f"Spearman r = {decimals(row['r'])}, p {p_equals(row['p'])}, n = {row['n']}"


def _name_points(axes: Axes, xs: np.ndarray, ys: np.ndarray, codes: Sequence[str]) -> None:
    """Write each language's code beside its point, on the first side where it covers no other point or code.

    The outermost come first, and at most MOST_NAMES: forty languages at four distances do not all fit.
    """
    places = axes.transData.transform(np.column_stack([xs, ys]))
    taken = [Bbox.from_bounds(x - 4, y - 4, 8, 8) for x, y in places]
    middle = np.median(places[:, 1]) if len(places) else 0
    outermost = sorted(zip(places, codes, strict=True), key=lambda place: -abs(place[0][1] - middle))
    for (x, y), code in outermost[:MOST_NAMES]:
        width = drawing.text_width(code, 10)
        for dx, dy in ((REACH, -6), (-REACH - width, -6), (-width / 2, 4), (-width / 2, -16)):
            box = Bbox.from_bounds(x + dx, y + dy, width, 12)
            inside = axes.bbox.contains(*box.min) and axes.bbox.contains(*box.max)
            if inside and not box.count_overlaps(taken):
                taken.append(box)
                axes.annotate(code, (x, y), (box.x0, box.y0 + 3), xycoords="figure points", size=10, color=INK)
                break
