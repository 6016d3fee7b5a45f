"""A penalised regression as the values of a result: the path, the cross-validation and what it chooses."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from summand.methods._protocol import Result
from summand.methods.models._penalised_path import Training, factor_of
from summand.methods.models._penalised_state import PenalisedState
from summand.tables import Array, Count

if TYPE_CHECKING:
    from summand.methods.models._penalised import PenalisedRegression


def finished(method: PenalisedRegression, state: PenalisedState, training: Training, likelihood: Array) -> Result:
    """The path, the cross-validation and the chosen coefficients.

    Args:
        likelihood: Of every fit: for the whole over everybody, for others over the rows left out; shape (fits,).
    """
    count = len(state.lambdas)
    unit = method.outcome.unit
    scale = unit**2 if method.family == "gaussian" else 1.0
    saturated = state.saturated * factor_of(method)
    deviance = 2.0 * (float(saturated.sum()) - likelihood[:count]) * scale
    null = 2.0 * (float(saturated.sum()) - _null_likelihood(method, training)) * scale
    coefficients = _told(method, state, state.accepted[:count])
    path = [
        {
            "lambda": penalty,
            "nonzero": int(np.count_nonzero(b[1:])),
            "deviance_ratio": 1.0 - d / null if b[1:].any() else 0.0,
        }
        for penalty, b, d in zip(state.lambdas.tolist(), state.accepted[:count], deviance.tolist(), strict=True)
    ]
    names = ("Intercept", *method.design.terms)
    values: dict[str, Any] = {"n": Count(round(float(state.rows.sum())))}
    if method.family == "binomial":
        values["events"] = Count(round(float(state.events.sum())))
    values |= {"converged": True, "family": method.family, "alpha": method.alpha, "null_deviance": null}
    chosen = {"estimate": count - 1} if count == 1 else {}
    if method.folds:
        left_out = 2.0 * (saturated[:, None] - likelihood[count:].reshape(method.folds, count)) * scale
        means, errors = _cross_validated(left_out, state.rows)
        for row, mean, error in zip(path, means.tolist(), errors.tolist(), strict=True):
            row |= {"cv_deviance": mean, "cv_std_error": error}
        best = int(np.argmin(means))
        within = int(np.flatnonzero(means <= means[best] + errors[best])[0])
        values |= {"lambda_min": path[best]["lambda"], "lambda_1se": path[within]["lambda"]}
        chosen = {"estimate": best, "estimate_1se": within}
    if chosen:
        values["terms"] = [
            {"term": name, **{key: float(coefficients[place, j]) for key, place in chosen.items()}}
            for j, name in enumerate(names)
        ]
    by_term = {name: coefficients[:, j].tolist() for j, name in enumerate(names)}
    values |= {"path": path, "coefficients": {"lambda": state.lambdas.tolist(), "terms": by_term}}
    return Result(method.name, values)


def _null_likelihood(method: PenalisedRegression, training: Training) -> float:
    """The log-likelihood of everybody under the mean alone."""
    n, mean = float(training.rows[0]), float(training.outcome_means[0])
    if method.family == "gaussian":
        return -0.5 * float(training.yy[0])
    if method.family == "binomial":
        return n * (mean * math.log(mean) + (1.0 - mean) * math.log1p(-mean))
    return n * (mean * math.log(mean) - mean) * factor_of(method)


def _told(method: PenalisedRegression, state: PenalisedState, fits: Array) -> Array:
    """Intercept and coefficients per unit of the columns themselves, shape (fits, q)."""
    own = fits[:, 1:] @ method.design.to_original.T
    constant = fits[:, 0] - fits[:, 1:] @ state.means
    if method.family == "gaussian":
        pooled = state.outcomes.sum() / state.rows.sum()
        return np.column_stack(
            [method.outcome.centre + method.outcome.unit * (constant + pooled), own * method.outcome.unit]
        )
    return np.column_stack([constant + math.log(factor_of(method)), own])


def _cross_validated(deviance: Array, rows: Array) -> tuple[Array, Array]:
    """Mean deviance of a row left out and its standard error, by penalty.

    Args:
        deviance: Of the rows left out, shape (folds, penalties).
        rows: By fold.
    """
    by_fold = deviance / rows[:, None]
    weights = rows / rows.sum()
    mean = weights @ by_fold
    return mean, np.sqrt(weights @ (by_fold - mean) ** 2 / (len(rows) - 1))


def half_residuals(state: PenalisedState, training: Training) -> Array:
    """Half the negative residual sum of squares of every fit, over the rows left out, or everybody's for the whole."""
    b, group = state.accepted, state.left_out + 1
    trained = [part[group] for part in (training.zz, training.zy, training.yy)]
    whole = [part[:1] for part in (training.zz, training.zy, training.yy)]
    out = [
        np.where((group == 0).reshape(-1, *[1] * (t.ndim - 1)), t, w - t) for t, w in zip(trained, whole, strict=True)
    ]
    squares = out[2] - 2.0 * (out[1] * b).sum(axis=1) + np.einsum("mi,mij,mj->m", b, out[0], b)
    return np.asarray(-0.5 * squares)
