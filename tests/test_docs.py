"""The documentation: it builds, its links lead somewhere, and what it says of the code is so."""

import dataclasses
import importlib.util
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
import yaml
from markdown.extensions.toc import slugify

import xtl
from tests import command
from xtl.analysis.questions import QUESTIONS
from xtl.cli import app
from xtl.explore import OpenGrid
from xtl.grid.schema import Experiment
from xtl.tasks.catalog import TASKS

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted((ROOT / "docs").glob("*.md"))
TEXTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *PAGES]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
# A place of this repository as the documentation names it; with <…> or … in it, it stands for many.
PLACE = re.compile(r"(?:xtl|tests|params|notebooks|tools|docs)/[\w./+-]*")
COMMANDS = {command.name: command for command in typer.main.get_command(app).commands.values()}


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings."""
    prose = re.sub(r"^```.*?^```", "", read(path), flags=re.DOTALL | re.MULTILINE)
    titles = re.findall(r"^#+ (.+)$", prose, flags=re.MULTILINE)
    return {slugify(title.replace("`", ""), "-") for title in titles}


def section(text: str, title: str) -> str:
    """What stands below a heading of the second level."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, flags=re.DOTALL | re.MULTILINE)
    assert found, f"there is no section {title}"
    return found.group(1)


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The built site."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


def test_the_site_builds_without_a_warning(site):
    assert {f"{page.stem}.html" for page in PAGES} <= {path.name for path in site.iterdir()}


def test_the_site_loads_nothing_from_elsewhere(site):
    for page in site.glob("*.html"):
        text = read(page)
        loaded = re.findall(r'<(?:script|img|iframe|source)[^>]*\ssrc="(https?:[^"]+)"', text)
        loaded += re.findall(r'<link[^>]*\shref="(https?:[^"]+)"', text)
        assert loaded == [], page.name


@pytest.mark.parametrize("path", TEXTS, ids=name_of)
def test_every_link_of_a_text_leads_somewhere(path):
    for link in LINK.findall(read(path)):
        if link.startswith(("http://", "https://")):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


@pytest.mark.parametrize("path", TEXTS, ids=name_of)
def test_every_place_that_is_named_exists(path):
    if path.name == "CHANGELOG.md":
        pytest.skip("a changelog names what was there once")
    for code in CODE.findall(read(path)):
        for place in PLACE.findall(code):
            if code.startswith(place):
                assert (ROOT / place).exists(), place


def test_no_page_names_what_does_not_exist_yet():
    assert not any(re.search(r"\b(TODO|FIXME|coming soon)\b", read(path)) for path in TEXTS)


def test_the_tables_of_the_grid_file_are_those_of_the_schema():
    spec = importlib.util.spec_from_file_location("grid_reference", ROOT / "tools" / "grid_reference.py")
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    page = read(reference.PAGE)
    assert reference.filled(page) == page, "run: .venv/bin/python tools/grid_reference.py"


@pytest.mark.parametrize("model", ["Experiment", "Encoder", "Pretrain", "Intermediate", "Training", "Hypothesis"])
def test_every_key_of_the_grid_file_is_described(model):
    from xtl.grid import blocks, schema

    fields = getattr(schema, model, None) or getattr(blocks, model)
    assert [name for name, field in fields.model_fields.items() if not field.description] == []


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_and_option_is_described(name):
    page = read(ROOT / "docs" / "commands.md")
    text = section(page, name)
    for parameter in COMMANDS[name].params:
        options = [option for option in parameter.opts if option.startswith("--")]
        if options and options != ["--set"]:  # --set is of all of them, and stands at the top
            assert options[0] in text, options[0]
    assert "--set KEY=VALUE" in page


def blocks(path: Path, language: str) -> list[str]:
    """The blocks of code of a page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", read(path), flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(
    "path", [ROOT / "README.md", ROOT / "docs" / "grid-file.md", ROOT / "docs" / "tutorial.md"], ids=name_of
)
def test_the_grids_that_are_shown_are_valid(path):
    whole = [block for block in blocks(path, "yaml") if block.startswith("name: ")]
    assert whole
    for block in whole:
        Experiment.model_validate(yaml.safe_load(block))


def test_what_the_readme_says_a_grid_can_declare_can_be_declared():
    rows = re.findall(r"^\| [^|]+ \| `([^`]+: [^`]+)`", read(ROOT / "README.md"), flags=re.MULTILINE)
    assert len(rows) >= 9
    for row in rows:
        grid = {
            "name": "shown", "question": "Is it valid?", "targets": ["udpos"], "seeds": [0],
            "encoders": {"bert": {"pretrain": {"architecture": "bert"}}}, "intermediates": {"mnli": ["mnli"]},
        }  # fmt: skip
        [(key, value)] = yaml.safe_load(row).items()
        if key == "pretrain":
            grid["encoders"] = {"bert": {key: value}}
        elif row.startswith("intermediates: [none"):
            grid["encoders"]["bert"][key] = value
        elif key in Experiment.model_fields:
            grid[key] = value
        else:
            grid["intermediates"][key] = value
        if value == {"selection": "english_dev", "oracle": True}:
            grid["training"] = value
        Experiment.model_validate(grid)


def test_the_protocol_names_the_languages_of_the_catalog():
    page = read(ROOT / "docs" / "protocol.md")
    for title in ("XNLI", "PAWS-X", "XQuAD", "MLQA", "TyDiQA", "PAN-X"):
        name = title.lower().replace("-", "")
        listed = re.search(rf"^- {title}: ([a-z\s]+?)$(?=\n- |\n\n)", page, flags=re.MULTILINE)
        assert sorted(listed.group(1).split()) == sorted(TASKS[name].languages), name
    panx = set(TASKS["panx"].languages)
    assert set(TASKS["udpos"].languages) == panx - set("bn jv ka ml ms my sw".split())
    assert set(TASKS["tatoeba"].languages) == panx - set("en ms my yo".split())


@pytest.mark.parametrize("name", ["anli+", "mnli", "squad2", "squad1", "pawsx", "udpos", "panx", "tydiqa"])
def test_the_protocol_has_the_sizes_of_the_catalog(name):
    assert f"| {TASKS[name].size['train'][0]:,} |" in read(ROOT / "docs" / "protocol.md")


def test_the_release_is_the_same_everywhere():
    citation = yaml.safe_load(read(ROOT / "CITATION.cff"))
    assert citation["version"] == xtl.__version__
    releases = re.findall(r"^## (\S+) – (\d{4}-\d\d-\d\d)$", read(ROOT / "CHANGELOG.md"), flags=re.MULTILINE)
    assert releases[0] == (xtl.__version__, str(citation["date-released"]))


def test_the_tutorial_can_be_planned(tmp_path, tiny_encoders):
    """Its script and its grid as they stand there, on a few lines of text."""
    page = ROOT / "docs" / "tutorial.md"
    script = next(block for block in blocks(page, "python") if "to_parquet" in block)
    (tmp_path / "make_mirror.py").write_text(script, encoding="utf-8")
    (tmp_path / "study.yaml").write_text(blocks(page, "yaml")[0], encoding="utf-8")
    (tmp_path / "encoder").symlink_to(tiny_encoders["bert"])
    for folder, tag in [("ner", "B-PER"), ("pos", "PROPN")]:
        (tmp_path / folder).mkdir()
        for name in ("en.train", "en.dev", "en.test"):
            (tmp_path / folder / f"{name}.tsv").write_text(f"Ada\t{tag}\nAda\t{tag}\n\nEve\t{tag}\n", encoding="utf-8")
    (tmp_path / "parallel").mkdir()
    for code in ("de", "fi", "hi"):
        (tmp_path / "pos" / f"{code}.test.tsv").write_text("Ada\tPROPN\n", encoding="utf-8")
        (tmp_path / "parallel" / f"{code}.tsv").write_text("Ada!\tAda.\nEva!\tEve.\n", encoding="utf-8")
    made = subprocess.run([sys.executable, "make_mirror.py"], cwd=tmp_path, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    assert "udpos.Finnish" in made.stdout.split()
    planned = command.xtl("plan", "study.yaml", cwd=tmp_path, XTL_OUTPUTS="outputs", XTL_MIRROR="mirror")
    assert planned.returncode == 0, planned.stderr
    assert "13 runs for 12 cells: 0 cached, 13 new." in planned.stdout


def test_every_question_is_described():
    rows = re.findall(r"^\| `(\w+)` \| ", read(ROOT / "docs" / "report.md"), flags=re.MULTILINE)
    assert rows == list(QUESTIONS)


def test_what_the_python_page_names_is_there():
    page = read(ROOT / "docs" / "python.md")
    fields = {field.name for field in dataclasses.fields(OpenGrid)}
    named = set(re.findall(r"\bresults\.(\w+)", page))
    assert named >= {"scores", "gains", "runs", "question", "figure"}
    assert {name for name in named if name not in fields and not hasattr(OpenGrid, name)} == set()
    assert set(re.findall(r"""results\[?\.?(?:question|figure)?[(\[]["'](\w+)["']""", page)) <= set(QUESTIONS) | {
        "answer"
    }
    assert all(name in inspect.getdoc(OpenGrid.scores.func) for name in ("distance", "baseline", "gain", "same_data"))
