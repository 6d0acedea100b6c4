"""Scores without any effect, scattered as the project's designs scatter them: where the simulations start."""

import numpy as np
import pandas as pd

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


FORMATS = ("udpos", "xquad", "tatoeba", "xnli", "panx", "mlqa", "bucc", "pawsx", "tydiqa")


def planted(rng, slope, seeds=3, targets=3, intermediates=1, languages=12, gradient=30.0):
    """Rows as tables.main_scores with a gain that rises by `slope` points per unit of similarity, and the similarity.

    gradient: points by which the scores themselves rise with similarity, before any intermediate training. Languages
    differ by 6 points, and by 4 more for each encoder and target (sd); gains by 1 point between languages and by 1
    between the languages of a target; the accidents of runs are those of `scores`.
    """
    encoders, similarity = 3, rng.permutation(np.linspace(0, 1, languages))
    level = 40 + gradient * similarity + 6 * rng.normal(size=languages)
    level = level + 4 * rng.normal(size=(encoders, targets, languages)) + 5 * rng.normal(size=(targets, 1))
    gain = 2 + slope * (similarity - 0.5) + rng.normal(size=languages) + rng.normal(size=(targets, languages))
    values = scores(rng, 1, encoders, 1 + intermediates, targets, seeds, languages)[0] + level[:, None, :, None, :]
    values[:, 1:] += gain[:, None, :]
    names = [("bert", "roberta", "xlnet"), ("none", "mnli", "squad2", "ccg")[: 1 + intermediates], FORMATS[:targets]]
    codes = [f"l{i}" for i in range(languages)]
    index = pd.MultiIndex.from_product(
        [*names, range(seeds), codes], names=["encoder", "intermediate", "target", "seed", "language"]
    )
    table = pd.DataFrame({"score": values.ravel()}, index=index).reset_index()
    return table.assign(source="en", provenance="native", same_data=False), pd.Series(similarity, codes)
