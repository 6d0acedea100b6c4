"""From a grid to its runs: identities, upstream edges, the table of cells, and what is not built yet."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from xtl import checkpoints, encoders
from xtl import inputs as inputs_of
from xtl.errors import UserError
from xtl.schema import Experiment, Intermediate, Source
from xtl.tasks import data as task_data
from xtl.tasks import format_of
from xtl.tasks.catalog import TASKS

# Raised when the code of a phase changes what a run computes: every identity of that phase changes with it.
VERSIONS = {"pretrain": 2, "intermediate": 1, "target": 2, "analysis": 1}
# Parameters that were added after a phase's version was set, with the value that means "as before": a run that
# leaves them there keeps the identity it had.
ADDED: Mapping[str, Mapping[str, object]] = {phase: {} for phase in VERSIONS}

NOTEBOOKS = {
    "pretrain": "0_pretrain.ipynb",
    "intermediate": "1_intermediate.ipynb",
    "target": "2_target.ipynb",
    "analysis": "3_analysis.ipynb",
}
# Keys of `training` that decide the result of any training, and those that only one format reads.
FIT_KEYS = (
    "learning_rate",
    "epochs",
    "max_steps",
    "batch_size",
    "max_length",
    "warmup",
    "weight_decay",
    "precision",
    "selection",
    "max_train_examples",
)
_RETRIEVAL = ("layer", "pooling", "prefix", "max_length")
FORMAT_KEYS = {"span": ("stride",), "retrieval": _RETRIEVAL, "mining": _RETRIEVAL}
TASK_KEYS = ("kind", "languages", "train", "test", "seed", "revisions", "folders")
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


@dataclass(frozen=True)
class Run:
    """One execution of one notebook.

    Attributes:
        params: what decides the result, as the notebook's parameters (JSON).
        upstream: notebook parameter -> id of the run whose `checkpoint/` it reads.
        labels: what score rows carry although it is not in the identity (names of this grid).
        passed: notebook parameters that do not decide the result (where a checkpoint lies).
    """

    phase: str
    slug: str
    params: dict
    upstream: dict[str, str]
    hash: str
    labels: dict = field(default_factory=dict)
    passed: dict = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The first 12 hex digits of the full hash."""
        return self.hash[:12]

    @property
    def folder(self) -> str:
        """Path of the run's folder below outputs/runs."""
        return f"{self.phase}/{self.slug}-{self.id}"

    @property
    def notebook(self) -> str:
        """File name of the notebook that the run executes."""
        return NOTEBOOKS[self.phase]


@dataclass
class Plan:
    """All runs of a grid in an order that respects their dependencies, and the cells of the grid that they fill."""

    experiment: Experiment
    runs: dict[str, Run]
    cells: pd.DataFrame  # CELL_COLUMNS, a row per cell of the grid
    missing: pd.DataFrame  # target, language: listed by the benchmark, absent from the data source
    not_yet: list[str]


def identity(phase: str, params: dict, upstream: dict[str, str]) -> str:
    """SHA-256 over sorted JSON of the phase, its version, the parameters that matter and the upstream ids.

    A parameter of `ADDED` at its neutral value stays out, so that new parameters do not change old identities.
    """
    neutral = ADDED[phase]
    kept = {k: v for k, v in params.items() if k not in neutral or v != neutral[k]}
    content = {"phase": phase, "version": VERSIONS[phase], "params": kept, "upstream": upstream}
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def make_run(
    phase: str, name: str, params: dict, upstream: dict[str, str], labels: dict, passed: dict | None = None
) -> Run:
    """A run with its identity; the name is reduced to what is safe in a folder's name."""
    slug = re.sub(r"[^A-Za-z0-9.+_-]+", "-", name)[:80].strip("-.")
    return Run(phase, slug, params, upstream, identity(phase, params, upstream), labels, passed or {})


def make(experiment: Experiment) -> Plan:
    """Lay out a grid: every run, every cell, in dependency order (seeds outermost inside an encoder).

    Raises UserError where data or an encoder is missing, before anything runs.
    """
    data = {k: v for k, v in experiment.data_source().items() if k in TASK_KEYS}
    origins = {name: _origin(name, spec) for name, spec in experiment.encoders.items()}
    languages, missing = _languages(experiment, data)
    groups = _target_groups(experiment, data, languages)
    runs: dict[str, Run] = {}
    cells = []
    for encoder, origin in origins.items():
        for seed in experiment.seeds:
            base = _pretraining(experiment, encoder, seed)
            if base:
                runs.setdefault(base.id, base)
            for name, intermediate in experiment.all_intermediates().items():
                if not_built_intermediate(intermediate):
                    continue
                for source in filter(lambda s: s == Source(), experiment.sources):
                    labels = dict(
                        encoder=encoder,
                        architecture=origin["architecture"],
                        intermediate=name,
                        source=source.language,
                        provenance=source.provenance,
                        seed=seed,
                    )
                    middle = None
                    if intermediate.tasks:
                        middle = _intermediate(experiment, data, intermediate, base, origin, labels)
                        runs.setdefault(middle.id, middle)
                    for group in groups:
                        run = _target(group, data, middle or base, origin, labels)
                        runs.setdefault(run.id, run)
                        cells += [
                            {**labels, "target": target, "run_id": run.id, "same_data": same_data(intermediate, target)}
                            for target in group["evaluate"]
                        ]
    return Plan(experiment, runs, pd.DataFrame(cells, columns=CELL_COLUMNS), missing, unbuilt(experiment))


def same_data(intermediate: Intermediate, target: str) -> bool:
    """Whether intermediate and target training read the same examples (PROTOCOL, "Same data twice")."""
    first = {name for part in intermediate.tasks for name in TASKS[part.task].training_set}
    return bool(first & set(TASKS[target].training_set))


def not_built_intermediate(spec: Intermediate) -> str | None:
    """Why an intermediate cannot be trained by this version, or None."""
    if len(spec.tasks) > 1:
        return "several tasks at once are"
    if any((part.language, part.provenance) != ("en", "native") for part in spec.tasks):
        return "translated intermediate data is"
    return None


def unbuilt(experiment: Experiment) -> list[str]:
    """What the grid declares and this version cannot run yet, a sentence each."""
    found = []
    for name, spec in experiment.intermediates.items():
        reason = not_built_intermediate(spec)
        if reason:
            found.append(f"intermediates.{name}: {reason} not there yet.")
    if any(source != Source() for source in experiment.sources):
        found.append("sources: target training in another language than English is not there yet.")
    for where, block in [("training", experiment.training.model_dump()), *experiment.overrides.items()]:
        if block.get("shots"):
            found.append(f"{where}.shots: few-shot training is not there yet (max_train_examples is).")
        if block.get("selection") == "average":
            found.append(f"{where}.selection: averaged checkpoints are not there yet (last and english_dev are).")
    return found


def _origin(name: str, spec) -> dict:
    """What a grid's encoder is made from: its architecture, and for a checkpoint its identity and its place."""
    from xtl.store import outputs_root

    if spec.pretrain:
        return {"architecture": spec.pretrain.architecture}
    known = checkpoints.identity(spec.checkpoint, spec.revision, outputs_root() / "cache" / "digests")
    return {
        "architecture": encoders.architecture_of(spec.checkpoint),
        "identity": known,
        "passed": {"checkpoint": inputs_of.absolute(spec.checkpoint), "revision": known.get("revision")},
    }


def _languages(experiment: Experiment, data: dict) -> tuple[dict[str, list[str]], pd.DataFrame]:
    """The languages of every target, as the grid asks for them, and those that the data source lacks."""
    asked, out, missing = experiment.languages, {}, []
    held = {target: task_data.available(target, data) for target in experiment.targets}
    listed = held if data["kind"] == "lab" else {target: list(TASKS[target].languages) for target in held}
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


def _fit_params(training, format_name: str) -> dict:
    values = training.model_dump()
    return {k: values[k] for k in (*FIT_KEYS, *FORMAT_KEYS.get(format_name, ()))}


def _target_groups(experiment: Experiment, data: dict, languages: dict) -> list[dict]:
    """Targets that share their training (data and settings), as one group each: params, evaluate, inputs."""
    groups: dict[str, dict] = {}
    for target in experiment.targets:
        task, training = TASKS[target], experiment.training_of(target)
        read = [(split, code) for split in format_of(task).SPLITS for code in languages[target]]
        for split, code in read:
            task_data.check(target, split, code, data)
        inputs = {f"{target}/{split}/{code}": task_data.fingerprint(target, split, code, data) for split, code in read}
        params = {"train_task": task.trains_on or "", "max_eval_examples": training.max_eval_examples}
        if task.trains_on:
            params.update(_fit_params(training, task.format))
            inputs.update(inputs_of.training(task.trains_on, training.selection, data))
        else:
            params.update({k: getattr(training, k) for k in FORMAT_KEYS[task.format]})
        key = json.dumps([target if not task.trains_on else "", params], sort_keys=True)
        group = groups.setdefault(key, {"params": params, "evaluate": {}, "inputs": {}})
        group["evaluate"][target] = languages[target]
        group["inputs"].update(inputs)
    return list(groups.values())


def _pretraining(experiment: Experiment, encoder: str, seed: int) -> Run | None:
    """The pretraining run of an encoder, or None where it comes as a checkpoint."""
    spec = experiment.encoders[encoder].pretrain
    if not spec:
        return None
    data, digests = inputs_of.corpus(experiment, spec)
    values = spec.model_dump(exclude={"corpus", "tokenizer", "documents", "recipe"})
    params = {
        **values,
        "recipe": spec.resolved_recipe(),
        "data": data,
        "seed": seed,
        "inputs": digests,
    }
    return make_run(
        "pretrain", f"{encoder}-s{seed}", params, {}, dict(encoder=encoder, architecture=spec.architecture, seed=seed)
    )


def _start(base: Run | None, origin: dict) -> tuple[dict, dict, dict]:
    """Where a run's weights come from: (upstream, inputs, passed)."""
    if base:
        return {"checkpoint": base.id}, {}, {}
    return {}, {"encoder": origin["identity"]}, dict(origin["passed"])


def _intermediate(
    experiment: Experiment, data: dict, spec: Intermediate, base: Run | None, origin: dict, labels: dict
) -> Run:
    task = spec.tasks[0].task
    training = experiment.training_of(task)
    upstream, inputs, passed = _start(base, origin)
    inputs.update(inputs_of.training(task, training.selection, data))
    params = {
        "tasks": [task],
        "data": inputs_of.identifying(data),
        "seed": labels["seed"],
        "inputs": inputs,
        **_fit_params(training, TASKS[task].format),
    }
    labels = {k: v for k, v in labels.items() if k not in ("source", "provenance")}
    return make_run(
        "intermediate",
        f"{labels['encoder']}-{labels['intermediate']}-s{labels['seed']}",
        params,
        upstream,
        labels,
        passed | inputs_of.places(data),
    )


def _target(group: dict, data: dict, base: Run | None, origin: dict, labels: dict) -> Run:
    upstream, inputs, passed = _start(base, origin)
    params = {
        **group["params"],
        "evaluate": group["evaluate"],
        "data": inputs_of.identifying(data),
        "inputs": {**inputs, **group["inputs"]},
    }
    if group["params"]["train_task"]:  # what trains nothing draws nothing: its seed is its checkpoint's
        params["seed"] = labels["seed"]
    name = f"{labels['encoder']}-{labels['intermediate']}-{'+'.join(group['evaluate'])}-s{labels['seed']}"
    return make_run("target", name, params, upstream, labels, passed | inputs_of.places(data))


def analysis_run(plan: Plan, done: list[str], grid: str, overrides: list[str]) -> Run:
    """The analysis of a grid as it stands: its identity is the finished runs, the cells and the hypotheses."""
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
    return make_run("analysis", experiment.name, params, {}, {}, {"grid": grid, "overrides": list(overrides)})
