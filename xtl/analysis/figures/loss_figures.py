"""Figures of training losses."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import seaborn as sns

from xtl.analysis.figures import drawing


def loss_curves(losses: pd.DataFrame, encoders: Sequence[str]) -> list[drawing.Picture]:
    """A figure a phase: a line an encoder, the mean over runs and, as a band, their whole range.

    losses: columns run, phase, encoder, step and loss (nats).
    """
    colours = drawing.palette(encoders)
    pictures = []
    for phase, rows in losses.groupby("phase", sort=False):
        with drawing.style():
            figure, axes = drawing.canvas(1, 1, (3.4, 2.2), top=0.4)
            sns.lineplot(
                rows, x="step", y="loss", hue="encoder", style="encoder", palette=colours, ax=axes[0, 0],
                errorbar=("pi", 100),
            )  # fmt: skip
            axes[0, 0].set(ylabel="training loss (nats)", title=phase)
            axes[0, 0].legend(title=None, frameon=False)
        last = rows[rows["step"] == rows.groupby("run")["step"].transform("max")]
        means = last.groupby("encoder", sort=False)["loss"].mean()
        words = "; ".join(f"{name} ends at {value:.2f}" for name, value in means.items())
        pictures.append(drawing.Picture(figure, f"Training loss of the {phase} runs by step: {words}."))
    return pictures
