"""What a study spends of a privacy budget, and the noise that follows from it.

Every round is one release of a vector of sums by the Gaussian mechanism: each site rounds its sums to a grid and adds
discrete Gaussian noise before it masks, so that neither hub nor another site sees a sum without noise. Each site adds
``sigma^2 / h``, where h = n - t + 1 is the fewest sites whose noise may be counted on: any t answer, and 2t - n - 1 of them
may work together.

Source: Kairouz, Liu & Steinke (2021), The distributed discrete Gaussian mechanism, ICML, for noise in shares and rounding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from summand.agreement import Agreement
from summand.disclosure import distance_each, epsilon_of, rho_of, scale_bits, sigma_for
from summand.errors import BudgetExceeded
from summand.study._request import StudyRequest

ROUNDING = 1.0 + 1e-9
"""Sums of many parts of one loss may exceed it by their last bits."""
COUNTING_SHARE = 0.05
"""The part of a study's loss that counting its people in round zero costs."""


@dataclass(frozen=True)
class Privacy:
    """What one study may cost every person in it.

    Attributes:
        epsilon, delta: As the agreement and the request put it.
        rho: The same as zero-concentrated privacy loss.
        neighbours: 1 where a person comes or leaves, 2 where one takes another's place: what sensitivities are times.
        unit: Whose presence is hidden: ``patient`` or ``visit``.
    """

    epsilon: float
    delta: float
    rho: float
    neighbours: int
    unit: str

    @classmethod
    def of(cls, agreement: Agreement, request: StudyRequest) -> Privacy | None:
        """What the request would spend under the agreement; None where it has no budget.

        Raises:
            BudgetExceeded: if nobody says how much, or it is more than one study may spend.
        """
        budget = agreement.privacy.budget
        if budget is None:
            return None
        most = budget.epsilon_per_study
        epsilon = request.epsilon if request.epsilon is not None else most
        if epsilon is None:
            raise BudgetExceeded(
                "The agreement has a privacy budget, and nobody says how much of it the study spends.",
                remedy="Say so in the request as its epsilon, or let clause E set epsilon_per_study.",
                clause="E.budget",
            )
        if epsilon > min(budget.epsilon_total, math.inf if most is None else most):
            raise BudgetExceeded(
                f"The study would spend epsilon {epsilon:g}; one study may spend "
                f"{min(budget.epsilon_total, math.inf if most is None else most):g}.",
                remedy="Ask with a smaller epsilon.",
                clause="E.budget",
            )
        if not 0.0 < budget.delta < 1.0:
            raise BudgetExceeded(
                "Gaussian noise needs a positive delta, and the agreement's is 0.",
                remedy="Let the parties agree on one far below one over the number of people.",
                clause="E.budget",
            )
        neighbours = 2 if budget.neighbouring == "replace" else 1
        return cls(epsilon, budget.delta, rho_of(epsilon, budget.delta), neighbours, budget.unit_of_privacy)

    def to_dict(self) -> dict[str, Any]:
        """The form that a result tells."""
        return {
            "epsilon": epsilon_of(self.rho, self.delta), "delta": self.delta, "rho": self.rho, "unit": self.unit,
            "neighbouring": "replace" if self.neighbours == 2 else "add_remove",
        }  # fmt: skip


@dataclass(frozen=True)
class Noise:
    """The noise of one round.

    Attributes:
        rho: What the round costs.
        sensitivity: The most that the vector changes with one person, rounding to the grid included.
        sigma: Standard deviation that at least remains in each number of the total.
        grid: Sums and noise are whole multiples of this, a power of two.
        own_scale: The standard deviation of one site's noise, in steps of the grid.
        sites_counted: How many sites' noise `sigma` rests on.
        delta: What the sampler's rounding adds to delta.
    """

    rho: float
    sensitivity: float
    sigma: float
    grid: float
    own_scale: float
    sites_counted: int
    delta: float

    @classmethod
    def of(cls, sensitivity: float, rho: float, size: int, sites: int, threshold: int) -> Noise:
        """The noise for a vector of so many numbers.

        Args:
            sensitivity: Before rounding.
            rho: What the round may cost.
            size: How many numbers get noise.
            sites: How many sites take part.
            threshold: How many must answer for a total to be opened.
        """
        counted = max(1, sites - threshold + 1)
        bits = scale_bits(size)
        about = sigma_for(sensitivity, rho) / math.sqrt(counted)
        grid = 2.0 ** (math.floor(math.log2(about)) - bits)
        whole = sensitivity + grid * math.sqrt(size)  # one site's sums are rounded, each by at most half a step
        sigma = sigma_for(whole, rho)
        own = sigma / math.sqrt(counted) / grid
        return cls(rho, whole, sigma, grid, own, counted, size * distance_each(own, size) * sites)


@dataclass(frozen=True)
class Spent:
    """What the studies of a period cost so far, reservations included: zero-concentrated loss, and the samplers' delta."""

    rho: float = 0.0
    delta: float = 0.0


def budget_of(agreement: Agreement, party: str) -> tuple[float, float]:
    """The epsilon and delta that a party's datasets may bear in a period: the agreement's, or its own smaller one."""
    budget = agreement.privacy.budget
    if budget is None:
        return 0.0, 0.0
    own = [share.epsilon for share in budget.party_budgets if share.party == party]
    return min([budget.epsilon_total, *own]), budget.delta


def rho_left(agreement: Agreement, party: str, spent: Spent) -> float:
    """The loss that a party's dataset may still bear."""
    epsilon, delta = budget_of(agreement, party)
    return max(rho_of(epsilon, delta - spent.delta) - spent.rho, 0.0) if delta > spent.delta else 0.0


def require_within(agreement: Agreement, party: str, spent: Spent, rho: float) -> None:
    """Return if a further loss is within the party's budget.

    Raises:
        BudgetExceeded: if not; what is spent is no secret.
    """
    if rho <= rho_left(agreement, party, spent) * ROUNDING:
        return
    epsilon, delta = budget_of(agreement, party)
    raise BudgetExceeded(
        f"The privacy budget of {party}'s data is epsilon {epsilon:g}; studies have spent "
        f"{epsilon_of(spent.rho, delta):.3g} of it, and this one would take it to {epsilon_of(spent.rho + rho, delta):.3g}.",
        remedy="Ask with a smaller epsilon, use what was released, or wait for the next period if clause E refills it.",
        clause="E.budget",
    )
