"""The effect of a language feature from twins, beside what a regression over all made languages says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from xtl.analysis.scores import correlations as similarity
from xtl.analysis.scores.contrasts import combine
from xtl.analysis.scores.tables import CELL
from xtl.analysis.statistics import intervals as statistics
from xtl.languages.linguistics import Linguistics

EVERY = "all encoders"
POWER = 0.8
ESTIMATE = ["estimate", "error", "df", "low", "high", "p", "detectable"]
FAMILY_DF = 4  # family effects enter a regression that keeps at least as many residual degrees of freedom
PLACE = [column for column in CELL if column not in ("encoder", "architecture")]
AGREE, DISAGREE, OPEN = "agree", "disagree", "cannot tell"


class Change(NamedTuple):
    """A feature in which two twins differ, away from the source: `before` and `after` are codes, `name` the levels."""

    feature: str
    name: str
    before: str
    after: str


def changes(languages: Linguistics, source: str = "en") -> tuple[list[Change], list[str]]:
    """The laboratory's twin pairs as changes away from the source language, and its features without a pair.

    Of two twins the one nearer to the source in the feature comes first, so that an effect reads as what it costs to
    differ. No pairs for natural languages, which have no twins.
    """
    twins = languages.twins()
    if not twins:
        return [], []
    levels = languages.levels()
    distance = languages.distance(source)
    found = []
    for first, second, feature in twins:
        before, after = (first, second) if distance[first] <= distance[second] else (second, first)
        name = f"{feature}: {levels.loc[before, feature]} → {levels.loc[after, feature]}"
        found.append(Change(feature, name, before, after))
    paired = {change.feature for change in found}
    return found, [name for name in levels if name not in paired]


def twin_differences(table: pd.DataFrame, value: str, pairs: Sequence[Change]) -> pd.DataFrame:
    """Value of the changed twin minus that of the other, in points: a row per pair, cell and seed.

    table: rows per cell, seed and language (main_scores, gains, or either through similarity.over_targets). A pair is
    tested on one model, so what a seed does to the model as a whole cancels, and each seed is one difference. NaN where
    either twin is missing; a target without both languages has no row. Columns: feature, those of CELL, seed, effect.
    """
    key, parts = [*CELL, "seed"], []
    for pair in pairs:
        both = [table.loc[table["language"] == code, [*key, value]] for code in (pair.before, pair.after)]
        joined = both[0].merge(both[1], on=key, suffixes=("_before", "_after"))
        parts.append(joined.assign(feature=pair.feature, effect=joined[f"{value}_after"] - joined[f"{value}_before"]))
    return pd.concat(parts)[["feature", *key, "effect"]] if parts else pd.DataFrame(columns=["feature", *key, "effect"])


def twin_effects(differences: pd.DataFrame) -> pd.DataFrame:
    """Mean effect of every pair, intermediate and target, per encoder and over all encoders, with a t interval.

    Each encoder has its own variance between seeds (contrasts.combine), of one pair and target, since twins that differ
    in script scatter several times more than twins that differ in adpositions. The mean over encoders is about these
    encoders; it is NaN if one of them lacks it.

    differences: as `twin_differences` returns it. Columns: feature, PLACE, encoder, estimate, error (standard), df,
    low, high, p, detectable (the least effect found with 80 % power), seeds.
    """
    place = ["feature", *PLACE]
    rows = []
    for names, group in differences.rename(columns={"effect": "gain"}).groupby(place, sort=False, dropna=False):
        encoders = list(dict.fromkeys(group["encoder"]))
        weights = {encoder: {encoder: 1.0} for encoder in encoders}
        if len(encoders) > 1:
            weights[EVERY] = {encoder: 1 / len(encoders) for encoder in encoders}
        for name, factors in weights.items():
            found = combine(group, factors)
            rows.append((*names, name, found.estimate, found.error, found.df, found.seeds))
    columns = [*place, "encoder", "estimate", "error", "df", "seeds"]
    return _intervals(pd.DataFrame(rows, columns=columns))[[*place, "encoder", *ESTIMATE, "seeds"]]


def _intervals(table: pd.DataFrame) -> pd.DataFrame:
    """Adds low, high, p (two-sided, against zero) and detectable to columns estimate, error and df."""
    estimate, error, df = (table[name].astype(float).to_numpy() for name in ("estimate", "error", "df"))
    df = np.where((df >= 1) & np.isfinite(estimate), df, np.nan)
    half = t_factor(df) * error
    with np.errstate(divide="ignore", invalid="ignore"):  # no spread between seeds, or no interval
        p = np.where(
            error > 0, 2 * stats.t.sf(np.abs(estimate) / error, df), np.where(error == 0, estimate == 0, np.nan)
        )
        detectable = half + stats.t.ppf(POWER, df) * error
    return table.assign(
        estimate=estimate, error=error, low=estimate - half, high=estimate + half, p=p, detectable=detectable
    )


def t_factor(df):
    """Standard errors to either side of an estimate that its 95 % interval reaches."""
    with np.errstate(invalid="ignore"):
        return stats.t.ppf((1 + statistics.LEVEL) / 2, df)


def regression(
    values: pd.DataFrame, features: pd.DataFrame, families: Mapping[str, str], contrasts: Mapping[str, pd.Series],
    alone: bool = False,
) -> pd.DataFrame:  # fmt: skip
    """What regressions of one value a language say of the changes that the twins show.

    values: a row a language, a column a regression, in points. features: a row a language, numeric columns. contrasts:
    feature -> change of every column from one twin to the other, so that estimates are in points per change as in the
    twins. Ordinary least squares on all columns, or with `alone` on those of the one feature. Family effects are added
    as dummies where at least FAMILY_DF residual degrees of freedom remain: simulated in the laboratory's design of 24
    languages with intra-class correlations to 0.9, nominal 95 % intervals then cover 94 to 95 %, without them 73 to 98
    %, with HC3 86 to 99 %, clustered by family 75 to 96 %. With twelve languages there is no room for them; t intervals
    with 2 degrees of freedom cover 94 to 98 %, HC3 99 % at two to three times the width.

    Languages without a value or a feature are left out. NaN where the change is not estimable or nothing is left to
    estimate the error from. Columns: regression (the column's place in `values`), feature, ESTIMATE, languages,
    family_effects.
    """
    features = features.dropna()
    values = values.reindex(features.index)
    stems = np.array([str(column).partition("_")[0] for column in features])
    rows = []
    for known, places in _patterns(values):
        y, family = values.to_numpy(float)[known][:, places], features.index[known].map(families)
        for feature, contrast in contrasts.items():
            own = np.isin(stems, stems[(contrast != 0).to_numpy()]) if alone else np.ones(len(stems), bool)
            columns, change = features.to_numpy(float)[known][:, own], contrast.to_numpy(float)[own]
            found = _fit(y, columns, pd.get_dummies(family, dtype=float).to_numpy(float), change)
            rows += [
                (place, feature, *row, int(known.sum()), found.families)
                for place, row in zip(places, found.rows, strict=True)
            ]
    names = ["regression", "feature", "estimate", "error", "df", "languages", "family_effects"]
    result = _intervals(pd.DataFrame(rows, columns=names))
    return result[["regression", "feature", *ESTIMATE, "languages", "family_effects"]]


def _patterns(values: pd.DataFrame) -> list[tuple[np.ndarray, list[int]]]:
    """Which languages have a value, and the columns of which this is so."""
    patterns: dict[bytes, tuple[np.ndarray, list[int]]] = {}
    for place, known in enumerate(values.notna().to_numpy().T):
        patterns.setdefault(known.tobytes(), (known, []))[1].append(place)
    return list(patterns.values())


class _Found(NamedTuple):
    rows: list[tuple[float, float, int]]  # estimate, standard error, degrees of freedom of every regression
    families: bool


def _fit(values: np.ndarray, columns: np.ndarray, family: np.ndarray, change: np.ndarray) -> _Found:
    """Least squares of (languages, regressions) values, with family effects where there is room, and one contrast."""
    n, many = values.shape
    narrow = np.column_stack([np.ones(n), columns])
    wide = np.column_stack([narrow, family])
    room = n > 0 and bool(n - np.linalg.matrix_rank(wide) >= FAMILY_DF)
    design = wide if room else narrow
    df = int(n - np.linalg.matrix_rank(design)) if n else 0
    change = np.concatenate([[0.0], change, np.zeros(design.shape[1] - len(change) - 1)])
    inverse = np.linalg.pinv(design)
    weights = change @ inverse
    if df < 1 or not np.allclose(weights @ design, change, atol=1e-8):  # the languages do not show this change
        return _Found([(np.nan, np.nan, df)] * many, room)
    residual = values - design @ (inverse @ values)
    errors = np.sqrt((residual**2).sum(axis=0) / df * (weights @ weights))
    return _Found([(float(e), float(s), df) for e, s in zip(weights @ values, errors, strict=True)], room)


def regression_effects(
    table: pd.DataFrame, value: str, languages: Linguistics, pairs: Sequence[Change], alone: bool = False
) -> pd.DataFrame:
    """The regression beside `twin_effects`: the same columns, and languages and family_effects instead of seeds.

    table: as for `twin_differences`; the value of a language is its mean over seeds (similarity.points), over all
    encoders the mean of theirs, the source language left out.
    """
    features, families = languages.features(), languages.families()
    contrasts = {pair.feature: features.loc[pair.after] - features.loc[pair.before] for pair in pairs}
    points, key = similarity.points(table, value, {}), [*PLACE, "encoder"]
    wide = points.pivot_table(index="language", columns=key, values=value, dropna=False, observed=True, sort=False)
    wide = wide[list(dict.fromkeys(points[key].itertuples(index=False, name=None)))] if len(points) else wide
    whole = {}
    for place, group in points.groupby(PLACE, sort=False, dropna=False):
        encoders = list(dict.fromkeys(group["encoder"]))
        if len(encoders) > 1:
            whole[*place, EVERY] = wide[[(*place, name) for name in encoders]].mean(axis=1, skipna=False)
    wide = pd.concat([wide, pd.DataFrame(whole, index=wide.index)], axis=1) if whole else wide
    found = regression(wide, features, families, contrasts, alone)
    places = pd.DataFrame([wide.columns[i] for i in found["regression"]], columns=key)
    return pd.concat([found["feature"], places, found.drop(columns=["regression", "feature"])], axis=1)


def compare(twins: pd.DataFrame, regressed: pd.DataFrame) -> pd.DataFrame:
    """Twins and regression side by side, their difference and a verdict, a row per feature, place and encoder.

    twins, regressed: as `twin_effects` and `regression_effects` return them; columns get the suffixes _twin and _all.
    difference (regression − twins) with low and high: standard errors add up as if the two were independent, with
    Welch's degrees of freedom; as the twins are among the languages of the regression, that errs towards no verdict.

    verdict: DISAGREE where the interval of the difference leaves out zero; AGREE where it does not and both show an
    effect (intervals without zero) of one sign; else OPEN.
    """
    key = ["feature", *PLACE, "encoder"]
    result = twins.merge(regressed, on=key, how="left", suffixes=("_twin", "_all"))
    variances = result["error_twin"] ** 2, result["error_all"] ** 2
    total = variances[0] + variances[1]
    welch = total**2 / (variances[0] ** 2 / result["df_twin"] + variances[1] ** 2 / result["df_all"])
    result["difference"] = result["estimate_all"] - result["estimate_twin"]
    half = t_factor(welch) * np.sqrt(total)
    result["low"], result["high"] = result["difference"] - half, result["difference"] + half
    return result.assign(verdict=[_verdict(row) for row in result.itertuples()])


def _verdict(row) -> str:
    if row.low > 0 or row.high < 0:
        return DISAGREE
    shown = [row.low_twin > 0 or row.high_twin < 0, row.low_all > 0 or row.high_all < 0]
    return AGREE if all(shown) and row.estimate_twin * row.estimate_all > 0 and np.isfinite(row.low) else OPEN
