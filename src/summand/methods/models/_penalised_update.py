"""The coordinator's half of penalised regression: the path, proximal Newton steps for every fit, and the choice."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from summand.errors import CohortTooSmall, NotConverged, OutcomeConstant, SingularInformation
from summand.methods._groups import check_classes, check_events, check_groups
from summand.methods._protocol import Result
from summand.methods.models._penalised_solve import minimum
from summand.methods.models._penalised_state import PenalisedState
from summand.tables import Array, Count

if TYPE_CHECKING:
    from summand.methods.models._penalised import PenalisedRegression

ROUNDS_MAX = 60
# The squared length of a step in standard errors at which a fit ends; the step is still taken.
DECREMENT_MAX = 1e-18
# Below this a decrement that no longer falls is rounding.
DECREMENT_STALLED = 1e-13
STEP_SIZE_MIN = 1e-6
# A fit has not ended while its step is longer than this part of 1 + its largest coefficient per standard deviation.
STEP_MAX = 1e-5
ROUNDING = 1e-12
# A path's first penalty is not divided by less than this, though alpha may be 0 (as in glmnet).
ALPHA_LEAST = 1e-3


# ── the folds ────────────────────────────────────────────────────────────────────────────────────────────────────────
def after_survey(method: PenalisedRegression, total: Array, state: PenalisedState) -> PenalisedState:
    """Means, once every fold and level has enough people.

    Raises:
        CohortTooSmall, OutcomeConstant, SingularInformation: where one has not.
    """
    folds, limits = max(method.folds, 1), method.placed.limits
    rows, events, outcomes, saturated = total[: 4 * folds].reshape(4, folds)
    rest = total[4 * folds :]
    p = len(method.design)
    n = round(float(rows.sum()))
    if method.family == "binomial" or method.outcome.two_values is not None:
        check_classes(n, round(float(events.sum())), method.outcome.label, limits)
    elif method.family == "poisson":
        check_events(round(float(events.sum())), limits)
        if not events.sum() > 0.5:
            raise OutcomeConstant("Nobody has the event.", remedy="Choose an outcome that varies.")
    _check_folds(method, rows, events)
    check_groups(rest[p:], method.design, limits)
    return dataclasses.replace(
        state, phase="products", rows=np.rint(rows), events=np.rint(events), outcomes=outcomes, saturated=saturated,
        means=rest[:p] / n,
    )  # fmt: skip


def _check_folds(method: PenalisedRegression, rows: Array, events: Array) -> None:
    """Every fold has people, and enough of them, with and without the event where that is what is predicted."""
    if not method.folds:
        return
    least = max(method.placed.limits.minimum_cell, 1)
    smallest = rows.min()
    if method.family == "binomial" or method.outcome.two_values is not None:
        smallest = min(smallest, np.minimum(events, rows - events).min())
    if round(float(smallest)) >= least:
        return
    raise CohortTooSmall(
        f"A fold of the cross-validation has fewer than {least} people of a kind." if least > 1
        else "A fold of the cross-validation lacks people, or people of one outcome class.",
        remedy="Ask for fewer folds, or another seed; rows that are equal are always in one fold.",
        clause="D.min_cell" if least > 1 else None,
    )  # fmt: skip


# ── the path ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclasses.dataclass(frozen=True)
class Training:
    """The rows that each fit learns from: everybody, then all but each fold; by group g.

    Attributes:
        rows: Shape (g,).
        zz, zy, yy: Sums of ``z z'``, ``z y`` and ``y²`` about the pooled means: (g, q, q), (g, q), (g,).
        sds: Standard deviations of the scaled columns, divisor n: shape (g, p).
        outcome_means: Of the scaled outcome, shape (g,).
    """

    rows: Array
    zz: Array
    zy: Array
    yy: Array
    sds: Array
    outcome_means: Array

    @classmethod
    def of(cls, method: PenalisedRegression, state: PenalisedState) -> Training:
        """The training sets of a state that knows its products.

        Raises:
            SingularInformation: naming a column that does not vary.
        """
        q = len(method.design) + 1
        pairs = q * (q + 1) // 2
        rows, columns = np.triu_indices(q)
        packed = state.products[:, :pairs]
        zz = np.zeros((len(packed), q, q))
        zz[:, rows, columns] = packed
        zz[:, columns, rows] = packed
        zy, yy = state.products[:, pairs : pairs + q], state.products[:, -1]
        parts = [_trained(part, method.folds) for part in (state.rows, zz, zy, yy, state.outcomes)]
        n, zz, zy, yy, outcomes = parts
        means = zz[:, 0, 1:] / n[:, None]
        variances = np.diagonal(zz, axis1=1, axis2=2)[:, 1:] / n[:, None] - means**2
        flat = np.flatnonzero((variances <= 1e-14).any(axis=0))
        if len(flat):
            raise SingularInformation(
                f"The term '{method.design.terms[int(flat[0])]}' does not vary: nobody differs in it.",
                remedy="Leave it out, merge its level with another, or ask for fewer folds.",
            )
        return cls(n, zz, zy, yy, np.sqrt(variances), outcomes / n)


def _trained(by_fold: Array, folds: int) -> Array:
    """The whole sum, and the sum without each fold."""
    whole = by_fold.sum(axis=0, keepdims=True)
    return np.concatenate([whole, whole - by_fold]) if folds else whole


def after_products(method: PenalisedRegression, total: Array, state: PenalisedState) -> PenalisedState | Result:
    """The path, and every fit's first step from the model without covariates; for a gaussian outcome the end.

    Raises:
        OutcomeConstant: where the outcome does not vary.
        SingularInformation: where a column does not.
    """
    folds, q = max(method.folds, 1), len(method.design) + 1
    pairs = q * (q + 1) // 2
    cuts = np.cumsum([folds * pairs, folds * q])
    products, with_outcome, squares = np.split(total, cuts)
    known = np.column_stack([products.reshape(folds, pairs), with_outcome.reshape(folds, q), squares])
    state = dataclasses.replace(state, products=known)
    training = Training.of(method, state)
    if not (training.yy > 1e-28 * training.rows).all():
        raise OutcomeConstant("The outcome has one value only.", remedy="Choose an outcome that varies.")
    constant, weight, score = _null(method, state, training)
    lambdas = np.array(method.lambdas) if method.lambdas else _path(method, score[0], training)
    fits = np.repeat(np.arange(len(training.rows)), len(lambdas))
    null = np.zeros((len(fits), q))
    null[:, 0] = constant[fits]
    state = dataclasses.replace(
        state, phase="ascent", lambdas=lambdas, accepted=null, step=np.zeros_like(null),
        step_size=np.ones(len(fits)), objective=np.full(len(fits), 1e300), decrement=np.zeros(len(fits)),
        done=np.zeros(len(fits)),
    )  # fmt: skip
    every = np.arange(len(fits))
    information = weight[fits, None, None] * training.zz[fits]
    after = _solved(method, state, training, every, score[fits], information)
    state = dataclasses.replace(state, step=after - null)
    if method.family != "gaussian":
        return state
    state = dataclasses.replace(state, accepted=after, step=np.zeros_like(null), done=np.ones(len(fits)))
    return _result(method, state, training, _residuals(state, training))


def _null(method: PenalisedRegression, state: PenalisedState, training: Training) -> tuple[Array, Array, Array]:
    """The model without covariates of each training set: its constant, the weight of a row, and the score there."""
    mean = training.outcome_means
    centre = state.outcomes.sum() / state.rows.sum()
    if method.family == "gaussian":
        return np.zeros(len(mean)), np.ones(len(mean)), training.zy
    # the outcome was summed about its pooled mean; at the null model of a training set it is about that set's own
    score = training.zy + (centre - mean)[:, None] * training.zz[:, 0]
    if method.family == "binomial":
        return np.log(mean / (1.0 - mean)), mean * (1.0 - mean), score
    return np.log(mean), mean, score


def _factor(method: PenalisedRegression) -> float:
    """What log-likelihood, score and information of scaled counts are multiplied by."""
    return method.outcome.unit if method.family == "poisson" else 1.0


def _path(method: PenalisedRegression, score: Array, training: Training) -> Array:
    """Penalties from the least at which every coefficient is zero, down by equal factors."""
    unit = method.outcome.unit if method.family == "gaussian" else _factor(method)
    largest = float(np.abs(score[1:] / training.sds[0]).max()) / training.rows[0] * unit
    first = largest / max(method.alpha, ALPHA_LEAST)
    return np.asarray(first * method.smallest ** (np.arange(method.path) / (method.path - 1)), dtype=np.float64)


def _penalties(method: PenalisedRegression, state: PenalisedState, fits: Any) -> tuple[Array, Array]:
    """The penalties of standardised coefficients in the outcome's scaled units, absolute and squared: (fits, q)."""
    unit = method.outcome.unit if method.family == "gaussian" else 1.0
    lambdas = state.lambdas[np.asarray(fits) % len(state.lambdas)]
    free = np.array([0.0] + [1.0] * len(method.design))
    return np.outer(lambdas * (method.alpha / unit), free), np.outer(lambdas * (1.0 - method.alpha), free)


def _solved(
    method: PenalisedRegression, state: PenalisedState, training: Training, fits: Any, score: Array, information: Array
) -> Array:
    """The minimum of each fit's quadratic approximation about where it is evaluated, with the penalty: (fits, q)."""
    groups = np.asarray(fits) // len(state.lambdas)
    scale = np.column_stack([np.ones(len(groups)), training.sds[groups]])
    per_row = (_factor(method) / training.rows[groups])[:, None]
    a = information * per_row[:, :, None] / (scale[:, :, None] * scale[:, None, :])
    here = state.coefficients[fits] * scale
    c = score * per_row / scale + np.einsum("mij,mj->mi", a, here)
    l1, l2 = _penalties(method, state, fits)
    return np.asarray(minimum(a, c, l1, l2, here) / scale)


def _residuals(state: PenalisedState, training: Training) -> Array:
    """Half the negative residual sum of squares of every fit, over the rows left out, or everybody's for the whole."""
    b, group = state.accepted, state.left_out + 1
    trained = [part[group] for part in (training.zz, training.zy, training.yy)]
    whole = [part[:1] for part in (training.zz, training.zy, training.yy)]
    out = [
        np.where((group == 0).reshape(-1, *[1] * (t.ndim - 1)), t, w - t) for t, w in zip(trained, whole, strict=True)
    ]
    squares = out[2] - 2.0 * (out[1] * b).sum(axis=1) + np.einsum("mi,mij,mj->m", b, out[0], b)
    return np.asarray(-0.5 * squares)


# ── the ascent ───────────────────────────────────────────────────────────────────────────────────────────────────────
def climb(method: PenalisedRegression, total: Array, state: PenalisedState) -> PenalisedState:
    """One proximal Newton step of every fit that has not ended, or half of one.

    Raises:
        NotConverged: after 60 rounds.
    """
    training = Training.of(method, state)
    fits, q = state.active, len(method.design) + 1
    count = len(fits)
    cut_off, likelihood = total[:count], total[count : 2 * count]
    score = total[2 * count : (2 + q) * count].reshape(count, q)
    rows, columns = np.triu_indices(q)
    information = np.zeros((count, q, q))
    packed = total[(2 + q) * count :].reshape(count, -1)
    information[:, rows, columns] = packed
    information[:, columns, rows] = packed
    here = state.coefficients[fits]
    objective = _objective(method, state, training, fits, likelihood, here)
    before = state.objective[fits]
    falls = (cut_off < 0.5) & (objective <= before + ROUNDING * (1.0 + np.abs(before)))
    good, bad = fits[falls], fits[~falls]
    fields = {
        name: getattr(state, name).copy()
        for name in ("accepted", "step", "step_size", "objective", "decrement", "done")
    }
    fields["step_size"][bad] /= 2.0
    if len(bad) and float(fields["step_size"][bad].min()) < STEP_SIZE_MIN:
        raise _not_converged(state)
    if len(good):
        step = _solved(method, state, training, good, score[falls], information[falls]) - here[falls]
        length = _factor(method) * np.einsum("mi,mij,mj->m", step, information[falls], step)
        stalled = (length <= DECREMENT_STALLED) & (length > state.decrement[good] / 4.0) & (state.round > 0)
        # where probabilities are 0 or 1 the information vanishes, and a long step looks short
        standard = np.column_stack([np.ones(len(good)), training.sds[good // len(state.lambdas)]])
        furthest = np.abs(here[falls] * standard).max(axis=1)
        is_short = np.abs(step * standard).max(axis=1) <= STEP_MAX * (1.0 + furthest)
        ended = is_short & ((length <= DECREMENT_MAX) | stalled)
        fields["accepted"][good] = np.where(ended[:, None], here[falls] + step, here[falls])
        fields["step"][good] = np.where(ended[:, None], 0.0, step)
        fields["step_size"][good], fields["objective"][good] = 1.0, objective[falls]
        fields["decrement"][good], fields["done"][good] = length, ended.astype(np.float64)
    if state.round + 1 >= ROUNDS_MAX:
        raise _not_converged(state)
    state = dataclasses.replace(state, round=state.round + 1, **fields)
    return state if len(state.active) else dataclasses.replace(state, phase="deviance")


def _objective(
    method: PenalisedRegression, state: PenalisedState, training: Training, fits: Any, likelihood: Array, b: Array
) -> Array:
    groups = np.asarray(fits) // len(state.lambdas)
    l1, l2 = _penalties(method, state, fits)
    standard = b * np.column_stack([np.ones(len(groups)), training.sds[groups]])
    penalty = (l1 * np.abs(standard)).sum(axis=1) + 0.5 * (l2 * standard**2).sum(axis=1)
    return np.asarray(penalty - _factor(method) * likelihood / training.rows[groups])


def _not_converged(state: PenalisedState) -> NotConverged:
    return NotConverged(
        f"{len(state.active)} of the fits have not converged after {state.round + 1} rounds.",
        remedy="Leave out the smallest penalties: where nothing holds coefficients back, they may grow without end.",
    )


# ── the result ───────────────────────────────────────────────────────────────────────────────────────────────────────
def after_deviance(method: PenalisedRegression, total: Array, state: PenalisedState) -> Result:
    """The result, once the log-likelihood of the rows left out is known."""
    return _result(method, state, Training.of(method, state), total * _factor(method))


def _result(method: PenalisedRegression, state: PenalisedState, training: Training, likelihood: Array) -> Result:
    """The path, the cross-validation and the chosen coefficients.

    Args:
        likelihood: Of every fit: for the whole over everybody, for others over the rows left out; shape (fits,).
    """
    count = len(state.lambdas)
    unit = method.outcome.unit
    scale = unit**2 if method.family == "gaussian" else 1.0
    saturated = state.saturated * _factor(method)
    deviance = 2.0 * (float(saturated.sum()) - likelihood[:count]) * scale
    null = 2.0 * (float(saturated.sum()) - _null_likelihood(method, state, training)) * scale
    coefficients = _told(method, state, state.accepted[:count])
    path = [
        {"lambda": penalty, "nonzero": int(np.count_nonzero(b[1:])), "deviance_ratio": 1.0 - d / null}
        for penalty, b, d in zip(state.lambdas.tolist(), state.accepted[:count], deviance.tolist(), strict=True)
    ]
    names = ("Intercept", *method.design.terms)
    values: dict[str, Any] = {"n": Count(round(float(state.rows.sum())))}
    if method.family == "binomial":
        values["events"] = Count(round(float(state.events.sum())))
    values |= {"converged": True, "family": method.family, "alpha": method.alpha, "null_deviance": null}
    chosen = {"estimate": count - 1} if count == 1 else {}
    if method.folds:
        left_out = 2.0 * (saturated[:, None] - likelihood[count:].reshape(method.folds, count)) * scale
        means, errors = _cross_validated(left_out, state.rows)
        for row, mean, error in zip(path, means.tolist(), errors.tolist(), strict=True):
            row |= {"cv_deviance": mean, "cv_std_error": error}
        best = int(np.argmin(means))
        within = int(np.flatnonzero(means <= means[best] + errors[best])[0])
        values |= {"lambda_min": path[best]["lambda"], "lambda_1se": path[within]["lambda"]}
        chosen = {"estimate": best, "estimate_1se": within}
    if chosen:
        values["terms"] = [
            {"term": name, **{key: float(coefficients[place, j]) for key, place in chosen.items()}}
            for j, name in enumerate(names)
        ]
    by_term = {name: coefficients[:, j].tolist() for j, name in enumerate(names)}
    values |= {"path": path, "coefficients": {"lambda": state.lambdas.tolist(), "terms": by_term}}
    return Result(method.name, values)


def _null_likelihood(method: PenalisedRegression, state: PenalisedState, training: Training) -> float:
    """The log-likelihood of everybody under the mean alone."""
    n, mean = float(training.rows[0]), float(training.outcome_means[0])
    if method.family == "gaussian":
        return -0.5 * float(training.yy[0])
    if method.family == "binomial":
        return n * (mean * math.log(mean) + (1.0 - mean) * math.log1p(-mean))
    return n * (mean * math.log(mean) - mean) * _factor(method)


def _told(method: PenalisedRegression, state: PenalisedState, fits: Array) -> Array:
    """Intercept and coefficients per unit of the columns themselves, shape (fits, q)."""
    own = fits[:, 1:] @ method.design.to_original.T
    constant = fits[:, 0] - fits[:, 1:] @ state.means
    if method.family == "gaussian":
        pooled = state.outcomes.sum() / state.rows.sum()
        return np.column_stack(
            [method.outcome.centre + method.outcome.unit * (constant + pooled), own * method.outcome.unit]
        )
    return np.column_stack([constant + math.log(_factor(method)), own])


def _cross_validated(deviance: Array, rows: Array) -> tuple[Array, Array]:
    """Mean deviance of a row left out and its standard error, by penalty.

    Args:
        deviance: Of the rows left out, shape (folds, penalties).
        rows: By fold.
    """
    by_fold = deviance / rows[:, None]
    weights = rows / rows.sum()
    mean = weights @ by_fold
    return mean, np.sqrt(weights @ (by_fold - mean) ** 2 / (len(rows) - 1))
