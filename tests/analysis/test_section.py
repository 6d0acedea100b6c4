"""Sections: the parts of a page, named, escaped, linked to their runs, and no address that could run code."""

import re
from dataclasses import replace

import pytest

from xtl.analysis.figures import drawing
from xtl.analysis.section import MOST, RunPage, affordable, anchor, block, cell, section, style, table


@pytest.fixture
def pictures():
    """Two small figures."""
    return [drawing.Picture(drawing.panel(10, 10)[0], "A figure that shows nothing.") for _ in range(2)]


def test_tables_and_figures_are_named_by_their_section(pictures):
    first = block(pictures=pictures[:1], tables=[table("t", ["x"], [[1]])])
    second = block(pictures=pictures, tables=[table("u", ["x"], [[1]]), table("v", ["x"], [[1]])])
    html = section("two", "Two", first, second).html
    names = ["two-figure-1", "two-table-1", "two-figure-2", "two-table-2", "two-table-3"]
    assert [name for name in names if f'id="{name}"' in html] == names
    assert html.count('class="label"') == 5 and html.count("<figure") == 2  # a figure may have several pictures


def test_two_sections_may_show_the_same_picture(pictures):
    ids = [set(re.findall(r' id="([^"]+)"', section(n, "S", block(pictures=pictures[:1])).html)) for n in ("a", "b")]
    assert ids[0] and not ids[0] & ids[1]


def test_text_is_seen_and_tables_and_notes_are_folded_below_the_figure(pictures):
    shown = block("H", ["seen"], ["point"], pictures[:1], [table("t", ["x"], [[1]], ["how"])], ["method"])
    html = section("s", "S", shown).html
    open_, folded = html.split('<details class="numbers">')
    assert "seen" in open_ and "point" in open_ and "<figure" in open_
    assert "<table" in folded and "how" in folded and "method" in folded


@pytest.mark.parametrize(
    ("tables", "notes", "said"),
    [
        ([table("t", ["x"], [[1]])], [], "Numbers"),
        ([table("t", ["x"], [[1]], ["n"])], [], "Numbers and method"),
        ([table("t", ["x"], [[1]])], ["n"], "Numbers and method"),
        ([], ["n"], "Method"),
    ],
)
def test_the_reader_is_told_what_there_is_to_unfold(tables, notes, said):
    assert block(tables=tables, notes=notes).behind == said


def test_more_pictures_are_folded_and_numbered_behind_those_that_are_seen(pictures):
    shown = section("s", "S", block(pictures=pictures[:1], notes=["how"], more=pictures[1:]))
    open_, folded = shown.html.split('<details class="numbers"><summary>More figures and method</summary>')
    assert 'id="s-figure-1"' in open_ and 'id="s-figure-2"' in folded
    assert shown.figures == pictures


def test_a_whole_section_can_be_folded():
    shown = section("s", "S", block(text=["x"]), folded=True)
    assert "<details><summary><h2>S</h2></summary>" in shown.html
    assert "<details>" not in replace(shown, folded=False).html


def test_a_notebook_shows_what_the_page_shows():
    shown = section("s", "S", block(text=["x"]))
    data, metadata = shown._repr_mimebundle_()
    assert data["text/html"] == shown._repr_html_() == style() + shown.html
    assert data["text/plain"] == repr(shown) == "S (figures: 0, tables: 0)\nx"
    assert metadata == {"text/html": {"xtl": {"name": "s", "title": "S", "folded": False}}}


def test_a_section_without_content_shows_nothing():
    empty = section("s", "S", block("only a heading"))
    assert empty.blocks == [] and empty.html == "" and empty._repr_html_() == ""
    assert empty._repr_mimebundle_()[1] == {"text/html": {"xtl": {}}}


def test_everything_is_escaped(pictures):
    hostile = "<b onclick='x'>\"&"
    rows = [[cell(hostile, hostile, runs=["r"], name="n"), cell(hostile, href="#x")]]
    tables = [table(hostile, [hostile, hostile], rows, [hostile])]
    html = section("s", hostile, block(hostile, [hostile], [hostile], tables=tables, notes=[hostile])).html
    assert "<b " not in html and html.count("&lt;b onclick") >= 11


def test_cells_lead_to_the_runs_that_are_known():
    shown = table("t", ["x", "y"], [["a", cell("3", runs=["r2", "r1", "r2", "gone"])], ["b", cell("–")]])
    pages = {"r1": RunPage("one", "runs/one.html"), "r2": RunPage("two", "#run-r2")}
    found = replace(section("s", "S", block(tables=[shown])), pages=pages)
    assert found.links(shown.rows[0][1]) == [RunPage("two", "#run-r2"), RunPage("one", "runs/one.html")]
    assert found.links(shown.rows[1][1]) == []
    assert '<li><a href="runs/one.html">one</a></li>' in found.html
    assert anchor("r2") == "run-r2"


@pytest.mark.parametrize("address", ["#runs", "runs/bert-s0-1.html", "https://example.org/a:b", "HTTP://example.org"])
def test_cells_link_into_the_report_and_to_the_web(address):
    assert cell("x", href=address).href == address


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", " JavaScript:x", "java\nscript:x", "data:text/html,x", "//example.org", "/etc", "\\\\x"],
)
def test_cells_link_to_nothing_else(address):
    with pytest.raises(ValueError, match="cannot link to"):
        cell("x", href=address)


def test_as_many_pictures_are_drawn_as_somebody_reads():
    called = []

    def kind(**sizes):
        return [(name, lambda name=name: called.append(name) or name) for name, n in sizes.items() for _ in range(n)]

    shown, left_out = affordable(kind(a=MOST - 10, b=12, c=1, d=2), "the tables")
    assert {name: len(group) for name, group in shown.items()} == {"a": MOST - 10, "b": 10} and len(called) == MOST
    assert left_out == [
        "The first 36 of 41 pictures, because nobody reads more. Not drawn: a part of b, c and d; the numbers are in "
        "the tables."
    ]
    assert len(affordable(kind(a=MOST + 1))[0]["a"]) == MOST
    assert affordable(kind(a=2, b=3)) == ({"a": ["a", "a"], "b": ["b", "b", "b"]}, [])
    assert affordable([]) == ({}, [])
