"""Executing a plan for the command line: live progress, the analysis, the report, and what failed."""

from __future__ import annotations

import fnmatch
import time
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from xtl.base.errors import UserError
from xtl.base.places import outputs_root
from xtl.cli.tables import colour, minutes, simple
from xtl.grid.plan import Plan
from xtl.runs.execute import Outcome, execute
from xtl.runs.run import Run
from xtl.runs.store import Store


def chosen(plan: Plan, only: str | None) -> list[Run]:
    """The runs whose name matches the pattern, and everything upstream of them; all of them without a pattern."""
    if not only:
        return list(plan.runs.values())
    wanted = {
        run.id for run in plan.runs.values() if any(fnmatch.fnmatch(n, only) for n in (run.slug, run.folder, run.id))
    }
    if not wanted:
        raise UserError(f"--only {only!r}: no run of this grid matches; xtl plan --all lists their names.")
    queue = list(wanted)
    while queue:
        for upstream in plan.runs[queue.pop()].upstream.values():
            if upstream not in wanted:
                wanted.add(upstream)
                queue.append(upstream)
    return [run for run in plan.runs.values() if run.id in wanted]


class Display:
    """The live progress: a bar over all runs, a line for each that is running, a line above for each that ended."""

    def __init__(self, console: Console, total: int):
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        self.progress = Progress(*columns, console=console, transient=True, refresh_per_second=2)
        self.all = self.progress.add_task("runs", total=total)
        self.lines: dict[str, int] = {}

    def event(self, run: Run, state: str, seconds: float | None, error: str | None) -> None:
        """A run started or ended."""
        if state == "running":
            self.lines.setdefault(run.id, self.progress.add_task(escape(run.slug), total=None))
            return
        if run.id in self.lines:
            self.progress.remove_task(self.lines.pop(run.id))
        self.progress.advance(self.all)
        if state != "cached":
            text = f"{colour(state)} {escape(run.folder)}" + (f"  [dim]{minutes(seconds)}[/dim]" if seconds else "")
            self.progress.console.print(text + (f"\n  {escape(error)}" if error else ""), soft_wrap=True)

    def step(self, run: Run, progress: dict) -> None:
        """A running run said how far it is."""
        if run.id in self.lines:
            text = f"{run.slug}  [dim]{escape(progress.get('text') or '')}[/dim]"
            self.progress.update(
                self.lines[run.id],
                completed=progress.get("step"),
                total=progress.get("steps") or None,
                description=text,
            )


def run(
    console: Console,
    plan: Plan,
    grid: Path,
    sets: list[str],
    notebooks: Path,
    *,
    workers: int | None = None,
    cluster: Path | None = None,
    only: str | None = None,
    warm: bool = True,
) -> int:
    """Bring the grid to its end and write its report; returns the exit status (0 only if everything asked is done)."""
    store, started = Store(), time.monotonic()
    runs = chosen(plan, only)
    display = Display(console, len(runs))
    with display.progress:
        outcomes = execute(
            runs,
            store,
            notebooks,
            workers=workers,
            cluster=cluster,
            warm=warm,
            on_event=display.event,
            on_progress=display.step,
        )
    folder, outcomes["analysis"] = write(console, plan, store, grid, sets, notebooks)
    counts = {
        state: sum(o.state == state for o in outcomes.values())
        for state in ("done", "cached", "failed", "killed", "blocked")
    }
    summary = ", ".join(f"{n} {colour(state)}" for state, n in counts.items() if n)
    console.print(f"{summary} in {minutes(time.monotonic() - started)}.")
    failures(console, plan, outcomes)
    console.print(f"Report: [bold]{escape(str(folder / 'index.html'))}[/bold]", soft_wrap=True)
    return 0 if all(outcome.good for outcome in outcomes.values()) else 1


def write(
    console: Console, plan: Plan, store: Store, grid: Path, sets: list[str], notebooks: Path
) -> tuple[Path, Outcome]:
    """Write the report of whatever is done; returns its folder, and how its analysis ended."""
    from xtl.report import write_report  # here: what draws takes seconds to import

    folder = outputs_root() / plan.experiment.name / "report"
    display = Display(console, 1)
    with display.progress:
        return folder, write_report(plan, store, folder, notebooks, grid, sets, display.event)


def failures(console: Console, plan: Plan, outcomes: dict[str, Outcome]) -> None:
    """List every run that did not end well with its cells and its error."""
    bad = {i: o for i, o in outcomes.items() if not o.good}
    if not bad:
        return
    table = simple("run", "state", "cells", "error", title="\nNot done")
    for run_id, outcome in bad.items():
        name = plan.runs[run_id].folder if run_id in plan.runs else run_id
        cells = plan.cells[plan.cells.run_id == run_id]
        text = ", ".join(f"{c.encoder}/{c.intermediate}/{c.target}/s{c.seed}" for c in cells.itertuples())
        table.add_row(escape(name), colour(outcome.state), escape(text), escape(outcome.error or ""))
    console.print(table)


def fetch(console: Console, experiment, mirror: Path) -> None:
    """Fill a mirror with what a grid needs: sizes first, then every file as it comes, then the lock."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    from xtl.grid import fetch as fetching

    mirror = Path(mirror).expanduser()
    if mirror.exists() and not mirror.is_dir():
        raise UserError(f"--mirror {mirror} is a file; name a folder.")
    repositories = fetching.needed(experiment, mirror)
    table = simple("repository", "kind", "revision", ">files", ">size", ">to fetch")
    for each in repositories:
        total, rest = (sum(f.size for f in files) for files in (each.files, each.lacking(mirror)))
        row = (each.name, each.kind, each.revision[:8], f"{len(each.files):,}", megabytes(total), megabytes(rest))
        table.add_row(*row)
    console.print(table)
    rest = sum(f.size for each in repositories for f in each.lacking(mirror))
    console.print(f"\n{megabytes(rest)} to fetch into {escape(str(mirror))}.", soft_wrap=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console) as bar:
        task = bar.add_task("fetching", total=rest)
        fetching.download(
            repositories, mirror, lambda r, f: bar.update(task, advance=f.size, description=f"{r.name} {f.name}"[-60:])
        )
    console.print(f"Locked: [bold]{escape(str(mirror / 'lock.yaml'))}[/bold]", soft_wrap=True)


def megabytes(size: int) -> str:
    """A size for a person."""
    return f"{size / 1e9:.2f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
