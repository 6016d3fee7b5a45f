"""What a site sums for a penalised regression, from some rows' scaled outcome, columns and folds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from summand.methods._newton import upper
from summand.methods.models._penalised_state import PenalisedState
from summand.tables import Array, Batch

if TYPE_CHECKING:
    from summand.methods.models._penalised import PenalisedRegression

# A fitted mean of counts may be this many times the largest that the dictionary allows; beyond it a step is halved.
ROOM_LOG = math.log(1024.0)


def survey_sums(method: PenalisedRegression, batch: Batch, y: Array, x: Array, fold: NDArray[np.intp]) -> Array:
    """People, events, outcomes and saturated log-likelihoods by fold; sums of covariates; groups."""
    weights = (np.ones(batch.rows), method.outcome.events(y), y, _saturated(method, y))
    by_fold = [np.bincount(fold, weights=weight, minlength=method.groups) for weight in weights]
    return np.concatenate((*by_fold, x.sum(axis=1), method.design.group_counts(batch)))


def _saturated(method: PenalisedRegression, y: Array) -> Array:
    """The log-likelihood of each row under its own mean, without what depends on the row alone; in scaled units."""
    if method.family != "poisson":
        return np.zeros(len(y))
    return y * np.log(np.where(y > 0.0, y, 1.0)) - y


def product_sums(method: PenalisedRegression, z: Array, y: Array, fold: NDArray[np.intp]) -> Array:
    """Products of the columns, with the outcome, and its squares, by fold."""
    parts: list[list[Array]] = [[], [], []]
    for place in range(method.groups):
        own, outcome = z[:, fold == place], y[fold == place]
        for part, found in zip(parts, (upper(own @ own.T), own @ outcome, [outcome @ outcome]), strict=True):
            part.append(np.asarray(found))
    return np.concatenate([np.concatenate(part) for part in parts])


def likelihood_sums(
    method: PenalisedRegression, z: Array, y: Array, fold: NDArray[np.intp], state: PenalisedState
) -> Array:
    """For the fits that climb, sums over their training rows; at the end, log-likelihoods of those left out."""
    is_last = state.phase == "deviance"
    chosen = np.arange(len(state.done)) if is_last else state.active
    left_out = state.left_out[chosen][:, None]
    counts = (left_out < 0) | (left_out == fold) if is_last else left_out != fold
    eta = state.coefficients[chosen] @ z
    kept = eta if method.family == "binomial" else np.minimum(eta, ROOM_LOG)
    if method.family == "binomial":
        fit = y * eta - np.logaddexp(0.0, eta)
        small = np.exp(-np.abs(eta))
        mean = np.where(eta >= 0.0, 1.0, small) / (1.0 + small)
        weight = small / (1.0 + small) ** 2
    else:
        mean = weight = np.exp(kept)
        fit = y * kept - mean
    fit = (fit * counts).sum(axis=1)
    if is_last:
        return np.asarray(fit)
    cut_off = ((kept != eta) & counts).sum(axis=1).astype(np.float64)
    score = ((y - mean) * counts) @ z.T
    rows, columns = np.triu_indices(method.q)
    information = (weight * counts) @ (z[rows] * z[columns]).T
    return np.concatenate((cut_off, fit, score.ravel(), information.ravel()))
