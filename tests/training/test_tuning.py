"""Which trial is taken: ties, trainings that diverged, edges, and a trial that is really made."""

import pytest

from xtl.base.errors import UserError
from xtl.lab.world.config import LabConfig
from xtl.tasks.sources import LabSource
from xtl.training.settings import IntermediateSettings
from xtl.training.trial import try_settings
from xtl.training.tuning import Trial, best, chosen, edges

DATA = LabSource(LabConfig(languages=12, sentences=400, train=100, test=20, seed=0))


def trials(*points):
    return [Trial({"learning_rate": float(number), "epochs": 3.0}, value) for number, value in enumerate(points)]


def test_the_best_is_taken_and_of_equals_the_first():
    assert best(trials(50.0, 60.0, 55.0)) == 1
    assert best(trials(50.0, 60.0, 60.0)) == 1
    assert best(trials(None, 0.0)) == 1
    assert best(trials(None, None)) is None


@pytest.fixture
def written(tmp_path):
    """Function: points of trials -> their paths."""

    def write(*points):
        paths = []
        for number, trial in enumerate(trials(*points)):
            trial.write(tmp_path / f"{number}.json")
            paths.append(str(tmp_path / f"{number}.json"))
        return paths

    return write


def test_settings_have_the_values_of_the_best_trial(written, tiny_encoders):
    names = {
        "checkpoint": str(tiny_encoders["bert"]), "tasks": ["mnli"], "data": DATA.parameters(), "seed": 0,
        "learning_rate": None, "epochs": 7, "tune": {"on": "english_dev", "learning_rate": [0.0, 1.0, 2.0]},
    }  # fmt: skip
    settings = IntermediateSettings.from_parameters({**names, "trials": written(None, 40.0, 50.0)})
    assert (settings.learning_rate, settings.epochs) == (2.0, 7.0)
    assert settings.tuned == {"learning_rate": 2.0}
    assert "trials" not in settings.read_by_run()


def test_trials_that_cannot_be_had_are_a_sentence(written, tmp_path):
    tune = {"on": "english_dev", "learning_rate": [1.0, 2.0]}
    assert chosen(written(None, 40.0), tune) == {"learning_rate": 1.0}
    with pytest.raises(UserError, match="all 2 trials of this training diverged"):
        chosen(written(None, None), tune)
    (tmp_path / "0.json").write_text("[")
    with pytest.raises(UserError, match="holds no trial"):
        chosen([str(tmp_path / "0.json")], tune)


def test_an_edge_is_the_smallest_or_the_largest_value():
    tune = {"on": "english_dev", "learning_rate": [1e-5, 2e-5, 3e-5], "epochs": [2, 4]}
    assert edges({"learning_rate": 2e-5, "epochs": 2}, tune) == {"epochs": "smallest"}
    assert edges({"learning_rate": 3e-5, "epochs": 4}, tune) == {"learning_rate": "largest", "epochs": "largest"}


@pytest.mark.parametrize(("rate", "diverges"), [(1e-3, False), (1e30, True)])
def test_a_trial_scores_english_development_data_or_diverges(tiny_encoders, tmp_path, rate, diverges):
    names = {
        "checkpoint": str(tiny_encoders["bert"]), "tasks": ["mnli"], "data": DATA.parameters(), "seed": 1000,
        "learning_rate": rate, "max_steps": 3, "batch_size": 4, "max_length": 32,
    }  # fmt: skip
    trial, trained, scores = try_settings(IntermediateSettings.from_parameters(names), DATA, tmp_path)
    assert Trial.read(tmp_path / "trial.json") == trial
    assert trial.settings["learning_rate"] == rate and trial.settings["batch_size"] == 4
    assert (trained is None) == (trial.points is None) == diverges
    if not diverges:
        assert scores.table["task"].tolist() == ["mnli"] and scores.table["n"].tolist() == [20]
        assert trial.points == scores.table["points"].iloc[0]
        assert scores.facts["learning"][0]["decisions"] == 20
