"""The coordinator's half of margins: the fitted coefficients at first, then averages with their errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from summand.errors import MethodError, OwnProtocolError
from summand.methods._newton import NORMAL_975, equations, p_value, symmetric
from summand.methods._protocol import Result, State
from summand.methods.formulas._design import Design
from summand.methods.models._margins_means import Mean
from summand.methods.models._margins_quantities import Difference, Predicted, Quantity, Slope
from summand.tables import Array, Count


@dataclass(frozen=True)
class MarginsState(State):
    """What travels between the rounds of margins.

    Attributes:
        fit: The model's state as JSON; empty once it is fitted.
        beta: The fitted coefficients of the scaled columns, shape (p,).
        n: People in the model.
        freedom: The degrees of freedom of Student's t; 0 for the normal distribution.
        overdispersion: Of a negative binomial; else 0.
        dispersion: What the inverse information is multiplied by.
        terms: The model's table of coefficients.
        warnings: What the model warned of.
    """

    fit: dict[str, Any]
    beta: Array
    n: int
    freedom: float
    overdispersion: float
    dispersion: float
    terms: tuple[Any, ...]
    warnings: tuple[str, ...]


def after_fit(fitted: Result, design: Design, mean: Mean) -> MarginsState:
    """The state that asks for averages at the fitted coefficients.

    Raises:
        OwnProtocolError: if the model's terms are not the design's.
    """
    terms = fitted.values["terms"]
    if tuple(row["term"] for row in terms) != design.terms:
        raise OwnProtocolError("A model's terms are not those of its formula.", remedy="Report this defect.")
    beta = np.linalg.solve(design.to_original, np.array([row["estimate"] for row in terms]))
    values = fitted.values
    dispersion, freedom = 1.0, 0.0
    if mean.has_dispersion:
        own = values["residual_sd"] ** 2 if "residual_sd" in values else values["dispersion"]
        if own is None:
            raise MethodError(
                "The model has no dispersion, so its averages have no errors.", remedy="Look for outliers first."
            )
        dispersion, freedom = float(own), float(values["degrees_of_freedom"])
    return MarginsState(
        {}, beta, values["n"].people, freedom, float(values.get("overdispersion") or 0.0), dispersion,
        tuple(dict(row) for row in terms), fitted.warnings,
    )  # fmt: skip


def after_sums(
    total: Array, state: MarginsState, quantities: Sequence[Quantity], design: Design, mean: Mean, model: str
) -> Result:
    """Averages with delta-method errors and 95 % intervals.

    Raises:
        MethodError: where a prediction is beyond 1,024 times the largest outcome.
    """
    if total[0] > 0.5:
        raise MethodError(
            "At a profile asked for some predictions are beyond 1,024 times the largest outcome.",
            remedy="Choose profiles nearer to the data.",
        )
    count, p = len(quantities), len(design)
    values, rest = total[1 : 1 + count] / state.n, total[1 + count :]
    gradients = rest[: count * p].reshape(count, p) / state.n
    covariance = equations(symmetric(rest[count * p :], p), design.terms, design.to_original).inverse
    covariance = covariance * state.dispersion
    margins, predictions = [], []
    for quantity, value, gradient in zip(quantities, values.tolist(), gradients, strict=True):
        error = math.sqrt(max(float(gradient @ covariance @ gradient), 0.0))
        if isinstance(quantity, Predicted):
            predictions.append(_prediction(quantity, value, error, state, mean))
        else:
            margins.append(_effect(quantity, value, error, state))
    result: dict[str, Any] = {
        "margins": margins,
        "predictions": predictions,
        "terms": [dict(row) for row in state.terms],
        "n": Count(state.n),
        "converged": True,
        "model": model,
    }
    return Result("margins", result, state.warnings)


def _width(state: MarginsState) -> float:
    """Half of a 95 % interval in standard errors."""
    if not state.freedom:
        return NORMAL_975
    from scipy.special import stdtrit

    return float(stdtrit(state.freedom, 0.975))


def _effect(quantity: Slope | Difference, value: float, error: float, state: MarginsState) -> dict[str, Any]:
    if isinstance(quantity, Slope):
        value, error = value / quantity.derivative.half_width, error / quantity.derivative.half_width
        named = {"variable": quantity.derivative.column, "contrast": "slope"}
    else:
        named = {"variable": quantity.column, "contrast": quantity.label}
    statistic = value / error if error > 0.0 else None
    width = _width(state) * error
    return {
        **named,
        "estimate": value,
        "std_error": error,
        "statistic": statistic,
        "p_value": None if statistic is None else p_value(statistic, state.freedom or None),
        "conf_low": value - width,
        "conf_high": value + width,
    }


def _prediction(quantity: Predicted, value: float, error: float, state: MarginsState, mean: Mean) -> dict[str, Any]:
    low, high = _interval(value, error * _width(state), mean, state.overdispersion)
    at = quantity.label or "everyone as observed"
    return {"at": at, "estimate": value, "std_error": error, "conf_low": low, "conf_high": high}


def _interval(value: float, width: float, mean: Mean, overdispersion: float) -> tuple[float, float]:
    """The interval on the scale of the link, taken back; on the mean's own where the link has no value."""
    try:
        eta = mean.to_link(value)
        slope = float(mean.rows(np.array([eta]), overdispersion).slope[0])
        return mean.from_link(eta - width / slope), mean.from_link(eta + width / slope)
    except (ValueError, ZeroDivisionError, OverflowError):
        return value - width, value + width
