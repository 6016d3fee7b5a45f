"""From a Cox model's last Newton step to its result: what is kept for the round after the fit, and made of it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from summand.errors import Separation
from summand.methods._newton import symmetric, upper
from summand.methods._sandwich import BY_SITE
from summand.methods.survival._concordance import concordance_values
from summand.methods.survival._concordance_grid import (
    CLASSES,
    COARSE_CLASSES,
    class_edges,
    grid_concordance_sums,
)
from summand.methods.survival._cox_after import Found
from summand.methods.survival._cox_grid import NUMBERS_MAX
from summand.methods.survival._cox_proportionality import tests_of_proportionality, timed_means
from summand.methods.survival._cox_residuals import Hazards
from summand.methods.survival._cox_site import CoxAtSite
from summand.methods.survival._cox_state import CoxState, Fit
from summand.methods.survival._risk_sets import RiskSets
from summand.tables import Array, Count


def with_hazards(model: CoxAtSite, sets: RiskSets, state: CoxState) -> CoxState:
    """The state with what a later step needs of risk sets that sites share: hazards, and sums by transformed time."""
    if model.asked.hazards or "baseline" in model.also:
        state = replace(state, hazards=Hazards.of(sets).flat())
    if model.asked.proportionality is not None:
        state = replace(state, timed=timed_means(sets, np.tile(model.factor(state, {}), model.strata_count)))
    return state


def with_classes(model: CoxAtSite, state: CoxState) -> CoxState:
    """The state with classes of the linear predictor, where people are compared over a grid that sites share.

    The predictor's variance follows from the covariates' among those at risk, the information without covariates.
    """
    if not model.asked.concordance or not model.is_pooled:
        return state
    most = CLASSES if model.grid.is_exact else COARSE_CLASSES
    classes = max(2, min(most, NUMBERS_MAX // max(2 * len(state.event_counts), 1)))
    beta = state.accepted
    variance = float(beta @ symmetric(state.information_null, len(beta)) @ beta) / state.events
    return replace(state, classes=class_edges(math.sqrt(variance), classes - 1 + classes % 2))


def remember(fit: Fit, state: CoxState) -> CoxState:
    """The state that asks for the round after the fit; ``beta`` stays where the last hazards were found."""
    return replace(
        state, phase="after", iteration=fit.iterations, accepted=fit.beta, covariance=upper(fit.covariance),
        log_likelihood=fit.log_likelihood,
    )  # fmt: skip


def remembered(state: CoxState) -> Fit:
    """The fit behind `remember`."""
    return Fit(
        state.accepted, symmetric(state.covariance, len(state.accepted)), state.log_likelihood,
        state.log_likelihood_null, state.iteration, state.score_test,
    )  # fmt: skip


def robust(model: CoxAtSite, fit: Fit, found: Found) -> Array | None:
    """The sandwich covariance, shape (p, p): no factor for small samples, as in R's coxph; None if it is not asked for.

    Raises:
        Separation: if somebody's hazard is out of range, so that it cannot be trusted.
    """
    if not model.asked.residuals:
        return None
    if found.beyond:
        raise Separation(
            "The model expects more than a hundred events of some people: a few lie far from all others.",
            remedy="Look for outliers in the covariates, or use errors='model'.",
        )
    meat = symmetric(found.products, len(fit.beta)) * model.heaviest**2
    return np.asarray(fit.covariance @ meat @ fit.covariance)


def after_values(model: CoxAtSite, fit: Fit, found: Found, state: CoxState) -> dict[str, Any]:
    """What the round after the fit adds to the values of a result."""
    values: dict[str, Any] = {}
    if model.asked.residuals:
        of_people = model.errors != BY_SITE
        values = {"errors": model.errors, "clusters": Count(state.clusters) if of_people else state.clusters}
    if model.asked.proportionality is not None:
        p, timed = len(fit.beta), found.timed
        if model.is_pooled:
            timed = np.concatenate([timed[:p], timed[p:] * state.events_weight]) - state.timed
        score = timed[:p]
        information = np.asarray(np.linalg.inv(fit.covariance), dtype=np.float64)
        rows = tests_of_proportionality(
            model.heaviest * score, information, model.heaviest * timed[p:], model.design, model.terms
        )  # fmt: skip
        values |= {"transform": model.time_transform, "proportionality": rows}
    if model.asked.concordance:
        share = concordance_values(_pairs(model, found, state))
        values["concordance"] = [] if share is None else [{**share, **_compared(model, state)}]
    return values


def _pairs(model: CoxAtSite, found: Found, state: CoxState) -> Array:
    """The numbers of `concordance_sums`, of the sites or of the shared grid."""
    if not model.is_pooled:
        return found.pairs
    return grid_concordance_sums(found.pairs, model.strata_count, len(state.classes) + 1)


def _compared(model: CoxAtSite, state: CoxState) -> dict[str, Any]:
    """Which pairs were compared, and how finely."""
    if not model.is_pooled:
        return {"pairs": "of one site", "classes": None}
    return {"pairs": "of all sites", "classes": len(state.classes) + 1}
