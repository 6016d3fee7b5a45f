"""The waterfall that clause K of an agreement writes down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from summand.errors import SettlementInvalid
from summand.sharing.waterfall._guards import GUARDS, LegalGuard
from summand.sharing.waterfall._tier import Tier, Waterfall

if TYPE_CHECKING:
    from summand.agreement import Agreement


def waterfall_of(agreement: Agreement) -> Waterfall:
    """The tiers of clause K.

    A reimbursement without a payee returns to each party what it has delivered under clause I; with a payee and a cap it
    returns at most the cap in each period, until what the payee delivered is returned. Every tier waits for the legal
    guards that the clause names.

    Raises:
        SettlementInvalid: if the clause expects no income, or returns a cost that nobody has delivered.
    """
    revenue = agreement.revenue
    if not revenue.waterfall:
        raise SettlementInvalid(
            "The agreement expects no income.", remedy="Add the steps by amendment.", clause="K.waterfall"
        )
    guards: tuple[LegalGuard, ...] = tuple(guard for guard in revenue.legal_guards if guard in GUARDS)
    tiers = []
    for step in revenue.waterfall:
        name = f"K.{step.order}"
        common = {"text": step.text, "guards": guards, "period_cap_cents": step.cap_cents}
        if step.kind == "share":
            tier = Tier(name, "share", {w.party: w.weight for w in step.weights}, **common)  # type: ignore[arg-type]
        elif step.kind == "fee":
            tier = Tier(name, "fee", {str(step.payee): 1}, per_mille=step.per_mille or 0, **common)  # type: ignore[arg-type]
        else:
            tier = Tier(name, "reimburse", claims=_delivered(agreement, step.payee), **common)  # type: ignore[arg-type]
        tiers.append(tier)
    return Waterfall(revenue.currency, tuple(tiers))


def _delivered(agreement: Agreement, payee: str | None) -> dict[str, int]:
    found: dict[str, int] = {}
    for item in agreement.work.contributions:
        if payee in (None, item.party):
            found[item.party] = found.get(item.party, 0) + item.delivered_cents
    return found
