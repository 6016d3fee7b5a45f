"""Standardised means under each treatment, by an outcome model (the g-formula)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from summand.errors import FormulaInvalid
from summand.methods import _spec
from summand.methods._newton import equations, symmetric, upper
from summand.methods._placed import Placed, check_length
from summand.methods._protocol import Block, Layout, Local, Result, Setting, State, length
from summand.methods.causes import _stacked
from summand.methods.causes._arms import Arms
from summand.methods.causes._contrasts import effect_rows, mean_rows
from summand.methods.causes._nested import by_name, filled
from summand.methods.causes._regressed import Regressed
from summand.methods.formulas._formula import parse
from summand.methods.models._logistic import CHUNK_ROWS, SLACK, LogisticRegression
from summand.tables import Array, Batch, Count


@dataclass(frozen=True)
class StandardisationState(State):
    """What is known so far.

    Attributes:
        phase: ``model`` while it is fitted, then ``means``, then ``errors``.
        model: The state of the regression, as `packed` gives it.
        people: By arm, shape (arms,).
        means: Standardised means on the regression's scale, shape (arms,).
        corrections: What the estimated model adds to each mean's influence, shape (arms, p).
    """

    phase: str
    model: Array
    people: Array
    means: Array
    corrections: Array


@dataclass(frozen=True)
class Standardisation(Placed):
    """What the outcome's mean would be if everybody had each treatment in turn, by an outcome model.

    A linear regression (numeric outcome) or a logistic one (two-valued) is fitted. Everybody's outcome is then predicted
    under each arm, whatever arm they were in, and averaged over all people. Standard errors account for the
    coefficients being estimated and for whom the cohort happens to hold; they stay right where a linear model's
    variance is not constant.

    Args:
        formula: Such as ``died ~ treated*age + sex``; the treatment may interact with covariates.
        treatment: The column of the formula whose levels are compared, each with the first.
        site: The model's intercept: ``pooled``, or ``fixed`` for one at each site, never sent.

    Reveals: what the regression does; over all sites, people (and events) by arm, the sums of predictions and of their
        derivatives, and the squared influences.

    Raises:
        Separation, SingularInformation, OutcomeConstant, NotConverged: from the model's fit, with a diagnosis.
        CohortTooSmall: where an arm, or an outcome class of it, has too few people.

    Source: Robins (1986), Mathematical Modelling 7; Snowden, Rose & Mortimer (2011), American Journal of Epidemiology
        173(7); errors: Stefanski & Boos (2002), The American Statistician 56(1), §2.
    """

    formula: str
    treatment: str
    site: str = "pooled"
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "standardisation"
    title: ClassVar[str] = "Standardised means (g-formula)"
    state_type: ClassVar[type[State]] = StandardisationState
    complete_cases: ClassVar[bool] = True

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing, UsageError: if formula or settings do not fit the dictionary.
        """
        method = dataclasses.replace(self.from_spec(self.to_spec()), setting=setting)
        method.arms  # noqa: B018 — both parse against the dictionary, and say now what does not fit
        if method.treatment not in method.model.fit.design.columns:
            raise FormulaInvalid(
                f"The treatment '{method.treatment}' is not on the formula's right side.",
                remedy="Write it like: outcome ~ treated + age.",
            )
        return method

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        return {"name": self.name, "formula": self.formula, "treatment": self.treatment, "site": self.site}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        settings = _spec.fields(spec, cls.name, ("formula", "treatment", "site"))
        method = cls(
            _spec.text(settings, "formula"),
            _spec.text(settings, "treatment"),
            _spec.choice(settings, "site", LogisticRegression.sites),
        )
        parse(method.formula)
        return method

    @cached_property
    def model(self) -> Regressed:
        """The outcome model."""
        return Regressed.of(self.formula, self.site, self.placed)

    @cached_property
    def arms(self) -> Arms:
        """The treatments."""
        return Arms.of(self.treatment, self.placed.dictionary)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return parse(self.formula).columns

    def parameter_count(self) -> int:
        """How many coefficients the model has, and the means."""
        return self.model.fit.parameter_count() + len(self.arms)

    def start(self) -> StandardisationState:
        """Nothing known yet."""
        nothing = np.zeros(0)
        return StandardisationState("model", self.model.start(), nothing, nothing, nothing.reshape(0, 0))

    def layout(self, state: StandardisationState) -> Layout:
        """The model's fit; then predictions by arm; then squared influences.

        Bounds per row: a linear prediction is at most ``Σ|β|``, and with a site's own intercept, which is at most
        ``1 + Σ|β|``, that more. An influence adds ``h`` times a residual; see `Regressed.own_bound` for a site's own.
        """
        if state.phase == "model":
            return self.model.layout(state.model)
        arms, p, fixed = len(self.arms), len(self.model), self.model.is_fixed
        mean = self.model.mean_bound(state.model) * SLACK
        slope = self.model.slope_bound * SLACK
        if state.phase == "errors":
            correction = float(np.abs(state.corrections).sum(axis=1).max(initial=0.0))
            own = self.model.own_bound(state.model, self.treatment) + correction if fixed else 0.0
            bound = 2.0 * mean + (correction + own) * self.model.residual_bound(state.model)
            size = arms * (arms + 1) // 2
            return (Block("squared influences", "1", size, (bound * SLACK) ** 2, "how precisely the means are known"),)
        events = arms * self.model.is_binary
        return filled(
            Block("arms", "1", arms, 1.0, "how many people are in each arm"),
            Block("events", "1", events, 1.0, "how many of each arm have the outcome"),
            Block("predictions", "1", arms, mean, "the standardised mean of each arm"),
            Block("derivatives", "1", arms * p, (1 + fixed) * slope, "how the model moves the means"),
            Block("information", "1", p * (p + 1) // 2, slope, "how precisely the model is known"),
        )

    def tally(self, batch: Batch, state: StandardisationState, local: Local) -> Array:
        """The sums of one batch of complete rows, in the layout's order; a site's own intercept stands before p."""
        if state.phase == "model":
            return self.model.tally(batch, state.model, local)
        q, arms = len(self.model) + self.model.is_fixed, len(self.arms)
        plain = arms * (2 + self.model.is_binary)
        errors = state.phase == "errors"
        sums = np.zeros(arms * (arms + 1) // 2 if errors else plain + arms * q + q * (q + 1) // 2)
        own = self._own(state, local)
        for first in range(0, batch.rows, CHUNK_ROWS):
            rows = batch.part(slice(first, min(first + CHUNK_ROWS, batch.rows)))
            sums += self._influences(rows, own, state, local) if errors else self._predicted(rows, own, state)
        return sums

    def _own(self, state: StandardisationState, local: Local) -> Array | None:
        if state.phase == "means" or not self.model.is_fixed:
            return self.model.own(state.model, local)
        kept = np.asarray(local["h_curvature"], dtype=np.float64)
        return np.asarray(local["own"], dtype=np.float64) if kept[0] > 0.0 else None

    def _by_arm(self, batch: Batch, own: Array | None, state: StandardisationState) -> tuple[Array, Array]:
        """Predicted means, shape (arms, rows), and derivatives by the coefficients, shape (arms, q, rows)."""
        q = len(self.model) + self.model.is_fixed
        if own is None:  # where all have one outcome, that is what the model predicts under every treatment
            same = np.tile(self.model.outcome(batch), (len(self.arms), 1))
            return same, np.zeros((len(self.arms), q, batch.rows))
        coefficients = np.concatenate((own, self.model.beta(state.model)))
        means, derivatives = [], []
        for arm in range(len(self.arms)):
            x = self.model.design(self.arms.as_if(batch, arm))
            mean, slope = self.model.means(coefficients @ x)
            means.append(mean)
            derivatives.append(x * slope)
        return np.stack(means), np.stack(derivatives)

    def _predicted(self, batch: Batch, own: Array | None, state: StandardisationState) -> Array:
        """One block of rows in the phase ``means``."""
        membership = self.arms.membership(batch)
        means, derivatives = self._by_arm(batch, own, state)
        counts = [membership.sum(axis=1)]
        if self.model.is_binary:
            counts.append(membership @ self.model.outcome(batch))
        q = derivatives.shape[1]
        information = np.zeros((q, q))
        if own is not None:
            x = self.model.design(batch)
            _, weight = self.model.means(np.concatenate((own, self.model.beta(state.model))) @ x)
            information = (x * weight) @ x.T
        return np.concatenate((*counts, means.sum(axis=1), derivatives.sum(axis=2).ravel(), upper(information)))

    def _influences(self, batch: Batch, own: Array | None, state: StandardisationState, local: Local) -> Array:
        """Squares and products of the means' influences over one block of rows, shape (arms(arms+1)/2,)."""
        means, _ = self._by_arm(batch, own, state)
        influence = means - state.means[:, None]
        if own is not None:
            corrections = state.corrections
            if self.model.is_fixed:
                mine = _stacked.own_corrections(corrections, np.eye(len(self.arms)), local)
                corrections = np.column_stack((mine, corrections))
            x = self.model.design(batch)
            fitted, _ = self.model.means(np.concatenate((own, self.model.beta(state.model))) @ x)
            influence = influence + (corrections @ x) * (self.model.outcome(batch) - fitted)
        return upper(influence @ influence.T)

    def condense(self, partial: Array, state: StandardisationState, local: Local) -> tuple[Array, Local]:
        """The sums of a site; with ``fixed``, after its own intercept is eliminated."""
        if state.phase == "model":
            return self.model.condense(partial, state.model, local)
        if not self.model.is_fixed:
            return partial, {}
        if state.phase == "errors":
            return partial, local
        plain, derivatives, information = _stacked.cut_tail(partial, len(self.arms), len(self.model) + 1)
        own = self._own(state, local)
        derivatives, information, kept = _stacked.eliminated(derivatives, information)
        return _stacked.joined(plain, derivatives, information), {**kept, "own": np.zeros(1) if own is None else own}

    def update(self, total: Array, state: StandardisationState) -> StandardisationState | Result:
        """One step of the model's fit; then the means; then the result."""
        layout = self.layout(state)
        check_length(total, length(layout))
        if state.phase == "model":
            numbers, done = self.model.step(total, state.model)
            return dataclasses.replace(state, phase="means" if done else "model", model=numbers)
        if state.phase == "means":
            return self._after_means(by_name(total, layout), state)
        return self._result(total, state)

    def _after_means(self, sums: dict[str, Array], state: StandardisationState) -> StandardisationState:
        self.arms.check(sums["arms"], sums.get("events"), self.model.label, self.placed.limits)
        p, design = len(self.model), self.model.fit.design
        corrections = np.zeros((len(self.arms), p))
        if p:
            solver = equations(symmetric(sums["information"], p), design.terms, design.to_original)
            corrections = np.stack([solver.solve(row) for row in sums["derivatives"].reshape(-1, p)])
        means = sums["predictions"] / float(sums["arms"].sum())
        return dataclasses.replace(state, phase="errors", people=sums["arms"], means=means, corrections=corrections)

    def _result(self, total: Array, state: StandardisationState) -> Result:
        centre, half_width = self.model.scale
        n, labels = round(float(state.people.sum())), self.arms.labels
        covariance = symmetric(total, len(self.arms)) * (half_width / n) ** 2
        means = centre + half_width * state.means
        rows = mean_rows(labels, means, covariance)
        for row, people in zip(rows, state.people.tolist(), strict=True):
            row["n"] = Count(round(people))
        values = {
            "effects": effect_rows(labels, means, covariance, is_binary=self.model.is_binary),
            "means": rows,
            "n": Count(n),
            "treatment": self.treatment,
            "outcome": self.model.label,
            "model": self.model.fit.name,
            "converged": True,
            "site": self.site,
        }
        return Result(self.name, values)
