"""Source languages of target training: source × target-language matrices, their means, and the rank of English."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from xtl.analysis.scores import gains
from xtl.analysis.scores.arms import ENGLISH, retrieves
from xtl.analysis.scores.tables import CELL
from xtl.analysis.wording import listing

NATIVE = "native"
PLACE = ["encoder", "architecture", "intermediate", "target"]  # a cell but for its source
MEASURES = ("others", "common", "balanced")
DRAWS = 2000
RANKS = [*PLACE, "kind", "sources", "rank", "rank_others", "seeds", "first_seeds", "languages", "first_draws", "best"]


def trained(main: pd.DataFrame) -> pd.DataFrame:
    """The rows of targets that are trained in several sources, with the column `label` (`de`, `de machine`).

    main: tables.main_scores. Retrieval trains nothing, so it has no source.
    """
    rows = main[~main["target"].map(retrieves).astype(bool)]
    rows = rows.assign(
        label=rows["source"].where(rows["provenance"] == NATIVE, rows["source"] + " " + rows["provenance"])
    )
    several = rows.groupby("target")["label"].nunique()
    return rows[rows["target"].isin(several.index[several > 1])]


def matrix(main: pd.DataFrame) -> pd.DataFrame:
    """Source × target-language matrices as a long table: a row a cell and language, the mean over seeds in points.

    main: tables.main_scores. Columns: label, n_train, and those of gains.intervals (mean, low, high, seeds, …).
    """
    rows = trained(main).dropna(subset=["language"])
    table = gains.intervals(rows, "score")
    kept = rows.groupby(CELL, sort=False, dropna=False).agg(label=("label", "first"), n_train=("n_train", "max"))
    return table.merge(kept.reset_index(), on=CELL, how="left")


def means(main: pd.DataFrame, families: Mapping[str, str]) -> pd.DataFrame:
    """Three means over target languages per cell and seed, in points, NaN where a language lacks a score.

    `others`: every language but the source's own, as in Turc et al. 2021 (arXiv 2106.16171). `common`: the languages
    that are no source of this target, which are the same for every source. `balanced`: as `others`, with the mean
    within each family first, so that no family counts more for having more languages. `n_others`, `n_common` and
    `families` count what enters.
    """
    rows = trained(main).dropna(subset=["language"])
    sources = rows.groupby("target")["source"].agg(set)
    rows = rows[rows["language"] != rows["source"]]
    rows = rows.assign(family=rows["language"].map(lambda code: families.get(code, code)))
    free = [code not in sources[target] for code, target in zip(rows["language"], rows["target"], strict=True)]
    key = [*CELL, "label", "seed", "run_id", "same_data"]
    parts = {"others": rows, "common": rows[np.array(free, dtype=bool)]}
    table = rows.groupby(key, sort=False, dropna=False).agg(n_train=("n_train", "max"))
    for name, here in parts.items():
        grouped = here.groupby(key, sort=False, dropna=False)["score"]
        table[name] = grouped.mean().where(grouped.count() == grouped.size())
        table[f"n_{name}"] = grouped.size()
    within = rows.groupby([*key, "family"], sort=False, dropna=False)["score"]
    within = within.mean().where(within.count() == within.size()).rename("score").reset_index()
    balanced = within.groupby(key, sort=False, dropna=False)["score"]
    table["balanced"] = balanced.mean().where(balanced.count() == balanced.size())
    table["families"] = balanced.size()
    return table.fillna({"n_common": 0}).reset_index()


def against_english(averages: pd.DataFrame, measure: str = "common") -> pd.DataFrame:
    """Every source minus native English, paired by seed, with pooled t intervals and Benjamini–Hochberg over the table.

    averages: as `means` returns it. Columns: those of gains.intervals, label; empty without English.
    """
    home = averages[(averages["source"] == ENGLISH) & (averages["provenance"] == NATIVE)]
    rows = averages[averages["label"] != ENGLISH].merge(
        home[[*PLACE, "seed", measure]].rename(columns={measure: "english"}), on=[*PLACE, "seed"]
    )
    table = gains.intervals(rows.assign(difference=rows[measure] - rows["english"]), "difference")
    labels = averages[["source", "provenance", "label"]].drop_duplicates()
    return table.merge(labels, on=["source", "provenance"], how="left")


def english_rank(main: pd.DataFrame, averages: pd.DataFrame, draws: int = DRAWS, seed: int = 0) -> pd.DataFrame:
    """Rank of native English among the sources of each kind of data, native, human and machine apart; 1 is best.

    main: tables.main_scores; averages: `means` of it. A kind compares English with every source of that provenance.
    Ties share the better rank. Columns (RANKS): `sources` compared, English among them; `rank` by the mean over the
    common languages, `rank_others` by the mean over all but the source's own; `seeds` in which every source is there
    and `first_seeds` of them in which English is first; `first_draws`, the share of bootstrap draws of the common
    `languages` (the mean over these seeds) in which English is first; `best`, the source of the highest mean.
    Ranks are NaN where a source lacks a score in every seed, or a language.
    """
    rng, rows = np.random.default_rng(seed), []
    scores = trained(main).dropna(subset=["language"])
    for place, here in averages.groupby(PLACE, sort=False, dropna=False):
        for kind in dict.fromkeys(here["provenance"]):
            group = here[(here["provenance"] == kind) | (here["label"] == ENGLISH)]
            labels = list(dict.fromkeys(group["label"]))
            if ENGLISH not in labels or len(labels) < 2:
                continue
            wide = {m: group.set_index(["label", "seed"])[m].unstack("seed").dropna(axis=1) for m in MEASURES[:2]}
            own = scores[(scores[PLACE] == list(place)).all(axis=1) & scores["label"].isin(labels)]
            own = own[~own["language"].isin(set(here["source"]))]
            own = own[own["seed"].isin(wide["common"].columns)]
            table = own.groupby(["label", "language"])["score"].agg(lambda x: x.mean(skipna=False)).unstack("language")
            table = table.reindex(labels).dropna(axis=1)
            common = wide["common"].reindex(labels)
            rows.append((
                *place, kind, len(labels), _rank(common), _rank(wide["others"].reindex(labels)), common.shape[1],
                int((_ranks(common.to_numpy())[labels.index(ENGLISH)] == 1).sum()) if common.size else 0,
                table.shape[1], _first(table, labels.index(ENGLISH), rng, draws),
                common.mean(axis=1).idxmax() if common.size else "",
            ))  # fmt: skip
    return pd.DataFrame(rows, columns=RANKS)


def unequal(averages: pd.DataFrame) -> list[str]:
    """A sentence for every target whose sources trained on different numbers of examples."""
    sentences = []
    for target, here in averages.groupby("target", sort=False):
        sizes = here.dropna(subset=["n_train"]).groupby("label", sort=False)["n_train"].max()
        if sizes.nunique() > 1:
            amounts = listing([f"{label} {int(size):,}" for label, size in sizes.items()])
            sentences.append(
                f"{target}: training sizes differ ({amounts} examples), so its sources differ in more than language."
            )
    return sentences


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks down the columns of (sources, n), 1 for the highest, ties sharing the better rank."""
    return stats.rankdata(-values, axis=0, method="min")


def _rank(wide: pd.DataFrame) -> float:
    """English's rank by the mean over the seeds that every source has; wide: sources × seeds."""
    if not wide.size or wide.isna().any(axis=None):
        return np.nan
    return float(_ranks(wide.mean(axis=1).to_numpy()[:, None])[list(wide.index).index(ENGLISH), 0])


def _first(table: pd.DataFrame, english: int, rng: np.random.Generator, draws: int) -> float:
    """Share of draws of languages in which English has the highest mean; table: sources × languages."""
    if not table.size or table.isna().any(axis=None):
        return np.nan
    picks = rng.integers(0, table.shape[1], size=(draws, table.shape[1]))
    drawn = table.to_numpy(float)[:, picks].mean(axis=-1)  # (sources, draws)
    return float((_ranks(drawn)[english] == 1).mean())
