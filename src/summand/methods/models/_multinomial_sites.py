"""A site's own intercepts of a multinomial regression, one for each level: eliminated at the site, never sent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from summand.methods._newton import symmetric
from summand.methods._protocol import Local
from summand.methods.models._multinomial_update import MultinomialState, pairs_of
from summand.tables import Array

INTERCEPT_MAX = 40.0


@dataclass(frozen=True)
class Present:
    """Which levels somebody at the site has.

    The intercept of an absent level has its maximum at -∞, where the level has probability 0. Of those present the
    first has intercept 0 and the others are free; so a site with one level has none, and adds nothing.
    """

    levels: NDArray[np.bool_]

    @classmethod
    def of(cls, counts: Array) -> Present:
        """Those with people, shape (k,)."""
        return cls(np.asarray(counts) > 0.0)

    @property
    def free(self) -> NDArray[np.intp]:
        """The places, among the levels after the first, whose intercepts are free."""
        return np.flatnonzero(self.levels)[1:] - 1


@dataclass(frozen=True)
class OwnIntercepts:
    """The intercepts of all levels but the first, shape (k - 1,): where they stand, and their part of the step."""

    base: Array
    move: Array

    @classmethod
    def starting(cls, counts: Array, p: int) -> Local:
        """What a site keeps after it counted its levels: log odds at no effects, where its own score is zero."""
        others = len(counts) - 1
        alpha = np.zeros(others)
        for j in Present.of(counts).free:
            first = int(np.flatnonzero(counts)[0])
            alpha[j] = np.log(counts[j + 1] / counts[first])
        return cls(alpha, np.zeros(others))._kept(counts, alpha, np.zeros(others), np.zeros((others, others * p)))

    @classmethod
    def at(cls, state: MultinomialState, local: Local, others: int) -> OwnIntercepts:
        """The intercepts that belong to a state: after a whole step from the point evaluated last, else the same step."""
        kept = {name: np.asarray(values, dtype=np.float64) for name, values in local.items()}
        if not kept:
            return cls(np.zeros(others), np.zeros(others))
        if state.step_size < 1.0:
            return cls(kept["base"], kept["move"])
        return cls(kept["alpha"], kept["newton"] - kept["response"] @ state.step)

    def value(self, step_size: float) -> Array:
        """The intercepts at which the site evaluates."""
        return np.clip(self.base + step_size * self.move, -INTERCEPT_MAX, INTERCEPT_MAX)

    def _kept(self, counts: Array, alpha: Array, newton: Array, response: Array) -> Local:
        return {
            "counts": np.asarray(counts), "base": self.base, "move": self.move, "alpha": alpha, "newton": newton,
            "response": response,
        }  # fmt: skip

    def condense(self, partial: Array, state: MultinomialState, local: Local, p: int) -> tuple[Array, Local]:
        """Score and information of the shared coefficients, with the intercepts eliminated.

        ``s_β − I_βα I_αα⁻¹ s_α`` is kept within twice the site's rows: at the maximum, where s_α is zero, that holds by
        itself, and far from it the step's length does not matter.
        """
        others = len(self.base)
        counts, free = np.asarray(local["counts"]), Present.of(local["counts"]).free
        rows, size = float(partial[-1]), others * p
        if not len(free):
            nothing = np.zeros(1 + size + others * (others + 1) // 2 * p * p + 1)
            return nothing, dict(local)
        score = partial[1 : 1 + others * (p + 1)].reshape(others, p + 1)
        full = _whole(partial[1 + others * (p + 1) : -1], others, p + 1)
        own = full[:, 0, :, 0][np.ix_(free, free)]
        cross = full[:, 0, :, 1:].reshape(others, size)[free]
        shared = full[:, 1:, :, 1:].reshape(size, size)
        newton, response = np.zeros(others), np.zeros((others, size))
        inverse = np.linalg.pinv(own, hermitian=True)  # a level whose probability vanishes has no information left
        newton[free], response[free] = inverse @ score[free, 0], inverse @ cross
        condensed = np.clip(score[:, 1:].ravel() - cross.T @ newton[free], -2.0 * rows, 2.0 * rows)
        information = (shared - cross.T @ response[free]).reshape(others, p, others, p)
        decrement = min(float(score[free, 0] @ newton[free]), rows)
        packed = [information[j, :, other].ravel() for j, other in pairs_of(others)]
        kept = self._kept(counts, self.value(state.step_size), newton, response)
        return np.concatenate([partial[:1], condensed, *packed, [decrement]]), kept


def _whole(packed: Array, others: int, q: int) -> Array:
    """The information from its pairs of levels: shape (others, q, others, q)."""
    whole = np.zeros((others, q, others, q))
    rows = packed.reshape(-1, q * (q + 1) // 2)
    for place, (j, other) in enumerate(pairs_of(others)):
        whole[j, :, other] = whole[other, :, j] = symmetric(rows[place], q)
    return whole
