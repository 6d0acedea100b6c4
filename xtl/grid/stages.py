"""The run of each phase as the blocks of a grid ask for it: parameters, and what it reads of earlier runs."""

from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from xtl.base.errors import UserError
from xtl.base.places import cache_folder
from xtl.grid import digests
from xtl.grid.absent import UNKNOWN, or_else
from xtl.grid.blocks import NEUTRAL, Encoder, Intermediate, Source, Training, keys_read_by
from xtl.grid.schema import BASELINE, Experiment
from xtl.models import checkpoints
from xtl.models.published import published
from xtl.runs.record import Labels
from xtl.runs.run import Run, make_run
from xtl.tasks.catalog import TASKS
from xtl.tasks.sources import DataSource, origins

# Parameters that came later -> their value in the runs that were there before, which keep their identity.
LATER = NEUTRAL | {"source": None}
LIMITS = ("max_length", "stride", "step")


@dataclass(frozen=True)
class Start:
    """Where a run's weights come from: an encoder from elsewhere, or an earlier run.

    Attributes:
        upstream: notebook parameter -> id of the run whose checkpoint it is.
        inputs: identity of an encoder from elsewhere.
        passed: its place.
    """

    architecture: str
    upstream: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, Any] = field(default_factory=dict)
    passed: dict[str, Any] = field(default_factory=dict)

    def after(self, run: Run | None) -> "Start":
        """The start of what follows a run; the same start without one."""
        return Start(self.architecture, {"checkpoint": run.id}) if run else self


def start_of(encoder: Encoder, absent: dict[str, str]) -> Start:
    """Where an encoder of the grid starts; one that is pretrained here has nothing to start from yet.

    absent: name -> why it is not here, where a checkpoint that cannot be had is noted.
    """
    if encoder.pretrain:
        return Start(encoder.pretrain.architecture)
    assert encoder.checkpoint  # the block has one or the other
    name = encoder.checkpoint
    unknown = {"hub": name, "revision": encoder.revision or UNKNOWN}
    identity = or_else(lambda: checkpoints.identity(name, encoder.revision, cache_folder("digests")), unknown, absent)
    architecture = published()[name].architecture if name in published() else UNKNOWN
    if name not in absent:
        architecture = or_else(lambda: checkpoints.architecture_of(name, encoder.revision), architecture, absent)
    return Start(
        architecture,
        inputs={"encoder": identity},
        passed={"checkpoint": encoder.checkpoint, "revision": identity.get("revision")},
    )


@dataclass(frozen=True)
class TargetGroup:
    """Targets that share a run because they train alike; two groups are equal if what decides the training is.

    Attributes:
        train_task: whose training set is read; empty for what trains nothing.
        alone: the target, where it trains nothing: it shares its run with no other.
        source: where the training data comes from.
        settings: the keys of `training` that it reads, with their values.
        evaluate: target -> languages. inputs: digests of all that is read.
    """

    train_task: str
    alone: str
    source: Source | None
    settings: tuple[tuple[str, object], ...]
    evaluate: dict[str, list[str]] = field(default_factory=dict, compare=False)
    inputs: dict[str, str] = field(default_factory=dict, compare=False)


def settings(training: Training, *readers: str) -> dict[str, Any]:
    """The keys of `training` that these readers read (blocks.ReadBy), with their values."""
    return {name: getattr(training, name) for name in keys_read_by(*readers)}


def languages_of(experiment: Experiment, data: DataSource) -> tuple[dict[str, list[str]], pd.DataFrame]:
    """The languages of every target, as the grid asks for them, and those that the data source lacks.

    Raises UserError for a language that is no language of a target, or that is asked for and lacking.
    """
    available = {target: data.languages(target) for target in experiment.targets}
    listed = {target: data.listed(target) for target in experiment.targets}
    _check_codes(experiment, listed)
    languages = {}
    missing = []
    for target in experiment.targets:
        codes = experiment.languages_of(target, listed[target])
        lacking = [code for code in codes if code not in available[target]]
        if experiment.languages == "available":
            missing += [(target, code) for code in lacking]
            codes = available[target]
        elif lacking:
            raise UserError(
                f"languages: the data source lacks {', '.join(lacking)} for {target}; add them to the mirror, "
                "name other languages, or write `languages: available`."
            )
        if not codes:
            raise UserError(f"target {target}: the data source holds none of the languages asked for.")
        languages[target] = codes
    return languages, pd.DataFrame(missing, columns=["target", "language"])


def _check_codes(experiment: Experiment, listed: dict[str, list[str]]) -> None:
    """Raise UserError for a code of the grid's `languages` that no target, or not the one that it stands at, has."""
    if isinstance(experiment.languages, tuple):
        known = sorted(set().union(*listed.values()))
        for code in experiment.languages:
            if code not in known:
                raise UserError(f"languages: no target of this grid has {code!r}; they have {', '.join(known)}.")
    if isinstance(experiment.languages, dict):
        for target, codes in experiment.languages.items():
            for code in codes:
                if code not in listed[target]:
                    has = ", ".join(listed[target])
                    raise UserError(f"languages: {target} has no language {code!r}; it has {has}.")


def target_groups(
    experiment: Experiment, data: DataSource, languages: dict[str, list[str]], source: Source, encoder: str
) -> tuple[list[TargetGroup], dict[str, str]]:
    """Targets that share the training of an encoder in a source language, as one group each.

    What trains nothing belongs to the grid's first source alone. Also target -> why it has no training data of a source
    other than English.
    """
    groups: dict[TargetGroup, TargetGroup] = {}
    lacking: dict[str, str] = {}
    for target in experiment.targets:
        task = TASKS[target]
        if not task.trains_on and source != experiment.sources[0]:
            continue
        training = experiment.training_of(target, encoder)
        inputs = _test_inputs(target, languages[target], training, source, data)
        values = settings(training, "target", task.format)
        if task.trains_on:
            values |= settings(training, "training", "target training")
            if not training.shots:
                values["shot_steps"] = None
            origin = source.origin()
            try:
                inputs |= digests.training(task.trains_on, training.selection, data, origin)
            except UserError as error:
                if origin is None:
                    raise
                lacking[target] = str(error)
                continue
            if len(experiment.sources) > 1 and not data.parallel and not training.max_train_examples:
                raise UserError(
                    f"sources: {target} is compared at equal sizes; set training.max_train_examples to what the "
                    "smallest source has, or less."
                )
            group = TargetGroup(task.trains_on, "", source, tuple(values.items()))
        else:
            group = TargetGroup("", target, None, tuple(values.items()))
        group = groups.setdefault(group, group)
        group.evaluate[target] = languages[target]
        group.inputs.update(inputs)
    return list(groups.values()), lacking


def _test_inputs(
    target: str, languages: list[str], training: Training, source: Source, data: DataSource
) -> dict[str, str]:
    """Digests of the test sets of a target, and of the development sets that few-shot training draws from."""
    task = TASKS[target]
    parts = []
    for split in task.evaluation_splits:
        parts += [(split, code) for code in languages]
    if task.trains_on and training.shots:
        parts += origins.shots(target, languages, source.language, data)
    return digests.of(target, parts, data)


def pretraining(experiment: Experiment, data: DataSource, labels: Labels) -> Run | None:
    """The pretraining run of an encoder, or None where it comes as a checkpoint."""
    spec = experiment.encoders[labels.encoder].pretrain
    if not spec:
        return None
    pieces = spec.tokenizer if isinstance(spec.tokenizer, int) else None
    labels = replace(labels, finetuning_seed=None)
    corpus, inputs = data.pretraining(spec.corpus, spec.documents, pieces)
    params = {
        **spec.model_dump(exclude={"corpus", "tokenizer", "documents", "recipe"}),
        "recipe": spec.full_recipe.model_dump(),
        "data": corpus,
        "seed": labels.seed,
        "inputs": inputs,
    }
    return make_run("pretrain", f"{labels.encoder}-s{labels.seed}", params, {}, labels, neutral=LATER)


def intermediate(experiment: Experiment, data: DataSource, spec: Intermediate, start: Start, labels: Labels) -> Run:
    """The run of an intermediate: of one task with that task's settings, of several with those of the mixture."""
    several = len(spec.tasks) > 1
    first = spec.tasks[0].task
    training = experiment.intermediate_training(labels.intermediate, labels.encoder)
    inputs = dict(start.inputs)
    for part in spec.tasks:
        # of several tasks, those without a development set do without
        selects = not several or "validation" in data.splits(part.task)
        selection = training.selection if selects else "last"
        inputs |= digests.training(part.task, selection, data, part.origin())
    params = {
        "tasks": [part.model_dump() if part.origin() else part.task for part in spec.tasks],
        "data": data.parameters(),
        "seed": labels.training_seed,
        "inputs": inputs,
        **settings(training, "training"),
    }
    if several:
        params |= {
            "sampler": spec.sampler,
            "cap": spec.cap,
            "temperature": spec.temperature if spec.sampler == "temperature" else None,
            "lengths": {part.task: _lengths(experiment, part.task, labels.encoder, training) for part in spec.tasks},
        }
    else:
        params |= settings(training, TASKS[first].format)
    name = f"{labels.encoder}-{labels.intermediate}-{labels.seeds}"
    passed = start.passed | data.places()
    return make_run("intermediate", name, params, start.upstream, labels, passed, LATER)


def _lengths(experiment: Experiment, task: str, encoder: str, training: Training) -> dict[str, int | None]:
    """The limits of the inputs of one of several tasks: what is changed for it, else those of the mixture."""
    for changes in (experiment.overrides.get(task, {}), experiment.encoders[encoder].training_of(task)):
        training = training.changed({name: changes[name] for name in LIMITS if name in changes})
    return {name: getattr(training, name) for name in LIMITS}


def target(group: TargetGroup, data: DataSource, start: Start, labels: Labels, longer_by: Run | None = None) -> Run:
    """The run that trains and scores a group of targets, from a checkpoint and longer by another run's steps."""
    params = {
        "train_task": group.train_task,
        **dict(group.settings),
        "evaluate": group.evaluate,
        "data": data.parameters(),
        "inputs": start.inputs | group.inputs,
    }
    upstream = start.upstream
    if group.source:
        params["source"] = group.source.parameters()
        params["seed"] = labels.training_seed  # what trains nothing draws nothing: its seed is its checkpoint's
        if longer_by:
            upstream = upstream | {"longer_by": longer_by.id}
    elif labels.intermediate == BASELINE:
        labels = replace(labels, finetuning_seed=None)  # one run for all of them
    english = (labels.source, labels.provenance) == ("en", "native")
    source = "" if english else f"-{labels.source}-{labels.provenance}"
    name = f"{labels.encoder}-{labels.intermediate}{source}-{'+'.join(group.evaluate)}-{labels.seeds}"
    return make_run("target", name, params, upstream, labels, start.passed | data.places(), LATER)
