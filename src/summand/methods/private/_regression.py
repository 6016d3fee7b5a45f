"""Linear, logistic and Poisson regression under a privacy budget."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from summand.errors import FormulaInvalid
from summand.methods._newton import ratios, symmetric, term_rows
from summand.methods._placed import check_length
from summand.methods._protocol import Block, Layout, Local, Result, State, length
from summand.methods._sandwich import MODEL
from summand.methods.formulas._formula import Value
from summand.methods.formulas._outcome import Indicator
from summand.methods.private._protocol import Private
from summand.tables import Array, Batch, Count

LINEAR, LOGISTIC, POISSON = "linear", "logistic", "poisson"
CHUNK_ROWS = 8192
SLACK = 1.0 + 2.0**-40
# Newton's method from zero is near the maximum after this many steps; the last one, which the errors rest on, costs as
# much as all before.
STEPS = {LOGISTIC: 6, POISSON: 9}
STEP_MAX, ETA_MAX = 3.0, 30.0


@dataclass(frozen=True)
class FitState(State):
    """The round, and the coefficients of the scaled design at its beginning."""

    round: int
    beta: Array


@dataclass(frozen=True)
class PrivateRegression(Private):
    """Regression under a privacy budget, by sums in which every row is bounded.

    The dictionary's ranges scale each of the p columns of the design to [-1, 1], so a row's norm is at most sqrt(p), and
    it is cut to that. Linear: one round of sums of products of columns and outcome, squared sensitivity ``p^2 + p + 2``;
    where noise makes the matrix nearly singular, a ridge as large as the noise is added. Logistic: six Newton steps, each
    from a score (norm at most sqrt(p)) and an information (Frobenius norm at most p/4) that is scaled to the same norm, so
    that both together have sensitivity ``sqrt(2 p)``. Poisson: nine steps; residuals and means are cut to the outcome's
    largest value in the dictionary, by which everything is divided. Standard errors are those of the estimate: the
    information's, and what the noise of the last sums adds.

    Source: Vu & Slavković (2009), Differential privacy for clinical trial data, ICDM workshops, and Wang (2018), Revisiting
        differentially private linear regression, UAI, for the perturbed sums of products and their ridge; Alabi & Vadhan
        (2022), Hypothesis testing for differentially private linear regression, NeurIPS, for errors that count the noise;
        Smith, Thakurta & Upadhyay (2017), Is interaction necessary for distributed private learning?, IEEE S&P, for noisy
        scores and information of a likelihood.
    """

    state_type: ClassVar[type[State]] = FitState

    @staticmethod
    def reason_against(method: Any) -> str | None:
        """Why a request has no private form; None if it has."""
        if method.site != "pooled":
            return "an intercept for each site is solved for at the site, and no bound is proved for one person's part in it"
        if method.errors != MODEL:
            return "sandwich errors are sums of squared scores, for which nothing is set aside"
        if getattr(method, "weights", "") or getattr(method, "offset", ""):
            return "weights and offsets have no bound that is proved"
        if method.name == "glm" and (method.family, method.link) not in (("poisson", ""), ("poisson", "log")):
            return f"the family {method.family} has no bound that is proved; poisson has one"
        return None

    @property
    def kind(self) -> str:
        """Which of the three."""
        return POISSON if self.name == "glm" else self.name

    @property
    def design(self) -> Any:
        """The design of the formula."""
        return self.inner.design

    @cached_property
    def outcome(self) -> tuple[float, float]:
        """Centre and half width of a numeric outcome; its largest value, for counts.

        Raises:
            FormulaInvalid: if it is no column that is a number.
        """
        outcome, setting = self.inner.parsed.outcome, self.setting
        assert setting is not None
        if not isinstance(outcome, Value) or not setting.dictionary[outcome.column].is_numeric:
            raise FormulaInvalid(
                "Under a privacy budget this needs a numeric column as its outcome.", remedy="Name one."
            )
        low, high = setting.dictionary[outcome.column].range
        if self.kind == POISSON:
            if low < 0.0 or high <= 0.0:
                raise FormulaInvalid(
                    "Counts are not negative.", remedy="Correct the outcome's range in the dictionary."
                )
            return 0.0, high
        if "Intercept" in self.design.terms:
            return (low + high) / 2.0, (high - low) / 2.0 or 1.0
        return 0.0, max(abs(low), abs(high)) or 1.0

    @cached_property
    def indicator(self) -> Indicator:
        """A two-valued outcome as 0 or 1."""
        found: Indicator = self.inner.indicator
        return found

    def under(self, setting: Any) -> PrivateRegression:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing: if formula or settings do not fit the dictionary.
        """
        method = super().under(setting)
        method.indicator if method.kind == LOGISTIC else method.outcome  # noqa: B018
        return method

    def start(self) -> FitState:
        """All coefficients zero."""
        return FitState(0, np.zeros(len(self.design)))

    @property
    def _steps(self) -> int:
        return STEPS.get(self.kind, 1)

    def share(self, state: FitState) -> float:
        """The last step costs as much as all before it."""
        if self._steps == 1:
            return 1.0
        return 0.5 if state.round == self._steps - 1 else 0.5 / (self._steps - 1)

    def sensitivity(self, state: FitState) -> float:  # noqa: ARG002
        """See the class; the information is divided by `_information_unit` first."""
        p = len(self.design)
        squared = p * p + p + 2.0 if self.kind == LINEAR else 2.0 * p
        return math.sqrt(squared) * SLACK

    @property
    def _information_unit(self) -> float:
        p = max(len(self.design), 1)
        return math.sqrt(p) / 4.0 if self.kind == LOGISTIC else math.sqrt(p)

    def layout(self, state: FitState) -> Layout:  # noqa: ARG002
        """Score or products with the outcome, then the matrix, its off-diagonal times the square root of two."""
        p = len(self.design)
        most = 2.0 * max(1.0, 1.0 / self._information_unit)
        blocks = []
        if p:
            blocks.append(Block("score", "1", p, most, "which way each coefficient should move, with noise"))
            told = "how precisely they are known, with noise"
            blocks.append(Block("information", "1", p * (p + 1) // 2, most, told))
        if self.kind == LINEAR:
            blocks.append(Block("outcome", "1", 2, 1.0 + 2.0**-30, "how many people, and their spread, with noise"))
        return tuple(blocks)

    def tally(self, batch: Batch, state: FitState, local: Local) -> Array:  # noqa: ARG002
        """The sums of one batch of complete rows."""
        p = len(self.design)
        score, matrix, rest = np.zeros(p), np.zeros((p, p)), np.zeros(2)
        for first in range(0, batch.rows, CHUNK_ROWS):
            rows = slice(first, min(first + CHUNK_ROWS, batch.rows))
            x = np.array(self.design.matrix(batch, rows))
            norm = np.sqrt(np.einsum("ij,ij->i", x, x))
            x *= np.minimum(1.0, math.sqrt(p) / np.maximum(norm, 1e-300))[:, None]
            residual, weight = self._row_terms(batch, rows, x, state)
            score += x.T @ residual
            matrix += (x * weight[:, None]).T @ x
            rest += np.array([float(len(x)), float(residual @ residual)])
        packed = matrix[np.triu_indices(p)] * _doubling(p)
        if self.kind == LINEAR:
            return np.concatenate([score, packed, rest])
        return np.concatenate([score, packed / self._information_unit])

    def _row_terms(self, batch: Batch, rows: slice, x: Array, state: FitState) -> tuple[Array, Array]:
        """What multiplies a row in the score, at most 1, and in the matrix, at most 1 (logistic: 1/4)."""
        if self.kind == LINEAR:
            centre, half = self.outcome
            y = (batch.number(self.inner.parsed.outcome.column)[rows] - centre) / half
            return np.clip(y, -1.0, 1.0), np.ones(len(x))
        eta = np.clip(x @ state.beta, -ETA_MAX, ETA_MAX)
        if self.kind == LOGISTIC:
            mean = 1.0 / (1.0 + np.exp(-eta))
            return self.indicator(batch, rows) - mean, mean * (1.0 - mean)
        most = self.outcome[1]
        mean = np.minimum(np.exp(eta), most)
        y = np.clip(batch.number(self.inner.parsed.outcome.column)[rows], 0.0, most)
        return np.clip((y - mean) / most, -1.0, 1.0), mean / most

    def update_noisy(self, total: Array, state: FitState, sigma: float) -> FitState | Result:
        """A step, or the result."""
        check_length(total, length(self.layout(state)))
        p = len(self.design)
        score, packed = total[:p], total[p : p + p * (p + 1) // 2] / _doubling(p)
        if self.kind == LINEAR:
            return self._linear(score, symmetric(packed, p), total[-2:], sigma)
        matrix = symmetric(packed * self._information_unit, p)
        information, ridge = _made_definite(matrix, sigma * self._information_unit)
        step = np.linalg.solve(information, score)
        step *= min(1.0, STEP_MAX / max(float(np.linalg.norm(step)), 1e-300))
        beta = state.beta + step
        if state.round + 1 < self._steps:
            return FitState(state.round + 1, beta)
        unit = self.outcome[1] if self.kind == POISSON else 1.0  # score and information were divided by it
        inverse = np.linalg.inv(information)
        covariance = inverse / unit + inverse @ inverse * sigma**2
        return self._result(beta, covariance, sigma, ridge, {})

    def _linear(self, products: Array, matrix: Array, rest: Array, sigma: float) -> Result:
        definite, ridge = _made_definite(matrix, sigma)
        beta = np.linalg.solve(definite, products)
        n, squares = float(rest[0]), float(rest[1])
        p, half = len(beta), self.outcome[1]
        left = squares - 2.0 * beta @ products + beta @ matrix @ beta
        residual = max(float(left), 0.0) / max(n - p, 1.0)
        inverse = np.linalg.inv(definite)
        from_noise = np.eye(p) + (beta @ beta * np.eye(p) + np.outer(beta, beta)) / 2.0
        covariance: Array = inverse @ (residual * definite + sigma**2 * from_noise) @ inverse
        told = {"residual_sd": half * math.sqrt(residual), "n_noisy": Count(max(0, round(n)))}
        return self._result(np.asarray(beta * half), covariance * half**2, sigma, ridge, told)

    def _result(self, beta: Array, covariance: Array, sigma: float, ridge: float, told: dict[str, Any]) -> Result:
        estimates, unscaled = self.design.unscale(beta, covariance)
        if self.kind == LINEAR and "Intercept" in self.design.terms:
            estimates = estimates + self.outcome[0] * np.array([term == "Intercept" for term in self.design.terms])
        rows = term_rows(self.design.terms, estimates, unscaled)
        named = {LOGISTIC: "odds_ratio", POISSON: "rate_ratio"}.get(self.kind)
        values = {"terms": ratios(rows, named) if named else rows, "noise_sd": sigma, "ridge": ridge, **told}
        warnings = ["Standard errors count the noise; intervals are about the pooled people's coefficients with it."]
        if ridge > 0.0:
            warnings.append(
                "The noise is as large as what the columns tell: a ridge was added and shrinks coefficients."
            )
        return Result(self.name, values, tuple(warnings))


def _doubling(p: int) -> Array:
    rows, columns = np.triu_indices(p)
    return np.where(rows == columns, 1.0, math.sqrt(2.0))


def _made_definite(matrix: Array, sigma: float) -> tuple[Array, float]:
    """The matrix with a ridge where its smallest eigenvalue is no larger than the noise; and the ridge."""
    p = len(matrix)
    least = 2.0 * sigma * math.sqrt(p)
    ridge = max(0.0, least - float(np.linalg.eigvalsh(matrix)[0])) if p else 0.0
    return matrix + ridge * np.eye(p), ridge
