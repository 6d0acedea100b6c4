"""The benchmark's submission files: read, and collected into the folders that a user sends."""

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from xtl.base.errors import UserError
from xtl.runs.record import RunRecord
from xtl.tasks.catalog import TASKS

CHAIN = ["encoder", "intermediate", "source", "provenance", "seed"]


def collect(cells: pd.DataFrame, records: Mapping[str, RunRecord], folder: Path) -> list[Path]:
    """Copy the prediction files of finished target runs to `folder`/<chain>/<task>/test-<language>.*, made anew.

    A chain is an encoder with its intermediate, source and seed; it is named after what differs from English.
    Returns the chains' folders; `xtl score` scores each.
    """
    shutil.rmtree(folder, ignore_errors=True)
    collected = []
    for (encoder, intermediate, source, provenance, seed), chain_cells in cells.groupby(CHAIN, sort=False):
        origin = "" if (source, provenance) == ("en", "native") else f"-{source}-{provenance}"
        # `_` parts the names, so that bert-en + mnli and bert + en-mnli stay apart; nothing leaves the folder
        chain = folder / re.sub(r"[^A-Za-z0-9._+-]", "-", f"{encoder}_{intermediate}{origin}_s{seed}").lstrip(".")
        for cell in chain_cells.itertuples():
            record = records.get(cell.run_id)
            name = TASKS[cell.target].submission
            if not name or record is None or not record.done:
                continue
            predictions = record.folder / "predictions" / name
            if predictions.is_dir():
                shutil.copytree(predictions, chain / name, dirs_exist_ok=True)
        if chain.is_dir():
            collected.append(chain)
    return collected


def predicted(path: Path, format: str, ids: list[str]) -> list[str | None]:
    """What a submission file predicts, in the order of the examples.

    The label; the tags of a sentence; the answer; of retrieval the index, and of mining the id, of the sentence found;
    None where the file says nothing of an example. format: the task's. ids: of the examples that the run scored.
    Raises UserError where the file holds another number of predictions.
    """
    if format == "span":
        answers = read_answers(path)
        return [answers.get(name) for name in ids]
    if format == "mining":  # what each foreign sentence of a gold pair was paired with
        mined = dict(read_pairs(path))
        return [mined.get(name.partition("\t")[0]) for name in ids]
    values = [" ".join(tags) for tags in read_tags(path)] if format == "tagging" else read_lines(path)
    if len(values) != len(ids):
        raise UserError(f"{path} holds {len(values):,} predictions, but the run scored {len(ids):,} examples.")
    return list(values)


def read_lines(path: Path) -> list[str]:
    """Classification and retrieval: one label or one index a line."""
    return [line.strip() for line in _text(path).splitlines()]


def read_tags(path: Path) -> list[list[str]]:
    """Tagging: one tag a line, an empty line between sentences."""
    blocks = _text(path).replace("\r\n", "\n").split("\n\n")
    return [block.split() for block in blocks if block.strip()]


def read_pairs(path: Path) -> list[tuple[str, str]]:
    """Mining: two sentence ids a line, foreign and English. Raises UserError for a line of another number."""
    pairs = []
    for number, line in enumerate(_text(path).splitlines(), 1):
        ids = line.split()
        if ids and len(ids) != 2:
            raise UserError(f"{path}: line {number} has {len(ids)} ids; expected two, parted by a tab.")
        if ids:
            pairs.append((ids[0], ids[1]))
    return pairs


def read_answers(path: Path) -> dict[str, str | None]:
    """Question answering: an object from question ids to answers. Raises UserError for anything else."""
    answers = read_json(path)
    if not isinstance(answers, dict):
        raise UserError(f"{path}: expected a JSON object from question ids to answers.")
    if not all(answer is None or isinstance(answer, str) for answer in answers.values()):
        raise UserError(f"{path}: every answer must be a text.")
    return answers


def read_json(path: Path) -> Any:
    """The content of a JSON file. Raises UserError where it is none."""
    try:
        return json.loads(_text(path))
    except json.JSONDecodeError as error:
        raise UserError(f"{path} is not valid JSON (line {error.lineno}: {error.msg}).") from None
    except (ValueError, RecursionError):
        raise UserError(f"{path} holds numbers or nesting beyond what a submission has.") from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")  # with or without a byte-order mark
    except UnicodeDecodeError:
        raise UserError(f"{path} is not UTF-8 text.") from None
