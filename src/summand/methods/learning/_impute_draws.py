"""Models of what is missing: their parameters drawn from what is likely, by a seed, at the coordinator."""

from __future__ import annotations

import numpy as np

from summand.errors import SingularInformation
from summand.methods._newton import symmetric
from summand.methods.learning._row_hash import mix, uniforms
from summand.tables import Array

# What is added to the information, relative to its diagonal: so that columns that nearly repeat each other, or an outcome
# that a column foretells, leave a model that can be drawn from.
RIDGE_LINEAR, RIDGE_LOGISTIC = 1e-5, 1e-2


def salted(seed: int, *salts: int) -> int:
    """A seed of its own for each list of numbers."""
    word = np.array([seed & ((1 << 63) - 1)], dtype=np.uint64)
    for salt in salts:
        word = mix(word, salt + 1)
    return int(word[0] >> np.uint64(1))


def normals(words: np.ndarray) -> Array:
    """A standard normal number for each 64-bit word: the quantile of its place in (0, 1)."""
    from scipy.special import ndtri

    return np.asarray(ndtri(uniforms(words)))


def _normals_of(seed: int, count: int) -> Array:
    return normals(mix(np.arange(count, dtype=np.uint64), seed & 0xFFFFFFFF) ^ np.uint64(seed))


def draw_linear(n: float, with_outcome: Array, packed: Array, outcome_squares: float, seed: int) -> Array:
    """Coefficients and residual deviation of a linear model, shape (q + 1,), drawn from their joint posterior.

    ``σ² = RSS / χ²(n − q)`` and ``β ~ N(β̂, σ² (X'X)⁻¹)`` under a flat prior.

    Args:
        n: Rows with a value.
        with_outcome: ``X'y``, shape (q,).
        packed: Upper triangle of ``X'X``.
        outcome_squares: ``y'y``.
        seed: Of the draw.

    Source: Rubin (1987), pp. 166–167; van Buuren (2018), Flexible Imputation of Missing Data, 2nd ed., Algorithm 3.1.
    """
    from scipy.special import gammaincinv

    q = len(with_outcome)
    products = symmetric(packed, q)
    covariance = _inverse(products + np.diag(RIDGE_LINEAR * np.diag(products)))
    fitted = covariance @ with_outcome
    rest = max(outcome_squares - 2.0 * fitted @ with_outcome + fitted @ products @ fitted, 0.0)
    freedom = max(n - q, 1.0)
    chance = float(uniforms(mix(np.array([seed], dtype=np.uint64), 7))[0])
    deviation = float(np.sqrt(rest / (2.0 * gammaincinv(freedom / 2.0, chance))))
    beta = fitted + deviation * np.linalg.cholesky(covariance) @ _normals_of(seed, q)
    return np.append(beta, deviation)


def newton_step(score: Array, packed: Array, beta: Array) -> tuple[Array, float]:
    """One step of a logistic model under a weak normal prior, and its squared decrement."""
    information = symmetric(packed, len(score)) + RIDGE_LOGISTIC * np.eye(len(score))
    pull = score - RIDGE_LOGISTIC * beta
    step = np.asarray(np.linalg.solve(information, pull))
    return step, float(pull @ step)


def draw_logistic(beta: Array, packed: Array, seed: int) -> Array:
    """Coefficients of a logistic model and a nought, shape (q + 1,), from the normal approximation at its maximum.

    Source: Rubin (1987), pp. 169–170; van Buuren (2018), Algorithm 3.4.
    """
    q = len(beta)
    covariance = _inverse(symmetric(packed, q) + RIDGE_LOGISTIC * np.eye(q))
    return np.append(beta + np.linalg.cholesky(covariance) @ _normals_of(seed, q), 0.0)


def _inverse(matrix: Array) -> Array:
    if not np.all(np.diag(matrix) > 0.0):
        raise SingularInformation(
            "A column of a model of what is missing does not vary.", remedy="Leave out a column that nobody differs in."
        )
    scale = 1.0 / np.sqrt(np.diag(matrix))
    inverse = np.linalg.inv(matrix * np.outer(scale, scale)) * np.outer(scale, scale)
    return np.asarray((inverse + inverse.T) / 2.0)
