"""Seeds of pretraining and of fine-tuning apart: the runs of a grid, what they share, and what a plain list has too."""

from collections import Counter

import pytest

from xtl.base.errors import UserError
from xtl.grid.plan import CELL_COLUMNS

GRID = """
name: small
question: Which seed matters?
lab: {languages: 12, sentences: 400, train: 200, test: 40}
seeds: {pretraining: [0, 1, 2], finetuning: [0, 5]}
encoders: {a: {pretrain: {architecture: bert}}}
intermediates: {mnli: [mnli]}
targets: [xnli, tatoeba]
languages: [en, qaa]
"""
FINISHED = "encoders.b.checkpoint={}"


def by_slug(made):
    return {run.slug: run for run in made.runs.values()}


def test_every_pretraining_is_fine_tuned_with_every_seed(planned):
    made = planned()
    # per pretraining: itself, retrieval before any training, and per fine-tuning mnli and three targets
    assert Counter(run.phase for run in made.runs.values()) == {"pretrain": 3, "intermediate": 6, "target": 6 * 3 + 3}
    assert len(made.cells) == 3 * 2 * 2 * 2
    pairs = made.cells[["seed", "finetuning_seed"]].drop_duplicates().to_numpy().tolist()
    assert pairs == [[0, 0], [0, 5], [1, 0], [1, 5], [2, 0], [2, 5]]


def test_runs_have_the_seed_of_what_they_train(planned):
    runs = by_slug(planned())
    assert runs["a-s1"].params["seed"] == 1
    assert runs["a-s1"].labels.finetuning_seed is None
    assert runs["a-mnli-s1-f5"].params["seed"] == 5
    assert runs["a-mnli-s1-f5"].upstream == {"checkpoint": runs["a-s1"].id}
    assert runs["a-mnli-xnli-s1-f5"].params["seed"] == 5
    assert runs["a-mnli-xnli-s1-f5"].upstream == {"checkpoint": runs["a-mnli-s1-f5"].id}
    assert (runs["a-mnli-xnli-s1-f5"].labels.seed, runs["a-mnli-xnli-s1-f5"].labels.finetuning_seed) == (1, 5)
    assert "seed" not in runs["a-none-tatoeba-s1"].params  # one run for both seeds of fine-tuning


def test_runs_with_one_seed_for_both_are_those_of_a_plain_list(planned):
    """So a grid whose plain list has run goes on from there."""
    plain = by_slug(planned("seeds=[0]"))
    apart = by_slug(planned())
    assert {name: run.id for name, run in plain.items()} == {name: apart[name].id for name in plain}
    pretrainings = {run.id for run in planned("seeds=[0, 1, 2]").runs.values() if run.phase == "pretrain"}
    assert pretrainings == {run.id for run in apart.values() if run.phase == "pretrain"}


def test_a_plain_list_has_no_column_more(planned):
    assert list(planned("seeds=[0, 1]").cells.columns) == CELL_COLUMNS


def test_a_finished_checkpoint_varies_in_fine_tuning_alone(planned, tiny_encoders):
    made = planned(FINISHED.format(tiny_encoders["bert"]))
    own = made.cells[made.cells["encoder"] == "b"]
    assert own[["seed", "finetuning_seed"]].drop_duplicates().to_numpy().tolist() == [[0, 0], [5, 5]]
    assert by_slug(made)["b-mnli-s5"].params["seed"] == 5
    assert made.notes == ["seeds.pretraining does not vary b, which is a finished checkpoint: one instance."]


def test_trials_have_one_seed_for_both(planned):
    made = planned("tune={learning_rate: [3e-5, 1e-5]}")
    trials = [run for run in made.runs.values() if run.phase == "trial"]
    assert len(trials) == 2  # mnli, which xnli is trained on, too
    assert {run.params["seed"] for run in trials} == {1000}
    assert {run.labels.finetuning_seed for run in trials} == {None}
    assert trials[0].upstream == {"checkpoint": by_slug(made)["a-s1000"].id}


@pytest.mark.parametrize(
    "settings, said",
    [
        ("seeds={pretraining: [0]}", "the key 'seeds.finetuning' is missing"),
        ("seeds={pretraining: [0, 0], finetuning: [1]}", "seeds.pretraining: names a seed twice"),
        ("seeds={pretraining: [0], finetuning: [-1]}", "seeds.finetuning: a seed is a whole number"),
        ("seeds={pretraining: [], finetuning: [1]}", "'seeds.pretraining' is empty"),
        ("seeds={pretraining: 0, finetuning: [1]}", "seeds.pretraining: input should be a list"),
        ("seeds={pretraining: [no], finetuning: [1]}", "truth value"),
        ("seeds={pretraining: [0], finetuning: [1], data: [1]}", "unknown key 'seeds.data'"),
        ("tune={learning_rate: [3e-5, 1e-5], seed: 5}", "tune.seed: 5 is a seed of the results"),
        ("seeds=3", "seeds: input should be a list"),
    ],
)
def test_what_is_wrong_with_seeds_is_one_sentence(planned, settings, said):
    with pytest.raises(UserError, match="grid.yaml: ") as error:
        planned(settings)
    assert said in str(error.value)
    assert len(str(error.value)) < 400
