"""What `xtl.open` gives: a grid with its tables, questions and figures, and its runs example by example."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import pandas as pd
from markupsafe import escape

from xtl.analysis.figures.curves import loss_curves
from xtl.analysis.figures.drawing import Picture
from xtl.analysis.questions import QUESTIONS
from xtl.analysis.results import Results
from xtl.analysis.scores.slices import differing, label
from xtl.analysis.section import RunPage, Section, anchor, style
from xtl.base.errors import UserError
from xtl.base.places import REPOSITORY
from xtl.evaluation import submissions
from xtl.evaluation.lab_shortcuts import lab_shortcuts
from xtl.grid import experiment, registration
from xtl.grid.plan import Plan, make
from xtl.runs.record import FINETUNING_SEED
from xtl.runs.store import NOTEBOOK_FILE, Store
from xtl.tasks.catalog import TASKS
from xtl.tasks.sources import LabSource, from_parameters

RUN = ["encoder", "intermediate", "source", "provenance", "seed"]  # what names a run of a target
LOSSES = ["run", "phase", "encoder", "intermediate", "seed", "step", "loss"]


@dataclass(eq=False, repr=False, kw_only=True)
class OpenGrid(Results):
    """A grid, finished or not, with everything that its runs left in the store; looking at it changes nothing.

    Tables: `scores`, `gains`, `runs`, `losses`. Questions: `results["gains"]` or `results.question("gains")`. Figures:
    `results.figure("gains")`. Runs: `pair`, `compare`, `predictions`, `side_by_side`, `examples`.

    Attributes:
        path: the grid file.
        plan: its runs and cells.
        store: where the runs lie.
    """

    path: Path
    plan: Plan
    store: Store
    answered: dict[str, Section] = field(default_factory=dict)

    # --- what is there ---

    @property
    def state(self) -> str:
        """How much of the grid is done, and what to run for the rest, in a sentence or two.

        >>> results.state
        'smoke: 11 of 12 cells are done. To run what is missing: xtl run params/smoke.yaml'
        """
        done = int((self.cells["status"] == "done").sum())
        said = f"{self.name}: {done} of {len(self.cells)} cells are done."
        if done == len(self.cells):
            return said
        path = self.path.absolute()
        shown = path.relative_to(REPOSITORY) if path.is_relative_to(REPOSITORY) else path
        return f"{said} To run what is missing: xtl run {shown}"

    @property
    def questions(self) -> list[str]:
        """Names of the questions, in the order of the report.

        >>> "similarity" in results.questions
        True
        """
        return list(QUESTIONS)

    def _lines(self) -> list[str]:
        """What `repr` says: the question, what is done, what there is, what to type next."""
        kinds = [*("encoder", "intermediate", "target", "seed"), *_finetuning(self.cells)]
        sizes = [f"{kind.replace('_', ' ')}s: {', '.join(map(str, dict.fromkeys(self.cells[kind])))}" for kind in kinds]
        return [
            self.wording,
            self.state,
            "; ".join(sizes) + ".",
            "Tables: .scores, .gains, .runs, .losses. Figures: .figure(QUESTION).",
            f"Questions, as in results[{self.questions[0]!r}]: {', '.join(self.questions)}.",
        ]

    def __repr__(self) -> str:
        return "\n".join(self._lines())

    def _repr_html_(self) -> str:
        first, *rest = [escape(line) for line in self._lines()]
        return f'{style()}<section class="xtl"><h2>{first}</h2><p>{"<br>".join(rest)}</p></section>'

    # --- questions ---

    @cached_property
    def pages(self) -> dict[str, RunPage]:
        """Run id -> its page in the report; of a run that left no notebook, its row in the table of runs."""
        pages = {}
        for identity, record in self.records.items():
            left = (record.folder / NOTEBOOK_FILE).is_file()
            address = f"runs/{record.slug}-{identity}.html" if left else f"#{anchor(identity)}"
            pages[identity] = RunPage(record.slug, address)
        return pages

    def question(self, name: str) -> Section:
        """The answer to one question: words, figures and tables, as the report shows them; computed once.

        Raises UserError for a question that there is not.

        >>> results.question("missing").title
        'What is missing'
        """
        if name not in QUESTIONS:
            raise UserError(f"There is no question {name!r}; there are {', '.join(QUESTIONS)}.")
        if name not in self.answered:
            self.answered[name] = replace(QUESTIONS[name](self), pages=self.pages)
        return self.answered[name]

    def __getitem__(self, name: str) -> Section:
        """The same as `question`; a notebook completes the names."""
        return self.question(name)

    def _ipython_key_completions_(self) -> list[str]:
        return self.questions

    def figure(self, name: str, number: int = 1) -> Picture:
        """A figure of a question, by default its first. Raises UserError where it has fewer.

        >>> results.figure("gains").alt[:50]
        'Heat map, Gain of mnli: gain over none in points f'
        """
        figures = self.question(name).figures
        if not 1 <= number <= len(figures):
            raise UserError(f"The question {name!r} has {len(figures)} figures here; {number} is none of them.")
        return figures[number - 1]

    # --- two runs, example by example ---

    def finished(self, target: str = "") -> pd.DataFrame:
        """The cells whose runs are done, in the order of the grid; target: only those of one target.

        >>> results.finished("xquad")[["encoder", "intermediate", "seed"]].to_numpy().tolist()
        [['bert', 'none', 0], ['bert', 'mnli', 0], ['xlnet', 'none', 0]]
        """
        done = self.cells[self.cells["status"] == "done"]
        wanted = done[done["target"] == target] if target else done
        return wanted.reset_index(drop=True)

    def pair(
        self, target: str = "", first: Mapping | None = None, second: Mapping | None = None
    ) -> tuple[pd.Series, pd.Series]:
        """Two finished cells of one target to compare.

        target: default the first with two finished cells. first, second: any of encoder, intermediate, source,
        provenance, seed and, where the grid crosses seeds, finetuning_seed; what they leave open is the first that
        fits, and for `second` the one that differs least from the first. Raises UserError, with what has finished,
        where there is no such pair.

        >>> [label(cell) for cell in results.pair("xquad", {"encoder": "bert"})]
        ['bert · none · seed 0', 'bert · mnli · seed 0']
        """
        done = self.finished()
        counts = done["target"].value_counts()
        several = [name for name in done["target"] if counts[name] > 1]
        target = target or (several[0] if several else "")
        cells = self.finished(target) if target else done.iloc[:0]
        if len(cells) < 2:
            what = f"Fewer than two runs of {target}" if target else "No two runs of one target"
            raise UserError(f"{what} have finished. {self.state}")
        one = _matching(cells, first or {}, target).iloc[0]
        others = _matching(cells[cells["run_id"] != one["run_id"]], second or {}, target)
        names = [*RUN, *_finetuning(cells)]
        alike = (others[names] == one[names]).sum(axis=1)
        return one, others.loc[alike.idxmax()]

    def compare(self, first: Mapping, second: Mapping) -> pd.DataFrame:
        """Two cells of one target on the same examples, as `pair` returns them.

        Columns: language, example_id, first, second (points of the example), difference (second − first). An example
        that only one of the runs has is NaN on the other side.

        >>> results.compare(*results.pair("tatoeba")).head(2)
          language example_id  first  second  difference
        0      qaa         q1  100.0   100.0         0.0
        1      qaa         q2    0.0   100.0       100.0
        """
        left, right = (self._examples(cell)[["language", "example_id", "score"]] for cell in (first, second))
        both = left.merge(right, on=["language", "example_id"], how="outer", suffixes=("_1", "_2"), sort=False)
        both = both.rename(columns={"score_1": "first", "score_2": "second"})
        return both.assign(difference=both["second"] - both["first"])

    def _examples(self, cell: Mapping) -> pd.DataFrame:
        """The examples that a cell's run scored, of the cell's target."""
        rows = self.store.read_examples([self.plan.runs[cell["run_id"]]])
        return rows[rows["target"] == cell["target"]] if "target" in rows else rows

    def predictions(self, cell: Mapping, language: str) -> pd.DataFrame:
        """What a finished run predicted in one language: columns example_id, score (points) and prediction.

        Read from the benchmark's submission file: the label; the tags of a sentence; the answer; of retrieval the
        index, and of mining the id, of the sentence found. Raises UserError where the run kept no such file.

        >>> results.predictions(results.pair("xnli")[0], "en")
          example_id  score  prediction
        0         q1  100.0  entailment
        1         q2    0.0     neutral
        2         q3   50.0  entailment
        """
        task = TASKS[cell["target"]]
        folder = self.store.folder(self.plan.runs[cell["run_id"]]) / "predictions" / (task.submission or "")
        files = sorted(folder.glob(f"test-{language}.*"))
        rows = self._examples(cell)
        rows = rows[rows["language"] == language]
        if not files or rows.empty:
            raise UserError(f"{label(cell)} kept no predictions of {task.name} in {language!r}.")
        ids = [str(name) for name in rows["example_id"]]
        values = submissions.predicted(files[0], task.format, ids)
        return pd.DataFrame({"example_id": ids, "score": rows["score"].to_numpy(), "prediction": values})

    def side_by_side(self, first: Mapping, second: Mapping, language: str, texts: bool = False) -> pd.DataFrame:
        """The examples of one language on which two runs differ, with both predictions, the largest difference first.

        texts: then also the test examples themselves, which the data source holds, not the store (`examples`).
        Columns: example_id, difference (points), first, second (the predictions), then those of the texts.

        >>> results.side_by_side(*results.pair("xquad"), "qaa")
          example_id  difference first second
        0         q2       100.0
        1         q3       -30.0  <b>c  <b>c!
        """
        left, right = (self.predictions(cell, language) for cell in (first, second))
        both = left.merge(right, on="example_id", suffixes=("_1", "_2"))
        both = differing(both.assign(difference=both["score_2"] - both["score_1"]))
        both = both.rename(columns={"prediction_1": "first", "prediction_2": "second"})
        both = both[["example_id", "difference", "first", "second"]]
        return both.merge(self.examples(first, language), on="example_id", how="left") if texts else both

    def examples(self, cell: Mapping, language: str) -> pd.DataFrame:
        """The test examples of a cell's target from the data source, as text: example_id and its canonical columns.

        The only one here that reads more than the store. Labels and tags are named, lists joined by spaces.

        >>> list(results.examples(results.pair("xnli")[0], "qaa").columns)
        ['example_id', 'text_a', 'text_b', 'label']
        """
        run = self.plan.runs[cell["run_id"]]
        source = from_parameters(run.params["data"], run.passed.get("folders"))
        task = source.resolved(cell["target"])
        table = source.examples(cell["target"], "test", language).to_pandas()
        for name in table.columns:
            labels = dict(enumerate(task.labels)) if name in ("label", "tags") else {}
            table[name] = [_text(value, labels) for value in table[name]]
        return table.rename(columns={"id": "example_id"})

    # --- curves ---

    @cached_property
    def losses(self) -> pd.DataFrame:
        """Training losses as the runs recorded them: run, phase, encoder, intermediate, seed, step and loss (nats).

        Runs of versions that did not record them are absent. A retrieval target trains nothing and has none.

        >>> results.losses.query("phase == 'pretrain'")[["encoder", "step", "loss"]].head(2)
          encoder  step  loss
        0    bert     1   3.0
        1    bert    10   1.0
        """
        parts = []
        for record in self.records.values():
            curve = record.facts.get("losses")
            if curve:
                labels = {name: getattr(record.labels, name) for name in LOSSES[2:5]}
                parts.append(pd.DataFrame({"run": record.slug, "phase": record.phase, **labels, **curve}))
        return pd.concat(parts, ignore_index=True)[LOSSES] if parts else pd.DataFrame(columns=LOSSES)

    def loss_curves(self) -> list[Picture]:
        """A figure a phase of `losses`: a line an encoder, the mean over runs and, as a band, their whole range.

        >>> results.loss_curves()[0].alt
        'Training loss of the pretrain runs by step: bert ends at 1.00; xlnet ends at 2.00.'
        """
        return loss_curves(self.losses, self.encoders)


def open_grid(
    grid: str | Path, overrides: Sequence[str] = (), store: Store | None = None, base: str | Path = ""
) -> OpenGrid:
    """Read a grid file and everything that the store holds of it; see `xtl.open`. A run that is not there is absent."""
    path = Path(grid) if Path(grid).exists() else REPOSITORY / grid
    store = store or Store()
    plan = make(experiment.load(path, list(overrides), base))
    asked = plan.experiment
    source = asked.data_source()
    records = {identity: store.checked(run) for identity, run in plan.runs.items()}
    status = [records[identity].state.value for identity in plan.cells["run_id"]]
    wanted: dict[str, list[str]] = {}
    for run in plan.runs.values():
        for target, codes in run.params.get("evaluate", {}).items():
            wanted[target] = list(dict.fromkeys([*wanted.get(target, []), *codes]))
    return OpenGrid(
        name=asked.name,
        wording=asked.question,
        data=source,
        cells=plan.cells.assign(status=status),
        rows=store.read_scores([run for identity, run in plan.runs.items() if records[identity].done]),
        records=records,
        wanted=wanted,
        unavailable=plan.missing,
        left_out=plan.notes,
        measure_shortcuts=partial(lab_shortcuts, source, wanted) if isinstance(source, LabSource) else None,
        intermediates=asked.all_intermediates(),
        encoder_blocks=asked.encoders,
        hypotheses=asked.hypotheses,
        claims=asked.claims,
        reference=asked.reference,
        equivalence=asked.equivalence,
        dated=registration.dated(asked, store.root / asked.name),
        path=path,
        plan=plan,
        store=store,
    )


def _finetuning(cells: pd.DataFrame) -> list[str]:
    """The column of the fine-tuning seed, where the grid crosses seeds."""
    return [FINETUNING_SEED] if FINETUNING_SEED in cells else []


def _matching(cells: pd.DataFrame, wanted: Mapping, target: str) -> pd.DataFrame:
    """The cells that have the values wanted. Raises UserError where there is none, or a value names no column."""
    names = [*RUN, *_finetuning(cells)]
    unknown = [name for name in wanted if name not in names]
    if unknown:
        raise UserError(f"A run is chosen by {', '.join(names)}, not by {unknown[0]!r}.")
    kept = cells
    for name, value in wanted.items():
        kept = kept[kept[name] == value]
    if kept.empty:
        known = "; ".join(f"{name}: {', '.join(map(str, dict.fromkeys(cells[name])))}" for name in names)
        raise UserError(f"No finished run of {target} that is left to choose has {dict(wanted)}; finished are {known}.")
    return kept


def _text(value: str | int | list | np.ndarray, labels: dict) -> str:
    """A value of a test example as text; labels: number -> name."""
    values = value if isinstance(value, list | np.ndarray) else [value]
    return " ".join(str(labels.get(part, part)) for part in values)
