"""The data steward's desk: what is asked of my organisation's data, what its site decided, and how to stop it."""

from __future__ import annotations

from aiohttp import web

from summand.portal._roles import Right
from summand.portal._visit import Route, Visit


async def desk(visit: Visit) -> web.StreamResponse:
    """Requests that wait, permits and refusals of my site, stops, and approvals that are asked for."""
    index, me = visit.portal.index, visit.who.organisation
    mine = [one for one in visit.portal.partnerships.of(me) if one.party(me) is not None]
    held = [(one, dataset) for one in mine for dataset in one.agreement.datasets if dataset.holder == me]
    stopped = [
        (one, stop)
        for one in mine
        if visit.portal.partnerships.index.leaves_of_agreement(one.agreement.hash, "site.stopped")
        for stop in visit.portal.partnerships.governance(one).stopped
        if stop.party == me
    ]
    return visit.page(
        "desk.html", waiting=index.decisions_of(me, "waiting"), permitted=index.decisions_of(me, "permit", most=12),
        refused=index.decisions_of(me, "refuse", most=12), held=held[:50], stopped=stopped,
        drafts=visit.portal.drafts.waiting([one.agreement.id for one in mine], visit.who.id),
        titles={one.agreement.id: one for one in mine},
    )  # fmt: skip


ROUTES = (Route("GET", "/desk", desk, Right.DESK),)
