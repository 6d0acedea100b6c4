"""What runs read: digests of content, which enter identities, and places of folders, which do not."""

from __future__ import annotations

from xtl.base.errors import UserError
from xtl.grid.schema import Experiment
from xtl.tasks.sources import examples as task_data
from xtl.tasks.sources import origins

CORPUS_KEYS = ("kind", "languages", "sentences", "seed")


def training(task: str, selection: str, data: dict, origin: dict | None = None) -> dict:
    """Digests of the training data of an origin (None: English), and of the English dev data where it selects."""
    languages = task_data.training_languages(task, data)
    if selection == "english_dev" and "validation" not in task_data.splits(task, data):
        raise UserError(
            f"task {task} has no development set to select on: set `overrides: {{{task}: {{selection: last}}}}`."
        )
    wanted = [] if origin else [("train", code) for code in languages]
    wanted += [("validation", "en")] if selection == "english_dev" else []
    for split, language in wanted:
        task_data.check(task, split, language, data)
    other = origins.check(task, origin, data) if origin else {}
    return other | {f"{task}/{split}/{code}": task_data.fingerprint(task, split, code, data) for split, code in wanted}


def corpus(experiment: Experiment, spec) -> tuple[dict, dict]:
    """What a pretraining reads, as its notebook's parameter `data`, and the digests of it."""
    if spec.corpus == "lab":
        from xtl import lab

        data = {k: v for k, v in experiment.data_source().items() if k in CORPUS_KEYS}
        return data, {"corpus": lab.LabConfig.from_dict({k: v for k, v in data.items() if k != "kind"}).digest()}
    source = identifying(experiment.data_source())
    languages = task_data.available(spec.corpus, source)
    data = {
        **source,
        "corpus": spec.corpus,
        "languages": languages,
        "documents": spec.documents,
        "pieces": spec.tokenizer,
    }
    for language in languages:
        task_data.check(spec.corpus, "train", language, source)
    names = {f"{spec.corpus}/train/{c}": task_data.fingerprint(spec.corpus, "train", c, source) for c in languages}
    return data, names


def identifying(data: dict) -> dict:
    """A data source without the places of folders: their contents' digests are among the inputs."""
    return {k: v for k, v in data.items() if k != "folders"}


def places(data: dict) -> dict:
    """The folders of a data source as a notebook's parameter, where there are any."""
    return {"folders": data["folders"]} if data.get("folders") else {}
