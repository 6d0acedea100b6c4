"""The command line: plan, run, status, report, fetch, score, tasks, languages."""

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from xtl.base.errors import UserError
from xtl.base.files import write_json
from xtl.base.places import REPOSITORY, outputs_root

# The rest is imported by the command that needs it: help is there at once, and pandas takes a second.
if TYPE_CHECKING:
    from xtl.grid.plan import Plan
    from xtl.grid.schema import Experiment

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    help="Zero-shot cross-lingual transfer experiments: one grid file, resumable notebook runs, one report.",
    epilog="Start with: [bold]xtl plan params/lab.yaml[/bold]",
)
out = Console()
err = Console(stderr=True)
INTERRUPTED = 130
NOTEBOOKS = REPOSITORY / "notebooks"

Grid = Annotated[Path, typer.Argument(help="The grid file, e.g. params/lab.yaml.", metavar="GRID")]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Override a key of the grid, e.g. --set training.max_steps=50 (repeatable)."
    ),
]


def example(*lines: str) -> str:
    """The examples at the foot of a command's help."""
    return "Examples:\n\n" + "\n\n".join(f"[dim]$[/dim] {line}" for line in lines)


@app.command(
    epilog=example("xtl plan params/lab.yaml", "xtl plan params/real.yaml --set encoders.local.checkpoint=PATH")
)
def plan(
    grid: Grid,
    sets: Sets = None,
    everything: Annotated[bool, typer.Option("--all", help="List every run, not only the first of each kind.")] = False,
) -> None:
    """Show what is cached, what would run, in which order and for how long. Changes nothing."""
    from xtl.cli import tables
    from xtl.grid import capable
    from xtl.runs.store import Store

    whole = load_plan(grid, sets, provisional=True)
    abilities = capable.capabilities(whole)
    capable.check(whole.runs.values(), abilities)
    tables.plan(out, whole, Store(), abilities, everything)


@app.command(
    epilog=example(
        "xtl run params/lab.yaml",
        "xtl run params/lab.yaml --workers 1 --only '*xlnet*'",
        "xtl run params/lab.yaml --cluster params/clusters/slurm.yaml",
    )
)
def run(
    grid: Grid,
    sets: Sets = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Worker processes; default one per GPU, else per core.")
    ] = None,
    cluster: Annotated[Path | None, typer.Option(help="A file of params/clusters/ that says where to run.")] = None,
    only: Annotated[
        str | None, typer.Option(metavar="PATTERN", help="Only runs whose name matches, and what they need.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh-kernels", help="A new Python per run instead of a forked warm one.")
    ] = False,
) -> None:
    """Execute what is not done yet, then the analysis and the report. The same command goes on after a stop."""
    from xtl.cli import execution
    from xtl.grid import capable

    whole = load_plan(grid, sets)
    runs = execution.chosen(whole, only)
    capable.check(runs, capable.capabilities(whole))
    good = execution.complete(out, whole, runs, grid, sets or [], NOTEBOOKS, workers, cluster, not fresh)
    sys.exit(0 if good else 1)


@app.command(epilog=example("xtl status params/lab.yaml"))
def status(grid: Grid, sets: Sets = None) -> None:
    """Show the state of every run of the grid, and each error. Exit status 0 only if all are done."""
    from xtl.cli import tables
    from xtl.runs.store import Store

    sys.exit(0 if tables.status(out, load_plan(grid, sets), Store()) else 1)


@app.command(epilog=example("xtl report params/lab.yaml --zip", "xtl report params/lab.yaml --pdf"))
def report(
    grid: Grid,
    sets: Sets = None,
    pack: Annotated[bool, typer.Option("--zip", help="Also pack the report into one file.")] = False,
    pdf: Annotated[bool, typer.Option("--pdf", help="Also print the page to report.pdf; needs Chromium.")] = False,
) -> None:
    """Write outputs/GRID/report/ from whatever is done: the page to share and every executed notebook."""
    from xtl.cli import execution
    from xtl.report import pdf as printing
    from xtl.report.write import zip_report
    from xtl.runs.store import Store

    browser = printing.chromium() if pdf else ""  # first, so that nobody waits for drawing to learn that it is missing
    folder, analysis = execution.write_report(out, load_plan(grid, sets), Store(), grid, sets or [], NOTEBOOKS)
    say("Report", folder / "index.html")
    if pdf:
        say("Printed", printing.print_report(folder, browser))
    if pack:
        say("Packed", zip_report(folder))
    if not analysis.good:
        raise UserError(f"the analysis did not end: {analysis.error}; the report shows how far it came.")


@app.command(epilog=example("xtl fetch params/real.yaml --mirror mirror", "XTL_MIRROR=mirror xtl run params/real.yaml"))
def fetch(
    grid: Grid,
    mirror: Annotated[Path, typer.Option(help="The folder to fill; it is made if it is not there.")],
    sets: Sets = None,
) -> None:
    """Download every encoder and data set that the grid needs, so that it runs without a network afterwards."""
    from xtl.cli import tables
    from xtl.grid.fetch import download, needed

    mirror = mirror.expanduser()
    if mirror.exists() and not mirror.is_dir():
        raise UserError(f"--mirror {mirror} is a file; name a folder.")
    repositories = needed(load_grid(grid, sets), mirror)
    tables.repositories(out, repositories, mirror)
    download(repositories, mirror)
    say("Locked", mirror / "lock.yaml")


@app.command(
    epilog=example(
        "xtl score outputs/quick/report/submissions/xlmr-base_mnli_s0 labels",
        "xtl score predictions labels --json scores.json",
    )
)
def score(
    predictions: Annotated[Path, typer.Argument(help="A folder with a folder a task of test-LANGUAGE files.")],
    labels: Annotated[Path, typer.Argument(help="The same with the right answers.")],
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Also write all scores here.")
    ] = None,
) -> None:
    """Score a submission as the XTREME benchmark does: what is there is scored, what lacks is listed."""
    from xtl.cli import tables
    from xtl.evaluation.scoring import score_folders

    result = score_folders(predictions, labels)
    if json_file:
        try:
            write_json(json_file, asdict(result))
        except OSError as error:
            raise UserError(f"--json {json_file}: it cannot be written ({error.strerror}).") from None
    tables.scores(out, result)


@app.command(epilog=example("xtl tasks"))
def tasks() -> None:
    """Show the catalog: every task with its format, data, metrics, languages and licence."""
    from xtl.cli import tables

    tables.tasks(out)


@app.command(
    epilog=example("xtl languages", "xtl languages --to de --definition matching", "xtl languages params/lab.yaml")
)
def languages(
    grid: Annotated[Path | None, typer.Argument(help="Languages of this grid's data source; default XTREME's.")] = None,
    sets: Sets = None,
    to: Annotated[
        str, typer.Option("--to", metavar="CODE", help="The language that the others are compared with.")
    ] = "en",
    definition: Annotated[str, typer.Option(help="Formula of similarity: cosine, angular or matching.")] = "cosine",
) -> None:
    """Show languages with family and script, and how similar each is to one of them by every measure, with coverage."""
    from xtl.cli import tables
    from xtl.tasks.sources import HubSource

    source = load_grid(grid, sets).data_source() if grid else HubSource()
    tables.languages(out, source.linguistics, to, definition)


def load_grid(grid: Path, sets: list[str] | None) -> "Experiment":
    """A grid file with its overrides."""
    from xtl.grid.experiment import load

    return load(grid, sets or [])


def load_plan(grid: Path, sets: list[str] | None, provisional: bool = False) -> "Plan":
    """The plan of a grid file with its overrides; see xtl.grid.plan.make."""
    from xtl.grid.plan import make

    return make(load_grid(grid, sets), provisional)


def say(what: str, path: Path) -> None:
    """Print where something lies, on one line however long it is."""
    out.print(f"{what}: [bold]{escape(str(path))}[/bold]", soft_wrap=True)


def main() -> None:
    """Entry point: user errors become one sentence and exit status 2, Ctrl-C exits with 130."""
    for name in ("XTL_MIRROR", "XTL_OUTPUTS"):  # kernels run in another folder than the one the user is in
        if os.environ.get(name):
            os.environ[name] = os.path.abspath(Path(os.environ[name]).expanduser())
    try:
        outputs = outputs_root()
        if outputs.exists() and not outputs.is_dir():
            raise UserError(f"XTL_OUTPUTS is {outputs}, which is a file; name a folder for the results.")
        app()
    except UserError as error:
        _fail(str(error))
    except OSError as error:
        if not str(error.filename).startswith(str(outputs_root())):
            raise
        _fail(f"{error.filename}: {error.strerror}; XTL_OUTPUTS names the folder for results.")
    except (KeyboardInterrupt, SystemExit) as stop:
        if isinstance(stop, SystemExit) and stop.code != INTERRUPTED:  # typer exits with it for a KeyboardInterrupt
            raise
        err.print("xtl: interrupted. What is done stays done; the same command goes on from here.")
        sys.exit(INTERRUPTED)


def _fail(sentence: str) -> None:
    err.print(f"[bold red]xtl:[/bold red] {escape(sentence)}", soft_wrap=True)
    sys.exit(2)
