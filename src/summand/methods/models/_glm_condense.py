"""From one site's sums of a generalized linear model to what leaves it: its own intercept stays."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from summand.methods._newton import symmetric, upper
from summand.methods._own_intercept import OwnIntercept, eliminate
from summand.methods._protocol import Local, length
from summand.methods._sandwich import Ending
from summand.methods.models._glm_layout import score_blocks
from summand.methods.models._glm_state import END, SURVEY, GlmState
from summand.tables import Array

if TYPE_CHECKING:
    from summand.methods.models._glm import GeneralizedLinearModel


def condense(
    method: GeneralizedLinearModel, partial: Array | Ending, state: GlmState, local: Local
) -> tuple[Array, Local]:
    """The site's summand and its new memory."""
    if method.fixed and state.phase != SURVEY and not local["varies"][0]:
        return np.zeros(length(method.layout(state))), local  # its maximum is at infinity, where it adds nothing
    if isinstance(partial, Ending):
        return _with_scores(method, partial, state), local
    if not method.fixed:
        return partial, {}
    if state.phase == SURVEY:
        return _survey(method, partial)
    return (_end(method, partial), local) if state.phase == END else _point(method, partial, state, local)


def _survey(method: GeneralizedLinearModel, partial: Array) -> tuple[Array, Local]:
    """Counts leave; the sums from which the site's own intercept starts do not."""
    groups = len(method.design.groups)
    rows, events = partial[0], partial[1]
    weights, outcome, offset = partial[3 + groups : 6 + groups]
    head, effective = partial[: 4 + groups], partial[7 + groups :]
    varies = rows > 0.0
    if method.family_type.outcome == "two-valued":
        varies = 0.0 < events < rows
    elif method.family_type.outcome == "count":
        varies = events > 0.0
    has_rows = float(rows > 0.0)
    start = start_of(method, weights, outcome, offset) if varies else 0.0
    p = len(method.null_design if method.fits_null else method.design) + method.joint
    memory = {
        **OwnIntercept.starting(start, p),
        "start": np.array([start]),
        "varies": np.array([float(varies)]),
    }
    return np.concatenate((head, effective, [has_rows, has_rows - float(varies)])), memory


def start_of(method: GeneralizedLinearModel, weights: float, outcome: float, offset: float) -> float:
    """The intercept of a model without covariates, from the survey's sums; exact where there is no offset.

    With a log link ``offset`` is the sum of ``exp(offset - highest)``, so that counts per time at risk are exact too.
    """
    family = method.family_type(method.outcome.unit)
    if family.has_log_link:
        return math.log(outcome / offset) - method.offset_column.high
    return family.start(outcome / weights) - offset / weights


def _point(method: GeneralizedLinearModel, partial: Array, state: GlmState, local: Local) -> tuple[Array, Local]:
    """Log-likelihood, score and information once the own intercept, which came first, is eliminated."""
    q = len(method.design_at(state.phase)) + 1 + method.joint
    score, information = partial[2 : 2 + q], symmetric(partial[2 + q : -1], q)
    own = method.own(state, local)
    alpha = own.value(state.step_size, method.own_most(state))
    kept = {
        **own.kept(alpha, score[0], information[0, 0], information[0, 1:]),
        **{name: local[name] for name in ("start", "varies")},
    }
    if not information[0, 0] > 0.0:  # only where rows were cut off, and then nothing else is used
        return np.concatenate((partial[:1], np.zeros(length(method.layout(state)) - 1))), kept
    out = eliminate(score, information)
    decrement = min(out.decrement, float(partial[-1]))  # far from the end its size means nothing
    return np.concatenate((partial[:2], out.score, upper(out.information), [decrement])), kept


def _end(method: GeneralizedLinearModel, sums: Array) -> Array:
    """Sums leave as they are, information once the own intercept is eliminated."""
    expected, observed = _informations(method, sums)
    out = [
        upper(eliminate(np.zeros(len(matrix)), matrix).information) for matrix in (expected, observed) if len(matrix)
    ]
    return np.concatenate((sums[:5], *out))


def _informations(method: GeneralizedLinearModel, sums: Array) -> tuple[Array, Array]:
    """Expected and observed information of the last round, the own intercept first; the observed one may be empty."""
    q = len(method.design) + method.fixed
    size = q * (q + 1) // 2
    observed = symmetric(sums[5 + size :], q + method.joint) if method.sums_observed else np.zeros((0, 0))
    return symmetric(sums[5 : 5 + size], q), observed


def _with_scores(method: GeneralizedLinearModel, ending: Ending, state: GlmState) -> Array:
    """The last round's sums, and the squares of its scores made free of the own intercept."""
    if not len(method.design):
        return _end(method, ending.sums) if method.fixed else ending.sums
    scale = score_blocks(method, state)[1]
    if not method.fixed:
        return np.concatenate((ending.sums, ending.scores.squares(scale)))
    expected, observed = _informations(method, ending.sums)
    p, bread = len(method.design), observed if len(observed) else expected
    return np.concatenate((_end(method, ending.sums), ending.scores.squares(scale, bread[0, 1 : p + 1] / bread[0, 0])))
