"""A fitted generalized linear model as the values of a result."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from summand.methods._newton import equations, ratios, symmetric, term_rows
from summand.methods._protocol import Result
from summand.methods._sandwich import MODEL, Sandwich
from summand.methods.models._glm_counts import NegativeBinomial
from summand.methods.models._glm_family import Family, Gaussian
from summand.methods.models._glm_layout import score_blocks
from summand.methods.models._glm_positive import Gamma
from summand.methods.models._glm_state import GlmState
from summand.methods.models._tests import against_null, of_terms, wald
from summand.tables import Array, Count

if TYPE_CHECKING:
    from summand.methods.models._glm import GeneralizedLinearModel


@dataclass(frozen=True)
class _Ending:
    """The last round's total by name, unscaled."""

    half_deviance: float
    half_deviance_null: float
    pearson: float
    pearson_cut_off: float
    constants: float
    expected: Array
    observed: Array
    sandwich: Sandwich | None


def _read(method: GeneralizedLinearModel, total: Array, state: GlmState) -> _Ending:
    factor = method.family_at(state).factor * method.weight_column.unit
    p = len(method.design)
    q = p + method.joint
    size, more = p * (p + 1) // 2, q * (q + 1) // 2 if method.sums_observed else 0
    counted = method.family_type.outcome in ("two-valued", "count")
    sandwich = None
    if method.errors != MODEL and p:
        scale = score_blocks(method, state)[1] / factor**2
        sandwich = Sandwich.read(method.errors, total[5 + size + more :], p, scale, method.placed.limits)
    return _Ending(
        half_deviance=float(total[0]) * factor,
        half_deviance_null=float(total[1]) * factor,
        pearson=float(total[2]) * factor,
        pearson_cut_off=float(total[3]),
        constants=float(total[4]) * (method.weight_column.unit if counted else 1.0),
        expected=symmetric(total[5 : 5 + size], p) * factor,
        observed=symmetric(total[5 + size : 5 + size + more], q) * factor if more else np.zeros((0, 0)),
        sandwich=sandwich,
    )


def result(method: GeneralizedLinearModel, total: Array, state: GlmState) -> Result:
    """Coefficients, their tests, and what is told of the fit."""
    family, ending, design = method.family_at(state), _read(method, total, state), method.design
    p = len(design)
    freedom = state.n - p - state.site_count
    # a gaussian outcome is in units, and so are its coefficients; those of an inverse link are in their inverse
    unit = family.unit if isinstance(family, Gaussian) else 1.0 if family.has_log_link else 1.0 / family.unit
    pearson = None if ending.pearson_cut_off > 0.5 else ending.pearson / freedom
    scale = ending.pearson / freedom if family.has_dispersion else 1.0
    spread, t_freedom = _covariance(method, ending, state, scale, freedom)
    estimates, covariance = design.unscale(state.beta[:p] * unit, spread * (unit * unit))
    if design.terms[:1] == ("Intercept",):
        estimates[0] += method.outcome.centre
    terms = term_rows(design.terms, estimates, covariance, t_freedom)
    dispersion_unit = family.unit**2 if isinstance(family, Gaussian) else 1.0
    deviances = _deviances(method, ending, state)
    values: dict[str, Any] = {
        "terms": ratios(terms, family.ratio) if family.ratio else terms,
        "n": Count(state.n),
        **_counted(method, state),
        "converged": True,
        "log_likelihood": (log_likelihood := _log_likelihood(method, family, ending, state, scale)),
        **{name: None if value is None else value * dispersion_unit for name, value in deviances.items()},
        "pseudo_r_squared": _explained(*deviances.values()),
        "dispersion": None if pearson is None else pearson * dispersion_unit,
        **_overdispersion(method, family, ending),
        "degrees_of_freedom": freedom,
        **_criteria(log_likelihood, p + state.site_count + method.joint, state.n),
        "family": method.family,
        "link": method.link or method.default_link,
        "site": method.site,
        "errors": method.errors,
        **({"clusters": Count(sandwich.clusters)} if (sandwich := ending.sandwich) and sandwich.clusters else {}),
        "term_tests": of_terms(method.term_places, estimates, covariance, t_freedom),
    }
    if method.weight_column.column:
        values["n_effective"] = state.n_effective
    if method.null:
        values["tests"] = _tests(method, state, scale, estimates, covariance, t_freedom)
    return Result(method.name, values, (*_warnings(state, pearson is None), *(sandwich.warnings if sandwich else ())))


def _covariance(
    method: GeneralizedLinearModel, ending: _Ending, state: GlmState, scale: float, freedom: int
) -> tuple[Array, float | None]:
    """The covariance of the scaled coefficients, shape (p, p), and Student's degrees of freedom, None for the normal."""
    design, p = method.design, len(method.design)
    t_freedom = float(freedom) if method.family_type.has_dispersion else None
    if ending.sandwich is None:
        return equations(ending.expected, design.terms, design.to_original).inverse * scale, t_freedom
    bread = ending.observed[:p, :p] if len(ending.observed) else ending.expected
    inverse = equations(bread, design.terms, design.to_original).inverse
    covariance = ending.sandwich.covariance(inverse, state.n, p + state.site_count)
    return covariance, None if t_freedom is None else ending.sandwich.degrees_of_freedom(t_freedom)


def _tests(
    method: GeneralizedLinearModel,
    state: GlmState,
    scale: float,
    estimates: Array,
    covariance: Array,
    t_freedom: float | None,
) -> list[dict[str, Any]]:
    """The formula against the null formula; a likelihood or a score says nothing with errors that do not trust it."""
    others = [place for place in range(len(method.design)) if place not in method.null_places]
    trusts = method.errors == MODEL
    ratio = 2.0 * (state.log_likelihood + state.half_deviance_null) / scale
    statistics = {
        "likelihood ratio": ratio if trusts else None,
        "wald": wald(estimates, covariance, others),
        "score": state.score_statistic if trusts and not method.family_type.has_dispersion else None,
    }
    return against_null(statistics, len(others), t_freedom)


def _counted(method: GeneralizedLinearModel, state: GlmState) -> dict[str, Count]:
    """How many have the event, where the family has one."""
    counted = method.family_type.outcome == "count" or method.outcome.two_values is not None
    return {"events": Count(state.events)} if counted else {}


def _deviances(method: GeneralizedLinearModel, ending: _Ending, state: GlmState) -> dict[str, float | None]:
    """The deviance and that of an intercept alone, which with an offset is known only if it was fitted."""
    null: float | None = None
    if method.starts_at_null:
        null = 2.0 * ending.half_deviance_null
    elif not method.null and not method.joint:
        null = 2.0 * state.half_deviance_null
    return {"deviance": 2.0 * ending.half_deviance, "null_deviance": null}


def _explained(deviance: float | None, null: float | None) -> float | None:
    """The share of the null deviance that is explained (Cameron & Windmeijer 1997, J. Econometrics 77(2))."""
    return None if deviance is None or not null else 1.0 - deviance / null


def _log_likelihood(
    method: GeneralizedLinearModel, family: Family, ending: _Ending, state: GlmState, scale: float
) -> float | None:
    """The log-likelihood with all constants; None where it needs weights row by row, or outcomes fit exactly."""
    n = state.n
    if isinstance(family, Gaussian):
        squares = 2.0 * ending.half_deviance * family.unit**2
        if squares <= 0.0:
            return None
        weights = ending.constants + n / 2 * math.log(method.weight_column.unit)
        return -n / 2 * (math.log(2.0 * math.pi * squares / n) + 1.0) + weights
    if isinstance(family, Gamma):
        if method.weight_column.column or scale <= 0.0:
            return None
        inner = ending.half_deviance + n + n * math.log(scale)
        return -inner / scale + ending.constants - n * math.lgamma(1.0 / scale)
    return ending.constants - ending.half_deviance


def _overdispersion(method: GeneralizedLinearModel, family: Family, ending: _Ending) -> dict[str, float]:
    """The overdispersion; where it was estimated, with the standard error from the whole observed information."""
    if not isinstance(family, NegativeBinomial):
        return {}
    if not method.joint:
        return {"overdispersion": family.overdispersion}
    last = len(ending.observed) - 1
    names = (*method.design.terms, "log(overdispersion)")
    variance = equations(ending.observed, names, np.eye(last + 1)).inverse[last, last]
    error = family.overdispersion * math.sqrt(max(variance, 0.0))
    return {"overdispersion": family.overdispersion, "overdispersion_std_error": error}


def _criteria(log_likelihood: float | None, parameters: int, n: int) -> dict[str, float | None]:
    """Akaike's and Schwarz's criteria; a dispersion found by Pearson's statistic is not counted as a parameter."""
    if log_likelihood is None:
        return {"aic": None, "bic": None}
    return {
        "aic": -2.0 * log_likelihood + 2.0 * parameters,
        "bic": -2.0 * log_likelihood + math.log(n) * parameters,
    }


def _warnings(state: GlmState, pearson_is_hidden: bool) -> tuple[str, ...]:
    found = []
    if state.sites_left_out:
        sites = "1 site" if state.sites_left_out == 1 else f"{state.sites_left_out} sites"
        found.append(f"{sites} had an outcome that does not vary and added nothing.")
    if pearson_is_hidden:
        found.append("Somebody's outcome is so unlikely under the model that Pearson's statistic means nothing.")
    return tuple(found)
