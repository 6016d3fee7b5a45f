"""What leaves a site of a Cox regression in which every site is its own stratum.

A stratum's partial likelihood needs its own risk sets and nothing of another stratum's (Kalbfleisch & Prentice 2002,
section 4.4). A site keeps its event times in ``local``, tallies sums by time, and `condense` turns these into
1 + p + p(p+1)/2 numbers, in which no time is left. A site without events, or with one patient, adds zero.
"""

from __future__ import annotations

import math

from summand.methods._protocol import Block, Layout
from summand.methods.survival._cox_state import CoxState

STRATA_ETA_MAX = 300.0
"""exp(eta) of both signs, times the people of a site, stays within float64; only ratios of sums leave."""

SLACK = 1.001
"""A scaled covariate lies in [-1, 1] up to rounding, and a ratio of sums is rounded too."""


def strata_layout(state: CoxState, rows_max: int) -> Layout:
    """What a site contributes at ``state``.

    An event adds to the log-likelihood eta - log(sum of exp(eta) over at most ``rows_max`` at risk), where two eta
    differ by at most twice `STRATA_ETA_MAX`; to the score a difference of two covariates in [-1, 1]; to the information a
    covariance of such covariates, at most 1 (Popoviciu's inequality).
    """
    p = len(state.beta)
    log_likelihood = 2.0 * STRATA_ETA_MAX + math.log(max(rows_max, 2))
    return (
        Block("hazards out of range", "1", 1, 1.0, "how many people's hazard is beyond any plausible ratio"),
        Block("partial log-likelihood", "nat", 1, SLACK * log_likelihood, "how well the model fits"),
        Block("score", "1", p, SLACK * 2.0, "which way each coefficient should move"),
        Block("information", "1", p * (p + 1) // 2, SLACK, "how precisely they are known"),
    )
