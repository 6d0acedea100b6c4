"""The report: complete in itself, honest about what is missing, left alone when nothing changed."""

import re
import zipfile
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from tests.filled import SMOKE, fill
from tests.report.pages import NOTEBOOK, asked, page_of, plain, visible_words
from tests.synthetic import results
from xtl.analysis.questions import MAIN, QUESTIONS
from xtl.base.errors import UserError
from xtl.explore import open_grid
from xtl.report import write
from xtl.runs.store import Store
from xtl.tasks.sources import HubSource

SHORTCUTS = pd.DataFrame(
    {"target": ["xnli", "tatoeba"], "baseline": ["bag of words", "n-grams"], "points": [40.0, 5.0]}
)


@pytest.fixture(scope="module")
def whole():
    """The page of two encoders and two seeds on one target of the same data and one of retrieval; one run failed."""
    options = dict(encoders=("bert", "xlnet"), seeds=(0, 1), targets=("xnli", "tatoeba"))
    drop = [("xlnet", "mnli", "tatoeba", 1)]
    return page_of(results(wording="Does <i>it</i> help?", shortcuts=SHORTCUTS, drop=drop, **options))


@pytest.fixture(scope="module")
def lab():
    """The page of a grid of the shape of params/lab.yaml."""
    return page_of(results())


def test_the_notebook_asks_every_question_in_the_order_of_the_report():
    assert list(asked(nbformat.read(NOTEBOOK, as_version=4))) == list(QUESTIONS)


def test_every_section_is_there_and_linked(whole):
    ids = re.findall(r'<section class="xtl(?: folded)?" id="(\w+)"', whole)
    assert ids == [name for name in QUESTIONS if name in ids]
    assert {
        "answer",
        "similarity",
        "layers",
        "pretraining",
        "encoders",
        "shortcuts",
        "recipe",
        "missing",
        "runs",
    } <= set(ids)
    assert [f"#{name}" for name in ids] == re.findall(r'<li><a href="(#\w+)">', whole.split("<main")[0])


def test_the_page_needs_nothing_else(whole):
    addresses = re.findall(r"(?:src|href)=\"([^\"]+)\"", whole)
    assert all(address.startswith(("data:", "#")) for address in addresses)
    assert whole.count("<script") == 1 and not re.search(r"https?://(?!www\.w3\.org)", whole)
    assert whole.count("<caption>") == whole.count("<table>")


def test_little_is_seen_before_anything_is_unfolded(lab):
    """At most 1,500 words for a grid of the shape of params/lab.yaml."""
    words = visible_words(lab)
    assert 300 < len(words) <= 1500, " ".join(words)


@pytest.mark.parametrize("name", [name for name in MAIN if name != "answer"])
def test_figures_come_with_few_words(name):
    """At most 60 words a figure; what else there is to say is folded below it."""
    section = QUESTIONS[name](results())
    assert section.figures and len(" ".join(section.words).split()) <= 60 * len(section.figures)


def test_the_answer_is_hedged(whole):
    text = plain(whole)
    assert "Results of the laboratory are about the laboratory" in text
    assert "2 seeds are exploratory" in text
    assert "cells that train on the same data twice left out" in text
    assert "† trained on the same data twice" in text and "… with same-data cells" in text


def test_what_failed_and_what_is_missing_is_shown(whole):
    text = plain(whole)
    assert "12 scores are missing, 0 of them from runs that are done." in text
    assert "ValueError: &lt;b&gt;no&lt;/b&gt; such label" in text
    assert "Does &lt;i&gt;it&lt;/i&gt; help?" in text


def test_recipe_encoders_and_shortcuts(whole):
    text = plain(whole)
    assert "the laboratory, languages 12, sentences 400" in text and "made in the form of" in text
    assert "bert and xlnet: a contrast of architecture and objective." in text
    assert "1,200,345" in text and "held-out loss" in text
    assert re.search(r"xnli bag of words 40\.0", text)
    assert "learning_rate" not in text and "epochs" in text


def test_one_seed_four_languages_real_data():
    options = dict(encoders=("bert",), seeds=(0,), targets=("udpos", "tatoeba"), intermediates=("none", "panx"))
    codes = ["en", "de", "hi", "ru", "tr"]
    text = plain(page_of(results(HubSource(), codes, **options)))
    assert "There is one seed: no interval is shown" in text and "One seed: no interval is shown." in text
    assert "With 4 languages besides the source, fewer than five, no correlation" in text
    assert "±" not in text
    assert "laboratory" not in text and "syntactic features (Littell et al. 2017" in text


def test_a_grid_without_a_score_still_has_a_report():
    drop = [("bert", name, "xnli", seed) for name in ("none", "mnli") for seed in (0, 1, 2)]
    text = plain(page_of(results(encoders=("bert",), targets=("xnli",), drop=drop)))
    assert "No target has a complete score yet." in text and "There is no answer yet" in text
    assert "78 scores are missing" in text


def test_unavailable_languages_are_listed():
    lacking = pd.DataFrame({"target": ["udpos", "udpos"], "language": ["fr", "yo"]})
    options = dict(encoders=("bert",), seeds=(0,), targets=("udpos",), intermediates=("none",), languages=["en", "de"])
    page = page_of(results(HubSource(), attributes={"unavailable": lacking}, **options))
    assert re.search(r"udpos 2 fr yo", plain(page))


# --- the folder, from a store ---


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The report of the smoke grid with one failed run, as `xtl report` writes it: store, plan and how it ended."""
    with pytest.MonkeyPatch.context() as patch:
        root = tmp_path_factory.mktemp("outputs")
        patch.setenv("XTL_OUTPUTS", str(root))
        store = Store()
        plan = open_grid(SMOKE, store=store).plan
        fill(store, plan)
        folder = root / "smoke" / "report"

        def again():
            return write.write_report(plan, store, folder, NOTEBOOK.parent, SMOKE)

        yield folder, again, again(), store, plan


def test_the_executed_analysis_is_the_report(written):
    folder, _, outcome, store, _ = written
    assert outcome.state == "done"
    page = (folder / "index.html").read_text("utf-8")
    assert "Does the whole way from corpus to report work?" in page
    assert 'results.question("answer")' in plain(page).replace(" ", "")
    assert str(store.root) not in page and "ValueError: no" in page
    assert [path.suffix for path in (store.runs / "analysis").glob("smoke-*/*.ipynb")] == [".ipynb"]


def test_every_run_that_left_a_notebook_has_a_page(written):
    folder, _, _, _, plan = written
    pages = sorted(path.name for path in (folder / "runs").iterdir())
    assert pages == sorted(f"{run.slug}-{run.id}.html" for run in plan.runs.values() if run.phase == "target")
    page = (folder / "index.html").read_text("utf-8")
    for address in re.findall(r"href=\"(?!data:|#)([^\"]+)\"", page):
        assert (folder / address).is_file(), address


def test_submissions_are_beside_it(written):
    folder = written[0]
    assert (folder / "submissions" / "bert_mnli_s0" / "xquad" / "test-qaa.json").is_file()


def test_zip_holds_the_whole_report(written):
    folder = written[0]
    packed = write.zip_report(folder)
    assert packed == Path(f"{folder}.zip")
    with zipfile.ZipFile(packed) as archive:
        names = archive.namelist()
    assert "smoke-report/index.html" in names and any(name.startswith("smoke-report/runs/") for name in names)


def test_the_same_content_is_not_made_again_and_other_content_is(written, monkeypatch):
    """A report.pdf and a packed report of other numbers do not stay."""
    folder, again, _, store, plan = written
    (folder / "report.pdf").write_text("of these numbers")
    packed = write.zip_report(folder)
    page = (folder / "index.html").read_text("utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(write, "execute", lambda *given, **options: pytest.fail("executed again"))
        assert again().state == "cached"
    assert (folder / "report.pdf").exists() and packed.exists()
    failed = next(run for run in plan.runs.values() if store.state(run) == "failed")
    store.begin(failed)
    store.fail(failed, "KeyError: another")
    assert again().state == "done"
    changed = (folder / "index.html").read_text("utf-8")
    assert changed != page and "KeyError: another" in changed
    assert not (folder / "report.pdf").exists() and not packed.exists()


@pytest.fixture
def broken(tmp_path, monkeypatch):
    """Notebooks whose analysis fails in its second question, and a grid before anything has run."""
    monkeypatch.setenv("XTL_OUTPUTS", str(tmp_path / "outputs"))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    asked(notebook)["gains"].source = "raise ValueError('no <b>gains</b>')"
    nbformat.write(notebook, tmp_path / NOTEBOOK.name)
    return tmp_path, open_grid(SMOKE).plan, Store()


def test_an_analysis_that_fails_shows_how_far_it_came(broken):
    folder, plan, store = broken
    outcome = write.write_report(plan, store, folder / "report", folder, SMOKE)
    assert not outcome.good and outcome.error.startswith("ValueError: no <b>gains</b>")
    page = (folder / "report" / "index.html").read_text("utf-8")
    assert 'id="answer"' in page and "no &lt;b&gt;gains&lt;/b&gt;" in page
    assert 'name="content-digest"' not in page  # the next report tries it again


def test_there_is_nothing_to_pack_without_a_report(tmp_path):
    with pytest.raises(UserError, match="holds no report.*xtl report GRID"):
        write.zip_report(tmp_path)
