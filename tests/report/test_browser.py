"""The report in a real browser: nothing runs, nothing is fetched, everything can be reached, read and printed."""

import re
from dataclasses import replace
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from tests.browser import Page, browser
from tests.report.pages import page_of
from tests.synthetic import LANGUAGES, results
from xtl.analysis.section import RunPage, block, section, table
from xtl.base.errors import UserError
from xtl.report import pdf
from xtl.report.runs import render_run_page
from xtl.report.write import index_page
from xtl.tasks.sources import HubSource

SCRIPT, PICTURE = "<script>alert(1)</script>", '"><img src=x onerror=alert(2)>'
LINK, WORDS = "[go](javascript:alert(3)) <a href='javascript:alert(4)'>go</a>", "![far](http://example.org/x.png)"
HOSTILE = f"{SCRIPT} {PICTURE} {LINK} {WORDS} '-alert(5)-' {{{{7*7777}}}} </title></style><svg onload=alert(6)>"


def notebook(path: Path) -> None:
    """An executed notebook whose every kind of output holds hostile text, and a wide one."""
    output = nbformat.v4.new_output
    text = {"text/plain": HOSTILE}
    code = "import os as o  # why\n@cached\nclass A(int):\n    def f(self, x=0x1):\n        return not x or f'{x!r}\\n'"
    cell = nbformat.v4.new_code_cell(f"{code}\ntext = '''{HOSTILE}'''\nraise ValueError(1.5) %", execution_count=1)
    cell.outputs = [
        output("stream", name="stdout", text=HOSTILE + "\n" + "wide " * 200),
        output("display_data", data={"text/html": f"<table><tr><td>{HOSTILE}</td></tr></table>", **text}),
        output("display_data", data={"text/html": pd.DataFrame({"text": [HOSTILE]}).to_html(), **text}),
        output("display_data", data={"text/markdown": f"# Heading {HOSTILE}", **text}),
        output("display_data", data={"application/javascript": "alert(7)", **text}),
        output("display_data", data={"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg'>" + SCRIPT + "</svg>"}),
        output("error", ename="E", evalue=HOSTILE, traceback=[HOSTILE]),
    ]
    cells = [nbformat.v4.new_markdown_cell(f"# Run\n\n## Part {HOSTILE}\n\n<iframe src='http://example.org'>"), cell]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> tuple[Path, Path]:
    """A report with hostile text wherever text can enter, and the page of its one notebook."""
    folder = tmp_path_factory.mktemp("shared")
    grid = results(
        HubSource({HOSTILE: HOSTILE}),
        LANGUAGES[:7],
        wording=HOSTILE,
        attributes={"name": HOSTILE, "unavailable": pd.DataFrame({"target": ["xnli"], "language": [HOSTILE]})},
        shortcuts=pd.DataFrame({"target": ["xnli"], "baseline": [HOSTILE], "points": [40.0]}),
        encoders=("bert", "xlnet"),
        seeds=(0, 1),
        targets=("xnli", "tatoeba"),
        drop=[("xlnet", "mnli", "tatoeba", 1)],
    )
    notebook(folder / "notebook.ipynb")
    device = {"cpu": HOSTILE, "threads": 1, "gpus": [HOSTILE]}
    for key, record in grid.records.items():
        record.params["recipe"] = {"note": HOSTILE}
        grid.records[key] = replace(record, device=device, error=record.error and HOSTILE)
    first = next(record for record in grid.records.values() if record.phase == "target")
    shown = replace(first, folder=folder, error=HOSTILE)
    grid.records[shown.id] = shown
    pages = {key: RunPage(record.slug, f"#run-{key}") for key, record in grid.records.items()}
    run = folder / "report" / "runs" / f"{shown.slug}-{shown.id}.html"
    pages[shown.id] = RunPage(shown.slug, f"runs/{run.name}")
    run.parent.mkdir(parents=True)
    render_run_page(shown, run)
    index = folder / "report" / "index.html"
    index.write_text(page_of(grid, pages), "utf-8")
    return index, run


@pytest.fixture(scope="module")
def tab(tmp_path_factory) -> Page:
    """One tab of one browser, for all tests."""
    with browser(tmp_path_factory.mktemp("browser") / "profile") as address:
        yield Page(address)


@pytest.fixture
def page(tab):
    """The tab, with nothing noted yet."""
    tab.requests.clear()
    tab.errors.clear()
    return tab


def test_the_instrument_sees_what_is_wrong(page, tmp_path):
    bad = "<img src='http://example.org/x.png'><script>console.error('no'); setTimeout(() => alert(1)); fail()</script>"
    (tmp_path / "bad.html").write_text(f"<!doctype html><body style='width: 5000px'>{bad}")
    page.open(tmp_path / "bad.html")
    page.run("new Promise(done => setTimeout(done, 100))")
    assert page.requests == ["http://example.org/x.png"]
    assert {"dialog: 1", "Uncaught"} <= set(page.errors) and any(e.startswith("console.error") for e in page.errors)
    assert page.run(OVERFLOW) == ["BODY"]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("which", [0, 1], ids=["index", "notebook"])
def test_nothing_runs_and_nothing_is_fetched(page, written, which, dark):
    page.open(written[which], dark=dark)
    page.run("document.querySelectorAll('details').forEach(each => each.open = true)")
    page.run("document.querySelectorAll('*').forEach(each => each.dispatchEvent(new Event('error')))")
    assert page.errors == [] and page.requests == []
    forbidden = "iframe, object, embed, form, base, link:not([rel=icon]), meta[http-equiv=refresh], svg script"
    assert page.run(f"document.querySelectorAll({forbidden!r}).length") == 0
    assert page.run("document.scripts.length") == 1  # ours: sorting, and the button for code
    attributes = "[...document.querySelectorAll('*')].flatMap(each => [...each.attributes])"
    assert page.run(f"{attributes}.filter(a => a.name.startsWith('on')).length") == 0
    assert page.run(f"{attributes}.filter(a => a.name != 'alt' && /javascript:/i.test(a.value)).length") == 0


def test_hostile_text_is_shown_as_the_text_that_it_is(page, written):
    page.open(written[0])
    page.run("document.querySelectorAll('details').forEach(each => each.open = true)")
    text = page.run("document.body.innerText")
    assert text.count(SCRIPT) >= 7 and text.count(PICTURE) >= 7 and text.count(LINK) >= 7 and "54439" not in text
    assert HOSTILE in page.run("document.querySelector('.crumb').textContent")
    assert HOSTILE in page.run("document.title") and HOSTILE in page.run("document.querySelector('h1').textContent")
    page.open(written[1])
    text = page.run("document.body.innerText")
    assert text.count(SCRIPT) >= 5 and "[picture from elsewhere, left out]" in text
    assert HOSTILE in page.run("[...document.querySelectorAll('.facts dd')].pop().textContent")


def test_every_link_leads_somewhere(page, written):
    for path in written:
        page.open(path)
        for address in page.run("[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))"):
            if address and address.startswith("#"):
                assert page.run(f"document.getElementById({address[1:]!r}) !== null"), address
            elif address:
                assert (path.parent / address).is_file(), address
    page.open(written[0])
    anchors = page.run("[...document.querySelectorAll('[id]')].map(each => each.id)")
    assert len(anchors) == len(set(anchors)) and "recipe" in anchors
    captioned = page.run("document.querySelectorAll('table, figure').length")
    assert page.run('document.querySelectorAll(\'caption a[href="#recipe"], figcaption a[href="#recipe"]\').length')
    named = "[...document.querySelectorAll('caption, figcaption')].map(c => c.querySelector('a').textContent)"
    labels = page.run(named)
    assert len(labels) == captioned and all(re.fullmatch(r"(Table|Figure) \d+", label) for label in labels)


def test_numbers_lead_to_their_runs(page, written):
    page.open(written[0])
    page.run("document.querySelectorAll('details').forEach(each => each.open = true)")
    cells = "[...document.querySelectorAll('#gains-table-1 tbody tr')].map(r => [...r.querySelectorAll('th, td')])"
    cells += ".map(row => row.map(c => [c.innerText, [...c.querySelectorAll('a')].map(a => a.textContent)]))"
    rows = {(row[0][0], row[1][0]): [links for _, links in row[2:]] for row in page.run(cells)}
    own, before = (["bert-mnli-tatoeba-s0", "bert-mnli-tatoeba-s1"], ["bert-none-tatoeba-s0", "bert-none-tatoeba-s1"])
    assert rows["tatoeba", "mnli"][0] == own + before and rows["tatoeba", "none"][0] == before
    failed = page.run("[...document.querySelectorAll('#gains a')].find(a => a.text == 'xlnet-mnli-tatoeba-s1').hash")
    assert page.run(f"document.querySelector({failed!r}).closest('tr').innerText").count("failed") == 1
    shown = page.run("[...document.querySelectorAll('#gains a')].map(a => a.getAttribute('href'))")
    assert f"runs/{written[1].name}" in shown


def test_every_picture_has_words_and_can_be_drawn(page, written):
    for path in written:
        page.open(path)
        images = page.run("[...document.images].map(each => [each.alt.trim(), each.naturalWidth > 0])")
        drawn = "[each.ariaLabel, each.querySelectorAll('text').length > 0 && each.clientWidth > 0]"
        drawings = page.run(
            f"[...document.querySelectorAll('main svg')].filter(s => s.checkVisibility()).map(each => {drawn})"
        )
        assert len(images) + len(drawings) >= 1 and all(words and seen for words, seen in images + drawings)
    ids = page.run("[...document.querySelectorAll('svg [id]')].map(each => each.id)")
    assert len(ids) == len(set(ids))


OVERFLOW = """[...document.querySelectorAll('body, body *')].filter(each => !each.closest('.skip')
    && !each.parentElement.closest('.scroll, .output_area, pre') && getComputedStyle(each).position != 'absolute'
    && each.getBoundingClientRect().right > innerWidth + 1).map(each => each.tagName)"""


@pytest.mark.parametrize("width", [390, 1200])
def test_nothing_overflows(page, written, width):
    for path in written:
        page.open(path, width=width)
        page.run("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert page.run("document.documentElement.scrollWidth <= innerWidth") and page.run(OVERFLOW) == []


def test_contents_stand_at_the_side_or_on_top(page, written):
    places = "['nav', 'main'].map(name => document.querySelector(name).getBoundingClientRect().toJSON())"
    page.open(written[0], width=1200)
    contents, main = page.run(places)
    assert contents["right"] <= main["left"]
    page.run("scrollTo(0, 3000)")
    assert page.run("document.querySelector('nav').getBoundingClientRect().top") == 0
    page.open(written[0], width=390)
    contents, main = page.run(places)
    assert contents["bottom"] <= main["top"] and contents["left"] == pytest.approx(main["left"])
    sections = page.run("[...document.querySelectorAll('main section')].map(each => '#' + each.id)")
    assert page.run("[...document.querySelectorAll('nav a')].map(a => a.hash)") == sections


def test_structure_for_screen_readers(page, written):
    for path in written:
        page.open(path)
        levels = page.run("[...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map(each => +each.tagName[1])")
        assert levels[0] == 1 and levels.count(1) == 1
        assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))
        assert page.run("['header', 'main'].map(name => document.querySelectorAll(name).length)") == [1, 1]
    page.open(written[0])
    assert page.run("[...document.querySelectorAll('table')].every(t => t.caption.textContent.length > 10)")
    assert page.run("[...document.querySelectorAll('th')].every(each => ['col', 'row'].includes(each.scope))")


def focused(page: Page, keys: int = 200) -> list[tuple[str, str]]:
    """Tag and text of what Tab reaches, in order, each with a visible outline."""
    seen = []
    for _ in range(keys):
        page.press("Tab")
        tag, text, outline = page.run(
            "(e => [e.tagName, e.textContent.slice(0, 80), getComputedStyle(e).outlineStyle])(document.activeElement)"
        )
        if tag == "BODY":
            break
        assert outline == "solid", (tag, text)
        seen.append((tag, text))
    return seen


def test_everything_is_reached_by_keyboard(page, written):
    page.open(written[0])
    page.press("Tab")
    assert page.run("document.activeElement.className") == "skip"
    assert page.run("document.activeElement.getBoundingClientRect().top") >= 0  # seen once it has the focus
    page.press("Enter")
    assert page.run("document.activeElement.id") == "content"
    page.open(written[0])
    reached = focused(page)
    titles = page.run("[...document.querySelectorAll('nav a')].map(a => a.textContent)")
    assert [text for _, text in reached[:2]] == ["Skip to content", "Code"]
    assert [text for _, text in reached[2 : len(titles) + 2]] == titles
    summaries = page.run("[...document.querySelectorAll('summary')].filter(each => each.checkVisibility()).length")
    assert summaries > 10 and sum(tag == "SUMMARY" for tag, _ in reached) == summaries
    page.run("document.querySelector('details.numbers > summary').focus()")
    page.press("Enter")
    assert page.run("document.querySelector('details.numbers').open")


def test_tables_are_sorted_by_their_heads(page, written):
    """By mouse or keyboard; numbers as numbers, what is missing last either way."""
    page.open(written[0])
    column = "[...document.querySelectorAll('#runs-table-2 tbody tr')].map(row => row.cells[0].textContent.trim())"
    button = "document.querySelector('#runs-table-2 thead th button')"
    page.run("document.querySelectorAll('details').forEach(each => each.open = true)")
    page.run(f"{button}.focus()")
    page.press("Enter")
    first = page.run(column)
    assert first == page.run(f"{column}.sort((a, b) => a.localeCompare(b))")
    assert page.run(f"{button}.closest('th').ariaSort") == "ascending"
    page.press("Enter")
    assert page.run(column) == first[::-1] and page.run(f"{button}.closest('th').ariaSort") == "descending"


def test_numbers_are_sorted_as_numbers_and_missing_ones_last(page, tmp_path):
    cells = ["−2.5 (−3.0 to −1.0)", "–", "1,000.0", "+3.1", "missing", "< 0.001"]
    shown = section("s", "S", block(tables=[table("t", ["name", "x"], [[i, text] for i, text in enumerate(cells)])]))
    cell = nbformat.v4.new_code_cell("", outputs=[nbformat.v4.new_output("display_data")])
    cell.outputs[0].data, cell.outputs[0].metadata = shown._repr_mimebundle_()
    (tmp_path / "page.html").write_text(index_page(nbformat.v4.new_notebook(cells=[cell]), "n", "q"), "utf-8")
    page.open(tmp_path / "page.html")
    order = "[...document.querySelectorAll('tbody tr')].map(row => +row.cells[0].textContent)"
    page.run("document.querySelectorAll('thead button')[1].click()")
    assert page.run(order) == [0, 5, 3, 2, 1, 4]
    page.run("document.querySelectorAll('thead button')[1].click()")
    assert page.run(order) == [2, 3, 5, 0, 1, 4]


def test_one_button_shows_the_code(page, written):
    page.open(written[0])
    visible = "[...document.querySelectorAll('.code')].map(each => each.checkVisibility())"
    assert len(page.run(visible)) > 10 and not any(page.run(visible))
    page.run("document.getElementById('show-code').click()")
    assert all(page.run(visible)) and page.run("document.getElementById('show-code').ariaPressed") == "true"
    page.run("document.getElementById('show-code').click()")
    assert not any(page.run(visible))
    page.open(written[1])
    assert all(page.run(visible))  # a run's page is its notebook


def test_a_link_to_a_folded_table_opens_it(page, written):
    page.open(written[0], fragment="#gains-table-1")
    assert page.run("document.querySelector('#gains-table-1').closest('details').open")
    top = page.run("document.querySelector('#gains-table-1').getBoundingClientRect().top")
    assert 0 <= top < 300


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_the_first_screen_has_question_answer_figure_and_trust(page, tmp_path, width, height):
    question = "Does English intermediate training (MNLI) help zero-shot transfer, and does that depend on the encoder?"
    (tmp_path / "index.html").write_text(page_of(results(wording=question)), "utf-8")
    page.open(tmp_path / "index.html", width=width, height=height)
    bottom = "[...document.querySelectorAll('{}')].map(each => each.getBoundingClientRect().bottom)"
    for part in ("h1", "#answer .words p", "#answer svg", "#answer .items li"):
        places = page.run(bottom.format(part))
        assert places and max(places) <= height, (part, places)
    assert len(page.run(bottom.format("#answer .words p"))) <= 3


CONTRAST = """(() => {
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const linear = v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => .2126 * linear(r / 255) + .7152 * linear(g / 255) + .0722 * linear(b / 255);
  const ground = each => {
    for (let at = each; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length == 3 || colour[3] == 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = {};
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const each = walk.currentNode.parentElement;
    if (!walk.currentNode.textContent.trim() || !each.checkVisibility()) continue;
    const look = getComputedStyle(each), size = parseFloat(look.fontSize);
    const [a, b] = [light(parse(look.color)), light(ground(each))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    const large = size >= 24 || size >= 18.66 && look.fontWeight >= 700;
    if (ratio < (large ? 3 : 4.5)) found[each.tagName + '.' + each.className] = Math.round(ratio * 100) / 100;
  }
  return found;
})()"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_has_contrast_in_light_and_dark(page, written, dark):
    for path in written:
        page.open(path, dark=dark)
        page.run("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert page.run(CONTRAST) == {}
    page.open(written[0], dark=dark)
    ground = page.run("getComputedStyle(document.body).backgroundColor")
    assert (sum(int(part) for part in re.findall(r"\d+", ground)) < 150) == dark
    assert page.run("[...document.images].every(i => getComputedStyle(i).backgroundColor == 'rgb(255, 255, 255)')")


def test_paper_has_what_is_unfolded_and_says_so(page, written):
    page.open(written[0])
    page.call("Emulation.setEmulatedMedia", media="print")
    shown = "[...document.querySelectorAll('{}')].map(each => each.checkVisibility())"
    assert not any(page.run(shown.format("td"))) and not any(page.run(shown.format("nav, button, summary")))
    assert all(page.run(shown.format("#gains h2, #gains .block > figure, .on-paper")))
    page.run("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert all(page.run(shown.format("td")))  # who unfolds everything prints everything
    page.call("Emulation.setEmulatedMedia", media="")


def test_the_pdf_has_every_page_and_no_address_of_this_machine(written):
    try:
        program = pdf.chromium()
    except UserError as error:
        pytest.skip(str(error))
    made = pdf.print_report(written[0].parent, program, seconds=900)  # however busy the machine is
    content = made.read_bytes()
    assert made == written[0].parent / "report.pdf" and len(re.findall(rb"/Type\s*/Page\b", content)) > 1
    assert b"/Outlines" in content and b"/StructTreeRoot" in content and b"file:" not in content
    assert sorted(path.name for path in made.parent.iterdir()) == ["index.html", "report.pdf", "runs"]
