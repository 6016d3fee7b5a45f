"""The coordinator's half of a linear mixed model: the variance ratio by Newton's method on the profiled likelihood.

Source: Pinheiro & Bates (2000), Mixed-Effects Models in S and S-PLUS, §2.2 (profiling coefficients and σ² out of the
likelihood and the restricted likelihood); Patterson & Thompson (1971), Biometrika 58, 545-554.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from summand.errors import NotConverged, SingularInformation
from summand.methods._newton import Equations, equations
from summand.methods.formulas._design import Design
from summand.methods.models._mixed_linear import Moments, scale_of
from summand.methods.models._mixed_state import MixedState
from summand.tables import Array

SEARCHES_MAX = 60
PROBES = (0.2, 1.0, 5.0, 25.0, 125.0, 625.0)
"""Times the mean group's share of the variance: where the likelihood may be higher although it falls from 0 on."""
STEP_DONE = 1e-10
"""Of the logarithm of the ratio: Newton's error is about the square of its last step."""
RATIO_LEAST = 1e-12
RATIO_MOST = 1e8
"""Beyond this nothing is left within groups."""
PERFECT = 1e-26
"""A residual square of this part of the outcome's is none."""


@dataclass(frozen=True)
class Profile:
    """The profiled deviance, minus twice the log-likelihood without constants, at one ratio.

    Attributes:
        ratio: ρ.
        solver: Of the matrix A = X'V⁻¹X, in scaled units with σ = 1.
        correction: From least squares' coefficients to those of this ratio.
        squares: The residual sum of squares Q.
        freedom: N, or N - p for the restricted likelihood.
        deviance: ``log|V| (+ log|A|) + freedom log Q``.
        slope, bend: Its first two derivatives in ρ.
        squares_slope: The derivative of Q.
        cross_bend: The second derivative of ``log|V| (+ log|A|) + freedom Q / Q(ρ)``, at a fixed σ².
    """

    ratio: float
    solver: Equations
    correction: Array
    squares: float
    freedom: float
    deviance: float
    slope: float
    bend: float
    squares_slope: float
    cross_bend: float


def profile(moments: Moments, ratio: float, n: int, design: Design, rows_max: int, *, restricted: bool) -> Profile:
    """The deviance at a ratio, with its derivatives.

    Raises:
        SingularInformation: where columns are combinations of others, or nothing is left unexplained.
    """
    p, scale = len(design), scale_of(ratio, rows_max)
    full = moments.matrices[0]
    first, second = -moments.matrices[1] / scale, 2.0 * moments.matrices[2] / scale**2
    solver = equations(full[:p, :p], design.terms, design.to_original, least=1e-13 * n if ratio == 0.0 else 0.0)
    correction = solver.solve(full[:p, p])
    contrast = np.append(-correction, 1.0)
    squares = float(contrast @ full @ contrast)
    if squares <= PERFECT * n:
        raise SingularInformation(
            "The model fits every outcome to the last digit: no variance is left to divide.",
            remedy="Leave out the column that repeats the outcome.",
        )
    moved = first @ contrast
    squares_slope = float(contrast @ moved)
    squares_bend = float(contrast @ second @ contrast - 2.0 * moved[:p] @ solver.solve(moved[:p]))
    slope, bend = moments.weights[0] / scale, -moments.weights[1] / scale**2
    deviance, freedom = moments.log_determinant, float(n)
    if restricted:
        inverse = solver.inverse
        turned = inverse @ first[:p, :p]
        deviance -= float(2.0 * np.log(solver.scale).sum() - np.linalg.slogdet(solver.scaled)[1])
        slope += float(np.trace(turned))
        bend += float(np.trace(inverse @ second[:p, :p]) - np.trace(turned @ turned))
        freedom -= p
    return Profile(
        ratio, solver, correction, squares, freedom,
        deviance + freedom * math.log(squares),
        slope + freedom * squares_slope / squares,
        bend + freedom * (squares_bend / squares - (squares_slope / squares) ** 2),
        squares_slope,
        bend + freedom * squares_bend / squares,
    )  # fmt: skip


def log_likelihood(found: Profile, design: Design, half_width: float, *, restricted: bool) -> float:
    """Of the outcome in its own unit; the restricted one with X'X in the columns' own units, as lme4 and nlme have it."""
    m = found.freedom
    constant = m * (math.log(2.0 * math.pi * half_width**2 / m) + 1.0)
    unit = 2.0 * float(np.linalg.slogdet(design.to_original)[1]) if restricted else 0.0
    return -0.5 * (found.deviance + constant - unit)


def log_sd_error(found: Profile) -> float | None:
    """The standard error of the logarithm of the standard deviation between groups; None where it has none.

    From the observed information of (log ρ, log σ²), the coefficients profiled out.
    """
    m, ratio = found.freedom, found.ratio
    cross = -ratio * m * found.squares_slope / found.squares
    information = 0.5 * np.array([[ratio**2 * found.cross_bend, cross], [cross, m]])
    determinant = float(np.linalg.det(information))
    if information[0, 0] <= 0.0 or determinant <= 0.0:
        return None
    return 0.5 * math.sqrt((information[0, 0] + information[1, 1] - 2.0 * information[0, 1]) / determinant)


def first_ratio(found: Profile, moments: Moments, n: int, rows_max: int) -> float:
    """Where to look after ρ = 0, from which the likelihood rises: by the groups' mean residuals.

    With mean residuals d, the sum of n² d² has expectation about σ² (N + ρ Σ n²).
    """
    spread = -found.squares_slope / (found.squares / n)
    sizes = moments.weights[1] * rows_max**2
    guess = (spread - n) / (sizes - spread) if sizes > spread else 1.0
    return max(guess, 1.0 / n)


def probe(found: Profile, value: float, state: MixedState) -> tuple[MixedState, float | None]:
    """Where to look where the likelihood falls from ρ = 0 on: there may be a higher peak where columns vary by group.

    Returns:
        The state, and the next ratio; None at 0, once no ratio tried was better.
    """
    if state.probes > len(PROBES):
        return state, None
    if state.probes and value > state.null:
        return next_ratio(found, replace(state, probes=0))
    tried = replace(state, probes=state.probes + 1)
    if tried.probes > len(PROBES):
        return tried, 0.0
    return tried, PROBES[state.probes] * state.groups / state.n


def next_ratio(found: Profile, state: MixedState) -> tuple[MixedState, float | None]:
    """One safeguarded Newton step in log ρ; None once it is done.

    Raises:
        NotConverged: after too many rounds.
        SingularInformation: where there is no maximum.
    """
    if state.round >= SEARCHES_MAX:
        raise NotConverged(
            f"The variance between groups was not found within {SEARCHES_MAX} rounds.",
            remedy="Choose fewer terms, or fixed intercepts for the sites (linear, site='fixed').",
        )
    ratio = found.ratio
    if ratio > RATIO_MOST and found.slope < 0.0:
        raise SingularInformation(
            "The variance between groups grows without end beside that within: hardly a group has more people than the "
            "model has terms.",
            remedy="Choose larger groups, fewer terms, or a model without random effect.",
        )
    state = replace(state, below=ratio) if found.slope < 0.0 else replace(state, above=ratio)
    slope, bend = ratio * found.slope, ratio * found.slope + ratio**2 * found.bend
    step = -slope / bend if bend > 0.0 else (2.0 if slope < 0.0 else -2.0)
    proposed = ratio * math.exp(min(max(step, -5.0), 5.0))
    if not proposed > state.below or (state.above >= 0.0 and not proposed < state.above):
        low = max(state.below, RATIO_LEAST)
        proposed = math.sqrt(low * state.above) if state.above >= 0.0 else 10.0 * low
    if abs(step) <= STEP_DONE or proposed < 2.0 * RATIO_LEAST or proposed == ratio:
        return state, None
    return state, proposed
