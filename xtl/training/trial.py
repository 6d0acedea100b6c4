"""A trial: a training with some settings, scored on English development data alone; its weights are not kept."""

from pathlib import Path

import pandas as pd

from xtl.grid.blocks import Tune
from xtl.runs.promises import TRIAL_FILE
from xtl.tasks.catalog import TASKS
from xtl.tasks.sources import DataSource
from xtl.training.finetune import DevScores, Trained, dev_scores, fine_tune
from xtl.training.finite import Diverged
from xtl.training.settings import IntermediateSettings
from xtl.training.tuning import Trial


def try_settings(
    settings: IntermediateSettings, data: DataSource, folder: Path
) -> tuple[Trial, Trained | None, DevScores | None]:
    """Train and score with these settings, and keep the outcome in the run's folder.

    A training that diverges is an outcome as well: settings that nobody would choose, and no failed run.

    Returns:
        the trial, what was trained, and its scores, both None where it diverged.
    """
    names = [name for name in Tune.model_fields if name in type(settings).model_fields and name != "seed"]
    values = {name: getattr(settings, name) for name in names}
    trained = None
    scores = None
    points = None
    try:
        trained = fine_tune(settings, data, folder)
    except Diverged as error:
        print(error)
    else:
        scores = dev_scores(trained, data)
        points = mean_score(scores.table)
    trial = Trial(values, points)
    trial.write(folder / TRIAL_FILE)
    return trial, trained, scores


def mean_score(scores: pd.DataFrame) -> float:
    """The mean over tasks of each one's score, which is the mean of the metrics that it names.

    scores: columns task, metric, points.
    """
    counted = [metric in TASKS[task].score for task, metric in zip(scores["task"], scores["metric"], strict=True)]
    return float(scores[counted].groupby("task")["points"].mean().mean())
