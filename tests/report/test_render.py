"""Rendered notebooks show text as text, run nothing, and ask the network for nothing."""

import base64
import re

import nbformat
import pytest

from xtl.report import render

STYLED = "<style>td {color: red}</style><table><tr><th>gold</th><td>a</td></tr></table>"
FRAME = "<iframe src='http://example.org'></iframe>"
WIDGET = "application/vnd.jupyter.widget-view+json"
PNG = base64.b64encode(b"\x89PNG fake").decode()


def output(kind: str, **content):
    return nbformat.v4.new_output(kind, **content)


@pytest.fixture
def page(tmp_path):
    """The page of a notebook with every kind of output, most of them hostile."""
    cell = nbformat.v4.new_code_cell("print('<script>alert(0)</script>')", execution_count=1)
    cell.outputs = [
        output("stream", name="stderr", text="10 %\r 50 %\r100 %\n"),
        output("stream", name="stdout", text="\x1b[31mred\x1b[0m <script>alert(1)</script>"),
        output("display_data", data={"text/html": STYLED}),
        output("display_data", data={"text/html": "<td><script>alert(2)</script><img src=x onerror=alert(3)></td>"}),
        output("display_data", data={"text/html": "<a href='javascript:alert(4)'>x</a>" + FRAME}),
        output("display_data", data={"application/javascript": "alert(5)"}),
        output("display_data", data={WIDGET: {"model_id": "1"}, "text/plain": "a bar"}),
        output("display_data", data={"image/png": PNG}),
        output("error", ename="E", evalue="v", traceback=["\x1b[31mValueError: <script>alert(6)</script>\x1b[0m"]),
    ]  # fmt: skip
    text = "# Target\n\n<script>alert(7)</script> ![far](http://example.org/x.png)\n\n## Loss curve"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text), cell])
    nbformat.write(notebook, tmp_path / "notebook.ipynb")
    return render.notebook_page(tmp_path / "notebook.ipynb", "bert-<none>", {"state": "done"})


def test_nothing_can_run(page):
    assert not re.search(r"<(script|iframe|object|embed|link(?! rel=\"icon\"))\b", page)
    assert not re.search(r"\son\w+\s*=", re.sub(r"&lt;.*?&gt;", "", page))
    assert "javascript:" not in page and "default-src 'none'" in page
    assert page.count("&lt;script&gt;alert(") >= 5  # shown as the text that they are


def test_nothing_is_fetched(page):
    addresses = re.findall(r"<\w[^>]*?\s(?:src|href)=\"([^\"]+)\"", page)
    assert all(address.startswith(("data:", "#", "../index.html")) for address in addresses)
    assert "example.org" not in "".join(addresses) and "@import" not in page and "url(" not in page


def test_outputs_are_readable(page):
    assert "100 %" in page and "50 %" not in page  # progress as it ended
    assert "color: red" not in page and re.search(r"<th>gold</th>\s*<td>a</td>", page)
    assert "a bar" in page and '<span class="ansi-red-fg">' in page
    assert f'src="data:image/png;base64,{PNG}"' in page and "Figure drawn below the heading “Loss curve”" in page
    assert "bert-&lt;none&gt;" in page


def test_a_notebook_cut_short_says_so(tmp_path):
    (tmp_path / "notebook.ipynb").write_text('{"cells": [')
    assert "cannot be read (NotJSONError)" in render.notebook_page(tmp_path / "notebook.ipynb", "x", {})


def test_pages_escape_what_they_are_given():
    page = render.page("notebook", title="<b>x</b>", facts={"error": "<script>"}, body="<i>", colours="")
    assert "<b>x" not in page and "&lt;script&gt;" in page and "&lt;i&gt;" in page


def test_pictures_keep_their_words_and_headings_go_down_by_one():
    source = f'src="data:image/png;base64,{PNG}"'
    assert render.clean(f'<img alt="r > 0.5, 3 < 4" {source}>') == f'<img alt="r > 0.5, 3 &lt; 4" {source}>'
    assert 'alt="Picture without a description"' in render.clean(f"<img {source} alt=''>")
    assert render.clean('a <img alt="x><b>" src="http://example.org/x.png"> b') == f"a {render.LEFT_OUT} b"
    assert render.clean('<h1 id="a">1</h1><h6>6</h6><hr>') == '<h2 id="a">1</h2><h6>6</h6><hr>'
    assert render.clean('<p id="content" onclick="x">1</p>') == "<p>1</p>"


def test_predictions_are_shown_as_text(monkeypatch):
    import pandas as pd

    from xtl.notebook import show_predictions

    shown = []
    monkeypatch.setattr("xtl.notebook.display", shown.append)
    show_predictions({("xnli", "en"): pd.DataFrame({"text": ["<img src=x onerror=alert(1)> <b>7</b>"]})})
    html = shown[1].to_html()
    assert "&lt;img src=x onerror=alert(1)&gt; &lt;b&gt;7&lt;/b&gt;" in html and "<img" not in html


ELSEWHERE = "&#39;outputs/runs/target/a-1/checkpoint&#39; /mnt/runs/others"


def test_no_path_of_the_machine_is_shared(tmp_path, monkeypatch):
    from xtl.base.places import REPOSITORY

    monkeypatch.setenv("XTL_OUTPUTS", str(tmp_path / "a & b"))
    monkeypatch.setenv("HOME", str(tmp_path))
    base64 = f"QUJD{tmp_path}/QUJD"
    facts = {"a": f"'{tmp_path}/a & b/runs/x'", "b": f"{REPOSITORY}/params/lab.yaml", "c": f"{tmp_path}/x {tmp_path}-x"}
    facts["d"] = "'/mnt/u/out/runs/target/a-1/checkpoint' /mnt/runs/others"
    page = render.page("notebook", title=base64, facts=facts, body="", colours="")
    shown = re.findall("<dd>(.*?)</dd>", page)
    assert shown == ["&#39;outputs/runs/x&#39;", "./params/lab.yaml", f"~/x {tmp_path}-x", ELSEWHERE] and base64 in page


def test_parameters_of_a_run_show_no_path_of_the_machine(tmp_path, monkeypatch):
    """papermill writes letters beyond ASCII as escapes; the grid of an analysis may lie anywhere."""
    monkeypatch.setenv("XTL_OUTPUTS", str(tmp_path / "Ergebnis für A"))
    inside = str(tmp_path / "Ergebnis für A/runs/analysis/x").encode("unicode_escape").decode()
    source = f'grid = "/srv/some one/my grid.yaml"\nbase = "/srv/some one"\nrun_dir = "{inside}"\ngrid_size = "/x/y"'
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    nbformat.write(notebook, tmp_path / "notebook.ipynb")
    text = re.sub("<[^>]*>", "", render.notebook_page(tmp_path / "notebook.ipynb", "t", {}))
    assert "…/my grid.yaml" in text and "…/some one" in text and "/srv" not in text
    assert "outputs/runs/analysis/x" in text and str(tmp_path) not in text and "/x/y" in text
