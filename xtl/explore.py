"""Slicing a grid by hand, finished or not: tidy scores, two runs example by example, losses; reads only the store."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import seaborn as sns

from xtl.analysis.figures import drawing
from xtl.analysis.scores import gains, tables
from xtl.base.errors import UserError
from xtl.base.places import REPOSITORY
from xtl.grid import experiment, plan
from xtl.runs.store import Store
from xtl.tasks.catalog import TASKS
from xtl.tasks.sources import DataSource, from_parameters

RUN = ["encoder", "intermediate", "source", "provenance", "seed"]  # what names a run of a target


class Opened(NamedTuple):
    """A grid with what the store holds of it.

    path: the grid file. data: the data source. plan: xtl.grid.plan.Plan. found: tables.gather of it. store: where from.
    """

    path: Path
    data: DataSource
    plan: object
    found: tables.Gathered
    store: Store

    @property
    def name(self) -> str:
        """The grid's name."""
        return self.plan.experiment.name


def open_grid(grid: str | Path, overrides: Sequence[str] = (), store: Store | None = None) -> Opened:
    """Read a grid file and everything that the store holds of it; changes nothing.

    grid: a relative path is looked up from here, then from the repository. overrides: settings as after --set.
    store: default the outputs folder.
    """
    path, store = Path(grid) if Path(grid).exists() else REPOSITORY / grid, store or Store()
    made = plan.make(experiment.load(path, list(overrides)))
    return Opened(path, made.experiment.data_source(), made, tables.gather(made, store), store)


def state(opened: Opened) -> str:
    """How much of the grid is done, and what to run for the rest, in a sentence or two."""
    cells = opened.found.cells
    done = int((cells["status"] == "done").sum())
    rest = "" if done == len(cells) else f" To run what is missing: xtl run {_short(opened.path)}"
    return f"{opened.name}: {done} of {len(cells)} cells are done.{rest}"


def _short(path: Path) -> str:
    path = path.absolute()
    return str(path.relative_to(REPOSITORY) if path.is_relative_to(REPOSITORY) else path)


def scores(opened: Opened) -> pd.DataFrame:
    """One row per cell, seed and language: the main score in points, and what one slices it by.

    Columns: encoder, architecture, intermediate, target, source, provenance, seed, language, name, family, distance
    (from the source, 0 to 1, the one that the report leads with; NaN where it is not known), score, baseline (the score
    of the same seed without intermediate training), gain, same_data, n, status, run_id. A missing score is NaN; a cell
    that has no run yet has rows for the languages that the grid asks for.
    """
    main = tables.main_scores(opened.found.cells, opened.found.scores, opened.found.languages)
    gained = gains.gains(main)
    key = [*tables.CELL, "seed", "language"]
    table = main.merge(gained[[*key, "baseline", "gain"]], on=key, how="left")
    away = {source: opened.data.linguistics.distance(source) for source in table["source"].unique()}
    facts = {
        "name": table["language"].map(opened.data.linguistics.names()),
        "family": table["language"].map(opened.data.linguistics.families()),
        "distance": [away[s].get(code, np.nan) for s, code in zip(table["source"], table["language"], strict=True)],
    }
    order = [*key, *facts, "score", "baseline", "gain", "same_data", "n", "status", "run_id"]
    return table.assign(**facts)[order]


def pivot(table: pd.DataFrame, rows: str | list[str], columns: str | list[str], value: str = "score") -> pd.DataFrame:
    """Means of a column over everything that `rows` and `columns` do not name, in the order of the grid.

    A mean over a part is another number, so one missing value makes its mean NaN; so is what the table has no row for.
    """
    rows, columns = ([names] if isinstance(names, str) else list(names) for names in (rows, columns))
    grouped = table.groupby([*rows, *columns], sort=False, dropna=False)[value]
    wide = grouped.agg(lambda values: values.astype(float).mean(skipna=False)).unstack(columns)
    return wide.iloc[_order(wide.index, table), _order(wide.columns, table)]


def _order(index: pd.Index, table: pd.DataFrame) -> list[int]:
    """Positions of an index in the order in which its values first appear in the table, the first level slowest."""
    ranks = [pd.Index(table[name].unique()).get_indexer(index.get_level_values(name)) for name in index.names]
    return list(np.lexsort(ranks[::-1]))


# --- two runs, example by example ---


def finished(opened: Opened, target: str = "") -> pd.DataFrame:
    """The cells whose runs are done, in the order of the grid; target: only those of one target."""
    cells = opened.found.cells
    return cells[(cells["status"] == "done") & ((cells["target"] == target) | (not target))].reset_index(drop=True)


def choose(
    opened: Opened, target: str = "", first: Mapping | None = None, second: Mapping | None = None
) -> tuple[pd.Series, pd.Series]:
    """Two finished cells of one target to compare.

    target: default the first with two finished cells. first, second: any of encoder, intermediate, source, provenance
    and seed; what they leave open is the first that fits, and for `second` the one that differs least from the first.
    Raises UserError, with what has finished, where there is no such pair.
    """
    done = finished(opened)
    counts = done["target"].value_counts()
    target = target or next((name for name in done["target"] if counts[name] > 1), "")
    here = done[done["target"] == target]
    if len(here) < 2:
        what = f"Fewer than two runs of {target}" if target else "No two runs of one target"
        raise UserError(f"{what} have finished. {state(opened)}")
    one = _matching(here, first or {}, target).iloc[0]
    others = _matching(here[here["run_id"] != one["run_id"]], second or {}, target)
    alike = (others[RUN] == one[RUN]).sum(axis=1)
    return one, others.loc[alike.idxmax()]


def _matching(cells: pd.DataFrame, wanted: Mapping, target: str) -> pd.DataFrame:
    unknown = [name for name in wanted if name not in RUN]
    if unknown:
        raise UserError(f"A run is chosen by {', '.join(RUN)}, not by {unknown[0]!r}.")
    kept = cells
    for name, value in wanted.items():
        kept = kept[kept[name] == value]
    if kept.empty:
        known = "; ".join(f"{name}: {', '.join(map(str, dict.fromkeys(cells[name])))}" for name in RUN)
        raise UserError(f"No finished run of {target} that is left to choose has {dict(wanted)}; finished are {known}.")
    return kept


def label(cell: Mapping) -> str:
    """What a cell is called in a table: `bert · mnli · seed 0`, with its source (`de machine`) where not English."""
    kind = "" if cell["provenance"] == "native" else f" {cell['provenance']}"
    origin = "" if (cell["source"], cell["provenance"]) == ("en", "native") else f" · {cell['source']}{kind}"
    return f"{cell['encoder']} · {cell['intermediate']}{origin} · seed {cell['seed']}"


def compare(opened: Opened, first: Mapping, second: Mapping) -> pd.DataFrame:
    """Two cells of one target on the same examples, as `choose` returns them.

    Columns: language, example_id, first, second (points of the example), difference (second − first). An example that
    only one of the runs has is NaN on the other side.
    """
    sides = []
    for cell in (first, second):
        run = opened.plan.runs[cell["run_id"]]
        rows = opened.store.read_examples([run])
        rows = rows[rows["target"] == cell["target"]] if "target" in rows else rows
        sides.append(rows[["language", "example_id", "score"]])
    both = sides[0].merge(sides[1], on=["language", "example_id"], how="outer", suffixes=("_1", "_2"), sort=False)
    both = both.rename(columns={"score_1": "first", "score_2": "second"})
    return both.assign(difference=both["second"] - both["first"])


def differing(compared: pd.DataFrame) -> pd.DataFrame:
    """The examples on which two runs differ, the largest difference first."""
    rows = compared[compared["difference"].abs() > 0]
    return rows.sort_values("difference", key=abs, ascending=False, kind="stable", ignore_index=True)


def tally(compared: pd.DataFrame) -> pd.DataFrame:
    """A row a language: examples, on how many the second run is better, equal or worse, and the mean difference.

    About these two runs alone: another seed moves every one of these numbers.
    """
    sign = np.sign(compared["difference"])
    counts = pd.DataFrame({
        "language": compared["language"], "better": sign > 0, "equal": sign == 0, "worse": sign < 0,
        "missing": sign.isna(),
    })  # fmt: skip
    result = counts.groupby("language", sort=False).sum()
    result.insert(0, "examples", compared.groupby("language", sort=False).size())
    return result.assign(difference=compared.groupby("language", sort=False)["difference"].mean())


# --- predictions ---


def _lines(text: str, ids: list[str], path: Path) -> list[str]:
    return _aligned(text.splitlines(), ids, path)


def _sentences(text: str, ids: list[str], path: Path) -> list[str]:
    return _aligned([" ".join(block.split()) for block in text.split("\n\n") if block.strip()], ids, path)


def _answers(text: str, ids: list[str], path: Path) -> list[str | None]:
    answers = json.loads(text)
    return [answers.get(name) for name in ids]


def _pairs(text: str, ids: list[str], path: Path) -> list[str | None]:
    """What each foreign sentence of a gold pair was paired with."""
    mined = dict(line.split("\t", 1) for line in text.splitlines() if line)
    return [mined.get(name.partition("\t")[0]) for name in ids]


def _aligned(values: list[str], ids: list[str], path: Path) -> list[str]:
    if len(values) != len(ids):
        raise UserError(f"{path} holds {len(values):,} predictions, but the run scored {len(ids):,} examples.")
    return values


READ: dict[str, Callable[[str, list[str], Path], list]] = {
    "classification": _lines, "retrieval": _lines, "tagging": _sentences, "span": _answers, "mining": _pairs,
}  # fmt: skip


def predictions(opened: Opened, cell: Mapping, language: str) -> pd.DataFrame:
    """What a finished run predicted in one language: columns example_id, score (points) and prediction.

    Read from the benchmark's submission file: the label; the tags of a sentence; the answer; of retrieval the index,
    and of mining the id, of the sentence found. Raises UserError where the run kept no such file.
    """
    task, run = TASKS[cell["target"]], opened.plan.runs[cell["run_id"]]
    rows = opened.store.read_examples([run])
    rows = rows[(rows["language"] == language) & (rows["target"] == task.name if "target" in rows else True)]
    files = (opened.store.folder(run) / "predictions" / (task.submission or "")).glob(f"test-{language}.*")
    path = next(iter(sorted(files)), None)
    if path is None or rows.empty:
        raise UserError(f"{label(cell)} kept no predictions of {task.name} in {language!r}.")
    ids = [str(name) for name in rows["example_id"]]
    values = READ[task.format](path.read_text("utf-8"), ids, path)
    return pd.DataFrame({"example_id": ids, "score": rows["score"].to_numpy(), "prediction": values})


def side_by_side(opened: Opened, first: Mapping, second: Mapping, language: str, texts: bool = False) -> pd.DataFrame:
    """The examples of one language on which two runs differ, with both predictions, the largest difference first.

    texts: then also the test examples themselves, which the data source holds, not the store (`examples`).
    Columns: example_id, difference (points), first, second (the predictions), then those of the texts.
    """
    a, b = (predictions(opened, cell, language) for cell in (first, second))
    both = a.merge(b, on="example_id", suffixes=("_1", "_2"))
    both = differing(both.assign(difference=both["score_2"] - both["score_1"]))
    both = both.rename(columns={"prediction_1": "first", "prediction_2": "second"})
    both = both[["example_id", "difference", "first", "second"]]
    return both.merge(examples(opened, first, language), on="example_id", how="left") if texts else both


def examples(opened: Opened, cell: Mapping, language: str) -> pd.DataFrame:
    """The test examples of a cell's target from the data source, as text: example_id and its canonical columns.

    The only function here that reads more than the store. Labels and tags are named, lists joined by spaces.
    """
    run = opened.plan.runs[cell["run_id"]]
    data = from_parameters(run.params["data"], run.passed.get("folders"))
    task = data.resolved(cell["target"])
    table = data.examples(cell["target"], "test", language).to_pandas()
    for name in table.columns:
        named = task.labels if name in ("label", "tags") else ()
        table[name] = [_text(value, named) for value in table[name]]
    return table.rename(columns={"id": "example_id"})


def _text(value, named: Sequence[str]) -> str:
    values = value if isinstance(value, list | np.ndarray) else [value]
    return " ".join(str(named[each] if named else each) for each in values)


# --- curves ---


def losses(opened: Opened) -> pd.DataFrame:
    """Training losses as the runs recorded them: run, phase, encoder, intermediate, seed, step and loss (nats).

    Runs of versions that did not record them are absent. A retrieval target trains nothing and has none.
    """
    columns = ["run", "phase", "encoder", "intermediate", "seed", "step", "loss"]
    parts = []
    for record in opened.found.records.values():
        curve = record.facts.get("losses")
        if curve:
            labels = {name: record.labels.to_dict().get(name, "") for name in columns[2:5]}
            parts.append(pd.DataFrame({"run": record.slug, "phase": record.phase, **labels, **curve}))
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def loss_curves(table: pd.DataFrame) -> list[drawing.Picture]:
    """A figure a phase of `losses`: a line an encoder, the mean over runs and, as a band, their whole range."""
    names = list(dict.fromkeys(table["encoder"]))
    colours, pictures = drawing.palette(names), []
    for phase, here in table.groupby("phase", sort=False):
        with drawing.style():
            figure, axes = drawing.canvas(1, 1, (3.4, 2.2), top=0.4)
            sns.lineplot(
                here, x="step", y="loss", hue="encoder", style="encoder", palette=colours, ax=axes[0, 0],
                errorbar=("pi", 100),
            )  # fmt: skip
            axes[0, 0].set(ylabel="training loss (nats)", title=phase)
            axes[0, 0].legend(title=None, frameon=False)
        last = here[here["step"] == here.groupby("run")["step"].transform("max")].groupby("encoder", sort=False)["loss"]
        words = "; ".join(f"{name} ends at {value:.2f}" for name, value in last.mean().items())
        pictures.append(drawing.Picture(figure, f"Training loss of the {phase} runs by step: {words}."))
    return pictures
