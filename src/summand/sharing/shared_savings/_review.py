"""Our settlement beside the published one."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from summand.sharing.shared_savings._file import PublishedYear
from summand.sharing.shared_savings._formula import YearOutcome, minimum_rate_of, settle_year
from summand.sharing.shared_savings._tracks import TRACKS

TOLERANCE_CENTS = 100
"""The publisher rounds its totals to the dollar, so a payment can only be checked to less than that."""

ROUNDING = Fraction(5, 100_000)
"""Half of the last digit of a published minimum rate."""

Verdict = Literal["agrees", "limited by revenue that is not published", "differs"]


@dataclass(frozen=True)
class Review:
    """One ACO: what the formula gives, what was published, and whether they agree.

    Attributes:
        published: The row of the file.
        outcome: What the formula gives.
        difference_cents: Ours less theirs.
        minimum_rate_agrees: Whether the minimum rate is theirs to the digits published.
        verdict: "limited by revenue…" where a loss of BASIC C to E was published lower than the formula gives and only
            participants' revenue, which is not published, can be the reason.
        implied_loss_cents: The loss before disaster relief that the published figure implies.
        implied_revenue_cents: The participants' revenue that would limit the loss to it.
    """

    published: PublishedYear
    outcome: YearOutcome
    difference_cents: int
    minimum_rate_agrees: bool
    verdict: Verdict
    implied_loss_cents: int | None = None
    implied_revenue_cents: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """The review as JSON values."""
        year = self.published.year
        return {
            "aco_id": self.published.aco_id, "name": self.published.name, "track": year.track,
            "beneficiary_count": year.beneficiary_count, "benchmark_cents": year.benchmark_cents,
            "spending_cents": year.spending_cents, "quality": year.quality,
            "quality_score": round(float(year.quality_score), 6), "outcome": self.outcome.to_dict(),
            "published_minimum_rate": round(float(self.published.minimum_rate), 6),
            "minimum_rate_agrees": self.minimum_rate_agrees,
            "published_payment_cents": self.published.payment_cents, "difference_cents": self.difference_cents,
            "verdict": self.verdict, "implied_loss_cents": self.implied_loss_cents,
            "implied_revenue_cents": self.implied_revenue_cents,
        }  # fmt: skip


def review(published: PublishedYear) -> Review:
    """Settle a published year anew and compare.

    Raises:
        CategoryUnknown, ValueOutOfRange: as `settle_year`.
    """
    outcome = settle_year(published.year)
    difference = outcome.payment_cents - published.payment_cents
    rate_agrees = abs(minimum_rate_of(published.year) - published.minimum_rate) <= ROUNDING
    head = (published, outcome, difference, rate_agrees)
    if abs(difference) < TOLERANCE_CENTS:
        return Review(*head, "agrees")
    limit = TRACKS[published.year.track].revenue_limit
    if outcome.kind == "shared losses" and not outcome.limit_is_known and limit and difference < 0:
        loss = outcome.disaster_cents - published.payment_cents
        return Review(*head, "limited by revenue that is not published", loss, round(loss / limit))
    return Review(*head, "differs")
