"""Periods of income down the tiers as a document."""

from __future__ import annotations

from collections.abc import Sequence

from summand.documents import Document, Sheet
from summand.sharing.reports._money import amount
from summand.sharing.waterfall import Distribution, Period, TrueUp


def tier_sheet(name: str, distribution: Distribution, source: str) -> Sheet:
    """One period: each tier's parts, and why a tier paid nobody."""
    rows = []
    for line in distribution.lines:
        why = line.passed_over or (f"blocked: {', '.join(line.blocked_by)}" if line.blocked_by else "")
        parts = line.parts or {"": 0}
        for payee, cents in parts.items():
            held = amount(line.held_back.get(payee, 0))
            rows.append((line.tier, amount(line.reached_cents), payee, amount(cents), held, why, source))
    if distribution.left_cents:
        left = amount(distribution.left_cents)
        rows.append(("no tier", left, "", left, amount(0), "left over", source))
    return Sheet(
        f"{name}: {amount(distribution.gross_cents)} {distribution.currency}",
        ("tier", "reached it", "payee", "amount", "held back", "remark", "source"), tuple(rows),
        ("reached it", "amount", "held back"),
    )  # fmt: skip


def waterfall_document(
    periods: Sequence[Period], distributions: Sequence[Distribution], trued: Sequence[TrueUp] = (), *, source: str = ""
) -> Document:
    """Periods as `summand.sharing.waterfall.run_all` settled them, and what was trued up.

    Args:
        periods: Their income and day.
        distributions: One for each.
        trued: As `summand.sharing.waterfall.true_up` gives it.
        source: Where terms and income come from.
    """
    sheets = [
        tier_sheet(str(period.at), found, source or "terms as given")
        for period, found in zip(periods, distributions, strict=True)
    ]
    return Document("Income by tier", (), (*sheets, true_up_sheet(trued)), (source,) if source else ())


def true_up_sheet(trued: Sequence[TrueUp]) -> Sheet:
    """What each payee had too much or too little."""
    rows = tuple(
        (item.payee, *map(amount, (item.entitled_cents, item.received_cents, item.from_reserve_cents,
                                   item.gives_back_cents, item.is_owed_cents)))
        for item in trued
    )  # fmt: skip
    columns = ("payee", "entitled to", "received", "from reserve", "gives back", "is owed")
    return Sheet("True-up of corrected income", columns, rows, columns[1:])
