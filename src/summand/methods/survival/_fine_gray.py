"""Fine and Gray's regression of a subdistribution hazard over sites that keep their rows."""

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
from summand.methods.survival._causes import Kinds
from summand.methods.survival._competing import CompetingMethod
from summand.methods.survival._cox_grid import grid_eta_max
from summand.methods.survival._cox_strata import STRATA_ETA_MAX
from summand.methods.survival._fine_gray_layout import RESIDUAL_MAX, fine_gray_layout
from summand.methods.survival._fine_gray_state import FineGrayState
from summand.methods.survival._fine_gray_step import after_ascent, after_baseline, after_survey, result_values
from summand.methods.survival._fine_gray_sums import (
    Baseline,
    Rows,
    competing_sums,
    likelihood,
    partial_sums,
    residuals,
    risk_sets,
)
from summand.methods.survival._fine_gray_survey import Survey, own_exits, survey_tally
from summand.methods.survival._fine_gray_times import COMPETING, EVENT, ExitTimes
from summand.methods.survival._partial_likelihood import width
from summand.tables import Array, Batch


@dataclass(frozen=True)
class FineGray(CompetingMethod):
    """Ratios of subdistribution hazards of one cause, equal to the pooled fit.

    The subdistribution hazard is that of the cumulative incidence: ``1 - F(t | x) = (1 - F0(t))^exp(x @ beta)``. Who had
    another event stays at risk, with the probability not to have been censored since as weight. Ties are Breslow's,
    standard errors those of the sandwich that takes into account that the weights are estimated, as in cmprsk's
    crr; where one time has events and censorings, the events come first.

    Args:
        formula: Such as ``Surv(time, status) ~ age + C(sex)``. The status has a level for the end of follow-up without
            event, and one for each cause.
        cause: The level of the cause of interest; all others compete with it.
        censored: The level that means the end of follow-up without event.
        site: ``strata``: every site has its own baseline and its own distribution of censoring; ``pooled``: one of each,
            over all sites.

    Reveals: people, exits of each kind, the mean of each covariate and how many people each level has. Then, with
        ``strata``, per round the log-likelihood, score and information over all sites, and at the end the sum of
        squared residuals: no time leaves a site. With ``pooled``, how many people leave by each kind of exit
        at each time of a shared grid, and sums of risk, covariates and their products over the weighted risk set at
        each event time. The grid has every distinct time where the limits allow exact times; at the end the sums over
        those with a competing event at each time are opened too. Else it has steps that hold at least
        ``minimum_cell`` events of the cause each, so that no difference of two totals is about fewer people: a time then
        counts as the end of its step, nothing is opened about those with a competing event alone, and so the
        standard errors take the distribution of censoring as known; the result says both.

    Raises:
        OutcomeConstant, SingularInformation, Separation, NotConverged: from `update`, with a diagnosis.
        CohortTooSmall: from `update`, where fewer people have the event, or a level, than the limits ask.

    Source: Fine & Gray (1999), JASA 94(446), 496-509; with strata: Zhou et al. (2011), Biometrics 67(2), 661-670,
        section 2 (their regularly stratified model).
    """

    formula: str
    cause: str = "1"
    censored: str = "0"
    site: str = "strata"
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "fine_gray"
    title: ClassVar[str] = "Fine–Gray regression"
    state_type: ClassVar[type[State]] = FineGrayState
    complete_cases: ClassVar[bool] = True

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing, StatusInvalid, ValueOutOfRange, UsageError: if formula or settings do not
                fit the dictionary.
        """
        _spec.choice({"site": self.site}, "site", ("strata", "pooled"))
        method = dataclasses.replace(self, setting=setting)
        method.follow_up.position(self.cause)
        if not len(method.design):
            raise FormulaInvalid(
                "A Fine-Gray regression needs at least one covariate.",
                remedy="Add one, or use aalen_johansen for cumulative incidence without covariates.",
            )
        return method

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        settings = {"cause": self.cause, "censored": self.censored, "site": self.site}
        return {"name": self.name, "formula": self.formula, **settings}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        settings = _spec.fields(spec, cls.name, ("formula", "cause", "censored", "site"))
        method = cls(
            _spec.text(settings, "formula"),
            _spec.text(settings, "cause", "1"),
            _spec.text(settings, "censored", "0"),
            _spec.choice(settings, "site", ("strata", "pooled")),
        )
        method.parsed  # noqa: B018
        return method

    @cached_property
    def design(self) -> Design:
        """The design of the right side; the baseline absorbs the constant."""
        return Design.of(self.parsed, self.placed.dictionary, intercept=False)

    @property
    def _is_pooled(self) -> bool:
        return self.site == "pooled"

    @property
    def _opens_competing(self) -> bool:
        """Whether sums over those with a competing event may be opened, or stay at the site."""
        return not self._is_pooled or self.grid.is_exact

    @property
    def _furthest(self) -> float:
        return grid_eta_max(self.placed.rows_max) if self._is_pooled else STRATA_ETA_MAX

    def parameter_count(self) -> int:
        """How many coefficients it estimates."""
        return len(self.design)

    def start(self) -> FineGrayState:
        """No covariates, and with ``pooled`` no times yet."""
        p, none = len(self.design), np.zeros(0)
        state = FineGrayState(
            round=0, accepted=np.zeros(p), step=np.zeros(p), step_size=1.0, log_likelihood=0.0, decrement=0.0, steady=0,
            n=0, phase="survey", grid_stage="known", grid_step=0.0, grid_shift=0, times=none, exits=np.zeros((3, 0)),
            events=0, competing=0, centre=np.zeros(p), log_likelihood_null=0.0, log_likelihood_last=0.0,
            covariance=np.zeros((0, 0)), means=np.zeros((p, 0)), hazards=none, influence=np.zeros((p, 0)),
        )  # fmt: skip
        return replace(state.with_grid(self.grid.start()), phase="times") if self._is_pooled else state

    def layout(self, state: FineGrayState) -> Layout:
        """What a site will contribute: times of a shared grid, the survey, sums for the likelihood, residuals."""
        if state.phase == "times":
            return self.grid.layout(state.grid)
        return fine_gray_layout(
            state, self.design, self.placed.rows_max, pooled=self._is_pooled, competing=self._opens_competing
        )

    def _read(self, batch: Batch) -> tuple[Array, Kinds]:
        """Times, and whether each ends censored, in the event of interest or in another; shape (rows,) each."""
        times, kinds = self.follow_up.read(batch)
        cause = self.follow_up.position(self.cause)
        return times, np.where(kinds == cause, EVENT, np.where(kinds > 0, COMPETING, 0)).astype(np.intp)

    def tally(self, batch: Batch, state: FineGrayState, local: Local) -> Survey | Array:
        """One batch of complete rows -> counts of times, a survey, sums by event time, or squared residuals."""
        times, kinds = self._read(batch)
        if state.phase == "times":
            # every step of a coarse grid needs events; an exact one needs all times, for the censoring
            return self.grid.tally(times if self.grid.is_exact else times[kinds == EVENT], state.grid)
        if state.phase == "survey":
            return survey_tally(self.design, batch, times, kinds)
        if self._is_pooled:
            reached, exits = self.grid.place(times, state.grid), ExitTimes(state.exits)
        else:
            reached, exits = np.searchsorted(local["times"], times, side="right"), ExitTimes(local["exits"])
        x = self.design.matrix(batch) - state.centre
        rows = Rows.of(x, state.beta, reached, kinds, self._furthest)
        if state.phase == "residuals":
            found = residuals(rows, exits, _baseline(state, local, pooled=self._is_pooled))
            kept = np.clip(found, -RESIDUAL_MAX, RESIDUAL_MAX)
            far = float(np.count_nonzero((kept != found).any(axis=0)))
            return np.concatenate([[far], (kept @ kept.T)[np.triu_indices(len(kept))]])
        sums = partial_sums(rows, exits)
        if state.phase == "baseline" and self._opens_competing:
            sums = np.concatenate([sums, competing_sums(rows, exits.exits.shape[1])])
        return sums

    def condense(self, partial: Any, state: FineGrayState, local: Local) -> tuple[Array, Local]:
        """The site's summand; with ``strata`` the local memory is its own times, exits, and at the end its baseline."""
        if state.phase == "survey":
            return self._condense_survey(partial, state)
        if state.phase in ("times", "residuals"):
            return partial, local
        p = len(self.design)
        exits = ExitTimes(state.exits if self._is_pooled else local["exits"])
        cut = 2 + p + 2 * width(p) * len(exits.event_counts)
        sets = risk_sets(partial[:cut], exits, p)
        if self._is_pooled:
            return np.concatenate([sets, partial[cut:]]), local
        if state.phase == "baseline":
            baseline = Baseline.of(sets, partial[cut:], exits, p)
            local = {**local, **dataclasses.asdict(baseline)}
        return np.concatenate([sets[:1], likelihood(sets, exits.event_counts, p).flat()]), local

    def _condense_survey(self, survey: Survey, state: FineGrayState) -> tuple[Array, Local]:
        if not self._is_pooled:
            return survey.sums, own_exits(survey.exits)
        reached = self.grid.place(survey.exits.times, state.grid)
        count = len(state.times)
        by_time = [np.bincount(reached, weights=kind, minlength=count + 1)[1:] for kind in survey.exits.sums.T]
        return np.concatenate([survey.sums, *by_time]), {}

    def update(self, total: Array, state: FineGrayState) -> FineGrayState | Result:
        """The next times, the survey's means, one Newton step, half of one, the baseline, or the result."""
        check_length(total, length(self.layout(state)))
        if state.phase == "times":
            if not self.grid.is_exact:  # every later count is of people with the event
                check_events(round(float(total.sum())), self.placed.limits)
            after = state.with_grid(self.grid.update(total, state.grid))
            return replace(after, phase="survey") if after.grid_stage == "known" else after
        if state.phase == "survey":
            return after_survey(total, state, self.design, self.placed.limits, pooled=self._is_pooled)
        if state.phase == "ascent":
            return after_ascent(total, state, self.design, pooled=self._is_pooled)
        if state.phase == "baseline":
            return after_baseline(total, state, len(self.design), pooled=self._is_pooled)
        values, warnings = result_values(
            total, state, self.design, self.grid, self.placed.limits, pooled=self._is_pooled
        )
        return Result(self.name, {"cause": self.cause, "site": self.site, **values}, warnings)


def _baseline(state: FineGrayState, local: Local, *, pooled: bool) -> Baseline:
    """What residuals are compared with: over all sites, or a site's own."""
    if pooled:
        return Baseline(state.means, state.hazards, state.influence)
    return Baseline(local["means"], local["hazards"], local["influence"])
