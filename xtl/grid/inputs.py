"""What runs read: digests of content, which enter identities, and places of folders, which do not."""

from __future__ import annotations

from xtl.base.errors import UserError
from xtl.tasks.sources import DataSource, origins


def training(task: str, selection: str, data: DataSource, origin: origins.Origin | None = None) -> dict[str, str]:
    """Digests of the training data of an origin (None: English), and of the English dev data where it selects."""
    languages = data.training_languages(task)
    if selection == "english_dev" and "validation" not in data.splits(task):
        raise UserError(
            f"task {task} has no development set to select on: set `overrides: {{{task}: {{selection: last}}}}`."
        )
    wanted = [] if origin else [("train", code) for code in languages]
    wanted += [("validation", "en")] if selection == "english_dev" else []
    for split, language in wanted:
        data.check(task, split, language)
    other = origins.check(task, origin, data) if origin else {}
    return other | {f"{task}/{split}/{code}": data.digest(task, split, code) for split, code in wanted}
