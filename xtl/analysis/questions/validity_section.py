"""The section that sets the causal effect of a feature, from twins, beside what a regression says of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pandas as pd

from xtl.analysis import wording
from xtl.analysis.figures import drawing
from xtl.analysis.figures.forest import forest, shared_range
from xtl.analysis.questions import validity
from xtl.analysis.questions.sections import Findings
from xtl.analysis.questions.validity import AGREE, DISAGREE, EVERY, Change
from xtl.analysis.scores import correlations as similarity
from xtl.analysis.scores.tables import BASELINE
from xtl.analysis.section import affordable, block, cell, parts, section, table

TITLE = "How far to trust a regression over languages"
TWINS, REGRESSION = "twins", "regression"
PURPOSE = (
    "Of natural languages one cannot change a single feature; one can only regress scores on the features that "
    "languages happen to have. Here both can be done. Twins are languages that are equal in everything but one "
    "feature, so the difference of their scores is what that feature does. The regression knows only the features and "
    "the mean score of every language."
)
LIMIT = (
    "Twins answer for one pair of languages and the features that these two share; a regression averages over all "
    "languages. Where a feature matters more in some languages than in others the two may differ without either being "
    "wrong."
)
NOTE = (
    "Points per change of the feature as in the twins, mean over seeds, the source language left out; 95 % intervals. "
    "Twins: paired difference on one model, one value a seed; Student's t over seeds, the variance between seeds "
    "pooled over the encoders. Least effect: found with 80 % power. Difference: regression − twins, standard errors "
    "added as if independent, Welch's degrees of freedom. Verdict: disagree if its interval leaves out zero; agree if "
    "not and both show an effect of one sign; else cannot tell. The feature alone: a regression on this feature and "
    "the families only, as one may be tempted to run with few languages; other features then pass for it."
)


def trust(found: Findings) -> dict:
    """Twins beside the regression: a sentence per feature, forests, and all numbers; nothing for natural languages."""
    pairs, unpaired = validity.changes(found.data)
    if not pairs:
        return section("validity", TITLE)
    baseline = found.main[found.main["intermediate"] == BASELINE]
    score, gain = _compared(found, baseline, "score", pairs), _compared(found, found.language_gains, "gain", pairs)
    if not score["estimate_twin"].notna().any():
        return section("validity", TITLE)
    each = {"score": ("Zero-shot score without intermediate training", score)}
    for (name,), here in parts(gain[gain["estimate_twin"].notna()], ["intermediate"]):
        each[f"gain of {name}"] = (f"Gain of {name}", here)
    pictures, left_out = affordable(
        (what, draw) for what, (_, rows) in each.items() for draw in _forests(rows, pairs, what)
    )
    blocks = [block(text=[PURPOSE, *design_words(score), *_unpaired(unpaired), *left_out])]
    for what, (heading, rows) in each.items():
        notes = [NOTE] if what == "score" else []
        blocks.append(_shown(rows, pairs, heading, what, pictures.get(what, []), notes))
    return section("validity", TITLE, *blocks, block(text=[LIMIT]))


def _compared(found: Findings, rows: pd.DataFrame, value: str, pairs: list[Change]) -> pd.DataFrame:
    """validity.compare over targets and target by target, with the estimate of the feature alone as `*_alone`."""
    tables = []
    for values in (similarity.over_targets(rows, value), rows[rows["language"].notna()]):
        twins = validity.twin_effects(validity.twin_differences(values, value, pairs))
        every = validity.regression_effects(values, value, found.data, pairs)
        alone = validity.regression_effects(values, value, found.data, pairs, alone=True)
        key = ["feature", *validity.PLACE, "encoder"]
        joined = validity.compare(twins, every)
        tables.append(
            joined.merge(alone[[*key, "estimate", "low", "high"]], on=key, how="left", suffixes=("", "_alone"))
        )
    result = pd.concat(tables, ignore_index=True)
    return result.rename(columns={"estimate": "estimate_alone"})


def design_words(score: pd.DataFrame) -> list[str]:
    """How many languages, columns and degrees of freedom the regression has; score: rows with twins and regression."""
    known = score.dropna(subset=["df_all"])
    if known.empty:
        return ["The regression cannot be computed: too few languages have a score."]
    languages, df = int(known["languages"].max()), int(known["df_all"].max())
    with_families = known["family_effects"].astype(bool).any()
    columns = languages - df
    family = "features and family effects" if with_families else "features"
    text = f"The regression fits {columns} coefficients (a constant, {family}) to {languages} languages"
    if df < 1:
        return [text + ", so nothing is left to estimate its error from: it gives no interval."]
    half = validity.t_factor(df)
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
    rows: pd.DataFrame, pairs: list[Change], heading: str, what: str, pictures: list[drawing.Picture], notes: list[str]
) -> dict:  # fmt: skip
    """Sentences, forests and tables of one value; rows: of one intermediate."""
    whole = _headline(rows[rows["target"] == similarity.POOLED])
    words = [sentence(r, _name(pairs, r.feature), what) for r in whole.itertuples()]
    lead = _table(whole, pairs, f"Mean over encoders and targets: {what}", notes)
    every = _table(rows, pairs, f"Every encoder and target: {what}", every=True)
    return block(heading, items=words, pictures=pictures, tables=[lead, every])


def _forests(rows: pd.DataFrame, pairs: list[Change], what: str) -> list[Callable[[], drawing.Picture]]:
    """What draws the effects of all features, target by target, on one scale."""
    targets = [_headline(here) for _, here in parts(rows, ["target"])]
    forests = [_marks(here, pairs) for here in targets]
    span = shared_range(forests, TWINS)
    return [
        partial(_forest, marks, here.iloc[0]["target"], what, span)
        for marks, here in zip(forests, targets, strict=True)
    ]


def _headline(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows over all encoders, or those of the only encoder."""
    pooled = rows[rows["encoder"] == EVERY]
    return pooled if len(pooled) else rows


def _marks(rows: pd.DataFrame, pairs: list[Change]) -> pd.DataFrame:
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
    """Whether twins and regression agree on one feature, and what that teaches; row: of validity.compare."""
    twins = f"{name}: twins {wording.points(row.estimate_twin)}" + _brackets(row.low_twin, row.high_twin)
    if not np.isfinite(row.estimate_twin):
        return f"{name}: cannot tell; a twin is missing."
    if not np.isfinite(row.estimate_all):
        return f"{twins} points on the {what}; cannot tell: the regression gives no estimate."
    text = f"{twins}, regression {wording.points(row.estimate_all)}{_brackets(row.low_all, row.high_all)} points: "
    least = f"it finds an effect of {wording.points(row.detectable_all, False)} points or more with 80 % power"
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
    causal, seen = row.low_twin > 0 or row.high_twin < 0, row.low_all > 0 or row.high_all < 0
    if causal and not seen:
        return text + f"cannot tell. The effect is real, and the regression does not show it: {least}."
    if seen and not causal:
        return text + "cannot tell. The regression shows an effect that the twins neither confirm nor rule out."
    return text + (
        "cannot tell; neither shows an effect. With 80 % power the twins would have shown "
        f"{wording.points(row.detectable_twin, False)} points and the regression "
        f"{wording.points(row.detectable_all, False)}."
    )


def _table(
    rows: pd.DataFrame, pairs: list[Change], caption: str, notes: Sequence[str] = (), every: bool = False
) -> dict:
    shown = []
    for r in rows.itertuples():
        place = [r.target, r.encoder] if every else []
        shown.append([
            _name(pairs, r.feature), *place, _points(r.estimate_twin, r.low_twin, r.high_twin),
            wording.points(r.detectable_twin, False), _points(r.estimate_all, r.low_all, r.high_all),
            wording.points(r.detectable_all, False), _points(r.difference, r.low, r.high),
            cell(r.verdict, kind="failed" if r.verdict == DISAGREE else ""),
            _points(r.estimate_alone, r.low_alone, r.high_alone),
        ])  # fmt: skip
    place = ["target", "encoder"] if every else []
    columns = ["feature", *place, "twins", "least effect, twins", "regression", "least effect, regression"]
    columns += ["difference", "verdict", "the feature alone"]
    seeds = " to ".join(str(n) for n in dict.fromkeys((rows["seeds"].min(), rows["seeds"].max())))
    return table(f"{caption} ({seeds} seeds)", columns, shown, notes)


def _name(pairs: list[Change], feature: str) -> str:
    return next(pair.name for pair in pairs if pair.feature == feature)


def _brackets(low: float, high: float) -> str:
    return f" ({wording.spread(low, high)})" if np.isfinite(low) and np.isfinite(high) else ""


def _points(value: float, low: float, high: float) -> str:
    return wording.points(value) + _brackets(low, high)
