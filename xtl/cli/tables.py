"""Tables for the terminal: a plan, the state of its runs, the catalog, the languages."""

from __future__ import annotations

import os

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from xtl.evaluation.scoring import SubmissionScores, task_score
from xtl.grid.durations import estimates, recorded, wall_clock
from xtl.grid.plan import Plan
from xtl.languages.linguistics import Linguistics
from xtl.runs.run import Run
from xtl.runs.store import Store

COLOURS = {
    "done": "green",
    "cached": "green",
    "running": "yellow",
    "failed": "red",
    "killed": "red",
    "blocked": "magenta",
    "interrupted": "yellow",
    "absent": "dim",
}
SHOWN = 3  # runs of each kind in a plan that is not asked for all


def minutes(seconds: float | None) -> str:
    """A duration for a person; a dash where it is unknown."""
    if seconds is None:
        return "—"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def simple(*columns: str, title: str | None = None) -> Table:
    """A table without a heavy frame; columns whose name starts with > are aligned right."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim")
    for name in columns:
        table.add_column(name.lstrip(">"), justify="right" if name.startswith(">") else "left", overflow="fold")
    return table


def plan(console: Console, made: Plan, store: Store, everything: bool = False) -> None:
    """Print what is cached, what would run, in which order and for how long."""
    experiment = made.experiment
    states = {run.id: store.state(run) for run in made.runs.values()}
    todo = [run for run in made.runs.values() if states[run.id] != "done"]
    seconds = estimates(made, recorded(store.runs))
    console.print(f"[bold]{escape(experiment.name)}[/bold]: {escape(experiment.question)}\n")
    table = simple("phase", ">runs", ">cached", ">to run", ">estimated core time")
    for phase in dict.fromkeys(run.phase for run in made.runs.values()):
        runs = [run for run in made.runs.values() if run.phase == phase]
        new = [run for run in runs if states[run.id] != "done"]
        guesses = [seconds[run.id] for run in new]
        total = sum(g for g in guesses if g is not None) if any(g is not None for g in guesses) else None
        table.add_row(phase, str(len(runs)), str(len(runs) - len(new)), str(len(new)), minutes(total) if new else "0 s")
    console.print(table)
    console.print(
        f"\n{len(made.runs)} runs for {len(made.cells)} cells: {len(made.runs) - len(todo)} cached, {len(todo)} new."
    )
    if todo:
        workers = os.cpu_count() or 1
        total, unknown = wall_clock(made, todo, seconds, workers)
        text = f"About {minutes(total)} on {workers} workers, from recorded durations" if unknown < len(todo) else ""
        note = f"{unknown} runs are of no recorded size and have no estimate" if unknown else ""
        console.print((text + ("; " if text and note else "") + note) + ".")
        if experiment.data == "hub":
            gpu(console, made, todo)
        listing(console, todo, states, seconds, everything)
    for row in missing(made):
        console.print(f"[yellow]missing[/yellow] {row}")
    for sentence in made.notes:
        console.print(f"[yellow]left out[/yellow] {escape(sentence)}")


def gpu(console: Console, made: Plan, todo: list[Run]) -> None:
    """Print what the runs would ask of a GPU and of the disk."""
    from xtl.grid.gpu_hours import ASSUMPTION, budget

    found = budget(made, todo)
    shared = len(todo) - len({*made.cells.run_id} & {run.id for run in todo})
    console.print(
        f"About {found.gpu_hours:,.1f} GPU-hours and {found.checkpoint_bytes / 1e9:,.1f} GB of checkpoints; "
        f"{shared} runs are upstream of the cells and shared by them.\n[dim]Assumed: {ASSUMPTION}.[/dim]"
    )


def listing(console: Console, runs: list[Run], states: dict, seconds: dict, everything: bool) -> None:
    """Print the runs in their order, the first few of each phase unless all are asked for."""
    table = simple(">", "run", "state", ">estimate", "after", title="\nOrder")
    names = {run.id: run.slug for run in runs}
    shown: dict[str, int] = {}
    for number, run in enumerate(runs, 1):
        shown[run.phase] = shown.get(run.phase, 0) + 1
        if everything or shown[run.phase] <= SHOWN:
            after = ", ".join(names.get(i, "cached") for i in run.upstream.values())
            table.add_row(
                str(number), escape(run.folder), colour(states[run.id]), minutes(seconds[run.id]), escape(after)
            )
    console.print(table)
    hidden = len(runs) - table.row_count
    if hidden:
        console.print(f"… and {hidden} more (--all lists them).")


def missing(made: Plan) -> list[str]:
    """A line per target of the languages that the data source lacks."""
    return [f"{target}: {', '.join(part.language)}" for target, part in made.missing.groupby("target", sort=False)]


def colour(state: str) -> str:
    """A state in its colour."""
    return f"[{COLOURS.get(state, 'default')}]{state}[/]"


def status(console: Console, made: Plan, store: Store) -> bool:
    """Print the state of every run and the errors; returns whether all are done."""
    counts: dict[str, int] = {}
    table = simple("run", "state", ">duration", "error")
    for run in made.runs.values():
        record = store.record(run)
        counts[record.state] = counts.get(record.state, 0) + 1
        table.add_row(escape(run.folder), colour(record.state), minutes(record.seconds), escape(record.error or ""))
    console.print(table)
    console.print("\n" + ", ".join(f"{n} {colour(state)}" for state, n in counts.items()))
    return set(counts) <= {"done"}


def tasks(console: Console) -> None:
    """Print the catalog: what every task is, and where its data comes from."""
    from xtl.tasks.catalog import TASKS

    what = simple("task", "roles", "format", "trains on", "score", "languages", title="Tasks")
    data = simple("task", "data", "revision", ">train", ">test", "licence", title="\nTheir data")
    for task in TASKS.values():
        languages = " ".join(task.languages) if len(task.languages) <= 4 else f"{len(task.languages)} languages"
        roles, score = ", ".join(sorted(task.roles)), " + ".join(task.score)
        what.add_row(task.name, roles, task.format, task.trains_on or "nothing", score, languages)
        origin = " + ".join(dict.fromkeys(s.dataset for s in task.sources)) or "a folder of yours"
        data.add_row(
            task.name,
            origin,
            (task.revision or "newest")[:8] if task.hub else "—",
            *(_sizes(task.size.get(split)) for split in ("train", "test")),
            task.licence,
        )
    for table in (what, data):
        table.columns[0].no_wrap = True
        console.print(table)


def _sizes(bounds: tuple[int, int] | None) -> str:
    return "–".join(f"{n:,}" for n in dict.fromkeys(bounds)) if bounds else "—"


def scores(console: Console, result: SubmissionScores) -> None:
    """Print the averages of a scored submission, what lacks, and the overall score."""
    table = simple("task", ">score", "averages over languages", ">languages", "missing")
    for name, entry in result.tasks.items():
        score = task_score(name, entry)
        said = ", ".join(f"{metric} {value:.1f}" for metric, value in entry.average.items())
        table.add_row(
            name,
            "—" if score is None else f"{score:.1f}",
            said or "—",
            str(len(entry.languages)),
            " ".join(entry.missing) if entry.languages else "all",
        )
    console.print(table)
    overall = result.overall
    console.print(
        "\nOverall: — (the mean of the nine tasks needs all of them in every language)"
        if overall is None
        else f"\nOverall: [bold]{overall:.1f}[/bold]"
    )


def languages(console: Console, source: Linguistics, to: str = "en", definition: str = "cosine") -> None:
    """Print the languages of a data source with their facts, and how similar each is to one of them, nearest first."""
    rows = source.measured(to, definition)
    texts = rows.assign(text=rows.apply(_similarity, axis=1)).pivot(index="language", columns="measure", values="text")
    known = source.table(to).set_index("code")
    # that family, branch or script is the same is seen in the first table
    shown = texts[[measure for measure in rows["measure"].unique() if measure not in known]]
    apart = [column for column in ("twin of", "distance") if column in known]
    similar = known[["name", *apart[:-1]]].join(shown).join(known["distance"])
    kilometres = source.kilometres(to)
    if kilometres is not None:
        similar.insert(list(similar).index("geographic") + 1, "km", kilometres.map("{:,.0f}".format))
    console.print(_grid(known.drop(columns=apart), "Languages"))
    console.print(_grid(similar, f"\nSimilarity to {known.loc[to, 'name']} ({to}), nearest first"))
    console.print(
        f"\nSimilarity: {definition}, 0 to 1, of {source.similarity_source()}. Distance: Gower's, 0 to 1, over "
        f"{source.table_definition}. —: not known."
    )


def _grid(rows, title: str) -> Table:
    """A table of languages: the code, then every column."""
    table = simple("code", *[f">{column}" if column == "km" else column for column in rows.columns], title=title)
    for code, row in zip(rows.index, rows.itertuples(index=False, name=None), strict=True):
        table.add_row(code, *[f"{value:.2f}" if isinstance(value, float) else str(value) for value in row])
    return table


def _similarity(row) -> str:
    """A similarity, and in brackets the share of its features that a source states, where that is not all."""
    if row["similarity"] != row["similarity"]:
        return "—"
    return f"{row['similarity']:.2f}" + (f" ({row['stated']:.0%})" if row["stated"] < 1 else "")
