"""The benchmark's submission files: read, and collected into the folders that a user sends."""

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from xtl.base.errors import UserError
from xtl.runs.record import FINETUNING_SEED, RunRecord, seeds_name
from xtl.tasks.catalog import TASKS

CHAIN = ["encoder", "intermediate", "source", "provenance", "seed", FINETUNING_SEED]
SHOWN = 40  # characters of a text that an error quotes


def collect(cells: pd.DataFrame, records: Mapping[str, RunRecord], folder: Path) -> list[Path]:
    """Copy the prediction files of finished target runs to `folder`/<chain>/<task>/test-<language>.*, made anew.

    A chain is an encoder with its intermediate, source and seeds; it is named after what differs from English, and
    after the seed of fine-tuning where that is another.
    Returns the chains' folders; `xtl score` scores each.
    """
    shutil.rmtree(folder, ignore_errors=True)
    collected = []
    if FINETUNING_SEED not in cells:
        cells = cells.assign(**{FINETUNING_SEED: cells["seed"]})
    for place, chain_cells in cells.groupby(CHAIN, sort=False):
        encoder, intermediate, source, provenance, seed, finetuning = place
        seeds = seeds_name(seed, finetuning)
        origin = "" if (source, provenance) == ("en", "native") else f"-{source}-{provenance}"
        # `_` parts the names, so that bert-en + mnli and bert + en-mnli stay apart; nothing leaves the folder
        chain = folder / re.sub(r"[^A-Za-z0-9._+-]", "-", f"{encoder}_{intermediate}{origin}_{seeds}").lstrip(".")
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
    if format == "tagging":
        sentences = read_tags(path)
        while len(sentences) > len(ids) and not sentences[-1]:
            sentences.pop()
        values = [" ".join(tags) for tags in sentences]
    else:
        values = read_lines(path)
    if len(values) != len(ids):
        raise UserError(f"{path} holds {len(values):,} predictions, but the run scored {len(ids):,} examples.")
    return list(values)


def read_lines(path: Path) -> list[str]:
    """Classification and retrieval: one label or one index a line, as the file has them."""
    return _filled_lines(path)


def read_tags(path: Path) -> list[list[str]]:
    """Tagging: one tag a line, an empty line after each sentence; two in a row are a sentence without words.

    Raises UserError for a line of several columns.
    """
    sentences = []
    tags: list[str] = []
    for number, line in enumerate(_lines(path), 1):
        columns = len(line.split())
        if columns > 1:
            raise UserError(f"{path}, line {number}: {quoted(line)} has {columns} columns; expected one tag a line.")
        if line:
            tags.append(line)
        else:
            sentences.append(tags)
            tags = []
    return [*sentences, tags] if tags else sentences


def read_pairs(path: Path) -> list[tuple[str, str]]:
    """Mining: two sentence ids a line, foreign and English. Raises UserError for a line of anything else."""
    pairs = []
    for number, line in enumerate(_filled_lines(path), 1):
        ids = [name.strip() for name in line.split("\t")]
        if len(ids) != 2 or not all(ids):
            raise UserError(f"{path}: line {number} has {len(line.split())} ids; expected two, parted by a tab.")
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
    """The content of a JSON file. Raises UserError where it is none, and where an object has a key twice."""
    try:
        return json.loads(_text(path), object_pairs_hook=lambda pairs: _object(path, pairs))
    except json.JSONDecodeError as error:
        raise UserError(f"{path} is not valid JSON (line {error.lineno}: {error.msg}).") from None
    except (ValueError, RecursionError):
        raise UserError(f"{path} holds numbers or nesting beyond what a submission has.") from None


def line_of(path: Path, text: str) -> int:
    """The first line of a JSON file that holds a text."""
    content = _text(path)
    place = max(content.find(json.dumps(text, ensure_ascii=False)), content.find(json.dumps(text)), 0)
    return content.count("\n", 0, place) + 1


def quoted(text: str) -> str:
    """A text in quotation marks, cut where it is long.

    >>> quoted("the\tDET")
    "'the\\tDET'"
    """
    return repr(text if len(text) <= SHOWN else text[:SHOWN] + "…")


def _object(path: Path, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in pairs:
        if key in values:
            raise UserError(f"{path}: {quoted(key)} stands twice; which of the two counts cannot be known.")
        values[key] = value
    return values


def _filled_lines(path: Path) -> list[str]:
    """The lines; empty ones at the end say nothing."""
    lines = _lines(path)
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _lines(path: Path) -> list[str]:
    """The lines without the white space around them, as the benchmark reads them: only line feeds end one."""
    lines = [line.strip() for line in _text(path).split("\n")]
    return lines if lines[-1] else lines[:-1]


def _text(path: Path) -> str:
    """The text, with or without a byte-order mark; whatever ends its lines is a line feed."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{path} is not UTF-8 text.") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}).") from None
