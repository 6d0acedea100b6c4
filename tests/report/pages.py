"""Pages of synthetic results: the analysis notebook as its kernel would leave it, without a kernel."""

import re
from collections.abc import Mapping
from dataclasses import replace
from html.parser import HTMLParser

import nbformat

from tests.command import ROOT
from xtl.analysis.questions import QUESTIONS
from xtl.analysis.results import Results
from xtl.analysis.section import RunPage
from xtl.report import write

NOTEBOOK = ROOT / "notebooks" / "3_analysis.ipynb"


def asked(notebook: nbformat.NotebookNode) -> dict[str, nbformat.NotebookNode]:
    """Question -> the cell of the notebook that asks it."""
    found = {}
    for cell in notebook.cells:
        if question := re.fullmatch(r'results\.question\("(\w+)"\)', cell.source):
            found[question[1]] = cell
    return found


def executed(results: Results, pages: Mapping[str, RunPage] | None = None) -> nbformat.NotebookNode:
    """The analysis notebook with every section of these results; pages: of the runs that their cells name."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    for name, cell in asked(notebook).items():
        data, metadata = replace(QUESTIONS[name](results), pages=pages or {})._repr_mimebundle_()
        output = nbformat.v4.new_output("execute_result", data=data, metadata=metadata, execution_count=1)
        cell.outputs = [output]
    return notebook


def page_of(results: Results, pages: Mapping[str, RunPage] | None = None) -> str:
    """The report's page of these results."""
    return write.index_page(executed(results, pages), results.name, results.wording)


def plain(page: str) -> str:
    """The text of a page."""
    page = re.sub(r"<(style|script)>.*?</\1>", "", page, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


VOID = {"meta", "link", "br", "img", "col", "hr"}


class Visible(HTMLParser):
    """The words of a page before anything is unfolded: without code, style, and what closed details hold."""

    def __init__(self, figures: bool):
        super().__init__()
        self.unseen = {"head", "script", "style"} | (set() if figures else {"svg"})
        self.open: list[str] = []  # the elements that have begun and not ended: their names, `` where they hide
        self.words: list[str] = []

    def handle_starttag(self, tag, attributes):
        known = dict(attributes)
        hides = tag in self.unseen or known.get("class") == "code" or "hidden" in known
        folded = self.open and self.open[-1] == "folded" and tag != "summary"
        name = "folded" if tag == "details" and "open" not in known else tag
        if tag not in VOID:
            self.open.append("" if hides or folded else name)

    def handle_endtag(self, tag):
        if tag not in VOID:
            self.open.pop()

    def handle_data(self, data):
        if "" not in self.open:
            self.words += data.split()


def visible_words(page: str, figures: bool = False) -> list[str]:
    """The words that a reader sees of a page that nobody has touched; figures: with the text in them."""
    parser = Visible(figures)
    parser.feed(page)
    return parser.words
