"""The sections of a report as its template shows them: tables and figures numbered, runs linked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from xtl.analysis.figures.drawing import svg
from xtl.analysis.section import Cell, Section

PIXELS = 118  # of page width per inch of figure, at most: text of 10 points shows as 16 pixels


def finished(sections: Iterable[Section], runs: Mapping[str, tuple[str, str]]) -> list[dict]:
    """The sections as the template shows them: empty ones dropped, tables and figures numbered, runs linked.

    Tables and figures are numbered through the page and get an anchor of their own, `<section>-table-2`, that stays
    when other sections grow. runs: run id -> its name and address, for the cells that name runs; unknown ids are left
    out.
    """
    counts = {"table": 0, "figure": 0}
    views = []
    for section in sections:
        if not section.blocks:
            continue
        within = {"table": 0, "figure": 0}

        def numbered(kind: str, values: dict, section=section, within=within) -> dict:
            counts[kind] += 1
            within[kind] += 1
            name = f"{section.name}-{kind}-{within[kind]}"
            return {**values, "name": name, "label": f"{kind.capitalize()} {counts[kind]}"}

        blocks = []
        for block in section.blocks:
            pictures = [
                numbered("figure", {"src": svg(p), "alt": p.alt, "width": round(p.figure.get_figwidth() * PIXELS)})
                for p in block.pictures
            ]
            tables = [
                numbered("table", {
                    "caption": table.caption, "columns": table.columns, "numeric": table.numeric, "notes": table.notes,
                    "folded": table.folded, "rows": [[_cell(cell, runs) for cell in row] for row in table.rows],
                })
                for table in block.tables
            ]  # fmt: skip
            blocks.append({
                "heading": block.heading, "text": block.text, "items": block.items, "pictures": pictures,
                "tables": tables,
            })  # fmt: skip
        views.append({"id": section.name, "title": section.title, "blocks": blocks})
    return views


def _cell(cell: Cell, runs: Mapping[str, tuple[str, str]]) -> dict:
    links = [runs[run] for run in cell.runs if run in runs]
    return {
        "text": cell.text, "sub": cell.sub, "kind": cell.kind, "href": cell.href, "name": cell.name, "links": links,
    }  # fmt: skip
