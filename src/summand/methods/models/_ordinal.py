"""Regression of an outcome with ordered levels: thresholds on one latent scale, moved by the covariates."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from summand.errors import FormulaInvalid
from summand.methods import _spec
from summand.methods._newton import upper
from summand.methods._own_intercept import INTERCEPT_MAX
from summand.methods._placed import Regression, check_length
from summand.methods._protocol import Block, Layout, Local, Result, Setting, State, length
from summand.methods.formulas._design import Design
from summand.methods.formulas._outcome_levels import OutcomeLevels
from summand.methods.models._ordinal_rows import row_bounds, row_terms
from summand.methods.models._ordinal_sites import (
    SITE_BLOCKS,
    condense_counts,
    condense_shift,
    is_increasing,
    own_shift,
    shifted_sums,
)
from summand.methods.models._ordinal_state import OrdinalState
from summand.methods.models._ordinal_update import after_survey, after_test, climb
from summand.tables import Array, Batch

CHUNK_ROWS = 2048
SLACK = 1.0 + 2.0**-40


@dataclass(frozen=True)
class OrdinalRegression(Regression):
    """Proportional odds regression (or ordered probit), equal to the pooled maximum-likelihood fit.

    For levels 1 < … < k, ``P(y ≤ j) = F(θ_j - x @ beta)``: a positive coefficient moves people to higher levels, and
    under the logit link ``exp(beta)`` is the odds ratio of being above any threshold. At the maximum one more round
    sums the score and information of the model in which each threshold has coefficients of its own; their score test
    says whether the odds are proportional, over all terms and for each.

    Args:
        formula: Such as ``stage ~ age + C(sex)``; the outcome is a category in the dictionary's order, or a column of
            whole numbers with at most 30 values.
        site: ``pooled``: the same thresholds at every site; ``fixed``: each site's thresholds are shifted by a number
            of its own, eliminated at the site and never sent, and the lowest threshold is 0 beside it. The test of
            proportional odds is then left out.
        link: ``logit`` or ``probit``.

    Reveals: how many people have each level of the outcome and of each category; per round, log-likelihood, score and
        information over all sites; at the end the information of each threshold apart. With ``fixed``, also how many
        sites have rows, and how many the lowest or the highest level only.

    Raises:
        Separation, SingularInformation, OutcomeConstant, NotConverged: from `update`, with a diagnosis.
        CohortTooSmall: from `update`, where a level has fewer people than the limits ask.

    Source: McCullagh (1980), JRSS B 42(2), 109-142; Peterson & Harrell (1990), Applied Statistics 39(2), 205-217, §3
        (score test), with the observed information.
    """

    link: str = "logit"

    name: ClassVar[str] = "ordinal"
    title: ClassVar[str] = "Ordinal regression"
    state_type: ClassVar[type[State]] = OrdinalState
    complete_cases: ClassVar[bool] = True
    links: ClassVar[tuple[str, ...]] = ("logit", "probit")

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing, UsageError: if formula or settings do not fit the dictionary.
        """
        _spec.choice({"site": self.site}, "site", self.sites)
        _spec.choice({"link": self.link}, "link", self.links)
        method = dataclasses.replace(self, setting=setting)
        method.outcome  # noqa: B018 — both parse against the dictionary, and say now what does not fit
        method.design  # noqa: B018
        return method

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        return {**super().to_spec(), "link": self.link}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        settings = _spec.fields(spec, cls.name, ("formula", "site", "link"))
        site, link = _spec.choice(settings, "site", cls.sites), _spec.choice(settings, "link", cls.links)
        method = cls(_spec.text(settings, "formula"), site, link=link)
        method.parsed  # noqa: B018
        return method

    @cached_property
    def outcome(self) -> OutcomeLevels:
        """The outcome as a place among its levels."""
        return OutcomeLevels.of(self.parsed, self.placed.dictionary, is_ordered=True)

    @cached_property
    def design(self) -> Design:
        """The design of the right side, its constant first: the thresholds take it up."""
        if not self.parsed.intercept:
            raise FormulaInvalid("The thresholds are the model's intercepts.", remedy="Leave out '- 1' or '+ 0'.")
        return Design.of(self.parsed, self.placed.dictionary)

    @property
    def _cuts(self) -> int:
        """How many thresholds are shared: a site's own shift takes the lowest one up."""
        return len(self.outcome) - 1 - self._is_fixed

    @property
    def _is_fixed(self) -> bool:
        return self.site == "fixed"

    @property
    def _p(self) -> int:
        return len(self.design) - 1

    def parameter_count(self) -> int:
        """How many thresholds and coefficients it estimates; with ``fixed``, one more for each site."""
        return self._cuts + self._p + (self.placed.site_count if self._is_fixed else 0)

    def start(self) -> OrdinalState:
        """Nobody counted yet."""
        zero = np.zeros(self._cuts + self._p)
        return OrdinalState(0, zero, zero, 1.0, 0.0, 0.0, 0, 0, "survey", np.zeros(0), 0, 0, np.zeros(0))

    def layout(self, state: OrdinalState) -> Layout:
        """First people by level; then log-likelihood, score and information; at last those of each threshold apart."""
        if state.phase == "survey":
            blocks = [Block("levels", "1", len(self.outcome), 1.0, "how many people have each level of the outcome")]
            if self.design.groups:
                blocks.append(Block("groups", "1", len(self.design.groups), 1.0, "how many people each level has"))
            return (*blocks, *(SITE_BLOCKS if self._is_fixed else ()))
        cuts, p = self._cuts, self._p
        thresholds, beta = self._split(state)
        if not is_increasing(thresholds):
            thresholds = np.arange(
                len(thresholds), dtype=np.float64
            )  # the rows are cut off, and nothing else is summed
        shift = INTERCEPT_MAX if self._is_fixed else 0.0
        most = row_bounds(self.link, thresholds, float(np.abs(beta).sum()) * SLACK + shift)
        slope, curvature = 2.0 * most.slope * SLACK, 4.0 * most.curvature * SLACK
        if state.phase == "test":
            q, reveals = p + 1, "whether the coefficients are the same at every threshold"
            return (
                Block("scores by threshold", "1", cuts * q, slope, reveals),
                Block("information by threshold", "1", cuts * q * (q + 1) // 2, curvature, reveals),
                Block("information between thresholds", "1", (cuts - 1) * q * (q + 1) // 2, curvature, reveals),
            )
        blocks = [
            Block("log-likelihood", "nat", 1, most.log_likelihood * SLACK, "how well the model fits"),
        ]
        if self._is_fixed:
            return (*blocks, *self._fixed_blocks(slope, curvature))
        blocks += [
            Block("threshold score", "1", cuts, slope, "which way each threshold should move"),
            Block("threshold information", "1", 2 * cuts - 1, curvature, "how precisely they are known"),
        ]
        if p:
            blocks += [
                Block("score", "1", p, slope, "which way each coefficient should move"),
                Block("threshold products", "1", cuts * p, curvature, "how thresholds go with coefficients"),
                Block("information", "1", p * (p + 1) // 2, curvature, "how precisely the coefficients are known"),
            ]
        return tuple(blocks)

    def _fixed_blocks(self, slope: float, curvature: float) -> Layout:
        """What a site with its own shift contributes besides: condensed sums, kept within twice their bounds."""
        q = self._cuts + self._p
        blocks = [
            Block("rows cut off", "1", 1, 1.0, "whether thresholds cross"),
            Block("shift decrement", "1", 1, 1.0, "how far the sites' shifts are from the end"),
        ]
        if q:
            blocks.append(Block("score", "1", q, 2.0 * slope, "which way thresholds and coefficients should move"))
            blocks.append(Block("information", "1", q * (q + 1) // 2, 2.0 * curvature, "how precisely they are known"))
        return tuple(blocks)

    def _split(self, state: OrdinalState) -> tuple[Array, Array]:
        """Thresholds, shape (k - 1,), and coefficients, shape (p,); with ``fixed`` the lowest threshold is 0."""
        shared, beta = np.split(state.beta, [self._cuts])
        return (np.concatenate(([0.0], shared)) if self._is_fixed else shared), beta

    def tally(self, batch: Batch, state: OrdinalState, local: Local) -> Array:
        """The sums of one batch of complete rows, in the layout's order; with ``fixed``, before a site's elimination."""
        if self._is_fixed and state.phase != "survey":
            return self._fixed_tally(batch, state, local)
        if state.phase == "survey":
            groups = self.design.group_counts(batch) if batch.rows else np.zeros(len(self.design.groups))
            return np.concatenate((self.outcome.counts(batch), groups))
        total = np.zeros(length(self.layout(state)))
        for first in range(0, batch.rows, CHUNK_ROWS):
            total += self._sums(batch, slice(first, min(first + CHUNK_ROWS, batch.rows)), state)
        return total

    def _fixed_tally(self, batch: Batch, state: OrdinalState, local: Local) -> Array:
        """Rows, log-likelihood, score and information of the site's shift, the thresholds and the coefficients."""
        thresholds, beta = self._split(state)
        shift = own_shift(state, local, self.link).value(state.step_size)
        total = np.zeros(2 + (q := 1 + self._cuts + self._p) + q * (q + 1) // 2)
        total[0] = batch.rows
        for first in range(0, batch.rows if is_increasing(thresholds) else 0, CHUNK_ROWS):
            rows = slice(first, min(first + CHUNK_ROWS, batch.rows))
            x, levels = self.design.matrix(batch, rows).T, self.outcome(batch, rows)
            row = row_terms(self.link, thresholds, shift + beta @ x[1:], levels)
            total[1:] += shifted_sums(row, x, levels, len(thresholds))
        return total

    def _sums(self, batch: Batch, rows: slice, state: OrdinalState) -> Array:
        x, levels = self.design.matrix(batch, rows).T, self.outcome(batch, rows)
        thresholds, beta = np.split(state.beta, [self._cuts])
        row = row_terms(self.link, thresholds, beta @ x[1:], levels)
        is_above = np.arange(self._cuts)[:, None] == levels  # threshold j lies above level j …
        is_below = np.arange(self._cuts)[:, None] == levels - 1  # … and below level j + 1
        slopes = is_above * row.above + is_below * row.below
        curvatures = is_above * row.curvature_above + is_below * row.curvature_below
        mixed = is_above[1:] * row.between  # thresholds j and j + 1 enclose level j + 1
        if state.phase == "test":
            parts = [slopes @ x.T, *(_packed(x, weights) for weights in (*curvatures, *mixed))]
            return np.concatenate([part.ravel() for part in parts])
        own = [[row.log_likelihood.sum()], slopes.sum(axis=1), curvatures.sum(axis=1), mixed.sum(axis=1)]
        if self._p:
            crossed = curvatures.copy()
            crossed[:-1] -= mixed
            crossed[1:] -= mixed
            own += [-(x[1:] @ slopes.sum(axis=0)), -(crossed @ x[1:].T).ravel()]
            own.append(_packed(x[1:], crossed.sum(axis=0)))
        return np.concatenate([np.asarray(part, dtype=np.float64) for part in own])

    def condense(self, partial: Array, state: OrdinalState, local: Local) -> tuple[Array, Local]:
        """The site's sums as they are; with ``fixed``, after its own shift is eliminated."""
        if not self._is_fixed:
            return partial, {}
        if state.phase == "survey":
            return condense_counts(partial, len(self.outcome))
        crosses = not is_increasing(self._split(state)[0])
        return condense_shift(partial, state, local, self._cuts + self._p, self.link, crosses=crosses)

    def update(self, total: Array, state: OrdinalState) -> OrdinalState | Result:
        """Start at the levels' shares, climb, then test."""
        check_length(total, length(self.layout(state)))
        if state.phase == "survey":
            return after_survey(total, state, self.outcome, self.design, self.link, self.site, self.placed.limits)
        if state.phase == "ascent":
            return climb(total, state, self.outcome, self.design, self.link, self.site)
        return after_test(total, state, self.outcome, self.design, self.link)


def _packed(x: Array, weights: Array) -> Array:
    """The upper triangle of ``x diag(weights) x'``."""
    return upper((x * weights) @ x.T)
