"""Chosen settings: every trial's score on English development data, the choice, and whether it is at an edge."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from xtl.analysis import wording
from xtl.analysis.figures import drawing
from xtl.analysis.figures.dot_plots import dot_plot
from xtl.analysis.results import Results
from xtl.analysis.section import Section, Table, affordable, block, cell, parts, section, table
from xtl.runs.record import RunRecord
from xtl.training.tuning import Trial, best, edges

TITLE = "Chosen settings"
SCORE = "English development score (points)"
METHOD = (
    "Every encoder has the same trials of every training, with a seed that no result has, from the encoder without "
    "intermediate training. The best on the first 500 English development examples is taken, of equals the first; test "
    "data chooses nothing. A choice at the edge of what was tried may be better still beyond it."
)


def tuning(results: Results) -> Section:
    """What the trials of a grid chose for every encoder and training; empty where it has none."""
    trials = trial_table(results.records)
    if trials.empty:
        return section("tuning", TITLE)
    drawn = []
    for (training,), rows in parts(trials, ["training"]):
        drawn.append((training, lambda training=training, rows=rows: _picture(training, rows, results.encoders)))
    pictures, rest = affordable(drawn)
    shown = [picture for group in pictures.values() for picture in group]
    tables = [_choices(trials), _every(trials)]
    return section("tuning", TITLE, block(text=_words(trials), pictures=shown, tables=tables, notes=[METHOD, *rest]))


def trial_table(records: Mapping[str, RunRecord]) -> pd.DataFrame:
    """A row for every trial of an encoder and a training, in the order of the plan.

    Columns: training (what the choice is for), encoder, settings (text), points (NaN: none), state (of the trial, or
    `diverged`), chosen, learned, edges (of the choice, text), run.
    """
    served: dict[tuple[str, ...], dict[str, RunRecord]] = {}  # trials -> the trainings that they choose for
    for record in records.values():
        trials = tuple(identity for name, identity in record.upstream.items() if name.startswith("trials."))
        if trials:
            served.setdefault(trials, {}).setdefault(_training(record), record)
    rows = []
    for trials, trainings in served.items():
        record = next(iter(trainings.values()))
        tried = {name: values for name, values in record.params["tune"].items() if name != "on"}
        made = [records[identity] for identity in trials]
        outcomes = [Trial(*trial.facts["trial"].values()) if trial.done else None for trial in made]
        finished = [outcome for outcome in outcomes if outcome]
        choice = best(finished) if len(finished) == len(made) else None
        for number, (trial, outcome) in enumerate(zip(made, outcomes, strict=True)):
            values = {name: trial.params[name] for name in tried}
            ends = edges(values, tried) if number == choice else {}
            diverged = outcome is not None and outcome.points is None
            rows.append({
                "training": ", ".join(trainings),
                "encoder": record.labels.encoder,
                "settings": ", ".join(f"{name} {value:g}" for name, value in values.items()),
                "points": outcome.points if outcome and not diverged else np.nan,
                "state": "diverged" if diverged else trial.state.value,
                "chosen": number == choice,
                "learned": trial.done and not diverged and not trial.unlearned,
                "edges": ", ".join(f"{end} {name}" for name, end in ends.items()),
                "run": trial.id,
            })  # fmt: skip
    columns = ["training", "encoder", "settings", "points", "state", "chosen", "learned", "edges", "run"]
    return pd.DataFrame(rows, columns=columns)


def _training(record: RunRecord) -> str:
    """What a run trains for: its intermediate, or its targets."""
    if record.phase == "intermediate":
        return f"{record.labels.intermediate} (intermediate)"
    source = "" if record.labels.source in ("", "en") else f" in {record.labels.source} ({record.labels.provenance})"
    return "+".join(record.params.get("evaluate", {})) + source


def _words(trials: pd.DataFrame) -> list[str]:
    """How many trials there are, which choices are at an edge, what diverged and what is missing."""
    runs = trials.drop_duplicates("run")
    trainings = trials.groupby(["encoder", "training"], sort=False).ngroups
    sentences = [f"{len(runs)} trials chose the settings of {trainings} trainings, each among equally many."]
    chosen = trials[trials["chosen"]]
    ends = chosen[chosen["edges"] != ""]
    if len(ends):
        places = [f"{row.training} of {row.encoder} ({row.edges})" for row in ends.head(6).itertuples()]
        more = f" and {len(ends) - 6} more" if len(ends) > 6 else ""
        sentences.append(
            f"{len(ends)} of {len(chosen)} choices are at the edge of what was tried: {wording.listing(places)}{more}."
        )
    elif len(chosen):
        sentences.append("No choice is at the edge of what was tried.")
    blind = [
        f"{training} of {encoder}"
        for (training, encoder), rows in parts(trials, ["training", "encoder"])
        if rows["chosen"].any() and not rows["learned"].any()
    ]
    if blind:
        sentences.append(f"No trial learned, so that the choice says little: {wording.listing(blind)}.")
    diverged = runs[runs["state"] == "diverged"]
    if len(diverged):
        sentences.append(f"{len(diverged)} trials diverged.")
    lacking = runs[~runs["state"].isin(["done", "diverged"])]
    if len(lacking):
        sentences.append(f"{len(lacking)} trials are not done.")
    return sentences


def _picture(training: str, rows: pd.DataFrame, encoders: list[str]) -> drawing.Picture:
    values = rows.assign(row=rows["settings"], series=rows["encoder"], mean=rows["points"], low=np.nan, high=np.nan)
    return dot_plot(
        values.assign(hollow=~rows["chosen"]), drawing.looks(encoders), SCORE,
        f"Dot plot of trials, {training}: English development score by setting",
        title=training, zero=None, number=lambda value: wording.points(value, False), hollow="not chosen",
    )  # fmt: skip


def _choices(trials: pd.DataFrame) -> Table:
    rows = []
    for (training, encoder), tried in parts(trials, ["training", "encoder"]):
        taken = tried[tried["chosen"]]
        row = [training, encoder, len(tried)]
        if taken.empty:
            rows.append([*row, cell("missing", kind="missing"), wording.DASH, wording.DASH])
            continue
        choice = taken.iloc[0]
        edge = cell(choice["edges"], kind="same") if choice["edges"] else "no"
        rows.append(
            [*row, cell(choice["settings"], runs=[choice["run"]]), wording.points(choice["points"], False), edge]
        )
    columns = ["training", "encoder", "trials", "chosen", "points", "at the edge"]
    return table("The choice by training and encoder", columns, rows)


def _every(trials: pd.DataFrame) -> Table:
    rows = []
    for row in trials.itertuples():
        score = wording.points(row.points, False) if row.state == "done" else cell(row.state, kind="failed")
        chosen = "chosen" if row.chosen else ""
        rows.append([row.training, row.encoder, cell(row.settings, runs=[row.run]), score, chosen])
    return table("Every trial", ["training", "encoder", "settings", "points", "choice"], rows)
