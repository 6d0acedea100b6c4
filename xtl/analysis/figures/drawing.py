"""What all figures share: one palette, sizes of text, a panel measured in pixels, and how a figure reaches a page."""

import hashlib
import io
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import matplotlib
import numpy as np
import pandas as pd
from markupsafe import escape
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.textpath import text_to_path

from xtl.tasks.catalog import METRIC_NAMES, TASKS

# Colours of the page in light mode, under the names that it gives them: in dark mode they have other values.
INK = "#1d2126"
SOFT = "#5b636d"
RULE = "#dde1e6"
PAGE = "#ffffff"
VARIABLES = {INK: "--text", SOFT: "--soft", RULE: "--line", PAGE: "--page"}
# Colours of series, as far apart as they go for any colour vision, at least 3 : 1 against a white and a dark page.
SERIES = ("#0072b2", "#d55e00", "#009e73", "#7040ff", "#cc1442", "#7384ff", "#207480", "#309bbf")
RISE = SERIES[0]
FALL = SERIES[1]
MARKERS = ("o", "s", "D", "^", "v", "P", "X", "<", ">")

WIDTH = 360  # pixels of a panel: a phone shows one, at its natural size, and a wide page several side by side
SIZE = 12  # of titles, in pixels
SMALL = 11  # of all other text
LEADING = 16  # from one line of text to the next
FONT = "DejaVu Sans"  # text is measured in it; the page shows its own font, which is narrower
LOOK = matplotlib.rc_params_from_file(Path(__file__).with_name("look.mplstyle"), use_default_template=False)


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
        body = re.sub(r' (?:d|x|y|transform)="[^"]*"', lambda place: re.sub(r"(\.\d\d)\d+", r"\1", place[0]), body)
        body = re.sub(r"\s*\n\s*", " ", body)
        for colour, name in VARIABLES.items():
            body = body.replace(f": {colour}", f": var({name}, {colour})")
        prefix = "f" + hashlib.sha256(body.encode()).hexdigest()[:8]
        body = re.sub(r'( id="|href="#|url\(#)', rf"\1{prefix}", body)
        width, height = self.figure.get_size_inches() * 72
        font = "font-family: var(--sans, system-ui, sans-serif)"
        look = f"width: 100%; max-width: {width:.0f}px; height: auto; fill: var(--text, {INK}); {font}"
        names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        place = f'viewBox="0 0 {width:.6g} {height:.6g}" stroke-linejoin="round" style="{look}"'
        return f'<svg {names} role="img" aria-label="{escape(self.alt)}" {place}>{body}</svg>'

    def _repr_html_(self) -> str:
        caption = f"<figcaption>{escape(self.caption)}</figcaption>" if self.caption else ""
        return f"<figure>{self.svg()}{caption}</figure>"

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, str], dict[str, dict]]:
        """Text and markup; the metadata say that this markup is ours, so that a rendered notebook keeps it."""
        return {"text/plain": self.alt, "text/html": self._repr_html_()}, {"text/html": {"xtl": {}}}


@dataclass(frozen=True)
class Look:
    """How a series is drawn; colour and marker differ, so that either is enough to tell series apart."""

    colour: str
    marker: str
    filled: bool = True
    line: Literal["-", "--", ":"] = "-"

    @property
    def face(self) -> str:
        """The colour of the inside of a mark."""
        return self.colour if self.filled else PAGE

    def key(self, label: str, line: bool = True) -> Line2D:
        """Its entry in a legend."""
        look: dict[str, Any] = dict(color=self.colour, marker=self.marker, markerfacecolor=self.face)
        return Line2D([], [], label=label, linestyle=self.line, linewidth=2 if line else 0, **look)


@contextmanager
def style() -> Iterator[None]:
    """The look of all figures, as a context or a decorator: nothing global changes."""
    with matplotlib.rc_context(LOOK):
        yield


def palette(names: Iterable[str]) -> dict[str, str]:
    """Name -> colour, in the order of the grid; after eight they begin again, and markers tell them apart."""
    return {name: SERIES[i % len(SERIES)] for i, name in enumerate(names)}


def looks(names: Iterable[str]) -> dict[str, Look]:
    """Name -> look, in the order of the grid."""
    colours = palette(names)
    return {name: Look(colours[name], MARKERS[i % len(MARKERS)]) for i, name in enumerate(colours)}


def unit(target: str, tasks: Mapping = TASKS) -> str:
    """The axis label of a task's main score, such as `accuracy (points)` or `mean of EM and F1 (points)`."""
    metrics = [METRIC_NAMES.get(name, name) for name in tasks[target].score]
    metric = metrics[0] if len(metrics) == 1 else f"mean of {' and '.join(metrics)}"
    return f"{metric} (points)"


@cache
def text_width(text: str, size: float = SMALL, bold: bool = False) -> float:
    """Pixels that a line of text takes, at most."""
    font = FontProperties(family=FONT, size=size, weight="bold" if bold else "normal")
    return float(text_to_path.get_text_width_height_descent(text, font, ismath=False)[0])


def widest(texts: Iterable[str], size: float = SMALL) -> float:
    """Pixels of the widest of some texts."""
    return max((text_width(text, size) for text in texts), default=0.0)


def fitted(text: str, width: float) -> str:
    """A text, cut with an ellipsis where it is wider than `width` pixels."""
    if text_width(text) <= width:
        return text
    while text and text_width(text + "…") > width:
        text = text[:-1].rstrip()
    return text + "…"


def wrapped(text: str, width: float, size: float = SMALL, bold: bool = False) -> list[str]:
    """A text in lines of at most `width` pixels."""
    needed = text_width(text, size, bold)
    return textwrap.wrap(text, len(text) if needed <= width else int(0.95 * len(text) * width / needed)) if text else []


@style()
def panel(
    height: float, left: float, right: float = 10, *, title: str = "", note: str = "", keys: Sequence[Artist] = (),
    value: str = "", head: float = 0, foot: float = LEADING, label: str = "", width: float = WIDTH,
) -> tuple[Figure, Axes]:  # fmt: skip
    """A figure with one pair of axes, `height` pixels high, with margins `left` and `right` beside it.

    From top to bottom: the title, a note in a softer colour, the legend, the label `value` of the vertical axis, `head`
    pixels for what the caller writes above the axes, the axes, `foot` pixels for tick labels, and the label of the
    horizontal axis. No pyplot, so nothing is shown twice or kept alive.
    """
    bold: dict[str, Any] = dict(color=INK, size=SIZE, weight="bold")
    soft: dict[str, Any] = dict(color=SOFT, size=SMALL)
    lines = [(line, bold) for line in wrapped(title, width, SIZE, bold=True)]
    lines += [(line, soft) for line in wrapped(note, width)]
    labels = wrapped(label, width)
    rows = _legend_rows(keys, width)
    top = LEADING * (len(lines) + bool(value)) + (LEADING + 2) * len(rows) + head + 8
    total = top + height + foot + LEADING * len(labels) + 2
    figure = Figure(figsize=(width / 72, total / 72))
    FigureCanvasAgg(figure)
    place = (left / width, 1 - (top + height) / total, 1 - (left + right) / width, height / total)
    axes = figure.add_axes(place)
    y = 0.0
    for line, look in lines:
        y += LEADING
        figure.text(0, 1 - (y - 4) / total, line, **look)
    for row in rows:
        figure.legend(handles=row, ncols=len(row), loc="upper left", bbox_to_anchor=(0, 1 - (y + 4) / total))
        y += LEADING + 2
    if value:
        figure.text(0, 1 - (y + LEADING - 4) / total, value, **soft)
    for i, line in enumerate(labels):
        half = text_width(line) / 2
        x = np.clip((left + width - right) / 2, half, width - half)
        below = LEADING * (len(labels) - 1 - i) + 5
        figure.text(x / width, below / total, line, ha="center", **soft)
    return figure, axes


def _legend_rows(keys: Sequence[Artist], width: float) -> list[list[Artist]]:
    """The entries of a legend in rows of at most `width` pixels."""
    rows: list[list[Artist]] = []
    filled = 0.0
    for key in keys:
        needed = 36 + text_width(str(key.get_label()))
        if not rows or filled + needed > width:
            rows.append([])
            filled = 0.0
        rows[-1].append(key)
        filled += needed
    return rows


def limits(values: pd.Series, pad: float = 0.12) -> tuple[float, float]:
    """A common axis range for several panels, with a little room; (0, 1) when nothing is known."""
    known = values[np.isfinite(values.astype(float))]
    if known.empty:
        return 0.0, 1.0
    room = pad * max(known.max() - known.min(), 1.0)
    return float(known.min() - room), float(known.max() + room)
