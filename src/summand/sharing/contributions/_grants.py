"""Grants as they stand: received, spent, left, and which reports are due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from summand.sharing._acts import Act
from summand.sharing.contributions._acts import GrantAwarded, GrantReceived, GrantReported, GrantSpent

ReportStanding = Literal["given", "given late", "due", "overdue"]


@dataclass(frozen=True)
class GrantReportLine:
    """One report to a funder; ``leaf`` is where it was stated to have been given, None if it was not."""

    name: str
    due: date
    given: date | None
    standing: ReportStanding
    leaf: int | None


@dataclass(frozen=True)
class GrantLine:
    """One grant, in cents.

    Attributes:
        leaf: Where its award stands in the ledger.
        awarded: Its terms.
        received_cents, spent_cents: Paid out by the funder, and spent of it.
        own_share_spent_cents: Spent of the party's own share.
        left_cents: Awarded less spent; negative is overspent.
        outside_term_cents: Spent before its first or after its last day.
        reports: In order of their dates.
    """

    leaf: int
    awarded: GrantAwarded
    received_cents: int
    spent_cents: int
    own_share_spent_cents: int
    left_cents: int
    outside_term_cents: int
    reports: tuple[GrantReportLine, ...]


def grant_lines(acts: Sequence[Act], today: date) -> tuple[GrantLine, ...]:
    """Every grant, in the order of award; an identifier counts once, where it stands first."""
    found: dict[str, GrantLine] = {}
    for act in acts:
        if isinstance(act.record, GrantAwarded) and act.record.id not in found:
            found[act.record.id] = _line(act, acts, today)
    return tuple(found.values())


def _line(award: Act, acts: Sequence[Act], today: date) -> GrantLine:
    terms = award.record
    about = [act for act in acts if act.party == terms.party and getattr(act.record, "grant", None) == terms.id]
    spent = [act.record for act in about if isinstance(act.record, GrantSpent)]
    received = sum(act.record.cents for act in about if isinstance(act.record, GrantReceived))
    of_grant = sum(item.cents for item in spent if not item.own_share)
    outside = sum(item.cents for item in spent if not terms.first_day <= item.at <= terms.last_day)
    reports = tuple(
        _report(report.name, report.due, about, today) for report in sorted(terms.reports, key=lambda r: r.due)
    )
    own = sum(item.cents for item in spent if item.own_share)
    return GrantLine(award.leaf, terms, received, of_grant, own, terms.amount_cents - of_grant, outside, reports)


def _report(name: str, due: date, about: Sequence[Act], today: date) -> GrantReportLine:
    for act in about:
        if isinstance(act.record, GrantReported) and act.record.report == name:
            given = act.record.at
            return GrantReportLine(name, due, given, "given late" if given > due else "given", act.leaf)
    return GrantReportLine(name, due, None, "overdue" if today > due else "due", None)
