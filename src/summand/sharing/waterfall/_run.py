"""One period's income down the tiers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from summand.sharing._allocate import allocate, allocate_capped
from summand.sharing.waterfall._guards import LegalGuard
from summand.sharing.waterfall._interest import interest_cents, years_between
from summand.sharing.waterfall._state import Accrual, TierState, WaterfallState
from summand.sharing.waterfall._tier import Period, Tier, Waterfall


@dataclass(frozen=True)
class TierLine:
    """What one tier did in one period, in cents.

    Attributes:
        tier, kind: Which tier.
        reached_cents: What came down to it.
        taken_cents: What it took.
        parts: Payee -> its part of that, before anything is held back.
        held_back: Payee -> kept in reserve.
        blocked_by: Guards that are not cleared; the tier then pays nobody and its parts are set aside.
        passed_over: Why the tier took no part, or empty.
    """

    tier: str
    kind: str
    reached_cents: int
    taken_cents: int
    parts: Mapping[str, int]
    held_back: Mapping[str, int]
    blocked_by: tuple[LegalGuard, ...] = ()
    passed_over: str = ""


@dataclass(frozen=True)
class Distribution:
    """One period settled.

    Attributes:
        currency, gross_cents: Its income.
        lines: One for each tier, in order.
        paid: Payee -> paid now.
        held_back: Payee -> kept in reserve now.
        blocked: Payee -> set aside now, until a guard is cleared.
        left_cents: What no tier took.
        state: Where the tiers stand afterwards.
    """

    currency: str
    gross_cents: int
    lines: tuple[TierLine, ...]
    paid: Mapping[str, int]
    held_back: Mapping[str, int]
    blocked: Mapping[str, int]
    left_cents: int
    state: WaterfallState

    def to_dict(self) -> dict[str, Any]:
        """The period as JSON values."""
        lines = [{**line.__dict__, "blocked_by": list(line.blocked_by)} for line in self.lines]
        return {
            "currency": self.currency, "gross_cents": self.gross_cents, "lines": lines, "paid": dict(self.paid),
            "held_back": dict(self.held_back), "blocked": dict(self.blocked), "left_cents": self.left_cents,
        }  # fmt: skip


def run(waterfall: Waterfall, period: Period, state: WaterfallState | None = None) -> Distribution:
    """Send one period's income down the tiers.

    Args:
        waterfall: The tiers in force.
        period: Income, day, cleared guards, triggers.
        state: Where the tiers stood before; None at the start.

    Returns:
        ``gross = paid + held back + blocked + left``, to the cent.
    """
    before = state or WaterfallState()
    left, lines, tiers = period.gross_cents, [], dict(before.tiers)
    for tier in waterfall.tiers:
        line, tiers[tier.name] = _step(tier, waterfall, period, left, before)
        lines.append(line)
        left -= line.taken_cents
    after = WaterfallState(tiers, before.gross_cents + period.gross_cents, before.left_cents + left)
    return Distribution(
        waterfall.currency, period.gross_cents, tuple(lines), _less(after.paid(), before.paid()),
        _less(after.reserve(), before.reserve()), _less(after.blocked(), before.blocked()), left, after,
    )  # fmt: skip


def run_all(waterfall: Waterfall, periods: Iterable[Period]) -> tuple[Distribution, ...]:
    """Each period in turn, under the same tiers."""
    found: list[Distribution] = []
    for period in periods:
        found.append(run(waterfall, period, found[-1].state if found else None))
    return tuple(found)


def _step(
    tier: Tier, waterfall: Waterfall, period: Period, left: int, before: WaterfallState
) -> tuple[TierLine, TierState]:
    old = before.of(tier.name)
    accrual = _accrued(tier, waterfall, period, before)
    passed_over = _passed_over(tier, period)
    parts = {} if passed_over else _parts(tier, period, left, old, accrual)
    blocked_by = tuple(guard for guard in tier.guards if guard not in period.cleared) if parts else ()
    kept = {} if blocked_by else {name: cents * tier.holdback_per_mille // 1000 for name, cents in parts.items()}
    kept = {name: cents for name, cents in kept.items() if cents}
    line = TierLine(
        tier.name, tier.kind, left, sum(parts.values()), parts, kept, blocked_by, passed_over
    )  # fmt: skip
    state = TierState(
        _plus(old.taken, parts), _plus(old.reserve, kept), _plus(old.blocked, parts if blocked_by else {}), accrual
    )
    return line, state


def _passed_over(tier: Tier, period: Period) -> str:
    if tier.last_day is not None and period.at > tier.last_day:
        return f"It ended on {tier.last_day}."
    if tier.applies_if is not None and tier.applies_if not in period.triggers:
        return f"It waits for '{tier.applies_if}'."
    if tier.applies_unless is not None and tier.applies_unless in period.triggers:
        return f"It ended with '{tier.applies_unless}'."
    return ""


def _parts(tier: Tier, period: Period, left: int, old: TierState, accrual: Accrual | None) -> dict[str, int]:
    """Payee -> cents, never more than what is left, the tier's caps or the payee's."""
    most = min([left, *_room(tier, old)])
    if tier.kind in ("reimburse", "preferred"):
        due = tier.claims if accrual is None else accrual.cents
        open_claims = _limited(_open(due, old.taken), tier, old)
        return _positive(allocate(min(most, sum(open_claims.values())), open_claims))
    if tier.kind == "royalty":
        most = min(most, _of(period.gross_cents, tier.per_mille))
    if tier.kind == "fee":
        most = min(most, _of(left, tier.per_mille))
    caps = {name: max(0, cap - old.taken.get(name, 0)) for name, cap in tier.payee_caps.items()}
    weighted = [name for name, weight in tier.weights.items() if weight]
    if all(name in caps for name in weighted):
        most = min(most, sum(caps[name] for name in weighted))
    return _positive(allocate_capped(most, tier.weights, caps))


def _limited(claims: Mapping[str, int], tier: Tier, old: TierState) -> dict[str, int]:
    rooms = {name: max(0, cap - old.taken.get(name, 0)) for name, cap in tier.payee_caps.items()}
    return {name: min(cents, rooms.get(name, cents)) for name, cents in claims.items()}


def _room(tier: Tier, old: TierState) -> list[int]:
    found = [] if tier.cap_cents is None else [max(0, tier.cap_cents - old.taken_cents)]
    return found if tier.period_cap_cents is None else [*found, tier.period_cap_cents]


def _accrued(tier: Tier, waterfall: Waterfall, period: Period, before: WaterfallState) -> Accrual | None:
    """Return fallen due by the day of settlement, on what was unreturned before it."""
    terms, old = tier.preferred, before.of(tier.name)
    if terms is None:
        return old.accrual
    past = old.accrual or Accrual({}, terms.since)
    claims = next(item.claims for item in waterfall.tiers if item.name == terms.on)
    years, due = years_between(past.to, period.at), dict(past.cents)
    for name, principal in _open(claims, before.of(terms.on).taken).items():
        unpaid = due.get(name, 0) - old.taken.get(name, 0) if terms.compound else 0
        more = interest_cents(principal + unpaid, terms.per_mille, years, compound=terms.compound)
        due[name] = due.get(name, 0) + more
    return Accrual(due, max(past.to, period.at))


def _of(cents: int, per_mille: int) -> int:
    """Thousandths of an amount, halves of a cent upwards."""
    return (cents * per_mille + 500) // 1000


def _open(due: Mapping[str, int], taken: Mapping[str, int]) -> dict[str, int]:
    return {name: max(0, cents - taken.get(name, 0)) for name, cents in due.items()}


def _positive(parts: Mapping[str, int]) -> dict[str, int]:
    return {name: cents for name, cents in parts.items() if cents}


def _plus(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in sorted({*one, *other})}


def _less(after: Mapping[str, int], before: Mapping[str, int]) -> dict[str, int]:
    return _positive({name: cents - before.get(name, 0) for name, cents in after.items()})
