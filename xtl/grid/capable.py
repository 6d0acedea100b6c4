"""Whether the encoders of a grid can do what it asks of them, before anything runs."""

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from xtl.base import hub
from xtl.base.errors import Absent, UserError
from xtl.base.places import cache_folder
from xtl.grid.absent import asks_hub
from xtl.grid.blocks import Pretrain
from xtl.grid.plan import Plan
from xtl.models import checkpoints
from xtl.models.published import published
from xtl.runs.run import Run, trained_on
from xtl.tasks.catalog import FORMATS, TASKS
from xtl.tasks.formats.capabilities import Capability, capability


def capabilities(plan: Plan) -> dict[str, Capability | str]:
    """What every encoder of a plan can do; of one that is not here, what is published of it.

    Raises UserError for an encoder that can do nothing.
    """
    abilities: dict[str, Capability | str] = {}
    with hub.at_once() if asks_hub(plan.experiment) else nullcontext():
        for name, encoder in plan.experiment.encoders.items():
            if encoder.pretrain:
                abilities[name] = _with_its_cut(_trained_here(encoder.pretrain), plan, name)
                continue
            checkpoint = encoder.checkpoint or ""
            try:
                if checkpoint in plan.absent:
                    raise Absent(plan.absent[checkpoint], checkpoint)
                identity = checkpoints.identity(checkpoint, encoder.revision, cache_folder("digests"))
                revision = identity.get("revision")
                ability = capability(checkpoint, revision, identity, cache_folder("encoders"))
                abilities[name] = _with_its_cut(ability, plan, name)
            except UserError as error:
                in_part = not checkpoints.is_folder(checkpoints.mirrored(checkpoint)) and hub.offline()
                if not isinstance(error, Absent) and not in_part:  # of a Hub id, the cache may hold some files
                    raise
                known = published().get(checkpoint)
                size = f"{known.architecture}, {known.layers} layers, " if known else ""
                abilities[name] = f"{size}not here: what it can do is tried once it is"
    return abilities


def _trained_here(block: Pretrain) -> Capability:
    """What an encoder that is pretrained here can do: everything, up to the length that it was trained at."""
    heads = dict.fromkeys(FORMATS, "transformers") | {"retrieval": "", "mining": ""}
    segments = bool(block.full_recipe.segments)
    return Capability(block.architecture, heads, {}, block.length, segments, block.layers, remark="trained here")


def _with_its_cut(ability: Capability, plan: Plan, name: str) -> Capability:
    """The capability with a remark where the grid's `max_length` is longer than what the encoder reads."""
    asked = 0
    for run in plan.runs.values():
        if run.labels.encoder == name:
            asked = max(asked, *(limits.get("max_length") or 0 for limits in _limits(run)))
    if ability.longest is None or asked <= ability.longest:
        return ability
    cut = f"inputs are cut there, not at max_length {asked} as the grid says"
    return replace(ability, remark="; ".join(filter(None, (cut, ability.remark))))


def _limits(run: Run) -> list[dict[str, Any]]:
    """The blocks of a run's parameters that say how long inputs are: the run's, and those of its tasks."""
    return [run.params, *run.params.get("lengths", {}).values()]


def check(runs: Iterable[Run], abilities: dict[str, Capability | str]) -> None:
    """Raise UserError for the first run that an encoder cannot do: its format, a step of windows, a layer."""
    for run in runs:
        ability = abilities.get(run.labels.encoder)
        if not isinstance(ability, Capability):
            continue
        who = f"encoder '{run.labels.encoder}' ({ability.kind})"
        tasks = [*trained_on(run.params), *run.params.get("evaluate", ())]
        for task in tasks:
            reason = ability.refusals.get(TASKS[task].format)
            if reason:
                raise UserError(f"{who} cannot do {task}: {reason}; leave one of them out of the grid.")
        for limits in _limits(run):
            step = limits.get("step") or 0
            longest = min(limits.get("max_length") or step + 1, ability.longest or step + 1)
            if step >= longest:
                raise UserError(
                    f"{who} reads {longest} tokens of a context at once, so no two windows begin {step} tokens apart; "
                    f"set a smaller `step` in encoders.{run.labels.encoder}.training."
                )
        layer = run.params.get("layer")
        if layer is not None and layer > ability.layers:
            raise UserError(
                f"{who} has layers 0 (embeddings) to {ability.layers}, not {layer}, which {', '.join(tasks)} would be "
                f"read at; set `layer` in encoders.{run.labels.encoder}.training."
            )
