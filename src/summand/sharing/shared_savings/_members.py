"""An ACO's payment, or what it owes, split among its members by their agreed weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from summand.sharing._allocate import allocate


@dataclass(frozen=True)
class MemberPart:
    """One member's part: positive is paid to it, negative it owes."""

    member: str
    weight: int
    cents: int


def to_members(payment_cents: int, weights: Mapping[str, int]) -> tuple[MemberPart, ...]:
    """Split a payment (positive) or a debt (negative) to the cent, in proportion to the members' weights.

    The programme leaves the split to the ACO and its participants; this is the plainest form, one
    step shared by weights.

    Raises:
        CostsNotCovered: as `allocate`.
    """
    sign = -1 if payment_cents < 0 else 1
    parts = allocate(abs(payment_cents), weights)
    return tuple(MemberPart(name, weights[name], sign * cents) for name, cents in parts.items())
