"""The shareable report of a grid: index.html and every executed notebook, complete in themselves."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from xtl.analysis import wording
from xtl.base.errors import UserError
from xtl.base.files import replacing
from xtl.lab.world.config import LabConfig
from xtl.report import notebooks, render
from xtl.report.pdf import PDF
from xtl.runs.record import RunRecord, State
from xtl.tasks.catalog import TASKS
from xtl.tasks.sources import DataSource, LabSource

# What draws is imported where it is used: the processes that render notebooks start in half the time without it.
HERE = Path(__file__).parent
# What decides how a page looks: a change there makes pages anew that are otherwise up to date.
LOOK = sorted([*(HERE / "templates").iterdir(), HERE / "render.py"])
# The strongest shortcut of each format, as xtl.evaluation.shortcuts.strongest picks it.
SHORTCUTS = {
    "classification": "bag of words", "tagging": "most frequent tag of each word",
    "span": "reader blind to the question (F1)", "retrieval": "shared character n-grams",
    "mining": "shared character n-grams, best threshold",
}  # fmt: skip
CODE = [
    *LOOK,
    *sorted(HERE.glob("*.py")),
    *sorted((HERE.parent / "languages").glob("*.*")),
    *sorted((HERE.parent / "analysis").rglob("*.py")),
]


def report_of(plan, store, folder: Path | str) -> Path:
    """Write the report of a plan from whatever the store holds of it, and return its folder; see write_report."""
    from xtl.analysis.questions import content
    from xtl.analysis.scores import tables
    from xtl.grid.plan import analysis_run
    from xtl.report import submissions

    experiment, found = plan.experiment, tables.gather(plan, store)
    done = [key for key, record in found.records.items() if record.phase == "target" and record.done]
    analysis = analysis_run(plan, done, "", [])
    known = store.record(analysis)
    records = found.records | ({analysis.id: known} if known.state is not State.ABSENT else {})
    shortcuts = None
    if experiment.data == "lab":
        data = next((run.params["data"] for run in plan.runs.values() if run.phase == "target"), None)
        shortcuts = lab_shortcuts(data, found.languages) if data else None
    write_report(
        experiment.name, experiment.question, data, found.cells, found.scores, records, folder,
        languages=found.languages, unavailable=plan.missing, baselines=shortcuts,
        declared=content.declared(experiment),
    )  # fmt: skip
    submissions.collect(found.cells, records, Path(folder) / "submissions")
    return Path(folder)


def lab_shortcuts(config: LabConfig, languages: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Columns target, baseline, points: the strongest shortcut of every target of the laboratory, kept beside its data.

    In English; a target without English (retrieval) as the mean over its languages. languages: target -> codes.
    """
    from xtl.evaluation.shortcuts import strongest
    from xtl.lab.tasks.datasets import dataset
    from xtl.lab.world.cache import cached

    rows = []
    for target, codes in languages.items():
        tested = ["en"] if "en" in codes else list(codes)

        def measure(target=target, tested=tested):
            train = lab.dataset(config, target, "en", "train") if TASKS[target].trains_on else None
            return [strongest(train, lab.dataset(config, target, code, "test")) for code in tested]

        points = cached(config, f"shortcut-{target}-{'-'.join(tested)}.json", measure)
        rows.append((target, SHORTCUTS.get(TASKS[target].format, "shortcut"), sum(points) / len(points)))
    return pd.DataFrame(rows, columns=["target", "baseline", "points"])


def write_report(
    grid_name: str, question: str, data: Mapping, cells: pd.DataFrame, scores: pd.DataFrame,
    records: Mapping[str, RunRecord], folder: Path | str, *, languages: Mapping[str, Sequence[str]] | None = None,
    unavailable: pd.DataFrame | None = None, baselines: pd.DataFrame | None = None, declared: Mapping | None = None,
) -> Path:  # fmt: skip
    """Write `folder`/index.html and `folder`/runs/<slug-id>.html for every run that left a notebook; return the index.

    data: the data source. cells, scores, records, languages: as tables.gather returns them; everything may be partial.
    unavailable: DataFrame target, language: listed by the benchmark and absent from the data source.
    baselines: DataFrame target, baseline, points: shortcut baselines of the laboratory.
    declared: what the grid file says of arms and hypotheses, as content.declared gives it.

    Drawing takes seconds, so an index made from the same content by the same code is left as it is. A report.pdf and
    a packed report of another content are removed.
    """
    from xtl.analysis.questions import background, content
    from xtl.report import page

    folder = Path(folder)
    index = folder / "index.html"
    pages = write_notebooks(records, folder / "runs")
    shown = {identity: replace(record, folder=Path()) for identity, record in records.items()}
    given = (grid_name, question, data, cells, scores, shown, languages, unavailable, baselines, pages, declared)
    digest = _digest(*given)
    if index.is_file() and f'content="{digest}"' in index.read_text("utf-8")[:1000]:
        return index
    found = content.all_sections(data, cells, scores, records, pages, languages, unavailable, baselines, declared or {})
    names = {i: (r.slug, pages.get(i, f"#{background.anchor(i)}")) for i, r in records.items()}
    found = page.finished(found, names)
    html = render.page(
        "report", title=f"{grid_name} · xtl report", name=grid_name, question=question, sections=found, digest=digest
    )
    for old in (folder / PDF, _packed(folder)):
        old.unlink(missing_ok=True)
    with replacing(index, durable=False) as temporary:
        temporary.write_text(html, "utf-8")
    return index


def zip_report(folder: Path | str) -> Path:
    """Pack a report folder into `<folder>.zip` beside it and return that path. Raises UserError without a report."""
    folder = Path(folder)
    if not (folder / "index.html").is_file():
        raise UserError(f"{folder} holds no report (no index.html); write it first with `xtl report GRID`.")
    target = _packed(folder)
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            within = path.relative_to(folder)
            if path.is_file() and not any(part.startswith(".") for part in within.parts):
                archive.write(path, f"{folder.parent.name}-{folder.name}/{within.as_posix()}")
    os.replace(temporary, target)
    return target


def _packed(folder: Path) -> Path:
    return folder.with_name(folder.name + ".zip")


def write_notebooks(records: Mapping[str, RunRecord], folder: Path) -> dict[str, str]:
    """Render every run's notebook that is newer than its page; run id -> page, relative to the report.

    A notebook that a crash cut short gets a page that says so. Pages of runs that left the grid are removed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    look, pages, stale = max(path.stat().st_mtime for path in LOOK), {}, []
    for identity, record in records.items():
        source, name = Path(record.folder) / "notebook.ipynb", f"{record.slug}-{identity}"
        if not source.is_file():
            continue
        path = folder / f"{name}.html"
        fresh = path.is_file() and path.stat().st_mtime >= max(source.stat().st_mtime, look)
        if not fresh or not record.done:
            facts = {"phase": record.phase, "state": record.state.value}
            facts |= {"duration": wording.duration(record.seconds)}
            facts |= {"error": record.error} if record.error else {}
            stale.append(notebooks.Job(path, source, name, facts))
        pages[identity] = f"runs/{path.name}"
    notebooks.write_all(stale)
    for old in folder.glob("*.html"):
        if f"runs/{old.name}" not in pages.values():
            old.unlink()
    return pages


def _digest(*content) -> str:
    """SHA-256 of everything that a page is made from, and of the code that makes it."""
    digest = hashlib.sha256()
    for part in content:
        if isinstance(part, pd.DataFrame):
            digest.update(repr(list(part.columns)).encode())
            digest.update(pd.util.hash_pandas_object(part.astype(str), index=False).to_numpy().tobytes())
        else:
            digest.update(json.dumps(part, sort_keys=True, default=str).encode())
    for path in CODE:
        digest.update(path.read_bytes())
    return digest.hexdigest()
