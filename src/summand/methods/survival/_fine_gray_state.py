"""What travels between the rounds of a subdistribution hazard regression."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from summand.methods._ascent import AscentState
from summand.methods.survival._times import TimesState
from summand.tables import Array


@dataclass(frozen=True)
class FineGrayState(AscentState):
    """Where the fit stands, and what the sites share of times.

    Attributes:
        phase: ``times`` while a shared grid is learned, ``survey`` for people, exits and means, ``ascent`` for Newton
            steps, ``baseline`` for sums at the maximum, ``residuals`` for the variance.
        grid_stage, grid_step, grid_shift, times: The shared grid, see `TimesState`; without times, one stratum per site.
        exits: Censored, with the event, with another event, at each grid time; shape (3, times).
        events, competing: People with the event of interest, and with another, over all sites.
        centre: The means of the scaled covariates, shape (p,).
        log_likelihood_null: Without covariates.
        log_likelihood_last: At the maximum.
        covariance: The inverse of the information there, shape (p, p); empty before.
        means, hazards, influence: The baseline of the residuals over a shared grid, see `Baseline`; empty before.
    """

    phase: str
    grid_stage: str
    grid_step: float
    grid_shift: int
    times: Array
    exits: Array
    events: int
    competing: int
    centre: Array
    log_likelihood_null: float
    log_likelihood_last: float
    covariance: Array
    means: Array
    hazards: Array
    influence: Array

    @property
    def grid(self) -> TimesState:
        """The state of the shared grid."""
        return TimesState(self.grid_stage, self.grid_step, self.grid_shift, self.times)

    def with_grid(self, grid: TimesState) -> Self:
        """This state with the grid one sum further."""
        return replace(self, grid_stage=grid.stage, grid_step=grid.step, grid_shift=grid.shift, times=grid.times)
