"""Several fine-tunings of one pretraining: their mean as one value of a cell, and the gains of each by itself."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from xtl.analysis.scores import gains, tables
from xtl.analysis.scores.tables import CELL
from xtl.runs.record import FINETUNING_SEED

JOINT = "+"  # between the ids of runs whose mean is one value
# What tells score rows of one run apart; a selection's step, behind an @, is each run's own.
PLACE = ["run_id", "target", "language", "split", "metric", "selection", "layer", "pooling", "headline"]


def behind(identity: str) -> list[str]:
    """Ids of the runs whose mean a row of `averaged`, or of a table made of it, is.

    >>> behind("0123456789ab+ba9876543210")
    ['0123456789ab', 'ba9876543210']
    """
    return identity.split(JOINT)


def units(cells: pd.DataFrame) -> pd.DataFrame:
    """One row a cell and independent value: that of a pretraining seed, all of whose fine-tunings are one value.

    cells: of a grid, with the column finetuning_seed where it crosses seeds; without it they are returned as they are.
    The run_id names all runs (`behind`), the status is the first that is not `done`.
    """
    if FINETUNING_SEED not in cells:
        return cells
    grouped = cells.groupby([*CELL, "seed"], sort=False, dropna=False)
    result = grouped.agg(run_id=("run_id", _joined), same_data=("same_data", "any"), status=("status", _status))
    return result.reset_index()


def _joined(identities: pd.Series) -> str:
    return JOINT.join(dict.fromkeys(identities))


def _status(states: pd.Series) -> str:
    return next((state for state in states if state != "done"), "done")


def averaged(cells: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Score rows of `units`: the mean over the fine-tunings of a pretraining where all of them have the row.

    A mean over some of them would be another number, so a row that one lacks is left out.
    """
    several = [identity for identity in cells["run_id"].unique() if JOINT in identity]
    if not several:
        return rows
    members = pd.DataFrame({"unit": several, "run_id": [behind(identity) for identity in several]}).explode("run_id")
    own = rows.merge(members, on="run_id")
    own = own.assign(run_id=own["unit"])
    if "selection" in own:
        own["selection"] = own["selection"].astype("string").str.replace("@.*", "", regex=True)
    place = [column for column in PLACE if column in own]
    others = [column for column in rows.columns if column not in (*place, "value")]
    grouped = own.groupby(place, sort=False, dropna=False)
    means = grouped.agg({"value": "mean", **dict.fromkeys(others, "first")})
    runs = [len(behind(identity)) for identity in means.index.get_level_values("run_id")]
    means = means[grouped.size() == runs].reset_index()
    single = rows[rows["run_id"].isin(cells["run_id"])]
    return pd.concat([single, means[rows.columns]], ignore_index=True).astype(rows.dtypes)


def run_gains(cells: pd.DataFrame, rows: pd.DataFrame, languages: Mapping[str, list[str]] | None) -> pd.DataFrame:
    """gains.pooled_gains of every single fine-tuning, with the column finetuning_seed; empty without crossed seeds.

    cells, rows, languages: of the runs, as Results has them.
    """
    if FINETUNING_SEED not in cells:
        return pd.DataFrame(
            columns=["encoder", "intermediate", "source", "provenance", "seed", FINETUNING_SEED, "gain"]
        )
    pair = ["seed", FINETUNING_SEED]
    pairs = cells[pair].drop_duplicates(ignore_index=True)
    pairs["number"] = range(len(pairs))
    apart = cells.assign(seed=cells[pair].merge(pairs, on=pair, how="left")["number"].to_numpy())
    pooled = gains.pooled_gains(gains.gains(tables.task_scores(tables.main_scores(apart, rows, languages))))
    return pooled.rename(columns={"seed": "number"}).merge(pairs, on="number", how="left").drop(columns="number")
