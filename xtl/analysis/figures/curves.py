"""Curves: the retrieval score over the layers of an encoder, training losses over steps."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from xtl.analysis.figures import drawing
from xtl.analysis.figures.drawing import INK, SERIES, SOFT, Look, Picture
from xtl.analysis.wording import points
from xtl.tasks.catalog import TASKS

HEIGHT = 200  # pixels
LAYER = "layer (0 = embeddings)"
RING: dict[str, Any] = dict(markersize=12, markerfacecolor="none", markeredgecolor=INK)
DASHES = ("-", "--", ":")


@drawing.style()
def layer_curves(curves: pd.DataFrame, y_range: tuple[float, float] | None = None) -> Picture:
    """The retrieval score of one target and encoder by layer, in one panel; the ring is the recipe's layer.

    Colour and marker: pooling; dashes: intermediate. Mean over languages and seeds.

    curves: as tables.layer_curves. y_range: common to panels.
    """
    target, encoder = curves.iloc[0][["target", "encoder"]]
    key = ["intermediate", "pooling", "layer"]
    grouped = curves.dropna(subset=["score"]).groupby(key, sort=False)
    means = grouped.agg(score=("score", "mean"), headline=("headline", "any")).reset_index()
    poolings = drawing.looks(dict.fromkeys(means["pooling"]))
    dashes = dict(zip(dict.fromkeys(means["intermediate"]), DASHES * len(means), strict=False))
    keys = [look.key(name) for name, look in poolings.items()]
    keys += [Look(SOFT, "", line=dash).key(name) for name, dash in dashes.items()] if len(dashes) > 1 else []
    title = f"{target} · {encoder}"
    figure, axes = drawing.panel(HEIGHT, 34, title=title, keys=keys, value=drawing.unit(target), label=LAYER)
    _prepare(axes)
    for (name, pooling), line in means.groupby(["intermediate", "pooling"], sort=False):
        look = poolings[pooling]
        axes.plot(line["layer"], line["score"], look.marker, color=look.colour, linestyle=dashes[name], markersize=5)
    rings = means[means["headline"].astype(bool)]
    axes.plot(rings["layer"], rings["score"], "o", **RING)
    if y_range:
        axes.set_ylim(y_range)
    best = means.loc[means["score"].idxmax()]
    words = f"{target} {encoder} best {points(best['score'], False)} at layer {best['layer']}, {best['pooling']}"
    return Picture(figure, f"Retrieval score by layer and pooling: {words}.")


@drawing.style()
def run_layers(scores: pd.DataFrame) -> list[Picture]:
    """The scores of one run by layer, a panel a target and pooling: a thin line a language, and their mean.

    The ring is the recipe's layer.

    scores: rows of scores.parquet with a layer.
    """
    pictures = []
    for (target, pooling), rows in scores.groupby(["target", "pooling"], sort=False):
        rows = rows[rows["metric"] == TASKS[target].score[0]]
        wide = rows.pivot_table(index="layer", columns="language", values="value", sort=False).sort_index()
        mean = wide.mean(axis=1)
        title = f"{target}, pooling: {pooling}"
        value = f"{rows['metric'].iloc[0]} (points) of every language, and the mean"
        figure, axes = drawing.panel(HEIGHT, 34, title=title, value=value, label=LAYER)
        _prepare(axes)
        axes.set_ylim(0, 100)
        axes.plot(wide.index, wide, color=SOFT, linewidth=0.8, alpha=0.6)
        axes.plot(mean.index, mean, "o-", color=SERIES[0], linewidth=2)
        for layer in dict.fromkeys(rows.loc[rows["headline"], "layer"]):
            axes.plot([layer], [mean[layer]], "o", **RING)
        words = f"best mean {points(mean.max(), False)} at layer {mean.idxmax()}"
        pictures.append(Picture(figure, f"Scores of {target} by layer, {pooling} pooling: {words}."))
    return pictures


def loss_curve(log: pd.DataFrame, unit: str) -> Picture:
    """The training loss of one run over its steps, in one panel.

    log: columns step and loss.
    """
    return _losses(log.assign(run="", encoder=""), "", [""], f"training loss ({unit})", "Training loss")


def loss_curves(losses: pd.DataFrame, encoders: Sequence[str]) -> list[Picture]:
    """A panel a phase: a line an encoder, the mean over runs and, as a band, their whole range.

    losses: columns run, phase, encoder, step and loss (nats).
    """
    value = "training loss (nats), mean and range of the runs"
    return [
        _losses(rows, str(phase), encoders, value, f"Training loss of the {phase} runs")
        for phase, rows in losses.groupby("phase", sort=False)
    ]


@drawing.style()
def _losses(losses: pd.DataFrame, title: str, encoders: Sequence[str], value: str, what: str) -> Picture:
    looks = {name: Look(colour, "") for name, colour in drawing.palette(encoders).items()}
    keys = [look.key(name) for name, look in looks.items()] if len(looks) > 1 else []
    figure, axes = drawing.panel(HEIGHT, 34, title=title, keys=keys, value=value, label="step")
    _prepare(axes)
    words = []
    for name, rows in losses.groupby("encoder", sort=False):
        steps = rows.groupby("step")["loss"].agg(["mean", "min", "max"])
        colour = looks[name].colour
        axes.fill_between(steps.index, steps["min"], steps["max"], color=colour, alpha=0.2, linewidth=0)
        axes.plot(steps.index, steps["mean"], color=colour, linewidth=1.5)
        last = rows[rows["step"] == rows.groupby("run")["step"].transform("max")]
        words.append(f"{name} ends at {last['loss'].mean():.2f}".strip())
    axes.set_ylim(bottom=0)
    return Picture(figure, f"{what} by step: {'; '.join(words)}.")


def _prepare(axes: Axes) -> None:
    """Lines in both directions, few numbers, whole steps."""
    axes.grid(True, axis="both")
    axes.tick_params(axis="y", labelcolor=SOFT)
    axes.locator_params(axis="y", nbins=5)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
