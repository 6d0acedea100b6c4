"""Executing a plan for the command line: live progress, the report, and what failed."""

import fnmatch
import time
from collections import Counter
from pathlib import Path

from rich import progress as bars
from rich.console import Console
from rich.markup import escape

from xtl.base.errors import UserError
from xtl.base.places import outputs_root
from xtl.cli.tables import colour, left_out, minutes, simple
from xtl.grid import registration
from xtl.grid.plan import Plan
from xtl.runs.execute import Watch, execute
from xtl.runs.record import FINETUNING_SEED, seeds_name
from xtl.runs.run import Run
from xtl.runs.store import Progress, Store
from xtl.runs.worker import Ending, Outcome

RENDER = "xtl.report.runs:render_run_page"  # what a worker does with a run that has ended


def chosen(plan: Plan, only: str | None) -> list[Run]:
    """The runs whose name matches the pattern, and everything upstream of them; all of them without a pattern."""
    if not only:
        return list(plan.runs.values())
    matching = []
    for run in plan.runs.values():
        if any(fnmatch.fnmatch(name, only) for name in (run.slug, run.folder, run.id)):
            matching.append(run.id)
    if not matching:
        raise UserError(f"--only {only!r}: no run of this grid matches; xtl plan --all lists their names.")
    wanted: set[str] = set()
    while matching:
        run_id = matching.pop()
        if run_id not in wanted:
            wanted.add(run_id)
            matching += plan.runs[run_id].upstream.values()
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


def complete(
    console: Console,
    plan: Plan,
    runs: list[Run],
    grid: Path,
    sets: list[str],
    notebooks: Path,
    workers: int | None,
    cluster: Path | None,
    warm: bool,
) -> bool:
    """Bring some runs of a grid to their end and write its report; returns whether everything asked for is done."""
    store = Store()
    registration.register(plan, store)
    left_out(console, plan)
    started = time.monotonic()
    display = Display(console, len(runs))
    with display.bars:
        outcomes = execute(runs, store, notebooks, workers, cluster, warm, watch=display, after_run=RENDER)
    folder, outcomes["analysis"] = write_report(console, plan, store, grid, sets, notebooks)
    counts = Counter(outcome.state for outcome in outcomes.values())
    summary = ", ".join(f"{counts[state]} {colour(state)}" for state in Ending if counts[state])
    console.print(f"{summary} in {minutes(time.monotonic() - started)}.")
    failures(console, plan, outcomes)
    console.print(f"Report: [bold]{escape(str(folder / 'index.html'))}[/bold]", soft_wrap=True)
    return all(outcome.good for outcome in outcomes.values())


def write_report(
    console: Console, plan: Plan, store: Store, grid: Path, sets: list[str], notebooks: Path
) -> tuple[Path, Outcome]:
    """Write the report of whatever is done; returns its folder, and how its analysis ended."""
    from xtl.report import write  # here: what draws takes seconds to import

    folder = outputs_root() / plan.experiment.name / "report"
    display = Display(console, 1)
    with display.bars:
        return folder, write.write_report(plan, store, folder, notebooks, grid, sets, display)


def failures(console: Console, plan: Plan, outcomes: dict[str, Outcome]) -> None:
    """List every run that did not end well with its cells and its error."""
    bad = {run_id: outcome for run_id, outcome in outcomes.items() if not outcome.good}
    if not bad:
        return
    table = simple("run", "state", "cells", "error", title="\nNot done")
    for run_id, outcome in bad.items():
        name = plan.runs[run_id].folder if run_id in plan.runs else run_id
        cells = plan.cells[plan.cells.run_id == run_id]
        names = []
        for cell in cells.itertuples():
            seeds = seeds_name(cell.seed, getattr(cell, FINETUNING_SEED, None))
            names.append(f"{cell.encoder}/{cell.intermediate}/{cell.target}/{seeds}")
        text = ", ".join(names)
        table.add_row(escape(name), colour(outcome.state), escape(text), escape(outcome.error or ""))
    console.print(table)
