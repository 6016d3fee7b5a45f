"""A comparison of two arms weighted by propensity scores."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from summand.errors import FormulaInvalid
from summand.methods import _spec
from summand.methods._newton import upper
from summand.methods._placed import Placed, check_length
from summand.methods._protocol import Block, Layout, Local, Result, Setting, State, length
from summand.methods.causes import _stacked
from summand.methods.causes._balance import Balance
from summand.methods.causes._measured import Measured, outcome_columns
from summand.methods.causes._nested import filled, packed, unpacked
from summand.methods.causes._propensity_state import PropensityState
from summand.methods.causes._propensity_update import after_errors, after_means, fit_score
from summand.methods.causes._weights import CUT_LEAST, CUT_MOST, ESTIMANDS, TRIM_MOST, Weighing, probability
from summand.methods.models._logistic import CHUNK_ROWS, SLACK, LogisticRegression
from summand.methods.models._logistic_state import LogisticState, OwnIntercept
from summand.tables import Array, Batch

BINS = 20


@dataclass(frozen=True)
class Propensity(Placed):
    """The difference between two arms, weighted by propensity scores so that their covariates are alike.

    The score e is the probability of treatment by logistic regression on the covariates. Weights follow from it (see
    ``estimand``), each arm's mean is ``Σ w y / Σ w``, and the standard errors account for the score being estimated:
    the estimating equations of score and means are stacked. Two rounds follow the fit of the score.

    Args:
        treatment: The score's formula, such as ``treated ~ age + sex``.
        outcome: A numeric column, or two-valued: ``died``, ``score > 3``.
        estimand: ``ate``: the effect if all were treated against none; ``att``: among the treated; ``overlap``: among
            those who could well be in either arm.
        cut: Scores are cut to ``[cut, 1 − cut]`` before they become weights; how many were is told.
        trim: People whose score lies outside ``[trim, 1 − trim]`` are left out, without a new fit; 0 keeps all.
        site: The score's intercept: ``pooled`` or ``fixed``, one for each site, never sent. With ``fixed``, people at
            sites with one arm only are left out: nobody there could have been in the other.

    Reveals: what the score's logistic regression does; over all sites, people by arm and level and by arm and bin of
        score, weighted and unweighted sums of covariates and outcome by arm, and the squared influences.

    Raises:
        Separation: where nobody is left to compare in an arm, or covariates tell the arms apart entirely.
        SingularInformation, OutcomeConstant, NotConverged: from the score's fit, with a diagnosis.
        CohortTooSmall: where an arm, an arm's level or an arm's outcome class has too few people.

    Source: Rosenbaum & Rubin (1983), Biometrika 70(1); Lunceford & Davidian (2004), Statistics in Medicine 23(19),
        §3 (weights, eq. for IPW2) and §4 (errors); Li, Morgan & Zaslavsky (2018), JASA 113(521).
    """

    treatment: str
    outcome: str
    estimand: str = "ate"
    cut: float = 0.01
    trim: float = 0.0
    site: str = "pooled"
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "propensity"
    title: ClassVar[str] = "Comparison weighted by propensity scores"
    state_type: ClassVar[type[State]] = PropensityState
    complete_cases: ClassVar[bool] = True

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing, UsageError: if formula or settings do not fit the dictionary.
        """
        self.from_spec(self.to_spec())
        method = dataclasses.replace(self, setting=setting)
        method.measured  # noqa: B018 — reads the dictionary, and says now what does not fit
        score = method.score
        reads = {score.indicator.column, *score.design.columns}
        if method.measured.column in reads:
            raise FormulaInvalid("The outcome is also in the score's formula.", remedy="Take it out of the formula.")
        if not len(score.design):
            raise FormulaInvalid("The score has no covariates.", remedy="Write it like: treated ~ age + sex.")
        return method

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        names = ("treatment", "outcome", "estimand", "cut", "trim", "site")
        return {"name": self.name, **{name: getattr(self, name) for name in names}}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        settings = _spec.fields(spec, cls.name, ("treatment", "outcome", "estimand", "cut", "trim", "site"))
        method = cls(
            _spec.text(settings, "treatment"),
            _spec.text(settings, "outcome"),
            _spec.choice(settings, "estimand", ESTIMANDS),
            _spec.number(settings, "cut", 0.01, CUT_LEAST, CUT_MOST),
            _spec.number(settings, "trim", 0.0, 0.0, TRIM_MOST),
            _spec.choice(settings, "site", LogisticRegression.sites),
        )
        method.columns  # noqa: B018 — parses both formulas
        return method

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return tuple(dict.fromkeys((*LogisticRegression(self.treatment).columns, *outcome_columns(self.outcome))))

    def parameter_count(self) -> int:
        """How many coefficients the score has, and the two means."""
        return self.score.parameter_count() + 2

    @cached_property
    def score(self) -> LogisticRegression:
        """The regression behind the scores."""
        return LogisticRegression(self.treatment, self.site).under(self.placed)

    @cached_property
    def measured(self) -> Measured:
        """The outcome over the dictionary."""
        return Measured.of(self.outcome, self.placed.dictionary)

    @cached_property
    def balance(self) -> Balance:
        """The covariates whose balance is told."""
        return Balance.of(self.score.design)

    @cached_property
    def weighing(self) -> Weighing:
        """How scores become weights."""
        return Weighing(self.estimand, self.cut, self.trim)

    def model_state(self, state: PropensityState) -> LogisticState:
        """The state of the score's regression; once fitted, its ``beta`` are the estimates."""
        return unpacked(state.model, self.score.start())

    def start(self) -> PropensityState:
        """Nothing known yet."""
        nothing = np.zeros(0)
        return PropensityState("score", packed(self.score.start()), nothing, nothing, nothing.reshape(0, 0))

    def layout(self, state: PropensityState) -> Layout:
        """The score's fit; then sums by arm; then squared influences.

        Bounds per row: a weight is at most ``largest``, its derivative too; a condensed derivative at most twice that.
        An influence is at most ``2 largest + Σ|h|``, and with a site's own intercept ``2 / cut²`` more, for
        ``|w'| ≤ e (1 − e) / cut²`` in ``h_α``.
        """
        if state.phase == "score":
            return self.score.layout(self.model_state(state))
        largest, fixed = self.weighing.largest, self.site == "fixed"
        if state.phase == "errors":
            correction = float(np.abs(state.corrections).sum(axis=1).max(initial=0.0))
            bound = 2.0 * largest + correction + (correction + 2.0 / self.cut**2 if fixed else 0.0)
            what = "how precisely the means are known"
            return (Block("squared influences", "1", 3, (bound * SLACK) ** 2, what),)
        p, groups, columns = len(self.score.design), len(self.score.design.groups), len(self.balance)
        binary = self.measured.is_binary
        return filled(
            Block("arms", "1", 2, 1.0, "how many people are compared in each arm"),
            Block("left out", "1", 2, 1.0, "how many of each arm have scores outside the trimming range"),
            Block("at sites with one arm", "1", 2 * fixed, 1.0, "how many people are at sites with one arm only"),
            Block("scores cut", "1", 1, 1.0, "how many scores were cut"),
            Block("overlap", "1", 2 * BINS, 1.0, "how many people of each arm have scores in each twentieth"),
            Block("events", "1", 2 * binary, 1.0, "how many of each arm have the outcome"),
            Block("groups", "1", 2 * groups, 1.0, "how many people of each arm each level has"),
            Block("weights", "1", 2, largest * SLACK, "how many people the weighted arms stand for"),
            Block("squared weights", "1", 2, (largest * SLACK) ** 2, "the effective sizes of the weighted arms"),
            Block("weighted outcome", "1", 2, largest * SLACK, "the weighted mean of each arm"),
            Block("balance before", "1", 4 * columns, SLACK, "means and variances of covariates by arm"),
            Block("balance after", "1", 4 * columns, largest * SLACK, "the same, weighted"),
            Block(
                "derivatives", "1", 4 * p, (2.0 if fixed else 1.0) * largest * SLACK, "how the score moves the means"
            ),
            Block("information", "1", p * (p + 1) // 2, 0.25 * SLACK, "how precisely the score is known"),
        )

    def tally(self, batch: Batch, state: PropensityState, local: Local) -> Array:
        """The sums of one batch of complete rows, in the layout's order; a site's own intercept stands before p."""
        if state.phase == "score":
            sums = self.score.tally(batch, self.model_state(state), local)
            assert isinstance(sums, np.ndarray)  # no errors of a sandwich are asked for
            return sums
        own = self._own(state, local)
        q = len(self.score.design) + (self.site == "fixed")
        sums = np.zeros(3 if state.phase == "errors" else self._plain_length + 4 * q + q * (q + 1) // 2)
        if own is None:  # a site where everybody is in one arm
            if state.phase == "means":
                arms = self.score.indicator(batch)
                sums[4:6] = batch.rows - arms.sum(), arms.sum()
            return sums
        for first in range(0, batch.rows, CHUNK_ROWS):
            chunk = batch.part(slice(first, min(first + CHUNK_ROWS, batch.rows)))
            x = self._design(chunk)
            eta = np.concatenate((own, self.model_state(state).beta)) @ x
            if state.phase == "errors":
                sums += self._influences(chunk, x, probability(eta), state, local)
            else:
                sums += self._weighted(chunk, x, probability(eta))
        return sums

    def _own(self, state: PropensityState, local: Local) -> Array | None:
        """The site's own intercept of shape (1,), or (0,) where there is none; None where the site has one arm only."""
        if self.site == "pooled":
            return np.zeros(0)
        if state.phase == "errors":
            kept = np.asarray(local["h_curvature"], dtype=np.float64)
            return np.asarray(local["own"], dtype=np.float64) if kept[0] > 0.0 else None
        if float(np.asarray(local["curvature"])[0]) <= 0.0:
            return None
        return np.array([OwnIntercept.at(self.model_state(state), local).value(1.0)])

    @property
    def _plain_length(self) -> int:
        """How many numbers of the phase ``means`` stand before the derivatives."""
        p = len(self.score.design)
        return length(self.layout(self._means_state)) - 4 * p - p * (p + 1) // 2

    @cached_property
    def _means_state(self) -> PropensityState:
        return dataclasses.replace(self.start(), phase="means")

    def _design(self, batch: Batch) -> Array:
        """The score's design, shape (q, rows), with ones for a site's own intercept first."""
        own = self.site == "fixed"
        x = np.ones((len(self.score.design) + own, batch.rows))
        self.score.design.matrix(batch, out=x[int(own) :])
        return x

    def _weighted(self, batch: Batch, x: Array, score: Array) -> Array:
        """One block of rows in the phase ``means``."""
        treated, y = self.score.indicator(batch), self.measured.scaled(batch)
        weight, slope, is_cut = self.weighing.weights(score, treated)
        inside = self.weighing.inside(score)
        arms = np.stack([1.0 - treated, treated])
        kept = arms * inside
        weights, slopes = kept * weight, kept * slope
        counts = [kept.sum(axis=1), (arms - kept).sum(axis=1), np.zeros(2 * (self.site == "fixed"))]
        cells = np.minimum((score * BINS).astype(np.intp), BINS - 1) + BINS * treated.astype(np.intp)
        counts += [np.array([float((is_cut & inside).sum())])]
        counts += [np.bincount(cells[inside], minlength=2 * BINS).astype(np.float64)]
        if self.measured.is_binary:
            counts.append(kept @ (y > 0.0))
        counts += [self.score.design.group_counts(batch.where(arm > 0.0)) for arm in kept]
        sums = [weights.sum(axis=1), (weights * weight).sum(axis=1), weights @ y]
        own = int(self.site == "fixed")
        sums += [self.balance.sums(x[own:], kept).ravel(), self.balance.sums(x[own:], weights).ravel()]
        derivatives = np.concatenate((slopes @ x.T, (slopes * y) @ x.T))
        return np.concatenate((*counts, *sums, derivatives.ravel(), upper((x * (score * (1.0 - score))) @ x.T)))

    def _influences(self, batch: Batch, x: Array, score: Array, state: PropensityState, local: Local) -> Array:
        """Squares and product of the two means' influences over one block of rows, shape (3,)."""
        treated, y = self.score.indicator(batch), self.measured.scaled(batch)
        weight, _, _ = self.weighing.weights(score, treated)
        corrections = state.corrections
        if self.site == "fixed":
            own = _stacked.own_corrections(corrections, _mix(state.means), local)
            corrections = np.column_stack((own, corrections))
        arms = np.stack([1.0 - treated, treated]) * (self.weighing.inside(score) * weight)
        influence = arms * (y - state.means[:, None]) + (corrections @ x) * (treated - score)
        return upper(influence @ influence.T)

    def condense(self, partial: Array, state: PropensityState, local: Local) -> tuple[Array, Local]:
        """The sums of a site; with ``fixed``, after its own intercept is eliminated."""
        if state.phase == "score":
            return self.score.condense(partial, self.model_state(state), local)
        if self.site == "pooled":
            return partial, {}
        if state.phase == "errors":
            return partial, local
        plain, derivatives, information = _stacked.cut_tail(partial, 4, len(self.score.design) + 1)
        derivatives, information, kept = _stacked.eliminated(derivatives, information)
        own = self._own(state, local)
        return _stacked.joined(plain, derivatives, information), {**kept, "own": np.zeros(1) if own is None else own}

    def update(self, total: Array, state: PropensityState) -> PropensityState | Result:
        """One step of the score's fit; then the means; then the result."""
        layout = self.layout(state)
        check_length(total, length(layout))
        if state.phase == "score":
            return fit_score(total, state, self.model_state(state), self.score)
        if state.phase == "means":
            return after_means(total, state, self)
        return after_errors(total, state, self)


def _mix(means: Array) -> Array:
    """The derivatives of the two means' equations from the four that were summed: ``Σ w' y x − mean Σ w' x``."""
    return np.hstack((-np.diag(means), np.eye(2)))
