"""What leaves a site of a piecewise exponential regression, and the most that one row may add to it."""

from __future__ import annotations

import math

import numpy as np

from summand.methods._protocol import Block, Layout
from summand.methods.formulas._design import Design
from summand.methods.survival._piecewise_state import PiecewiseState
from summand.methods.survival._piecewise_sums import FURTHEST

TOTAL_BITS = 60
SLACK = 1.0 + 2.0**-40


def furthest_up(rows_max: int) -> float:
    """The most that a log rate may be, so that a total of 4 exp of it over ``rows_max`` rows stays below 2^60."""
    return min(30.0, TOTAL_BITS * math.log(2.0) - math.log(4.0 * max(rows_max, 1)))


def survey_layout(design: Design, groups: int, intervals: int, *, fixed: bool) -> Layout:
    """People, events and person-time; ``fixed``: with a factor for each site."""
    blocks = [
        Block("people", "1", groups, 1.0, "how many people each group has"),
        Block("events by interval", "1", groups * intervals, 1.0, "how many of them have the event in each interval"),
        Block(
            "person-time by interval", "1", groups * intervals, SLACK, "how long they were followed in each together"
        ),
    ]
    if design.groups:
        blocks.append(Block("groups", "1", len(design.groups), 1.0, "how many people each level has"))
    if fixed:
        blocks.append(Block("sites without events", "1", 1, 1.0, "how many sites have people but no event"))
    return tuple(blocks)


def ascent_layout(state: PiecewiseState, rows_max: int, *, fixed: bool) -> Layout:
    """Log-likelihood, score and information at ``state``.

    Time is scaled so that a row's person-time is at most 1, and its mean at most exp of `furthest_up`; covariates are in
    [-1, 1]. A condensed score is at most twice a score, and condensed information shrinks.
    """
    q, most = len(state.accepted), SLACK * math.exp(furthest_up(rows_max))
    log_rates = float(np.abs(state.beta).max(initial=0.0))
    blocks = [
        Block("rows out of range", "1", 1, 1.0, "how many people's rates are beyond any plausible fit"),
        Block("log-likelihood", "nat", 1, most + FURTHEST + log_rates, "how well the model fits"),
    ]
    if q:
        blocks.append(Block("score", "1", q, (1 + fixed) * (most + 1.0), "which way each parameter should move"))
        blocks.append(Block("information", "1", q * (q + 1) // 2, most, "how precisely they are known"))
    if fixed:
        blocks.append(Block("factor decrement", "1", 1, 1.0, "how far the sites' factors are from the end"))
    return tuple(blocks)
