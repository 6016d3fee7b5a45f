"""The map: where the partners are, who works with whom, and which rules apply where."""

from __future__ import annotations

from collections import defaultdict

from aiohttp import web

from summand.portal._map_drawing import Place, map_svg
from summand.portal._roles import Right
from summand.portal._visit import Route, Visit

PARTNERSHIPS_MAX = 200


async def world(visit: Visit) -> web.StreamResponse:
    """My organisation's partnerships on one map, and the same as a table."""
    mine = visit.portal.partnerships.of(visit.who.organisation)[:PARTNERSHIPS_MAX]
    places: dict[str, Place] = {}
    lines: set[tuple[str, str]] = set()
    rules: dict[str, set[str]] = defaultdict(set)
    for one in mine:
        there = []
        for party in one.agreement.parties:
            if party.hipaa_status not in (None, "none"):
                rules[party.country].add(f"HIPAA: {str(party.hipaa_status).replace('_', ' ')}")
            if party.gdpr_role not in (None, "none"):
                rules[party.country].add(f"GDPR: {str(party.gdpr_role).replace('_', ' ')}")
            if party.coordinates is not None:
                at = party.coordinates
                places.setdefault(party.id, Place(party.id, party.legal_name, at.latitude, at.longitude))
                there.append(party.id)
        lines |= {(there[0], other) for other in there[1:]}
    parties = {party.id: party for one in mine for party in one.agreement.parties}
    by_country: dict[str, list[str]] = defaultdict(list)
    for party in parties.values():
        by_country[party.country].append(party.legal_name)
    return visit.page(
        "map.html", svg=map_svg(list(places.values()), sorted(lines)), placed=len(places), count=len(parties),
        countries=sorted(by_country.items()), rules=rules, partnerships=len(mine),
    )  # fmt: skip


ROUTES = (Route("GET", "/map", world, Right.READ),)
