"""Regression of an outcome with unordered levels: each level's log odds against the first."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np

from summand.methods import _spec
from summand.methods._newton import upper
from summand.methods._placed import Regression, check_length
from summand.methods._protocol import Block, Layout, Local, Result, Setting, State, length
from summand.methods.formulas._outcome_levels import OutcomeLevels
from summand.methods.models._multinomial_sites import OwnIntercepts, Present
from summand.methods.models._multinomial_update import MultinomialState, after_survey, climb, pairs_of
from summand.tables import Array, Batch

CHUNK_ROWS = 2048
SLACK = 1.0 + 2.0**-40
# A site's own intercepts beyond this give probabilities that are 0 or 1 to float64.
INTERCEPT_MAX = 40.0


@dataclass(frozen=True)
class MultinomialRegression(Regression):
    """Multinomial (baseline-category) logistic regression, equal to the pooled maximum-likelihood fit.

    With ``eta_j = x @ beta_j`` and ``eta_1 = 0`` for the first level, ``P(y = j) = exp(eta_j) / Σ exp(eta)``. A row adds
    ``x (1[y = j] - P_j)`` to the score and ``x x' P_j (1[j = l] - P_l)`` to the information of levels j and l.

    Args:
        formula: Such as ``therapy ~ age + C(sex)``; the outcome is a category, or a column of whole numbers with at most
            30 values. The first sorted level is the one that others are compared with.
        site: ``pooled``: one intercept for each level; ``fixed``: one for each level and site, eliminated at the site
            (a block of the Schur complement) and never sent. A level that nobody at a site has has probability 0 there.

    Reveals: how many people have each level of the outcome and of each category; per round, log-likelihood, score and
        information over all sites. With ``fixed``, also how many sites have rows, and how many have one level only.

    Raises:
        Separation, SingularInformation, OutcomeConstant, NotConverged: from `update`, with a diagnosis.
        CohortTooSmall: from `update`, where a level has fewer people than the limits ask.

    Source: Agresti (2013), Categorical Data Analysis, §8.1; block elimination: Boyd & Vandenberghe (2004), Convex
        Optimization, app. C.4.
    """

    name: ClassVar[str] = "multinomial"
    title: ClassVar[str] = "Multinomial regression"
    state_type: ClassVar[type[State]] = MultinomialState
    complete_cases: ClassVar[bool] = True

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing, UsageError: if formula or settings do not fit the dictionary.
        """
        _spec.choice({"site": self.site}, "site", self.sites)
        method = dataclasses.replace(self, setting=setting)
        method.outcome  # noqa: B018 — both parse against the dictionary, and say now what does not fit
        method.design  # noqa: B018
        return method

    @cached_property
    def outcome(self) -> OutcomeLevels:
        """The outcome as a place among its levels."""
        return OutcomeLevels.of(self.parsed, self.placed.dictionary, is_ordered=False)

    @property
    def _others(self) -> int:
        """How many levels are compared with the first."""
        return len(self.outcome) - 1

    def parameter_count(self) -> int:
        """How many coefficients it estimates; with ``fixed``, one more for each level and site."""
        return self._others * super().parameter_count()

    def start(self) -> MultinomialState:
        """Nobody counted yet, all coefficients zero."""
        zero = np.zeros(self._others * len(self.design))
        return MultinomialState(0, zero, zero, 1.0, 0.0, 0.0, 0, 0, "survey", np.zeros(0), 0, 0)

    def layout(self, state: MultinomialState) -> Layout:
        """First people by level; then log-likelihood, score and information.

        Bounds per row: a scaled entry is at most 1, so a row adds at most 1 to the score and 1/4 to the information;
        ``-log P`` is at most ``log k`` plus twice the largest predictor. A condensed score is kept within 2 for each of
        the site's rows (see `OwnIntercepts`), and condensed information shrinks.
        """
        p, fixed = len(self.design), self.site == "fixed"
        if state.phase == "survey":
            blocks = [Block("levels", "1", len(self.outcome), 1.0, "how many people have each level of the outcome")]
            if self.design.groups:
                blocks.append(Block("groups", "1", len(self.design.groups), 1.0, "how many people each level has"))
            if fixed:
                blocks.append(Block("sites with rows", "1", 1, 1.0, "how many sites have anyone in the model"))
                blocks.append(Block("sites with one level", "1", 1, 1.0, "how many sites have one level only"))
            return tuple(blocks)
        furthest = float(np.abs(state.beta.reshape(self._others, p)).sum(axis=1).max(initial=0.0))
        fit = math.log(len(self.outcome)) + 2.0 * (furthest + (INTERCEPT_MAX if fixed else 0.0))
        blocks = [Block("log-likelihood", "nat", 1, fit * SLACK, "how well the model fits")]
        if p:
            pairs = self._others * (self._others + 1) // 2
            size = (2.0 if fixed else 1.0) * SLACK
            blocks.append(Block("score", "1", self._others * p, size, "which way each coefficient should move"))
            blocks.append(Block("information", "1", pairs * self._pair_size, size / 2, "how precisely they are known"))
        if fixed:
            blocks.append(Block("intercept decrement", "1", 1, 1.0, "how far the sites' intercepts are from the end"))
        return tuple(blocks)

    @property
    def _pair_size(self) -> int:
        """Numbers for the information of two levels: symmetric blocks, but not once intercepts are eliminated."""
        p = len(self.design)
        return p * p if self.site == "fixed" else p * (p + 1) // 2

    def tally(self, batch: Batch, state: MultinomialState, local: Local) -> Array:
        """People by level, or log-likelihood, score and information; with ``fixed`` the site's intercepts come first."""
        if state.phase == "survey":
            groups = self.design.group_counts(batch) if batch.rows else np.zeros(len(self.design.groups))
            return np.concatenate((self.outcome.counts(batch), groups))
        others, fixed = self._others, self.site == "fixed"
        q = len(self.design) + fixed
        beta = state.beta.reshape(others, len(self.design))
        present = np.ones(others + 1, dtype=np.bool_)
        if fixed:
            own = OwnIntercepts.at(state, local, others)
            present = Present.of(local["counts"]).levels
            beta = np.column_stack((own.value(state.step_size), beta))
        fit, score = 0.0, np.zeros((others, q))
        information = np.zeros((others * (others + 1) // 2, q * (q + 1) // 2))
        for first in range(0, batch.rows, CHUNK_ROWS):
            rows = slice(first, min(first + CHUNK_ROWS, batch.rows))
            x = np.ones((q, rows.stop - rows.start))
            self.design.matrix(batch, rows, out=x[q - len(self.design) :])
            fit += _add_rows(x, self.outcome(batch, rows), beta, present, score, information)
        return np.concatenate(([fit], score.ravel(), information.ravel(), [batch.rows] if fixed else []))

    def condense(self, partial: Array, state: MultinomialState, local: Local) -> tuple[Array, Local]:
        """The sums of a site; with ``fixed``, after its own intercepts are eliminated."""
        if self.site == "pooled":
            return partial, {}
        if state.phase == "survey":
            counts = partial[: len(self.outcome)]
            has_rows = float(counts.sum() > 0.0)
            one_level = float(np.count_nonzero(counts) == 1)
            kept = OwnIntercepts.starting(counts, len(self.design))
            return np.concatenate((partial, [has_rows, one_level])), kept
        return OwnIntercepts.at(state, local, self._others).condense(partial, state, local, len(self.design))

    def update(self, total: Array, state: MultinomialState) -> MultinomialState | Result:
        """Check the levels, then climb to the maximum."""
        check_length(total, length(self.layout(state)))
        if state.phase == "survey":
            return after_survey(total, state, self.outcome, self.design, self.site, self.placed.limits)
        return climb(total, state, self.outcome, self.design, self.site)


def _add_rows(
    x: Array, levels: np.ndarray, beta: Array, present: np.ndarray, score: Array, information: Array
) -> float:
    """Add some rows to score, shape (others, q), and information by pairs of levels, in place; their log-likelihood.

    Args:
        x: Shape (q, rows).
        levels: Each row's place among the levels, shape (rows,).
        beta: Shape (others, q).
        present: Which levels have a probability above 0, shape (others + 1,).
    """
    eta = np.vstack([np.zeros(x.shape[1]), beta @ x])
    eta[~present] = -np.inf
    top = eta.max(axis=0)
    weights = np.exp(eta - top)
    sums = weights.sum(axis=0)
    chance = weights[1:] / sums
    own = eta[levels, np.arange(len(levels))]
    hit = np.arange(1, len(beta) + 1)[:, None] == levels
    score += (hit - chance) @ x.T
    rest = (sums - weights)[1:] / sums
    for place, (j, other) in enumerate(pairs_of(len(beta))):
        product = chance[j] * (rest[j] if j == other else -chance[other])
        information[place] += upper((x * product) @ x.T)
    return float((own - top - np.log(sums)).sum())
