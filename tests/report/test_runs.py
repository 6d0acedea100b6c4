"""Pages of runs: made by the worker that finished the run, else by the report; whole, and up to date."""

import os
from dataclasses import replace

import nbformat
import pytest

from tests.synthetic import run_record
from xtl.report import runs
from xtl.report.runs import PAGE_FILE, render_run_page, write_run_pages
from xtl.runs.record import State


@pytest.fixture
def record(tmp_path):
    """A finished run with its executed notebook."""
    folder = tmp_path / "runs" / "target" / "bert-s0-123"
    folder.mkdir(parents=True)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# A run")])
    nbformat.write(notebook, folder / "notebook.ipynb")
    return run_record("123", slug="bert-s0", folder=folder, seconds=75)


def aged(path, seconds: float) -> None:
    """A file as if it were written so many seconds earlier (later, where negative)."""
    when = path.stat().st_mtime - seconds
    os.utime(path, (when, when))


def test_a_page_lies_beside_its_notebook(record):
    path = render_run_page(record)
    assert path == record.folder / PAGE_FILE
    text = path.read_text("utf-8")
    assert "bert-s0-123</h1>" in text and "<h2>A run</h2>" in text
    assert "1 min 15 s" in text and "error" not in text.split("<main")[1]


def test_a_notebook_cut_short_says_so(record):
    (record.folder / "notebook.ipynb").write_text('{"cells": [')
    text = render_run_page(replace(record, error="it was killed")).read_text("utf-8")
    assert "cannot be read (NotJSONError)" in text and "<dd>it was killed</dd>" in text


def test_the_report_takes_the_page_that_the_worker_made(record, tmp_path, monkeypatch):
    render_run_page(record).write_text("by the worker</html>")
    monkeypatch.setattr(runs, "render_run_page", lambda *given: pytest.fail("rendered again"))
    write_run_pages({"123": record}, tmp_path / "report")
    assert (tmp_path / "report" / "bert-s0-123.html").read_text() == "by the worker</html>"


def test_a_page_that_is_older_than_its_notebook_is_made_again(record, tmp_path):
    page = render_run_page(record)
    page.write_text("old</html>")
    aged(page, 10)
    write_run_pages({"123": record}, tmp_path / "report")
    assert "bert-s0-123</h1>" in (tmp_path / "report" / "bert-s0-123.html").read_text("utf-8")
    assert page.read_text() == "old</html>"  # a store may be read-only


def test_a_page_of_an_older_look_is_made_again(record, tmp_path, monkeypatch):
    render_run_page(record).write_text("old</html>")
    look = tmp_path / "page.css"
    look.write_text("")
    aged(look, -100)
    monkeypatch.setattr(runs, "LOOK", [look])
    write_run_pages({"123": record}, tmp_path / "report")
    assert (tmp_path / "report" / "bert-s0-123.html").read_text("utf-8") != "old</html>"


def test_pages_that_are_up_to_date_are_left_alone(record, tmp_path):
    write_run_pages({"123": record}, tmp_path / "report")
    page = tmp_path / "report" / "bert-s0-123.html"
    page.write_text("the same</html>\n")
    write_run_pages({"123": record}, tmp_path / "report")
    assert page.read_text() == "the same</html>\n"


def test_pages_cut_short_or_from_the_future_are_made_again(record, tmp_path):
    write_run_pages({"123": record}, tmp_path / "report")
    page = tmp_path / "report" / "bert-s0-123.html"
    whole = page.read_bytes()
    for content in (b"", whole[:-20], whole[: len(whole) // 2]):
        page.write_bytes(content)
        write_run_pages({"123": record}, tmp_path / "report")
        assert page.read_bytes() == whole
    page.write_text("what it was</html>")
    aged(page, -100_000)
    write_run_pages({"123": record}, tmp_path / "report")
    assert page.read_bytes() == whole


def test_what_is_not_done_may_have_changed(record, tmp_path):
    write_run_pages({"123": record}, tmp_path / "report")
    failed = replace(record, state=State.FAILED, error="another error")
    write_run_pages({"123": failed}, tmp_path / "report")
    assert "another error" in (tmp_path / "report" / "bert-s0-123.html").read_text("utf-8")


def test_runs_without_a_notebook_have_no_page_and_old_pages_go(record, tmp_path):
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "old.html").write_text("x")
    absent = replace(record, id="456", folder=tmp_path / "nowhere")
    write_run_pages({"123": record, "456": absent}, tmp_path / "report")
    assert [path.name for path in (tmp_path / "report").iterdir()] == ["bert-s0-123.html"]
