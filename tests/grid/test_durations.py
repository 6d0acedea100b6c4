"""Estimates of run times: only runs of the same size are compared, and a plan takes as long as its longest chain."""

import json
from dataclasses import replace
from types import SimpleNamespace

from xtl.grid import durations
from xtl.runs.record import Labels, RunRecord, State
from xtl.runs.run import make_run


def pretraining(seed: int = 0, architecture: str = "bert", **more):
    params = {"architecture": architecture, "layers": 2, "hidden": 16, "steps": 10, "seed": seed, **more}
    return make_run("pretrain", f"{architecture}-s{seed}", params, {}, Labels(architecture=architecture))


def training(base, seed: int = 0, architecture: str = "bert", **more):
    params = {"train_task": "xnli", "evaluate": {"xnli": ["en", "de"]}, "max_steps": 5, "seed": seed, **more}
    return make_run("target", f"xnli-s{seed}", params, {"checkpoint": base.id}, Labels(architecture=architecture))


def write(root, run, seconds, status="done") -> None:
    folder = root / run.folder
    folder.mkdir(parents=True)
    record = RunRecord(
        run.id, run.hash, run.phase, run.slug, run.params, run.upstream, run.labels, State(status), folder
    )
    (folder / "run.json").write_text(json.dumps(replace(record, seconds=seconds).to_json()))


def plan(*runs):
    return SimpleNamespace(runs={run.id: run for run in runs})


def seconds_of(root, run, base=None):
    made = plan(*(r for r in (base, run) if r))
    return durations.estimates(made, durations.recorded(root))[run.id]


def test_the_median_of_runs_of_the_same_size(tmp_path):
    for seed, seconds in enumerate((10.0, 12.0, 40.0)):
        write(tmp_path, pretraining(seed), seconds)
    write(tmp_path, pretraining(3), 99.0, status="failed")
    assert seconds_of(tmp_path, pretraining(4)) == 12.0
    assert seconds_of(tmp_path, pretraining(4, learning_rate=1e-3)) == 12.0
    for other in ({"steps": 20}, {"layers": 4}, {"hidden": 32}, {"data": {"languages": 12}}):
        assert seconds_of(tmp_path, pretraining(4, **other)) is None


def test_a_key_that_came_later_counts_where_it_is_not_neutral(tmp_path):
    base = pretraining()
    write(tmp_path, base, 10.0)
    write(tmp_path, training(base), 5.0)
    assert seconds_of(tmp_path, training(base, 1, shots=None, oracle=False), base) == 5.0
    assert seconds_of(tmp_path, training(base, 1, oracle=True), base) is None


def test_another_architecture_of_the_same_size_comes_second(tmp_path):
    write(tmp_path, pretraining(), 10.0)
    assert seconds_of(tmp_path, pretraining(architecture="xlnet")) == 10.0
    write(tmp_path, pretraining(architecture="xlnet"), 30.0)
    assert seconds_of(tmp_path, pretraining(1, "xlnet")) == 30.0
    assert seconds_of(tmp_path, pretraining(1)) == 10.0


def test_a_target_is_compared_by_the_size_of_its_encoder_and_by_its_own(tmp_path):
    small, large = pretraining(), pretraining(layers=6)
    write(tmp_path, small, 10.0)
    write(tmp_path, training(small), 7.0)
    assert seconds_of(tmp_path, training(pretraining(1), 1), pretraining(1)) == 7.0
    assert seconds_of(tmp_path, training(large), large) is None
    assert seconds_of(tmp_path, training(small, max_steps=50), small) is None
    assert seconds_of(tmp_path, training(small, evaluate={"xnli": ["en"]}), small) is None


def test_a_record_that_cannot_be_read_counts_nothing(tmp_path):
    write(tmp_path, pretraining(), 10.0)
    for name, text in (("a", "{"), ("b", "[]"), ("c", '{"id": "x"}'), ("d", '{"id": 1, "phase": "p", "params": 3}')):
        (tmp_path / "target" / name).mkdir(parents=True)
        (tmp_path / "target" / name / "run.json").write_text(text)
    assert seconds_of(tmp_path, pretraining(1)) == 10.0


def test_wall_clock_is_the_longest_chain_or_the_shared_work():
    bases = [pretraining(seed) for seed in range(3)]
    targets = [training(base, seed) for seed, base in enumerate(bases)]
    made = plan(*bases, *targets)
    known = {run.id: 10.0 for run in bases} | {run.id: 5.0 for run in targets}
    runs = list(made.runs.values())
    assert durations.wall_clock(made, runs, known, 1) == (45.0, 0)
    assert durations.wall_clock(made, runs, known, 2) == (22.5, 0)
    assert durations.wall_clock(made, runs, known, 8) == (15.0, 0)  # a pretraining, then its target
    assert durations.wall_clock(made, targets, known | {targets[0].id: None}, 8) == (5.0, 1)
