"""The run of each phase as the blocks of a grid ask for it: parameters, inputs and what it reads of earlier runs."""

from __future__ import annotations

import json

import pandas as pd

from xtl.base.errors import UserError
from xtl.base.places import cache_folder
from xtl.grid import inputs as inputs_of
from xtl.grid.blocks import NEUTRAL, Intermediate, Part, Source, Training, keys_read_by
from xtl.grid.schema import Experiment
from xtl.models import checkpoints
from xtl.runs.record import Labels
from xtl.runs.run import Run, make_run
from xtl.tasks.catalog import TASKS
from xtl.tasks.formats import format_of
from xtl.tasks.sources import DataSource, origins

# Parameters that came later -> their value in the runs that were there before, which keep their identity.
LATER = NEUTRAL | {"source": None}


def origin_of(name: str, spec) -> dict:
    """What a grid's encoder is made from: its architecture, and for a checkpoint its identity and its place."""
    if spec.pretrain:
        return {"architecture": spec.pretrain.architecture}
    known = checkpoints.identity(spec.checkpoint, spec.revision, cache_folder("digests"))
    return {
        "architecture": checkpoints.architecture_of(spec.checkpoint),
        "identity": known,
        "passed": {"checkpoint": spec.checkpoint, "revision": known.get("revision")},
    }


def languages_of(experiment: Experiment, data: DataSource) -> tuple[dict[str, list[str]], pd.DataFrame]:
    """The languages of every target, as the grid asks for them, and those that the data source lacks."""
    asked, out, missing = experiment.languages, {}, []
    held = {target: data.languages(target) for target in experiment.targets}
    listed = {target: data.listed(target) for target in held}
    if isinstance(asked, tuple):
        for code in asked:
            if not any(code in codes for codes in listed.values()):
                known = sorted({c for codes in listed.values() for c in codes})
                raise UserError(f"languages: no target of this grid has {code!r}; they have {', '.join(known)}.")
    for target in experiment.targets:
        want = asked.get(target) if isinstance(asked, dict) else asked
        if isinstance(asked, dict) and want:
            for code in set(want) - set(listed[target]):
                raise UserError(f"languages: {target} has no language {code!r}; it has {', '.join(listed[target])}.")
        chosen = listed[target] if want in (None, "available") else [code for code in want if code in listed[target]]
        lacking = [code for code in chosen if code not in held[target]]
        if want == "available":
            missing += [dict(target=target, language=code) for code in lacking]
            chosen = held[target]
        elif lacking:
            raise UserError(
                f"languages: the data source lacks {', '.join(lacking)} for {target}; add them to the mirror, "
                "name other languages, or write `languages: available`."
            )
        if not chosen:
            raise UserError(f"target {target}: the data source holds none of the languages asked for.")
        out[target] = chosen
    return out, pd.DataFrame(missing, columns=["target", "language"])


def settings(training: Training, *readers: str) -> dict:
    """The keys of `training` that these readers read (blocks.ReadBy), with their values."""
    return {name: getattr(training, name) for name in keys_read_by(*readers)}


def target_groups(
    experiment: Experiment, data: DataSource, languages: dict, source: Source
) -> tuple[list[dict], dict[str, str]]:
    """Targets that share their training (data and settings), as one group each: params, evaluate, inputs.

    What trains nothing belongs to the grid's first source alone. Also target -> why it has no training data of a source
    other than English.
    """
    groups: dict[str, dict] = {}
    lacking: dict[str, str] = {}
    for target in experiment.targets:
        task, training = TASKS[target], experiment.training_of(target)
        if not task.trains_on and source != experiment.sources[0]:
            continue
        read = [(split, code) for split in format_of(task).SPLITS for code in languages[target]]
        if task.trains_on and training.shots:
            read += origins.shots(target, languages[target], source.language, data)
        for split, code in read:
            data.check(target, split, code)
        inputs = {f"{target}/{split}/{code}": data.digest(target, split, code) for split, code in read}
        params = {"train_task": task.trains_on or "", **settings(training, "target", task.format)}
        if task.trains_on:
            params.update(settings(training, "training", "target training"), source=source.origin())
            if not training.shots:
                params["shot_steps"] = None
            try:
                origin = origins.Origin.from_parameters(source.origin())
                inputs.update(inputs_of.training(task.trains_on, training.selection, data, origin))
            except UserError as error:
                if source.origin() is None:
                    raise
                lacking[target] = str(error)
                continue
            if len(experiment.sources) > 1 and not data.parallel and not training.max_train_examples:
                raise UserError(
                    f"sources: {target} is compared at equal sizes; set training.max_train_examples to what the "
                    "smallest source has, or less."
                )
        key = json.dumps([target if not task.trains_on else "", params], sort_keys=True)
        group = groups.setdefault(key, {"params": params, "evaluate": {}, "inputs": {}})
        group["evaluate"][target] = languages[target]
        group["inputs"].update(inputs)
    return list(groups.values()), lacking


def pretraining(experiment: Experiment, encoder: str, seed: int) -> Run | None:
    """The pretraining run of an encoder, or None where it comes as a checkpoint."""
    spec = experiment.encoders[encoder].pretrain
    if not spec:
        return None
    data, digests = experiment.data_source().pretraining(spec.corpus, spec.documents, spec.tokenizer)
    values = spec.model_dump(exclude={"corpus", "tokenizer", "documents", "recipe"})
    params = {
        **values,
        "recipe": spec.full_recipe.model_dump(),
        "data": data,
        "seed": seed,
        "inputs": digests,
    }
    labels = Labels(encoder=encoder, architecture=spec.architecture, seed=seed)
    return make_run("pretrain", f"{encoder}-s{seed}", params, {}, labels, neutral=LATER)


def intermediate(
    experiment: Experiment, data: DataSource, spec: Intermediate, base: Run | None, origin: dict, labels: Labels
) -> Run:
    """The run of an intermediate: of one task with that task's settings, of several with those of the mixture."""
    upstream, inputs, passed = _start(base, origin)
    several = len(spec.tasks) > 1
    first = spec.tasks[0].task
    training = experiment.mixture_training(spec) if several else experiment.training_of(first)
    for part in spec.tasks:
        selection = _selected(training, part, several, data)
        inputs.update(inputs_of.training(part.task, selection, data, origins.Origin.from_parameters(part.origin())))
    params = {
        "tasks": [part.model_dump() if part.origin() else part.task for part in spec.tasks],
        "data": data.parameters(),
        "seed": labels.seed,
        "inputs": inputs,
        **settings(training, "training", *([] if several else [TASKS[first].format])),
    }
    if several:
        own = {part.task: experiment.overrides.get(part.task, {}) for part in spec.tasks}
        limits = {"max_length": training.max_length, "stride": training.stride}
        params |= {
            "sampler": spec.sampler,
            "cap": spec.cap,
            "temperature": spec.temperature if spec.sampler == "temperature" else None,
            "lengths": {name: {key: said.get(key, limits[key]) for key in limits} for name, said in own.items()},
        }
    return make_run(
        "intermediate",
        f"{labels.encoder}-{labels.intermediate}-s{labels.seed}",
        params,
        upstream,
        labels,
        passed | data.places(),
        LATER,
    )


def target(
    group: dict, data: DataSource, base: Run | None, origin: dict, labels: Labels, longer_by: Run | None = None
) -> Run:
    """The run that trains and scores a group of targets, from a checkpoint and longer by another run's steps."""
    upstream, inputs, passed = _start(base, origin)
    params = {
        **group["params"],
        "evaluate": group["evaluate"],
        "data": data.parameters(),
        "inputs": {**inputs, **group["inputs"]},
    }
    if group["params"]["train_task"]:  # what trains nothing draws nothing: its seed is its checkpoint's
        params["seed"] = labels.seed
        if longer_by:
            upstream = {**upstream, "longer_by": longer_by.id}
    english = (labels.source, labels.provenance) == ("en", "native")
    source = "" if english else f"-{labels.source}-{labels.provenance}"
    name = f"{labels.encoder}-{labels.intermediate}{source}-{'+'.join(group['evaluate'])}-s{labels.seed}"
    return make_run("target", name, params, upstream, labels, passed | data.places(), LATER)


def _selected(training: Training, part: Part, several: bool, data: DataSource) -> str:
    """The selection that a part's development set is read for: of several tasks, those without one do without."""
    without = "validation" not in data.splits(part.task)
    return "last" if several and without else training.selection


def _start(base: Run | None, origin: dict) -> tuple[dict, dict, dict]:
    """Where a run's weights come from: (upstream, inputs, passed)."""
    if base:
        return {"checkpoint": base.id}, {}, {}
    return {}, {"encoder": origin["identity"]}, dict(origin["passed"])
