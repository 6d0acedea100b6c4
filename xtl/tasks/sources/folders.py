"""Examples from a folder that the user names, where a licence or the Hub's content demands it: CCGbank, BUCC 2018."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa

from xtl.base.errors import UserError
from xtl.tasks.catalog.task import Task
from xtl.tasks.sources.columns import SIDES, UNSEEN, coded_tags

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
    tags = {tag for _, tags in supertagged(path) for tag in tags}
    return (*sorted(tags), UNSEEN)


def table(task: Task, split: str, language: str, folders: Mapping[str, str]) -> pa.Table:
    """A split in canonical columns; tags are ids of the task's labels, which `labels` gives."""
    paths = files(task, split, language, folders)
    if task.format != "tagging":
        return pools(*paths)
    sentences = supertagged(paths[0])
    return pa.table({
        "id": [str(row) for row in range(len(sentences))],
        "tokens": [words for words, _ in sentences],
        "tags": pa.array(coded_tags([tags for _, tags in sentences], task.labels), pa.list_(pa.int64())),
    })  # fmt: skip


def supertagged(path: Path) -> list[tuple[list[str], list[str]]]:
    """Sentences of CCGbank-style lines as (words, supertags): tokens parted by spaces, each `word|…|supertag`."""
    sentences = []
    for number, line in _lines(path):
        tokens = [token.split("|") for token in line.split()]
        if any(len(parts) < 2 or not parts[0] or not parts[-1] for parts in tokens):
            raise UserError(f"{path}, line {number}: expected tokens of the form word|…|supertag, parted by spaces.")
        sentences.append(([parts[0] for parts in tokens], [parts[-1] for parts in tokens]))
    if not sentences:
        raise UserError(f"{path} has no sentence; expected lines of word|…|supertag.")
    return sentences


def pools(foreign: Path, english: Path, gold: Path) -> pa.Table:
    """Two pools of `id<TAB>sentence` and their gold pairs of ids, in the columns of the format `mining`."""
    partner: dict[str, str] = {}
    for first, second in _pairs(gold, "two ids"):
        for name in (first, second):
            if name in partner or first == second:
                raise UserError(f"{gold}: the id {name} is in more than one pair; a sentence has one translation.")
        partner |= {first: second, second: first}
    rows: dict[str, list[str]] = {"id": [], "side": [], "sentence": [], "pair": []}
    pool_of: dict[str, Path] = {}
    for side, path in zip(SIDES, (foreign, english), strict=True):
        sentences = list(_pairs(path, "an id and a sentence"))
        if not sentences:
            raise UserError(f"{path} has no sentence; expected lines of an id and a sentence, parted by a tab.")
        for name, _ in sentences:
            if name in pool_of:
                raise UserError(
                    f"{path}: the id {name} stands in {pool_of[name].name} before; every sentence has its own."
                )
            pool_of[name] = path
        rows["id"] += [name for name, _ in sentences]
        rows["side"] += [side] * len(sentences)
        rows["sentence"] += [text for _, text in sentences]
        rows["pair"] += [partner.get(name, "") for name, _ in sentences]
    unknown = set(partner) - set(rows["id"])
    if unknown:
        raise UserError(f"{gold}: no sentence has the id {min(unknown)}; the three files must belong together.")
    for first, second in partner.items():
        if pool_of[first] == pool_of[second]:
            raise UserError(
                f"{gold}: {first} and {second} are both in {pool_of[first].name}; a pair is of two languages."
            )
    return pa.table(rows)


def _pairs(path: Path, what: str) -> Iterator[tuple[str, str]]:
    """The two parts of every line, parted by a tab."""
    for number, line in _lines(path):
        first, tab, second = line.partition("\t")
        if not tab:
            raise UserError(f"{path}, line {number}: expected {what}, parted by a tab.")
        yield first.strip(), second.strip()


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, with their numbers."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UserError(f"{path} is not UTF-8 text; convert it first.") from None
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line
