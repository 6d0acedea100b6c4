"""The pages of runs: each executed notebook as one HTML file, beside it and in the report."""

import shutil
import time
from collections.abc import Mapping
from pathlib import Path

from xtl.analysis import wording
from xtl.base.files import replacing
from xtl.report.page import SECTIONS, TEMPLATES, as_page, read_notebook
from xtl.runs.record import RunRecord
from xtl.runs.store import NOTEBOOK_FILE

PAGE_FILE = "notebook.html"
# What decides how a page looks: a change there makes pages anew that are otherwise up to date.
LOOK = sorted([*TEMPLATES.rglob("*.*"), SECTIONS, Path(__file__).with_name("page.py")])


def render_run_page(record: RunRecord, path: Path | None = None) -> Path:
    """Write the page of a run's executed notebook, by default beside it; no moment shows half a page."""
    path = path or record.folder / PAGE_FILE
    facts = {"phase": record.phase, "state": record.state.value, "duration": wording.duration(record.seconds)}
    if record.error:
        facts["error"] = record.error
    notebook = read_notebook(record.folder / NOTEBOOK_FILE)
    html = as_page(notebook, "run", title=f"{record.slug}-{record.id}", facts=facts)
    with replacing(path, durable=False) as temporary:
        temporary.write_text(html, "utf-8")
    return path


def write_run_pages(records: Mapping[str, RunRecord], folder: Path) -> None:
    """Bring `folder`/<slug-id>.html up to date for every run that left a notebook; pages of other runs are removed.

    A page that the worker left beside the notebook is copied; where there is none, or an older one, it is made here.
    """
    folder.mkdir(parents=True, exist_ok=True)
    changed = max(path.stat().st_mtime for path in LOOK)
    kept = set()
    for identity, record in records.items():
        notebook = record.folder / NOTEBOOK_FILE
        if not notebook.is_file():
            continue
        path = folder / f"{record.slug}-{identity}.html"
        kept.add(path)
        since = max(notebook.stat().st_mtime, changed)
        if not record.done:
            render_run_page(record, path)
        elif _current(notebook.with_name(PAGE_FILE), since) and not _current(path, since):
            with replacing(path, durable=False) as temporary:
                shutil.copyfile(notebook.with_name(PAGE_FILE), temporary)
        elif not _current(path, since):
            render_run_page(record, path)
    for old in set(folder.glob("*.html")) - kept:
        old.unlink()


def _current(path: Path, since: float) -> bool:
    """Whether a page is whole and was made after a time and before now: of a page from the future nobody knows when."""
    return path.is_file() and since <= path.stat().st_mtime <= time.time() and is_whole(path)


def is_whole(path: Path) -> bool:
    """Whether a page has its end."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 100))
        return file.read().rstrip().endswith(b"</html>")
