"""Writing the shareable report of a grid: the executed analysis as index.html, and the pages of all runs beside it."""

import hashlib
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

import nbformat

from xtl.base.errors import UserError
from xtl.base.files import replacing
from xtl.evaluation import submissions
from xtl.grid import registration
from xtl.grid.plan import Plan, analysis_run
from xtl.report.page import as_page, contents, numbered, read_notebook
from xtl.report.pdf import PDF
from xtl.report.runs import LOOK, is_whole, write_run_pages
from xtl.runs.execute import Watch, execute
from xtl.runs.run import Run
from xtl.runs.store import NOTEBOOK_FILE, RUN_FILE, Store
from xtl.runs.worker import Ending, Outcome

PACKAGE = Path(__file__).parents[1]
# The code that decides what a report says.
CODE = [
    *LOOK,
    *sorted(PACKAGE.glob("report/*.py")),
    *sorted(PACKAGE.glob("languages/*.*")),
    *sorted(PACKAGE.glob("analysis/**/*.*")),
]


def write_report(
    plan: Plan,
    store: Store,
    folder: Path,
    notebooks: Path,
    grid: Path,
    overrides: Sequence[str] = (),
    watch: Watch | None = None,
) -> Outcome:
    """Write `folder`/index.html, the executed analysis, and the pages of all runs, from whatever is done.

    Executing the analysis takes seconds, so a page made from the same runs by the same code is left as it is. A
    report.pdf and a packed report of another content are removed. Returns how the analysis ended; a page is written
    all the same, with its error.

    Args:
        notebooks: the folder of the notebooks.
        grid, overrides: what the plan was made from, for the analysis to open.
        watch: as of execute.
    """
    records = {identity: store.checked(run) for identity, run in plan.runs.items()}
    write_run_pages(records, folder / "runs")
    done = [key for key, record in records.items() if record.phase == "target" and record.done]
    analysis = analysis_run(plan, done, str(Path(grid).absolute()), list(overrides))
    facts = [record.to_json() for record in records.values()]
    asked = plan.experiment
    dated = registration.dated(asked, store.root / asked.name)
    code = (notebooks / analysis.notebook).read_text("utf-8")
    digest = _digest(asked.model_dump(mode="json"), dated, facts, code)
    index = folder / "index.html"
    made = index.is_file() and f'content="{digest}"'.encode() in index.read_bytes()[:1000] and is_whole(index)
    if made and store.record(analysis).done:
        return Outcome(Ending.CACHED)
    outcome = _analyse(analysis, store, notebooks, watch)
    notebook = read_notebook(store.folder(analysis) / NOTEBOOK_FILE)
    html = index_page(notebook, asked.name, asked.question, digest if outcome.good else "")
    for old in (folder / PDF, _packed(folder)):
        old.unlink(missing_ok=True)
    with replacing(index, durable=False) as temporary:
        temporary.write_text(html, "utf-8")
    submissions.collect(plan.cells, records, folder / "submissions")
    return outcome


def index_page(notebook: nbformat.NotebookNode, name: str, question: str, digest: str = "") -> str:
    """The page of an executed analysis; name, question: of the grid; digest: of what the page is made from."""
    sections = contents(notebook)
    title = f"{name} · xtl report"
    html = as_page(notebook, "report", title=title, name=name, question=question, sections=sections, digest=digest)
    return numbered(html)


def _analyse(analysis: Run, store: Store, notebooks: Path, watch: Watch | None) -> Outcome:
    """Execute the analysis, even if it is done: of what it shows, its identity holds the finished runs alone."""
    with store.lock(analysis):
        (store.folder(analysis) / RUN_FILE).unlink(missing_ok=True)
    # one kernel that needs no torch: a process to fork it from would take longer to start than it saves
    return execute([analysis], store, notebooks, workers=1, warm=False, watch=watch)[analysis.id]


def zip_report(folder: Path | str) -> Path:
    """Pack a report folder into `<folder>.zip` beside it and return that path. Raises UserError without a report."""
    folder = Path(folder)
    if not (folder / "index.html").is_file():
        raise UserError(f"{folder} holds no report (no index.html); write it first with `xtl report GRID`.")
    target = _packed(folder)
    with (
        replacing(target, durable=False) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for path in sorted(folder.rglob("*")):
            within = path.relative_to(folder)
            if path.is_file() and not any(part.startswith(".") for part in within.parts):
                archive.write(path, f"{folder.parent.name}-{folder.name}/{within.as_posix()}")
    return target


def _packed(folder: Path) -> Path:
    return folder.with_name(folder.name + ".zip")


def _digest(*content: object) -> str:
    """SHA-256 of everything that a page is made from, and of the code that makes it."""
    digest = hashlib.sha256()
    for part in content:
        digest.update(json.dumps(part, sort_keys=True, default=str).encode())
    for path in CODE:
        digest.update(path.read_bytes())
    return digest.hexdigest()
