"""From a grid to its runs: what is shared, the table of cells, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from xtl.base.errors import UserError
from xtl.grid import stages
from xtl.grid.blocks import Intermediate, Origin, Source
from xtl.grid.schema import Experiment
from xtl.runs.record import Labels
from xtl.runs.run import Run, make_run
from xtl.tasks.catalog import TASKS
from xtl.tasks.sources import DataSource, origins

CELL_COLUMNS = [
    "encoder",
    "architecture",
    "intermediate",
    "target",
    "source",
    "provenance",
    "seed",
    "run_id",
    "same_data",
]


@dataclass
class Plan:
    """All runs of a grid in an order that respects their dependencies, and the cells of the grid that they fill."""

    experiment: Experiment
    runs: dict[str, Run]
    cells: pd.DataFrame  # CELL_COLUMNS, a row per cell of the grid
    missing: pd.DataFrame  # target, language: listed by the benchmark, absent from the data source
    notes: list[str]  # what the grid asks for and cannot have


def make(experiment: Experiment) -> Plan:
    """Lay out a grid: every run, every cell, in dependency order (seeds outermost inside an encoder).

    Raises UserError where data or an encoder is missing, before anything runs.
    """
    data = experiment.data_source()
    origin_of = {name: stages.origin_of(name, spec) for name, spec in experiment.encoders.items()}
    languages, missing = stages.languages_of(experiment, data)
    found = {source: stages.target_groups(experiment, data, languages, source) for source in experiment.sources}
    notes = _lacking(experiment, {source: lacking for source, (_, lacking) in found.items()})
    runs: dict[str, Run] = {}
    cells = []
    for encoder, origin in origin_of.items():
        for seed in experiment.seeds:
            base = stages.pretraining(experiment, encoder, seed)
            if base:
                runs.setdefault(base.id, base)
            who = Labels(encoder=encoder, architecture=origin["architecture"], seed=seed)
            specs = experiment.all_intermediates()
            crossed = experiment.encoders[encoder].intermediates
            for name, spec in specs.items():
                if crossed and name not in crossed:
                    continue
                middle = None
                if trained := spec.steps_of or (name if spec.tasks else None):
                    labels = replace(who, intermediate=trained)
                    middle = stages.intermediate(experiment, data, specs[trained], base, origin, labels)
                    runs.setdefault(middle.id, middle)
                start, longer = (base, middle) if spec.steps_of else (middle or base, None)
                for source, (groups, _) in found.items():
                    if source.intermediates and name not in source.intermediates:
                        continue
                    labels = replace(who, intermediate=name, source=source.language, provenance=source.provenance)
                    for group in groups:
                        if spec.steps_of and not group["params"]["train_task"]:
                            continue  # what trains nothing cannot be trained longer
                        seen = {target: labels_seen(spec, target, source) for target in group["evaluate"]}
                        seen = {target: codes for target, codes in seen.items() if codes}
                        run = stages.target(group, data, start, origin, replace(labels, seen=seen), longer)
                        runs.setdefault(run.id, run)
                        cells += [
                            {
                                **labels.to_dict(),
                                "target": target,
                                "run_id": run.id,
                                "same_data": same_data(spec, target, source, data),
                            }
                            for target in group["evaluate"]
                        ]
    return Plan(experiment, runs, pd.DataFrame(cells, columns=CELL_COLUMNS), missing, notes)


def same_data(intermediate: Intermediate, target: str, source: Source, data: DataSource) -> bool:
    """Whether intermediate and target training read the same examples (PROTOCOL, "Same data twice").

    A translation holds the examples that it was made from; native data of another language are other examples, except
    in the laboratory, whose training sets are parallel.
    """

    def collected(origin: Origin) -> str:
        own = origin.provenance == "native" and not data.parallel
        return origin.language if own else "en"

    first = {(name, collected(part)) for part in intermediate.tasks for name in TASKS[part.task].training_set}
    return bool(first & {(name, collected(source)) for name in TASKS[target].training_set})


def labels_seen(intermediate: Intermediate, target: str, source: Source) -> list[str]:
    """Languages besides the source's in which the intermediate training read the target's own training set."""
    own = set(TASKS[target].training_set)
    parts = [part for part in intermediate.tasks if own & set(TASKS[part.task].training_set)]
    return sorted({part.language for part in parts} - {source.language})


def _lacking(experiment: Experiment, lacking: dict[Source, dict[str, str]]) -> list[str]:
    """A sentence for each target without training data of a source. Raises UserError where no target has any."""
    notes = []
    for source, reasons in lacking.items():
        trained = [target for target in experiment.targets if TASKS[target].trains_on]
        if trained and len(reasons) == len(trained):
            raise UserError(f"sources: {next(iter(reasons.values()))}")
        where = origins.Origin(source.language, source.provenance).describe()
        notes += [f"{target} is not trained in {where}: {reason}" for target, reason in reasons.items()]
    return notes


def analysis_run(plan: Plan, done: list[str], grid: str, overrides: list[str]) -> Run:
    """The analysis of a grid as it stands: its identity is the finished runs, the cells and the hypotheses.

    It plans the grid once more in the notebooks' folder, so it is told that relative places count from here.
    """
    experiment = plan.experiment
    params = {
        "inputs": {
            "runs": sorted(done),
            "cells": plan.cells.sort_values(CELL_COLUMNS).to_dict("list"),
            "name": experiment.name,
            "question": experiment.question,
            "hypotheses": [h.model_dump() for h in experiment.hypotheses],
        }
    }
    if experiment.claims:  # without any, the identity is that of before
        params["inputs"]["claims"] = [claim.model_dump() for claim in experiment.claims]
    passed = {"grid": grid, "overrides": list(overrides), "base": str(Path.cwd())}
    return make_run("analysis", experiment.name, params, {}, Labels(), passed)
