"""Variances of crossed random effects by restricted maximum likelihood, in seconds for tables of ten thousand rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

PRECISION = 1e-4  # of a standard deviation, in standard deviations of the residual
ROUNDING = 1e-20  # of the response's sum of squares: below it nothing but rounding is left
LEAST_RESIDUAL = 1e-12  # of what the fixed terms leave: below it there is no residual to compare variances with
INDEPENDENT = 1e-10  # what the columns before it must leave of a column of the fixed terms


@dataclass(frozen=True)
class Estimate:
    """effects: of the fixed terms. variances: of the random effects in their order, then of the residual."""

    effects: np.ndarray
    variances: np.ndarray


class Crossed:
    """Products of values weighted by the inverse covariance of crossed random effects, at any variances.

    groups: by random effect, the level (0, 1, …) of each row. values: (rows, columns). Only sums over levels are kept.
    The effect with most levels has a diagonal block in the normal equations, so a Cholesky factor of the others' levels
    is all that an evaluation costs (the penalised least squares of Bates, Mächler, Bolker and Walker 2015, section 5,
    with that block eliminated first).
    """

    def __init__(self, groups: Sequence[np.ndarray], values: np.ndarray) -> None:
        effects = [_indicators(levels) for levels in groups]
        self._fine = int(np.argmax([effect.shape[1] for effect in effects]))
        fine = effects.pop(self._fine)
        coarse = sparse.hstack([sparse.csr_array((len(values), 0)), *effects]).tocsr()
        self._effect = np.repeat(np.arange(len(effects)), [effect.shape[1] for effect in effects])
        self._counts = fine.sum(axis=0)
        self._within, self._between = (coarse.T @ coarse).toarray(), (coarse.T @ fine).tocsr()
        self._coarse, self._finest, self._plain = coarse.T @ values, fine.T @ values, values.T @ values

    def __call__(self, ratios: np.ndarray) -> tuple[float, np.ndarray]:
        """log |H| and values' H⁻¹ values, (columns, columns); H is the rows' covariance over the residual's variance.

        ratios: standard deviation of each random effect over that of the residual.
        """
        squared = ratios[self._fine] ** 2
        scale = np.delete(ratios, self._fine)[self._effect]
        diagonal = 1 + squared * self._counts
        shrunk = squared / diagonal
        taken = (self._between * shrunk) @ self._between.T
        factor = cho_factor(np.eye(len(scale)) + scale[:, None] * (self._within - taken.toarray()) * scale, lower=True)
        own = shrunk[:, None] * self._finest
        rest = scale[:, None] * (self._coarse - self._between @ own)
        products = self._plain - self._finest.T @ own - rest.T @ cho_solve(factor, rest)
        return np.log(diagonal).sum() + 2 * np.log(np.diag(factor[0])).sum(), products


def fit(response: np.ndarray, matrix: np.ndarray, groups: Sequence[np.ndarray]) -> Estimate | None:
    """The fixed effects of matrix (rows, columns) on response (rows,), and the variances; None without an answer.

    The restricted likelihood, with the fixed effects and the residual's variance profiled out, is maximised over the
    standard deviations by COBYQA (Ragonneau 2022), which needs no derivative and keeps them from falling below zero.
    There is no answer where it does not converge, where the columns of the matrix depend on each other, where nothing
    is left of the response, and where a value is missing.
    """
    rows, columns = matrix.shape
    if rows <= columns or not (np.isfinite(response).all() and np.isfinite(matrix).all()):
        return None
    basis, triangle = np.linalg.qr(matrix)
    if (np.abs(np.diag(triangle)) < INDEPENDENT * np.linalg.norm(matrix, axis=0)).any():
        return None
    plain = basis.T @ response
    rest = response - basis @ plain  # of the response itself, a large mean would cancel
    weighted = Crossed(groups, np.column_stack([basis, rest]))
    least = max(LEAST_RESIDUAL * float(rest @ rest), ROUNDING * float(response @ response), np.finfo(float).tiny)

    def profiled(ratios: np.ndarray) -> tuple[float, np.ndarray, float]:
        """−2 × the restricted log-likelihood without its constant, fixed effects, weighted residual sum of squares."""
        log_determinant, products = weighted(ratios)
        factor, target = cho_factor(products[:columns, :columns], lower=True), products[:columns, columns]
        effects = cho_solve(factor, target)
        left = max(products[columns, columns] - target @ effects, least)
        spread = 2 * np.log(np.diag(factor[0])).sum()
        return log_determinant + spread + (rows - columns) * np.log(left / (rows - columns)), effects, left

    try:
        found = minimize(
            lambda ratios: profiled(ratios)[0], np.ones(len(groups)), method="COBYQA",
            bounds=[(0, None)] * len(groups), options={"final_tr_radius": PRECISION},
        )  # fmt: skip
        deviance, effects, left = profiled(found.x)
    except np.linalg.LinAlgError:
        return None
    if not (found.success and left > least and np.isfinite(deviance)):
        return None
    residual = left / (rows - columns)
    return Estimate(np.linalg.solve(triangle, plain + effects), np.array([*(found.x**2 * residual), residual]))


def _indicators(levels: np.ndarray) -> sparse.csr_array:
    """(rows, levels): 1 in the column of the row's level."""
    rows = np.arange(len(levels))
    return sparse.csr_array((np.ones(len(levels)), (rows, levels)), shape=(len(levels), levels.max() + 1))
