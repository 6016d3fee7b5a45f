"""What follows a period: reserves and blocked money released, and earlier income found to be wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from summand.errors import SettlementInvalid
from summand.sharing.waterfall._run import run_all
from summand.sharing.waterfall._state import TierState, WaterfallState
from summand.sharing.waterfall._tier import Period, Waterfall


@dataclass(frozen=True)
class TrueUp:
    """One payee after income was corrected, in cents.

    Attributes:
        payee: Who.
        entitled_cents: What the corrected income gives it.
        received_cents: What the tiers took for it, paid, held back or blocked.
        from_reserve_cents: Of what it had too much, taken from what is held back or blocked for it.
        gives_back_cents: The rest, which it pays back (clawback).
        is_owed_cents: What it had too little.
    """

    payee: str
    entitled_cents: int
    received_cents: int
    from_reserve_cents: int
    gives_back_cents: int
    is_owed_cents: int


def true_up(waterfall: Waterfall, periods: Sequence[Period]) -> tuple[TrueUp, ...]:
    """Settle all periods anew with corrected income and compare with what was taken.

    Raises:
        SettlementInvalid: if no period has a corrected income.
    """
    if all(period.corrected_gross_cents is None for period in periods):
        raise SettlementInvalid(
            "No period has a corrected income.", remedy="Give corrected_gross_cents.", clause="K.waterfall"
        )
    was = run_all(waterfall, periods)[-1].state
    right = [
        replace(p, gross_cents=p.gross_cents if p.corrected_gross_cents is None else p.corrected_gross_cents)
        for p in periods
    ]
    now = run_all(waterfall, right)[-1].state
    entitled, received, kept, blocked = now.entitled(), was.entitled(), was.reserve(), was.blocked()
    found = []
    for name in sorted({*entitled, *received}):
        over = received.get(name, 0) - entitled.get(name, 0)
        reserve = min(max(0, over), kept.get(name, 0) + blocked.get(name, 0))
        found.append(
            TrueUp(name, entitled.get(name, 0), received.get(name, 0), reserve, max(0, over) - reserve, max(0, -over))
        )
    return tuple(found)


def release(state: WaterfallState, tier: str, *, reserve: bool = False, blocked: bool = False) -> WaterfallState:
    """Pay out what a tier holds in reserve, or what was set aside until its guards were cleared.

    Returns:
        The state afterwards; what is paid is the difference of ``paid()``.

    Raises:
        SettlementInvalid: if the tier has not run.
    """
    if tier not in state.tiers:
        raise SettlementInvalid(f"No tier '{tier[:60]}' has run.", remedy="Name a tier of the waterfall.")
    old = state.tiers[tier]
    new = TierState(old.taken, {} if reserve else old.reserve, {} if blocked else old.blocked, old.accrual)
    return replace(state, tiers={**state.tiers, tier: new})
