"""The section on similarity: does the gain, or the score, follow the similarity of a language to the source."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import chain

import numpy as np
import pandas as pd

from xtl.analysis import wording
from xtl.analysis.figures import drawing, language_figures
from xtl.analysis.figures.forest import forest
from xtl.analysis.questions.evidence import (
    Evidence,
    answer_sentences,
    design_sentence,
    evidence,
    p_text,
    percent,
    signed,
    span,
)
from xtl.analysis.questions.sections import SIGNIFICANT, Findings, most_languages
from xtl.analysis.scores import correlations as similarity
from xtl.analysis.scores.tables import BASELINE
from xtl.analysis.section import EXPLORE, affordable, block, parts, section, table
from xtl.analysis.statistics import power
from xtl.analysis.statistics.intervals import MIN_LANGUAGES, adjust

TITLE = "Similarity to the source language"
NAIVE, WITHIN = "all languages", "within families"
FORMULA = {
    "lab": "Distance from the source language is Gower's: the mean over the planted features of their absolute "
    "difference (0 or 1 for a feature with unordered values)",
    "hub": "Distance from the source language is the share of URIEL's syntactic features (Littell et al. 2017; "
    "lang2vec 1.1.2, syntax_knn, imputed where no source states them) in which two languages differ",
}
POINTS = "; similarity is 1 − distance. One point per language, the mean over seeds, the source language left out."
TEST = (
    "Languages of one family are alike in similarity and in gain, so that counting them as independent finds relations "
    "that are not there: in simulated tables of 12 to 40 languages with nothing planted and strong families (intra-"
    "class correlation 0.6 to 0.9) it calls 12 to 35 % significant at p < 0.05. The test that leads here compares each "
    "language with its own family: Spearman's r of the departures from the family's mean, p from orders of the "
    "languages within their families (3 to 6 % of the same tables). Languages that are alone in their family are "
    "compared with each other."
)
POWER_NOTE = (
    "Simulated for these languages with their similarities and families, means over targets, the test within families "
    f"(two-sided, 5 %). Power at {power.TRUE}: how often a true correlation of {power.TRUE} is found; least r: the "
    "true correlation that is found with 80 % power. Reliability: the share of the differences between languages that "
    "is not noise between seeds, with a 95 % F interval; noise shrinks a correlation by its square root. Without "
    "noise: what more seeds could reach at best with these languages."
)
LEAD_NOTE = (
    "Spearman's r of means over targets, cells of the same data left out. Within families: Fisher's z interval, "
    "two-sided p from orders of the languages within families, Holm's correction over the rows. All languages: 95 % "
    "interval from a bootstrap over languages, p from Student's t (exact up to eight languages). The last two columns: "
    "r within families with each family left out in turn, and without which of them its sign or significance changes."
)
PAIR_NOTE = (
    "Both encoders on the same resampled languages (2,000 times); p is twice the smaller share of resamples beyond "
    "zero, Holm's correction over the pairs of an intermediate. Within families the spread is widened for the means "
    "taken out (simulated coverage 93 to 98 %); the interval over all languages takes them as independent and covers "
    "66 to 92 % where families cluster strongly. Power: to tell true correlations of "
    f"{power.APART[0]} and {power.APART[1]} apart."
)


def gather(found: Findings, measures: Mapping | None = None, controls: Mapping | None = None) -> list[Evidence]:
    """The evidence on gains and on scores without intermediate training; measures, controls: see evidence.evidence."""
    baseline = found.main[found.main["intermediate"] == BASELINE]
    values = (found.language_gains, "gain"), (baseline, "score")
    return [evidence(rows, value, found.data, measures, controls) for rows, value in values]


def by_similarity(found: Findings, both: list[Evidence] | None = None) -> dict:
    """Power, what the gain and the score follow, encoder against encoder, and the points; both: of `gather`."""
    if not len(found.score_points) and not len(found.gain_points):
        return section("similarity", TITLE)
    text = [FORMULA[found.data["kind"]] + POINTS]
    if most_languages(found) < MIN_LANGUAGES:
        text.append(f"No correlation is computed over fewer than {MIN_LANGUAGES} languages besides the source.")
    both = gather(found) if both is None else both
    headings = "Does the gain follow similarity?", "Does the score without intermediate training follow similarity?"
    return section(
        "similarity",
        TITLE,
        block(text=text),
        _design(both),
        *(_tests(part, found.encoders, heading) for part, heading in zip(both, headings, strict=True)),
        *_points(found),
        block(tables=_numbers(both)),
    )


def _design(both: list[Evidence]) -> dict:
    """What this design can see, before anything is tested."""
    rows = [
        [
            _subject(found.value, r), r.encoder, f"{r.languages} in {r.families} families", r.alone,
            _estimate(r.reliability, r.reliability_low, r.reliability_high),
            percent(r.power), _least(r.detectable), percent(r.at_best), _least(r.detectable_at_best),
        ]
        for found in both
        for r in found.power.dropna(subset=["at_best"]).itertuples()
    ]  # fmt: skip
    if not rows:
        return block()
    columns = [
        "what", "encoder", "languages", "alone in their family", "reliability", f"power at {power.TRUE}", "least r",
        f"power at {power.TRUE} without noise", "least r without noise",
    ]  # fmt: skip
    text = [TEST, *filter(None, map(design_sentence, both))]
    return block("What this design can see", text, tables=[table("Power of the design", columns, rows, [POWER_NOTE])])


def _tests(found: Evidence, encoders: list[str], heading: str) -> dict:
    """The tests over targets: sentences, forests, the table, encoder against encoder, and every measure."""
    known = found.cells.dropna(subset=["r"]) if len(found.cells) else found.cells
    if known.empty:
        return block()
    several = known["source"].nunique() > 1
    pictures = [_forest(here, encoders, several) for _, here in parts(known, ["intermediate", "source", "provenance"])]
    tables = [_lead(found, known), _pairs(found), _measures(found)]
    return block(heading, answer_sentences(found), pictures=pictures, tables=[shown for shown in tables if shown.rows])


def _forest(rows: pd.DataFrame, encoders: list[str], several: bool) -> drawing.Picture:
    """Both correlations of every encoder for one intermediate."""
    ordered = rows.set_index("encoder").reindex([name for name in encoders if name in set(rows["encoder"])])
    shown = []
    for name, r in ordered.iterrows():
        shown.append((name, WITHIN, r["within_r"], r["within_low"], r["within_high"]))
        shown.append((name, NAIVE, r["r"], r["low"], r["high"]))
    first = rows.iloc[0]
    title = "score" if first["intermediate"] == BASELINE else f"gain of {first['intermediate']}"
    title += f" · {first['source']} ({first['provenance']})" if several else ""
    alt = f"Forest plot of Spearman's r of the {title} with similarity, mean over targets, 95 % intervals"
    marks = pd.DataFrame(shown, columns=["row", "kind", "estimate", "low", "high"])
    return forest(marks, [WITHIN, NAIVE], title, "Spearman's r with similarity", (-1.05, 1.05), alt)


def _lead(found: Evidence, known: pd.DataFrame) -> dict:
    """The test that leads beside the naive one, partial correlations, and one family left out."""
    stable = found.stability.set_index(similarity.CELL)
    holm, controlled, rows = adjust(known["within_p"], "holm"), "partial_r" in known, []
    for r, p in zip(known.itertuples(), holm, strict=True):
        left = stable.loc[tuple(getattr(r, column) for column in similarity.CELL)]
        row = [_subject(found.value, r), r.encoder, r.n, _estimate(r.within_r, r.within_low, r.within_high)]
        row += [wording.p_value(r.within_p), wording.p_value(p), _estimate(r.r, r.low, r.high), wording.p_value(r.p)]
        if controlled:
            row += [_given(r.partial_within_r, r.partial_within_p), _given(r.partial_r, r.partial_p)]
        changed = [f"{what}: {left[what]}" for what in ("sign", "significance") if left[what]]
        rows.append([*row, span(left["r_low"], left["r_high"]), "; ".join(changed) or "nothing"])
    columns = ["what", "encoder", "languages", "r within families", "p", "p (Holm)", "r, all languages"]
    columns += ["p as if independent", *(["given controls, within", "given controls, all"] if controlled else [])]
    columns += ["r within, one family left out", "what changes"]
    notes = [LEAD_NOTE, *([_controls(known.iloc[0])] if controlled else [])]
    return table(f"Correlation of the {found.value} with similarity, mean over targets", columns, rows, notes)


def _controls(row: pd.Series) -> str:
    """The note on the controls; `row`: of similarity.inference."""
    text = f"Given controls ({row['controls']}): what they explain of the ranks is taken out of both sides, p from "
    text += f"permutations of what is left; degrees of freedom left: {row['partial_within_df']:.0f} within families, "
    text += f"{row['partial_df']:.0f} over all languages."
    for name, where in (("partial_dropped", "constant"), ("partial_within_dropped", "constant within families")):
        text += f" Dropped, being {where}: {row[name]}." if row[name] else ""
    return text + (f" Languages without a control, left out: {row['left_out']:.0f}." if row["left_out"] else "")


def _pairs(found: Evidence) -> dict:
    """Encoder against encoder."""
    told = found.pairs.set_index(["intermediate", "source", "provenance", "first", "second"])["power"]
    rows = [
        [
            _subject(found.value, r), f"{r.first} − {r.second}", r.n,
            f"{signed(r.difference)} ({span(r.low, r.high)})", wording.p_value(r.p), wording.p_value(r.p_holm),
            f"{signed(r.total_difference)} ({span(r.total_low, r.total_high)})",
            percent(told.get((r.intermediate, r.source, r.provenance, r.first, r.second), np.nan)),
        ]
        for r in found.differences.dropna(subset=["difference"]).itertuples()
    ]  # fmt: skip
    columns = ["what", "encoders", "languages", "difference of r within families", "p", "p (Holm)"]
    columns += ["difference, all languages", "power"]
    return table(f"Encoder against encoder: correlations of the {found.value}", columns, rows, [PAIR_NOTE])


def _measures(found: Evidence) -> dict:
    """Every measure under every definition."""
    rows = []
    for (name, encoder, measure), here in parts(found.measures, ["intermediate", "encoder", "measure"]):
        each = [f"{r.definition} {_given(r.within_r, r.within_p)} ({wording.decimals(r.r)})" for r in here.itertuples()]
        subject = f"gain of {name}" if found.value == "gain" else "score"
        rows.append([subject, encoder, measure, here["n"].max(), "; ".join(each), similarity.verdict(here)])
    columns = ["what", "encoder", "measure", "languages", "r within families (over all languages)", "verdict"]
    note = "p within families, not corrected. A relation holds if every definition shows it with one sign at p < 0.05."
    return table(f"Measures of similarity by definition: {found.value}", columns, rows, [note])


def _points(found: Findings) -> list[dict]:
    """One point a language, target by target: gains against similarity and scores against distance."""
    kind = []
    for (name,), here in parts(found.gain_points, ["intermediate"]):
        r = found.gain_r[found.gain_r["intermediate"] == name]
        label, span_ = f"gain of {name} over {BASELINE} (points)", drawing.limits(here["gain"])
        kind += [
            (name, partial(language_figures.scatter, part, r, "gain", "similarity", found.encoders, label, span_))
            for _, part in parts(here, ["target", "encoder"])
        ]
    shown, left_out = affordable(kind, EXPLORE)
    last, blocks = list(shown)[-1:], []
    for name, panels in shown.items():
        text = left_out if [name] == last else []
        blocks.append(block(f"Gain of {name} against similarity, target by target", text, pictures=panels))
    kind, r = [], found.score_r
    for (target,), here in parts(found.score_points, ["target"]):
        span_ = drawing.limits(here["score"])
        kind += [
            (target, partial(language_figures.scatter, part, r, "score", "distance", found.encoders, y_range=span_))
            for _, part in parts(here, ["target", "encoder"])
        ]
    shown, left_out = affordable(kind)
    falls, tested = int(((r["p"] < SIGNIFICANT) & (r["r"] < 0)).sum()), int(r["r"].notna().sum())
    text = f"The score falls with distance in {falls} of {tested} cells (r < 0, p < 0.05, languages as if independent)."
    text = [*([text] if tested else []), *left_out]
    blocks.append(block("Score against distance, target by target", text, pictures=chain(*shown.values())))
    return blocks


def _numbers(both: list[Evidence]) -> list[dict]:
    """Every correlation of every target."""
    rows = [
        [
            _subject(found.value, x), x.target, x.encoder, x.n, _estimate(x.within_r, x.within_low, x.within_high),
            wording.p_value(x.within_p), _estimate(x.r, x.low, x.high), wording.p_value(x.p),
            _given(getattr(x, "partial_within_r", np.nan), getattr(x, "partial_within_p", np.nan)),
            _given(getattr(x, "partial_r", np.nan), getattr(x, "partial_p", np.nan)),
        ]
        for found in both
        if len(found.each)
        for x in found.each.dropna(subset=["r"]).itertuples()
    ]  # fmt: skip
    columns = ["what", "target", "encoder", "languages", "r within families", "p", "r, all languages"]
    columns += ["p as if independent", "given controls, within", "given controls, all"]
    caption = "Every correlation with similarity, target by target (Spearman, 95 % intervals, p not corrected)"
    return [table(caption, columns, rows)] if rows else []


def _subject(value: str, row) -> str:
    return f"gain of {row.intermediate}" if value == "gain" else "score"


def _least(value: float) -> str:
    return wording.DASH if pd.isna(value) else "none" if np.isinf(value) else wording.decimals(value)


def _given(r: float, p: float) -> str:
    return wording.DASH if pd.isna(r) else f"{wording.decimals(r)}, {p_text(p)}"


def _estimate(value: float, low: float, high: float) -> str:
    return wording.decimals(value) + (f" ({span(low, high)})" if np.isfinite(low) else "")
