"""Examples of a task from the Hub or its mirror: one config, or several sources put together."""

from __future__ import annotations

import pyarrow as pa
from datasets import Features

from xtl.base.errors import UserError
from xtl.tasks.catalog.task import HubSource, Task
from xtl.tasks.sources import columns
from xtl.tasks.sources import repository as mirror


def table(task: Task, split: str, language: str, pinned: dict) -> pa.Table:
    """One split (our name) of a task in a language, in canonical columns; several sources follow each other.

    Ids of several sources are prefixed with the source's number, so that they stay different.
    """
    tables = []
    for number, source in enumerate(task.sources):
        paths = mirror.files(source, language, source.splits[split], pinned)
        origin = _origin(source, language)
        columns.check_columns(mirror.column_names(paths[0]), source, origin)
        rows = mirror.read(paths, columns.condition(source, language))
        found = columns.canonical(rows, Features.from_arrow_schema(rows.schema), source, task, language, origin)
        if len(task.sources) > 1:
            ids = pa.array([f"{number}-{i}" for i in found.column("id").to_pylist()], pa.string())
            found = found.set_column(found.column_names.index("id"), "id", ids)
        tables.append(found)
    return pa.concat_tables(tables) if len(tables) > 1 else tables[0]


def available(task: Task, pinned: dict) -> list[str]:
    """The languages whose test set (or plain text) the Hub or the mirror declares, in the order of the catalog."""
    held = list(task.languages)
    for source in task.sources:
        declared = mirror.configs(source, pinned)
        split = source.splits.get("test") or source.splits["train"]
        held = [code for code in held if split in declared.get(source.named(source.config, code), {})]
        if mirror.mirror():  # which may hold a part of what the README declares
            held = [code for code in held if mirror.holds(source, code, split, pinned)]
        if held and (source.where or source.prefix) and mirror.mirror():
            # all languages are in the rows of one config: which are?
            held = [code for code in held if _rows(source, split, code, pinned)]
    return held


def check(task: Task, split: str, language: str, pinned: dict) -> None:
    """Raise UserError unless `table` would find the examples; reads headers only, and downloads none."""
    for source in task.sources:
        wanted = source.splits[split]
        mirror.patterns(source, language, wanted, pinned)
        if mirror.mirror():
            path, origin = mirror.files(source, language, wanted, pinned)[0], _origin(source, language)
            columns.check_columns(mirror.column_names(path), source, origin)
            if not _rows(source, wanted, language, pinned):
                raise UserError(f"{origin} has no rows in the language '{language}'.")


def fingerprint(task: Task, split: str, language: str, pinned: dict) -> str:
    """A mirror's SHA-256 of the files, so that a copy elsewhere is the same data; the Hub's commits."""
    if mirror.mirror() is None:
        commits = [mirror.resolved(s.dataset, mirror.revision(s, pinned)) for s in task.sources]
        return "hub:" + "+".join(dict.fromkeys(commits))
    paths = [path for s in task.sources for path in mirror.files(s, language, s.splits[split], pinned)]
    return f"sha256:{mirror.digest(paths)}"


def _rows(source: HubSource, split: str, language: str, pinned: dict) -> int:
    """How many rows a split (the source's name of it) has in a language, by its condition on rows alone."""
    paths, named = mirror.files(source, language, split, pinned), list({**source.where, **source.prefix})
    if not named:
        return 1
    return len(mirror.read(paths, columns.condition(source, language), [*named, *source.drop]))


def _origin(source: HubSource, language: str) -> str:
    return f"{source.dataset}, config {source.named(source.config, language)}"
