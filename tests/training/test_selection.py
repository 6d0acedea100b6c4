"""Selection: the best and the mean of evenly spaced weights, an interruption between them, and what each rule gives."""

import numpy as np
import pytest
import torch

from tests.training.test_trainer import Stop, run
from xtl.training.selection import Average, Best, Watch, evenly, outcomes

QUARTERS = frozenset({5, 10, 15, 20})


def test_ten_snapshots_and_the_last_step():
    assert sorted(evenly(20)) == list(range(2, 21, 2)) and sorted(evenly(5)) == [1, 2, 3, 4, 5]
    assert sorted(evenly(25)) == [3, 5, 8, 10, 13, 15, 18, 20, 23, 25] and len(evenly(36_818)) == 10


def test_the_best_weights_come_back(tiny_encoders, tmp_path):
    kept = {}
    scores = {5: 1.0, 10: 3.0, 15: 2.0, 20: 3.0}

    def evaluate(model):
        step = (len(kept) + 1) * 5
        kept[step] = {k: v.clone() for k, v in model.state_dict().items()}
        return scores[step]

    chooser = Best(tmp_path, QUARTERS, evaluate)
    model, _, _ = run(tmp_path, tiny_encoders["bert"], snapshots=[chooser])
    assert chooser.history() == [{"step": s, "score": v} for s, v in scores.items()]
    assert chooser.restore(model) == {"step": 10, "score": 3.0}  # the earlier of equals
    assert all(torch.equal(v, kept[10][k]) for k, v in model.state_dict().items())


class Copies(Best):
    """Remembers the weights of every snapshot."""

    def look(self, model, step, history):
        self.evaluate[step] = {k: v.clone() for k, v in model.state_dict().items()}
        return {}


def test_the_average_is_the_mean_of_the_snapshots_also_after_an_interruption(tiny_encoders, tmp_path):
    kept = {}
    chooser = Average(tmp_path / "cut", QUARTERS)
    with pytest.raises(Stop):
        run(tmp_path / "cut", tiny_encoders["bert"], stop_at=12, save_seconds=0, snapshots=[chooser])
    assert [entry["step"] for entry in chooser.history()] == [5, 10]
    whole, _, _ = run(tmp_path / "whole", tiny_encoders["bert"], snapshots=[Copies(tmp_path / "whole", QUARTERS, kept)])
    model, _, _ = run(tmp_path / "cut", tiny_encoders["bert"], snapshots=[chooser])
    assert chooser.restore(model) == [5, 10, 15, 20]
    for name, value in model.state_dict().items():
        if value.is_floating_point():
            expected = torch.stack([kept[step][name].double() for step in (5, 10, 15, 20)]).mean(0)
            torch.testing.assert_close(value.double(), expected, atol=1e-6, rtol=0)
    assert not all(torch.equal(v, kept[20][k]) for k, v in model.state_dict().items())


def test_a_watch_notes_each_snapshot_once(tiny_encoders, tmp_path):
    asked = []
    watch = Watch(
        tmp_path, frozenset({10, 20}), lambda model: 7, lambda model: asked.append(0) or [{"value": float(len(asked))}]
    )
    run(tmp_path, tiny_encoders["bert"], snapshots=[watch])
    assert watch.history() == [
        {"step": 10, "dev": 7.0, "test": [{"value": 1.0}]}, {"step": 20, "dev": 7.0, "test": [{"value": 2.0}]},
    ]  # fmt: skip


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
    found = outcomes(history, rows(en=72.0, de=36.0, zh=18.0), {"xquad": ("exact_match", "f1")})
    values = {(r["selection"], r["language"]): r["value"] for r in found if r["metric"] == "f1"}
    assert values == {
        ("last", "en"): 71.0, ("last", "de"): 33.0, ("last", "zh"): 20.0,
        ("average", "en"): 72.0, ("average", "de"): 36.0, ("average", "zh"): 18.0,
        ("english_dev@10", "en"): 70.0, ("english_dev@10", "de"): 35.0, ("english_dev@10", "zh"): 10.0,
        ("oracle@15", "en"): 71.0, ("oracle@10", "de"): 35.0, ("oracle@5", "zh"): 20.0,
    }  # fmt: skip
    assert all(r.get("zero_shot") is False for r in found if r["selection"].startswith("oracle"))
    assert len(found) == 4 * 3 * 2 and np.isfinite([r["value"] for r in found]).all()
    assert not any(
        "dev" in r["selection"] for r in outcomes([{**h, "dev": None} for h in history], [], {"xquad": ("f1",)})
    )
