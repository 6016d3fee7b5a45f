"""What travels between the rounds of a generalized linear model."""

from __future__ import annotations

from dataclasses import dataclass

from summand.methods._ascent import AscentState

SURVEY, NULL, MODEL, END = "survey", "null", "model", "end"


@dataclass(frozen=True)
class GlmState(AscentState):
    """The point at which the sites evaluate, and what is known already.

    With the overdispersion of a negative binomial model estimated, its logarithm is the last parameter.

    Attributes:
        phase: ``survey`` counts; ``null`` fits the model to compare with; ``model`` fits the formula; ``end`` sums at
            the maximum.
        events: Rows with the event, or with an outcome above 0; 0 where the family has none.
        site_count: Sites with rows, where each has its own intercept; else 0.
        sites_left_out: How many of them have an outcome that does not vary as the family needs it.
        n_effective: Kish's effective number of rows, ``(sum w)² / sum w²``.
        weight_sum: Sum of the scaled weights.
        start: The scaled linear predictor of an intercept alone.
        half_deviance_null: Of the null model; set by the model's first evaluation.
        score_statistic: The score test of the formula against the null model.
        rounds: All rounds so far.
    """

    phase: str
    events: int
    site_count: int
    sites_left_out: int
    n_effective: float
    weight_sum: float
    start: float
    half_deviance_null: float
    score_statistic: float
    rounds: int
