"""A fitted mixed model as the values of a result."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from summand.methods._newton import NORMAL_975, term_rows
from summand.methods.formulas._design import Design
from summand.methods.models._mixed_joint_update import Fit
from summand.methods.models._mixed_linear_update import Profile, log_likelihood, log_sd_error
from summand.methods.models._mixed_state import MixedState
from summand.tables import Array, Count

LOGISTIC_VARIANCE = math.pi**2 / 3.0
"""Of the latent outcome of a logistic model within a group."""
NOTHING = "The groups differ no more than chance alone makes them: the standard deviation between them is zero."


def linear_values(
    found: Profile, beta: Array, null: float, design: Design, scale: tuple[float, float], *, restricted: bool
) -> dict[str, Any]:
    """Terms, spreads, intraclass correlation and likelihoods of a linear mixed model.

    Args:
        found: At the best ratio.
        beta: Scaled coefficients there.
        null: The log-likelihood without random effect.
        design: Of the terms.
        scale: Centre and half width of the outcome.
        restricted: Whether the likelihood is.
    """
    centre, half_width = scale
    variance = found.squares / found.freedom
    estimates, covariance = design.unscale(beta * half_width, found.solver.inverse * variance * half_width**2)
    if design.terms[:1] == ("Intercept",):
        estimates[0] += centre
    sd = math.sqrt(found.ratio * variance) * half_width
    return {
        "terms": term_rows(design.terms, estimates, covariance),
        "random_effects": [_spread(sd, log_sd_error(found) if found.ratio > 0.0 else None)],
        "residual_sd": math.sqrt(variance) * half_width,
        "icc": found.ratio / (1.0 + found.ratio),
        **_likelihoods(log_likelihood(found, design, half_width, restricted=restricted), null),
    }


def joint_values(fit: Fit, design: Design, ratio: str) -> dict[str, Any]:
    """The same of a generalized linear mixed model."""
    p = len(design)
    sd = abs(float(fit.theta[p]))
    error = math.sqrt(fit.covariance[p, p]) / sd if sd > 0.0 else None
    estimates, covariance = design.unscale(fit.theta[:p], fit.covariance[:p, :p])
    return {
        "terms": [_with_ratio(row, ratio) for row in term_rows(design.terms, estimates, covariance)],
        "random_effects": [_spread(sd, error)],
        "icc": sd**2 / (sd**2 + LOGISTIC_VARIANCE) if ratio == "odds_ratio" else None,
        **_likelihoods(fit.log_likelihood, fit.state.null),
    }


def head_values(state: MixedState, group: str) -> dict[str, Any]:
    """How many people and groups."""
    groups = Count(state.groups) if group else state.groups
    return {"n": Count(state.n), "groups_of": group or "site", "group_count": groups, "converged": True}


def _spread(sd: float, log_error: float | None) -> dict[str, Any]:
    """One random effect, with a 95 % interval that is symmetric in the logarithm; none at 0."""
    ends: tuple[float | None, float | None] = (None, None)
    if log_error is not None and NORMAL_975 * log_error < 300.0:
        ends = (sd * math.exp(-NORMAL_975 * log_error), sd * math.exp(NORMAL_975 * log_error))
    return {"term": "Intercept", "sd": sd, "sd_low": ends[0], "sd_high": ends[1], "variance": sd * sd}


def _likelihoods(value: float, null: float) -> dict[str, Any]:
    """The log-likelihood, and how it compares with that of no random effect.

    The standard deviation 0 lies at the edge, so the p-value is half that of chi-square with one degree of freedom:
    Self & Liang (1987), JASA 82, case 5.
    """
    statistic = max(2.0 * (value - null), 0.0)
    chance = 0.5 * math.erfc(math.sqrt(statistic / 2.0)) if statistic > 0.0 else 1.0
    return {
        "log_likelihood": value, "log_likelihood_null": null, "spread_statistic": statistic, "spread_p_value": chance,
    }  # fmt: skip


def _with_ratio(row: dict[str, Any], ratio: str) -> dict[str, Any]:
    ends = {"": row["estimate"], "_low": row["conf_low"], "_high": row["conf_high"]}
    return {
        **row, **{f"{ratio}{end}": math.exp(value) if abs(value) < 700.0 else None for end, value in ends.items()},
    }  # fmt: skip


def scaled(design: Design, terms: list[dict[str, Any]]) -> Array:
    """Coefficients of the scaled columns behind those of a result's terms."""
    return np.linalg.solve(design.to_original, np.array([row["estimate"] for row in terms]))
