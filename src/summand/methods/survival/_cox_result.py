"""A fitted Cox model as the values of a result."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from summand.methods._newton import term_rows
from summand.methods._sandwich import HC0, MODEL
from summand.methods.formulas._design import Design
from summand.methods.survival._cox_state import CoxState, Fit
from summand.methods.survival._time_steps import step_count
from summand.methods.survival._times import TimeGrid
from summand.tables import Array, Count

Terms = tuple[tuple[str, slice], ...]

CLUSTERS_ENOUGH = 30


def cox_values(
    fit: Fit, state: CoxState, design: Design, terms: Terms, covariance: Array | None = None
) -> dict[str, Any]:
    """Hazard ratios with Wald intervals, per unit of the columns themselves, and tests of the whole model.

    Args:
        terms: The formula's terms and the columns of each.
        covariance: Of the scaled coefficients, where it is not the model's own; shape (p, p).

    Returns:
        ``n``, ``events``, ``converged``, ``iterations``, ``log_likelihood``, ``log_likelihood_null``, ``terms``,
        ``tests`` and ``term_tests``.
    """
    used = fit.covariance if covariance is None else covariance
    beta, spread = design.unscale(fit.beta, used)
    rows = [with_ratio(row) for row in term_rows(design.terms, beta, spread)]
    if covariance is not None:
        own = np.sqrt(np.diag(design.unscale(fit.beta, fit.covariance)[1]))
        rows = [{**row, "std_error_model": error} for row, error in zip(rows, own.tolist(), strict=True)]
    return {
        "n": Count(state.n),
        "events": Count(state.events),
        "converged": True,
        "iterations": fit.iterations,
        "log_likelihood": fit.log_likelihood,
        "log_likelihood_null": fit.log_likelihood_null,
        "terms": rows,
        "tests": _tests(fit, beta, spread),
        "term_tests": [
            {"term": name, **chi_square(wald(beta[columns], spread[columns, columns]), _size(columns))}
            for name, columns in terms
        ],
    }


def _tests(fit: Fit, beta: Array, covariance: Array) -> list[dict[str, Any]]:
    """Three tests that no covariate has an effect: the first and last by the model's own variance, always."""
    statistics = {
        "likelihood ratio": 2.0 * (fit.log_likelihood - fit.log_likelihood_null),
        "wald": wald(beta, covariance),
        "score": fit.score_test,
    }
    return [{"test": name, **chi_square(statistic, len(beta))} for name, statistic in statistics.items()]


def wald(beta: Array, covariance: Array) -> float:
    """``beta' covariance^-1 beta``; a covariance of few clusters may leave directions without variance, which are left out."""
    scale = 1.0 / np.sqrt(np.maximum(np.diag(covariance), 1e-300))
    scaled = covariance * np.outer(scale, scale)
    return float((scale * beta) @ np.linalg.pinv(scaled, rcond=1e-11, hermitian=True) @ (scale * beta))


def chi_square(statistic: float, degrees_of_freedom: int) -> dict[str, Any]:
    """A statistic beside its chi-square tail."""
    from scipy.special import chdtrc

    statistic = max(statistic, 0.0)
    tail = float(chdtrc(degrees_of_freedom, statistic))
    return {"statistic": statistic, "degrees_of_freedom": degrees_of_freedom, "p_value": tail}


def _size(columns: slice) -> int:
    return int(columns.stop - columns.start)


def with_ratio(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the table of terms with the hazard ratio and its interval."""
    return {
        **row,
        "hazard_ratio": _exp(row["estimate"]),
        "hazard_ratio_low": _exp(row["conf_low"]),
        "hazard_ratio_high": _exp(row["conf_high"]),
    }


def _exp(value: float) -> float | None:
    """The exponential; None where it has no finite float64."""
    return math.exp(value) if value < 700.0 else None


def baseline_values(hazard: Array, state: CoxState, strata: tuple[str, ...]) -> dict[str, Any]:
    """The cumulative baseline hazard of everybody at the mean of every covariate, by stratum and time of the grid.

    Args:
        hazard: The steps at each time, one stratum behind the other.
        strata: Their labels.
    """
    by_stratum = np.cumsum(hazard.reshape(len(strata), -1), axis=1)
    events = state.event_counts.reshape(len(strata), -1) > 0.5
    curves = [
        {
            "stratum": label,
            "time": state.times[happens].tolist(),
            "cumulative_hazard": total[happens].tolist(),
            "survival": np.exp(-total[happens]).tolist(),
        }
        for label, total, happens in zip(strata, by_stratum, events, strict=True)
    ]
    return {"covariates": "at their means", "curves": curves}


def cluster_warning(errors: str, clusters: int) -> tuple[str, ...]:
    """What a reader must know of robust errors from few clusters."""
    if errors in (MODEL, HC0) or clusters >= CLUSTERS_ENOUGH:
        return ()
    return (f"Standard errors from {clusters} clusters tend to be too small; with few, prefer the model's own.",)


def grouping_warning(grid: TimeGrid, state: CoxState, ties: str) -> tuple[str, ...]:
    """What a reader must know where the limits made the shared grid coarse."""
    if grid.is_exact:
        return ()
    return (
        f"Times are grouped into {step_count(len(state.times))} of at least {grid.minimum_cell} events each; a time counts "
        f"as the end of its step, and events in one step as tied ({ties}).",
    )
