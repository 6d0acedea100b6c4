"""What an evaluation finds: score rows, per-example rows, submission files, predictions to read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from datasets import Dataset

from xtl.base.files import replacing
from xtl.runs.record import Labels
from xtl.runs.store import write_examples, write_scores
from xtl.tasks.catalog import TASKS, Task
from xtl.tasks.formats import format_of
from xtl.training.prediction import Scored

SHOWN = 5  # predictions of a language that a reader sees


@dataclass
class Evaluation:
    """What an evaluation leaves behind.

    Attributes:
        folder: the run's folder; submission files are written below it while languages are evaluated.
        n_train: examples that the model was trained on for the target.
        selection: which of its weights were kept, "none" where nothing was trained.
        rows: of scores, as scores.parquet has them, without what is the same in all of them.
        examples: target, language, example_id, score of every evaluated example; of questions passage, a number that
            those on one text share.
        shown: (target, language) -> table of a few predictions.
    """

    folder: Path
    n_train: int
    selection: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    examples: list[pd.DataFrame] = field(default_factory=list)
    shown: dict[tuple[str, str], pd.DataFrame] = field(default_factory=dict)

    def add(
        self,
        target: str,
        language: str,
        metrics: dict[str, float],
        n: int,
        columns: Mapping[str, Any],
        layer: int | None = None,
        pooling: str | None = None,
        headline: bool = True,
    ) -> None:
        """Rows of the metrics (in points) of n test examples of a target in a language, with further columns.

        The headline stands for the model; other rows are of its other layers, poolings or selections.
        """
        test = {"target": target, "language": language, "split": "test", "n": n, **columns}
        place = {"layer": layer, "pooling": pooling, "headline": headline}
        self.rows += [{**test, "metric": metric, "value": value, **place} for metric, value in metrics.items()]

    def keep(self, task: Task, language: str, examples: Dataset, ids: Sequence[str], scored: Scored) -> None:
        """The predictions of a language: its examples' scores, a few to read, and XTREME's file."""
        task_format = format_of(task)
        rows = {"target": task.name, "language": language, "example_id": ids, "score": scored.per_example}
        if "context" in examples.column_names:  # questions on one text are no independent examples
            rows["passage"] = pd.factorize(pd.Series(list(examples["context"])))[0]
        self.examples.append(pd.DataFrame(rows))
        self.shown[task.name, language] = task_format.show(scored.predictions, examples, SHOWN)
        if task.submission:
            path = self.folder / "predictions" / task.submission / f"test-{language}.{task_format.suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path, durable=False) as temporary:
                temporary.write_text(task_format.submission(scored.predictions, examples), encoding="utf-8")

    def table(self, metric: str | None = None) -> pd.DataFrame:
        """Headline scores in points, a row per language, a column per target and metric."""
        rows = pd.DataFrame(self.rows)
        rows = rows[rows.headline]
        if metric:
            rows = rows[rows.metric == metric]
        order = list(dict.fromkeys(rows.language))
        return rows.pivot_table(index="language", columns=["target", "metric"], values="value").loc[order]

    def write(self, run_id: str, labels: Labels) -> pd.DataFrame:
        """Write scores.parquet and examples.parquet of a target run; returns the score rows.

        A row is zero-shot where the language is not the source's and no label of it chose anything (the threshold of
        mining is chosen on gold pairs of the language) or was trained on, by target training or an intermediate
        (`labels.seen`). Rows that name their own `selection` keep it.
        """
        rows = pd.DataFrame(self.rows).assign(run_id=run_id, n_train=self.n_train)
        for name in ("encoder", "architecture", "intermediate", "source", "provenance", "seed"):
            rows[name] = getattr(labels, name)
        for name in ("selection", "zero_shot"):
            if name not in rows:
                rows[name] = None
        rows["selection"] = rows.selection.fillna(self.selection)
        on_english = rows.selection.str.startswith("english_dev") & (rows.language == "en")
        on_gold = rows.target.map(lambda target: "validation" in TASKS[target].evaluation_splits)
        seen = [row.language in labels.seen.get(row.target, ()) for row in rows.itertuples()]
        touched = (rows.language == labels.source) | on_english | on_gold | pd.Series(seen, rows.index)
        rows["zero_shot"] = ~touched & rows.zero_shot.ne(False)
        write_scores(self.folder, rows)
        write_examples(self.folder, pd.concat(self.examples, ignore_index=True))
        return rows
