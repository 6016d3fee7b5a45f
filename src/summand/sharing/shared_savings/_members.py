"""An ACO's payment, or what it owes, split among its members by their agreed weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from summand.errors import SettlementInvalid
from summand.sharing._allocate import allocate
from summand.sharing.waterfall import GUARDS, Period, Tier, run, waterfall_of

if TYPE_CHECKING:
    from summand.agreement import Agreement


PAID, OWES = "paid", "owes"


@dataclass(frozen=True)
class MemberPart:
    """One member's part: positive is its, negative it owes; and whether it is paid, held back or blocked."""

    member: str
    cents: int
    standing: str


def to_members(payment_cents: int, weights: Mapping[str, int]) -> tuple[MemberPart, ...]:
    """Split a payment (positive) or a debt (negative) to the cent, in proportion to the members' weights.

    The programme leaves the split to the ACO and its participants; this is the plainest form, one
    step shared by weights; `members_of` follows an agreement.

    Raises:
        CostsNotCovered: as `allocate`.
    """
    sign = -1 if payment_cents < 0 else 1
    parts = allocate(abs(payment_cents), weights)
    return tuple(MemberPart(name, sign * cents, PAID if sign > 0 else OWES) for name, cents in parts.items())


def members_of(agreement: Agreement, payment_cents: int, cleared: tuple[str, ...] = ()) -> tuple[MemberPart, ...]:
    """Split an ACO's payment down the waterfall of clause K; a debt by the weights of its last shared step.

    Args:
        agreement: The ACO's agreement with its participants, in US dollars.
        payment_cents: Earned (positive) or owed (negative).
        cleared: Legal guards that are cleared; money behind another is set aside.

    Raises:
        SettlementInvalid: if clause K shares nothing, is in another currency, or a guard is not known.
    """
    terms = waterfall_of(agreement)
    unknown = [name for name in cleared if name not in GUARDS]
    if unknown or terms.currency != "USD":
        raise SettlementInvalid(
            f"No guard is called {unknown[0][:40]!r}." if unknown else "Clause K is not in US dollars.",
            remedy=f"Guards are {', '.join(GUARDS)}." if unknown else "Medicare pays in US dollars: amend clause K.",
            clause="K.legal_guards" if unknown else "K.currency",
        )
    if payment_cents < 0:
        return to_members(payment_cents, _last_weights(terms.tiers))
    today = datetime.now(UTC).date()
    found = run(terms, Period(payment_cents, today, cleared))  # type: ignore[arg-type]  # checked above
    standings = ((PAID, found.paid), ("held back", found.held_back), ("set aside until cleared", found.blocked))
    parts = [MemberPart(name, cents, word) for word, amounts in standings for name, cents in amounts.items()]
    return (*parts, *([MemberPart("nobody", found.left_cents, "left over")] if found.left_cents else []))


def _last_weights(tiers: tuple[Tier, ...]) -> Mapping[str, int]:
    shared = [tier.weights for tier in tiers if tier.kind == "share"]
    if not shared:
        raise SettlementInvalid(
            "Clause K shares nothing, so nobody can tell who bears what is owed.",
            remedy="Add a step of kind 'share' with its weights, by amendment.", clause="K.waterfall",
        )  # fmt: skip
    return shared[-1]
