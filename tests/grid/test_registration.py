"""When hypotheses were written is recorded before anything runs, and survives edits, damage and absence."""

import json

import pytest

from tests.filled import SMOKE, fill
from xtl.grid import experiment, plan, registration
from xtl.grid.registration import FILE
from xtl.runs.store import Store

HELPS = "hypotheses=[{name: helps, effect: gain, contrast: mnli, targets: [xnli, xquad]}]"
HARMS = "hypotheses=[{name: helps, effect: gain, contrast: mnli, direction: less}]"
NOTHING = "hypotheses=[]"


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


def planned(*overrides):
    return plan.make(experiment.load(SMOKE, list(overrides)))


def run(store, *overrides) -> None:
    """The beginning of `xtl run`."""
    registration.register(planned(*overrides), store)


def dated(store, *overrides) -> str:
    """What the report says, without the day."""
    asked = experiment.load(SMOKE, list(overrides))
    return registration.dated(asked, store.root / asked.name)


def record(store) -> list[dict]:
    return json.loads((store.root / "smoke" / FILE).read_text())["versions"]


def test_hypotheses_that_a_first_run_finds_are_fixed_before_it(store):
    run(store, HELPS)
    [version] = record(store)
    assert (version["done"], version["runs"]) == (0, 12)
    assert version["sha256"] == registration.digest(experiment.load(SMOKE, [HELPS]))
    assert version["fixed"]["hypotheses"][0]["name"] == "helps"
    day = version["time"][:10]
    assert dated(store, HELPS) == f"Fixed before the first target run was done ({day})."
    fill(store, planned(HELPS))
    run(store, HELPS)
    assert len(record(store)) == 1  # nothing changed
    assert dated(store, HELPS) == f"Fixed before the first target run was done ({day})."


def test_an_edited_hypothesis_was_written_after_the_runs_that_were_done(store):
    run(store, HELPS)
    fill(store, planned(HELPS))  # every run but one
    assert dated(store, HARMS) == "When they were written is not recorded: they are not those of the last `xtl run`."
    run(store, HARMS)
    assert [version["done"] for version in record(store)] == [0, 11]
    text = dated(store, HARMS)
    assert text.startswith("Written after 11 of 12 target runs were done (")
    assert text.endswith("); other versions of the hypotheses in hypotheses.json: 1.")
    run(store, HELPS)  # back to the first, which was there before
    assert len(record(store)) == 3
    assert dated(store, HELPS).startswith("Fixed before the first target run was done (")


def test_hypotheses_that_come_late_to_a_grid_without_any_are_dated(store):
    run(store, NOTHING)
    fill(store, planned(NOTHING))
    run(store, HELPS)
    assert dated(store, HELPS).startswith("Written after 11 of 12 target runs were done (")


def test_runs_that_were_done_before_the_first_record_leave_the_time_unknown(store):
    fill(store, planned(HELPS))
    run(store, HELPS)
    expected = "When they were written is not recorded: 11 of 12 target runs were done when `xtl run` first saw them ("
    assert dated(store, HELPS).startswith(expected)


def test_a_second_version_is_not_fixed_before_the_first_run_whatever_is_planned(store):
    run(store, HELPS)
    fill(store, planned(HELPS))
    other_seed = "seeds=[7]"  # of this plan nothing is done
    run(store, HARMS, other_seed)
    assert dated(store, HARMS, other_seed).startswith("Written when none of 12 target runs was done (")


def test_order_and_defaults_are_no_other_hypotheses():
    one = "{name: a, effect: gain, contrast: mnli, targets: [xnli, xquad]}"
    same = "{name: a, effect: gain, contrast: [mnli], direction: greater, targets: [xquad, xnli]}"
    other = "{name: b, effect: gain}"
    digests = []
    for listed in (f"{one}, {other}", f"{other}, {same}", one):
        digests.append(registration.digest(experiment.load(SMOKE, [f"hypotheses=[{listed}]"])))
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '{"versions": []}', '{"versions": [{"sha256": "x"}]}', "\udcff", None]
)
def test_a_damaged_record_is_one_sentence_and_is_kept(store, damage):
    assert dated(store, HELPS) == "When they were written is not recorded."
    path = store.root / "smoke" / FILE
    path.parent.mkdir()
    if damage is None:
        path.mkdir()
    else:
        path.write_bytes(damage.encode(errors="surrogateescape"))
    assert dated(store, HELPS) == (
        "When they were written is not recorded: the record smoke/hypotheses.json cannot be read."
    )
    run(store, HELPS)
    assert len(record(store)) == 1
    assert path.with_name("hypotheses.damaged-1.json").exists()
    assert dated(store, HELPS).startswith("Fixed before the first target run was done (")
