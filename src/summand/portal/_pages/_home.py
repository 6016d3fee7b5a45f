"""The first page: what needs me today, and my organisation's partnerships."""

from __future__ import annotations

from aiohttp import web

from summand.portal._roles import Right
from summand.portal._tasks import tasks_for
from summand.portal._visit import Open, Route, Visit

PARTNERSHIPS_SHOWN = 30


async def home(visit: Visit) -> web.StreamResponse:
    """What needs me today; without a role that reads, where to go instead."""
    if not visit.may(Right.READ):
        return visit.to("/people") if visit.may(Right.ACCOUNTS) else visit.to("/account")
    mine = visit.portal.partnerships.of(visit.who.organisation)
    index = visit.portal.index
    ids = [one.agreement.id for one in mine]
    counts = index.study_counts(ids)
    shown = [
        {"one": one, "state": visit.portal.partnerships.state(one.signed), "counts": counts.get(one.agreement.id, {})}
        for one in mine[:PARTNERSHIPS_SHOWN]
    ]
    studies = index.studies(ids, most=8)
    total = {
        status: sum(found.get(status, 0) for found in counts.values()) for found in counts.values() for status in found
    }
    return visit.page(
        "home.html", shown=shown, more=len(mine) - len(shown), studies=studies, total=total, count=len(mine),
        tasks=tasks_for(visit, mine), titles={one.agreement.id: one for one in mine},
    )  # fmt: skip


async def partnerships(visit: Visit) -> web.StreamResponse:
    """All of my organisation's partnerships, found by words of their title."""
    mine = visit.portal.partnerships.of(visit.who.organisation)
    words = visit.query("q").casefold().split()
    found = [one for one in mine if all(word in one.agreement.title.casefold() for word in words)]
    start = visit.number("from") or 0
    page = found[start : start + PARTNERSHIPS_SHOWN]
    counts = visit.portal.index.study_counts([one.agreement.id for one in page])
    shown = [
        {"one": one, "state": visit.portal.partnerships.state(one.signed), "counts": counts.get(one.agreement.id, {})}
        for one in page
    ]
    following = start + PARTNERSHIPS_SHOWN if start + PARTNERSHIPS_SHOWN < len(found) else None
    return visit.page("partnerships.html", shown=shown, count=len(found), query=visit.query("q"), following=following)


ROUTES = (
    Route("GET", "/", home, Open.SIGNED_IN),
    Route("GET", "/partnerships", partnerships, Right.READ),
)
