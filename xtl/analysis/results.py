"""What a grid found: its scores, gains and runs, and every table that a question reads, each computed once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from xtl.analysis.scores import arms, correlations, finetunings, items, provenance, relations, tables
from xtl.analysis.scores.declared import Gains
from xtl.analysis.scores.gains import described, pooled_gains
from xtl.analysis.scores.gains import gains as paired_gains
from xtl.analysis.scores.relations import Relations
from xtl.analysis.scores.tables import BASELINE, CELL
from xtl.analysis.wording import listing
from xtl.grid.blocks import Encoder, Intermediate
from xtl.grid.reference import Reference
from xtl.grid.registration import UNKNOWN
from xtl.grid.schema import Claim, Hypothesis
from xtl.runs.record import FINETUNING_SEED, RunRecord
from xtl.tasks.sources import DataSource


@dataclass(eq=False, repr=False)
class Results:
    """The tables of a grid, finished or not. `xtl.open` reads what they are made of, questions show them.

    Attributes:
        name, wording: the grid's name and the question that its file asks.
        data: the data source.
        cells: the grid's cells (tables.CELL_COLUMNS), a row a run and cell, with the status of the run; and
            finetuning_seed where the grid crosses seeds.
        rows: the score rows of the finished runs, as scores.parquet holds them.
        records: run id -> what is known of the run.
        wanted: target -> the language codes that the grid asks for.
        unavailable: target, language: listed by the benchmark and absent from the data source.
        left_out: sentences on what the grid asks for and cannot have.
        measure_shortcuts: gives `shortcuts`; only the laboratory has it.
        intermediates, encoder_blocks, hypotheses, claims, reference: the blocks of the grid file.
        dated: when the hypotheses were written, in a sentence (grid.registration).
        equivalence: the gain or difference, in points, below which the grid file calls an effect none.
        evidence: what xtl.analysis.questions.evidence has computed already.
    """

    name: str
    wording: str
    data: DataSource
    cells: pd.DataFrame
    rows: pd.DataFrame
    records: dict[str, RunRecord]
    wanted: Mapping[str, list[str]] | None = None
    unavailable: pd.DataFrame | None = None
    left_out: Sequence[str] = ()
    measure_shortcuts: Callable[[], pd.DataFrame] | None = None
    intermediates: Mapping[str, Intermediate] = field(default_factory=dict)
    encoder_blocks: Mapping[str, Encoder] = field(default_factory=dict)
    hypotheses: Sequence[Hypothesis] = ()
    claims: Sequence[Claim] = ()
    reference: Mapping[str, Reference] = field(default_factory=dict)
    dated: str = f"{UNKNOWN}."
    equivalence: float | None = None
    evidence: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """One row a cell, seed and language: the main score in points, and what one slices it by.

        Columns: encoder, architecture, intermediate, target, source, provenance, seed, language, name, family, distance
        (from the source, 0 to 1, the one that the report leads with; NaN where it is not known), score, baseline (the
        score of the same seed without intermediate training), gain, same_data (intermediate and target training read
        the same examples), n (test examples), status and run_id (as in `units`). A missing score is NaN and keeps its
        row; a cell without a run has rows for the languages that the grid asks for.

        >>> one = results.scores.query("encoder == 'bert' and intermediate == 'mnli' and target == 'xquad'")
        >>> one.set_index("language")[["score", "baseline", "gain"]].head(2)
                  score  baseline  gain
        language
        en         65.0      60.0   5.0
        qaa        55.0      50.0   5.0
        """
        key = [*CELL, "seed", "language"]
        gained = paired_gains(self.everywhere)[[*key, "baseline", "gain"]]
        table = self.everywhere.merge(gained, on=key, how="left")
        places = zip(table["source"], table["language"], strict=True)
        facts = {
            "name": table["language"].map(self.data.linguistics.names()),
            "family": table["language"].map(self.data.linguistics.families()),
            "distance": [self.distances[source].get(code, np.nan) for source, code in places],
        }
        order = [*key, *facts, "score", "baseline", "gain", "same_data", "n", "status", "run_id"]
        return table.assign(**facts)[order]

    @cached_property
    def gains(self) -> pd.DataFrame:
        """One row an encoder, intermediate and target: the gain over the baseline in points, the mean over seeds.

        Of the task score, the mean over the target's languages, paired by seed. Columns: encoder, architecture,
        intermediate, target, source, provenance (of the target training that leads), mean, low, high (the 95 % interval
        of gains.intervals), seeds, missing (seeds without a gain), sd, used_sd, df, p (two-sided, against zero, not
        corrected for the number of cells), same_data and mixed (some seed gains and some seed loses).

        >>> results.gains.query("encoder == 'bert'").set_index("target")[["intermediate", "mean", "seeds"]]
                intermediate  mean  seeds
        target
        xnli            mnli   NaN      0
        xquad           mnli   5.0      1
        tatoeba         mnli   5.0      1
        """
        return described(self.task_gains, self.pools)

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row a run of the grid: id, name, phase, state (done, running, failed, …), seconds and error.

        >>> results.runs.query("state != 'done'")[["phase", "error"]].to_numpy().tolist()
        [['target', 'ValueError: no']]
        """
        return provenance.runs(self.records)

    @cached_property
    def shortcuts(self) -> pd.DataFrame | None:
        """Columns target, baseline, points: the laboratory's strongest shortcut of every target."""
        return self.measure_shortcuts() if self.measure_shortcuts else None

    @cached_property
    def encoders(self) -> list[str]:
        """Names of the encoders in the order of the grid."""
        return list(dict.fromkeys(self.cells["encoder"]))

    @cached_property
    def units(self) -> pd.DataFrame:
        """finetunings.units: the cells, a row a cell and seed; where the grid crosses seeds, of pretraining."""
        return finetunings.units(self.cells)

    @cached_property
    def unit_rows(self) -> pd.DataFrame:
        """The score rows of `units`: means over the fine-tunings of a pretraining."""
        return finetunings.averaged(self.units, self.rows)

    @cached_property
    def run_gains(self) -> pd.DataFrame:
        """finetunings.run_gains of the source of target training that leads."""
        return first_source(finetunings.run_gains(self.cells, self.rows, self.wanted), self.cells)

    @cached_property
    def unit(self) -> list[str]:
        """What an independent value is where the grid crosses seeds, in a sentence; none where a seed is one."""
        if FINETUNING_SEED not in self.cells:
            return []
        here = provenance.pretrained_here(self.records)
        pretrained = [encoder for encoder in self.encoders if encoder in here]
        finished = [encoder for encoder in self.encoders if encoder not in here]
        parts = []
        if pretrained:
            own = self.cells[self.cells["encoder"].isin(pretrained)]
            runs = own[FINETUNING_SEED].nunique()
            mean = f", each the mean over {runs} fine-tuning seeds" if runs > 1 else ""
            parts.append(f"for {listing(pretrained)} a pretraining seed ({own['seed'].nunique()}{mean})")
        if finished:
            own = self.cells[self.cells["encoder"].isin(finished)]
            parts.append(f"for {listing(finished)} a fine-tuning seed ({own['seed'].nunique()})")
        return [f"The unit of inference, called seed in this report: {'; '.join(parts)}."]

    @cached_property
    def everywhere(self) -> pd.DataFrame:
        """tables.main_scores of all sources of target training."""
        return tables.main_scores(self.units, self.unit_rows, self.wanted)

    @cached_property
    def main(self) -> pd.DataFrame:
        """tables.main_scores of the source of target training that leads."""
        return first_source(self.everywhere, self.cells)

    @cached_property
    def tasks(self) -> pd.DataFrame:
        """tables.task_scores: a row a cell and seed."""
        return tables.task_scores(self.main)

    @cached_property
    def task_gains(self) -> pd.DataFrame:
        """gains.gains of the task scores."""
        return paired_gains(self.tasks)

    @cached_property
    def language_gains(self) -> pd.DataFrame:
        """gains.gains language by language."""
        return paired_gains(self.main)

    @cached_property
    def room(self) -> pd.Series:
        """Which rows of language_gains are of a cell and language that has room to gain or to lose."""
        return ~relations.without_room(self.language_gains).astype(bool)

    @cached_property
    def logit_gains(self) -> pd.DataFrame:
        """gains.gains language by language of scores in logits (relations.logits), where there is room."""
        return paired_gains(relations.logits(self.main))[self.room.to_numpy()]

    @cached_property
    def gain_relations(self) -> Relations:
        """relations.relations of the gains, the mean over targets."""
        points = relations.over_seeds(self.language_gains[self.room])
        logits = relations.over_seeds(self.logit_gains)
        return relations.relations(points, logits, self.distances, self.data.linguistics.families(), self.pools)

    @cached_property
    def score_relations(self) -> Relations:
        """relations.relations of the scores without intermediate training, the mean over targets."""
        rows = self.main[self.main["intermediate"] == BASELINE]
        points = relations.over_seeds(rows, "score")
        logits = relations.over_seeds(relations.logits(rows), "score")
        return relations.relations(points, logits, self.distances, self.data.linguistics.families(), self.pools)

    @cached_property
    def declared_gains(self) -> Gains:
        """What the hypotheses of the grid file are tested on."""
        english = self.distances.get(arms.ENGLISH, pd.Series(dtype=float))
        return Gains(
            arms.home(self.task_gains), arms.home(self.language_gains[self.room]), arms.home(self.logit_gains),
            1 - english, self.data.linguistics.families(), self.pools,
        )  # fmt: skip

    @cached_property
    def leading_source(self) -> tuple[str, str]:
        """Language and provenance of the target training that leads."""
        rows = self.main if len(self.main) else self.cells
        return (rows["source"].iloc[0], rows["provenance"].iloc[0]) if len(rows) else (arms.ENGLISH, "native")

    @cached_property
    def pooled(self) -> pd.DataFrame:
        """gains.pooled_gains: the mean gain over targets."""
        return pooled_gains(self.task_gains)

    @cached_property
    def pools(self) -> dict[str, str]:
        """Encoder -> name of the pool of encoders whose runs may scatter alike."""
        return provenance.pools(self.records, self.encoders)

    @cached_property
    def distances(self) -> dict[str, pd.Series]:
        """Source of target training -> distance of every language to it, 0 to 1."""
        return {source: self.data.linguistics.distance(source) for source in dict.fromkeys(self.cells["source"])}

    @cached_property
    def order(self) -> list[str]:
        """Languages from near to far; of unknown distance last, by code."""
        nearest = next(iter(self.distances.values()), pd.Series(dtype=float))
        codes = dict.fromkeys(self.main["language"].dropna())
        return sorted(codes, key=lambda code: (nearest.get(code, np.inf), code not in self.distances, code))

    @cached_property
    def gain_points(self) -> pd.DataFrame:
        """correlations.points of the gains: a row a language."""
        return correlations.points(self.language_gains, "gain", self.distances)

    @cached_property
    def score_points(self) -> pd.DataFrame:
        """correlations.points of the baseline's scores: a row a language."""
        return correlations.points(self.main[self.main["intermediate"] == BASELINE], "score", self.distances)

    @cached_property
    def gain_r(self) -> pd.DataFrame:
        """correlations.correlations of gain with similarity."""
        return correlations.correlations(self.gain_points, "gain", "similarity")

    @cached_property
    def score_r(self) -> pd.DataFrame:
        """correlations.correlations of score with distance."""
        return correlations.correlations(self.score_points, "score", "distance")

    @cached_property
    def items(self) -> dict[str, dict[str, items.RunItems]]:
        """Run id in `units` -> target -> what its test items contribute; reads the examples of every run once."""
        found = {}
        for identity in dict.fromkeys(self.units["run_id"]):
            records = [self.records[run_id] for run_id in finetunings.behind(identity) if run_id in self.records]
            found[identity] = items.mean([items.read(record) for record in records])
        return found

    @cached_property
    def seeds(self) -> int:
        """The most seeds that a cell has a score of; where the grid crosses seeds, of the encoder with the fewest.

        There an encoder with a single one, which has no interval, does not count beside others.
        """
        scored = self.main.dropna(subset=["score"])
        if scored.empty:
            return 0
        most = scored.groupby(CELL)["seed"].nunique().groupby("encoder").max()
        if FINETUNING_SEED not in self.cells:
            return int(most.max())
        several = most[most > 1]
        return int(several.min()) if len(several) else 1

    @cached_property
    def most_languages(self) -> int:
        """The most languages besides the source that have a score in one target."""
        scored = self.main[(self.main["language"] != self.main["source"]) & self.main["score"].notna()]
        return int(scored.groupby("target")["language"].nunique().max()) if len(scored) else 0


def first_source(values: pd.DataFrame, cells: pd.DataFrame | None = None) -> pd.DataFrame:
    """The rows of the source of target training that leads: native English, else the first of `cells` (or values)."""
    cells = values if cells is None else cells
    if not len(cells):
        return values
    home = arms.home(cells)
    leading = (home if len(home) else cells).iloc[0]
    same = (values["source"] == leading["source"]) & (values["provenance"] == leading["provenance"])
    return values[same]
