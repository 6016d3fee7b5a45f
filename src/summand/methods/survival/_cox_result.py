"""A fitted Cox model as the values of a result."""

from __future__ import annotations

import math
from typing import Any

from summand.methods._newton import term_rows
from summand.methods.formulas._design import Design
from summand.methods.survival._cox_state import CoxState, Fit
from summand.methods.survival._times import TimeGrid
from summand.tables import Count


def cox_values(fit: Fit, state: CoxState, design: Design) -> dict[str, Any]:
    """Hazard ratios with Wald intervals, per unit of the columns themselves.

    Returns:
        ``n``, ``events``, ``converged``, ``iterations``, ``log_likelihood``, ``log_likelihood_null`` and ``terms``.
    """
    beta, covariance = design.unscale(fit.beta, fit.covariance)
    return {
        "n": Count(state.n),
        "events": Count(state.events),
        "converged": True,
        "iterations": fit.iterations,
        "log_likelihood": fit.log_likelihood,
        "log_likelihood_null": fit.log_likelihood_null,
        "terms": [with_ratio(row) for row in term_rows(design.terms, beta, covariance)],
    }


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


def grouping_warning(grid: TimeGrid, state: CoxState, ties: str) -> tuple[str, ...]:
    """What a reader must know where the limits made the shared grid coarse."""
    if grid.is_exact:
        return ()
    return (
        f"Times are grouped into {len(state.times)} steps of at least {grid.minimum_cell} events each; a time counts "
        f"as the end of its step, and events in one step as tied ({ties}).",
    )
