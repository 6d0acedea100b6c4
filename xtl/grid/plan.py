"""From a grid to its runs: what is shared, the table of cells, and what is missing."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from itertools import combinations, product
from pathlib import Path

import pandas as pd

from xtl.base import hub
from xtl.base.errors import UserError
from xtl.grid import seeds, stages
from xtl.grid.absent import UNKNOWN, asks_hub, missing, planned, without_folders
from xtl.grid.blocks import Intermediate, Origin, Source
from xtl.grid.schema import Experiment
from xtl.grid.seeds import Seeds
from xtl.grid.stages import Start, TargetGroup
from xtl.grid.trials import Tuning
from xtl.runs.record import FINETUNING_SEED, Labels
from xtl.runs.run import Run, make_run
from xtl.tasks import sources
from xtl.tasks.catalog import TASKS
from xtl.tasks.sources import DataSource

CELL_COLUMNS = "encoder architecture intermediate target source provenance seed run_id same_data".split()

Groups = dict[tuple[str, Source], list[TargetGroup]]  # (encoder, source) -> targets that train alike


@dataclass
class Plan:
    """All runs of a grid in an order that respects their dependencies, and the cells of the grid that they fill."""

    experiment: Experiment
    runs: dict[str, Run]
    cells: pd.DataFrame  # CELL_COLUMNS and maybe FINETUNING_SEED, a row per cell of the grid
    missing: pd.DataFrame  # target, language: listed by the benchmark, absent from the data source
    notes: list[str]  # what the grid asks for and cannot have
    absent: dict[str, str]  # name of an encoder or a data set that is not here -> why

    @property
    def provisional(self) -> set[str]:
        """Ids of the runs that read what is not here: they have other ids once it is."""
        ids: set[str] = set()
        for run in self.runs.values():
            if UNKNOWN in json.dumps(run.params.get("inputs")) or ids.intersection(run.upstream.values()):
                ids.add(run.id)
        return ids


@dataclass(frozen=True)
class Cell:
    """What one target run fills: targets that train alike, after an intermediate, in a source language.

    Attributes:
        labels: names of all that is crossed.
        intermediate, source, group: the blocks that they name, and the targets.
    """

    labels: Labels
    intermediate: Intermediate
    source: Source
    group: TargetGroup


def make(experiment: Experiment, provisional: bool = False) -> Plan:
    """Lay out a grid: every run, every cell, in dependency order (seeds outermost inside an encoder).

    Arms and targets that read a licensed folder which is not here are left out, with a note.

    provisional: go on where data or an encoder can neither be found here nor be asked for.

    Raises UserError where data or an encoder is missing, before anything runs.
    """
    with hub.at_once() if asks_hub(experiment) else nullcontext():
        plan = _laid_out(experiment)
    if plan.absent and not provisional:
        raise missing(experiment, plan.absent)
    return plan


def _laid_out(experiment: Experiment) -> Plan:
    experiment, notes = without_folders(experiment)
    absent: dict[str, str] = {}
    data = planned(experiment.data_source(), absent)
    starts = {name: stages.start_of(encoder, absent) for name, encoder in experiment.encoders.items()}
    languages, lacking_languages = stages.languages_of(experiment, data)
    groups: Groups = {}
    for encoder, source in product(experiment.encoders, experiment.sources):
        groups[encoder, source], lacking = stages.target_groups(experiment, data, languages, source, encoder)
        notes += _lacking(experiment, source, lacking)
    runs: dict[str, Run] = {}
    rows = []
    training: dict[Labels, Earlier] = {}
    tuning = Tuning(experiment, data, starts)
    for cell in cells(experiment, starts, groups):
        arm = replace(cell.labels, source="", provenance="")
        if arm not in training:
            training[arm] = earlier(arm, experiment, data, starts[arm.encoder], tuning)
        before = experiment.encoders[arm.encoder].seen
        trials = tuning.of_group(cell.group, cell.labels)
        run = trials.followed_by(run_of(cell, training[arm], data, before))
        for each in (*training[arm].runs, *trials.before, *trials.runs, run):
            runs.setdefault(each.id, each)
        for target in cell.group.evaluate:
            same = same_data(cell.intermediate, target, cell.source, data, before)
            row = {**cell.labels.to_dict(), FINETUNING_SEED: cell.labels.training_seed}
            rows.append({**row, "target": target, "run_id": run.id, "same_data": same})
    columns = CELL_COLUMNS
    if isinstance(experiment.seeds, Seeds):
        columns = [*CELL_COLUMNS, FINETUNING_SEED]
        notes += _one_instance(experiment)
    table = pd.DataFrame(rows, columns=columns)
    notes = list(dict.fromkeys([*notes, *tuning.notes]))
    return Plan(experiment, runs, table, lacking_languages, notes, absent)


def cells(experiment: Experiment, starts: Mapping[str, Start], groups: Groups) -> Iterator[Cell]:
    """Every combination that the grid crosses, in its order."""
    arms = experiment.all_intermediates()
    runs = []
    for encoder, block in experiment.encoders.items():
        pairs = seeds.of_runs(experiment.seeds, block.pretrain is not None)
        runs += list(product([encoder], pairs, arms, experiment.sources))
    for encoder, (seed, finetuning), arm, source in runs:
        if not experiment.encoders[encoder].crosses(arm) or not source.crosses(arm):
            continue
        architecture = starts[encoder].architecture
        labels = Labels(encoder, architecture, arm, source.language, source.provenance, seed, finetuning)
        for group in groups[encoder, source]:
            if group.train_task or not arms[arm].steps_of:  # what trains nothing cannot be trained longer
                yield Cell(labels, arms[arm], source, group)


@dataclass(frozen=True)
class Earlier:
    """What is trained before a target: the runs, where the target starts, and the run by whose steps it is longer."""

    runs: tuple[Run, ...]
    start: Start
    longer_by: Run | None = None


def earlier(labels: Labels, experiment: Experiment, data: DataSource, start: Start, tuning: Tuning) -> Earlier:
    """Pretraining and intermediate training of an arm of the grid, with its trials: labels without a source."""
    base = stages.pretraining(experiment, data, replace(labels, intermediate=""))
    runs = (base,) if base else ()
    start = start.after(base)
    arms = experiment.all_intermediates()
    spec = arms[labels.intermediate]
    if not spec.tasks and not spec.steps_of:
        return Earlier(runs, start)
    labels = replace(labels, intermediate=spec.steps_of or labels.intermediate)
    trials = tuning.of_intermediate(labels)
    trained = stages.intermediate(experiment, data, arms[labels.intermediate], start, labels)
    trained = trials.followed_by(trained)
    runs = (*runs, *trials.before, *trials.runs, trained)
    return Earlier(runs, start, trained) if spec.steps_of else Earlier(runs, start.after(trained))


def run_of(cell: Cell, earlier: Earlier, data: DataSource, before: Sequence[str] = ()) -> Run:
    """The target run of a cell. before: tasks that the encoder was trained on."""
    seen = {target: labels_seen(cell.intermediate, target, cell.source, before) for target in cell.group.evaluate}
    labels = replace(cell.labels, seen={target: codes for target, codes in seen.items() if codes})
    return stages.target(cell.group, data, earlier.start, labels, earlier.longer_by)


def same_data(
    intermediate: Intermediate, target: str, source: Source, data: DataSource, before: Sequence[str] = ()
) -> bool:
    """Whether two stages of a cell read the same examples (docs/protocol.md, "Same data twice").

    The stages are what the encoder was trained on before (`before`, tasks in English), the intermediate and the target
    training. A translation holds the examples that it was made from; native data of another language are other
    examples, except in the laboratory, whose training sets are parallel.
    """

    def examples(task: str, origin: Origin) -> set[tuple[str, str]]:
        """Training sets, with the language in which their examples were collected."""
        own = origin.provenance == "native" and not data.parallel
        language = origin.language if own else "en"
        return {(name, language) for name in TASKS[task].training_set}

    stages_read = [examples(target, source), set(), set()]
    for part in intermediate.tasks:
        stages_read[1] |= examples(part.task, part)
    for task in before:
        stages_read[2] |= examples(task, Source())
    return any(first & second for first, second in combinations(stages_read, 2))


def labels_seen(intermediate: Intermediate, target: str, source: Source, before: Sequence[str] = ()) -> list[str]:
    """Languages besides the source's in which an earlier stage, see same_data, read the target's own training set."""
    own = set(TASKS[target].training_set)
    parts = [(part.task, part.language) for part in intermediate.tasks] + [(task, "en") for task in before]
    languages = {language for task, language in parts if own & set(TASKS[task].training_set)}
    return sorted(languages - {source.language})


def _one_instance(experiment: Experiment) -> list[str]:
    """A sentence where pretraining seeds are crossed and some encoder is not pretrained here."""
    finished = [name for name, block in experiment.encoders.items() if not block.pretrain]
    if not finished:
        return []
    if len(finished) == 1:
        return [f"seeds.pretraining does not vary {finished[0]}, which is a finished checkpoint: one instance."]
    return [f"seeds.pretraining does not vary {', '.join(finished)}: finished checkpoints are one instance each."]


def _lacking(experiment: Experiment, source: Source, lacking: Mapping[str, str]) -> list[str]:
    """A sentence for each target without training data of a source. Raises UserError where no target has any."""
    trained = [target for target in experiment.targets if TASKS[target].trains_on]
    if trained and len(lacking) == len(trained):
        raise UserError(f"sources: {next(iter(lacking.values()))}")
    where = sources.Origin(source.language, source.provenance).describe()
    return [f"{target} is not trained in {where}: {reason}" for target, reason in lacking.items()]


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
            "hypotheses": [hypothesis.model_dump() for hypothesis in experiment.hypotheses],
        }
    }
    if experiment.claims:  # without any, the identity is that of before
        params["inputs"]["claims"] = [claim.model_dump() for claim in experiment.claims]
    if experiment.equivalence is not None:
        params["inputs"]["equivalence"] = experiment.equivalence
    if experiment.reference:
        params["inputs"]["reference"] = {name: block.model_dump() for name, block in experiment.reference.items()}
    passed = {"grid": grid, "overrides": list(overrides), "base": str(Path.cwd())}
    return make_run("analysis", experiment.name, params, {}, Labels(), passed)
