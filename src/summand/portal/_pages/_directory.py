"""The directory: organisations found by words and facets, and who could work with whom, each point with its reason."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

from aiohttp import web

from summand.directory import CAPABILITIES, FACETS, KINDS, Directory, Match, Organisation, Query, match
from summand.errors import OrganisationUnknown, UsageError
from summand.portal._roles import Right
from summand.portal._visit import Route, Visit, nothing_here

SHOWN, VALUES_SHOWN = 25, 8
FACETS_SHOWN = ("kind", "country", "capability", "need", "theme", "certificate", "standing")
NAMES = {**KINDS, **CAPABILITIES}


async def directory(visit: Visit) -> web.StreamResponse:
    """One page of organisations, and how many another choice would give."""
    held = _held(visit)
    chosen = {name: visit.query(name) for name in FACETS if visit.query(name)}
    query = Query(
        text=visit.query("q"), where={name: (value,) for name, value in chosen.items()}, limit=SHOWN,
        offset=visit.number("from") or 0, today=datetime.now(UTC).date(),
    )  # fmt: skip
    page = None if held is None else held.search(query)
    facets = [] if page is None else [
        (name, [(value, count, _link(visit, chosen, name, value)) for value, count in page.facets.get(name, ())[:VALUES_SHOWN]])
        for name in FACETS_SHOWN
    ]  # fmt: skip
    following = None
    if page is not None and query.offset + SHOWN < page.total:
        following = "?" + urlencode({**chosen, "q": visit.query("q"), "from": query.offset + SHOWN})
    return visit.page(
        "directory.html", page=page, facets=[item for item in facets if item[1]], chosen=chosen, names=NAMES,
        without={name: _link(visit, chosen, name, None) for name in chosen}, query=visit.query("q"), following=following,
    )  # fmt: skip


async def organisation(visit: Visit) -> web.StreamResponse:
    """One organisation in its own words, and who could cover its needs."""
    held = _held(visit)
    if held is None:
        raise nothing_here("organisation")
    try:
        entry = held.get(visit.path("organisation"))
    except OrganisationUnknown:
        raise nothing_here("organisation") from None
    found, told = _matched(held, entry.organisation)
    return visit.page(
        "organisation.html", entry=entry, one=entry.organisation, found=found, told=told, names=NAMES,
    )  # fmt: skip


def _matched(held: Directory, seeker: Organisation) -> tuple[Match | None, str]:
    if not seeker.needs:
        return None, "It states no needs, so nobody can be matched to it."
    try:
        return match(seeker, held.candidates(seeker.needs, Query(limit=0)), datetime.now(UTC).date()), ""
    except UsageError as error:
        return None, f"{error.message} {error.remedy}"


def _held(visit: Visit) -> Directory | None:
    return visit.portal.directory


def _link(visit: Visit, chosen: dict[str, str], name: str, value: str | None) -> str:
    """The same search with another choice of one facet."""
    kept = {key: found for key, found in chosen.items() if key != name}
    more = {} if value is None else {name: value}
    return "?" + urlencode({**({"q": visit.query("q")} if visit.query("q") else {}), **kept, **more})


ROUTES = (
    Route("GET", "/directory", directory, Right.READ),
    Route("GET", "/directory/{organisation}", organisation, Right.READ),
)
