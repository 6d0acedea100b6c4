"""Trials of training settings: the runs that a grid's `tune` asks for, and the runs that follow their choice."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from xtl.grid import digests, stages
from xtl.grid.blocks import Part, Tune, keys_read_by
from xtl.grid.schema import Experiment
from xtl.grid.stages import LATER, Start, TargetGroup
from xtl.runs.record import Labels
from xtl.runs.run import Run, make_run
from xtl.tasks.catalog import TASKS
from xtl.tasks.sources import DataSource


@dataclass(frozen=True)
class Trials:
    """The trials of one training, of which every run of it takes the best.

    Attributes:
        before: the pretraining that they start from, with their seed; empty for an encoder from elsewhere.
        runs: one for each combination of values.
        tried: key of `training` -> its values.
    """

    before: tuple[Run, ...] = ()
    runs: tuple[Run, ...] = ()
    tried: dict[str, list[float]] = field(default_factory=dict)

    def followed_by(self, run: Run) -> Run:
        """A run that takes the values of the best trial when it starts; the same run where nothing is tried.

        Its identity holds the rule, the values and the trials, not what they find.
        """
        if not self.runs:
            return run
        params = run.params | dict.fromkeys(self.tried) | {"tune": {"on": "english_dev", **self.tried}}
        upstream = run.upstream | {f"trials.{number}": trial.id for number, trial in enumerate(self.runs)}
        return make_run(run.phase, run.slug, params, upstream, run.labels, run.passed, LATER)


@dataclass
class Tuning:
    """The trials of a grid, made once for all of its seeds; none where it does not ask for any.

    They start from the encoder without intermediate training, so that the choice is the same for every arm.

    Attributes:
        notes: what is asked for and cannot have an effect.
        made: what was made already.
    """

    experiment: Experiment
    data: DataSource
    starts: Mapping[str, Start]
    notes: list[str] = field(default_factory=list)
    made: dict[object, Trials] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for key in self.experiment.tune.tried if self.experiment.tune else ():
            self.notes += [f"{where}.{key}: tune chooses it." for where in _setting(self.experiment, key)]

    def of_intermediate(self, labels: Labels) -> Trials:
        """The trials of an intermediate, whose labels name it."""
        tune = self.experiment.tune
        spec = self.experiment.intermediates[labels.intermediate]
        with_dev = [part.task for part in spec.tasks if "validation" in self.data.splits(part.task)]
        if not tune:
            return Trials()
        if not with_dev:
            self._note(labels.intermediate)
            return Trials()
        key = (labels.encoder, labels.intermediate)
        if key not in self.made:
            named = replace(labels, seed=tune.seed, finetuning_seed=None)
            before, start = self._start(named)
            run = stages.intermediate(self.experiment, self.data, spec, start, named)
            self.made[key] = self._trials(run, before, with_dev, labels.intermediate, tune)
        return self.made[key]

    def of_group(self, group: TargetGroup, labels: Labels) -> Trials:
        """The trials of targets that train alike, without an intermediate."""
        tune = self.experiment.tune
        if not tune or not group.source:
            return Trials()
        if "validation" not in self.data.splits(group.train_task):
            self._note(group.train_task)
            return Trials()
        key = (labels.encoder, group)
        if key not in self.made:
            named = replace(labels, intermediate="", seed=tune.seed, finetuning_seed=None)
            before, start = self._start(named)
            part = Part(task=group.train_task, **group.source.model_dump(exclude={"intermediates"}))
            inputs = digests.training(part.task, "last", self.data, part.origin())
            read = keys_read_by("training", TASKS[part.task].format)
            params = {
                "tasks": [part.model_dump() if part.origin() else part.task],
                "data": self.data.parameters(),
                "seed": tune.seed,
                "inputs": start.inputs | inputs,
                **{name: value for name, value in group.settings if name in read},
            }
            passed = start.passed | self.data.places()
            run = make_run("trial", "", params, start.upstream, named, passed)
            name = group.train_task if not part.origin() else f"{part.task}-{part.language}-{part.provenance}"
            self.made[key] = self._trials(run, before, [part.task], name, tune)
        return self.made[key]

    def _start(self, labels: Labels) -> tuple[tuple[Run, ...], Start]:
        """The pretraining with the trials' seed, where there is one, and where the trials start."""
        base = stages.pretraining(
            self.experiment, self.data, replace(labels, intermediate="", source="", provenance="")
        )
        return (base,) if base else (), self.starts[labels.encoder].after(base)

    def _trials(self, run: Run, before: tuple[Run, ...], with_dev: list[str], name: str, tune: Tune) -> Trials:
        """A trial for every combination of values, each as this run would be with them."""
        dev: dict[str, str] = {}
        for task in with_dev:
            dev |= digests.of(task, [("validation", "en")], self.data)
        trials = []
        for values in tune.candidates():
            params = run.params | values | {"inputs": run.params["inputs"] | dev}
            tried = "-".join(f"{key}-{value:g}" for key, value in values.items())
            slug = f"{run.labels.encoder}-{name}-{tried}"
            trials.append(make_run("trial", slug, params, run.upstream, run.labels, run.passed, LATER))
        return Trials(before, tuple(trials), tune.tried)

    def _note(self, name: str) -> None:
        note = f"{name} has no English development set to tune on; it keeps the settings of `training`."
        if note not in self.notes:
            self.notes.append(note)


def _setting(experiment: Experiment, key: str) -> list[str]:
    """The places of a grid, besides `training`, that set a key."""
    places = [f"overrides.{task}" for task, values in experiment.overrides.items() if key in values]
    places += [
        f"intermediates.{name}.training" for name, spec in experiment.intermediates.items() if key in spec.training
    ]
    for name, encoder in experiment.encoders.items():
        if key in encoder.training:
            places.append(f"encoders.{name}.training")
        for task, values in encoder.training.get("tasks", {}).items():
            if key in values:
                places.append(f"encoders.{name}.training.tasks.{task}")
    return places
