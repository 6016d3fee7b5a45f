"""What some rows say under the two models of a doubly robust comparison, and what travels between its rounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from summand.methods._protocol import State
from summand.methods.causes._weights import probability
from summand.tables import Array, Batch

if TYPE_CHECKING:
    from summand.methods.causes._aipw_settings import AipwSettings


@dataclass(frozen=True)
class AipwState(State):
    """What is known so far.

    Attributes:
        phase: ``score``, ``model``, ``means``, ``errors``.
        score, model: The states of the two regressions, as `packed` gives them.
        counts: People by arm, and how many scores were cut, shape (3,).
        means: Means on the outcome model's scale, control first, shape (2,).
        by_score, by_model: What each estimated regression adds to each mean's influence, shapes (2, p).
    """

    phase: str
    score: Array
    model: Array
    counts: Array
    means: Array
    by_score: Array
    by_model: Array


@dataclass(frozen=True)
class Rows:
    """What some rows say under both models.

    Attributes:
        arms: Membership among those compared, shape (2, rows).
        inside: 1 for those compared, else 0, shape (rows,).
        y: The outcome on its model's scale.
        z, x: The designs of score and outcome model, shapes (s, rows) and (p, rows).
        weight, slope: Inverse probabilities of the arm, and their derivatives.
        is_cut: Whose score was cut.
        means, derivatives: Predictions under each arm, and their derivatives.
        corrected: Predictions corrected by the weighted residual, shape (2, rows).
        score_weight, model_weight: Weights of rows in the informations; 0 at a site without the intercept.
        score_residual, model_residual: Residuals of the two fits.
    """

    arms: Array
    inside: Array
    y: Array
    z: Array
    x: Array
    weight: Array
    slope: Array
    is_cut: Array
    means: Array
    derivatives: Array
    corrected: Array
    score_weight: Array
    model_weight: Array
    score_residual: Array
    model_residual: Array

    @classmethod
    def of(cls, batch: Batch, method: AipwSettings, state: AipwState, own: tuple[Array | None, Array | None]) -> Rows:
        """The rows under the models as fitted."""
        score, model = method.score, method.model
        zero = np.zeros(batch.rows)
        inside = np.full(batch.rows, float(own[0] is not None))
        treated, y, z = score.outcome(batch), model.outcome(batch), score.design(batch)
        e = np.full(batch.rows, 0.5)
        if own[0] is not None:
            e = probability(np.concatenate((own[0], score.beta(state.score))) @ z)
        weight, slope, is_cut = method.weighing.weights(e, treated)
        x = model.design(batch)
        if own[1] is None:
            means, derivatives = np.tile(y, (2, 1)), np.zeros((2, *x.shape))
            fitted, model_weight = y, zero
        else:
            coefficients = np.concatenate((own[1], model.beta(state.model)))
            designs = [model.design(method.arms.as_if(batch, arm)) for arm in range(2)]
            pairs = [model.means(coefficients @ design) for design in designs]
            means = np.stack([mean for mean, _ in pairs])
            derivatives = np.stack([d * s for d, (_, s) in zip(designs, pairs, strict=True)])
            fitted, model_weight = model.means(coefficients @ x)
        arms = np.stack([1.0 - treated, treated]) * inside
        return cls(
            arms=arms, inside=inside, y=y, z=z, x=x, weight=weight, slope=slope, is_cut=is_cut * inside,
            means=means, derivatives=derivatives, corrected=means + arms * weight * (y - means),
            score_weight=e * (1.0 - e) * inside, model_weight=model_weight,
            score_residual=(treated - e) * inside, model_residual=y - fitted,
        )  # fmt: skip
