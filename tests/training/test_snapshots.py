"""Selection: the best and the mean of evenly spaced weights, an interruption between them, and what each rule gives."""

import numpy as np
import pytest
import torch

from tests.training.test_trainer import Stop, run
from xtl.base.errors import UserError
from xtl.training.snapshots import Selection, evenly, outcomes

SNAPSHOTS = list(range(2, 21, 2))  # of a training of twenty steps


def copy_of(model):
    """The model's weights of now."""
    return {name: weight.clone() for name, weight in model.state_dict().items()}


def test_ten_snapshots_and_the_last_step():
    assert sorted(evenly(20)) == SNAPSHOTS and sorted(evenly(5)) == [1, 2, 3, 4, 5]
    assert sorted(evenly(25)) == [3, 5, 8, 10, 13, 15, 18, 20, 23, 25] and len(evenly(36_818)) == 10


def test_the_best_weights_come_back(tiny_encoders, tmp_path):
    kept = []
    scores = [1.0, 2.0, 3.0, 0.0, 3.0, 2.0, 1.0, 0.0, 0.0, 0.0]

    def dev(model):
        kept.append(copy_of(model))
        return scores[len(kept) - 1]

    selection = Selection("english_dev", tmp_path, 20, dev)
    model, _, _ = run(tmp_path, tiny_encoders["bert"], callbacks=[selection])
    name, facts = selection.choose(model)
    assert name == "english_dev@6"  # the earlier of equals
    assert facts == {"english_dev": [{"step": s, "score": v} for s, v in zip(SNAPSHOTS, scores, strict=True)]}
    assert all(torch.equal(weight, kept[2][name]) for name, weight in model.state_dict().items())


def test_there_must_be_something_to_select_on(tmp_path):
    with pytest.raises(UserError, match="no task of this training has English development examples"):
        Selection("english_dev", tmp_path, 20)


def test_the_average_is_the_mean_of_the_snapshots_also_after_an_interruption(tiny_encoders, tmp_path):
    cut = Selection("average", tmp_path / "cut", 20)
    with pytest.raises(Stop):
        run(tmp_path / "cut", tiny_encoders["bert"], stop_at=13, save_seconds=0, callbacks=[cut])
    assert [note["step"] for note in cut.history()] == SNAPSHOTS[:6]
    kept = []
    whole = Selection("average", tmp_path / "whole", 20, lambda model: kept.append(copy_of(model)) or 0.0)
    run(tmp_path / "whole", tiny_encoders["bert"], callbacks=[whole])
    model, _, _ = run(tmp_path / "cut", tiny_encoders["bert"], callbacks=[cut])
    assert cut.choose(model) == ("average", {"averaged_steps": SNAPSHOTS})
    for name, value in model.state_dict().items():
        if value.is_floating_point():
            expected = torch.stack([weights[name].double() for weights in kept]).mean(0)
            torch.testing.assert_close(value.double(), expected, atol=1e-6, rtol=0)
    assert not all(torch.equal(value, kept[-1][name]) for name, value in model.state_dict().items())


def test_each_snapshot_is_tested_once_and_the_average_beside_the_last_weights(tiny_encoders, tmp_path):
    tested = []

    def test(model):
        tested.append(copy_of(model))
        return [{"value": float(len(tested))}]

    selection = Selection("last", tmp_path, 20, lambda model: 7, test)
    model, _, _ = run(tmp_path, tiny_encoders["bert"], callbacks=[selection])
    expected = [{"step": step, "dev": 7.0, "test": [{"value": i + 1.0}]} for i, step in enumerate(SNAPSHOTS)]
    assert selection.history() == expected
    assert selection.averaged(model) == [{"value": 11.0}] and selection.choose(model) == ("last", {})
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, tested[9][name])
        if weight.is_floating_point():
            mean = torch.stack([weights[name].double() for weights in tested[:10]]).mean(0)
            torch.testing.assert_close(tested[10][name].double(), mean, atol=1e-6, rtol=0)


@pytest.mark.parametrize("name", ["history.json", "best.pt", "mean.pt"])
def test_what_was_kept_and_is_cut_short_is_not_gone_on_from(tiny_encoders, tmp_path, name):
    rule = "average" if name == "mean.pt" else "english_dev"
    selection = Selection(rule, tmp_path, 20, lambda model: 1.0)
    with pytest.raises(Stop):
        run(tmp_path, tiny_encoders["bert"], stop_at=13, save_seconds=0, callbacks=[selection])
    assert selection.reaches(12) and not selection.reaches(14)  # the snapshot of step 14 is not there
    content = (selection.folder / name).read_bytes()
    for size in (0, len(content) // 2, len(content) - 4):
        (selection.folder / name).write_bytes(content[:size])
        assert not selection.reaches(12)
    (selection.folder / name).unlink()
    assert not selection.reaches(12)
    assert selection.reaches(1)  # nothing was due before the first snapshot


def rows(**values):
    """Rows of one target in the languages named, exact match and F1 equal."""
    return [
        dict(target="xquad", language=language, metric=metric, value=value, n=9)
        for language, value in values.items()
        for metric in ("exact_match", "f1")
    ]


def test_what_every_rule_gives():
    history = [
        {"step": 5, "dev": 40.0, "test": rows(en=50.0, de=30.0, zh=20.0)},
        {"step": 10, "dev": 60.0, "test": rows(en=70.0, de=35.0, zh=10.0)},
        {"step": 15, "dev": 60.0, "test": rows(en=71.0, de=33.0, zh=20.0)},
    ]
    found = outcomes(history, rows(en=72.0, de=36.0, zh=18.0), {"xquad": ("exact_match", "f1")}).to_dict("records")
    values = {(r["selection"], r["language"]): r["value"] for r in found if r["metric"] == "f1"}
    assert values == {
        ("last", "en"): 71.0, ("last", "de"): 33.0, ("last", "zh"): 20.0,
        ("average", "en"): 72.0, ("average", "de"): 36.0, ("average", "zh"): 18.0,
        ("english_dev@10", "en"): 70.0, ("english_dev@10", "de"): 35.0, ("english_dev@10", "zh"): 10.0,
        ("oracle@15", "en"): 71.0, ("oracle@10", "de"): 35.0, ("oracle@5", "zh"): 20.0,
    }  # fmt: skip
    assert all(r.get("zero_shot") is False for r in found if r["selection"].startswith("oracle"))
    assert len(found) == 4 * 3 * 2 and np.isfinite([r["value"] for r in found]).all()
    without_dev = outcomes([{**entry, "dev": None} for entry in history], [], {"xquad": ("f1",)})
    assert not without_dev.selection.str.contains("dev").any()
