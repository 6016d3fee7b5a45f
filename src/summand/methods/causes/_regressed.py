"""A regression inside a comparison: fitted first, then asked what it predicts under each treatment."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from summand.errors import FormulaInvalid
from summand.methods._protocol import Layout, Local, Result, Setting
from summand.methods.causes._measured import Measured
from summand.methods.causes._nested import packed, unpacked
from summand.methods.causes._weights import probability
from summand.methods.formulas._formula import parse
from summand.methods.models._linear import LinearRegression
from summand.methods.models._linear_update import LinearState
from summand.methods.models._logistic import LogisticRegression
from summand.methods.models._logistic_state import LogisticState, OwnIntercept
from summand.methods.models._logistic_update import maximised
from summand.tables import Array, Batch


@dataclass(frozen=True)
class Regressed:
    """A linear regression of a numeric outcome, or a logistic one of a two-valued outcome, and its predictions.

    Its state travels as numbers (`packed`). Predictions, residuals and bounds are on the scale of the regression:
    outcomes in [-1, 1], or 0 and 1.
    """

    fit: LinearRegression | LogisticRegression

    @classmethod
    def of(cls, formula: str, site: str, setting: Setting) -> Self:
        """The regression that fits a formula's outcome.

        Raises:
            FormulaInvalid, ColumnMissing: if the formula does not fit the dictionary.
        """
        outcome = parse(formula).outcome
        if outcome is None:
            raise FormulaInvalid("The formula has no outcome.", remedy="Write it like: outcome ~ treated + age.")
        binary = Measured.of(str(outcome), setting.dictionary).is_binary
        method = LogisticRegression(formula, site) if binary else LinearRegression(formula, site)
        return cls(method.under(setting))

    @property
    def is_binary(self) -> bool:
        """Whether predictions are risks."""
        return isinstance(self.fit, LogisticRegression)

    @property
    def is_fixed(self) -> bool:
        """Whether each site has an intercept of its own."""
        return self.fit.site == "fixed"

    def __len__(self) -> int:
        return len(self.fit.design)

    @property
    def label(self) -> str:
        """The outcome as a reader sees it."""
        return self.fit.indicator.label if self.fit.indicator is not None else self.fit.columns[0]

    @property
    def scale(self) -> tuple[float, float]:
        """Centre and half width of the outcome on the regression's scale."""
        return (0.0, 1.0) if isinstance(self.fit, LogisticRegression) else self.fit.outcome_scale

    # ── the fit ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def start(self) -> Array:
        """Nothing known yet."""
        return packed(self.fit.start())

    def layout(self, numbers: Array) -> Layout:
        """As the regression's own."""
        if isinstance(self.fit, LogisticRegression):
            return self.fit.layout(self._logistic(numbers))
        return self.fit.layout(self._linear(numbers))

    def tally(self, batch: Batch, numbers: Array, local: Local) -> Array:
        """As the regression's own."""
        if isinstance(self.fit, LogisticRegression):
            sums = self.fit.tally(batch, self._logistic(numbers), local)
        else:
            sums = self.fit.tally(batch, self._linear(numbers), local)
        assert isinstance(sums, np.ndarray)  # no errors of a sandwich are asked for
        return sums

    def condense(self, partial: Array, numbers: Array, local: Local) -> tuple[Array, Local]:
        """As the regression's own."""
        if isinstance(self.fit, LogisticRegression):
            return self.fit.condense(partial, self._logistic(numbers), local)
        return self.fit.condense(partial, self._linear(numbers), local)

    def step(self, total: Array, numbers: Array) -> tuple[Array, bool]:
        """The next state, and whether it is the fitted one.

        Raises:
            MethodError, CohortTooSmall: as the regression does.
        """
        if isinstance(self.fit, LogisticRegression):
            fit, state = self.fit, self._logistic(numbers)
            found = maximised(total, state, fit.design, fit.indicator.label, fit.site, fit.placed.limits)
            ended = not isinstance(found, LogisticState)
            return packed(found if isinstance(found, LogisticState) else found.state), ended
        following = self.fit.update(total, self._linear(numbers))
        return (numbers, True) if isinstance(following, Result) else (packed(following), False)

    def _logistic(self, numbers: Array) -> LogisticState:
        assert isinstance(self.fit, LogisticRegression)
        return unpacked(numbers, self.fit.start())

    def _linear(self, numbers: Array) -> LinearState:
        assert isinstance(self.fit, LinearRegression)
        return unpacked(numbers, self.fit.start())

    def beta(self, numbers: Array) -> Array:
        """The coefficients, shape (p,)."""
        is_logistic = isinstance(self.fit, LogisticRegression)
        return self._logistic(numbers).beta if is_logistic else self._linear(numbers).beta

    def people(self, numbers: Array) -> int:
        """How many people are in the fit."""
        return self._logistic(numbers).n if isinstance(self.fit, LogisticRegression) else self._linear(numbers).n

    # ── what it predicts ─────────────────────────────────────────────────────────────────────────────────────────────
    def own(self, numbers: Array, local: Local) -> Array | None:
        """A site's own intercept, shape (1,), or (0,) where there is none; None where the site has one class only."""
        if not self.is_fixed:
            return np.zeros(0)
        kept = {name: np.asarray(values, dtype=np.float64) for name, values in local.items()}
        if isinstance(self.fit, LogisticRegression):
            if kept["curvature"][0] <= 0.0:
                return None
            return np.array([OwnIntercept.at(self._logistic(numbers), local).value(1.0)])
        return np.array([kept["y_mean"][0] - kept["x_mean"] @ self.beta(numbers)])

    def design(self, batch: Batch) -> Array:
        """The design, shape (q, rows), with ones for a site's own intercept first."""
        own = int(self.is_fixed)
        x = np.ones((len(self) + own, batch.rows))
        self.fit.design.matrix(batch, out=x[own:])
        return x

    def outcome(self, batch: Batch) -> Array:
        """The outcome on the regression's scale, shape (rows,)."""
        if isinstance(self.fit, LogisticRegression):
            return self.fit.indicator(batch)
        return self.fit.outcome(batch, slice(None))

    def means(self, eta: Array) -> tuple[Array, Array]:
        """Predicted means and their derivatives by the linear predictor; the derivative is also the row's weight."""
        if not self.is_binary:
            return eta, np.ones_like(eta)
        mu = probability(eta)
        return mu, mu * (1.0 - mu)

    def mean_bound(self, numbers: Array) -> float:
        """No predicted mean is larger in size."""
        size = float(np.abs(self.beta(numbers)).sum())
        return 1.0 if self.is_binary else 1.0 + size * (2.0 if self.is_fixed else 1.0)

    def residual_bound(self, numbers: Array) -> float:
        """No residual is larger in size."""
        return 1.0 if self.is_binary else 1.0 + self.mean_bound(numbers)

    def own_bound(self, numbers: Array, treatment: str) -> float:
        """How far the weight of a row may change, as a factor, when its treatment is set to another.

        A logistic weight ``μ(1 − μ)`` changes by at most ``exp |δ|`` when the linear predictor moves by δ.
        """
        if not self.is_binary:
            return 1.0
        return math.exp(min(float(np.abs(self.beta(numbers)[self._moved(treatment)]).sum()), 300.0))

    def _moved(self, treatment: str) -> list[int]:
        """The places of the design's columns that hold the treatment."""
        names = [{name for name, _ in (*m.powers, *m.levels)} for m in self.fit.design.monomials]
        return [place for place, found in enumerate(names) if treatment in found]

    @cached_property
    def slope_bound(self) -> float:
        """No derivative of a mean is larger."""
        return 0.25 if self.is_binary else 1.0
