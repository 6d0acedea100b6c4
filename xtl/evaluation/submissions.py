"""The benchmark's submission files: read example by example, and collected into the folders that a user sends."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

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
    made = []
    for key, here in cells.groupby(CHAIN, sort=False):
        encoder, intermediate, source, provenance, seed = key
        origin = "" if (source, provenance) == ("en", "native") else f"-{source}-{provenance}"
        # `_` parts the names, so that bert-en + mnli and bert + en-mnli stay apart; nothing leaves the folder
        chain = folder / re.sub(r"[^A-Za-z0-9._+-]", "-", f"{encoder}_{intermediate}{origin}_s{seed}").lstrip(".")
        for cell in here.itertuples():
            record, name = records.get(cell.run_id), TASKS[cell.target].submission
            if not name or record is None or not record.done:
                continue
            predicted = record.folder / "predictions" / name
            if predicted.is_dir():
                shutil.copytree(predicted, chain / name, dirs_exist_ok=True)
        if chain.is_dir():
            made.append(chain)
    return made


def predicted(path: Path, format: str, ids: list[str]) -> list[str | None]:
    """What a submission file predicts, in the order of the examples.

    The label; the tags of a sentence; the answer; of retrieval the index, and of mining the id, of the sentence found;
    None where the file says nothing of an example. format: the task's. ids: of the examples that the run scored.
    Raises UserError where the file holds another number of predictions.
    """
    return READERS[format](path.read_text("utf-8"), ids, path)


def _lines(text: str, ids: list[str], path: Path) -> list[str]:
    return _aligned(text.splitlines(), ids, path)


def _sentences(text: str, ids: list[str], path: Path) -> list[str]:
    return _aligned([" ".join(block.split()) for block in text.split("\n\n") if block.strip()], ids, path)


def _answers(text: str, ids: list[str], path: Path) -> list[str | None]:
    answers = json.loads(text)
    return [answers.get(name) for name in ids]


def _pairs(text: str, ids: list[str], path: Path) -> list[str | None]:
    """What each foreign sentence of a gold pair was paired with."""
    mined = dict(line.split("\t", 1) for line in text.splitlines() if line)
    return [mined.get(name.partition("\t")[0]) for name in ids]


def _aligned(values: list[str], ids: list[str], path: Path) -> list[str]:
    if len(values) != len(ids):
        raise UserError(f"{path} holds {len(values):,} predictions, but the run scored {len(ids):,} examples.")
    return values


READERS: dict[str, Callable[[str, list[str], Path], list]] = {
    "classification": _lines, "retrieval": _lines, "tagging": _sentences, "span": _answers, "mining": _pairs,
}  # fmt: skip
