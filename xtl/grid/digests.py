"""What runs read: digests of content, which enter identities, and places of folders, which do not."""

from collections.abc import Iterable
from typing import Any

from xtl.base.errors import UserError
from xtl.grid.blocks import Pretrain
from xtl.grid.schema import Experiment
from xtl.lab.world.config import LabConfig
from xtl.tasks.sources import examples as task_data
from xtl.tasks.sources import origins

CORPUS_KEYS = ("languages", "sentences", "seed")  # of the laboratory, that decide its corpora


def of(task: str, parts: Iterable[tuple[str, str]], data: dict[str, Any]) -> dict[str, str]:
    """Digests of parts (split, language) of a task's data, by name. Raises UserError where the source lacks one."""
    found = {}
    for split, language in parts:
        task_data.check(task, split, language, data)
        found[f"{task}/{split}/{language}"] = task_data.fingerprint(task, split, language, data)
    return found


def training(task: str, selection: str, data: dict[str, Any], origin: dict[str, Any] | None = None) -> dict[str, str]:
    """Digests of the training data of an origin (None: English), and of the English dev data where it selects."""
    if selection == "english_dev" and "validation" not in task_data.splits(task, data):
        raise UserError(
            f"task {task} has no development set to select on: set `overrides: {{{task}: {{selection: last}}}}`."
        )
    dev = [("validation", "en")] if selection == "english_dev" else []
    if origin:
        return origins.check(task, origin, data) | of(task, dev, data)
    train = [("train", language) for language in task_data.training_languages(task, data)]
    return of(task, train + dev, data)


def corpus(experiment: Experiment, spec: Pretrain) -> tuple[dict[str, Any], dict[str, str]]:
    """What a pretraining reads, as its notebook's parameter `data`, and the digests of it."""
    source = identifying(experiment.data_source())
    if spec.corpus == "lab":
        settings = {name: source[name] for name in CORPUS_KEYS}
        return {"kind": "lab", **settings}, {"corpus": LabConfig.from_dict(settings).digest()}
    languages = task_data.available(spec.corpus, source)
    own = {"corpus": spec.corpus, "languages": languages, "documents": spec.documents, "pieces": spec.tokenizer}
    return source | own, of(spec.corpus, [("train", language) for language in languages], source)


def identifying(data: dict[str, Any]) -> dict[str, Any]:
    """A data source without the places of folders: their contents' digests are among the inputs."""
    return {name: value for name, value in data.items() if name != "folders"}


def places(data: dict[str, Any]) -> dict[str, Any]:
    """The folders of a data source as a notebook's parameter, where there are any."""
    return {"folders": data["folders"]} if data.get("folders") else {}
