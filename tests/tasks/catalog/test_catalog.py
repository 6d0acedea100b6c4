"""The catalog: complete, consistent, and with XTREME's languages."""

import pytest
from pydantic import ValidationError

from xtl.base.errors import UserError
from xtl.tasks import catalog
from xtl.tasks.catalog import TASKS
from xtl.tasks.formats import format_of
from xtl.tasks.sources.columns import CANONICAL


def test_tasks_and_languages_of_the_benchmark():
    roles = {role: {name for name, task in TASKS.items() if role in task.roles} for role in ("intermediate", "target")}
    nine = set("anli+ mnli qqp squad2 squad1 hellaswag ccg cosmosqa csqa".split())
    assert roles["intermediate"] >= nine | {"mlm"}
    counts = {name: len(TASKS[name].languages) for name in roles["target"]}
    benchmark = dict(xnli=15, pawsx=7, udpos=33, panx=40, xquad=11, mlqa=7, tydiqa=9, bucc=4, tatoeba=36)
    assert counts == {**benchmark, "bucc_pairs": 4}
    assert {TASKS[name].submission for name in benchmark} == set(
        "xnli pawsx udpos panx xquad mlqa tydiqa bucc2018 tatoeba".split()
    )
    assert TASKS["bucc_pairs"].submission is None  # another, easier task under another name
    assert set(TASKS["panx"].languages) - set(TASKS["udpos"].languages) == set("bn jv ka ml ms my sw".split())
    assert set(TASKS["panx"].languages) - set(TASKS["tatoeba"].languages) == set("en ms my yo".split())


def test_sizes_of_put_together_data_add_up():
    # ANLI's rounds have 16,946, 45,460 and 100,459 training examples; SNLI 549,367 with a gold label
    assert TASKS["anli+"].size["train"][0] == 16_946 + 45_460 + 100_459 + TASKS["mnli"].size["train"][0] + 549_367
    assert set(TASKS["mnli"].training_set) < set(TASKS["anli+"].training_set)


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_entries_are_consistent(task):
    assert TASKS[task.name] is task
    assert set(task.score) <= set(task.metrics) and task.roles <= {"intermediate", "target"} and task.roles
    assert bool(task.hub) != bool(task.folder) and task.licence and task.citation
    for source in task.sources:
        assert set(source.columns) | set(source.optional) | {"id"} >= set(CANONICAL[task.format])
        assert ("test" in source.splits or task.format == "mlm") and len(source.revision or 40 * "x") == 40
        assert set(source.names) >= set(task.languages) or not source.names
    source = TASKS[task.trains_on] if task.trains_on else None
    if source:
        # who trains on another task's examples speaks of the same format, labels and data
        assert (source.format, source.labels, source.training_set) == (task.format, task.labels, task.training_set)
        assert not source.hub or "train" in source.hub.splits
    else:
        assert task.training_set == () and "intermediate" not in task.roles
    handed_in = "submission" in vars(type(format_of(task)))
    assert handed_in or not task.submission


def test_same_training_data_is_known():
    def shared(a, b):
        return bool(set(TASKS[a].training_set) & set(TASKS[b].training_set))

    assert shared("anli+", "xnli") and shared("squad2", "mlqa") and shared("tydiqa", "tydiqa")
    assert shared("mnli", "xnli") and shared("squad1", "xquad") and shared("panx", "panx")
    assert not shared("mnli", "pawsx") and not shared("mnli", "tatoeba")


def test_names_of_languages():
    tatoeba = TASKS["tatoeba"].hub.names
    assert TASKS["udpos"].hub.names["zh"] == "Chinese" and tatoeba["zh"] == "cmn" and tatoeba["sw"] == "swh"
    assert TASKS["udpos"].hub.named("udpos.{language}", "tr") == "udpos.Turkish"
    assert TASKS["panx"].hub.named("PAN-X.{language}", "tr") == "PAN-X.tr"


def test_an_unknown_task():
    with pytest.raises(UserError, match="There is no task 'mnlii'; known tasks: anli"):
        catalog.get("mnlii")


def test_a_key_that_no_task_has():
    entry = dict(title="", format="span", roles=["target"], languages=["en"], metrics=["f1"], size={})
    with pytest.raises(ValidationError, match="metric_"):
        catalog._task("mine", {**entry, "licence": "", "citation": "", "metric_": "f1"})
