"""Training data in another language than English: native, translated by people or machines, or translated here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from datasets import Dataset

from xtl.base.errors import UserError
from xtl.tasks.catalog import TASKS, Task, get
from xtl.tasks.sources import examples as task_data
from xtl.tasks.sources import translation as translate
from xtl.tasks.sources.examples import subset

WORDS = {"native": "native", "human": "human-translated", "machine": "machine-translated"}
# Columns of text by format; what points into a text or counts its words (answers, tags) would have to be found again.
TEXTS = {"classification": ("text_a", "text_b"), "choice": ("context", "question", "choices")}


def describe(origin: Mapping) -> str:
    """An origin in words, `de (machine-translated)`."""
    return f"{origin['language']} ({WORDS[origin['provenance']]})"


def of_origin(task: str, origin: Mapping, data: Mapping) -> Task:
    """The task with the source of its training data of that origin.

    The laboratory translates everything exactly, so the task is its own. Raises UserError where no source of the
    catalog has it, and where a translator cannot be asked for it.
    """
    spec = TASKS[get(task).trains_on or task]
    if origin["translator"]:
        if data["kind"] == "lab":
            raise UserError("sources: the laboratory translates exactly by itself; leave translator out.")
        if spec.format not in TEXTS:
            raise UserError(
                f"task {spec.name}: {origin['translator']} would lose where answers and tags are; only tasks of the "
                f"formats {' and '.join(TEXTS)} are translated here."
            )
        return spec
    if data["kind"] == "lab":
        return spec
    source = spec.origins.get(origin["provenance"])
    if source is None or origin["language"] not in (source.languages or spec.languages):
        kinds = [f"{WORDS[kind]} in {', '.join(s.languages or spec.languages)}" for kind, s in spec.origins.items()]
        known = "; ".join(kinds) or "none"
        raise UserError(
            f"task {spec.name} has no training data in {describe(origin)}; in other languages it has: {known}."
        )
    return replace(spec, hub=source, also=(), languages=source.languages or spec.languages)


def check(task: str, origin: Mapping, data: dict) -> dict[str, str]:
    """Digests of the training data of an origin, by name. Raises UserError where the source lacks it."""
    spec = of_origin(task, origin, data)
    language = "en" if origin["translator"] else origin["language"]
    task_data.check(spec, "train", language, data)
    own = data["kind"] == "lab" or origin["translator"]
    name = f"{spec.name}/train/{language}" + ("" if own else f"/{origin['provenance']}")
    found = {name: task_data.fingerprint(spec, "train", language, data)}
    if origin["translator"]:
        found["translator"] = translate.identity(origin["translator"], origin["language"])
    return found


def examples(task: Task, origin: Mapping | None, data: dict, most: int | None, seed: int) -> Dataset:
    """Training examples of an origin (None: English), at most so many, drawn from the seed.

    Raises UserError where an origin has fewer than were asked for: sources are compared at equal sizes.
    """
    if origin is None:
        return task_data.training(task, data, most, seed)
    spec = of_origin(task.name, origin, data)
    if origin["translator"]:
        chosen = subset(task_data.load(spec, "train", "en", data), most, seed)
        return translated(chosen, spec, origin)
    found = task_data.load(spec, "train", origin["language"], data)
    if most and len(found) < most and data["kind"] == "hub":
        raise UserError(
            f"task {spec.name} has {len(found):,} training examples in {describe(origin)}, and {most:,} are asked for; "
            "sources are compared at equal sizes: lower training.max_train_examples."
        )
    return subset(found, most, seed)


def translated(chosen: Dataset, spec: Task, origin: Mapping) -> Dataset:
    """The examples with every text translated from English."""
    columns = TEXTS[spec.format]
    table = chosen.to_dict()
    values = [value for name in columns for value in table[name]]
    flat = [text for value in values for text in ([value] if isinstance(value, str) else value)]
    new = iter(translate.texts(flat, origin["translator"], origin["language"]))
    for name in columns:
        table[name] = [next(new) if isinstance(v, str) else [next(new) for _ in v] for v in table[name]]
    return Dataset.from_dict(table, features=chosen.features)


def shots(target: str, languages: list[str], source: str, data: dict) -> list[tuple[str, str]]:
    """The (split, language) of the development sets that few-shot training of a target draws from.

    Raises UserError where the target has none in other languages than English.
    """
    task = TASKS[target]
    # on the Hub the development set that a target borrows from the task that it trains on is English
    own = data["kind"] == "lab" or bool(task.hub and "validation" in task.hub.splits)
    if not own or "validation" not in task_data.splits(target, data):
        raise UserError(
            f"task {target} has no development sets in other languages to take shots from: set `overrides: "
            f"{{{target}: {{shots: null}}}}`."
        )
    return [("validation", code) for code in languages if code != source]
