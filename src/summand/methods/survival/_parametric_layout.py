"""What leaves a site of a parametric survival regression, and the most that one row may add to it.

A scaled entry and a centred log time are at most 1, so a row adds to score and information at most what the
distribution's derivatives are; a condensed score is at most twice that, and condensed information shrinks.
"""

from __future__ import annotations

from summand.methods._protocol import Block, Layout
from summand.methods.formulas._design import Design
from summand.methods.survival._parametric_families import bounds_of

SLACK = 1.0 + 2.0**-40


def survey_layout(design: Design, *, fixed: bool) -> Layout:
    """People, events and log times; ``fixed``: with one intercept for each site."""
    blocks = [
        Block("people", "1", 1, 1.0, "how many people are in the model"),
        Block("events", "1", 1, 1.0, "how many of them have the event"),
        Block("log times", "1", 3, SLACK, "mean and spread of the log times, and their mean over events"),
    ]
    if design.groups:
        blocks.append(Block("groups", "1", len(design.groups), 1.0, "how many people each level has"))
    if fixed:
        blocks.append(Block("sites without events", "1", 1, 1.0, "how many sites have people but no event"))
    return tuple(blocks)


def ascent_layout(distribution: str, shared: int, rows_max: int, *, fixed: bool) -> Layout:
    """Log-likelihood, score and information of the parameters that all sites share."""
    value, slope, curvature = (most * SLACK for most in bounds_of(distribution, rows_max))
    blocks = [
        Block("rows out of range", "1", 1, 1.0, "how many people's times are beyond any plausible fit"),
        Block("log-likelihood", "nat", 1, value, "how well the model fits"),
    ]
    if shared:
        blocks.append(Block("score", "1", shared, (1 + fixed) * slope, "which way each parameter should move"))
        blocks.append(Block("information", "1", shared * (shared + 1) // 2, curvature, "how precisely they are known"))
    if fixed:
        blocks.append(Block("intercept decrement", "1", 1, 1.0, "how far the sites' intercepts are from the end"))
    return tuple(blocks)
