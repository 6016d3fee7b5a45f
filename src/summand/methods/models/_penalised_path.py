"""What the fits of a penalised regression share: training sets, the model without covariates, penalties, one step."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from summand.errors import SingularInformation
from summand.methods.models._penalised_solve import minimum
from summand.methods.models._penalised_state import PenalisedState
from summand.tables import Array

if TYPE_CHECKING:
    from summand.methods.models._penalised import PenalisedRegression

# A path's first penalty is not divided by less than this, though alpha may be 0 (as in glmnet).
ALPHA_LEAST = 1e-3


@dataclasses.dataclass(frozen=True)
class Training:
    """The rows that each fit learns from: everybody, then all but each fold; by group g.

    Attributes:
        rows: Shape (g,).
        zz, zy, yy: Sums of ``z z'``, ``z y`` and ``y²`` about the pooled means: (g, q, q), (g, q), (g,).
        sds: Standard deviations of the scaled columns, divisor n: shape (g, p).
        outcome_means: Of the scaled outcome, shape (g,).
    """

    rows: Array
    zz: Array
    zy: Array
    yy: Array
    sds: Array
    outcome_means: Array

    @classmethod
    def of(cls, method: PenalisedRegression, state: PenalisedState) -> Training:
        """The training sets of a state that knows its products.

        Raises:
            SingularInformation: naming a column that does not vary.
        """
        q = len(method.design) + 1
        pairs = q * (q + 1) // 2
        rows, columns = np.triu_indices(q)
        packed = state.products[:, :pairs]
        zz = np.zeros((len(packed), q, q))
        zz[:, rows, columns] = packed
        zz[:, columns, rows] = packed
        zy, yy = state.products[:, pairs : pairs + q], state.products[:, -1]
        parts = [_trained(part, method.folds) for part in (state.rows, zz, zy, yy, state.outcomes)]
        n, zz, zy, yy, outcomes = parts
        means = zz[:, 0, 1:] / n[:, None]
        variances = np.diagonal(zz, axis1=1, axis2=2)[:, 1:] / n[:, None] - means**2
        flat = np.flatnonzero((variances <= 1e-14).any(axis=0))
        if len(flat):
            raise SingularInformation(
                f"The term '{method.design.terms[int(flat[0])]}' does not vary: nobody differs in it.",
                remedy="Leave it out, merge its level with another, or ask for fewer folds.",
            )
        return cls(n, zz, zy, yy, np.sqrt(variances), outcomes / n)


def _trained(by_fold: Array, folds: int) -> Array:
    """The whole sum, and the sum without each fold."""
    whole = by_fold.sum(axis=0, keepdims=True)
    return np.concatenate([whole, whole - by_fold]) if folds else whole


def null_model(method: PenalisedRegression, state: PenalisedState, training: Training) -> tuple[Array, Array, Array]:
    """The model without covariates of each training set: its constant, the weight of a row, and the score there."""
    mean = training.outcome_means
    centre = state.outcomes.sum() / state.rows.sum()
    if method.family == "gaussian":
        return np.zeros(len(mean)), np.ones(len(mean)), training.zy
    # the outcome was summed about its pooled mean; at the null model of a training set it is about that set's own
    score = training.zy + (centre - mean)[:, None] * training.zz[:, 0]
    if method.family == "binomial":
        return np.log(mean / (1.0 - mean)), mean * (1.0 - mean), score
    return np.log(mean), mean, score


def factor_of(method: PenalisedRegression) -> float:
    """What log-likelihood, score and information of scaled counts are multiplied by."""
    return method.outcome.unit if method.family == "poisson" else 1.0


def penalty_path(method: PenalisedRegression, score: Array, training: Training) -> Array:
    """Penalties from the least at which every coefficient is zero, down by equal factors."""
    unit = method.outcome.unit if method.family == "gaussian" else factor_of(method)
    largest = float(np.abs(score[1:] / training.sds[0]).max()) / training.rows[0] * unit
    first = largest / max(method.alpha, ALPHA_LEAST)
    return np.asarray(first * method.smallest ** (np.arange(method.path) / (method.path - 1)), dtype=np.float64)


def penalties_of(method: PenalisedRegression, state: PenalisedState, fits: Any) -> tuple[Array, Array]:
    """The penalties of standardised coefficients in the outcome's scaled units, absolute and squared: (fits, q)."""
    unit = method.outcome.unit if method.family == "gaussian" else 1.0
    lambdas = state.lambdas[np.asarray(fits) % len(state.lambdas)]
    free = np.array([0.0] + [1.0] * len(method.design))
    return np.outer(lambdas * (method.alpha / unit), free), np.outer(lambdas * (1.0 - method.alpha), free)


def solved(
    method: PenalisedRegression, state: PenalisedState, training: Training, fits: Any, score: Array, information: Array
) -> Array:
    """The minimum of each fit's quadratic approximation about where it is evaluated, with the penalty: (fits, q)."""
    groups = np.asarray(fits) // len(state.lambdas)
    scale = np.column_stack([np.ones(len(groups)), training.sds[groups]])
    per_row = (factor_of(method) / training.rows[groups])[:, None]
    a = information * per_row[:, :, None] / (scale[:, :, None] * scale[:, None, :])
    here = state.coefficients[fits] * scale
    c = score * per_row / scale + np.einsum("mij,mj->mi", a, here)
    l1, l2 = penalties_of(method, state, fits)
    return np.asarray(minimum(a, c, l1, l2, here) / scale)
