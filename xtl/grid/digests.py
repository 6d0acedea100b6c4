"""Digests of the content that runs read, which enter their identities."""

from collections.abc import Iterable

from xtl.base.errors import UserError
from xtl.tasks.sources import DataSource, Origin, origins


def of(task: str, parts: Iterable[tuple[str, str]], data: DataSource) -> dict[str, str]:
    """Digests of parts (split, language) of a task's data, by name. Raises UserError where the source lacks one."""
    digests = {}
    for split, language in parts:
        data.check(task, split, language)
        digests[f"{task}/{split}/{language}"] = data.digest(task, split, language)
    return digests


def training(task: str, selection: str, data: DataSource, origin: Origin | None = None) -> dict[str, str]:
    """Digests of the training data of an origin (None: English), and of the English dev data where it selects."""
    if selection == "english_dev" and "validation" not in data.splits(task):
        raise UserError(
            f"task {task} has no development set to select on: set `overrides: {{{task}: {{selection: last}}}}`."
        )
    dev = [("validation", "en")] if selection == "english_dev" else []
    if origin:
        return origins.check(task, origin, data) | of(task, dev, data)
    train = [("train", language) for language in data.training_languages(task)]
    return of(task, train + dev, data)
