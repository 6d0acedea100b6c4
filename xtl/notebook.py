"""What every notebook shows and where it writes: the run's folder, the loss curve, scores by language, parameters."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from xtl.base.places import outputs_root
from xtl.runs.store import write_facts


@dataclass(frozen=True)
class Here:
    """Where the notebook at hand writes, and what its score rows are called."""

    folder: Path
    run_id: str
    labels: dict

    def facts(self, **values) -> None:
        """Record facts of this run; they end up in run.json."""
        write_facts(self.folder, **values)


def begin(phase: str, run_dir: str, labels: dict) -> Here:
    """The run folder that `xtl run` chose, or outputs/scratch/<phase> for a notebook that is run by hand."""
    quiet()
    folder = Path(run_dir) if run_dir else outputs_root() / "scratch" / phase
    folder.mkdir(parents=True, exist_ok=True)
    run_id = folder.name.rsplit("-", 1)[-1] if run_dir else "scratch"
    return Here(folder, run_id, {"source": "en", "provenance": "native", **labels})


def quiet() -> None:
    """Leave out what libraries print that says nothing about the run: bars for loading, reports on new heads."""
    import transformers
    from datasets.utils.logging import disable_progress_bar

    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    disable_progress_bar()


def scratch_checkpoint() -> str:
    """The encoder that 0_pretrain.ipynb leaves when it is run by hand; makes a tiny one where there is none."""
    folder = outputs_root() / "scratch" / "pretrain" / "checkpoint"
    if not (folder / "config.json").is_file():
        from xtl.models.recipes import Pretraining
        from xtl.training import pretrain as pretraining

        settings = Pretraining(architecture="bert", layers=2, hidden=64, steps=60, batch_tokens=2048)
        prepared = pretraining.prepare(settings, {"kind": "lab", "languages": 12, "sentences": 400, "seed": 0}, seed=0)
        model = pretraining.build(settings, prepared.tokenizer, seed=0)
        pretraining.train(settings, model, prepared, folder.parent, seed=0)
        pretraining.save(model, prepared.tokenizer, folder.parent)
    return str(folder)


def steps_of(checkpoint: str) -> int:
    """The training steps of the run that left a checkpoint; 0 without one."""
    if not checkpoint:
        return 0
    return json.loads((Path(checkpoint).parent / "run.json").read_text(encoding="utf-8"))["facts"]["steps"]


def loss_curve(log: pd.DataFrame, unit: str = "nats") -> None:
    """Draw the training loss over the steps."""
    import matplotlib.pyplot as plt
    import seaborn as sns

    from xtl.analysis.figures.gain_figures import style

    with style():
        figure, axis = plt.subplots(figsize=(7, 2.8))
        sns.lineplot(log, x="step", y="loss", ax=axis)
        axis.set(xlabel="step", ylabel=f"training loss ({unit})", ylim=(0, None))
        sns.despine(figure)
        plt.show()


def score_bars(scores: pd.DataFrame, source: str = "en") -> None:
    """Draw the headline score of every language, the source language set apart.

    Args:
        scores: rows as `xtl.evaluation.evaluate.write` returns them; one small picture a target and metric.
    """
    import matplotlib.pyplot as plt
    import seaborn as sns

    from xtl.analysis.figures.gain_figures import style

    rows = scores[scores.headline].copy()
    rows["training"] = rows.language.eq(source).map({True: "source language", False: "zero-shot"})
    with style():
        for (target, metric), part in rows.groupby(["target", "metric"], sort=False):
            figure, axis = plt.subplots(figsize=(max(4, 0.5 * len(part)), 2.6))
            sns.barplot(part, x="language", y="value", hue="training", dodge=False, ax=axis)
            axis.set(title=f"{target}", xlabel="language", ylabel=f"{metric} (points)", ylim=(0, 100))
            axis.legend(title=None, loc="upper right", ncols=2)
            sns.despine(figure)
            plt.show()


def layer_curve(scores: pd.DataFrame) -> None:
    """Draw each target's score over layers for every pooling, a line per language, the recipe's layer marked."""
    import matplotlib.pyplot as plt
    import seaborn as sns

    from xtl.analysis.figures.gain_figures import style
    from xtl.tasks.catalog import TASKS

    for target, rows in scores.groupby("target", sort=False):
        metric = TASKS[target].score[0]
        rows = rows[rows.metric == metric]
        with style():
            grid = sns.relplot(
                rows, x="layer", y="value", hue="language", col="pooling", kind="line", marker="o", height=3, aspect=1.2
            )
            for axis in grid.axes.flat:
                axis.axvline(rows[rows.headline].layer.iloc[0], color="0.5", linestyle=":", linewidth=1)
            label = f"{target}: {metric} (points)"
            grid.set(xlabel="layer (0: embeddings; dotted: the recipe's)", ylabel=label, ylim=(0, 100))
            plt.show()


def show_predictions(shown: dict, most: int = 3) -> None:
    """Display a few predictions beside their gold answers, for the first languages of every target."""
    from IPython.display import Markdown, display

    for (target, language), table in list(shown.items())[:most]:
        display(Markdown(f"**{target}, {language}**"))
        shown = table.style.hide(axis="index").format(escape="html")  # a styled table shows markup as markup otherwise
        display(shown.set_properties(**{"text-align": "left", "white-space": "pre-wrap"}))


def resolved(names: dict, keys: list[str]):
    """The parameters that this run really used, as a table that cuts no value (shown at the end of every notebook)."""
    rows = [(key, names[key]) for key in keys if key in names]
    return uncut(pd.DataFrame(rows, columns=["parameter", "value"]).astype(str))


def uncut(table: pd.DataFrame):
    """A table without its index as pandas shows it, but with whole texts, in which markup stays text."""
    shown = table.style.hide(axis="index").format(escape="html", precision=2, na_rep="")
    return shown.set_properties(**{"text-align": "left", "overflow-wrap": "anywhere"})
