"""Heat maps: gains by target and intermediate, gains by language grouped by family, scores by source language."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from xtl.analysis.figures import drawing
from xtl.analysis.figures.drawing import FALL, INK, LEADING, PAGE, RISE, RULE, SOFT, WIDTH, Picture
from xtl.analysis.scores.tables import BASELINE
from xtl.analysis.wording import DASH, points

STRONGEST = 0.72  # opacity of the strongest colour: text on it has a contrast of 4.5 : 1 on a white and a dark page
NUMBER = 10  # size of a cell's number, in pixels
WIDEST = 60  # of a cell, in pixels
ROWS = 52  # of one block of a map of languages, at most
ALONE = "single languages"
HATCH: dict[str, Any] = dict(hatch="////", edgecolor=SOFT, linewidth=0)
STRIPES: dict[str, Any] = dict(hatch="\\\\\\", edgecolor=PAGE, linewidth=0)
BOX: dict[str, Any] = dict(edgecolor=INK, linewidth=1.4)


class Square(NamedTuple):
    """A cell: a value in points (NaN: missing), and whether it is hatched, striped or boxed."""

    value: float
    hatched: bool = False
    striped: bool = False
    boxed: bool = False


class Line(NamedTuple):
    """A row or column: its key, how it is labelled, and the group below whose name it stands."""

    key: str
    label: str
    group: str = ""


Squares = Mapping[tuple[str, str], Square]  # by the keys of row and column


def gain_map(
    table: pd.DataFrame, rows: str, columns: str, title: str, limit: float, order: Sequence[str]
) -> Picture:  # fmt: skip
    """Mean gains over `rows` × `columns`, in one panel of 360 pixels.

    Cells of the same data are hatched, those whose seeds disagree in sign striped (gains.described), missing ones
    grey with a dash. What the table has no row for is blank.

    table: columns `rows`, `columns`, gain, same_data and mixed. limit: the colours run from −limit to +limit points,
    so that maps of one report compare. order: the rows from top to bottom.
    """
    squares = _gains(table, rows, columns)
    down = [Line(name, name) for name in order if name in set(table[rows])]
    across = [Line(name, name) for name in dict.fromkeys(table[columns])]
    figure = draw(squares, down, across, title, (-limit, limit))
    return Picture(figure, _alt(title, f"{len(down)} rows ({rows}) and {len(across)} columns ({columns})", squares))


def language_maps(
    table: pd.DataFrame, languages: Sequence[Line], encoders: Sequence[str], title: str, limit: float
) -> list[Picture]:
    """Mean gains of one intermediate by language: a row a language under the heading of its family.

    Columns are targets, and below each the encoders; where numbers would not fit, every encoder has a map of its own.
    A map comes in blocks of ROWS rows at most, panels of 360 pixels that stand side by side. Marks as in `gain_map`.

    table: columns language, target, encoder, gain, same_data and mixed. languages: as `by_family` gives them. limit: of
    the colours, in points.
    """
    table = table.assign(column=table["target"] + " " + table["encoder"])
    targets = list(dict.fromkeys(table["target"]))
    present = [name for name in encoders if name in set(table["encoder"])]
    every = _gains(table, "language", "column")
    room = (WIDTH - _left(languages)) / _number_width(every.values())
    together = len(present) > 1 and len(targets) * len(present) <= room
    maps = [(title, present)] if together else [(f"{title} · {name}", [name]) for name in present]
    pictures = []
    for heading, names in maps:
        places = product(targets, names)
        if together:
            across = [Line(f"{target} {name}", name, target) for target, name in places]
        else:
            across = [Line(f"{target} {name}", target) for target, name in places]
        codes = set(table.loc[table["encoder"].isin(names), "language"])
        blocks = _blocks([line for line in languages if line.key in codes])
        for i, block in enumerate(blocks):
            part = f" ({i + 1} of {len(blocks)})" if len(blocks) > 1 else ""
            own = {}
            for row, column in product(block, across):
                if (row.key, column.key) in every:
                    own[row.key, column.key] = every[row.key, column.key]
            figure = draw(own, block, across, heading + part, (-limit, limit), beside=list(every.values()))
            families = ", ".join(dict.fromkeys(line.group for line in block if line.group))
            what = f"{len(block)} languages ({families}) and {len(across)} columns"
            pictures.append(Picture(figure, _alt(heading + part, what, own)))
    return pictures


def _blocks(lines: Sequence[Line]) -> list[Sequence[Line]]:
    """Rows in blocks of equal height, of at most ROWS rows."""
    count = -(-len(lines) // ROWS)
    return [lines[i * len(lines) // count : (i + 1) * len(lines) // count] for i in range(count)]


def source_matrix(table: pd.DataFrame, order: Sequence[str], title: str, limits: tuple[float, float]) -> Picture:
    """Scores, target languages as rows and sources of the training data as columns, in one panel of 360 pixels.

    A source's own language is boxed (not zero-shot); a missing score is a dash on grey.

    table: sources.matrix of one encoder, target and arm. limits: of the colours, common to the maps of a report.
    """
    squares = {(r.language, r.label): Square(r.mean, boxed=r.language == r.source) for r in table.itertuples()}
    means = table.groupby("label", sort=False)["mean"].mean()
    down = [Line(code, code) for code in order if code in set(table["language"])]
    across = [Line(label, label, "training data in") for label in means.index]
    figure = draw(squares, down, across, title, limits, gain=False)
    words = ", ".join(f"{label} {points(mean, False)}" for label, mean in means.dropna().items())
    what = f"score in points for {len(down)} target languages and {len(across)} sources of training data"
    return Picture(figure, f"Heat map, {title}: {what}; mean over languages by source: {words or DASH}.")


def by_family(order: Sequence[str], facts: pd.DataFrame) -> list[Line]:
    """Languages as the rows of a map: families together, the nearest first, and in a family one script after the other.

    A script is named with the languages that do not have the most common one of their family. Families of one language
    stand together at the end.

    order: codes from near to far. facts: a row a language by its code, columns name, family and script.
    """
    known = facts.reindex(order).rename_axis("code").reset_index().reset_index(names="rank")
    known = known.fillna({"name": known["code"], "family": known["code"], "script": ""})
    lines: list[Line] = []
    alone: list[Line] = []
    for family, members in known.groupby("family", sort=False):
        members = members.assign(count=members.groupby("script")["code"].transform("size"))
        members = members.sort_values(["count", "script", "rank"], ascending=[False, True, True])
        common = members["script"].iloc[0]
        for r in members.itertuples():
            label = " ".join(dict.fromkeys((r.code, r.name)))
            label += f", {r.script}" if r.script != common else ""
            if len(members) > 1:
                lines.append(Line(r.code, label, str(family)))
            else:
                alone.append(Line(r.code, label, ALONE))
    return lines + alone


def _gains(table: pd.DataFrame, rows: str, columns: str) -> dict[tuple[str, str], Square]:
    values = zip(table[rows], table[columns], table["gain"], table["same_data"], table["mixed"], strict=True)
    return {(row, column): Square(float(gain), bool(same), bool(mixed)) for row, column, gain, same, mixed in values}


def _alt(title: str, what: str, squares: Squares) -> str:
    """The alternative text of gains: their range, what is missing, of mixed signs or of the same data."""
    values = [square.value for square in squares.values() if np.isfinite(square.value)]
    words = f", from {points(min(values))} to {points(max(values))}" if values else ""
    words += f"; {len(squares) - len(values)} cells missing"
    mixed = sum(square.striped for square in squares.values())
    words += f"; {mixed} in which seeds disagree in sign" if mixed else ""
    same = sum(square.hatched for square in squares.values())
    words += f"; {same} trained on the same data twice" if same else ""
    return f"Heat map, {title}: gain over {BASELINE} in points for {what}{words}."


# --- drawing ---


@drawing.style()
def draw(
    squares: Squares, rows: Sequence[Line], columns: Sequence[Line], title: str, limits: tuple[float, float],
    gain: bool = True, beside: Sequence[Square] = (),
) -> Figure:  # fmt: skip
    """The figure of some squares; numbers stand in them where there is room.

    limits: of the colours. gain: the colours stand for rise and fall from zero, else for low to high. beside: the
    squares of all maps that stand side by side, so that they are alike.
    """
    alike = [*squares.values(), *beside]
    left = _left(rows)
    wanted = float(np.clip(drawing.widest(line.label for line in columns) + 6, 40, WIDEST))
    width = min(wanted, max((WIDTH - left - 2) / max(len(columns), 1), 8))
    numbers = _number_width(alike) <= width
    height = 20.0 if numbers and len(rows) < ROWS / 2 else 14.0
    tops: list[float] = []
    headings: dict[str, float] = {}
    y = 0.0
    for row in rows:
        if row.group and row.group not in headings:
            y += height + 2
            headings[row.group] = y
        tops.append(y)
        y += height
    level = all(drawing.text_width(line.label) <= width - 4 for line in columns)
    head = LEADING if level else drawing.widest(line.label for line in columns) + 10
    head += LEADING if any(column.group for column in columns) else 0
    keys = _keys(alike, limits, gain)
    right = max(WIDTH - left - width * len(columns), 2)
    figure, axes = drawing.panel(y, left, right, title=title, keys=keys, head=head, foot=0)
    axes.set(xlim=(0, width * len(columns)), ylim=(y, 0), xticks=[], yticks=[])
    for name, bottom in headings.items():
        axes.text(-left, bottom - 4, name, weight="bold")
    indent = 8 if headings else 0
    for row, top in zip(rows, tops, strict=True):
        axes.text(indent - left, top + height / 2, drawing.fitted(row.label, left - indent - 6), va="center_baseline")
    placed = []
    for (row, top), (i, column) in product(zip(rows, tops, strict=True), enumerate(columns)):
        if (row.key, column.key) in squares:
            place = Rectangle((i * width + 0.5, top + 0.5), width - 1, height - 1)
            placed.append((squares[row.key, column.key], place))
    _squares(axes, placed, limits, gain, numbers)
    _column_labels(axes, columns, width, level, head)
    return figure


def _left(rows: Sequence[Line]) -> float:
    """The margin that the labels of the rows and their headings need, in pixels."""
    indent = 8 if any(row.group for row in rows) else 0
    labels = drawing.widest(row.label for row in rows) + indent + 8
    return max(min(labels, 0.4 * WIDTH), 1.15 * drawing.widest(row.group for row in rows))  # bold is wider


def _number_width(squares: Iterable[Square]) -> float:
    """The width of a cell in which the widest number has room, in pixels."""
    return drawing.widest((points(square.value, False) for square in squares), NUMBER) + 2


def _squares(
    axes: Axes, placed: Sequence[tuple[Square, Rectangle]], limits: tuple[float, float], gain: bool, numbers: bool
) -> None:  # fmt: skip
    """The cells at their places: colour, stripes, hatching, box and number; a dash if missing."""
    colours = [_shade(square, limits, gain) for square, _ in placed]
    layers = (
        PatchCollection([r for _, r in placed], facecolors=colours, edgecolors=RULE, linewidths=0.6),
        PatchCollection([r for square, r in placed if square.striped], facecolors="none", **STRIPES),
        PatchCollection([r for square, r in placed if square.hatched], facecolors="none", **HATCH),
        PatchCollection([r for square, r in placed if square.boxed], facecolors="none", **BOX),
    )
    for layer in layers:
        layer.set_clip_on(False)
        axes.add_collection(layer, autolim=False)
    ground: dict[str, Any] = dict(boxstyle="square,pad=0.1", facecolor=PAGE, edgecolor="none", alpha=0.8)
    for square, r in placed:
        if numbers or not np.isfinite(square.value):
            look: dict[str, Any] = dict(size=NUMBER, weight="bold" if square.boxed else "normal")
            look["bbox"] = ground if square.hatched else None
            x, y = r.get_center()
            axes.text(x, y, points(square.value, False), ha="center", va="center_baseline", **look)


def _shade(square: Square, limits: tuple[float, float], gain: bool) -> tuple[str, float]:
    """The colour of a cell and its opacity: on any page nothing is the page's own colour, and missing is grey."""
    low, high = limits
    value = square.value
    if not np.isfinite(value):
        return RULE, 1.0
    if gain:
        share = min(abs(value) / max(high, 1e-9), 1.0)
        return (RISE if value > 0 else FALL), round(STRONGEST * share, 3)
    return RISE, round(STRONGEST * float(np.clip((value - low) / max(high - low, 1e-9), 0.05, 1)), 3)


def _keys(squares: Sequence[Square], limits: tuple[float, float], gain: bool) -> list[Artist]:
    """What the ends of the colours mean, and the marks that occur."""
    keys: list[Artist] = [
        Patch(facecolor=_shade(Square(end), limits, gain), label=f"{points(end, gain)} points", linewidth=0)
        for end in limits
    ]
    if any(square.striped for square in squares):
        strongest = _shade(Square(limits[1]), limits, gain)
        keys.append(Patch(facecolor=strongest, label="striped: seeds disagree in sign", **STRIPES))
    if any(square.boxed for square in squares):
        keys.append(Patch(facecolor="none", label="the source's own language", **BOX))
    if any(square.hatched for square in squares):
        keys.append(Patch(facecolor="none", label="trained on the same data twice", **HATCH))
    if any(not np.isfinite(square.value) for square in squares):
        keys.append(Patch(facecolor=RULE, label="missing", linewidth=0))
    return keys


def _column_labels(axes: Axes, columns: Sequence[Line], width: float, level: bool, head: float) -> None:
    """The labels of the columns above them, upright where they are too wide, and above these their groups."""
    for i, column in enumerate(columns):
        middle = (i + 0.5) * width
        if level:
            axes.text(middle, -5, column.label, ha="center", color=SOFT)
        else:
            axes.text(middle + 4, -5, column.label, rotation=90, rotation_mode="anchor", color=SOFT)
    groups = [column.group for column in columns]
    for name in dict.fromkeys(group for group in groups if group):
        first = groups.index(name) * width
        last = first + groups.count(name) * width
        axes.text((first + last) / 2, LEADING - head - 4, drawing.fitted(name, last - first), ha="center")
        axes.plot([first + 2, last - 2], [LEADING - head] * 2, color=SOFT, linewidth=0.6, clip_on=False)
