"""A fitted piecewise exponential model, and crude rates by interval, as the values of a result."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from summand.methods._ascent import Maximum
from summand.methods._newton import term_rows
from summand.methods.survival._by_group import Grouping
from summand.methods.survival._cox_result import with_ratio
from summand.methods.survival._piecewise_state import PiecewiseState
from summand.methods.survival._rate_intervals import exact_limits
from summand.tables import Array, Count, Limits


def interval_names(cuts: Array) -> tuple[str, ...]:
    """The intervals as a reader sees them: ``(0, 100]`` … ``(200, …)``."""
    edges = ["0", *(f"{cut:g}" for cut in cuts)]
    return (*(f"({low}, {high}]" for low, high in itertools.pairwise(edges)), f"({edges[-1]}, …)")


def result_values(
    found: Maximum[PiecewiseState],
    to_original: Array,
    terms: tuple[str, ...],
    grouping: Grouping,
    limits: Limits,
    *,
    unit: float,
    fixed: bool,
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The values of the result and what a reader must know beside them.

    Args:
        found: The maximum, in scaled units of covariates and of time.
        to_original: The map to original units of covariates.
        terms: The parameters' names, intervals first.
        grouping: Whose rates are given by interval.
        limits: Of the study.
        unit: How long the scaled unit of time is.
        fixed: Whether each site has a factor of its own.
    """
    state = found.state
    estimates = to_original @ state.beta
    covariance = to_original @ found.solver.inverse @ to_original.T
    intervals = [j for j, term in enumerate(terms) if term in interval_names(state.cuts)]
    rows = term_rows(terms, estimates, covariance)
    events = state.event_counts
    values: dict[str, Any] = {
        "n": Count(state.n),
        "events": Count(int(events.sum())),
        "converged": True,
        "log_likelihood": found.log_likelihood - float(events.sum()) * math.log(unit),
        "cuts": state.cuts.tolist(),
        "terms": [with_ratio(row) for row in rows[len(intervals) :]],
    }
    warnings = []
    if state.sites_without_events:
        sites = "1 site" if state.sites_without_events == 1 else f"{state.sites_without_events} sites"
        warnings.append(f"{sites} had no event and added nothing.")
    if limits.minimum_cell > 1 and state.n - events.sum() < limits.minimum_cell - 0.5:
        warnings.append(f"Rates are left out: fewer than {limits.minimum_cell} people do not have the event.")
        return {**values, "intervals": [], "baseline": [], "interval_groups": []}, tuple(warnings)
    values["intervals"] = list(_rates(state, events, state.times.sum(axis=0), unit))
    values["baseline"] = [] if fixed else [_baseline(row, unit) for row in rows[: len(intervals)]]
    if len(grouping) > 1:
        small = np.concatenate([state.events.ravel(), state.people - state.events.sum(axis=1)])
        if limits.minimum_cell > 1 and bool((small < limits.minimum_cell - 0.5).any()):
            warnings.append("Rates by interval and group are left out: some are about too few. Choose fewer cuts.")
        else:
            values["interval_groups"] = [
                {"level": label, **row}
                for label, d, t, n in zip(grouping.labels, state.events, state.times, state.people, strict=True)
                if n > 0.5
                for row in _rates(state, d, t, unit)
            ]
    return values, tuple(warnings)


def _rates(state: PiecewiseState, events: Array, times: Array, unit: float) -> Iterator[dict[str, Any]]:
    """Crude rates of the intervals with their exact limits; none where nobody was followed."""
    for name, d, scaled in zip(interval_names(state.cuts), events, times, strict=True):
        time = float(scaled) * unit
        low, high = exact_limits(float(d))
        yield {
            "interval": name,
            "events": Count(int(d)),
            "person_time": time,
            "rate": float(d) / time if time > 0.0 else None,
            "rate_low": low / time if time > 0.0 else None,
            "rate_high": high / time if time > 0.0 else None,
        }


def _baseline(row: dict[str, Any], unit: float) -> dict[str, Any]:
    """The rate of an interval where all covariates are 0 or at their reference, with its interval."""
    rate, low, high = (math.exp(row[key]) / unit for key in ("estimate", "conf_low", "conf_high"))
    return {
        "interval": row["term"],
        "log_rate": row["estimate"] - math.log(unit),
        "std_error": row["std_error"],
        "rate": rate,
        "rate_low": low,
        "rate_high": high,
    }
