"""The parts of a page: numbered, named, linked to their runs, and no address that could run code."""

import pytest

from xtl.analysis import drawing
from xtl.report.page import block, cell, finished, section, table


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
    again = finished([section("two", "Two", *two["blocks"])], {})
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
    assert cell("x", href=address)["href"] == address


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", " JavaScript:x", "java\nscript:x", "data:text/html,x", "//example.org", "/etc", "\\\\x"],
)
def test_cells_link_to_nothing_else(address):
    with pytest.raises(ValueError, match="cannot link to"):
        cell("x", href=address)
