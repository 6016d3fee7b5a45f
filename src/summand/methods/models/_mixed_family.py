"""Outcomes of a generalized linear mixed model: the log-likelihood of a row and its derivatives in the linear predictor."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from summand.errors import FormulaInvalid, ValueOutOfRange
from summand.methods.formulas._formula import Formula, Value
from summand.methods.formulas._outcome import Indicator
from summand.methods.models._glm_columns import Offset
from summand.tables import Array, Batch, Dictionary


@dataclass(frozen=True)
class Rows:
    """Of some rows at their linear predictors, each of shape (rows,).

    Attributes:
        log_likelihood, residual, weight: The log-likelihood, y - mu, and the variance of y.
        third, fourth: The derivatives of the variance in the linear predictor; empty where not asked for.
        out_of_range: How many rows' predictors are beyond what sums can hold.
    """

    log_likelihood: Array
    residual: Array
    weight: Array
    third: Array
    fourth: Array
    out_of_range: int = 0


class Family(Protocol):
    """A family with its canonical link."""

    ratio: ClassVar[str]

    @property
    def factor(self) -> float:
        """The most that a row's residual and variance may be."""

    @property
    def label(self) -> str:
        """The event as a reader sees it, or the outcome."""

    def outcome(self, batch: Batch, rows: slice) -> Array:
        """The outcome, shape (rows,)."""

    def offset(self, batch: Batch) -> Array | float:
        """The known part of the linear predictor, shape (rows,), or one number for all."""

    def log_likelihood_max(self, eta_max: float) -> float:
        """The most that a row's log-likelihood may be, in absolute value."""

    def rows(self, y: Array, eta: Array, *, higher: bool) -> Rows:
        """The rows at their linear predictors."""


@dataclass(frozen=True)
class Binomial:
    """An outcome of 0 or 1, logit link."""

    indicator: Indicator

    ratio: ClassVar[str] = "odds_ratio"

    @property
    def factor(self) -> float:
        """A probability."""
        return 1.0

    @property
    def label(self) -> str:
        """The event."""
        return self.indicator.label

    def outcome(self, batch: Batch, rows: slice) -> Array:
        """0 or 1."""
        return self.indicator(batch, rows)

    def offset(self, batch: Batch) -> Array | float:  # noqa: ARG002 — a family has it or not
        """None."""
        return 0.0

    def log_likelihood_max(self, eta_max: float) -> float:
        """``log 2 + |eta|``."""
        return math.log(2.0) + eta_max

    def rows(self, y: Array, eta: Array, *, higher: bool) -> Rows:
        """From ``exp(-|eta|)``, which neither overflows nor loses the small tail."""
        sign = y + y - 1.0
        margin = eta * sign
        z = np.exp(-np.abs(margin))
        tail = 1.0 / (1.0 + z)
        weight = z * tail * tail
        missed = np.where(margin < 0.0, tail, z * tail)
        none = np.zeros(0)
        third, fourth = none, none
        if higher:
            skew = np.where(eta >= 0.0, z - 1.0, 1.0 - z) * tail  # 1 - 2 mu
            third, fourth = weight * skew, weight * (1.0 - 6.0 * weight)
        return Rows(np.minimum(margin, 0.0) - np.log1p(z), sign * missed, weight, third, fourth)


ROOM = 20.0
"""A mean count so many times the dictionary's largest is out of range."""


@dataclass(frozen=True)
class Poisson:
    """Counts, log link.

    Attributes:
        column: The count.
        most: The dictionary's largest.
        known: The offset.
    """

    column: str
    most: float
    known: Offset

    ratio: ClassVar[str] = "rate_ratio"

    @classmethod
    def of(cls, formula: Formula, dictionary: Dictionary, known: Offset) -> Poisson:
        """The count on the left of a formula.

        Raises:
            FormulaInvalid, ColumnMissing: if it is none.
        """
        if not isinstance(formula.outcome, Value):
            raise FormulaInvalid("A Poisson model needs a count as outcome.", remedy="Write it like: visits ~ age.")
        return cls(formula.outcome.column, max(dictionary[formula.outcome.column].range[1], 1.0), known)

    @property
    def factor(self) -> float:
        """The largest mean."""
        return ROOM * self.most

    @property
    def label(self) -> str:
        """The count."""
        return self.column

    def outcome(self, batch: Batch, rows: slice) -> Array:
        """The count.

        Raises:
            ValueOutOfRange: if it is not whole.
        """
        y = np.asarray(batch.columns[self.column][rows], dtype=np.float64)
        if not bool((y == np.floor(y)).all()):
            raise ValueOutOfRange(
                f"The outcome '{self.column}' has values that are not whole.", remedy="Use family='gaussian' for it."
            )
        return y

    def offset(self, batch: Batch) -> Array | float:
        """In the unit of the linear predictor."""
        return self.known(batch) * self.known.unit + self.known.shift

    def log_likelihood_max(self, eta_max: float) -> float:
        """``y eta - mu - log y!``."""
        return self.most * (eta_max + self.known.most + math.log(self.most) + 1.0) + self.factor

    def rows(self, y: Array, eta: Array, *, higher: bool) -> Rows:
        """Every cumulant is the mean."""
        from scipy.special import gammaln

        limit = math.log(self.factor)
        mean = np.exp(np.minimum(eta, limit))
        likelihood = y * eta - mean - gammaln(y + 1.0)
        none = np.zeros(0)
        third = mean if higher else none
        return Rows(likelihood, y - mean, mean, third, third, int(np.count_nonzero(eta > limit)))
