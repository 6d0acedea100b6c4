"""What every notebook shows and where it writes: the run's folder, the loss curve, scores by language, parameters."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import transformers
from datasets.utils.logging import disable_progress_bar
from IPython.display import Markdown, display
from pandas.io.formats.style import Styler

from xtl.analysis.figures import curves, dot_plots
from xtl.base.places import outputs_root
from xtl.runs.record import Labels
from xtl.runs.store import write_facts
from xtl.training.settings import Settings


@dataclass(frozen=True)
class NotebookRun:
    """Where the notebook at hand writes, and what its score rows are called."""

    folder: Path
    id: str
    labels: Labels

    def facts(self, **values: Any) -> None:
        """Record facts of this run; they end up in run.json."""
        write_facts(self.folder, **values)


def begin(phase: str, run_dir: str, labels: Mapping[str, Any]) -> NotebookRun:
    """The run that `xtl run` executes, or one in outputs/scratch/<phase> for a notebook that is run by hand."""
    quiet()
    folder = Path(run_dir) if run_dir else outputs_root() / "scratch" / phase
    folder.mkdir(parents=True, exist_ok=True)
    name = folder.name.rsplit("-", 1)[-1] if run_dir else "scratch"
    return NotebookRun(folder, name, Labels.from_dict({"source": "en", "provenance": "native", **labels}))


def quiet() -> None:
    """Leave out what libraries print that says nothing about the run: bars for loading, reports on new heads."""
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


def loss_curve(log: pd.DataFrame, unit: str = "nats") -> None:
    """Draw the training loss over the steps."""
    display(curves.loss_curve(log, unit))


def score_bars(scores: pd.DataFrame) -> None:
    """Draw the score of every language, those that were trained on set apart: a small picture a target and metric.

    Args:
        scores: rows as `Evaluation.write` returns them.
    """
    display(*dot_plots.run_scores(scores))


def layer_curve(scores: pd.DataFrame) -> None:
    """Draw each target's score over layers for every pooling, a line per language, the recipe's layer marked."""
    display(*curves.run_layers(scores))


def show_predictions(shown: Mapping[tuple[str, str], pd.DataFrame], most: int = 3) -> None:
    """Display a few predictions beside their gold answers, for the first languages of every target."""
    for (target, language), table in list(shown.items())[:most]:
        display(Markdown(f"**{target}, {language}**"))
        display(uncut(table))


def resolved(settings: Settings) -> Styler:
    """The parameters that this run really read, as a table (shown at the end of every notebook)."""
    return named_values(settings.read_by_run())


def named_values(values: Mapping[str, Any]) -> Styler:
    """Names and values as a table that cuts no value; what is not set is left out."""
    rows = [(name, readable(value)) for name, value in values.items() if value not in (None, "", {})]
    return uncut(pd.DataFrame(rows, columns=["parameter", "value"]))


def readable(value: Any) -> str:
    """A value for people.

    >>> readable({"udpos": ["en", "qaa"], "steps": 12000, "rate": 0.00020000000001})
    'udpos: en, qaa; steps: 12,000; rate: 0.0002'
    """
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {readable(part)}" for name, part in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(readable(part) for part in value)
    if isinstance(value, float):
        return f"{value:.6g}"
    return f"{value:,}" if type(value) is int else str(value)


def uncut(table: pd.DataFrame) -> Styler:
    """A table without its index as pandas shows it, but with whole texts, in which markup stays text."""
    shown = table.style.hide(axis="index").format(escape="html", precision=2, na_rep="")
    return shown.set_properties(**{"text-align": "left", "overflow-wrap": "anywhere"})
