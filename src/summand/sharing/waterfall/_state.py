"""What the tiers have paid so far: all that one period leaves to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class Accrual:
    """Preferred return that has fallen due to each payee, paid or not, and up to which day."""

    cents: Mapping[str, int]
    to: date


@dataclass(frozen=True)
class TierState:
    """One tier so far; payee -> cents.

    Attributes:
        taken: All that it took, whatever became of it.
        reserve: Of that, held back.
        blocked: Of that, set aside because a guard was not cleared.
        accrual: Of a ``preferred`` tier.
    """

    taken: Mapping[str, int] = field(default_factory=dict)
    reserve: Mapping[str, int] = field(default_factory=dict)
    blocked: Mapping[str, int] = field(default_factory=dict)
    accrual: Accrual | None = None

    @property
    def taken_cents(self) -> int:
        """All that the tier took."""
        return sum(self.taken.values())

    def paid(self) -> dict[str, int]:
        """What has really been paid."""
        return {
            name: cents - self.reserve.get(name, 0) - self.blocked.get(name, 0) for name, cents in self.taken.items()
        }


@dataclass(frozen=True)
class WaterfallState:
    """All tiers so far, by name, and what no tier took."""

    tiers: Mapping[str, TierState] = field(default_factory=dict)
    gross_cents: int = 0
    left_cents: int = 0

    def of(self, tier: str) -> TierState:
        """A tier's state; of a tier that has not run, the empty one."""
        return self.tiers.get(tier, TierState())

    def entitled(self) -> dict[str, int]:
        """Payee -> all that the tiers took for it, paid, held back or blocked."""
        return _added(state.taken for state in self.tiers.values())

    def paid(self) -> dict[str, int]:
        """Payee -> what it has been paid."""
        return _added(state.paid() for state in self.tiers.values())

    def reserve(self) -> dict[str, int]:
        """Payee -> what is held back for it."""
        return _added(state.reserve for state in self.tiers.values())

    def blocked(self) -> dict[str, int]:
        """Payee -> what is set aside until a guard is cleared."""
        return _added(state.blocked for state in self.tiers.values())


def _added(maps: object) -> dict[str, int]:
    total: dict[str, int] = {}
    for found in maps:  # type: ignore[attr-defined]
        for name, cents in found.items():
            total[name] = total.get(name, 0) + cents
    return dict(sorted(total.items()))
