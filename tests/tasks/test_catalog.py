"""The catalog: complete, consistent, and with XTREME's languages."""

import pytest

from xtl.errors import UserError
from xtl.tasks import catalog, format_of
from xtl.tasks.catalog import TASKS
from xtl.tasks.data import CANONICAL


def test_tasks_and_languages_of_the_benchmark():
    assert set(TASKS) == {"mnli", "qqp", "squad1", "xnli", "pawsx", "udpos", "panx", "xquad", "tatoeba"}
    counts = {name: len(task.languages) for name, task in TASKS.items() if "target" in task.roles}
    assert counts == {"xnli": 15, "pawsx": 7, "udpos": 33, "panx": 40, "xquad": 11, "tatoeba": 36}
    assert set(TASKS["panx"].languages) - set(TASKS["udpos"].languages) == set("bn jv ka ml ms my sw".split())
    assert set(TASKS["panx"].languages) - set(TASKS["tatoeba"].languages) == set("en ms my yo".split())


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_entries_are_consistent(task):
    assert TASKS[task.name] is task
    assert set(task.score) <= set(task.metrics) and task.roles <= {"intermediate", "target"} and task.roles
    assert set(task.hub.columns) | set(task.hub.optional) | {"id"} >= set(CANONICAL[task.format])
    assert "test" in task.hub.splits and task.licence and task.citation and len(task.revision) == 40
    assert set(task.hub.names) >= set(task.languages) or not task.hub.names
    source = TASKS[task.trains_on] if task.trains_on else None
    if source:
        # who trains on another task's examples speaks of the same format, labels and data
        assert (source.format, source.labels, source.training_set) == (task.format, task.labels, task.training_set)
        assert "train" in source.hub.splits
    else:
        assert task.training_set == () and "intermediate" not in task.roles
    assert {"score", "write_submission", "show"} <= set(dir(format_of(task)))


def test_same_training_data_is_known():
    def shared(a, b):
        return bool(set(TASKS[a].training_set) & set(TASKS[b].training_set))

    assert shared("mnli", "xnli") and shared("squad1", "xquad") and shared("panx", "panx")
    assert not shared("mnli", "pawsx") and not shared("mnli", "tatoeba")


def test_names_of_languages():
    assert catalog.UD_NAMES["zh"] == "Chinese" and catalog.ISO_639_3["zh"] == "cmn" and catalog.ISO_639_3["sw"] == "swh"
    assert TASKS["udpos"].hub.named("udpos.{language}", "tr") == "udpos.Turkish"
    assert TASKS["panx"].hub.named("PAN-X.{language}", "tr") == "PAN-X.tr"


def test_an_unknown_task():
    with pytest.raises(UserError, match="There is no task 'mnlii'; known tasks: mnli, qqp"):
        catalog.get("mnlii")
