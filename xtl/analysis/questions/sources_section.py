"""The section of a report on the language of the target training data: matrices, means, and the rank of English."""

from __future__ import annotations

from functools import partial
from itertools import chain

import numpy as np
import pandas as pd

from xtl.analysis import wording
from xtl.analysis.figures import drawing, group_figures
from xtl.analysis.questions import sources
from xtl.analysis.questions.sections import Findings
from xtl.analysis.scores import gains
from xtl.analysis.scores.tables import BASELINE
from xtl.analysis.section import EXPLORE, affordable, block, cell, parts, section, table
from xtl.languages import names as linguistics

NOTE = (
    "Means over target languages in points, with 95 % t intervals over seeds pooled within a target. Without itself: "
    "every language but the source's own, as in Turc et al. 2021 (arXiv 2106.16171), so each source is averaged over "
    "a different set. Common: the languages that are no source, the same for all. By family: without itself, the mean"
    " within each family first. Against English: on the common languages, paired by seed; p by Benjamini–Hochberg "
    "over this table."
)
KINDS = {"native": "native data", "human": "human-translated data", "machine": "machine-translated data"}
RANK = (
    "1 is best; ties share the better rank. Native, human-translated and machine-translated data are each ranked with"
    " native English. By seed: seeds in which English is first among all. By language: share of bootstrap draws of "
    "the common languages, the mean over these seeds, in which it is."
)


def source_languages(found: Findings) -> dict:
    """Source × target-language matrices, means and the rank of English; empty with a single source."""
    title = "Source languages"
    if sources.trained(found.everywhere).empty:
        return section("sources", title)
    averages = sources.means(found.everywhere, linguistics.families(found.data))
    against = sources.against_english(averages)
    ranks = sources.english_rank(found.everywhere, averages)
    maps = sources.matrix(found.everywhere)
    plain = maps[maps["intermediate"] == BASELINE]
    span = drawing.limits(plain["mean"], 0.0)
    kind = [
        (key[0], partial(group_figures.source_matrix, here, found.order, " · ".join(key), span))
        for key, here in parts(plain, ["target", "encoder"])
        if here["mean"].notna().any()
    ]
    matrices, left_out = affordable(kind, EXPLORE)
    text = [*sentences(ranks, against), *sources.unequal(averages)]
    shown = ["Scores without intermediate training; nearest language on top; boxed: the source's own language."]
    return section(
        "sources",
        title,
        block(text=text, tables=[_rank_table(ranks)] if len(ranks) else []),
        block("Matrices", [*shown, *left_out] if matrices else [], pictures=chain(*matrices.values())),
        block(tables=[_mean_table(averages, against)]),
    )


def sentences(ranks: pd.DataFrame, against: pd.DataFrame) -> list[str]:
    """How often English is the best source, and which sources differ from it; as strong as the intervals."""
    said = []
    for kind, here in ranks.groupby("kind", sort=False):
        known = here[here["rank"].notna()]
        if known.empty:
            said.append(f"The rank of English beside {KINDS[kind]} is missing: not every source has finished.")
            continue
        first = int((known["rank"] == 1).sum())
        said.append(
            f"Ranked with the sources of {KINDS[kind]}, English comes first on the common languages in {first} of "
            f"{len(known)} cells of encoder, intermediate and target."
        )
    known = against[against["p_bh"].notna()]
    if len(known):
        better = known[(known["p_bh"] < 0.05) & (known["mean"] > 0)]
        worse = int(((known["p_bh"] < 0.05) & (known["mean"] < 0)).sum())
        named = wording.listing(list(dict.fromkeys(better["label"])))
        said.append(
            f"Another source transfers better than English in {len(better)} of {len(known)} comparisons"
            + (f" ({named})" if named else "")
            + f" and worse in {worse}, at a false discovery rate of 5 %."
        )
    return said


def _rank_table(ranks: pd.DataFrame) -> dict:
    rows = [
        [
            r.target, r.encoder, r.intermediate, r.kind, _whole(r.rank, r.sources), _whole(r.rank_others, r.sources),
            f"{r.first_seeds} of {r.seeds}", wording.decimals(r.first_draws), r.languages, r.best or wording.DASH,
        ]
        for r in ranks.itertuples()
    ]  # fmt: skip
    columns = "target,encoder,intermediate,data,rank (common),rank (without itself),first by seed,first by language"
    caption = "Rank of English among the sources"
    return table(caption, [*columns.split(","), "common languages", "best source"], rows, [RANK])


def _mean_table(averages: pd.DataFrame, against: pd.DataFrame) -> dict:
    key = ["target", "encoder", "intermediate", "label"]
    means = {name: gains.intervals(averages, name).reset_index(drop=True) for name in sources.MEASURES}
    labels = averages[["source", "provenance", "label"]].drop_duplicates()
    indexed = {
        name: values.merge(labels, on=["source", "provenance"], how="left").set_index(key)
        for name, values in means.items()
    }
    change = against.set_index(key)
    rows = []
    for place, here in parts(averages, key):
        size = here["n_train"].max()
        cells = [_mean(indexed[name].loc[place]) for name in sources.MEASURES]
        rows.append(
            [*place, wording.amount(size), *cells, _against(change.loc[place] if place in change.index else None)]
        )
    columns = ["target", "encoder", "intermediate", "source", "examples", "without itself", "common", "by family"]
    return table("Every source in numbers", [*columns, "against English"], rows, [NOTE])


def _mean(row) -> dict:
    if not np.isfinite(row["mean"]):
        return cell("missing", kind="missing")
    interval = f"{wording.points(row['low'], False)} to {wording.points(row['high'], False)}"
    return cell(wording.points(row["mean"], False), interval if np.isfinite(row["low"]) else "")


def _against(row) -> dict:
    if row is None:
        return cell(wording.DASH)
    if not np.isfinite(row["mean"]):
        return cell("missing", kind="missing")
    return cell(wording.gain(row), f"p {wording.p_value(row['p_bh'])}" if np.isfinite(row["p_bh"]) else "")


def _whole(rank: float, sources_: int) -> str:
    return wording.DASH if pd.isna(rank) else f"{int(rank)} of {sources_}"
