"""What leaves a site of a subdistribution hazard regression, and the most that one row may add to it."""

from __future__ import annotations

import math

from summand.methods._protocol import Block, Layout
from summand.methods.formulas._design import Design
from summand.methods.survival._cox_grid import grid_eta_max
from summand.methods.survival._cox_strata import STRATA_ETA_MAX
from summand.methods.survival._fine_gray_state import FineGrayState
from summand.methods.survival._fine_gray_times import ExitTimes
from summand.methods.survival._partial_likelihood import width

RESIDUAL_MAX = 1000.0
"""A row's residual is cut off there, and the row counted: its hazard over the whole follow-up would be about as large."""
SLACK = 1.001


def fine_gray_layout(state: FineGrayState, design: Design, rows_max: int, *, pooled: bool, competing: bool) -> Layout:
    """The numbers of a round after the grid is known; ``competing``: whether sums over competing events may be opened.

    A centred covariate is at most 2 and a product of two at most 4; a weight in a risk set is at most 1. With one
    stratum per site an event adds to the log-likelihood, score and information what it adds in Cox's model.
    """
    p = len(design)
    if state.phase == "survey":
        return _survey_layout(design, len(state.times))
    if state.phase == "residuals":
        return (
            Block("residuals out of range", "1", 1, 1.0, "how many people weigh more than any plausible person"),
            Block("squared residuals", "1", p * (p + 1) // 2, SLACK * RESIDUAL_MAX**2, "how precise the estimates are"),
        )
    out_of_range = Block("hazards out of range", "1", 1, 1.0, "how many people's hazard is beyond any plausible ratio")
    if not pooled:
        log_likelihood = SLACK * (2.0 * STRATA_ETA_MAX + math.log(max(rows_max, 2)))
        return (
            out_of_range,
            Block("partial log-likelihood", "nat", 1, log_likelihood, "how well the model fits"),
            Block("score", "1", p, SLACK * 2.0, "which way each coefficient should move"),
            Block("information", "1", p * (p + 1) // 2, SLACK, "how precisely they are known"),
        )
    furthest = grid_eta_max(rows_max)
    most = SLACK * 4.0 * math.exp(furthest)
    sets = len(ExitTimes(state.exits).event_counts) * width(p)
    what = "risk, covariates and products of those at risk at each event time, past competing events among them"
    blocks = [
        out_of_range,
        Block("linear predictors of events", "1", 1, SLACK * furthest, "how well the model fits"),
        Block("covariates of events", "1", p, SLACK * 2.0, "the mean covariates of those with the event"),
        Block("weighted sums at risk", "1", sets, most, what),
    ]
    if state.phase == "baseline" and competing:
        what = "risk and covariates of those with a competing event at each time"
        blocks.append(Block("sums of competing events", "1", (1 + p) * len(state.times), most, what))
    return tuple(blocks)


def _survey_layout(design: Design, grid_times: int) -> Layout:
    """The numbers of the survey; ``grid_times`` is 0 if no grid is shared."""
    blocks = [
        Block("people", "1", 1, 1.0, "how many people are in the model"),
        Block("events", "1", 1, 1.0, "how many of them have the event"),
        Block("competing events", "1", 1, 1.0, "how many of them have another event"),
        Block("covariate sums", "1", len(design), SLACK, "the mean of each covariate over all sites"),
    ]
    if design.groups:
        blocks.append(Block("groups", "1", len(design.groups), 1.0, "how many people each level has"))
    if grid_times:
        what = "how many people leave at each time, by kind of exit"
        blocks.append(Block("exits by kind and time", "1", 3 * grid_times, 1.0, what))
    return tuple(blocks)
