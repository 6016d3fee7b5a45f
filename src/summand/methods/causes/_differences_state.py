"""What travels between the rounds of difference in differences, and the effects that its cells allow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from summand.errors import SingularInformation, UsageError
from summand.methods._protocol import State
from summand.methods.causes._adjusted import Adjustment
from summand.methods.causes._group_times import Combination, combinations
from summand.tables import Array

# Numbers in the table of effects by cells.
EFFECT_CELLS_MAX = 20_000_000


@dataclass(frozen=True)
class DifferencesState(State):
    """What is known so far.

    Attributes:
        phase: ``cells``, then ``errors`` where these need residuals: by site, or with covariates.
        counts, sums, squares: People, and outcome and its square summed, by group and period, scaled.
        sites: How many sites have treated people, and how many have anyone; empty unless errors are by site.
        left_out: People who lack a value, where a missing start of treatment is none.
        x_means, inverse, beta, means: The covariates' `Adjustment`.
    """

    phase: str
    counts: Array
    sums: Array
    squares: Array
    sites: Array
    left_out: int
    x_means: Array
    inverse: Array
    beta: Array
    means: Array

    @property
    def adjustment(self) -> Adjustment:
        """The adjusted means of the cells."""
        cells, p = self.counts.size, len(self.beta)
        x_means, inverse = self.x_means.reshape(cells, p), self.inverse.reshape(p, p)
        return Adjustment(self.counts.ravel(), x_means, inverse, self.beta, self.means)


@dataclass(frozen=True)
class Precision:
    """How precisely effects are known.

    Attributes:
        factor: F with covariance ``F F'``, shape (effects, any); for `block` alone, its rows' lengths are the errors.
        freedom: Of Student's t; None for the normal distribution.
    """

    factor: Array
    freedom: float | None

    @property
    def errors(self) -> Array:
        """Standard errors, shape (effects,)."""
        return np.asarray(np.sqrt((self.factor * self.factor).sum(axis=1)))

    def block(self, which: list[int]) -> Array:
        """The covariance of some effects."""
        return np.asarray(self.factor[which] @ self.factor[which].T)


def stacked(effects: list[Combination]) -> Array:
    """The weights of effects, shape (effects, cells)."""
    return np.stack([effect.weights.ravel() for effect in effects])


def comparable(counts: Array, control: str) -> list[Combination]:
    """The effects that the cells allow.

    Raises:
        SingularInformation: if none of them is an effect of treatment.
    """
    cohorts = int(counts[1:-1].any(axis=1).sum())
    if cohorts * counts.shape[1] * counts.size > EFFECT_CELLS_MAX:
        raise UsageError("There are too many groups and periods.", remedy="Use longer periods, such as quarters.")
    effects = combinations(counts, control)
    if not effects or effects[-1].kind != "overall":
        raise SingularInformation(
            "No group can be compared: each treated group needs people in the period before its treatment and after it,"
            " and people not treated in both.",
            remedy="Check 'treated_from' and the code for never, use control='not_yet', or take in earlier periods.",
        )
    return effects
