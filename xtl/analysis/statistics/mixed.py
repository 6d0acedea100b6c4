"""What moves the score after intermediate training: a mixed model of cell means, with the guards that it needs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.regression.linear_model import OLS

from xtl.analysis.statistics import reml
from xtl.analysis.statistics.design import TRAINING, Design, codes, constant_within, indicators, make
from xtl.analysis.statistics.intervals import LEVEL
from xtl.analysis.statistics.mixed_cells import Cells

FORMULA = (
    "after ~ baseline from other seeds + intermediate × format + encoder × similarity + log corpus size + (1|language) "
    "+ (1|task) + (1|training) + (1|encoder × task) + (1|encoder × task × language)"
)
LEAST_SIGNAL = 0.2  # share of the baseline's variance, given the other terms, that must be more than noise
NO_CONVERGENCE = "The mixed model did not converge, or its terms leave nothing to explain."
SINGULAR = "The mixed model is singular: these cells do not determine its coefficients."


@dataclass(frozen=True)
class Fit:
    """A fitted model, or why there is none.

    terms: term, kind (the part of FORMULA that it is a level of), estimate, low, high, p, df (points, or points per
    unit; NaN where a term has no interval). slope: the row of similarity in terms. problem: why there are no
    coefficients; flag: why those of similarity must not be used. dropped: term -> why the grid cannot identify it.
    spreads: standard deviation by random effect, in points. reliability: share of the baseline's variance, given the
    other terms, that is not noise between seeds.
    """

    cells: Cells
    terms: pd.DataFrame
    problem: str = ""
    flag: str = ""
    dropped: dict[str, str] = field(default_factory=dict)
    spreads: dict[str, float] = field(default_factory=dict)
    reliability: float = np.nan

    @property
    def slope(self) -> pd.Series:
        """The row of similarity in the terms; a KeyError where there is none."""
        return self.terms.set_index("term").loc["similarity"]


TERMS = ["term", "kind", "estimate", "low", "high", "p", "df"]


def fit(found: Cells, level: float = LEVEL) -> Fit:
    """Fit FORMULA to the cells as far as they identify it, and guard it.

    Fitted by restricted maximum likelihood; the tests hold it against statsmodels' MixedLM, which takes minutes for
    some thousand rows. Rows are means over seeds, so no cell counts several times. A training (encoder × intermediate
    × task) is an effect of its own, because its languages move together, and so are the accidents of a baseline, which
    the intermediates of an encoder share. Factors are coded against their mean, so `similarity` is the mean slope over
    encoders.

    The baseline is measured with noise between seeds, which would hand a part of its effect to similarity (regression
    dilution; simulated: a tenth of a slope of 6 points). So the fixed effects are estimated again, at the fitted
    variances, with every product of a baseline with itself or with a score taken between two different seeds: this is
    what "from other seeds" means here (a moment correction, Fuller 1987). Intervals are Student's t with as many
    degrees of freedom as there are languages, less the terms of languages, for what is constant within a language
    (similarity); trainings, less the terms of trainings, for what is constant within a training; else what languages
    and trainings leave of the cells.

    No coefficients without convergence. The slope of similarity before the correction is compared with OLS clustered
    by language (statsmodels#10239: a covariate that is constant within a group can come out as 0.0). Zero, a slope
    outside the interval of OLS, or another sign is flagged; the sign counts where the interval excludes zero, because
    around a true slope of zero the two signs differ in one grid of five.
    """
    nothing = Fit(found, pd.DataFrame(columns=TERMS), found.problem)
    if found.problem:
        return nothing
    design = make(found.rows)
    nothing = replace(nothing, dropped=design.dropped)
    if "similarity" not in design.terms:
        return replace(nothing, problem=f"There is no slope of similarity: {design.dropped['similarity']}.")
    if not design.random:
        return replace(nothing, problem="Each language has one cell, so there is nothing to mix: correlate instead.")
    raw = reml.fit(found.rows["after"].to_numpy(float), design.matrix, design.levels(found.rows))
    if raw is None:
        return replace(nothing, problem=NO_CONVERGENCE)
    estimates, covariance, reliability = _crossed(found, design, raw.variances)
    spreads = dict(zip([*design.random, "residual"], np.sqrt(raw.variances).tolist(), strict=True))
    if not reliability > LEAST_SIGNAL:
        noise = "The baselines differ by little more than the noise between seeds, so their effect cannot be told."
        return replace(nothing, problem=noise, spreads=spreads, reliability=reliability)
    if not (np.isfinite(covariance).all() and (np.diag(covariance) > 0).all()):
        return replace(nothing, problem=SINGULAR, spreads=spreads, reliability=reliability)
    terms = _table(found.rows, design, estimates, covariance, level)
    flag = _flag(found.rows, design, raw.effects[design.columns.index("similarity")], terms, level)
    return Fit(found, terms, "", flag, design.dropped, spreads, reliability)


def _crossed(found: Cells, design: Design, variances: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Fixed effects by generalised least squares with products over different seeds; covariance, reliability.

    variances: of the random effects and, last, of the residual. Where the design has no baseline, or there is no noise
    to correct, these are the ordinary estimates.
    """
    seeds, residual = len(found.seeds), variances[-1]
    everything = np.hstack([design.matrix, found.after, found.baseline - found.baseline.mean()])
    weighted = reml.Crossed(design.levels(found.rows), everything)
    products = weighted(np.sqrt(variances[:-1] / residual))[1] / residual
    k = design.matrix.shape[1]
    naive, target = products[:k, :k], products[:k, k : k + seeds].mean(axis=1)
    if "baseline" not in design.columns:
        inverse = np.linalg.inv(naive)
        return inverse @ target, inverse, 1.0
    i = design.columns.index("baseline")
    matrix = naive.copy()
    matrix[i, i] = _between_seeds(products[k + seeds :, k + seeds :])
    target[i] = _between_seeds(products[k + seeds :, k : k + seeds])
    own, given = (1 / np.linalg.inv(part)[i, i] for part in (naive, matrix))
    inverse = np.linalg.inv(matrix)
    return inverse @ target, inverse @ naive @ inverse, float(given / own)


def _between_seeds(products: np.ndarray) -> float:
    """The mean of the products (seeds, seeds) of two different seeds."""
    seeds = len(products)
    return (products.sum() - np.trace(products)) / (seeds * (seeds - 1))


def _table(
    rows: pd.DataFrame, design: Design, estimates: np.ndarray, covariance: np.ndarray, level: float
) -> pd.DataFrame:
    """A row a term of the design with its estimate and Student t interval."""
    language, training = codes(rows, ["language"]), codes(rows, TRAINING)
    of_language = constant_within(design.matrix, language)
    of_training = constant_within(design.matrix, training)
    both = np.hstack([design.matrix, indicators(language)])
    within = both - pd.DataFrame(both).groupby(training).transform("mean").to_numpy()  # without every training's mean
    freedom = {
        "language": language.max() + 1 - int(of_language.sum()),
        "training": training.max() + 1 - int(of_training.sum()),
        "cell": len(rows) - (training.max() + 1) - np.linalg.matrix_rank(within),
    }
    lines = []
    for name, weights in design.terms.items():
        used = weights != 0
        level_of = "language" if of_language[used].all() else "training" if of_training[used].all() else "cell"
        estimate, error, df = weights @ estimates, np.sqrt(weights @ covariance @ weights), freedom[level_of]
        label = design.columns[int(np.flatnonzero(used)[0])]
        if df < 1:
            lines.append((name, label, estimate, *[np.nan] * 4))
            continue
        half = stats.t.ppf((1 + level) / 2, df) * error
        p = 2 * stats.t.sf(abs(estimate) / error, df)
        lines.append((name, label, estimate, estimate - half, estimate + half, p, df))
    return pd.DataFrame(lines, columns=TERMS)


def _flag(rows: pd.DataFrame, design: Design, slope: float, terms: pd.DataFrame, level: float) -> str:
    """Why the slope of similarity must not be used, or the empty text."""
    i = design.columns.index("similarity")
    groups = {"groups": codes(rows, ["language"])}
    ols = OLS(rows["after"].to_numpy(float), design.matrix).fit(cov_type="cluster", cov_kwds=groups, use_t=True)
    other, (low, high) = ols.params[i], ols.conf_int(1 - level)[i]
    own = terms.set_index("term").loc["similarity"]
    text = f"The mixed model's slope of similarity ({slope:+.2f})"
    if abs(slope) < 1e-8 < abs(other):
        return f"{text} came out as zero where that of OLS is {other:+.2f}."
    if np.sign(slope) != np.sign(other) and (own["low"] > 0 or own["high"] < 0):
        return f"{text} and that of OLS ({other:+.2f}) differ in sign."
    if not low <= slope <= high:
        return f"{text} lies outside the interval of OLS clustered by language ({low:+.2f} to {high:+.2f})."
    return ""
