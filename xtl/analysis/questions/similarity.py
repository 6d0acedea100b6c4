"""Whether the gain, or the score, follows the similarity of a language to the source language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain

import numpy as np
import pandas as pd

from xtl.analysis import wording
from xtl.analysis.figures import drawing
from xtl.analysis.figures.dot_plots import forest
from xtl.analysis.figures.scatter_plots import scatter
from xtl.analysis.questions import evidence
from xtl.analysis.questions.evidence import Evidence, p_text, percent, span
from xtl.analysis.results import Results
from xtl.analysis.scores import correlations
from xtl.analysis.scores.tables import BASELINE, CELL
from xtl.analysis.section import EXPLORE, Block, Section, Table, affordable, block, parts, section, table
from xtl.analysis.statistics import power
from xtl.analysis.statistics.intervals import MIN_LANGUAGES, minimum_detectable

TITLE = "Similarity to the source language"
FEW = 3  # intermediates whose points are seen at once
NAIVE = "all languages"
WITHIN = "within families"
POINTS = "; similarity is 1 − distance. One point per language, the mean over seeds, the source language left out."
TEST_METHOD = (
    "Languages of one family are alike in similarity and in gain, so that counting them as independent finds "
    "relations that are not there: in simulated tables of 12 to 40 languages with nothing planted and strong families"
    " (intra-class correlation 0.6 to 0.9) it calls 12 to 35 % significant at p < 0.05. The test that leads here "
    "compares each language with its own family: Spearman's r of the departures from the family's mean, p from orders"
    " of the languages within their families (3 to 6 % of the same tables). Languages that are alone in their family "
    "are compared with each other."
)
POWER_METHOD = (
    "Simulated for these languages with their similarities and families, and these seeds, means over targets; of "
    "gains at the strictest level of the report's claims, of scores at 5 %, by both tests, in points; runs are taken "
    f"to have one slope. Power at {power.TRUE}: how often a true correlation of {power.TRUE} is claimed; least r: the "
    "true correlation with 80 % power. Reliability: the share of the differences between languages that is not noise "
    "between seeds, with a 95 % F interval. Without noise: what more seeds could reach at best with these languages."
)
CLAIM_METHOD = (
    "A claim takes four tests: orders of the languages within families, and Student's t over the slopes of the seeds "
    "(a run's own slope is shared by all its languages, Keung et al. 2020, arXiv 2004.15001), each in points and on "
    "the logit scale between chance and 100, because a constant gain falls near 100 and rises near chance. p (claim) "
    "is the largest of the four, 1 where they disagree in sign, before the report's correction. Slopes are in points "
    "per unit of similarity, within families; cells and languages that lie at chance or at 100 before and after stay "
    "out."
)
LEAD_METHOD = (
    "Spearman's r of means over targets, cells of the same data left out. Within families: Fisher's z interval, "
    "two-sided p from orders of the languages within families, not corrected. All languages: 95 % interval from a "
    "bootstrap over languages, p from Student's t (exact up to eight languages). The last two columns: r within "
    "families with each family left out in turn, and without which of them its sign or significance changes."
)
PAIR_METHOD = (
    "The difference of two encoders' slopes, by the four tests of a claim on the differences of their gains, so that "
    "a noisier encoder does not look like another relation. Exploratory, not corrected. Detectable: the true "
    "difference of slopes that is found four times in five over seeds."
)
MEASURES_METHOD = (
    "p within families, not corrected. A relation holds if every definition shows it with one sign at p < 0.05."
)


def similarity(results: Results) -> Section:
    """What the gain and the score follow, with the power to see it, encoder against encoder, and the points."""
    if not len(results.score_points) and not len(results.gain_points):
        return section("similarity", TITLE)
    gain = evidence.of_gains(results)
    score = evidence.of_scores(results)
    return section(
        "similarity",
        TITLE,
        _tests(results, gain, "Does the gain follow similarity?"),
        _tests(results, score, "Does the score without intermediate training follow similarity?"),
        _design(results, [gain, score]),
    )


def _tests(results: Results, found: Evidence, heading: str) -> Block:
    """The tests over targets: sentences, forests and points, tables, and the points target by target."""
    tested = found.cells.dropna(subset=["r"]) if len(found.cells) else found.cells
    by_target, left_out = affordable(_points(results, found, *_by_target(results, found)), EXPLORE)
    folded = list(chain(*by_target.values()))
    definition = results.data.linguistics.distance_definition + POINTS
    if tested.empty:
        return block(heading if folded else "", more=folded, notes=[*left_out, definition] if folded else [])
    several = tested["source"].nunique() > 1
    groups = parts(tested, ["intermediate", "source", "provenance"])
    forests = [_forest(rows, results.encoders, several) for _, rows in groups]
    tables = [_claims(found), _lead(found, tested), _pairs(found), _measures(found), _every_target(found)]
    leading, behind = evidence.sentences(found)
    with_rows = [numbers for numbers in tables if numbers.rows]
    over_targets, _ = affordable(_points(results, found, found.points, tested))
    panels = list(chain(*over_targets.values()))
    few = len(groups) <= FEW
    return block(
        heading,
        leading,
        pictures=panels if few else forests,
        tables=with_rows,
        notes=[*behind, *_falls(results, found), *left_out, TEST_METHOD, definition],
        more=[*(forests if few else panels), *folded],
    )


def _falls(results: Results, found: Evidence) -> list[str]:
    """In how many cells the score falls with distance, as one may be tempted to test it."""
    r = results.score_r
    tested = int(r["r"].notna().sum())
    if found.value != "score" or not tested:
        return []
    falls = int(((r["p"] < correlations.ALPHA) & (r["r"] < 0)).sum())
    cells = f"in {falls} of {tested} cells (r < 0, p < 0.05, languages as if independent)"
    return [f"The score falls with distance {cells}."]


def _by_target(results: Results, found: Evidence) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Points and correlations target by target."""
    if found.value == "gain":
        return results.gain_points, results.gain_r
    return results.score_points, results.score_r


def _points(
    results: Results, found: Evidence, points: pd.DataFrame, tested: pd.DataFrame
) -> list[tuple[str, Callable[[], drawing.Picture]]]:
    """What draws the points of every encoder, intermediate and target, a point a language.

    Over targets, gains and scores against similarity; target by target scores against distance. tested: with r.
    """
    families = {code: name for code, name in results.data.linguistics.families().items() if code in results.order}
    against = "distance" if points is results.score_points else "similarity"
    kind: list[tuple[str, Callable[[], drawing.Picture]]] = []
    for (name, target), rows in parts(points, ["intermediate", "target"]):
        own = tested[tested["intermediate"] == name]
        label = f"gain of {name} over {BASELINE} (points)" if found.value == "gain" else ""
        if target == correlations.POOLED:
            label = f"{label or 'score (points)'}, mean over targets"
        limits = drawing.limits(rows[found.value])
        for _, part in parts(rows, ["encoder"]):
            draw = partial(scatter, part, own, found.value, against, results.encoders, label, limits, families)
            kind.append((name, draw))
    return kind


def _forest(rows: pd.DataFrame, encoders: Sequence[str], several: bool) -> drawing.Picture:
    """Both correlations of every encoder for one intermediate."""
    ordered = rows.set_index("encoder").reindex([name for name in encoders if name in set(rows["encoder"])])
    shown = []
    for name, r in ordered.iterrows():
        shown.append((name, WITHIN, r["within_r"], r["within_low"], r["within_high"]))
        shown.append((name, NAIVE, r["r"], r["low"], r["high"]))
    first = rows.iloc[0]
    title = "score" if first["intermediate"] == BASELINE else f"gain of {first['intermediate']}"
    if several:
        title += f" · {first['source']} ({first['provenance']})"
    alt = f"Forest plot of Spearman's r of the {title} with similarity, mean over targets, 95 % intervals"
    marks = pd.DataFrame(shown, columns=["row", "kind", "estimate", "low", "high"])
    return forest(marks, [WITHIN, NAIVE], title, "Spearman's r with similarity", (-1.05, 1.05), alt)


def _claims(found: Evidence) -> Table:
    """The slopes over seeds, every seed's, and p of the claim."""
    rows = []
    for r in found.relations.cells.dropna(subset=["slope"]).itertuples():
        seeds = found.relations.by_seed
        same = (seeds[["intermediate", "source", "provenance", "encoder"]] == [
            r.intermediate, r.source, r.provenance, r.encoder,
        ]).all(axis=1)  # fmt: skip
        by_seed = ", ".join(wording.points(value) for value in seeds.loc[same, "slope"])
        rows.append([
            _subject(found.value, r), r.encoder, r.n, wording.points(r.slope), wording.spread(r.low, r.high), by_seed,
            wording.p_value(r.slope_p), wording.p_value(r.p),
        ])  # fmt: skip
    columns = ["what", "encoder", "languages", "slope", "95 % interval", "seed by seed", "p over seeds", "p (claim)"]
    notes = [CLAIM_METHOD]
    if found.flat:
        notes.append(f"Cells and languages without room, left out: {found.flat}.")
    return table(f"Slope of the {found.value} on similarity within families, over seeds", columns, rows, notes)


def _lead(found: Evidence, tested: pd.DataFrame) -> Table:
    """The test over languages beside the naive one, partial correlations, and one family left out."""
    stable = found.stability.set_index(CELL)
    controlled = "partial_r" in tested
    rows = []
    for r in tested.itertuples():
        left_out = stable.loc[tuple(getattr(r, column) for column in CELL)]
        row = [_subject(found.value, r), r.encoder, r.n, _estimate(r.within_r, r.within_low, r.within_high)]
        row += [wording.p_value(r.within_p), _estimate(r.r, r.low, r.high), wording.p_value(r.p)]
        if controlled:
            row += [_given(r.partial_within_r, r.partial_within_p), _given(r.partial_r, r.partial_p)]
        changes = [f"{what}: {left_out[what]}" for what in ("sign", "significance") if left_out[what]]
        rows.append([*row, span(left_out["r_low"], left_out["r_high"]), "; ".join(changes) or "nothing"])
    columns = ["what", "encoder", "languages", "r within families", "p", "r, all languages", "p as if independent"]
    notes = [LEAD_METHOD]
    if controlled:
        columns += ["given controls, within", "given controls, all"]
        notes.append(_controls(tested.iloc[0]))
    columns += ["r within, one family left out", "what changes"]
    return table(f"Correlation of the {found.value} with similarity, mean over targets", columns, rows, notes)


def _controls(row: pd.Series) -> str:
    """The note on the controls; `row`: of correlations.inference."""
    text = f"Given controls ({row['controls']}): what they explain of the ranks is taken out of both sides, p from "
    text += f"permutations of what is left; degrees of freedom left: {row['partial_within_df']:.0f} within families, "
    text += f"{row['partial_df']:.0f} over all languages."
    for name, where in (("partial_dropped", "constant"), ("partial_within_dropped", "constant within families")):
        if row[name]:
            text += f" Dropped, being {where}: {row[name]}."
    if row["left_out"]:
        text += f" Languages without a control, left out: {row['left_out']:.0f}."
    return text


def _pairs(found: Evidence) -> Table:
    """Encoder against encoder."""
    rows = []
    for r in found.relations.pairs.dropna(subset=["slope"]).itertuples():
        least = minimum_detectable(r.error, r.df)
        rows.append([
            _subject(found.value, r), f"{r.first} − {r.second}", r.n, wording.points(r.slope),
            wording.spread(r.low, r.high), wording.p_value(r.p), wording.points(least, False),
        ])  # fmt: skip
    columns = ["what", "encoders", "languages", "difference of slopes", "95 % interval", "p", "detectable"]
    return table(f"Encoder against encoder: slopes of the {found.value}", columns, rows, [PAIR_METHOD])


def _measures(found: Evidence) -> Table:
    """Every measure under every definition."""
    rows = []
    for (name, encoder, measure), values in parts(found.measures, ["intermediate", "encoder", "measure"]):
        estimates = [
            f"{r.definition} {_given(r.within_r, r.within_p)} ({wording.decimals(r.r)})" for r in values.itertuples()
        ]
        subject = f"gain of {name}" if found.value == "gain" else "score"
        verdict = correlations.verdict(values)
        rows.append([subject, encoder, measure, values["n"].max(), "; ".join(estimates), verdict])
    columns = ["what", "encoder", "measure", "languages", "r within families (over all languages)", "verdict"]
    return table(f"Measures of similarity by definition: {found.value}", columns, rows, [MEASURES_METHOD])


def _every_target(found: Evidence) -> Table:
    """Every correlation of every target."""
    tested = found.targets.dropna(subset=["r"]) if len(found.targets) else found.targets
    rows = []
    for r in tested.itertuples():
        within = _given(getattr(r, "partial_within_r", np.nan), getattr(r, "partial_within_p", np.nan))
        total = _given(getattr(r, "partial_r", np.nan), getattr(r, "partial_p", np.nan))
        rows.append([
            _subject(found.value, r), r.target, r.encoder, r.n, _estimate(r.within_r, r.within_low, r.within_high),
            wording.p_value(r.within_p), _estimate(r.r, r.low, r.high), wording.p_value(r.p), within, total,
        ])  # fmt: skip
    columns = ["what", "target", "encoder", "languages", "r within families", "p", "r, all languages"]
    columns += ["p as if independent", "given controls, within", "given controls, all"]
    caption = f"Every correlation of the {found.value} with similarity, target by target (Spearman, 95 % intervals, "
    return table(caption + "p not corrected)", columns, rows)


def _design(results: Results, both: Sequence[Evidence]) -> Block:
    """What this design can see."""
    rows = []
    for found in both:
        for r in found.power.dropna(subset=["at_best"]).itertuples():
            rows.append([
                _subject(found.value, r), r.encoder, f"{r.languages} in {r.families} families", r.alone,
                _estimate(r.reliability, r.reliability_low, r.reliability_high), percent(r.power), _least(r.detectable),
                percent(r.at_best), _least(r.detectable_at_best),
            ])  # fmt: skip
    few = f"No correlation is computed over fewer than {MIN_LANGUAGES} languages besides the source."
    text = [few] if results.most_languages < MIN_LANGUAGES else []
    if not rows:
        return block("What this design can see", text)
    columns = [
        "what", "encoder", "languages", "alone in their family", "reliability", f"power at {power.TRUE}", "least r",
        f"power at {power.TRUE} without noise", "least r without noise",
    ]  # fmt: skip
    text += [sentence for found in both if (sentence := evidence.design_sentence(found))]
    numbers = table("Power of the design", columns, rows, [POWER_METHOD])
    return block("What this design can see", text, tables=[numbers])


def _subject(value: str, row) -> str:
    return f"gain of {row.intermediate}" if value == "gain" else "score"


def _least(value: float) -> str:
    if pd.isna(value):
        return wording.DASH
    return "none" if np.isinf(value) else wording.decimals(value)


def _given(r: float, p: float) -> str:
    return wording.DASH if pd.isna(r) else f"{wording.decimals(r)}, {p_text(p)}"


def _estimate(value: float, low: float, high: float) -> str:
    text = wording.decimals(value)
    return f"{text} ({span(low, high)})" if np.isfinite(low) else text
