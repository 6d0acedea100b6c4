"""Curves show the table's values; their alternative texts name the best layer and where losses end."""

import numpy as np
import pandas as pd
import pytest

from tests.analysis.figures.texts import legend, misplaced
from tests.synthetic import LANGUAGES, grid
from xtl.analysis.figures import curves
from xtl.analysis.scores import tables


def lines(picture) -> list[list[float]]:
    """The heights of the drawn lines with more than one point."""
    return [list(line.get_ydata()) for line in picture.figure.axes[0].lines if line.get_linestyle() != "None"]


def test_layers_have_a_line_an_intermediate_and_a_ring():
    cells, scores, _, _ = grid(encoders=["bert"], seeds=(0,), targets=("tatoeba",), languages=LANGUAGES[:4])
    table = tables.layer_curves(cells, scores)
    picture = curves.layer_curves(table, (0, 100))
    assert lines(picture) == [pytest.approx(part["score"]) for _, part in table.groupby("intermediate", sort=False)]
    assert "accuracy (points)" in [text.get_text() for text in picture.figure.texts]
    assert "tatoeba bert best" in picture.alt and "at layer 2, mean" in picture.alt
    assert legend(picture) == ["mean", "none", "mnli"]
    assert picture.figure.axes[0].get_ylim() == (0, 100)
    assert misplaced(picture) == []


def test_the_layers_of_a_run_show_every_language_and_the_mean():
    _, scores, _, _ = grid(encoders=["bert"], seeds=(0,), targets=("tatoeba",), intermediates=("none",))
    [picture] = curves.run_layers(scores)
    mean = scores.groupby("layer")["value"].mean()
    assert len(lines(picture)) == 12 + 1 and lines(picture)[-1] == pytest.approx(mean)
    assert picture.alt == f"Scores of tatoeba by layer, mean pooling: best mean {mean.max():.1f} at layer 2."
    assert misplaced(picture) == []


def test_losses_are_the_mean_of_the_runs_with_their_range():
    losses = pd.DataFrame([
        (f"{encoder}{run}", "target", encoder, step, base + run - step / 10)
        for encoder, base in (("bert", 3.0), ("xlnet", 4.0)) for run in (0, 1) for step in (1, 2, 3)
    ], columns=["run", "phase", "encoder", "step", "loss"])  # fmt: skip
    [picture] = curves.loss_curves(losses, ["bert", "xlnet"])
    assert picture.alt == "Training loss of the target runs by step: bert ends at 3.20; xlnet ends at 4.20."
    assert lines(picture)[0] == pytest.approx([3.4, 3.3, 3.2])
    low, high = np.percentile(picture.figure.axes[0].collections[0].get_paths()[0].vertices[:, 1], [0, 100])
    assert (low, high) == pytest.approx((2.7, 3.9))
    assert legend(picture) == ["bert", "xlnet"]
    assert misplaced(picture) == []


def test_the_loss_of_a_run():
    picture = curves.loss_curve(pd.DataFrame({"step": [1, 2], "loss": [2.0, 1.5]}), "nats")
    assert lines(picture) == [[2.0, 1.5]]
    assert picture.alt == "Training loss by step: ends at 1.50."
    assert "training loss (nats)" in [text.get_text() for text in picture.figure.texts]
    assert misplaced(picture) == []
