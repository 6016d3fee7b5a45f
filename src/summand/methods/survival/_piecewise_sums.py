"""Person-time by interval, and the Poisson likelihood of events given it.

A hazard that is constant within intervals, ``exp(alpha_k + x @ beta)``, has the likelihood of Poisson counts: a row that
is followed for T_k in interval k adds ``d (alpha_k + eta) - sum over k of mu_k`` with ``mu_k = exp(alpha_k + eta) T_k``.

Source: Holford (1980), Biometrics 36(2), 299-305; Laird & Olivier (1981), JASA 76(374), 231-240.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from summand.methods.survival._by_group import Codes
from summand.tables import Array

FURTHEST = 200.0
"""The most that |eta| may be."""


def exposure(times: Array, cuts: Array, unit: float) -> Array:
    """How long each row is followed in each interval, in units of ``unit``: shape (rows, intervals), in [0, 1]."""
    starts = np.concatenate([[0.0], cuts])
    lengths = np.concatenate([np.diff(starts), [np.inf]])
    return np.asarray(np.clip(times[:, None] - starts, 0.0, lengths) / unit)


def interval_of(times: Array, cuts: Array) -> Codes:
    """In which interval each time lies, its end included: shape (rows,)."""
    return np.searchsorted(cuts, times, side="left")


@dataclass(frozen=True)
class Sums:
    """Sums over some rows.

    Attributes:
        rows_cut_off: Rows whose linear predictor was cut off.
        log_likelihood: In nats.
        score, information: Of the own intercept, the log rates of all intervals and the coefficients: shape (1 + k + p,),
            and (1 + k + p, 1 + k + p).
    """

    rows_cut_off: float
    log_likelihood: float
    score: Array
    information: Array


def poisson_sums(
    x: Array, exposed: Array, events: Array, interval: Codes, log_rates: Array, beta: Array, own: float, most: float
) -> Sums:
    """The likelihood of some rows.

    Args:
        x: Scaled covariates, shape (rows, p).
        exposed: Shape (rows, intervals).
        events: 1 where a row ends in the event, shape (rows,).
        interval: In which interval each row ends, shape (rows,).
        log_rates: Shape (intervals,); -inf where nothing happens.
        beta: Shape (p,).
        own: The site's own intercept; 0 if there is none.
        most: The most that a log rate with all else may be.
    """
    intervals, p = len(log_rates), x.shape[1]
    linear = own + x @ beta
    eta = np.clip(linear, -FURTHEST, most - max(float(log_rates.max()), 0.0))
    mean = np.exp(eta[:, None] + log_rates) * exposed
    by_row, by_interval = mean.sum(axis=1), mean.sum(axis=0)
    score, information = np.empty(1 + intervals + p), np.zeros((1 + intervals + p, 1 + intervals + p))
    happened = np.bincount(interval, weights=events, minlength=intervals)
    score[0] = events.sum() - by_row.sum()
    score[1 : 1 + intervals] = happened - by_interval
    score[1 + intervals :] = (events - by_row) @ x
    of_covariates = x.T @ by_row
    information[0, 0] = by_row.sum()
    information[0, 1 : 1 + intervals] = by_interval
    information[0, 1 + intervals :] = of_covariates
    places = np.arange(1, 1 + intervals)
    information[places, places] = by_interval
    information[1 : 1 + intervals, 1 + intervals :] = mean.T @ x
    information[1 + intervals :, 1 + intervals :] = (x * by_row[:, None]).T @ x
    upper = np.triu(information)
    known = np.where(events > 0.5, np.maximum(log_rates, -FURTHEST)[interval] + eta, 0.0)
    return Sums(
        float(np.count_nonzero(linear != eta)),
        float(known.sum() - by_row.sum()),
        score,
        upper + np.triu(upper, 1).T,
    )
