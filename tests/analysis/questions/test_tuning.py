"""The section on chosen settings: every trial, ties with the plan, edges, and what is missing."""

from tests.synthetic import results, run_record
from xtl.analysis.questions.tuning import trial_table, tuning

RATES = [1e-5, 2e-5, 3e-5]


def grid(*points, states=("done", "done", "done")):
    """A target run and an intermediate of one encoder that take the best of three trials; None: it diverged."""
    records = {}
    for number, (rate, value) in enumerate(zip(RATES, points, strict=True)):
        facts = {"trial": {"settings": {"learning_rate": rate}, "points": value}}
        facts["learning"] = [{"task": "mnli", "learned": bool(value and value > 40)}]
        known = {"params": {"learning_rate": rate}, "encoder": "bert", "facts": facts}
        records[f"t{number}"] = run_record(f"t{number}", "trial", f"trial-{number}", states[number], **known)
    upstream = {f"trials.{number}": f"t{number}" for number in range(3)}
    params = {"tune": {"on": "english_dev", "learning_rate": RATES}, "evaluate": {"xnli": ["en"]}}
    for seed in range(2):
        known = {"params": params, "upstream": upstream, "encoder": "bert", "seed": seed}
        records[f"x{seed}"] = run_record(f"x{seed}", "target", "bert-none-xnli", **known)
    return records


def section(records):
    return tuning(results(attributes={"records": records}))


def test_trials_stand_once_whatever_takes_their_choice():
    table = trial_table(grid(50.0, 60.0, 55.0))
    assert table["training"].unique().tolist() == ["xnli"]
    assert table["points"].tolist() == [50.0, 60.0, 55.0]
    assert table["chosen"].tolist() == [False, True, False]
    assert table["edges"].tolist() == ["", "", ""]


def test_an_edge_is_said():
    words = " ".join(section(grid(50.0, 60.0, 65.0)).words)
    assert "1 of 1 choices are at the edge of what was tried: xnli of bert (largest learning_rate)." in words


def test_of_equals_the_first_is_chosen_and_a_divergence_is_shown():
    shown = section(grid(60.0, 60.0, None))
    assert "1 trials diverged." in shown.words
    assert [row[2].text for row in shown.tables[0].rows] == ["3"]
    assert shown.tables[0].rows[0][3].text == "learning_rate 1e-05"
    assert [row[3].text for row in shown.tables[1].rows] == ["60.0", "60.0", "diverged"]


def test_nothing_is_chosen_before_every_trial_is_done():
    shown = section(grid(60.0, 61.0, 62.0, states=("done", "failed", "done")))
    assert shown.tables[0].rows[0][3].text == "missing"
    assert "1 trials are not done." in shown.words


def test_trials_that_did_not_learn_say_that_the_choice_says_little():
    assert any(text.startswith("No trial learned") for text in section(grid(33.0, 34.0, 35.0)).words)
    assert not any(text.startswith("No trial learned") for text in section(grid(33.0, 34.0, 55.0)).words)


def test_a_grid_without_trials_has_no_section():
    assert section({"x": run_record("x")}).html == ""
