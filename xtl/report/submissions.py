"""The folders that a user would send to the benchmark: the predictions of one chain over all its targets."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

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
