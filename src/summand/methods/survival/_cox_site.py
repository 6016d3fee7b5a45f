"""What a site does in a Cox regression: it places its rows among the event times, sums, and keeps its own times."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, cast
from weakref import WeakKeyDictionary

import numpy as np

from summand.methods._protocol import Local, State
from summand.methods._sandwich import BY_PERSON, BY_SITE
from summand.methods.survival._concordance_grid import class_table
from summand.methods.survival._cox_after import After, Asked
from summand.methods.survival._cox_foresight import Foresight, grid_sums
from summand.methods.survival._cox_grid import grid_eta_max
from summand.methods.survival._cox_proportionality import timed_sums, transformed, transformed_by_counts
from summand.methods.survival._cox_residuals import Hazards
from summand.methods.survival._cox_rows import CoxRows
from summand.methods.survival._cox_settings import BY_COLUMN, CoxSettings
from summand.methods.survival._cox_state import CoxState
from summand.methods.survival._cox_strata import STRATA_ETA_MAX
from summand.methods.survival._cox_sums import exits_by_time, risk_sets, risk_sums
from summand.methods.survival._cox_survey import Survey, Surveyed
from summand.methods.survival._follow_up import Events
from summand.methods.survival._partial_likelihood import Positions
from summand.methods.survival._risk_sets import RiskSets
from summand.tables import PERSONS, Array, Batch


@dataclass(frozen=True)
class CoxAtSite(CoxSettings):
    """The site's half of `CoxRegression`."""

    state_type: ClassVar[type[State]] = CoxState
    complete_cases: ClassVar[bool] = True

    @property
    def is_pooled(self) -> bool:
        """Whether all sites share one baseline hazard, or one for each stratum of a column."""
        return self.site == "pooled"

    @cached_property
    def survey(self) -> Surveyed:
        """What the first sums count."""
        return Surveyed(
            self.design, self.strata_count, self.weights is not None, self.errors in (BY_SITE, BY_PERSON, BY_COLUMN),
            # a coarse grid is joined over strata after the survey: before, a stratum's step may hold few exits
            self.is_pooled and (self.strata_count == 1 or self.grid.is_exact),
        )  # fmt: skip

    @cached_property
    def asked(self) -> Asked:
        """What is summed after the fit."""
        proportionality = self.time_transform if "proportionality" in self.also else None
        return Asked(
            len(self.design), self.errors, proportionality, "concordance" in self.also, not self.is_pooled,
            self.placed.rows_max, self.placed.site_count,
        )  # fmt: skip

    def tally(self, batch: Batch, state: CoxState, local: Local) -> Survey | Array | After:
        """One batch of complete rows -> counts of times, a survey, or sums by event time (see `risk_sums`)."""
        times, events = self.follow_up.read(batch)
        if state.phase == "times":
            return self.grid.tally(times[events], state)
        if state.phase == "survey":
            return self._tally_survey(batch, times, events, state)
        starts = self.follow_up.read_entries(batch, times)
        rows = self._rows(batch, times, events, starts, state, local)
        if state.phase == "after":
            return self._tally_after(batch, rows, self._compared(rows, times, starts, state), state, local)
        efron, strata = self.ties == "efron", self.strata_count
        if self.is_pooled:
            thought = Foresight.from_flat(state.foreseen)
            return grid_sums(
                rows, state.beta, state.event_counts, thought, furthest=self._furthest, efron=efron, strata=strata
            )
        counts = local["event_counts"]
        return risk_sums(rows, state.beta, counts, furthest=self._furthest, efron=efron, strata=strata)

    def _tally_survey(self, batch: Batch, times: Array, events: Events, state: CoxState) -> Survey:
        weights, exits = self.read_weights(batch), np.zeros(0)
        stratum = None if self.stratum is None else self.stratum.codes(batch)
        if self.survey.exits:
            starts = self.follow_up.read_entries(batch, times)
            rows = CoxRows(np.zeros((batch.rows, 0)), events, *self._places(times, starts, state, {}), weights, stratum)
            exits = exits_by_time(rows, len(state.times), self.strata_count)
        return self.survey.tally(batch, times, events, weights, stratum, self._cluster(batch), exits)

    @property
    def _furthest(self) -> float:
        """The most that a linear predictor may be, in absolute value."""
        return grid_eta_max(self.placed.rows_max) if self.is_pooled else STRATA_ETA_MAX

    def _cluster(self, batch: Batch) -> Array | None:
        """The cluster of each row, by a number of its own; None unless persons or a column make the clusters."""
        if self.cluster is not None:
            return batch.number(self.cluster)
        if not self.by_person:
            return None
        # whole numbers of 64 bits, which float64 would blur; no rows have no such column
        return cast("Array", np.asarray(batch.columns.get(PERSONS, np.zeros(0)), dtype=np.int64))

    def _rows(
        self, batch: Batch, times: Array, events: Events, starts: Array | None, state: CoxState, local: Local
    ) -> CoxRows:
        """The batch among the times of the grid, or of the site."""
        stratum = None if self.stratum is None else self.stratum.codes(batch)
        x = self.design.matrix(batch) - state.centre
        grid = state.times if self.is_pooled else local["event_times"]
        known = self._memory.get(batch)
        if known is None or not np.array_equal(known[0], grid):
            known = (grid, *self._places(times, starts, state, local))
            self._memory[batch] = known
        return CoxRows(x, events, *known[1:], self.read_weights(batch), stratum)

    @cached_property
    def _memory(self) -> WeakKeyDictionary[Batch, tuple[Array, Positions, Positions | None]]:
        """Where the rows of batches that are still in memory stand among the times: never more than they give anew."""
        return WeakKeyDictionary()

    def _places(
        self, times: Array, starts: Array | None, state: CoxState, local: Local
    ) -> tuple[Positions, Positions | None]:
        """How many times of the grid, or of the site, each row has reached, and passed at its start."""
        if self.is_pooled:
            return self.grid.place(times, state), None if starts is None else self.grid.entered(starts, state)
        own = local["event_times"]
        entered = None if starts is None else np.searchsorted(own, starts, side="right")
        return np.searchsorted(own, times, side="right"), entered

    def _tally_after(self, batch: Batch, rows: CoxRows, compared: Array, state: CoxState, local: Local) -> After:
        table = state.hazards if self.is_pooled else local.get("hazards", np.zeros((0, 0)))
        hazards = Hazards.from_flat(table) if self.asked.residuals else None
        factor = self.factor(state, local) if self.asked.proportionality else np.zeros(0)
        # a site with a baseline of its own sums products by time, and leaves these to `condense`
        lived = Hazards.from_flat(table) if self.is_pooled and self.asked.proportionality else None
        return self.asked.tally(
            rows, state.beta, hazards, lived, state.events_weight, self.strata_count, self._furthest, factor,
            self._cluster(batch), compared,
        )  # fmt: skip

    def _compared(self, rows: CoxRows, times: Array, starts: Array | None, state: CoxState) -> Array:
        """The rows as concordance takes them, shape (6, rows), or over a shared grid their table by time and class."""
        if not self.asked.concordance:
            return np.zeros((6, 0))
        predictor = np.zeros(len(times))
        for j, coefficient in enumerate(state.accepted.tolist()):  # in this order in every row: ties stay ties
            predictor += coefficient * rows.x[:, j]
        if self.is_pooled:
            return class_table(rows, predictor, state.classes, len(state.times), self.strata_count)
        return np.vstack(
            [
                np.zeros(len(times)) if rows.stratum is None else rows.stratum,
                np.full(len(times), -1.0) if starts is None else starts,
                times, rows.events, predictor, rows.weighted(np.ones(len(times))),
            ]
        )  # fmt: skip

    def factor(self, state: CoxState, local: Local) -> Array:
        """The transform of each time of the grid, or of the site: of one stratum."""
        name = self.time_transform
        if name in ("km", "rank"):
            events = state.event_counts.reshape(self.strata_count, -1).sum(axis=0)
            at_risk = state.at_risk.reshape(self.strata_count, -1).sum(axis=0)
            return transformed_by_counts(name, events, at_risk)
        return transformed(name, state.times if self.is_pooled else local["event_times"], self.follow_up.latest)

    def condense(self, partial: Any, state: CoxState, local: Local) -> tuple[Array, Local]:
        """The site's summand; with ``strata`` the local memory is its own event times, their counts, and hazards."""
        if state.phase == "survey":
            return self._condense_survey(partial, state)
        if state.phase == "after":
            return self.asked.condense(partial, local.get("timed", np.zeros(0))), local
        if state.phase == "times" or self.is_pooled:
            return partial, local
        sets = self.risk_sets(partial, local["event_counts"], local["event_weights"])
        kept = dict(local)
        if self.asked.residuals:
            kept["hazards"] = Hazards.of(sets).flat()
        if self.asked.proportionality:
            kept["timed"] = timed_sums(sets, np.tile(self.factor(state, local), self.strata_count))
        return np.concatenate([partial[:1], sets.moments(partial[1 : 2 + len(self.design)]).flat()]), kept

    def risk_sets(self, sums: Array, counts: Array, weights: Array) -> RiskSets:
        """The risk sets behind the sums of a site, or of all."""
        given = None if self.weights is None else weights
        return risk_sets(
            sums, counts, len(self.design), efron=self.ties == "efron", weights=given, strata=self.strata_count,
            products=not self.is_pooled,
        )  # fmt: skip

    def _condense_survey(self, survey: Survey, state: CoxState) -> tuple[Array, Local]:
        columns, sums = survey.events.sums.T, survey.sums
        if self.survey.clustered:
            count = len(survey.clusters) if self.errors != BY_SITE else float(survey.sums[0] > 0.5)
            sums = np.append(sums, count)
        if not self.is_pooled:
            counts, weights = columns[: self.strata_count].ravel(), columns[self.strata_count :].ravel()
            times = survey.events.times
            return sums, {"event_times": times, "event_counts": counts, "event_weights": weights}
        reached = self.grid.place(survey.events.times, state)
        by_time = [np.bincount(reached, weights=column, minlength=len(state.times) + 1)[1:] for column in columns]
        return np.concatenate([sums, *by_time, survey.exits]), {}
