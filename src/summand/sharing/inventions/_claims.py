"""Limitation: until when a claim may be brought, and the warnings before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from summand.sharing._acts import Act
from summand.sharing._dates import add_months
from summand.sharing.inventions._acts import ClaimNoticed, ClaimTolled

ALERT_DAYS = (365, 180, 90, 30)
"""A claim is told when so many days are left, and from then on."""


@dataclass(frozen=True)
class LimitationRule:
    """Years in which a claim on a contract may be brought; from the year's end where ``from_year_end``."""

    years: int
    source: str
    from_year_end: bool = False


LIMITATION_RULES = {
    "england": LimitationRule(6, "Limitation Act 1980 s 5"),
    "new_york": LimitationRule(6, "CPLR 213(2)"),
    "us_patent_damages": LimitationRule(6, "35 USC 286"),
    "delaware": LimitationRule(3, "10 Del. C. 8106"),
    "germany": LimitationRule(3, "BGB 195, 199(1)", from_year_end=True),
    "france": LimitationRule(5, "Code civil art 2224"),
}
"""Common periods, for counsel to confirm: what starts, stops or shortens them is not in a table."""


@dataclass(frozen=True)
class ClaimLine:
    """One claim: ``ends`` is the last day, ``days`` until it; ``tolled_until`` where both sides agreed that it stands."""

    id: str
    leaf: int
    party: str
    against: str
    subject: str
    invention: str
    arose: date
    rule: str
    tolled_until: date | None
    ends: date
    days: int
    standing: Literal["running", "alert", "barred"]


def limitation_ends(arose: date, rule: str, years: int = 0) -> date:
    """The last day on which a claim may be brought.

    Args:
        arose: When it arose (and was known).
        rule: A key of `LIMITATION_RULES`; any other takes ``years``.
        years: For another rule; at least 1, otherwise the shortest period of the table is assumed.
    """
    known = LIMITATION_RULES.get(rule)
    if known is None:
        shortest = min(item.years for item in LIMITATION_RULES.values())
        return add_months(arose, 12 * (years or shortest))
    start = date(arose.year, 12, 31) if known.from_year_end else arose
    return add_months(start, 12 * known.years)


def claim_lines(acts: Sequence[Act], today: date) -> tuple[ClaimLine, ...]:
    """Every claim in the order it was noticed; a name counts once, where it stands first."""
    found: dict[str, ClaimLine] = {}
    for act in acts:
        if isinstance(act.record, ClaimNoticed) and act.record.id not in found:
            found[act.record.id] = _line(act, acts, today)
    return tuple(found.values())


def _line(act: Act, acts: Sequence[Act], today: date) -> ClaimLine:
    claim: ClaimNoticed = act.record
    tolled = _tolled(claim, acts)
    ends = limitation_ends(claim.arose, claim.rule, claim.years)
    if tolled and tolled > ends:
        ends = tolled
    days = (ends - today).days
    source = (
        LIMITATION_RULES[claim.rule].source if claim.rule in LIMITATION_RULES else f"{claim.rule}, {claim.years} years"
    )
    standing: Literal["running", "alert", "barred"] = (
        "barred" if days < 0 else "alert" if days <= ALERT_DAYS[0] else "running"
    )
    return ClaimLine(
        claim.id, act.leaf, claim.party, claim.against, claim.subject, claim.invention, claim.arose, source, tolled, ends,
        days, standing,
    )  # fmt: skip


def _tolled(claim: ClaimNoticed, acts: Sequence[Act]) -> date | None:
    """The earlier of the days that both sides stated last; None unless both did."""
    by_party = {
        act.party: act.record.until
        for act in acts
        if isinstance(act.record, ClaimTolled) and act.record.claim == claim.id
    }
    if claim.party not in by_party or claim.against not in by_party:
        return None
    return min(by_party[claim.party], by_party[claim.against])
