"""Examples from a folder that the user names, where a licence or the Hub's content demands it: CCGbank, BUCC 2018."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from xtl.base.errors import UserError
from xtl.tasks.catalog.task import Task
from xtl.tasks.sources.columns import SIDES, UNSEEN, coded_tags
from xtl.tasks.sources.rows import Fault, Rows

SUPERTAGS = {"train": "train.txt", "validation": "validation.txt", "test": "test.txt"}
# XTREME's development set is the shared task's sample, its test set the shared task's training set.
POOLS = {"validation": "sample", "test": "training"}


def splits(task: Task) -> set[str]:
    """The splits that the task's folder holds."""
    return set(SUPERTAGS if task.format == "tagging" else POOLS)


def root(task: Task, folders: Mapping[str, str]) -> Path:
    """The folder of a task's files. Raises UserError where the grid names none, or one that is not there."""
    given = folders.get(task.name)
    if not given:
        raise UserError(
            f"task {task.name} is not on the Hub: name the folder of its files in the grid, "
            f"folders: {{{task.name}: PATH}}; it holds {task.folder}."
        )
    folder = Path(given).expanduser()
    if not folder.is_dir():
        raise UserError(f"folders.{task.name}: {given} is not a folder; it must hold {task.folder}.")
    return folder


def files(task: Task, split: str, language: str, folders: Mapping[str, str]) -> list[Path]:
    """The files of a split, in a fixed order. Raises UserError for one that lacks."""
    folder = root(task, folders)
    pair = f"{language}-en"
    names = [f"{pair}/{pair}.{POOLS[split]}.{end}" for end in (language, "en", "gold")] if split in POOLS else []
    if task.format == "tagging":
        names = [SUPERTAGS[split]]
    for name in names:
        if not (folder / name).is_file():
            raise UserError(f"folders.{task.name}: {folder} lacks {name}; it must hold {task.folder}.")
    return [folder / name for name in names]


def available(task: Task, folders: Mapping[str, str]) -> list[str]:
    """The languages whose test files are there."""
    folder = root(task, folders)
    held = [code for code in task.languages if task.format == "tagging" or (folder / f"{code}-en").is_dir()]
    if not held:
        raise UserError(f"folders.{task.name}: {folder} holds no language of it; it must hold {task.folder}.")
    return held


def labels(task: Task, folders: Mapping[str, str]) -> tuple[str, ...]:
    """The supertags of the training data, sorted, and UNSEEN for every other."""
    (path,) = files(task, "train", "en", folders)
    tags: set[str] = set()
    for line in supertagged(path):
        tags.update(line.tags)
    return (*sorted(tags), UNSEEN)


def rows(task: Task, split: str, language: str, folders: Mapping[str, str]) -> list[Rows]:
    """A split in canonical columns; tags are ids of the task's labels, which `labels` gives."""
    paths = files(task, split, language, folders)
    if task.format != "tagging":
        return pools(*paths)
    lines = supertagged(paths[0])
    table = pa.table({
        "id": [str(row) for row in range(len(lines))],
        "tokens": [line.words for line in lines],
        "tags": pa.array(coded_tags([line.tags for line in lines], task.labels), pa.list_(pa.int64())),
    })  # fmt: skip
    damaged = np.array([line.damaged for line in lines])
    fault = Fault(damaged, lambda row: "a token is not of the form word|…|supertag")
    return [Rows(table, str(paths[0]), np.array([line.number for line in lines]), "line", faults=(fault,))]


@dataclass(frozen=True)
class Line:
    """A sentence, with the number of its line in the file; damaged where a token has another form."""

    number: int
    words: list[str]
    tags: list[str]
    damaged: bool


def supertagged(path: Path) -> list[Line]:
    """Sentences of CCGbank-style lines: tokens `word|…|supertag`, parted by spaces; a no-break space is part of one."""
    lines = []
    for number, line in _lines(path):
        tokens = [token.split("|") for token in re.split("[ \t]+", line.strip(" \t"))]
        damaged = any(len(parts) < 2 or not parts[0] or not parts[-1] for parts in tokens)
        sentence = [] if damaged else tokens
        lines.append(Line(number, [parts[0] for parts in sentence], [parts[-1] for parts in sentence], damaged))
    if not lines:
        raise UserError(f"{path} has no sentence; expected lines of word|…|supertag.")
    return lines


def pools(foreign: Path, english: Path, gold: Path) -> list[Rows]:
    """Two pools of `id<TAB>sentence` and their gold pairs of ids, in the columns of the format `mining`."""
    partner: dict[str, str] = {}
    for _, first, second in _pairs(gold, "two ids"):
        for name in (first, second):
            if name in partner or first == second:
                raise UserError(f"{gold}: the id {name} is in more than one pair; a sentence has one translation.")
        partner |= {first: second, second: first}
    rows: dict[str, list[str]] = {"id": [], "side": [], "sentence": [], "pair": []}
    lines: list[int] = []
    pool_of: dict[str, Path] = {}
    for side, path in zip(SIDES, (foreign, english), strict=True):
        sentences = list(_pairs(path, "an id and a sentence"))
        if not sentences:
            raise UserError(f"{path} has no sentence; expected lines of an id and a sentence, parted by a tab.")
        for _, name, _ in sentences:
            if name in pool_of:
                raise UserError(
                    f"{path}: the id {name} stands in {pool_of[name].name} before; every sentence has its own."
                )
            pool_of[name] = path
        lines += [number for number, _, _ in sentences]
        rows["id"] += [name for _, name, _ in sentences]
        rows["side"] += [side] * len(sentences)
        rows["sentence"] += [text for _, _, text in sentences]
        rows["pair"] += [partner.get(name, "") for _, name, _ in sentences]
    unknown = set(partner) - set(rows["id"])
    if unknown:
        raise UserError(f"{gold}: no sentence has the id {min(unknown)}; the three files must belong together.")
    for first, second in partner.items():
        if pool_of[first] == pool_of[second]:
            raise UserError(
                f"{gold}: {first} and {second} are both in {pool_of[first].name}; a pair is of two languages."
            )
    return [
        Rows(pa.table(rows), str(foreign.with_suffix("")), np.array(lines), "line", faults=(_empty(rows, pool_of),))
    ]


def _empty(rows: dict[str, list[str]], pool_of: Mapping[str, Path]) -> Fault:
    """Sentences without text, and the translations of such."""
    empty = {name for name, text in zip(rows["id"], rows["sentence"], strict=True) if not text}
    damaged = [name in empty or pair in empty for name, pair in zip(rows["id"], rows["pair"], strict=True)]

    def describe(row: int) -> str:
        name = rows["id"][row]
        return f"in {pool_of[name].name}, {name} or its translation is empty"

    return Fault(np.array(damaged), describe)


def _pairs(path: Path, what: str) -> Iterator[tuple[int, str, str]]:
    """The number of every line and its two parts, parted by a tab."""
    for number, line in _lines(path):
        first, tab, second = line.partition("\t")
        if not tab or not first.strip():
            raise UserError(f"{path}, line {number}: expected {what}, parted by a tab.")
        yield number, first.strip(), second.strip()


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, with their numbers; they end at line breaks alone, not at U+2028 or a form feed."""
    try:
        text = path.read_text(encoding="utf-8-sig")  # perhaps with the mark that some editors put at the beginning
    except UnicodeDecodeError:
        raise UserError(f"{path} is not UTF-8 text; convert it first.") from None
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line
