"""The trials of a grid: how many there are, what follows them, and identities that are known before they have run."""

import pytest
import yaml

from xtl.base.errors import UserError
from xtl.grid import gpu_hours
from xtl.grid.blocks import Tune

GRID = """
name: small
question: Do trials choose?
lab: {languages: 12, sentences: 400, train: 200, test: 40}
seeds: [0, 1]
encoders: {a: {pretrain: {architecture: bert}}, b: {pretrain: {architecture: roberta}}}
intermediates: {mnli: [mnli], both: {tasks: [mnli, udpos]}, none+mnli: {steps_of: mnli}}
targets: [xnli, udpos, tatoeba]
languages: [en, qaa]
"""
RATES = "tune={learning_rate: [3e-5, 1e-5], on: english_dev}"


def by_phase(made, phase):
    return {run.slug: run for run in made.runs.values() if run.phase == phase}


def test_trials_are_of_an_encoder_and_a_task_and_not_of_a_seed(planned):
    """Of mnli (as an intermediate and for xnli alike), udpos, and both together: three trainings, two rates each."""
    trials = by_phase(planned(RATES), "trial")
    assert len(trials) == 2 * 3 * 2
    assert {run.params["seed"] for run in trials.values()} == {1000}
    rates = [run.params["learning_rate"] for name, run in trials.items() if name.startswith("a-udpos")]
    assert rates == [1e-5, 3e-5]


def test_trials_start_from_a_pretraining_of_their_own_seed(planned):
    made = planned(RATES)
    assert set(by_phase(made, "pretrain")) == {f"{name}-s{seed}" for name in "ab" for seed in (0, 1, 1000)}
    trial = by_phase(made, "trial")["a-mnli-learning_rate-1e-05"]
    assert trial.upstream == {"checkpoint": by_phase(made, "pretrain")["a-s1000"].id}


def test_every_training_follows_its_trials_and_retrieval_none(planned):
    made = planned(RATES)
    place = {identity: number for number, identity in enumerate(made.runs)}
    trials = by_phase(made, "trial")
    for run in [*by_phase(made, "intermediate").values(), *by_phase(made, "target").values()]:
        read = [identity for name, identity in run.upstream.items() if name.startswith("trials.")]
        assert len(read) == (0 if "tatoeba" in run.slug else 2)
        assert all(place[identity] < place[run.id] for identity in read)
    low, high = (trials[f"b-both-learning_rate-{rate}"].id for rate in ("1e-05", "3e-05"))
    both = by_phase(made, "intermediate")["b-both-s1"]
    assert (both.upstream["trials.0"], both.upstream["trials.1"]) == (low, high)
    assert both.params["learning_rate"] is None
    assert both.params["tune"] == {"on": "english_dev", "learning_rate": [1e-5, 3e-5]}


def test_what_serves_an_intermediate_and_a_target_is_one_trial(planned):
    made = planned(RATES)
    intermediate = by_phase(made, "intermediate")["a-mnli-s0"]
    target = by_phase(made, "target")["a-none-xnli-s0"]
    assert intermediate.upstream["trials.0"] == target.upstream["trials.0"]


def test_identities_follow_the_values_and_not_their_order(planned):
    ids = set(planned(RATES).runs)
    assert set(planned("tune={on: english_dev, learning_rate: [1e-5, 3e-5]}").runs) == ids
    other = planned("tune={learning_rate: [1e-5, 4e-5]}")
    kept = {other.runs[identity].phase for identity in ids & set(other.runs)}
    assert kept == {"pretrain", "trial", "target"}  # the trials at 1e-5, and retrieval without an intermediate
    targets = [run for run in by_phase(other, "target").values() if run.id in ids]
    assert {tuple(run.params["evaluate"]) for run in targets} == {("tatoeba",)}
    assert not ids & {
        run.id for run in planned("tune={learning_rate: [1e-5, 3e-5], seed: 7}").runs.values() if "tune" in run.params
    }


def test_several_keys_make_every_combination():
    tune = Tune(learning_rate=(3e-5, 1e-5), epochs=(2, 4))
    assert tune.candidates() == [
        {"learning_rate": 1e-5, "epochs": 2.0}, {"learning_rate": 1e-5, "epochs": 4.0},
        {"learning_rate": 3e-5, "epochs": 2.0}, {"learning_rate": 3e-5, "epochs": 4.0},
    ]  # fmt: skip


def test_settings_that_trials_replace_and_tasks_without_development_data_are_said(planned):
    made = planned(
        RATES, "overrides.mnli.learning_rate=1e-3", "intermediates.lm=[mlm]",
        "encoders.b.training={batch_size: 8, tasks: {udpos: {learning_rate: 1e-4}}}",
    )  # fmt: skip
    assert "overrides.mnli.learning_rate: tune chooses it." in made.notes
    assert "encoders.b.training.tasks.udpos.learning_rate: tune chooses it." in made.notes
    assert any(note.startswith("lm has no English development set") for note in made.notes)
    assert by_phase(made, "intermediate")["a-lm-s0"].params["learning_rate"] == 2e-5
    sizes = {run.params["batch_size"] for name, run in by_phase(made, "trial").items() if name.startswith("b-")}
    assert sizes == {8}


def test_sources_have_trials_of_their_own(planned):
    made = planned(RATES, "sources=[en, {language: qaa, provenance: human, intermediates: [none]}]")
    german = [run for name, run in by_phase(made, "trial").items() if name.startswith("a-udpos-qaa-human")]
    assert len(german) == 2
    assert german[0].params["tasks"][0]["language"] == "qaa"


def test_what_trials_are_to_choose_is_priced_at_its_largest(planned):
    made = planned("tune={epochs: [1, 5]}", "training.epochs=2")
    target = by_phase(made, "target")["a-none-udpos-s0"]
    trials = by_phase(made, "trial")
    assert gpu_hours.tokens(target)[0] == gpu_hours.tokens(trials["a-udpos-epochs-5"])[0]
    assert gpu_hours.tokens(trials["a-udpos-epochs-5"])[0] == 5 * gpu_hours.tokens(trials["a-udpos-epochs-1"])[0]


@pytest.mark.parametrize(
    ("tune", "said"),
    [
        ({"on": "english_dev"}, "names no key to tune"),
        ({"learning_rate": [1e-5]}, "learning_rate needs two or more different values"),
        ({"learning_rate": [1e-5, 1e-5]}, "learning_rate needs two or more different values"),
        ({"learning_rate": [-1, 1e-5]}, "tune: learning_rate: input should be greater than 0"),
        ({"epochs": list(range(1, 10)), "batch_size": list(range(1, 10))}, "81 trials"),
        ({"learning_rate": [1e-5, 2e-5], "on": "test"}, "tune.on: input should be 'english_dev'"),
        ({"learning_rate": [1e-5, 2e-5], "seed": 1}, "tune.seed: 1 is a seed of the results"),
        ({"pooling": ["mean", "cls"]}, "unknown key 'tune.pooling'"),
        ({"batch_size": [8.5, 4]}, "tune.batch_size"),
    ],
)
def test_mistakes_are_one_sentence(planned, tune, said):
    with pytest.raises(UserError) as caught:
        planned(f"tune={yaml.safe_dump(tune, default_flow_style=True, width=1000)}")
    assert said in str(caught.value)
