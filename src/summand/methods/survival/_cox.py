"""Cox's proportional hazards model over sites that keep their rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from summand.errors import FormulaInvalid
from summand.methods import _spec
from summand.methods._groups import check_events
from summand.methods._placed import check_length
from summand.methods._protocol import Layout, Local, Result, Setting, State, length
from summand.methods.formulas._design import Design
from summand.methods.survival._cox_grid import grid_eta_max, grid_layout, with_event_counts
from summand.methods.survival._cox_result import cox_values, grouping_warning
from summand.methods.survival._cox_state import CoxState, Fit
from summand.methods.survival._cox_step import ascend
from summand.methods.survival._cox_strata import STRATA_ETA_MAX, strata_layout
from summand.methods.survival._cox_sums import likelihood, risk_sums
from summand.methods.survival._cox_survey import Survey, survey_layout, survey_tally, survey_update
from summand.methods.survival._partial_likelihood import Moments
from summand.methods.survival._survival import SurvivalMethod
from summand.methods.survival._times import TimesState
from summand.tables import Array, Batch


@dataclass(frozen=True)
class CoxRegression(SurvivalMethod):
    """Hazard ratios by Cox's partial likelihood, equal to the pooled fit.

    A person's hazard is a baseline hazard times ``exp(x @ beta)``; the partial likelihood compares, at every event, the
    one who has it with all who are at risk. Each round is one Newton step, halved where the likelihood would fall.

    Args:
        formula: Such as ``Surv(time, status) ~ age + C(sex)``. Times are at least 0; the status is 0/1 or 1/2, and the
            larger is the event.
        ties: ``efron`` or ``breslow``.
        site: ``strata``: every site has its own baseline hazard and compares its own people only; ``pooled``: one
            baseline hazard, and risk sets over all sites.

    Reveals: in the first round people, events, the mean of each covariate and how many people each level has. Then,
        with ``strata``, per round the log-likelihood, score and information over all sites: no time leaves a site. With
        ``pooled``, sums of risk, covariates and their products over those at risk at each time of a shared grid: at
        the distinct event times where the limits allow exact times, else at the ends of steps that hold at least
        ``minimum_cell`` events each, so that no difference of two totals and no sum over tied events is about fewer
        people; a time then counts as the end of its step, and the result says so.

    Raises:
        OutcomeConstant, SingularInformation, Separation, NotConverged: from `update`, with a diagnosis.
        CohortTooSmall: from `update`, where fewer people have the event, or a level, than the limits ask.

    Source: Cox (1972), JRSS B 34(2), 187-220; Efron (1977), JASA 72(359), 557-565; Breslow (1974), Biometrics 30(1),
        89-99; federated: Lu et al. (2015), WebDISCO, JAMIA 22(6), 1212-1219.
    """

    formula: str
    ties: str = "efron"
    site: str = "strata"
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "cox"
    title: ClassVar[str] = "Cox regression"
    state_type: ClassVar[type[State]] = CoxState
    complete_cases: ClassVar[bool] = True

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing, StatusInvalid, ValueOutOfRange, UsageError: if formula or settings do not
                fit the dictionary.
        """
        _spec.choice({"ties": self.ties}, "ties", ("efron", "breslow"))
        _spec.choice({"site": self.site}, "site", ("strata", "pooled"))
        method = dataclasses.replace(self, setting=setting)
        method.follow_up  # noqa: B018 — parses against the dictionary, and says now what does not fit
        if not len(method.design):
            raise FormulaInvalid(
                "A Cox regression needs at least one covariate.",
                remedy="Add one, or use a Kaplan-Meier curve (km) for survival without covariates.",
            )
        return method

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        return {"name": self.name, "formula": self.formula, "ties": self.ties, "site": self.site}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        settings = _spec.fields(spec, cls.name, ("formula", "ties", "site"))
        ties = _spec.choice(settings, "ties", ("efron", "breslow"))
        method = cls(_spec.text(settings, "formula"), ties, _spec.choice(settings, "site", ("strata", "pooled")))
        method.parsed  # noqa: B018
        return method

    @cached_property
    def design(self) -> Design:
        """The design of the right side; the baseline hazard absorbs the constant."""
        return Design.of(self.parsed, self.placed.dictionary, intercept=False)

    @property
    def _efron(self) -> bool:
        return self.ties == "efron"

    def parameter_count(self) -> int:
        """How many coefficients it estimates."""
        return len(self.design)

    def start(self) -> CoxState:
        """No covariates, and with ``pooled`` no times yet."""
        zeros, none = np.zeros(len(self.design)), np.zeros(0)
        pooled = self.site == "pooled"
        times = self.grid.start() if pooled else TimesState("known", 0.0, 0, none)
        phase = "times" if pooled else "survey"
        return CoxState(
            times.stage, times.step, times.shift, times.times,
            phase, 0, 0, 0, zeros, zeros, zeros, 0.0, 0.0, 0.0, 0, none, none,
        )  # fmt: skip

    def layout(self, state: CoxState) -> Layout:
        """What a site will contribute: times of a shared grid, then the survey, then sums for the likelihood."""
        if state.phase == "times":
            return self.grid.layout(state)
        if state.phase == "survey":
            return survey_layout(self.design, len(state.times))
        if self.site == "strata":
            return strata_layout(state, self.placed.rows_max)
        return grid_layout(state, self.placed.rows_max, efron=self._efron)

    def tally(self, batch: Batch, state: CoxState, local: Local) -> Survey | Array:
        """One batch of complete rows -> counts of times, a survey, or sums by event time (see `risk_sums`)."""
        times, events = self.follow_up.read(batch)
        if state.phase == "times":
            return self.grid.tally(times[events], state)
        if state.phase == "survey":
            return survey_tally(self.design, batch, times, events)
        x = self.design.matrix(batch) - state.centre
        if self.site == "strata":
            reached = np.searchsorted(local["event_times"], times, side="right")
            counts, furthest = local["event_counts"], STRATA_ETA_MAX
        else:
            reached, counts = self.grid.place(times, state), state.event_counts
            furthest = grid_eta_max(self.placed.rows_max)
        return risk_sums(x, state.beta, reached, events, counts, furthest=furthest, efron=self._efron)

    def condense(self, partial: Any, state: CoxState, local: Local) -> tuple[Array, Local]:
        """The site's summand; with ``strata`` the local memory is its own event times and their counts."""
        if state.phase == "survey":
            return self._condense_survey(partial, state)
        if state.phase == "times" or self.site == "pooled":
            return partial, local
        moments = likelihood(partial, local["event_counts"], len(self.design), efron=self._efron)
        return np.concatenate([partial[:1], moments.flat()]), local

    def _condense_survey(self, survey: Survey, state: CoxState) -> tuple[Array, Local]:
        counts = survey.events.sums[:, 0]
        if self.site == "strata":
            return survey.sums, {"event_times": survey.events.times, "event_counts": counts}
        reached = self.grid.place(survey.events.times, state)
        by_time = np.bincount(reached, weights=counts, minlength=len(state.times) + 1)[1:]
        return np.concatenate([survey.sums, by_time]), {}

    def update(self, total: Array, state: CoxState) -> CoxState | Result:
        """The next times, the survey's means, one Newton step, half of one, or the result."""
        check_length(total, length(self.layout(state)))
        if state.phase == "times":
            if state.stage != "decimals":  # every later count is of people with the event
                check_events(round(float(total.sum())), self.placed.limits)
            after = self.grid.update(total, state)
            return replace(after, phase="survey") if after.stage == "known" else after
        if state.phase == "survey":
            after = survey_update(total, state, self.design, self.placed.limits)
            return with_event_counts(after, total[len(total) - len(state.times) :], efron=self._efron)
        step = ascend(self._moments(total, state), float(total[0]), state, self.design)
        if not isinstance(step, Fit):
            return step
        warnings = () if self.site == "strata" else grouping_warning(self.grid, state, self.ties)
        values = {"ties": self.ties, "site": self.site, **cox_values(step, state, self.design)}
        return Result(self.name, values, warnings)

    def _moments(self, total: Array, state: CoxState) -> Moments:
        p = len(self.design)
        if self.site == "pooled":
            return likelihood(total, state.event_counts, p, efron=self._efron)
        return Moments(float(total[1]), total[2 : 2 + p], total[2 + p :])
