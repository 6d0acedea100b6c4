"""The repository itself: one lock that everything agrees with, clean notebooks, files that open with a sentence."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
LOCK = dict(
    line.split("==")
    for line in (ROOT / "requirements.lock").read_text().splitlines()
    if line and not line.startswith("#")
)
MODULES = sorted((ROOT / "xtl").rglob("*.py"))
LONGEST_CELL = 40  # lines
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\s\[<>=;]", name)[0]).lower()


def test_every_dependency_is_pinned_in_the_lock():
    pinned = {normal(name) for name in LOCK}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = {normal(name) for name in project["dependencies"] + extras["dev"] + extras["docs"]}
    assert wanted - pinned == set()
    assert all("=" not in name and "<" not in name for name in project["dependencies"])  # versions stand in one place
    assert LOCK["torch"] == "2.13.0"


def test_conda_takes_every_python_package_from_the_same_lock():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    conda = [normal(d) for d in environment["dependencies"] if isinstance(d, str)]
    pip = next(d["pip"] for d in environment["dependencies"] if isinstance(d, dict))
    assert sorted(conda) == ["git", "make", "pip", "python"]
    assert pip == ["-r requirements.lock"]
    asked = next(d for d in environment["dependencies"] if str(d).startswith("python"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert asked == "python" + project["requires-python"]


def test_the_environment_is_the_locked_one():
    from importlib.metadata import version

    different = {name: version(name) for name in LOCK if version(name).split("+")[0] != LOCK[name]}
    assert different == {}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_modules_open_with_one_sentence_and_stay_small(path):
    text = path.read_text(encoding="utf-8")
    sentence = ast.get_docstring(ast.parse(text))
    assert sentence and "\n" not in sentence and sentence.endswith(".")
    assert len(text.splitlines()) <= 380


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_notebooks_are_clean_and_have_one_annotated_parameters_cell(path):
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)
    tagged = [cell for cell in code if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1
    for line in tagged[0].source.splitlines():
        assert re.fullmatch(r"\w+: \w+ = .+  # .+", line), line


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_notebooks_are_thin(path):
    """What is longer than a cell lives in xtl/."""
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code" and "parameters" not in cell.metadata.get("tags", []):
            assert len(cell.source.splitlines()) <= LONGEST_CELL, cell.source
            assert not re.search(r"^(def|class|for|while) ", cell.source, flags=re.MULTILINE), cell.source


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 120


def test_types_are_shipped():
    assert (ROOT / "xtl" / "py.typed").is_file()
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    assert "py.typed" in data["xtl"]
    for pattern in data["xtl"]:
        assert list((ROOT / "xtl").glob(pattern)), pattern


def test_hooks_call_programs_of_the_environment_and_files_that_are_there():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    pinned = {normal(name) for name in LOCK}
    for hook in hooks:
        program, *arguments = hook["entry"].split()
        name = Path(program).name
        assert program.startswith(".venv/bin/")
        assert {"lint-imports": "import-linter", "python": "pip"}.get(name, name) in pinned | {"pip"}
        assert all((ROOT / argument).is_file() for argument in arguments if argument.endswith(".py"))


def test_continuous_integration_calls_targets_of_the_makefile():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text() + (ROOT / ".ci" / "run").read_text()
    called = set(re.findall(r"\bmake ([a-z-]+)", workflow))
    assert {"lint", "docs", "test-all"} <= called <= targets


def test_no_path_of_a_machine_is_in_the_repository():
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    pattern = re.compile(r"(?<![\w.])/(home|root|work|Users)/\w")
    for name in filter(None, files):
        path = ROOT / name
        if path.is_file() and path.suffix not in {".png", ".parquet"}:
            assert not pattern.search(path.read_text(encoding="utf-8")), name
