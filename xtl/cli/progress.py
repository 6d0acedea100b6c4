"""Executing a plan for the command line: live progress, the analysis, the report, and what failed."""

from __future__ import annotations

import fnmatch
import time
from collections import Counter
from pathlib import Path

from rich import progress as bars
from rich.console import Console
from rich.markup import escape

from xtl.base.errors import UserError
from xtl.base.places import outputs_root
from xtl.cli.tables import colour, minutes, simple
from xtl.grid.plan import Plan
from xtl.runs.execute import Watch, execute
from xtl.runs.run import Run
from xtl.runs.store import Progress, Store
from xtl.runs.worker import Ending, Outcome

RENDER = "xtl.report.runs:render_run_page"  # what a worker does with a run that has ended


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


class Display(Watch):
    """The live progress: a bar over all runs, a line for each that is running, a line above for each that ended."""

    def __init__(self, console: Console, total: int) -> None:
        self.bars = bars.Progress(
            bars.SpinnerColumn(),
            bars.TextColumn("{task.description}"),
            bars.BarColumn(bar_width=24),
            bars.MofNCompleteColumn(),
            bars.TimeElapsedColumn(),
            console=console,
            transient=True,
            refresh_per_second=2,
        )
        self.all = self.bars.add_task("runs", total=total)
        self.lines: dict[str, bars.TaskID] = {}

    def started(self, run: Run) -> None:
        """Give the run a line."""
        if run.id not in self.lines:
            self.lines[run.id] = self.bars.add_task(escape(run.slug), total=None)

    def progress(self, run: Run, progress: Progress) -> None:
        """Say on the run's line how far it is."""
        if run.id in self.lines:
            self.bars.update(
                self.lines[run.id],
                completed=progress.step,
                total=progress.steps or None,
                description=f"{run.slug}  [dim]{escape(progress.text)}[/dim]",
            )

    def ended(self, run: Run, outcome: Outcome) -> None:
        """Take the run's line away and print how it ended, with its error and its warning."""
        if run.id in self.lines:
            self.bars.remove_task(self.lines.pop(run.id))
        self.bars.advance(self.all)
        if outcome.state is Ending.CACHED:
            return
        duration = f"  [dim]{minutes(outcome.seconds)}[/dim]" if outcome.seconds else ""
        self.bars.console.print(f"{colour(outcome.state)} {escape(run.folder)}{duration}", soft_wrap=True)
        for line in (outcome.error, outcome.warning):
            if line:
                self.bars.console.print(f"  {escape(line)}", soft_wrap=True)


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
    with display.bars:
        outcomes = execute(
            runs,
            store,
            notebooks,
            workers=workers,
            cluster=cluster,
            warm=warm,
            watch=display,
            after_run=RENDER,
        )
    folder, outcomes["analysis"] = write(console, plan, store, grid, sets, notebooks)
    counts = Counter(outcome.state for outcome in outcomes.values())
    summary = ", ".join(f"{counts[state]} {colour(state)}" for state in Ending if counts[state])
    console.print(f"{summary} in {minutes(time.monotonic() - started)}.")
    failures(console, plan, outcomes)
    console.print(f"Report: [bold]{escape(str(folder / 'index.html'))}[/bold]", soft_wrap=True)
    return 0 if all(outcome.good for outcome in outcomes.values()) else 1


def write(
    console: Console, plan: Plan, store: Store, grid: Path, sets: list[str], notebooks: Path
) -> tuple[Path, Outcome]:
    """Write the report of whatever is done; returns its folder, and how its analysis ended."""
    from xtl.report.write import write_report  # here: what draws takes seconds to import

    folder = outputs_root() / plan.experiment.name / "report"
    display = Display(console, 1)
    with display.bars:
        return folder, write_report(plan, store, folder, notebooks, grid, sets, display)


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
    """Fill a mirror with what a grid needs: sizes first, then the files, with the Hub's own bar, then the lock."""
    from xtl.grid import fetch as fetching

    mirror = Path(mirror).expanduser()
    if mirror.exists() and not mirror.is_dir():
        raise UserError(f"--mirror {mirror} is a file; name a folder.")
    repositories = fetching.needed(experiment, mirror)
    table = simple("repository", "kind", "revision", ">files", ">size", ">to fetch")
    rest = 0
    for repository in repositories:
        total = sum(file.size for file in repository.files)
        lacking = sum(file.size for file in repository.lacking())
        rest += lacking
        table.add_row(
            repository.name,
            repository.kind,
            repository.revision[:8],
            f"{len(repository.files):,}",
            megabytes(total),
            megabytes(lacking),
        )
    console.print(table)
    console.print(f"\n{megabytes(rest)} to fetch into {escape(str(mirror))}.", soft_wrap=True)
    fetching.download(repositories, mirror)
    console.print(f"Locked: [bold]{escape(str(mirror / 'lock.yaml'))}[/bold]", soft_wrap=True)


def megabytes(size: int) -> str:
    """A size for a person."""
    return f"{size / 1e9:.2f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
