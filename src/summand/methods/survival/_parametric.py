"""Accelerated failure time regression over sites that keep their rows."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from summand.errors import FormulaInvalid, ValueOutOfRange
from summand.methods import _spec
from summand.methods._newton import symmetric, upper
from summand.methods._own_intercept import OwnIntercept, eliminate
from summand.methods._placed import check_length
from summand.methods._protocol import Layout, Local, Result, Setting, State, length
from summand.methods.formulas._design import Design
from summand.methods.survival._causes import survival_of
from summand.methods.survival._parametric_families import FAMILIES, FURTHEST, Family, furthest_up
from summand.methods.survival._parametric_layout import ascent_layout, survey_layout
from summand.methods.survival._parametric_state import ParametricState
from summand.methods.survival._parametric_update import LogTime, after_ascent, after_survey
from summand.methods.survival._survival import SurvivalMethod
from summand.tables import Array, Batch

# Rows whose design, weighted design and temporaries stay in a core's second-level cache.
CHUNK_ROWS = 2048
SHORTEST = 1e-12
"""Times below this part of the largest one count as zero."""


@dataclass(frozen=True)
class ParametricSurvival(SurvivalMethod):
    """Regression of log time with a known distribution, equal to the pooled fit.

    ``log T = x @ beta + sigma * error``: a coefficient's exponential is the factor by which time is stretched. The error
    has the extreme value distribution (Weibull times; with sigma 1 exponential ones), the normal (log-normal) or the
    logistic one (log-logistic). The maximum is found in ``beta / sigma`` and ``1 / sigma``, where the log-likelihood is
    concave. For Weibull and exponential times ``exp(-beta / sigma)`` is a hazard ratio, for log-logistic ones a ratio of
    odds of having had the event; both are given with their own intervals.

    Args:
        formula: Such as ``Surv(time, status) ~ age + C(sex)``, with an intercept. Times are above 0; the status is 0/1
            or 1/2, and the larger is the event.
        distribution: ``weibull``, ``exponential``, ``lognormal`` or ``loglogistic``.
        site: ``pooled``: one intercept for all; ``fixed``: one for each site, eliminated at the site and never sent.

    Reveals: in the first round people, events, sums of log times and of their squares, and how many people each level
        has; then per round log-likelihood, score and information over all sites. With ``fixed`` also how many sites
        have no event. No time leaves a site, and there is no grid of times: the limits make nothing coarser.

    Raises:
        OutcomeConstant, SingularInformation, Separation, NotConverged: from `update`, with a diagnosis.
        CohortTooSmall: from `update`, where fewer people have the event, or a level, than the limits ask.
        ValueOutOfRange: from `tally`, where a time is 0.

    Source: Kalbfleisch & Prentice (2002), The Statistical Analysis of Failure Time Data, sections 2.3 and 3.6.
    """

    formula: str
    distribution: str = "weibull"
    site: str = "pooled"
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "parametric_survival"
    title: ClassVar[str] = "Parametric survival regression"
    state_type: ClassVar[type[State]] = ParametricState
    complete_cases: ClassVar[bool] = True

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing, StatusInvalid, ValueOutOfRange, UsageError: if formula or settings do not
                fit the dictionary.
        """
        _spec.choice({"site": self.site}, "site", ("pooled", "fixed"))
        _spec.choice({"distribution": self.distribution}, "distribution", tuple(FAMILIES))
        method = dataclasses.replace(self, setting=setting)
        survival_of(method.parsed, setting.dictionary)
        method.follow_up  # noqa: B018 — parses against the dictionary, and says now what does not fit
        if not method.parsed.intercept:
            raise FormulaInvalid(
                "Without an intercept the fit would depend on the unit of time.", remedy="Leave '- 1' or '+ 0' out."
            )
        method.design  # noqa: B018
        return method

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        return {"name": self.name, "formula": self.formula, "distribution": self.distribution, "site": self.site}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        settings = _spec.fields(spec, cls.name, ("formula", "distribution", "site"))
        distribution = _spec.choice(settings, "distribution", tuple(FAMILIES))
        method = cls(_spec.text(settings, "formula"), distribution, _spec.choice(settings, "site", ("pooled", "fixed")))
        method.parsed  # noqa: B018
        return method

    @cached_property
    def design(self) -> Design:
        """The design of the right side; without intercept where each site has its own."""
        return Design.of(self.parsed, self.placed.dictionary, intercept=not self._is_fixed)

    @cached_property
    def log_time(self) -> LogTime:
        """How log times reach [-1, 0]: by the dictionary's largest time and the shortest that can occur."""
        column = self.placed.dictionary[self.follow_up.time]
        longest = column.range[1]
        shortest = max(column.range[0], longest * SHORTEST)
        if column.range[0] == 0.0 and column.step:
            shortest = max(shortest, column.step * (1.0 - 1e-9))
        if not longest > 0.0:
            raise ValueOutOfRange(
                f"The follow-up time '{column.name}' is always 0.", remedy="Correct its range in the dictionary."
            )
        return LogTime(math.log(longest), math.log(longest / shortest) or 1.0)

    @property
    def _is_fixed(self) -> bool:
        return self.site == "fixed"

    @property
    def _family(self) -> Family:
        return FAMILIES[self.distribution]

    @property
    def _shared(self) -> int:
        """How many parameters all sites share: coefficients, and the inverse of sigma unless it is 1."""
        return len(self.design) + (not self._family.scale_is_one)

    def parameter_count(self) -> int:
        """How many parameters it estimates; with ``fixed``, one more for each site."""
        return self._shared + (self.placed.site_count if self._is_fixed else 0)

    def start(self) -> ParametricState:
        """Nothing known."""
        zero = np.zeros(self._shared)
        return ParametricState(
            round=0, accepted=zero, step=zero, step_size=1.0, log_likelihood=0.0, decrement=0.0, steady=0, n=0,
            phase="survey", events=0, centre=0.0, event_log_times=0.0, sites_without_events=0,
        )  # fmt: skip

    def layout(self, state: ParametricState) -> Layout:
        """People, events and log times; then log-likelihood, score and information."""
        if state.phase == "survey":
            return survey_layout(self.design, fixed=self._is_fixed)
        return ascent_layout(self.distribution, self._shared, self.placed.rows_max, fixed=self._is_fixed)

    def _scaled_log_times(self, times: Array) -> Array:
        """Log times in [-1, 0].

        Raises:
            ValueOutOfRange: if a time is 0, or so small that it must be meant so.
        """
        with np.errstate(divide="ignore"):
            scaled = (np.log(times) - self.log_time.largest) / self.log_time.span
        if len(scaled) and float(scaled.min()) < -1.0 - 1e-9:
            raise ValueOutOfRange(
                f"Some follow-up times '{self.follow_up.time}' are 0, or next to it: their logarithm has no place.",
                remedy="Correct them at the sites (half a day for an event on day 0), or use Cox regression (cox).",
            )
        return np.asarray(np.clip(scaled, -1.0, 0.0))

    def tally(self, batch: Batch, state: ParametricState, local: Local) -> Array:
        """One batch of complete rows -> sums of log times, or log-likelihood, score and information.

        Returns:
            Shape (5 + groups,), or (3 + q + q(q+1)/2,): rows cut off, events, log-likelihood, score and information of
            the site's own intercept, if any, and the shared parameters.
        """
        times, happened = self.follow_up.read(batch)
        y, events = self._scaled_log_times(times), happened.astype(np.float64)
        if state.phase == "survey":
            groups = self.design.group_counts(batch) if batch.rows else np.zeros(len(self.design.groups))
            return np.concatenate([[float(batch.rows), events.sum(), y.sum(), y @ y, events @ y], groups])
        y -= state.centre
        free, own = not self._family.scale_is_one, int(self._is_fixed)
        theta = state.beta[: len(self.design)]
        if own:
            theta = np.concatenate([[OwnIntercept.at(state, local).value(state.step_size, FURTHEST)], theta])
        slope = float(state.beta[-1]) if free else self.log_time.span
        rows = np.ones((len(theta) + free, min(CHUNK_ROWS, max(batch.rows, 1))))
        signs = np.concatenate([-np.ones(len(theta)), np.ones(int(free))])
        head, score, information = np.zeros(3), np.zeros(len(rows)), np.zeros((len(rows), len(rows)))
        for first in range(0, batch.rows, CHUNK_ROWS):
            part = slice(first, min(first + CHUNK_ROWS, batch.rows))
            z = rows[:, : part.stop - part.start]
            self.design.matrix(batch, part, out=z[own : len(theta)])
            if free:
                z[-1] = y[part]
            linear = slope * y[part] - theta @ z[: len(theta)]
            u = np.clip(linear, -FURTHEST, furthest_up(self.distribution, self.placed.rows_max))
            value, first_derivative, curvature = self._family.terms(u, events[part])
            head += [np.count_nonzero(u != linear), events[part].sum(), value.sum()]
            score += z @ first_derivative
            information += (z * curvature) @ z.T
        return np.concatenate([head, signs * score, upper(np.outer(signs, signs) * information)])

    def condense(self, partial: Array, state: ParametricState, local: Local) -> tuple[Array, Local]:
        """The sums of a site; with ``fixed``, after its own intercept is eliminated.

        A site without events has its maximum where nobody ever has one: it adds zero.
        """
        if state.phase == "survey":
            if not self._is_fixed:
                return partial, local
            return np.concatenate([partial, [float(partial[0] > 0.0 and partial[1] == 0.0)]]), local
        rest = np.concatenate([partial[:1], partial[2:]])
        if not self._is_fixed:
            return rest, local
        q = self._shared
        own = OwnIntercept.at(state, local)
        if partial[1] == 0.0:
            return np.zeros(3 + q + q * (q + 1) // 2), own.kept(0.0, 0.0, 0.0, np.zeros(q))
        score, information = rest[2 : 3 + q], symmetric(rest[3 + q :], 1 + q)
        kept = own.kept(own.value(state.step_size, FURTHEST), score[0], information[0, 0], information[0, 1:])
        shared = eliminate(score, information)
        decrement = min(shared.decrement, partial[1])
        return np.concatenate([rest[:2], shared.score, upper(shared.information), [decrement]]), kept

    def update(self, total: Array, state: ParametricState) -> ParametricState | Result:
        """The state after the survey, one Newton step, half of one, or the result."""
        check_length(total, length(self.layout(state)))
        if state.phase == "survey":
            return after_survey(total, state, self.design, self._family, self.placed.limits)
        found = after_ascent(total, state, self.design, self._family, self.log_time, own_intercepts=self._is_fixed)
        if isinstance(found, ParametricState):
            return found
        values, warnings = found
        return Result(self.name, {"distribution": self.distribution, "site": self.site, **values}, warnings)
