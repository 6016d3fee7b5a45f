"""What travels between the rounds of a meta-analysis, and the scale on which the sites' estimates are added."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from summand.methods._protocol import State
from summand.tables import Array


@dataclass(frozen=True)
class MetaState(State):
    """Where a meta-analysis stands.

    Variances between sites are told as ``T = τ² G``, with ``G = 4 ** exponent`` near the sites' typical weight 1/v, so
    that what is added is near 1 whatever the unit of the outcome.

    Attributes:
        stage: ``estimates`` while each site finds its own; ``fixed`` at τ² = 0; ``search`` for τ² and its interval;
            ``random`` at the final τ².
        round: Rounds of the stage ``estimates`` so far.
        n: Rows over all sites; 0 before the first round.
        sites: Sites with rows.
        estimated, left_out: Sites with an estimate of their own, and without.
        arms: The two groups' totals of the first round: people, then events where events are compared; else empty.
        exponent: Of the scale G.
        centre: What is taken off each estimate before it is squared, in units of G^-1/2.
        asked: What each of ``points`` is for: ``fixed``, ``tau``, ``low``, ``high`` or ``random``.
        points: The values of T at which the sites add, shape (len(asked),).
        moments: How many sums are asked for at each point.
        opened: How many sums over the sites' estimates are opened, those asked for now included.
        fixed: Of T = 0: sum of weights, mean, Q, sum of squared weights, REML's score and its slope; shape (6,), zeros
            where not known.
        tau: The best T so far.
        below, above: For ``tau``, ``low`` and ``high``: a value below and one above it; ``above`` is -1 while unknown.
        ends: The ends of the interval of T; shape (2,), -1 where unknown.
        searches: Rounds of the stage ``search`` so far.
    """

    stage: str
    round: int
    n: int
    sites: int
    estimated: int
    left_out: int
    arms: Array
    exponent: int
    centre: float
    asked: tuple[str, ...]
    points: Array
    moments: tuple[int, ...]
    opened: int
    fixed: Array
    tau: float
    below: Array
    above: Array
    ends: Array
    searches: int

    @classmethod
    def first(cls) -> MetaState:
        """No site has an estimate yet."""
        unknown = np.full(3, -1.0)
        return cls(
            "estimates", 0, 0, 0, 0, 0, np.zeros(0), 0, 0.0, (), np.zeros(0), (), 0, np.zeros(6), 0.0,
            np.zeros(3), unknown, np.full(2, -1.0), 0,
        )  # fmt: skip

    @property
    def weight_scale(self) -> float:
        """The scale G of the sites' weights, an even power of two, so that scaling never rounds."""
        return 4.0**self.exponent
