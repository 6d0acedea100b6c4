"""What all figures share: palette, look, layout, axis labels with units, and how they reach a page or a notebook."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import matplotlib
import numpy as np
import pandas as pd
import seaborn as sns
from markupsafe import escape
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from xtl.tasks.catalog import METRIC_NAMES, TASKS

MARKERS = ("o", "s", "D", "^", "v", "P", "X", "<", ">")
INK = "#1d2126"
SOFT = "#5b636d"
LINE = "#dde1e6"
PAGE = "#ffffff"
# Colours of the page, as it names them: in dark mode it gives them other values.
VARIABLES = {INK: "--text", SOFT: "--soft", LINE: "--line", PAGE: "--page"}
FONT = "font-family: var(--sans, system-ui, sans-serif)"
# Told apart with any colour vision, and at least 3 : 1 against a white and a dark page.
SERIES = ("#0072b2", "#d55e00", "#009e73", "#7040ff", "#cc1442", "#7384ff", "#207480", "#309bbf")
GREY = SOFT


@dataclass(frozen=True, eq=False)
class Picture:
    """A matplotlib figure and what stands for it where it cannot be seen; it shows itself in a notebook.

    alt: the figure in words, with its numbers. caption: at most 60 words that stand below it.
    """

    figure: Figure
    alt: str
    caption: str = ""

    def __post_init__(self) -> None:
        if len(self.caption.split()) > 60:
            raise ValueError(f"A caption has at most 60 words, not {len(self.caption.split())}.")

    def svg(self) -> str:
        """The figure as an inline <svg>: real text in the page's font, in the page's colours, as wide as its place.

        It is the same at every call. Ids begin with a digest of the figure, so that those of two figures differ.
        """
        buffer = io.StringIO()
        facts = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        with style():
            self.figure.savefig(buffer, format="svg", transparent=True, metadata=facts)
        drawn = buffer.getvalue()
        begin = drawn.index("</defs>") + len("</defs>")  # after a style sheet that would reach the whole page
        body = drawn[begin : drawn.rindex("</svg>")]
        body = re.sub(r'<g id="[^"]*">', "<g>", body)
        body = re.sub(r"font-family: [^;\"]*; ", "", body)
        body = re.sub(r' transform="rotate\(-0 [^"]*"', "", body)
        body = re.sub(r"\s*\n\s*", " ", body)
        for colour, name in VARIABLES.items():
            body = body.replace(f": {colour}", f": var({name}, {colour})")
        prefix = "f" + hashlib.sha256(body.encode()).hexdigest()[:8]
        body = re.sub(r'( id="|href="#|url\(#)', rf"\1{prefix}", body)
        width, height = self.figure.get_size_inches() * 72
        look = f"width: 100%; max-width: {width:.0f}px; height: auto; fill: var(--text, {INK}); {FONT}"
        names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        place = f'viewBox="0 0 {width:.6g} {height:.6g}" stroke-linejoin="round" style="{look}"'
        return f'<svg {names} role="img" aria-label="{escape(self.alt)}" {place}>{body}</svg>'

    def _repr_html_(self) -> str:
        caption = f"<figcaption>{escape(self.caption)}</figcaption>" if self.caption else ""
        return f"<figure>{self.svg()}{caption}</figure>"


@contextmanager
def style():
    """The look of all figures, as a context: nothing global changes."""
    look = {
        **sns.axes_style("whitegrid"), **sns.plotting_context("notebook", font_scale=0.85),
        "font.family": ["sans-serif"], "axes.titlesize": 10, "axes.titleweight": "bold", "axes.labelsize": 10,
        "font.sans-serif": ["DejaVu Sans"], "text.color": INK, "axes.labelcolor": INK, "xtick.labelcolor": INK,
        "ytick.labelcolor": INK, "text.parse_math": False, "svg.fonttype": "none",
        "grid.color": LINE, "axes.edgecolor": SOFT, "hatch.linewidth": 0.8, "svg.hashsalt": "xtl",
    }  # fmt: skip
    with matplotlib.rc_context(look):
        yield


def palette(names: Sequence[str]) -> dict[str, str]:
    """Encoder -> colour, in the order of the grid; after eight they begin again, and markers tell them apart."""
    return {name: SERIES[i % len(SERIES)] for i, name in enumerate(names)}


def markers(names: Sequence[str]) -> dict[str, str]:
    """Name -> marker, so that no figure needs its colours to be told apart."""
    return {name: MARKERS[i % len(MARKERS)] for i, name in enumerate(names)}


def unit(target: str, tasks: Mapping = TASKS) -> str:
    """The axis label of a task's main score, such as `accuracy (points)` or `mean of EM and F1 (points)`."""
    metrics = [METRIC_NAMES.get(name, name) for name in tasks[target].score]
    return f"{metrics[0] if len(metrics) == 1 else 'mean of ' + ' and '.join(metrics)} (points)"


def svg(picture: Picture) -> str:
    """The figure as a `data:` address for an <img>, so that a page needs no other file."""
    buffer = io.BytesIO()
    with style():
        picture.figure.savefig(buffer, format="svg", metadata={"Date": None})
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode()


def show(*pictures: Picture) -> None:
    """Show figures in a notebook as PNG with their alt texts, which the rendered notebook keeps."""
    from IPython.display import Image, display

    for picture in pictures:
        buffer = io.BytesIO()
        with style():
            picture.figure.savefig(buffer, format="png", dpi=150)
        width = int(picture.figure.get_figwidth() * 100)
        display(Image(buffer.getvalue(), format="png", width=width, alt=picture.alt))


def canvas(
    rows: int, columns: int, panel: tuple[float, float], *, left=0.62, right=0.1, top=0.3, bottom=0.55, **share
) -> tuple[Figure, np.ndarray]:
    """A figure with a grid of axes (rows, columns), each `panel` inches wide and high, and margins in inches.

    Fixed margins instead of a layout engine: panels of separate figures line up on the page, and drawing takes half
    the time. No pyplot, so nothing is shown twice or kept alive.
    """
    rows, columns, gap = max(rows, 1), max(columns, 1), (0.6, 0.85)
    width = left + right + columns * panel[0] + (columns - 1) * gap[0]
    height = top + bottom + rows * panel[1] + (rows - 1) * gap[1]
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False, **share)
    figure.subplots_adjust(
        left / width, bottom / height, 1 - right / width, 1 - top / height, gap[0] / panel[0], gap[1] / panel[1]
    )
    return figure, axes


def facets(
    table: pd.DataFrame, encoders: Sequence[str], panel: tuple[float, float], **margins
) -> tuple[Figure, list[tuple[Axes, str, str, pd.DataFrame]]]:
    """A figure with a row of panels per target and a column per encoder that the table has, each with its title.

    Returns the figure and, panel by panel, the axes, the target, the encoder and their rows of the table.
    """
    targets = list(dict.fromkeys(table["target"]))
    present = [name for name in encoders if name in set(table["encoder"])]
    figure, axes = canvas(len(targets), len(present), panel, sharey="row", **margins)
    panels = []
    for y, target in enumerate(targets):
        for x, encoder in enumerate(present):
            here = table[(table["target"] == target) & (table["encoder"] == encoder)]
            axes[y, x].set_title(f"{target} · {encoder}")
            axes[y, x].tick_params(labelbottom=True)
            panels.append((axes[y, x], target, encoder, here))
    return figure, panels


def legend_columns(names: Iterable, width: float) -> tuple[int, int]:
    """Columns and lines of a legend of these names that fits into `width` inches; at most four columns."""
    names = list(names)
    columns = min(4, max(1, int(width / (0.55 + 0.075 * longest(names)))), max(len(names), 1))
    return columns, -(-len(names) // columns)


def legend(figure: Figure, handles: list, place: str, columns: int | None = None) -> None:
    """A frameless legend at the `top` or `bottom` edge, in the margin that was left for it.

    columns: default: those of legend_columns for the width of the figure.
    """
    columns = columns or legend_columns([handle.get_label() for handle in handles], figure.get_figwidth())[0]
    edge = {"top": ("upper center", (0.5, 1)), "bottom": ("lower center", (0.5, 0))}[place]
    figure.legend(
        handles=handles, loc=edge[0], bbox_to_anchor=edge[1], ncols=columns, frameon=False,
        borderaxespad=0.2, columnspacing=1.2,
    )  # fmt: skip


def title(axis, text: str, detail: str = "") -> None:
    """A bold title, and below it a line of detail in ordinary weight."""
    axis.set_title(text, pad=18 if detail else 5)
    if detail:
        axis.text(0.5, 1.02, detail, transform=axis.transAxes, ha="center", va="bottom", fontsize=8.5)


def longest(words: Iterable) -> int:
    """Characters of the longest word, for the margin that tick labels need."""
    return max((len(str(word)) for word in words), default=0)


def limits(values: pd.Series, pad: float = 0.12) -> tuple[float, float]:
    """A common axis range for several panels, with a little room; (0, 1) when nothing is known."""
    known = values[np.isfinite(values.astype(float))]
    if known.empty:
        return 0.0, 1.0
    room = pad * max(known.max() - known.min(), 1.0)
    return float(known.min() - room), float(known.max() + room)
