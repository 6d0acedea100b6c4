"""Scores without any effect, scattered as the project's designs scatter them: where the simulations start."""

import numpy as np

RUN_SD, LANGUAGE_SD = 2.0, 1.0  # points: between two runs of one cell, and between the languages of one run


def scores(rng, tables, encoders, arms, targets, seeds, languages=0, shared=0.5, run_sd=RUN_SD):
    """(tables, encoders, arms, targets, seeds), or with a last axis of languages: the accidents of runs.

    shared: share of the variance between runs that an encoder's seed brings to all its arms and targets (pretraining);
    the rest is each run's own and moves its languages together. run_sd: one number, or one for each encoder.
    """
    scale = np.broadcast_to(np.asarray(run_sd, float), encoders)[:, None, None, None]
    pretraining = rng.normal(size=(tables, encoders, 1, 1, seeds))
    own = rng.normal(size=(tables, encoders, arms, targets, seeds))
    runs = scale * (np.sqrt(shared) * pretraining + np.sqrt(1 - shared) * own)
    if not languages:
        return runs
    return runs[..., None] + LANGUAGE_SD * rng.normal(size=(*runs.shape, languages))


def over_baseline(values):
    """Gains of every arm over the first one, paired by seed."""
    return values[:, :, 1:] - values[:, :, :1]


def holds_zero(low, high):
    """Which intervals hold the truth, which is zero."""
    return (low <= 0) & (high >= 0)
