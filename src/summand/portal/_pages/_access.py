"""For auditors: who looked at figures that come from patients' data."""

from __future__ import annotations

from aiohttp import web

from summand.errors import EntryInvalid
from summand.portal._roles import Right
from summand.portal._visit import Route, Visit

SHOWN = 50


async def access_log(visit: Visit) -> web.StreamResponse:
    """Looks under my organisation's partnerships, newest first."""
    mine = visit.portal.partnerships.of(visit.who.organisation)
    titles = {one.agreement.id: one for one in mine}
    found = visit.portal.views.under(list(titles), before=visit.number("before"), most=SHOWN + 1)
    older = found[SHOWN - 1].seq if len(found) > SHOWN else None
    return visit.page("access.html", views=found[:SHOWN], older=older, titles=titles, checked=None, error=None)


async def check(visit: Visit) -> web.StreamResponse:
    """The same, after every row of the record was checked against the one before."""
    mine = visit.portal.partnerships.of(visit.who.organisation)
    titles = {one.agreement.id: one for one in mine}
    found = visit.portal.views.under(list(titles), most=SHOWN)
    checked, error = None, None
    try:
        checked = visit.portal.views.verify()
    except EntryInvalid as broken:
        error = broken
    return visit.page("access.html", views=found, older=None, titles=titles, checked=checked, error=error)


ROUTES = (
    Route("GET", "/access-log", access_log, Right.ACCESS_LOG),
    Route("POST", "/access-log", check, Right.ACCESS_LOG),
)
