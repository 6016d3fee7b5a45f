"""The analysis of every filling, pooled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from summand.methods._newton import equations, symmetric
from summand.methods._protocol import Result
from summand.methods.learning._impute_columns import ImputeColumns
from summand.methods.learning._impute_state import ImputeState
from summand.methods.learning._impute_update import again
from summand.methods.learning._rubin import pooled_rows
from summand.tables import Array, Count

DECREMENT_MAX = 1e-18


def after_linear(method: ImputeColumns, head: Array, products: Array, state: ImputeState) -> Result:
    """The linear analysis of every filling, solved at once."""
    centre, half_width = method.outcome_scale
    p, estimates, variances = len(method.design), [], []
    freedom = state.n - p
    for own, packed in zip(head, products, strict=True):
        matrix = symmetric(packed, p)
        solver = equations(matrix, method.design.terms, method.design.to_original, least=1e-13 * state.n)
        beta = solver.solve(own[1:])
        rest = max(float(own[0] - 2.0 * beta @ own[1:] + beta @ matrix @ beta), 0.0) / freedom
        scaled, covariance = method.design.unscale(beta * half_width, solver.inverse * rest * half_width**2)
        scaled[0] += centre
        estimates.append(scaled)
        variances.append(np.diag(covariance))
    return _result(method, np.array(estimates), np.array(variances), freedom, state)


def after_logistic(method: ImputeColumns, head: Array, products: Array, state: ImputeState) -> ImputeState | Result:
    """The logistic analysis of every filling, one Newton step on; the result once all have converged."""
    p, estimates, variances, worst = len(method.design), [], [], 0.0
    moved = np.zeros_like(state.beta)
    for m, (score, packed) in enumerate(zip(head, products, strict=True)):
        solver = equations(symmetric(packed, p), method.design.terms, method.design.to_original)
        step = solver.solve(score)
        worst = max(worst, float(score @ step))
        moved[m] = state.beta[m] + step
        scaled, covariance = method.design.unscale(moved[m], solver.inverse)
        estimates.append(scaled)
        variances.append(np.diag(covariance))
    if worst > DECREMENT_MAX:
        return again(moved, state)
    return _result(method, np.array(estimates), np.array(variances), state.n - p, state)


def _result(method: ImputeColumns, estimates: Array, variances: Array, freedom: float, state: ImputeState) -> Result:
    rows = pooled_rows(method.design.terms, estimates, variances, freedom)
    if method.indicator is not None:
        rows = [{**row, **_ratios(row)} for row in rows]
    values: dict[str, Any] = {
        "terms": rows,
        "n": Count(state.n),
        "converged": True,
        "model": "linear" if method.indicator is None else "logistic",
        "imputations": method.imputations,
        "cycles": method.cycles,
        "columns": [
            {
                "column": target.column.name,
                "missing": Count(missing),
                "filled_by": "logistic" if target.is_binary else "linear",
            }
            for target, missing in zip(method.targets, state.missing, strict=True)
        ],
    }
    return Result(method.name, values)


def _ratios(row: Mapping[str, Any]) -> dict[str, float]:
    names = (("odds_ratio", "estimate"), ("odds_ratio_low", "conf_low"), ("odds_ratio_high", "conf_high"))
    return {name: float(np.exp(np.clip(row[of], -700.0, 700.0))) for name, of in names}
