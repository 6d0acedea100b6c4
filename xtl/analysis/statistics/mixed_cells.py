"""The cells that the mixed model is fitted to: scores after intermediate training beside their baselines, by seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from xtl.analysis.scores.correlations import UNKNOWN
from xtl.analysis.scores.tables import BASELINE
from xtl.analysis.statistics.intervals import MIN_LANGUAGES
from xtl.tasks.catalog import TASKS

KEY = ["encoder", "intermediate", "target", "source", "language"]
COLUMNS = [*KEY, "format", "similarity", "log_corpus", "after", "baseline"]
ONE_SEED = "A baseline from other seeds needs two seeds in which a cell and its baseline are done."


@dataclass(frozen=True)
class Cells:
    """What the model is fitted to.

    rows: a cell each, with COLUMNS; after and baseline are means over `seeds`, in points. after, baseline: the same
    seed by seed, (rows, seeds). left_out: what kind of cell -> how many are not in the rows. problem: why there can be
    no model, or the empty text.
    """

    rows: pd.DataFrame
    after: np.ndarray
    baseline: np.ndarray
    seeds: list
    left_out: dict[str, int] = field(default_factory=dict)
    problem: str = ""


def cells(
    main: pd.DataFrame, similarity: Mapping[str, pd.Series], corpus: pd.Series | Mapping | None = None,
    tasks: Mapping = TASKS,
) -> Cells:  # fmt: skip
    """The zero-shot cells of one source and provenance beside their baselines.

    main: tables.main_scores. similarity: source -> (language -> similarity to it, 0 to 1). corpus: language -> log
    corpus size, or encoder -> such a Series. The source language, languages that the encoder's vocabulary does not
    know, cells of the same data and, where sizes are given, cells without one stay out. A cell must have every seed
    that is used, and so must its baseline; the seeds used are those that keep most scores.
    """
    main = main[(main["language"] != main["source"]) & main["language"].notna()]
    if "unknown" in main:
        main = main[~(main["unknown"] > UNKNOWN)]
    after = main.set_index([*KEY, "seed"])["score"].unstack("seed")
    rows = after.index.to_frame(index=False)
    before = after.reindex(pd.MultiIndex.from_frame(rows.assign(intermediate=BASELINE)))
    after, before, seeds = after.to_numpy(float), before.to_numpy(float), list(after.columns)
    same = main.groupby(KEY)["same_data"].any().reindex(pd.MultiIndex.from_frame(rows)).to_numpy(bool)
    pairs = list(zip(rows["encoder"], rows["source"], rows["language"], strict=True))
    rows["format"] = [tasks[target].format for target in rows["target"]]
    rows["similarity"] = [similarity.get(source, {}).get(code, np.nan) for _, source, code in pairs]
    rows["log_corpus"] = [_size(corpus, encoder, code) for encoder, _, code in pairs]

    left_out: dict[str, int] = {}
    kept = _without((rows["intermediate"] != BASELINE).to_numpy(), same, "of the same data", left_out)
    kept = _without(kept, rows["similarity"].isna().to_numpy(), "without a similarity", left_out)
    if rows["log_corpus"].notna().any():
        kept = _without(kept, rows["log_corpus"].isna().to_numpy(), "without a corpus size", left_out)
    known = np.isfinite(after) & np.isfinite(before)
    chosen = most_complete(known[kept])
    if len(chosen) < 2:
        return Cells(pd.DataFrame(columns=COLUMNS), np.empty((0, 0)), np.empty((0, 0)), [], left_out, ONE_SEED)
    names = ", ".join(str(seeds[i]) for i in chosen)
    lacking = f"that lack one of the seeds {names}, or the baseline of one"
    kept = _without(kept, ~known[:, chosen].all(axis=1), lacking, left_out)
    after, before = after[kept][:, chosen], before[kept][:, chosen]
    rows = rows[kept].reset_index(drop=True).assign(after=after.mean(axis=1), baseline=before.mean(axis=1))
    count = rows["language"].nunique()
    few = f"{count} languages have a similarity and scores, fewer than {MIN_LANGUAGES}."
    return Cells(
        rows[COLUMNS], after, before, [seeds[i] for i in chosen], left_out, few if count < MIN_LANGUAGES else ""
    )


def _without(kept: np.ndarray, which: np.ndarray, what: str, left_out: dict[str, int]) -> np.ndarray:
    """The kept cells without those of `which`, which are counted."""
    if (kept & which).any():
        left_out[what] = int((kept & which).sum())
    return kept & ~which


def _size(corpus: pd.Series | Mapping | None, encoder: str, code: str) -> float:
    if corpus is None:
        return np.nan
    return (corpus if isinstance(corpus, pd.Series) else corpus.get(encoder, {})).get(code, np.nan)


def most_complete(known: np.ndarray) -> list[int]:
    """The columns of `known` (cells, seeds) that keep most scores when only cells that are complete in them count."""
    order = np.argsort(-known.sum(axis=0), kind="stable")
    kept = [known[:, order[: i + 1]].all(axis=1).sum() * (i + 1) for i in range(len(order))]
    best = max(range(len(order)), key=lambda i: (kept[i], i), default=-1)
    return sorted(int(i) for i in order[: best + 1]) if best >= 0 and kept[best] else []
