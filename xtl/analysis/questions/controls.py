"""Twins, languages that differ in one feature only, beside what a regression over all languages says of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pandas as pd

from xtl.analysis import wording
from xtl.analysis.figures import drawing
from xtl.analysis.figures.dot_plots import forest, shared_range
from xtl.analysis.results import Results
from xtl.analysis.scores import correlations, twins
from xtl.analysis.scores.tables import BASELINE
from xtl.analysis.scores.twins import AGREE, DISAGREE, EVERY, Change
from xtl.analysis.section import Block, Section, Table, affordable, block, cell, parts, section, table

TITLE = "Controls and twins: how far to trust a regression over languages"
TWINS = "twins"
REGRESSION = "regression"
PURPOSE = (
    "Twins are languages equal in everything but one feature: the difference of their scores is what the feature does. "
    "The regression knows only features and mean scores, as for natural languages."
)
LIMIT = (
    "Twins answer for one pair of languages and the features that these two share; a regression averages over all "
    "languages. Where a feature matters more in some languages than in others the two may differ without either being "
    "wrong."
)
METHOD = (
    "Points per change of the feature as in the twins, mean over seeds, the source language left out; 95 % intervals. "
    "Twins: paired difference on one model, one value a seed; Student's t over seeds, each encoder with its own "
    "variance. Least effect: found with 80 % power. Difference: regression − twins, standard errors "
    "added as if independent, Welch's degrees of freedom. Verdict: disagree if its interval leaves out zero; agree if "
    "not and both show an effect of one sign; else cannot tell. The feature alone: a regression on this feature and "
    "the families only, as one may be tempted to run with few languages; other features then pass for it."
)


def controls(results: Results) -> Section:
    """Would the regression that one must use on natural languages have found what twins show? Laboratory only."""
    pairs, unpaired = twins.changes(results.data.linguistics)
    if not pairs:
        return section("controls", TITLE)
    baseline = results.main[results.main["intermediate"] == BASELINE]
    score = _compared(results, baseline, "score", pairs)
    gain = _compared(results, results.language_gains, "gain", pairs)
    if not score["estimate_twin"].notna().any():
        return section("controls", TITLE)
    values = {"score": ("Zero-shot score without intermediate training", score)}
    for (name,), rows in parts(gain[gain["estimate_twin"].notna()], ["intermediate"]):
        values[f"gain of {name}"] = (f"Gain of {name}", rows)
    pictures, left_out = affordable(
        (what, draw) for what, (_, rows) in values.items() for draw in _forests(rows, pairs, what)
    )
    notes = [*design_words(score), *_unpaired(unpaired), LIMIT]
    blocks = [block(text=[PURPOSE, *left_out], notes=notes)]
    for what, (heading, rows) in values.items():
        blocks.append(_shown(rows, pairs, heading, what, pictures.get(what, [])))
    return section("controls", TITLE, *blocks)


def _compared(results: Results, rows: pd.DataFrame, value: str, pairs: Sequence[Change]) -> pd.DataFrame:
    """twins.compare over targets and target by target, with the estimate of the feature alone as `*_alone`."""
    key = ["feature", *twins.PLACE, "encoder"]
    tables = []
    for values in (correlations.over_targets(rows, value), rows[rows["language"].notna()]):
        of_twins = twins.twin_effects(twins.twin_differences(values, value, pairs))
        regressed = twins.regression_effects(values, value, results.data.linguistics, pairs)
        alone = twins.regression_effects(values, value, results.data.linguistics, pairs, alone=True)
        compared = twins.compare(of_twins, regressed)
        alone = alone[[*key, "estimate", "low", "high"]]
        tables.append(compared.merge(alone, on=key, how="left", suffixes=("", "_alone")))
    return pd.concat(tables, ignore_index=True).rename(columns={"estimate": "estimate_alone"})


def design_words(score: pd.DataFrame) -> list[str]:
    """How many languages, columns and degrees of freedom the regression has; score: rows with twins and regression."""
    estimated = score.dropna(subset=["df_all"])
    if estimated.empty:
        return ["The regression cannot be computed: too few languages have a score."]
    languages = int(estimated["languages"].max())
    df = int(estimated["df_all"].max())
    with_families = estimated["family_effects"].astype(bool).any()
    terms = "features and family effects" if with_families else "features"
    text = f"The regression fits {languages - df} coefficients (a constant, {terms}) to {languages} languages"
    if df < 1:
        return [text + ", so nothing is left to estimate its error from: it gives no interval."]
    half = twins.t_factor(df)
    text += f", so {df} degrees of freedom are left and a 95 % interval is ± {half:.1f} standard errors wide."
    if df < 5:
        text += " So few say little: read its intervals, not its estimates."
    if not with_families:
        text += " There is no room for family effects beside the features."
    return [text]


def _unpaired(names: list[str]) -> list[str]:
    if not names:
        return []
    return [f"Features without a pair of twins in this design, of which nothing is said: {wording.listing(names)}."]


def _shown(
    rows: pd.DataFrame, pairs: Sequence[Change], heading: str, what: str, pictures: list[drawing.Picture]
) -> Block:
    """A summary, forests, and a sentence a feature with every number below them; rows: of one intermediate."""
    whole = _over_encoders(rows[rows["target"] == correlations.POOLED])
    sentences = [sentence(r, _name(pairs, r.feature), what) for r in whole.itertuples()]
    lead = _table(whole, pairs, f"Mean over encoders and targets: {what}", [METHOD])
    every = _table(rows, pairs, f"Every encoder and target: {what}", by_place=True)
    return block(
        heading,
        [summary(whole, pairs)],
        pictures=pictures[:1],
        tables=[lead, every],
        notes=sentences,
        more=pictures[1:],
    )


def summary(rows: pd.DataFrame, pairs: Sequence[Change]) -> str:
    """What the twins show, and whether the regression shows it too, in a sentence or two."""
    real = rows[(rows["low_twin"] > 0) | (rows["high_twin"] < 0)]
    if real.empty:
        return "The twins show no effect of any feature here."
    effects = [
        f"{_name(pairs, r.feature)} {wording.points(r.estimate_twin)}{_brackets(r.low_twin, r.high_twin)}"
        for r in real.itertuples()
    ]
    seen = int(((real["low_all"] > 0) | (real["high_all"] < 0)).sum())
    return f"Twins show, in points: {wording.listing(effects)}. The regression shows {seen} of these {len(real)}."


def _forests(rows: pd.DataFrame, pairs: Sequence[Change], what: str) -> list[Callable[[], drawing.Picture]]:
    """What draws the effects of all features, target by target, on one scale."""
    targets = [_over_encoders(part) for _, part in parts(rows, ["target"])]
    marks = [_marks(part, pairs) for part in targets]
    span = shared_range(marks, TWINS)
    return [partial(_forest, m, part.iloc[0]["target"], what, span) for m, part in zip(marks, targets, strict=True)]


def _over_encoders(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows over all encoders, or those of the only encoder."""
    pooled = rows[rows["encoder"] == EVERY]
    return pooled if len(pooled) else rows


def _marks(rows: pd.DataFrame, pairs: Sequence[Change]) -> pd.DataFrame:
    shown = []
    for r in rows.itertuples():
        name = _name(pairs, r.feature)
        shown.append((name, TWINS, r.estimate_twin, r.low_twin, r.high_twin))
        shown.append((name, REGRESSION, r.estimate_all, r.low_all, r.high_all))
    return pd.DataFrame(shown, columns=["row", "kind", "estimate", "low", "high"])


def _forest(marks: pd.DataFrame, target: str, what: str, span: tuple[float, float]) -> drawing.Picture:
    alt = f"Forest plot of the effect of each feature on the {what} in points, {target}, twins beside regression"
    return forest(marks, [TWINS, REGRESSION], target, f"effect on the {what} (points)", span, alt)


def sentence(row, name: str, what: str) -> str:
    """Whether twins and regression agree on one feature, and what that teaches; row: of twins.compare."""
    effect = f"{name}: twins {wording.points(row.estimate_twin)}" + _brackets(row.low_twin, row.high_twin)
    if not np.isfinite(row.estimate_twin):
        return f"{name}: cannot tell; a twin is missing."
    if not np.isfinite(row.estimate_all):
        return f"{effect} points on the {what}; cannot tell: the regression gives no estimate."
    text = f"{effect}, regression {wording.points(row.estimate_all)}{_brackets(row.low_all, row.high_all)} points: "
    if row.verdict == DISAGREE:
        return text + (
            f"they disagree by {wording.points(row.difference)}{_brackets(row.low, row.high)}. Over natural languages "
            "only the regression could be run, and nothing would have shown that it is off."
        )
    if row.verdict == AGREE:
        return text + (
            "they agree. That speaks for a regression whose features are nearly uncorrelated, as they are here by "
            "design and in natural languages are not."
        )
    if not np.isfinite(row.low_twin) or not np.isfinite(row.low_all):
        return text + "cannot tell; an interval is missing."
    causal = row.low_twin > 0 or row.high_twin < 0
    seen = row.low_all > 0 or row.high_all < 0
    least = f"{wording.points(row.detectable_all, False)} points or more with 80 % power"
    if causal and not seen:
        return text + (
            "cannot tell. The effect is real, and the regression does not show it: it finds an effect of " + least + "."
        )
    if seen and not causal:
        return text + "cannot tell. The regression shows an effect that the twins neither confirm nor rule out."
    return text + (
        "cannot tell; neither shows an effect. With 80 % power the twins would have shown "
        f"{wording.points(row.detectable_twin, False)} points and the regression "
        f"{wording.points(row.detectable_all, False)}."
    )


def _table(
    rows: pd.DataFrame, pairs: Sequence[Change], caption: str, notes: Sequence[str] = (), by_place: bool = False
) -> Table:
    shown = []
    for r in rows.itertuples():
        place = [r.target, r.encoder] if by_place else []
        verdict = cell(r.verdict, kind="failed" if r.verdict == DISAGREE else "")
        shown.append([
            _name(pairs, r.feature), *place, _points(r.estimate_twin, r.low_twin, r.high_twin),
            wording.points(r.detectable_twin, False), _points(r.estimate_all, r.low_all, r.high_all),
            wording.points(r.detectable_all, False), _points(r.difference, r.low, r.high), verdict,
            _points(r.estimate_alone, r.low_alone, r.high_alone),
        ])  # fmt: skip
    place = ["target", "encoder"] if by_place else []
    columns = ["feature", *place, "twins", "least effect, twins", "regression", "least effect, regression"]
    columns += ["difference", "verdict", "the feature alone"]
    seeds = " to ".join(str(n) for n in dict.fromkeys((rows["seeds"].min(), rows["seeds"].max())))
    return table(f"{caption} ({seeds} seeds)", columns, shown, notes)


def _name(pairs: Sequence[Change], feature: str) -> str:
    return next(pair.name for pair in pairs if pair.feature == feature)


def _brackets(low: float, high: float) -> str:
    return f" ({wording.spread(low, high)})" if np.isfinite(low) and np.isfinite(high) else ""


def _points(value: float, low: float, high: float) -> str:
    return wording.points(value) + _brackets(low, high)
