"""Cox's proportional hazards model over sites that keep their rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from summand.methods._groups import check_events
from summand.methods._placed import check_length
from summand.methods._protocol import Layout, Result, length
from summand.methods.survival._cox_finish import after_values, remember, remembered, robust, with_classes, with_hazards
from summand.methods.survival._cox_foresight import Foresight, foreseen
from summand.methods.survival._cox_grid import grid_layout, joined_over_strata, with_event_counts
from summand.methods.survival._cox_residuals import Hazards
from summand.methods.survival._cox_result import baseline_values, cluster_warning, cox_values, grouping_warning
from summand.methods.survival._cox_site import CoxAtSite
from summand.methods.survival._cox_state import CoxState, Fit
from summand.methods.survival._cox_step import ascend
from summand.methods.survival._cox_strata import strata_layout
from summand.methods.survival._cox_survey import survey_update
from summand.methods.survival._partial_likelihood import Moments
from summand.methods.survival._risk_sets import RiskSets
from summand.methods.survival._times import TimesState
from summand.tables import Array


@dataclass(frozen=True)
class CoxRegression(CoxAtSite):
    """Hazard ratios by Cox's partial likelihood, equal to the pooled fit.

    A person's hazard is a baseline hazard times ``exp(x @ beta)``; the partial likelihood compares, at every event, the
    one who has it with all who are at risk. Each round is one Newton step, halved where the likelihood would fall.

    Args:
        formula: Such as ``Surv(time, status) ~ age + C(sex)``. Times are at least 0; the status is 0/1 or 1/2, and the
            larger is the event. With ``Surv(start, stop, status)`` a row is at risk after its start and up to its stop:
            for late entry, covariates that change, or several events; ``n`` then counts rows.
        ties: ``efron`` or ``breslow``.
        site: ``strata``: every site has its own baseline hazard and compares its own people only; ``pooled``: one
            baseline hazard, and risk sets over all sites.
        strata: A column with levels, each with a baseline hazard of its own.
        weights: A column of positive case weights, as R's coxph takes them.
        errors: ``model``; ``HC0``, the sandwich of score residuals of rows; or of their sums: ``cluster-site``,
            ``cluster-person`` (where the dictionary names the person identifier) or ``cluster-column``. None has a
            factor for small samples, as in R's coxph.
        cluster: The column, for ``cluster-column``. A cluster's rows are at one site.
        also: What else: ``baseline`` (pooled only), ``proportionality``, and ``concordance``: with site strata of the pairs of
            people at one site, exactly; pooled of all pairs, by classes of the linear predictor.
        transform: Of time, in the test of proportionality: ``km`` or ``rank`` (pooled only), ``identity``, ``log``.

    Reveals: in the first round people, events, the mean of each covariate and how many people each level has. Then,
        with ``strata``, per round the log-likelihood, score and information over all sites: no time leaves a site. With
        ``pooled``, sums of risk and of covariates over those at risk at each time of a shared grid, and over those who
        have the event there, and one sum of products of covariates weighted by hazards over all people: at
        the distinct event times where the limits allow exact times, else at the ends of steps that hold at least
        ``minimum_cell`` events each, so that no difference of two totals and no sum over tied events is about fewer
        people; a time then counts as the end of its step, a start as the beginning of its own, and the result says so.
        A column's strata share the grid, and each has ``minimum_cell`` events in every step. One round more opens
        sums over all sites of: products of score residuals (robust errors), the covariates of events times a transform
        of time (proportionality), pairs of people within a site (concordance). A pooled concordance opens how many
        people of each class of the predictor leave at each time of the grid: 101 classes, 11 on a coarse grid.
        The baseline hazard is released on the grid, exact or coarse.

        Under limits a study takes one row for each person (late entry is possible, several rows are not), and errors by
        site or cluster take at least ``minimum_cell`` of them.

    Raises:
        OutcomeConstant, SingularInformation, Separation, NotConverged: from `update`, with a diagnosis.
        CohortTooSmall: from `update`, where fewer people have the event, or a level, than the limits ask.

    Source: Cox (1972), JRSS B 34(2), 187-220; Efron (1977), JASA 72(359), 557-565; Breslow (1974), Biometrics 30(1),
        89-99; federated: Lu et al. (2015), WebDISCO, JAMIA 22(6), 1212-1219; robust: Lin & Wei (1989), JASA 84(408),
        1074-1078; the baseline: Breslow (1974), by Efron's sums where ties are Efron's.
    """

    title: ClassVar[str] = "Cox regression"

    def parameter_count(self) -> int:
        """How many coefficients it estimates."""
        return len(self.design)

    def start(self) -> CoxState:
        """No covariates, and with ``pooled`` no times yet."""
        zeros, none = np.zeros(len(self.design)), np.zeros(0)
        times = self.grid.start() if self.is_pooled else TimesState("known", 0.0, 0, none)
        phase = "times" if self.is_pooled else "survey"
        return CoxState(
            times.stage, times.step, times.shift, times.times,
            phase, 0, 0, 0, zeros, zeros, zeros, 0.0, 0.0, 0.0, 0, none, none,
        )  # fmt: skip

    def layout(self, state: CoxState) -> Layout:
        """What a site will contribute: times of a shared grid, the survey, sums for the likelihood, those after it."""
        if state.phase == "times":
            return self.grid.layout(state)
        if state.phase == "survey":
            return self.survey.layout(len(state.times))
        if state.phase == "after":
            return self.asked.layout(len(state.event_counts) * (len(state.classes) + 1))
        if not self.is_pooled:
            return strata_layout(state, self.placed.rows_max)
        return grid_layout(state, self.placed.rows_max, efron=self.ties == "efron")

    def update(self, total: Array, state: CoxState) -> CoxState | Result:
        """The next times, the survey's means, one Newton step, half of one, or the result."""
        check_length(total, length(self.layout(state)))
        if state.phase == "times":
            if state.stage != "decimals":  # every later count is of people with the event
                check_events(round(float(total.sum())), self.placed.limits)
            after = self.grid.update(total, state)
            return replace(after, phase="survey") if after.stage == "known" else after
        if state.phase == "survey":
            return self._after_survey(total, state)
        if state.phase == "after":
            fit, found = remembered(state), self.asked.read(total)
            return self._result(fit, state, after_values(self, fit, found, state), robust(self, fit, found))
        moments, sets, off = self._moments(total, state)
        if sets is not None and state.iteration == 0 and self.time_transform == "km":
            state = replace(state, at_risk=np.rint(sets.at_risk))
        step = ascend(moments, float(total[0]), state, self.design, off)
        if not isinstance(step, Fit):
            return step if sets is None else self._foreseen(step, sets, moments, state)
        if sets is not None:
            state = with_hazards(self, sets, state)
        if self.asked.anything:
            return with_classes(self, remember(step, state))
        return self._result(step, state, {}, None)

    def _after_survey(self, total: Array, state: CoxState) -> CoxState:
        after = survey_update(total, state, self.survey, self.placed.limits)
        strata = self.strata_count
        columns = strata * (1 + (self.weights is not None) + self.survey.exits)
        by_time = total[len(total) - columns * len(state.times) :].reshape(columns, -1)
        exits = by_time[columns - strata :].ravel() if self.survey.exits else None
        by_time = by_time[: strata * (1 + (self.weights is not None))]
        after, by_time = joined_over_strata(after, by_time, strata, self.grid.minimum_cell)
        counts, weights = by_time[:strata].ravel(), by_time[strata:].ravel()
        return with_event_counts(after, counts, weights, exits, strata, efron=self.ties == "efron")

    def _foreseen(self, step: CoxState, sets: RiskSets, moments: Moments, state: CoxState) -> CoxState:
        """The next state with what is thought of the risk sets there."""
        known = foreseen(sets, step.beta - state.beta, moments.information / self.heaviest)
        counts, weights = state.event_counts, state.event_counts if self.weights is None else state.event_weights
        return replace(step, foreseen=Foresight.of(*known, counts, weights, efron=self.ties == "efron").flat())

    def _moments(self, total: Array, state: CoxState) -> tuple[Moments, RiskSets | None, float]:
        """The likelihood in units of the case weights themselves; where sites share risk sets, these and how far off."""
        p, sets, off = len(self.design), None, 0.0
        if self.is_pooled:
            sets, thought = (
                self.risk_sets(total, state.event_counts, state.event_weights),
                Foresight.from_flat(state.foreseen),
            )
            judged, off = sets.judged_by(thought.s0, thought.share[sets.tied])
            products = total[len(total) - p * (p + 1) // 2 :] * float(sets.weights.sum())
            found = sets.moments_with(total[1 : 2 + p], products - judged.mean_squares(np.ones(len(sets.s0))))
        else:
            found = Moments(float(total[1]), total[2 : 2 + p], total[2 + p :])
        if self.weights is not None:
            heavy = self.heaviest
            shift = heavy * state.events_weight * np.log(heavy)
            found = Moments(heavy * found.log_likelihood - shift, heavy * found.score, heavy * found.information)
        return found, sets, off

    def _result(self, fit: Fit, state: CoxState, more: dict[str, Any], covariance: Array | None) -> Result:
        warnings = grouping_warning(self.grid, state, self.ties) if self.is_pooled else ()
        warnings += cluster_warning(self.errors, state.clusters)
        values = cox_values(fit, state, self.design, self.terms, covariance)
        if "baseline" in self.also:
            labels = ("all",) if self.stratum is None else self.stratum.labels
            more = {**more, "baseline": baseline_values(Hazards.from_flat(state.hazards).step, state, labels)}
        return Result(self.name, {"ties": self.ties, "site": self.site, **values, **more}, warnings)
