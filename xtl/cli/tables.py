"""Tables for the terminal: a plan, the state of its runs, the catalog, the languages."""

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from xtl.evaluation.scoring import SubmissionScores, task_score
from xtl.grid.durations import estimates, recorded, wall_clock
from xtl.grid.fetch import Repository
from xtl.grid.gpu_hours import ASSUMPTION, budget
from xtl.grid.plan import Plan
from xtl.languages.linguistics import Linguistics
from xtl.runs.record import State
from xtl.runs.run import Run
from xtl.runs.store import Store
from xtl.tasks.catalog import TASKS
from xtl.tasks.formats.capabilities import Capability

COLOURS = {
    "done": "green",
    "cached": "green",
    "running": "yellow",
    "failed": "red",
    "killed": "red",
    "blocked": "magenta",
    "interrupted": "yellow",
    "incomplete": "yellow",
    "damaged": "red",
    "absent": "dim",
}
SHOWN = 3  # of a long list: runs of each kind of a plan, files that are not read


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


def plan(
    console: Console, plan: Plan, store: Store, abilities: Mapping[str, Capability | str], everything: bool = False
) -> None:
    """Print what is cached, what would run, in which order and for how long, and what the encoders can do."""
    experiment = plan.experiment
    states = {run.id: store.state(run) for run in plan.runs.values()}
    todo = [run for run in plan.runs.values() if states[run.id] is not State.DONE]
    seconds = estimates(plan, recorded(store.runs))
    console.print(f"[bold]{escape(experiment.name)}[/bold]: {escape(experiment.question)}\n")
    table = simple("phase", ">runs", ">cached", ">to run", ">estimated core time")
    counts = Counter(run.phase for run in plan.runs.values())
    for phase, count in counts.items():
        new = [run for run in todo if run.phase == phase]
        known = [value for run in new if (value := seconds[run.id]) is not None]
        total = sum(known) if known or not new else None
        table.add_row(phase, str(count), str(count - len(new)), str(len(new)), minutes(total))
    console.print(table)
    cached = len(plan.runs) - len(todo)
    console.print(f"\n{len(plan.runs)} runs for {len(plan.cells)} cells: {cached} cached, {len(todo)} new.")
    if todo:
        workers = os.cpu_count() or 1
        total, unknown = wall_clock(plan, todo, seconds, workers)
        notes = []
        if unknown < len(todo):
            notes.append(f"About {minutes(total)} on {workers} workers, from recorded durations")
        if unknown:
            notes.append(f"{unknown} runs are of no recorded size and have no estimate")
        console.print("; ".join(notes) + ".")
        if experiment.data == "hub":
            needs = budget(plan, todo)
            unsized = f"; {needs.unknown} runs of encoders of unknown size not counted" if needs.unknown else ""
            shared = len(todo) - len({*plan.cells.run_id} & {run.id for run in todo})
            console.print(
                f"About {needs.gpu_hours:,.1f} GPU-hours and {needs.checkpoint_bytes / 1e9:,.1f} GB of checkpoints"
                f"{unsized}; {shared} runs are upstream of the cells and shared by them.\n"
                f"[dim]Assumed: {ASSUMPTION}.[/dim]"
            )
        _listing(console, plan, todo, states, seconds, everything)
    console.print("\n[bold]Encoders[/bold]")
    for name, ability in abilities.items():
        line = ability if isinstance(ability, str) else f"{ability.kind}; {ability.describe()}"
        console.print(f"{escape(name)}: {escape(line)}.")
    if plan.absent:
        console.print(
            f"[yellow]not here[/yellow] {escape(', '.join(plan.absent))}. With a network, `xtl fetch` gets them; until "
            f"then the ids of {len(plan.provisional)} runs are provisional, and languages are those that the catalog "
            f"lists.\n[dim]{escape(next(iter(plan.absent.values())))}[/dim]"
        )
    for target, lacking in plan.missing.groupby("target", sort=False):
        console.print(f"[yellow]missing[/yellow] {target}: {', '.join(lacking.language)}")
    left_out(console, plan)


def left_out(console: Console, plan: Plan) -> None:
    """Print what the grid asks for and cannot have, a line each."""
    for sentence in plan.notes:
        console.print(f"[yellow]left out[/yellow] {escape(sentence)}")


def _listing(
    console: Console,
    plan: Plan,
    runs: list[Run],
    states: Mapping[str, State],
    seconds: Mapping[str, float | None],
    everything: bool,
) -> None:
    """Print the runs in their order, the first few of each phase unless all are asked for."""
    table = simple(">", "run", "state", ">estimate", "after", title="\nOrder")
    names = {run.id: run.slug for run in runs}
    provisional = plan.provisional
    shown: Counter[str] = Counter()
    for number, run in enumerate(runs, 1):
        shown[run.phase] += 1
        if everything or shown[run.phase] <= SHOWN:
            trials = [name for name in run.upstream if name.startswith("trials.")]
            others = [names.get(run_id, "cached") for name, run_id in run.upstream.items() if name not in trials]
            after = ", ".join([*others, f"{len(trials)} trials"] if trials else others)
            estimate = minutes(seconds[run.id])
            name = f"{run.phase}/{run.slug} (provisional)" if run.id in provisional else run.folder
            table.add_row(str(number), escape(name), colour(states[run.id]), estimate, escape(after))
    console.print(table)
    hidden = len(runs) - table.row_count
    if hidden:
        console.print(f"… and {hidden} more (--all lists them).")


def colour(state: str) -> str:
    """A state in its colour."""
    return f"[{COLOURS[state]}]{state}[/]"


def status(console: Console, plan: Plan, store: Store) -> bool:
    """Print the state of every run and the errors; returns whether all are done."""
    table = simple("run", "state", ">duration", "remark")
    records = [store.checked(run) for run in plan.runs.values()]
    for run, record in zip(plan.runs.values(), records, strict=True):
        remark = record.error or (f"did not learn {', '.join(record.unlearned)}" if record.unlearned else "")
        table.add_row(escape(run.folder), colour(record.state), minutes(record.seconds), escape(remark))
    console.print(table)
    counts = Counter(record.state for record in records)
    console.print("\n" + ", ".join(f"{count} {colour(state)}" for state, count in counts.items()))
    unlearned = Counter(record.phase for record in records if record.unlearned)
    if unlearned:
        runs = ", ".join(f"{count} {phase}" for phase, count in unlearned.items())
        console.print(f"[yellow]did not learn[/yellow] {runs} (no better on English development data than one answer).")
    return all(record.done for record in records)


def repositories(console: Console, repositories: list[Repository], mirror: Path) -> None:
    """Print what is to be fetched into a mirror, with sizes."""
    table = simple("repository", "kind", "revision", ">files", ">size", ">to fetch")
    rest = 0
    for repository in repositories:
        total = sum(file.size for file in repository.files)
        lacking = sum(file.size for file in repository.lacking())
        rest += lacking
        sizes = (f"{len(repository.files):,}", megabytes(total), megabytes(lacking))
        table.add_row(repository.name, repository.kind, repository.revision[:8], *sizes)
    console.print(table)
    console.print(f"\n{megabytes(rest)} to fetch into {escape(str(mirror))}.", soft_wrap=True)


def megabytes(size: int) -> str:
    """A size for a person."""
    return f"{size / 1e9:.2f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"


def tasks(console: Console) -> None:
    """Print the catalog: what every task is, and where its data comes from."""
    what = simple("task", "roles", "format", "trains on", "score", "languages", title="Tasks")
    data = simple("task", "data", "revision", ">train", ">test", "licence", title="\nTheir data")
    for task in TASKS.values():
        languages = " ".join(task.languages) if len(task.languages) <= 4 else f"{len(task.languages)} languages"
        roles = ", ".join(sorted(task.roles))
        score = " + ".join(task.score)
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
        averages = ", ".join(f"{metric} {value:.1f}" for metric, value in entry.average.items())
        table.add_row(
            name,
            "—" if score is None else f"{score:.1f}",
            averages or "—",
            str(len(entry.languages)),
            " ".join(entry.missing) if entry.languages else "all",
        )
    console.print(table)
    overall = "— (the mean of the nine tasks needs all of them in every language)"
    if result.overall is not None:
        overall = f"[bold]{result.overall:.1f}[/bold]"
    console.print(f"\nOverall: {overall}")
    if result.unread:
        first = ", ".join(result.unread[:SHOWN])
        more = f" and {len(result.unread) - SHOWN} more" if len(result.unread) > SHOWN else ""
        console.print(f"[yellow]not read[/yellow] {escape(first)}{more}: of no task, or no language of it")


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


def _grid(rows: pd.DataFrame, title: str) -> Table:
    """A table of languages: the code, then every column."""
    table = simple("code", *[f">{column}" if column == "km" else column for column in rows.columns], title=title)
    for code, row in zip(rows.index, rows.itertuples(index=False, name=None), strict=True):
        table.add_row(code, *[f"{value:.2f}" if isinstance(value, float) else str(value) for value in row])
    return table


def _similarity(row: pd.Series) -> str:
    """A similarity, and in brackets the share of its features that a source states, where that is not all."""
    if pd.isna(row["similarity"]):
        return "—"
    stated = f" ({row['stated']:.0%})" if row["stated"] < 1 else ""
    return f"{row['similarity']:.2f}{stated}"
