"""Tests of several coefficients at once: each term of a formula, and a formula against one within it.

Source: McCullagh & Nelder (1989), Generalized Linear Models, §2.3 and app. A; Rao (1948), Proc. Camb. Phil. Soc. 44(1)
(score); where a dispersion is estimated, statistics are divided by it and their degrees of freedom, and go with F.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from summand.methods._newton import PIVOT_MIN
from summand.tables import Array


def chi_square_record(statistic: float | None, freedom: int, rest: float | None) -> dict[str, Any]:
    """A statistic with its p-value: chi-square, or F with ``rest`` degrees of freedom below; None where there is none."""
    if rest is not None:
        statistic = None if statistic is None else statistic / freedom
    return {
        "statistic": statistic,
        "degrees_of_freedom": freedom,
        "distribution": "chi-square" if rest is None else f"F({freedom}, {rest:g})",
        "p_value": None if statistic is None else _tail(statistic, freedom, rest),
    }


def _tail(statistic: float, freedom: int, rest: float | None) -> float:
    from scipy.special import chdtrc, fdtrc

    return float(chdtrc(freedom, statistic) if rest is None else fdtrc(freedom, rest, statistic))


def wald(estimates: Array, covariance: Array, places: list[int]) -> float | None:
    """``b' inverse(V) b`` of some coefficients; None where V is singular, as with no more clusters than these."""
    b, v = estimates[places], covariance[np.ix_(places, places)]
    if not (np.diag(v) > 0.0).all():
        return None
    scale = 1.0 / np.sqrt(np.diag(v))
    values, vectors = np.linalg.eigh(v * np.outer(scale, scale))
    if values[0] <= PIVOT_MIN:
        return None
    return float((((b * scale) @ vectors) ** 2 / values).sum())


def of_terms(
    terms: Sequence[tuple[str, tuple[int, ...]]], estimates: Array, covariance: Array, rest: float | None
) -> list[dict[str, Any]]:
    """Wald's test of each term of a formula: that all its coefficients are 0.

    Args:
        terms: Their labels, and where their coefficients are.
        estimates: Shape (p,).
        covariance: Shape (p, p).
        rest: Degrees of freedom of the dispersion's estimate; None where there is none.
    """
    return [
        {"term": label, **chi_square_record(wald(estimates, covariance, list(places)), len(places), rest)}
        for label, places in terms
    ]


def against_null(statistics: Mapping[str, float | None], freedom: int, rest: float | None) -> list[dict[str, Any]]:
    """The tests of a formula against one within it, which has ``freedom`` coefficients less; those there are."""
    return [
        {"test": name, **chi_square_record(max(statistic, 0.0), freedom, rest)}
        for name, statistic in statistics.items()
        if statistic is not None
    ]
