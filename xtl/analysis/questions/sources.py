"""Which source language of target training transfers best: matrices, means, and the rank of English."""

from __future__ import annotations

from functools import partial
from itertools import chain

import numpy as np
import pandas as pd

from xtl.analysis import wording
from xtl.analysis.figures import drawing
from xtl.analysis.figures.heat_maps import source_matrix
from xtl.analysis.results import Results
from xtl.analysis.scores import gains as gain_tables
from xtl.analysis.scores import source_languages
from xtl.analysis.scores.tables import BASELINE
from xtl.analysis.section import EXPLORE, Cell, Section, Table, affordable, block, cell, parts, section, table

TITLE = "Source languages"
MEANS = (
    "Means over target languages in points, with 95 % t intervals over seeds pooled within a target. Without itself: "
    "every language but the source's own, as in Turc et al. 2021 (arXiv 2106.16171), so each source is averaged over "
    "a different set. Common: the languages that are no source, the same for all. By family: without itself, the mean"
    " within each family first. Against English: on the common languages, paired by seed, exploratory."
)
KINDS = {"native": "native data", "human": "human-translated data", "machine": "machine-translated data"}
RANKS = (
    "1 is best; ties share the better rank. Native, human-translated and machine-translated data are each ranked with"
    " native English. By seed: seeds in which English is first among all. By language: share of bootstrap draws of "
    "the common languages, the mean over these seeds, in which it is."
)
MAPS = "Scores without intermediate training; nearest language on top; boxed: the source's own language."


def sources(results: Results) -> Section:
    """Is English the best source? Matrices source × target language, means and ranks; empty with a single source."""
    if source_languages.trained(results.everywhere).empty:
        return section("sources", TITLE)
    averages = source_languages.means(results.everywhere, results.data.linguistics.families())
    against = source_languages.against_english(averages)
    ranks = source_languages.english_rank(results.everywhere, averages)
    matrix = source_languages.matrix(results.everywhere)
    plain = matrix[matrix["intermediate"] == BASELINE]
    span = drawing.limits(plain["mean"], 0.0)
    panels = [(key, rows) for key, rows in parts(plain, ["target", "encoder"]) if rows["mean"].notna().any()]
    matrices, left_out = affordable(
        [(key[0], partial(source_matrix, rows, results.order, " · ".join(key), span)) for key, rows in panels],
        EXPLORE,
    )
    text = [*sentences(ranks, against), *source_languages.unequal(averages)]
    reading = [MAPS, *left_out] if matrices else []
    return section(
        "sources",
        TITLE,
        block(text=text, tables=[_rank_table(ranks)] if len(ranks) else []),
        block("Matrices", reading, pictures=chain(*matrices.values()), tables=[_mean_table(averages, against)]),
    )


def sentences(ranks: pd.DataFrame, against: pd.DataFrame) -> list[str]:
    """How often English is the best source, and which sources differ from it; as strong as the intervals."""
    words = []
    for kind, rows in ranks.groupby("kind", sort=False):
        ranked = rows[rows["rank"].notna()]
        if ranked.empty:
            words.append(f"The rank of English beside {KINDS[kind]} is missing: not every source has finished.")
            continue
        first = int((ranked["rank"] == 1).sum())
        words.append(
            f"Ranked with the sources of {KINDS[kind]}, English comes first on the common languages in {first} of "
            f"{len(ranked)} cells of encoder, intermediate and target."
        )
    tested = against[against["low"].notna()]
    if len(tested):
        better = tested[tested["low"] > 0]
        worse = int((tested["high"] < 0).sum())
        names = wording.listing(list(dict.fromkeys(better["label"])))
        listed = f" ({names})" if names else ""
        words.append(
            f"Another source transfers better than English in {len(better)} of {len(tested)} comparisons{listed} and "
            f"worse in {worse}, by 95 % intervals that are not corrected for their number (exploratory)."
        )
    return words


def _rank_table(ranks: pd.DataFrame) -> Table:
    rows = []
    for r in ranks.itertuples():
        rows.append([
            r.target, r.encoder, r.intermediate, r.kind, _rank(r.rank, r.sources), _rank(r.rank_others, r.sources),
            f"{r.first_seeds} of {r.seeds}", wording.decimals(r.first_draws), r.languages, r.best or wording.DASH,
        ])  # fmt: skip
    columns = "target,encoder,intermediate,data,rank (common),rank (without itself),first by seed,first by language"
    caption = "Rank of English among the sources"
    return table(caption, [*columns.split(","), "common languages", "best source"], rows, [RANKS])


def _mean_table(averages: pd.DataFrame, against: pd.DataFrame) -> Table:
    key = ["target", "encoder", "intermediate", "label"]
    labels = averages[["source", "provenance", "label"]].drop_duplicates()
    means = {}
    for name in source_languages.MEASURES:
        values = gain_tables.intervals(averages, name).reset_index(drop=True)
        means[name] = values.merge(labels, on=["source", "provenance"], how="left").set_index(key)
    change = against.set_index(key)
    rows = []
    for place, values in parts(averages, key):
        size = wording.amount(values["n_train"].max())
        rows.append([*place, size, *(_mean(table.loc[place]) for table in means.values()), _against(change, place)])
    columns = ["target", "encoder", "intermediate", "source", "examples", "without itself", "common", "by family"]
    return table("Every source in numbers", [*columns, "against English"], rows, [MEANS])


def _mean(row: pd.Series) -> Cell:
    if not np.isfinite(row["mean"]):
        return cell("missing", kind="missing")
    return cell(wording.points(row["mean"], False), wording.between(row["low"], row["high"]))


def _against(change: pd.DataFrame, place: tuple) -> Cell:
    if place not in change.index:
        return cell(wording.DASH)
    row = change.loc[place]
    if not np.isfinite(row["mean"]):
        return cell("missing", kind="missing")
    return cell(wording.gain(row))


def _rank(rank: float, sources: int) -> str:
    return wording.DASH if pd.isna(rank) else f"{rank:.0f} of {sources}"
