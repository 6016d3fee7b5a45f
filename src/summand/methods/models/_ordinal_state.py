"""What travels between the rounds of an ordinal regression."""

from __future__ import annotations

from dataclasses import dataclass

from summand.methods._ascent import AscentState
from summand.tables import Array


@dataclass(frozen=True)
class OrdinalState(AscentState):
    """The point at which the sites evaluate: thresholds, then coefficients.

    Attributes:
        phase: ``survey`` while people are counted, ``ascent``, then ``test`` for proportional odds.
        counts: People by level, shape (k,).
        site_count: Sites with rows, where each has its own shift; else 0.
        sites_at_an_end: How many of these have the lowest or the highest level only.
        covariance: The upper triangle of the covariance at the maximum, in scaled units; empty before.
    """

    phase: str
    counts: Array
    site_count: int
    sites_at_an_end: int
    covariance: Array
