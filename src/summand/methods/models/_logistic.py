"""Logistic regression by maximum likelihood: Newton's method on summed scores and information."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from summand.methods import _spec
from summand.methods._newton import symmetric, upper
from summand.methods._placed import Regression, check_length
from summand.methods._protocol import Block, Layout, Local, Result, Setting, State, length
from summand.methods._sandwich import (
    BY_PERSON,
    ERRORS,
    MODEL,
    Ending,
    Gathering,
    Sandwich,
    Scores,
    check_persons,
)
from summand.methods._sandwich import blocks as sandwich_blocks
from summand.methods.formulas._outcome import Indicator
from summand.methods.models._logistic_state import INTERCEPT_MAX, LogisticState, OwnIntercept
from summand.methods.models._logistic_update import advance, with_errors
from summand.tables import Array, Batch

# Rows whose design, weighted design and temporaries stay in a core's second-level cache.
CHUNK_ROWS = 2048
# A scaled entry may exceed 1 by rounding; bounds are proved with this much to spare.
SLACK = 1.0 + 2.0**-40


@dataclass(frozen=True)
class LogisticRegression(Regression):
    """Logistic regression, equal to the pooled maximum-likelihood fit.

    With linear predictor ``eta = x @ beta`` and mean ``mu = 1 / (1 + exp(-eta))``, one row adds ``x (y - mu)`` to the
    score and ``x x' mu (1 - mu)`` to the information; each round is one Newton step, halved where the log-likelihood
    would fall.

    Args:
        formula: Such as ``num > 0 ~ age + C(cp)``. The outcome is a comparison, a column that is 0/1 or 1/2 in the
            dictionary, or a category of two levels, of which the second sorted one is the event.
        site: ``pooled``: one intercept for all; ``fixed``: one for each site, eliminated at the site (a block of the
            Schur complement) and never sent.
        errors: ``model``: standard errors from the information; ``HC0`` or ``HC1``: a sandwich of squared scores,
            ``cluster-site`` or ``cluster-person``: of squared sums of scores by site or by person.

    Reveals: per round, log-likelihood, score and information over all sites; in the first round also how many rows
        each class and each level has. With ``fixed``, also how many sites have only one outcome class. With a
        sandwich, squares of scores summed over rows, persons or sites, and how many persons or sites there are.

    Raises:
        Separation, SingularInformation, OutcomeConstant, NotConverged: from `update`, with a diagnosis.
        CohortTooSmall: from `update`, where a class or level has fewer people than the limits ask.

    Source: McCullagh & Nelder (1989), Generalized Linear Models, ch. 4; federated: Wu et al. (2012), Grid Binary
        LOgistic REgression (GLORE), JAMIA 19(5).
    """

    errors: str = MODEL

    name: ClassVar[str] = "logistic"
    title: ClassVar[str] = "Logistic regression"
    state_type: ClassVar[type[State]] = LogisticState
    complete_cases: ClassVar[bool] = True

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it; what is as ever is left out."""
        return super().to_spec() | ({} if self.errors == MODEL else {"errors": self.errors})

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        settings = _spec.fields(spec, cls.name, ("formula", "site", "errors"))
        plain = super().from_spec({name: value for name, value in spec.items() if name != "errors"})
        return dataclasses.replace(plain, errors=_spec.choice(settings, "errors", ERRORS))

    @property
    def by_person(self) -> bool:
        """Whether it asks whose row each is."""
        return self.errors == BY_PERSON

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing, UsageError: if formula or settings do not fit the dictionary.
        """
        _spec.choice({"site": self.site}, "site", self.sites)
        check_persons(self.errors, setting)
        method = dataclasses.replace(self, setting=setting)
        method.indicator  # noqa: B018 — both parse against the dictionary, and say now what does not fit
        method.design  # noqa: B018
        return method

    @cached_property
    def indicator(self) -> Indicator:
        """The outcome as 0 or 1."""
        return Indicator.of(self.parsed, self.placed.dictionary)

    def start(self) -> LogisticState:
        """All coefficients zero."""
        zero = np.zeros(len(self.design))
        return LogisticState(0, zero, zero, 1.0, 0.0, 0.0, 0, 0, 0)

    def layout(self, state: LogisticState) -> Layout:
        """Log-likelihood, score and information; counts in the first round; three numbers more for site intercepts.

        Bounds per row: a scaled entry is at most 1, so a row adds at most 1 to the score, 1/4 to the information
        and ``log 2 + |eta|`` to the log-likelihood. A condensed score is ``s_β − I_βα s_α / I_αα`` with
        ``|I_βα| ≤ I_αα``, hence at most 2; condensed information shrinks, by Cauchy and Schwarz.
        """
        p, fixed = len(self.design), self.site == "fixed"
        eta_max = float(np.abs(state.beta).sum()) + (INTERCEPT_MAX if fixed else 0.0)
        blocks = []
        if state.round == 0:
            blocks.append(Block("rows", "1", 1, 1.0, "how many people are in the model"))
            blocks.append(Block("events", "1", 1, 1.0, "how many of them have the outcome"))
            if self.design.groups:
                blocks.append(Block("groups", "1", len(self.design.groups), 1.0, "how many people each level has"))
        blocks.append(Block("log-likelihood", "nat", 1, (math.log(2.0) + eta_max) * SLACK, "how well the model fits"))
        if p:
            score_max = (2.0 if fixed else 1.0) * SLACK
            blocks.append(Block("score", "1", p, score_max, "which way each coefficient should move"))
            blocks.append(Block("information", "1", p * (p + 1) // 2, 0.25 * SLACK, "how precisely they are known"))
        if fixed:
            blocks.append(Block("intercept decrement", "1", 1, 1.0, "how far the sites' intercepts are from the end"))
            blocks.append(Block("sites with rows", "1", 1, 1.0, "how many sites have anyone in the model"))
            blocks.append(Block("sites with one class", "1", 1, 1.0, "how many sites have only one outcome class"))
        return (*blocks, *(self._score_blocks[0] if state.ending else ()))

    @property
    def _score_blocks(self) -> tuple[tuple[Block, ...], float]:
        """The blocks of squared scores, and their scale; a score free of the site's intercept is at most 2."""
        return sandwich_blocks(
            self.errors, len(self.design), (2.0 if self.site == "fixed" else 1.0) * SLACK, self.placed.rows_max
        )

    def tally(self, batch: Batch, state: LogisticState, local: Local) -> Array | Ending:
        """Rows, events, group counts, log-likelihood, score and information of one batch of complete rows.

        With ``fixed``, score and information begin with the site's own intercept, which `condense` eliminates.

        Returns:
            Shape (2 + groups + 1 + q + q(q+1)/2,), q = p, or p + 1 with an intercept column of the site's own.
        """
        alpha = OwnIntercept.at(state, local).value(state.step_size) if self.site == "fixed" else None
        own = 0 if alpha is None else 1
        beta = np.concatenate(([] if alpha is None else [alpha], state.beta))
        head, score, information = np.zeros(3), np.zeros(len(beta)), np.zeros((len(beta), len(beta)))
        x = np.ones((len(beta), min(CHUNK_ROWS, batch.rows)))
        weighted = np.empty_like(x)
        for first in range(0, batch.rows, CHUNK_ROWS):
            rows = slice(first, min(first + CHUNK_ROWS, batch.rows))
            width = rows.stop - rows.start
            self.design.matrix(batch, rows, out=x[own:, :width])
            y = self.indicator(batch, rows)
            head += _add_rows(x[:, :width], y, beta, weighted[:, :width], score, information)
        groups = self.design.group_counts(batch) if state.round == 0 and batch.rows else self._no_groups
        sums = np.concatenate((head[:2], groups, head[2:], score, upper(information)))
        return Ending(sums, self._scores(batch, beta)) if state.ending else sums

    def _scores(self, batch: Batch, beta: Array) -> Scores:
        """The rows' scores ``x (y - mu)``, with the site's own intercept first."""
        own = len(beta) - len(self.design)
        scores = Gathering(self.errors, len(beta), batch.rows)
        for first in range(0, batch.rows, CHUNK_ROWS):
            rows = slice(first, min(first + CHUNK_ROWS, batch.rows))
            x = np.ones((len(beta), rows.stop - rows.start))
            self.design.matrix(batch, rows, out=x[own:])
            sign = 2.0 * self.indicator(batch, rows) - 1.0
            margin = (beta @ x) * sign
            z = np.exp(-np.abs(margin))
            scores.add(x, sign * np.maximum(z, margin < 0.0) / (1.0 + z))
        return scores.end(batch)

    @property
    def _no_groups(self) -> Array:
        return np.zeros(len(self.design.groups))

    def condense(self, partial: Array | Ending, state: LogisticState, local: Local) -> tuple[Array, Local]:
        """The sums of a site; with ``fixed``, after its own intercept is eliminated.

        With α the site's intercept: ``s_β − I_βα s_α / I_αα`` and ``I_ββ − I_βα I_αβ / I_αα``. A site with one
        outcome class has its maximum at α = ±∞, where it adds zero.
        """
        if isinstance(partial, Ending):
            summand, kept = self._condense_sums(partial.sums, state, local)
            return np.concatenate((summand, self._squares(partial))), kept
        return self._condense_sums(partial, state, local)

    def _squares(self, ending: Ending) -> Array:
        """The squared scores of a site; with ``fixed``, free of its own intercept."""
        scale, p, groups = self._score_blocks[1], len(self.design), len(self.design.groups)
        if self.site == "pooled":
            return ending.scores.squares(scale)
        if not 0.0 < ending.sums[1] < ending.sums[0]:
            return Scores.none(self.errors, p).squares(scale)
        information = ending.sums[2 + groups + p + 2 :][: p + 1]  # the own intercept's row
        return ending.scores.squares(scale, information[1:] / information[0])

    def _condense_sums(self, partial: Array, state: LogisticState, local: Local) -> tuple[Array, Local]:
        p, groups = len(self.design), len(self.design.groups)
        counts, rest = partial[: 2 + groups], partial[2 + groups :]
        if self.site == "pooled":
            return (partial if state.round == 0 else rest), {}
        own = OwnIntercept.at(state, local)
        score, information = rest[1 : p + 2], symmetric(rest[p + 2 :], p + 1)
        varies = 0.0 < counts[1] < counts[0]
        has_rows = float(counts[0] > 0)
        if not varies:
            kept = own.kept(0.0, 0.0, 0.0, np.zeros(p))
            summand = np.concatenate((np.zeros(1 + p + p * (p + 1) // 2), [0.0, has_rows, has_rows]))
        else:
            kept = own.kept(own.value(state.step_size), score[0], information[0, 0], information[0, 1:])
            ratio = information[0, 1:] / information[0, 0]
            condensed = information[1:, 1:] - np.outer(information[0, 1:], ratio)
            decrement = min(score[0] ** 2 / information[0, 0], counts[0])
            summand = np.concatenate(
                (rest[:1], score[1:] - ratio * score[0], upper(condensed), [decrement, has_rows, 0.0])
            )
        return (np.concatenate((counts, summand)) if state.round == 0 else summand), kept

    def update(self, total: Array, state: LogisticState) -> LogisticState | Result:
        """One Newton step, half of one, or the result."""
        check_length(total, length(self.layout(state)))
        if state.ending:
            sandwich = Sandwich.read(
                self.errors, total[self._sums_length :], len(self.design), self._score_blocks[1], self.placed.limits
            )
            return with_errors(total[: self._sums_length], state, self.design, self.site, sandwich, self.joint_places)
        return advance(
            total, state, self.design, self.indicator.label, self.site, self.placed.limits,
            term_places=self.joint_places, wants_scores=self.errors != MODEL and len(self.design) > 0,
        )  # fmt: skip

    @property
    def _sums_length(self) -> int:
        """How many numbers a round has that is neither the first nor about squared scores."""
        p = len(self.design)
        return 1 + p + p * (p + 1) // 2 + (3 if self.site == "fixed" else 0)


def _add_rows(x: Array, y: Array, beta: Array, weighted: Array, score: Array, information: Array) -> Array:
    """Add some rows to score, shape (q,), and information, shape (q, q), in place.

    Everything comes from ``z = exp(-|eta|)``, which neither overflows nor loses the small tail probability.

    Args:
        x: Shape (q, rows), one row per coefficient.
        y: 0 or 1, shape (rows,).
        beta: Shape (q,).
        weighted: Scratch of the shape of x.

    Returns:
        Rows, events and log-likelihood, shape (3,).
    """
    sign = y + y - 1.0
    margin = (beta @ x) * sign  # the log-likelihood of a row is -log(1 + exp(-margin))
    z = np.exp(-np.abs(margin))
    tail = 1.0 / (1.0 + z)
    weight = z * tail * tail
    missed = np.maximum(z, margin < 0.0) * tail  # the probability of the other class: z / (1 + z), or 1 / (1 + z)
    log_likelihood = float(np.minimum(margin, 0.0).sum() - np.log1p(z).sum())
    score += x @ (sign * missed)
    np.multiply(x, weight, out=weighted)
    information += weighted @ x.T
    return np.array([float(len(y)), float(y.sum()), log_likelihood])
