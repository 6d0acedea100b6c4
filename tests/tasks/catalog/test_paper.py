"""What Phang et al. 2020 say of design and sizes, held against the catalog; docs/protocol.md has the sources."""

from xtl.tasks.catalog import TASKS

NINE_TARGETS = "xnli pawsx udpos panx xquad mlqa tydiqa bucc tatoeba".split()
NINE_INTERMEDIATES = "anli+ mnli qqp squad2 squad1 hellaswag ccg cosmosqa csqa".split()


def test_the_targets_are_the_nine_of_xtreme():
    submitted = {task.name for task in TASKS.values() if "target" in task.roles and task.submission}
    assert submitted == set(NINE_TARGETS)


def test_forty_languages_are_those_of_panx_alone():
    counts = {name: len(TASKS[name].languages) for name in NINE_TARGETS}
    assert [name for name, count in counts.items() if count == 40] == ["panx"]
    others = [count for name, count in counts.items() if name != "panx"]
    assert (min(others), max(others)) == (4, 36)


def test_bucc_and_tatoeba_train_on_nothing():
    assert [TASKS[name].trains_on for name in ("bucc", "tatoeba")] == [None, None]


def test_nine_intermediate_tasks_of_four_formats():
    assert all("intermediate" in TASKS[name].roles for name in NINE_INTERMEDIATES)
    assert {TASKS[name].format for name in NINE_INTERMEDIATES} == {"span", "tagging", "classification", "choice"}


def test_training_sizes():
    assert TASKS["anli+"].size["train"] == (1_104_934, 1_104_934)
    assert TASKS["mnli"].size["train"] == (392_702, 392_702)
    assert TASKS["squad2"].size["train"] == (130_319, 130_319)
