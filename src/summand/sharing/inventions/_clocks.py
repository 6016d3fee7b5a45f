"""The clocks of an invention: what is due by when, from which day, by which rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from summand.sharing._acts import Act
from summand.sharing._dates import add_days, add_months
from summand.sharing.inventions._acts import (
    InventionDisclosed,
    InventionElected,
    InventionFiled,
    InventionPublished,
    InventionReported,
)

ClockStanding = Literal["done", "done late", "running", "soon", "overdue", "over"]

SOON_DAYS = 90
"""From so many days before it ends a clock is told as "soon"."""


@dataclass(frozen=True)
class Clock:
    """One deadline.

    Attributes:
        what: What is to be done.
        since: The day it runs from.
        due: The last day.
        rule: By which clause or provision.
        done: When it was done, or None.
        days: Until it is due, negative if it is past; counted to today, or to the day it was done.
        standing: Where it stands; "over" where what was to be kept can be kept no more.
    """

    what: str
    since: date
    due: date
    rule: str
    done: date | None
    days: int
    standing: ClockStanding


def clocks_of(disclosed: Act, acts: Sequence[Act], disclosure_days: int, today: date) -> tuple[Clock, ...]:
    """Every clock of an invention that runs, is done or is past, by the day it is due.

    Args:
        disclosed: Its disclosure; it was received when it came into the ledger.
        acts: Acts about it.
        disclosure_days: Clause J's days to disclose.
        today: The day.
    """
    found = _clocks(disclosed, acts, disclosure_days, today)
    return tuple(sorted(found, key=lambda clock: (clock.due, clock.what)))


def _clocks(disclosed: Act, acts: Sequence[Act], disclosure_days: int, today: date) -> Iterator[Clock]:
    record: InventionDisclosed = disclosed.record
    received = disclosed.at.date()
    reported = _first(acts, InventionReported)
    elected = _first(acts, InventionElected)
    filed = _first(acts, InventionFiled)
    keeps = next((act.record.keeps_title for act in acts if isinstance(act.record, InventionElected)), None)
    yield _clock(
        "Disclose to the partners", record.conceived, add_days(record.conceived, disclosure_days),
        "clause J.disclosure_days", received, today,
    )  # fmt: skip
    if record.us_federal:
        yield _clock("Report to the agency", received, add_months(received, 2), "37 CFR 401.14(c)(1)", reported, today)
        if reported:
            due = add_months(reported, 24)
            yield _clock("Elect title", reported, due, "37 CFR 401.14(c)(2)", elected, today)
        if elected and keeps:
            due = add_months(elected, 12)
            yield _clock("File the first application", elected, due, "37 CFR 401.14(c)(3)", filed, today)
    if record.employee_law_germany:
        due = add_months(received, 4)
        yield _clock(
            "Release to the inventor, or it is claimed", received, due, "ArbnErfG section 6(2)", elected, today
        )
    yield from _publication(record, acts, filed, today)
    if filed:
        later = _later_filing(acts)
        yield _clock("File abroad with priority", filed, add_months(filed, 12), "Paris Convention art 4C", later, today)


def _publication(record: InventionDisclosed, acts: Sequence[Act], filed: date | None, today: date) -> Iterator[Clock]:
    public = [item.at for item in record.prior_disclosures]
    public += [act.record.at for act in acts if isinstance(act.record, InventionPublished)]
    if public:
        first = min(public)
        due = add_months(first, 12)
        yield _clock("File in the United States (grace year)", first, due, "35 USC 102(b)(1)", filed, today)
        if filed is None or filed >= first:
            yield Clock(
                "Novelty in Europe", first, first, "EPC art 54(2): no grace period", None, (first - today).days, "over"
            )
    elif record.publication_planned:
        due = add_days(record.publication_planned, -1)
        yield _clock("File before publication", record.conceived, due, "EPC art 54(2): no grace period", filed, today)


def _clock(what: str, since: date, due: date, rule: str, done: date | None, today: date) -> Clock:
    days = (due - (done or today)).days
    if done is not None:
        standing: ClockStanding = "done" if done <= due else "done late"
    else:
        standing = "overdue" if days < 0 else "soon" if days <= SOON_DAYS else "running"
    return Clock(what, since, due, rule, done, days, standing)


def _first(acts: Sequence[Act], kind: type[Any]) -> date | None:
    return min((act.record.at for act in acts if isinstance(act.record, kind)), default=None)


def _later_filing(acts: Sequence[Act]) -> date | None:
    days = sorted(act.record.at for act in acts if isinstance(act.record, InventionFiled))
    return days[1] if len(days) > 1 else None
