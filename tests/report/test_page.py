"""Pages of notebooks show text as text, run nothing but our script, and ask the network for nothing."""

import base64
import hashlib
import re

import nbformat
import pandas as pd
import pytest

from xtl.analysis.figures.curves import loss_curve
from xtl.analysis.section import block, section
from xtl.base.places import REPOSITORY
from xtl.report.page import LEFT_OUT, as_page, clean, contents, numbered

STYLED = "<style>td {color: red}</style><table><tr><th>gold</th><td>a</td></tr></table>"
FRAME = "<iframe src='http://example.org'></iframe>"
WIDGET = "application/vnd.jupyter.widget-view+json"
PNG = base64.b64encode(b"\x89PNG fake").decode()
SVG = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(8)</script></svg>"
SOURCE = f'src="data:image/png;base64,{PNG}"'


def output(kind: str, **content):
    return nbformat.v4.new_output(kind, **content)


def notebook(*cells):
    return nbformat.v4.new_notebook(cells=list(cells))


@pytest.fixture(scope="module")
def run():
    """The page of a notebook with every kind of output, most of them hostile."""
    cell = nbformat.v4.new_code_cell("print('<script>alert(0)</script>')", execution_count=1)
    cell.outputs = [
        output("stream", name="stderr", text="10 %\r 50 %\r100 %\n"),
        output("stream", name="stdout", text="\x1b[31mred\x1b[0m <script>alert(1)</script>"),
        output("display_data", data={"text/html": STYLED}),
        output("display_data", data={"text/html": "<td>&lt;script>alert(2)</script><img src=x onerror=alert(3)></td>"}),
        output("display_data", data={"text/html": "<a href='javascript:alert(4)'>x</a>" + FRAME}),
        output("display_data", data={"application/javascript": "alert(5)"}),
        output("display_data", data={WIDGET: {"model_id": "1"}, "text/plain": "a bar"}),
        output("display_data", data={"text/plain": "<script>alert(9)</script>"}),
        output("display_data", data={"image/png": PNG}),
        output("display_data", data={"image/svg+xml": SVG}),
        output("error", ename="E", evalue="v", traceback=["\x1b[31mValueError: <script>alert(6)</script>\x1b[0m"]),
    ]  # fmt: skip
    text = "# Target\n\n<script>alert(7)</script> ![far](http://example.org/x.png)\n\n## Loss curve"
    made = notebook(nbformat.v4.new_markdown_cell(text), cell)
    return as_page(made, "run", title="bert-<none>", facts={"state": "done"})


def test_nothing_of_the_notebook_can_run(run):
    assert len(re.findall(r"<(script|iframe|object|embed|link(?! rel=\"icon\"))\b", run)) == 1  # our own script
    assert not re.search(r"<[^>]*\son\w+\s*=", run)
    assert "javascript:" not in run and "default-src 'none'" in run
    assert run.count("&lt;script&gt;alert(") + run.count("&lt;script&gt;") >= 5  # shown as the text that they are


def test_the_one_script_is_the_one_that_the_page_allows(run):
    script = re.search(r"<script>(.*?)</script>", run, flags=re.S)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in run and "'unsafe-inline'; script-src" in run


def test_nothing_is_fetched(run):
    addresses = re.findall(r"<\w[^>]*?\s(?:src|href)=\"([^\"]+)\"", run)
    assert all(address.startswith(("data:", "#", "../index.html")) for address in addresses)
    assert "example.org" not in "".join(addresses) and "@import" not in run and "url(" not in run


def test_our_own_pictures_stay_drawings():
    data, metadata = loss_curve(pd.DataFrame({"step": [1, 2], "loss": [2.0, 1.5]}), "nats")._repr_mimebundle_()
    cell = nbformat.v4.new_code_cell("notebook.loss_curve(log)")
    cell.outputs = [output("display_data", data=data, metadata=metadata)]
    page = as_page(notebook(cell), "run", title="bert", facts={})
    assert 'aria-label="Training loss by step: ends at 1.50."' in page and ">training loss (nats)</text>" in page
    assert contents(notebook(cell)) == []  # no section


def test_outputs_are_readable(run):
    assert "100 %" in run and "50 %" not in run  # progress as it ended
    assert "color: red" not in run and re.search(r"<th>gold</th>\s*<td>a</td>", run)
    assert "a bar" in run and '<span class="ansi-red-fg">' in run
    assert SOURCE in run and run.count("Figure drawn below the heading “Loss curve”") == 2
    assert "bert-&lt;none&gt;" in run


def test_pages_escape_what_they_are_given():
    made = as_page(notebook(), "run", title="<b>x</b>", facts={"error": "<script>"})
    assert "<b>x" not in made and "<dd>&lt;script&gt;</dd>" in made


def test_pictures_keep_their_words_and_headings_go_down_by_one():
    assert 'alt="r &gt; 0.5, 3 &lt; 4"' in clean(f'<img alt="r > 0.5, 3 < 4" {SOURCE}>')
    assert 'alt="Picture without a description"' in clean(f"<img {SOURCE} alt=''>")
    assert clean('a <img alt="x><b>" src="http://example.org/x.png"> b') == f"a {LEFT_OUT} b"
    assert clean('<h1 id="a">1</h1><h6>6</h6><hr>') == '<h2 id="a">1</h2><h6>6</h6><hr>'
    assert clean('<p id="content" onclick="x">1</p>') == "<p>1</p>"


def analysis(metadata=None):
    """A notebook with a section, and with a cell for notebooks alone."""
    data, own = section("s", "S <i>", block(text=["<b>"]))._repr_mimebundle_()
    shown = nbformat.v4.new_code_cell("ask()", execution_count=1)
    shown.outputs = [output("display_data", data=data, metadata=own if metadata is None else metadata)]
    hidden = nbformat.v4.new_code_cell("opened()", metadata={"tags": ["notebook-only"]}, execution_count=1)
    hidden.outputs = [output("display_data", data={"text/html": "what to type next"})]
    told = nbformat.v4.new_markdown_cell("how to use it", metadata={"tags": ["notebook-only"]})
    return notebook(told, hidden, shown)


def test_sections_go_in_as_they_are_and_without_their_style_sheet():
    made = as_page(analysis(), "report", title="t", name="n", question="q", sections=contents(analysis()))
    assert section("s", "S <i>", block(text=["<b>"])).html in made
    assert made.count("<style>") == 1
    assert '<li><a href="#s">S &lt;i&gt;</a></li>' in made


def test_what_does_not_say_that_it_is_ours_is_cleaned():
    made = as_page(analysis(metadata={}), "report", title="t", name="n", question="q", sections=[])
    assert '<section class="xtl"' not in made and "&lt;b&gt;" in made


def test_cells_for_notebooks_alone_leave_their_code():
    made = as_page(analysis(), "report", title="t", name="n", question="q", sections=[])
    assert "how to use it" not in made and "what to type next" not in made
    assert "opened" in made


def test_figures_and_tables_are_numbered_through_the_page():
    labels = [f'<a class="label" href="#a-{i}">{kind}</a>' for i, kind in enumerate(("Figure", "Table", "Figure"))]
    assert re.findall(r">([^<]+)<", numbered("".join(labels))) == ["Figure 1", "Table 1", "Figure 2"]
    assert numbered('<a href="#x">Figure</a>') == '<a href="#x">Figure</a>'


def test_predictions_are_shown_as_text(monkeypatch):

    from xtl.notebook import show_predictions

    shown = []
    monkeypatch.setattr("xtl.notebook.display", shown.append)
    show_predictions({("xnli", "en"): pd.DataFrame({"text": ["<img src=x onerror=alert(1)> <b>7</b>"]})})
    html = shown[1].to_html()
    assert "&lt;img src=x onerror=alert(1)&gt; &lt;b&gt;7&lt;/b&gt;" in html and "<img" not in html


ELSEWHERE = "&#39;outputs/runs/target/a-1/checkpoint&#39; /mnt/runs/others"


def test_no_path_of_the_machine_is_shared(tmp_path, monkeypatch):
    monkeypatch.setenv("XTL_OUTPUTS", str(tmp_path / "a & b"))
    monkeypatch.setenv("HOME", str(tmp_path))
    inside = f"QUJD{tmp_path}/QUJD"  # of the Base64 text of a picture
    facts = {
        "a": f"'{tmp_path}/a & b/runs/x'",
        "b": f"{REPOSITORY}/params/lab.yaml",
        "c": f"{tmp_path}/x {tmp_path}-x",
        "d": "'/mnt/u/out/runs/target/a-1/checkpoint' /mnt/runs/others",
    }
    made = as_page(notebook(), "run", title=inside, facts=facts)
    shown = re.findall("<dd>(.*?)</dd>", made)
    assert shown == ["&#39;outputs/runs/x&#39;", "./params/lab.yaml", f"~/x {tmp_path}-x", ELSEWHERE]
    assert inside in made


def test_parameters_of_a_run_show_no_path_of_the_machine(tmp_path, monkeypatch):
    """papermill writes letters beyond ASCII as escapes; the grid of an analysis may lie anywhere."""
    monkeypatch.setenv("XTL_OUTPUTS", str(tmp_path / "Ergebnis für A"))
    inside = str(tmp_path / "Ergebnis für A/runs/analysis/x").encode("unicode_escape").decode()
    source = f'grid = "/srv/some one/my grid.yaml"\nbase = "/srv/some one"\nrun_dir = "{inside}"\ngrid_size = "/x/y"'
    text = re.sub("<[^>]*>", "", as_page(notebook(nbformat.v4.new_code_cell(source)), "run", title="t", facts={}))
    assert "…/my grid.yaml" in text and "…/some one" in text and "/srv" not in text
    assert "outputs/runs/analysis/x" in text and str(tmp_path) not in text and "/x/y" in text
