"""Whether hazards are proportional: the score test of coefficients that change with a transform of time."""

from __future__ import annotations

from typing import Any

import numpy as np

from summand.errors import ValueOutOfRange
from summand.methods._newton import symmetric
from summand.methods.formulas._design import Design
from summand.methods.survival._risk_sets import RiskSets
from summand.tables import Array

LOG_MAX = 750.0
"""The logarithm of a positive float64 lies in [-745, 710]."""


def transformed(name: str, times: Array, latest: float) -> Array:
    """A transform of time that needs no other times: ``identity``, as a share of the latest, or ``log``.

    Raises:
        ValueOutOfRange: if an event at time 0 has no logarithm.
    """
    if name == "identity":
        return times / (latest or 1.0)
    if bool((times <= 0.0).any()):
        raise ValueOutOfRange(
            "There are events at time 0, which has no logarithm.", remedy="Use transform='identity' for the test."
        )
    return np.log(times)


def transformed_by_counts(name: str, events: Array, at_risk: Array) -> Array:
    """A transform of time that depends on all events: ``km``, one minus the survival just before, or their ``rank``.

    Args:
        events, at_risk: At each time, over all strata; shape (times,).
    """
    if name == "rank":  # of tied times, the middle one
        return (np.cumsum(events) - (events - 1.0) / 2.0) / max(float(events.sum()), 1.0)
    after = np.cumprod(np.where(at_risk > 0.0, 1.0 - events / np.maximum(at_risk, 1.0), 1.0), dtype=np.float64)
    return 1.0 - np.concatenate([np.ones(min(1, len(after))), after[:-1]])


def factor_max(name: str) -> float:
    """The most that a transform may be, in absolute value."""
    return LOG_MAX if name == "log" else 1.0


def timed_sums(sets: RiskSets, factor: Array) -> Array:
    """Sums over events that the test needs, each counted ``factor`` times: expected covariates, and information.

    Args:
        factor: The transform g of each time, one stratum behind the other; shape (times,).

    Returns:
        Shape (p + p(p+1),): expected covariates times g, information times g, and information times g^2.
    """
    return np.concatenate([sets.expected(factor), sets.information(factor), sets.information(factor**2)])


def timed_means(sets: RiskSets, factor: Array) -> Array:
    """`timed_sums` where products are not summed by time: the means' part of each information alone, to be taken off."""
    return np.concatenate([sets.expected(factor), sets.mean_squares(factor), sets.mean_squares(factor**2)])


def tests_of_proportionality(
    score: Array, information: Array, timed: Array, design: Design, terms: tuple[tuple[str, slice], ...]
) -> list[dict[str, Any]]:
    """The test of each term, and of all together.

    The model gets a coefficient more for each covariate, of ``x g(t)``; its score at 0 is ``score``, and its
    information is made of the information without g, times g, and times g^2. A term's test adds its own columns only.

    Args:
        score: The sum over events of g times what the covariates exceed their mean at risk by; shape (p,).
        information: Without g, shape (p, p).
        timed: The packed information times g, and times g^2.
        terms: The name of each term and its columns.

    Source: Grambsch & Therneau (1994), Biometrika 81(3), 515-526; as an exact score test, which is what cox.zph of R's
        survival does since version 3.0.
    """
    from scipy.special import chdtrc

    p = len(design)
    back = np.linalg.inv(design.to_original)  # tests of single terms are about the columns themselves
    packed = (timed[: len(timed) // 2], timed[len(timed) // 2 :])
    once, twice = (back.T @ symmetric(part, p) @ back for part in packed)
    whole = np.block([[back.T @ information @ back, once], [once.T, twice]])
    full_score = np.concatenate([np.zeros(p), back.T @ score])
    rows = []
    for name, columns in (*terms, ("global", slice(0, p))):
        kept = np.concatenate([np.arange(p), p + np.arange(p)[columns]])
        scale = 1.0 / np.sqrt(np.diag(whole)[kept])
        scaled = whole[np.ix_(kept, kept)] * np.outer(scale, scale)
        u = scale * full_score[kept]
        statistic = float(u @ np.linalg.pinv(scaled, rcond=1e-13, hermitian=True) @ u)
        degrees_of_freedom = len(kept) - p
        rows.append(
            {
                "term": name,
                "statistic": statistic,
                "degrees_of_freedom": degrees_of_freedom,
                "p_value": float(chdtrc(degrees_of_freedom, statistic)),
            }
        )
    return rows
