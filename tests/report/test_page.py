"""The parts of a page: numbered, named, linked to their runs, and no address that could run code."""

import pytest

from xtl.analysis.figures import drawing
from xtl.analysis.section import MOST, TALL, affordable, block, cell, section, table
from xtl.report.page import finished


@pytest.fixture
def pictures():
    """Two small figures."""
    return [drawing.Picture(drawing.canvas(1, 1, (1, 1))[0], "A figure that shows nothing.") for _ in range(2)]


def test_tables_and_figures_are_numbered_through_the_page_and_named_by_their_section(pictures):
    one = section("one", "One", block("a", pictures=pictures[:1]), block(tables=[table("t", ["x"], [[1]])]))
    two = section("two", "Two", block(pictures=pictures, tables=[table("u", ["x"], [[1]]), table("v", ["x"], [[1]])]))
    kept = finished([one, section("none", "None"), two], {})
    assert [each["id"] for each in kept] == ["one", "two"]
    shown = [each for s in kept for b in s["blocks"] for each in (*b["pictures"], *b["tables"])]
    assert [(each["label"], each["name"]) for each in shown] == [
        ("Figure 1", "one-figure-1"), ("Table 1", "one-table-1"), ("Figure 2", "two-figure-1"),
        ("Figure 3", "two-figure-2"), ("Table 2", "two-table-1"), ("Table 3", "two-table-2"),
    ]  # fmt: skip
    again = finished([section("two", "Two", *two.blocks)], {})
    assert again[0]["blocks"][0]["tables"][1]["name"] == "two-table-2"  # whatever stands before it


def test_cells_lead_to_the_runs_that_are_known():
    shown = table("t", ["x", "y"], [["a", cell("3", runs=["r2", "r1", "r2", "gone"])], ["b", cell("–")]])
    kept = finished(
        [section("s", "S", block(tables=[shown]))], {"r1": ("one", "runs/one.html"), "r2": ("two", "#run-r2")}
    )
    cells = [row[1] for row in kept[0]["blocks"][0]["tables"][0]["rows"]]
    assert cells[0]["links"] == [("two", "#run-r2"), ("one", "runs/one.html")] and cells[1]["links"] == []


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


def test_a_table_that_nobody_scrolls_through_is_folded():
    assert not table("t", ["x"], [[1]] * TALL).folded and table("t", ["x"], [[1]] * (TALL + 1)).folded
    assert table("t", ["x"], [[1]], folded=True).folded
    assert not table("t", ["x"], [[1]] * (TALL + 1), folded=False).folded
