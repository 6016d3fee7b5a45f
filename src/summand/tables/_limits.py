"""The limits of a disclosure profile as numbers, so that a method never computes what may not be released."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What may be released, judged on totals over all sites.

    Attributes:
        minimum_cell: The fewest people that any released count, group, bin or step may describe; 0 means no limit.
        minimum_sites: The fewest sites with at least one person in the cohort.
        parameters_per_person_max: The most model parameters per person; None means no limit.
        exact_times: Whether a time grid may be as fine as the data; if not, every step holds at least ``minimum_cell``
            exits, and a Cox model over a shared grid uses that grid.
        exact_quantiles: Whether minimum, maximum and quantiles may be values; if not, they are bands that hold at least
            ``minimum_cell`` people each.
    """

    minimum_cell: int = 10
    minimum_sites: int = 3
    parameters_per_person_max: float | None = 0.33
    exact_times: bool = False
    exact_quantiles: bool = False


NO_LIMITS = Limits(0, 1, None, exact_times=True, exact_quantiles=True)
