"""What a question answers with: a section of words, figures and tables, shown in a notebook and on the page."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pandas as pd
from jinja2 import Environment, FileSystemLoader, Template
from markupsafe import Markup

from xtl.analysis.figures.drawing import Picture
from xtl.analysis.wording import DASH, listing

# Where a cell may link to: a place in the page, a page beside it, the web. A scheme that runs code is none of these.
ADDRESS = re.compile(r"https?://|#|(?![/\\])[^:]*\Z", re.I)
MOST = 36  # pictures of one kind: nobody reads more of them, and a page of a thousand weighs a hundred megabytes
EXPLORE = "explore.ipynb"
TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Cell:
    """A cell of a table: text, a small line below it, a kind (`missing`, `same`, `failed`, `long`) and where it leads.

    runs: ids of the runs that its number comes from; the page leads to each of them. name: anchor of the cell, so that
    others can link to it. Raises ValueError for an address that is neither in the report nor on the web.
    """

    text: str
    sub: str = ""
    kind: str = ""
    href: str = ""
    runs: tuple[str, ...] = ()
    name: str = ""

    def __post_init__(self):
        if self.href and not ADDRESS.match(self.href):
            raise ValueError(
                f"A cell cannot link to {self.href!r}: only to #places, pages of the report and http(s) addresses."
            )


@dataclass(frozen=True)
class Table:
    """A table with its caption; notes are paragraphs below it that say how its numbers were made."""

    caption: str
    columns: list[str]
    rows: list[list[Cell]]
    notes: list[str] = field(default_factory=list)

    @property
    def numeric(self) -> list[bool]:
        """Which columns hold numbers, and stand right."""
        return [_numeric([row[i].text for row in self.rows]) for i in range(len(self.columns))]


@dataclass(frozen=True)
class Block:
    """A part of a section. Heading, text, one figure of pictures and a bullet list are seen at once, in this order.

    More pictures, tables and notes (how the numbers were made) are folded below them, one click away.
    """

    heading: str = ""
    text: list[str] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    more: list[Picture] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show below the heading."""
        return not (self.text or self.items or self.pictures or self.tables or self.notes or self.more)

    @property
    def behind(self) -> str:
        """What the reader unfolds below the figure."""
        parts = {
            "more figures": self.more,
            "numbers": self.tables,
            "method": self.notes or any(table.notes for table in self.tables),
        }
        return listing([name for name, present in parts.items() if present]).capitalize()


@dataclass(frozen=True)
class RunPage:
    """A run by its name, and where the report shows it."""

    name: str
    address: str


@dataclass(frozen=True, repr=False)
class Section:
    """The answer to one question: a name for links, a title, and blocks of words, figures and tables.

    In a notebook it shows itself as the page of the report shows it; `print` gives its words.

    Attributes:
        folded: closed until the reader opens it; such sections stand at the end of the report.
        pages: run id -> its page, for the cells that name runs.
    """

    name: str
    title: str
    blocks: list[Block] = field(default_factory=list)
    folded: bool = False
    pages: Mapping[str, RunPage] = field(default_factory=dict)

    @property
    def tables(self) -> list[Table]:
        """The tables of all blocks."""
        return [table for block in self.blocks for table in block.tables]

    @property
    def figures(self) -> list[Picture]:
        """The figures of all blocks, first those that are seen at once."""
        seen = [picture for block in self.blocks for picture in block.pictures]
        return seen + [picture for block in self.blocks for picture in block.more]

    @property
    def words(self) -> list[str]:
        """The paragraphs and list items of all blocks."""
        return [text for block in self.blocks for text in (*block.text, *block.items)]

    def links(self, cell: Cell) -> list[RunPage]:
        """The pages of the runs that a cell names; runs without one are left out."""
        return [self.pages[run] for run in cell.runs if run in self.pages]

    @property
    def html(self) -> str:
        """The section as HTML, without a style sheet; nothing where it has no blocks."""
        return _template().render(section=self) if self.blocks else ""

    def __repr__(self) -> str:
        inside = f"figures: {len(self.figures)}, tables: {len(self.tables)}"
        return "\n".join([f"{self.title} ({inside})", *self.words])

    def _repr_html_(self) -> str:
        """What a notebook shows: the section with the style sheet of the report."""
        return style() + self.html if self.blocks else ""

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, str], dict[str, dict]]:
        """Text and HTML; the metadata say that this markup is ours, with everything in it escaped already."""
        facts = {"name": self.name, "title": self.title, "folded": self.folded}
        shown = {"text/plain": repr(self), "text/html": self._repr_html_()}
        return shown, {"text/html": {"xtl": facts if self.blocks else {}}}


@cache
def style() -> str:
    """The style sheet of sections as an element; the same text in each, so that a page can keep one of them."""
    return f"<style>\n{(TEMPLATES / 'section.css').read_text('utf-8')}</style>\n"


@cache
def _template() -> Template:
    """The template of a section, in which everything is escaped but the figures."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["drawn"] = _drawn
    return environment.get_template("section.html.j2")


def _drawn(picture: Picture, section: str) -> Markup:
    """A picture as markup, whose ids begin with the section's name: another section may show the same picture."""
    return Markup(re.sub(r'( id="|href="#|url\(#)', rf"\1{section}-", picture.svg()))


def section(name: str, title: str, *blocks: Block, folded: bool = False) -> Section:
    """A section without its empty blocks."""
    return Section(name, title, [block for block in blocks if not block.empty], folded)


def block(
    heading: str = "",
    text: Sequence[str] = (),
    items: Sequence[str] = (),
    pictures: Iterable[Picture] = (),
    tables: Sequence[Table] = (),
    notes: Sequence[str] = (),
    more: Iterable[Picture] = (),
) -> Block:
    """A block from any sequences."""
    return Block(heading, list(text), list(items), list(pictures), list(tables), list(notes), list(more))


def cell(
    text: object, sub: str = "", kind: str = "", href: str = "", runs: Iterable[str] = (), name: str = ""
) -> Cell:  # fmt: skip
    """A cell from any value; a long text is marked as one, and a run is named once."""
    kind = kind or ("long" if len(str(text)) > 60 else "")
    return Cell(str(text), sub, kind, href, tuple(dict.fromkeys(str(run) for run in runs)), name)


def table(caption: str, columns: Iterable[str], rows: Iterable[Sequence], notes: Sequence[str] = ()) -> Table:
    """A table; what is not yet a cell is shown as text."""
    shown = [[value if isinstance(value, Cell) else cell(value) for value in row] for row in rows]
    return Table(caption, list(columns), shown, list(notes))


def frame(caption: str, values: pd.DataFrame, notes: Sequence[str] = ()) -> Table:
    """A DataFrame as a table."""
    return table(caption, values.columns, values.itertuples(index=False), notes)


def anchor(run: str) -> str:
    """Where the table of all runs shows a run."""
    return f"run-{run}"


def _numeric(texts: list[str]) -> bool:
    """Whether a column holds numbers (with signs, intervals or units) and otherwise only dashes and `missing`."""
    present = [text for text in texts if text not in (DASH, "missing")]
    return bool(present) and all(text and text[0] in "+−<0123456789" for text in present)


def affordable(
    kind: Iterable[tuple[str, Callable[[], Picture]]], where: str = "the tables of this section"
) -> tuple[dict[str, list[Picture]], list[str]]:
    """The first MOST pictures of a kind, by group in their order; a sentence on the others, if there are any.

    kind: the group and what draws it, picture by picture; called only for what is shown. where: what has the numbers of
    the others.
    """
    kind = list(kind)
    shown: dict[str, list[Picture]] = {}
    for name, draw in kind[:MOST]:
        shown.setdefault(name, []).append(draw())
    others = list(dict.fromkeys(name for name, _ in kind[MOST:]))
    if not others:
        return shown, []
    others = [f"a part of {name}" if name in shown else name for name in others]
    why = f"The first {MOST} of {len(kind)} pictures, because nobody reads more. Not drawn: {listing(others)}"
    return shown, [f"{why}; the numbers are in {where}."]


def parts(values: pd.DataFrame, by: list[str]) -> list[tuple[tuple, pd.DataFrame]]:
    """The groups of a table in the order in which the values of `by` first appear, the first column slowest."""
    rank = {column: {value: i for i, value in enumerate(dict.fromkeys(values[column]))} for column in by}
    groups = [(key, part) for key, part in values.groupby(by, sort=False, dropna=False) if len(part)]
    return sorted(groups, key=lambda group: [rank[column][value] for column, value in zip(by, group[0], strict=True)])
