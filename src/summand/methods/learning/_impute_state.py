"""What travels between the rounds of multiple imputation."""

from __future__ import annotations

from dataclasses import dataclass

from summand.methods._protocol import State
from summand.tables import Array

COUNT, FILL, ANALYSE = "count", "fill", "analyse"


@dataclass(frozen=True)
class ImputeState(State):
    """Where the imputation stands.

    Attributes:
        phase: ``count``, ``fill`` or ``analyse``.
        n: Rows over all sites.
        missing: How many of them lack each target.
        begin: Mean and deviation of each target among those who have it, shape (targets, 2).
        step: How many models have been drawn for each imputation.
        draws: Their parameters, one step after another, by imputation.
        beta: Where a logistic model stands, shape (imputations, width).
        iteration: How often it has moved.
    """

    phase: str
    n: int
    missing: tuple[int, ...]
    begin: Array
    step: int
    draws: Array
    beta: Array
    iteration: int
