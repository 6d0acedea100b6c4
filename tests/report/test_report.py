"""The report: complete in itself, honest about what is missing, left alone when nothing changed."""

import re
import zipfile
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from tests.synthetic import grid
from xtl import report
from xtl.analysis.questions import sections
from xtl.base.errors import UserError
from xtl.lab.world.config import LabConfig
from xtl.tasks.sources import HubSource, LabSource

LAB = LabSource(LabConfig(languages=12, sentences=400, train=100, test=20, seed=0))
MADE = ["en", "qaa", "qab", "qac", "qad", "qae", "qaf"]
SHORTCUTS = pd.DataFrame(
    {"target": ["xnli", "tatoeba"], "baseline": ["bag of words", "n-grams"], "points": [40.0, 5.0]}
)
SECTIONS = (
    "answer headline aggregates families languages similarity validity gaps layers claims encoders baselines "
    "recipe missing runs"
).split()


def write(tmp_path, data=LAB, name="lab", **options):
    """A report of synthetic scores in tmp_path/<name>/report, its page's text and its records."""
    cells, scores, records, languages = grid(**options)
    run = tmp_path / "run"
    run.mkdir(exist_ok=True)
    if not (run / "notebook.ipynb").exists():
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# A run")])
        nbformat.write(notebook, run / "notebook.ipynb")
    for key in list(records)[:2]:
        records[key]["folder"] = run
    question = "Does <i>it</i> help?"
    arguments = dict(languages=languages, baselines=SHORTCUTS if data is LAB else None)
    index = report.write_report(name, question, data, cells, scores, records, tmp_path / name / "report", **arguments)
    return index, index.read_text("utf-8"), records


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Two encoders and two seeds on one target of the same data and one of retrieval; one run failed."""
    tmp_path = tmp_path_factory.mktemp("report")
    options = dict(encoders=("bert", "xlnet"), seeds=(0, 1), targets=("xnli", "tatoeba"), languages=MADE)
    return tmp_path, options, *write(tmp_path, drop=[("xlnet", "mnli", "tatoeba", 1)], **options)


def plain(page: str) -> str:
    """The text of a page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", page, flags=re.S)))


def test_every_section_is_there_and_linked(whole):
    page = whole[3]
    ids = re.findall(r'<section id="(\w+)"', page)
    assert ids == SECTIONS
    assert [f"#{name}" for name in ids] == re.findall(r'<li><a href="(#\w+)"', page)


def test_the_page_needs_nothing_else(whole):
    index, page = whole[2], whole[3]
    for address in re.findall(r"(?:src|href)=\"([^\"]+)\"", page):
        assert address.startswith(("data:", "#")) or (index.parent / address).is_file(), address
    assert "<script" not in page and "http://" not in page and "https://" not in page
    assert len(re.findall(r"<img [^>]*alt=\"[^\"]{20,}\"", page)) == page.count("<img ")
    assert page.count("<caption>") == page.count("<table>")


def test_the_answer_is_hedged(whole):
    text = plain(whole[3])
    assert "Results of the laboratory are about the laboratory" in text
    assert "2 seeds are exploratory" in text
    assert "cells that train on the same data twice left out" in text
    assert "† trained on the same data twice" in text and "… with same-data cells" in text


def test_what_failed_and_what_is_missing_is_shown(whole):
    text = plain(whole[3])
    assert "6 scores are missing, 0 of them from runs that are done." in text
    assert "ValueError: &lt;b&gt;no&lt;/b&gt; such label" in text
    assert "Does &lt;i&gt;it&lt;/i&gt; help?" in text


def test_recipe_encoders_and_shortcuts(whole):
    text = plain(whole[3])
    assert "the laboratory, languages 12, sentences 400" in text and "made in the form of" in text
    assert "bert and xlnet: a contrast of architecture and objective." in text
    assert "1,200,345" in text and "held-out loss" in text
    assert re.search(r"xnli bag of words 40\.0", text)
    assert "learning_rate" not in text and "epochs" in text


def test_notebooks_are_rendered_beside_it_and_old_pages_go(whole):
    tmp_path, options, index, _, records = whole
    pages = sorted(path.name for path in (index.parent / "runs").iterdir())
    assert pages == sorted(f"{records[key]['slug']}-{key}.html" for key in list(records)[:2])
    (index.parent / "runs" / "old.html").write_text("x")
    report.write_notebooks(records, index.parent / "runs")
    assert not (index.parent / "runs" / "old.html").exists()


def test_the_same_content_is_not_drawn_again(whole, monkeypatch):
    tmp_path, options, index, page, _ = whole
    drawn = []
    monkeypatch.setattr(sections, "find", lambda *args: drawn.append(args) or 1 / 0)
    assert write(tmp_path, drop=[("xlnet", "mnli", "tatoeba", 1)], **options)[1] == page and not drawn
    with pytest.raises(ZeroDivisionError):
        write(tmp_path, draw=1, **options)


def test_one_seed_four_languages_real_data(tmp_path):
    options = dict(encoders=("bert",), seeds=(0,), targets=("udpos", "tatoeba"), intermediates=("none", "panx"))
    codes = ["en", "de", "hi", "ru", "tr"]
    _, page, _ = write(tmp_path, HubSource(), languages=codes, **options)
    text = plain(page)
    assert "There is one seed: no interval is shown" in text and "One seed: no interval is shown." in text
    assert "With 4 languages besides the source, fewer than five, no correlation" in text
    assert "n = 4: no correlation" in page and "±" not in text
    assert "laboratory" not in text and "syntactic features (Littell et al. 2017" in text


def test_a_grid_without_a_score_still_has_a_report(tmp_path):
    drop = [("bert", name, "xnli", seed) for name in ("none", "mnli") for seed in (0, 1, 2)]
    _, page, _ = write(tmp_path, encoders=("bert",), targets=("xnli",), languages=MADE, drop=drop)
    text = plain(page)
    assert "No target has a complete score yet." in text and "There is no answer yet" in text
    assert "42 scores are missing" in text


def test_unavailable_languages_are_listed(tmp_path):
    cells, scores, records, languages = grid(
        encoders=("bert",), seeds=(0,), targets=("udpos",), intermediates=("none",), languages=["en", "de"]
    )
    lacking = pd.DataFrame({"target": ["udpos", "udpos"], "language": ["fr", "yo"]})
    index = report.write_report(
        "real", "?", HubSource(), cells, scores, records, tmp_path, languages=languages, unavailable=lacking
    )
    assert re.search(r"udpos 2 fr yo", plain(index.read_text("utf-8")))


def test_zip_holds_the_whole_report(whole):
    index = whole[2]
    packed = report.zip_report(index.parent)
    assert packed == Path(f"{index.parent}.zip")
    with zipfile.ZipFile(packed) as archive:
        names = archive.namelist()
    assert "lab-report/index.html" in names and sum(name.startswith("lab-report/runs/") for name in names) == 2


def test_there_is_nothing_to_pack_without_a_report(tmp_path):
    with pytest.raises(UserError, match="holds no report.*xtl report GRID"):
        report.zip_report(tmp_path)


def test_vocabularies_are_shown_and_what_they_do_not_know_is_marked():
    from xtl.analysis.questions.background import vocabulary

    main = pd.DataFrame({
        "target": "udpos", "encoder": "bert-en", "intermediate": "none", "language": ["en", "zh"],
        "unknown": [0.0, 0.5], "fertility": [1.2, 3.0],
    })  # fmt: skip
    made = vocabulary(main, ["bert-en"]).blocks[0].tables[0]
    assert [[c.text for c in row] for row in made.rows] == [["en", "0.0 %", "1.20"], ["zh", "50.0 %", "3.00"]]
    assert [row[1].kind for row in made.rows] == ["", "failed"]
    assert vocabulary(main.drop(columns=["unknown", "fertility"]), ["bert-en"]).blocks == []


def test_submissions_are_collected_by_chain(tmp_path):
    from xtl.report.submissions import collect

    for run, task, text in (("r1", "udpos", "NOUN\n"), ("r2", "tatoeba", "0\n"), ("r3", "udpos", "VERB\n")):
        folder = tmp_path / run / "predictions" / task
        folder.mkdir(parents=True)
        (folder / "test-de.tsv").write_text(text)
    records = {run: {"state": "done", "folder": tmp_path / run} for run in ("r1", "r2")}
    records["r3"] = {"state": "failed", "folder": tmp_path / "r3"}
    chain = dict(encoder="bert", source="en", provenance="native", seed=0)
    cells = pd.DataFrame([
        {**chain, "intermediate": "none", "target": "udpos", "run_id": "r1"},
        {**chain, "intermediate": "none", "target": "tatoeba", "run_id": "r2"},
        {**chain, "intermediate": "mnli", "target": "udpos", "run_id": "r3"},
    ])  # fmt: skip
    (tmp_path / "out" / "old").mkdir(parents=True)
    made = collect(cells, records, tmp_path / "out")
    assert [path.name for path in made] == ["bert_none_s0"] and not (tmp_path / "out" / "old").exists()
    assert (made[0] / "udpos" / "test-de.tsv").read_text() == "NOUN\n"
    assert (made[0] / "tatoeba" / "test-de.tsv").read_text() == "0\n"


def test_a_pdf_of_other_numbers_does_not_stay(tmp_path):
    options = dict(encoders=("bert",), targets=("xnli",), languages=["en", "qaa"], seeds=(0,))
    index, _, _ = write(tmp_path, drop=[("bert", name, "xnli", 0) for name in ("none", "mnli")], **options)
    (index.parent / "report.pdf").write_text("of these numbers")
    packed = report.zip_report(index.parent)
    write(tmp_path, drop=[("bert", name, "xnli", 0) for name in ("none", "mnli")], **options)
    assert (index.parent / "report.pdf").exists() and packed.exists()
    write(tmp_path, drop=[("bert", "mnli", "xnli", 0)], **options)
    assert not (index.parent / "report.pdf").exists() and not packed.exists()
