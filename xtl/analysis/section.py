"""The parts a report page is made of, as plain values for its template: sections, blocks, tables and pictures."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

import pandas as pd

from xtl.analysis.figures.drawing import Picture, svg
from xtl.analysis.wording import DASH, listing

# Where a cell may link to: a place in the page, a page beside it, the web. A scheme that runs code is none of these.
ADDRESS = re.compile(r"https?://|#|(?![/\\])[^:]*\Z", re.I)
MOST = 36  # pictures of one kind: nobody reads more of them, and a page of a thousand weighs a hundred megabytes
EXPLORE = "explore.ipynb"
TALL = 150  # rows of a table from which it is folded
PIXELS = 118  # of page width per inch of figure, at most: text of 10 points shows as 16 pixels


def section(identity: str, title: str, *blocks: dict) -> dict:
    """A section of the page; blocks without content are dropped, and a section without blocks is not shown."""
    content = ("text", "items", "pictures", "tables")
    return {"id": identity, "title": title, "blocks": [block for block in blocks if any(block[key] for key in content)]}


def block(
    heading: str = "", text: Sequence[str] = (), items: Sequence[str] = (), pictures: Iterable[Picture] = (),
    tables: Sequence[dict] = (),
) -> dict:  # fmt: skip
    """A heading, paragraphs, a bullet list, pictures and tables, in that order, each optional."""
    shown = [{"src": svg(p), "alt": p.alt, "width": round(p.figure.get_figwidth() * PIXELS)} for p in pictures]
    return {"heading": heading, "text": text, "items": items, "pictures": shown, "tables": tables}


def cell(
    text: object, sub: str = "", kind: str = "", href: str = "", runs: Iterable[str] = (), name: str = ""
) -> dict:  # fmt: skip
    """A cell of a table: text, a small line below it, a kind (`missing`, `same`, `failed`) and a link.

    runs: ids of the runs that its number comes from; the page leads to each of them. name: anchor of the cell, so that
    others can link to it. Raises ValueError for an address that is neither in the report nor on the web.
    """
    if href and not ADDRESS.match(href):
        raise ValueError(f"A cell cannot link to {href!r}: only to #places, pages of the report and http(s) addresses.")
    kind = kind or ("long" if len(str(text)) > 60 else "")
    runs = list(dict.fromkeys(str(run) for run in runs))
    return {"text": str(text), "sub": sub, "kind": kind, "href": href, "runs": runs, "name": name, "links": []}


def table(
    caption: str,
    columns: Iterable[str],
    rows: Iterable[Sequence],
    notes: Sequence[str] = (),
    folded: bool | None = None,
) -> dict:
    """A table; what is not yet a cell is shown as text, and columns of numbers stand right.

    notes: paragraphs below it. folded: closed until the reader opens it; default: where it has more than TALL rows.
    """
    columns, rows = list(columns), [[c if isinstance(c, dict) else cell(c) for c in row] for row in rows]
    numeric = [_numeric([row[i]["text"] for row in rows]) for i in range(len(columns))]
    return {"caption": caption, "columns": columns, "rows": rows, "numeric": numeric, "notes": notes,
            "folded": len(rows) > TALL if folded is None else folded}  # fmt: skip


def frame(caption: str, values: pd.DataFrame, notes: Sequence[str] = (), folded: bool | None = None) -> dict:
    """A DataFrame as a table."""
    return table(caption, values.columns, values.itertuples(index=False), notes, folded)


def finished(sections: Iterable[Mapping], runs: Mapping[str, tuple[str, str]]) -> list[dict]:
    """The sections as the template shows them: empty ones dropped, tables and figures numbered, runs linked.

    Tables and figures are numbered through the page and get an anchor of their own, `<section>-table-2`, that stays
    when other sections grow. runs: run id -> its name and address, for the cells that name runs; unknown ids are left
    out. Cells are completed in place.
    """
    kept, counts = [dict(section) for section in sections if section["blocks"]], {"table": 0, "figure": 0}
    for section in kept:
        here = dict.fromkeys(counts, 0)

        def numbered(kind: str, shown: dict, section=section, here=here) -> dict:
            counts[kind], here[kind] = counts[kind] + 1, here[kind] + 1
            anchor = f"{section['id']}-{kind}-{here[kind]}"
            return {**shown, "name": anchor, "label": f"{kind.capitalize()} {counts[kind]}"}

        section["blocks"] = [
            {
                **block,
                "pictures": [numbered("figure", picture) for picture in block["pictures"]],
                "tables": [numbered("table", table) for table in block["tables"]],
            }
            for block in section["blocks"]
        ]
        for shown in (table for block in section["blocks"] for table in block["tables"]):
            for each in (each for row in shown["rows"] for each in row):
                each["links"] = [runs[run] for run in each["runs"] if run in runs]
    return kept


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
