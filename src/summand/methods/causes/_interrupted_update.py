"""From the totals of the periods to the change of level and slope, the counterfactual and the effects."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from summand.errors import CohortTooSmall, SingularInformation
from summand.methods._groups import check_classes
from summand.methods._newton import term_rows
from summand.methods._protocol import Result
from summand.methods.causes._contrasts import figures
from summand.methods.causes._series import Fitted, Series, autocorrelation, fit
from summand.tables import Array, Count

if TYPE_CHECKING:
    from summand.methods.causes._interrupted import InterruptedTimeSeries

# Fewer periods than this on a side tell little about its slope (Wagner et al. 2002; Jandoc et al. 2015).
PERIODS_FEW = 8


def result_of(total: Array, method: InterruptedTimeSeries) -> Result:
    """The result from the opened total.

    Raises:
        CohortTooSmall: where a period has too few people.
        SingularInformation: where a period is empty, or the periods are too few for the terms.
    """
    shape = method.shape
    people = np.rint(total[: shape[0] * shape[1]])
    _check(people, method)
    sums = people.copy()
    if method.measured is not None:
        centre, half_width = method.measured.centre, method.measured.half_width
        sums = centre * people + half_width * total[len(people) :]
        if method.measured.is_binary:
            sums = np.rint(sums)
            n = round(float(people.sum()))
            if method.placed.limits.minimum_cell > 1:
                check_classes(n, round(float(sums.sum())), method.measured.label, method.placed.limits)
    series = _series(people, sums, method)
    if len(series.y) <= len(series.terms):
        raise SingularInformation(
            "There are as many terms as periods, or more.", remedy="Use shorter periods, or fewer seasonal terms."
        )
    found = fit(series, method.errors, method.lags)
    return _result(people, sums, series, found, method)


def _check(people: Array, method: InterruptedTimeSeries) -> None:
    limits = method.placed.limits
    if limits.minimum_cell > 1 and people.min() < limits.minimum_cell:
        raise CohortTooSmall(
            f"Fewer than {limits.minimum_cell} people are in some period over all sites.",
            remedy="Use longer periods, such as quarters.",
            clause="D.min_cell",
        )
    if method.measure != "count" and people.min() < 1.0:
        empty = int(np.flatnonzero(people < 1.0)[0]) % method.shape[1]
        raise SingularInformation(
            f"Nobody is in period {method.periods.labels[empty]}, so it has no mean.",
            remedy="Use longer periods, or narrow the period's range in the dictionary to that of the data.",
        )


def _series(people: Array, sums: Array, method: InterruptedTimeSeries) -> Series:
    ones = np.ones_like(people)
    if method.model == "linear":
        y = sums / people if method.measure == "mean" else sums
        size = ones
    else:
        y, size = sums, people if method.measure == "mean" else ones
    x, terms = _design(method)
    return Series(x, terms, y, size, method.shape[0], method.model)


def _design(method: InterruptedTimeSeries) -> tuple[Array, tuple[str, ...]]:
    """The design and its terms: of two series, the control's first, then by how much the treated one's differ."""
    periods, change = method.shape[1], method.change_place
    t = np.arange(periods, dtype=np.float64)
    after = (t >= change).astype(np.float64)
    own = np.column_stack([np.ones(periods), t, after, after * (t - change)])
    terms = ["Intercept", "slope", "level change", "slope change"]
    if method.shape[0] == 2:
        own = np.vstack([np.hstack([own, 0.0 * own]), np.hstack([own, own])])
        terms += ["treated", *(f"treated: {term}" for term in terms[1:])]
        t = np.tile(t, 2)
    waves = []
    for k in range(1, method.harmonics + 1 if method.season else 1):
        angle = 2.0 * math.pi * k * t / method.season
        waves += [np.sin(angle), np.cos(angle)]
        terms += [f"sin {k}", f"cos {k}"]
    return np.column_stack([own, *waves]) if waves else own, tuple(terms)


def _changes(method: InterruptedTimeSeries) -> tuple[int, int]:
    """The places of the changes of level and slope that are the effect."""
    return (2, 3) if method.shape[0] == 1 else (6, 7)


def _result(people: Array, sums: Array, series: Series, found: Fitted, method: InterruptedTimeSeries) -> Result:
    freedom = len(series.y) - len(series.terms)
    degrees = float(freedom) if method.model == "linear" else None
    terms = term_rows(series.terms, found.beta, found.covariance, degrees)
    values: dict[str, Any] = {
        "terms": terms,
        "period_effects": _effects(series, found, method, degrees),
        "series": _told(people, sums, series, found, method),
        "n": Count(round(float(people.sum()))),
        "outcome": method.measured.label if method.measured is not None else "rows",
        "measure": method.measure,
        "model": method.model,
        "errors": method.errors,
        "change": method.change,
        "dispersion": found.dispersion,
        "autocorrelation": autocorrelation(_pearson(series, found), series.count),
        "degrees_of_freedom": freedom,
        "converged": True,
    }
    if found.rho is not None:
        values["rho"] = found.rho
    if found.lags is not None:
        values["lags"] = found.lags
    warnings = []
    fewest = min(method.change_place, method.shape[1] - method.change_place)
    if fewest < PERIODS_FEW:
        warnings.append(f"With {fewest} periods on one side of the change its level and slope are hardly known.")
    return Result(method.name, values, tuple(warnings))


def _pearson(series: Series, found: Fitted) -> Array:
    if series.family == "linear":
        return found.residuals
    return found.residuals / np.sqrt(series.variance(series.y - found.residuals))


def _effects(
    series: Series, found: Fitted, method: InterruptedTimeSeries, degrees: float | None
) -> list[dict[str, Any]]:
    """The effect in each period after the change: a difference, or a ratio with its interval."""
    places = list(_changes(method))
    covariance = found.covariance[np.ix_(places, places)]
    rows = []
    for t in range(method.change_place, method.shape[1]):
        gradient = np.array([1.0, float(t - method.change_place)])
        value = float(gradient @ found.beta[places])
        row = figures(value, math.sqrt(float(gradient @ covariance @ gradient)), degrees)
        if series.family != "linear":
            for name in ("estimate", "conf_low", "conf_high"):
                row[name] = None if row[name] is None else math.exp(min(row[name], 700.0))
        effect = {"linear": "difference", "poisson": "rate ratio", "logistic": "odds ratio"}[series.family]
        rows.append({"period": method.periods.labels[t], "effect": effect, **row})
    return rows


def _told(
    people: Array, sums: Array, series: Series, found: Fitted, method: InterruptedTimeSeries
) -> list[dict[str, Any]]:
    """Each period's people, observed and fitted outcome and counterfactual.

    Nothing observed is told where it would tell few events in some period: fitted outcomes are sums of observed ones and
    add up to the same, so that with one left out the others would give it back.
    """
    without = found.beta.copy()
    without[list(_changes(method))] = 0.0
    per = people if method.measure == "mean" and series.family != "linear" else np.ones_like(people)
    fitted, counterfactual = (series.mean(series.x @ beta) / per for beta in (found.beta, without))
    cell, periods = method.placed.limits.minimum_cell, method.shape[1]
    binary = method.measured is not None and method.measured.is_binary
    tells = binary and cell > 1 and bool((np.minimum(sums, people - sums) < cell).any())
    rows = []
    for k, (n, y) in enumerate(zip(people.tolist(), (series.y / per).tolist(), strict=True)):
        row: dict[str, Any] = {"period": method.periods.labels[k % periods]}
        if method.series is not None:
            row["series"] = method.series.labels[k // periods]
        row.update({"n": Count(round(n)), "observed": None if tells else y, "fitted": float(fitted[k])})
        is_after = k % periods >= method.change_place and k // periods == method.shape[0] - 1
        row["counterfactual"] = float(counterfactual[k]) if is_after else None
        rows.append(row)
    return rows
