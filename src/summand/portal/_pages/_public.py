"""The public page of a partnership, without sign-in: what is computed, why, by whom, under which limits, what came of it.

A partnership has one once a governance lead of a party published it; nothing on it comes from patients' data but the
titles of studies whose results were released.
"""

from __future__ import annotations

from aiohttp import web

from summand.agreement import plain_sections
from summand.errors import FormRefused
from summand.portal._partnerships import Partnership
from summand.portal._roles import Right
from summand.portal._visit import Open, Route, Visit, nothing_here

SHOWN = ("Why", "Never", "How patients are protected")


async def public(visit: Visit) -> web.StreamResponse:
    """The page in plain language."""
    one = visit.portal.partnerships.published(visit.path("key"))
    if one is None:
        raise nothing_here("public page")
    agreement, index = one.agreement, visit.portal.index
    sections = {section.heading: section.sentences for section in plain_sections(agreement)}
    released = index.studies([agreement.id], statuses=("released",), most=20)
    return visit.page(
        "public.html", one=one, agreement=agreement, state=visit.portal.partnerships.state(one.signed),
        sections={name: sections[name] for name in SHOWN}, released=released,
        counts=index.study_counts([agreement.id]).get(agreement.id, {}), opt_out=_opt_out(one),
    )  # fmt: skip


async def publish(visit: Visit) -> web.StreamResponse:
    """Publish the page, or take it back; for a party's governance lead."""
    one = visit.partnership()
    if one.party(visit.who.organisation) is None:
        raise FormRefused("Only a party publishes a partnership's page.", remedy="Ask a party's governance lead.")
    visit.portal.partnerships.publish(one.key, visit.form.get("act") == "publish", visit.who.name)
    return visit.to(f"/partnerships/{one.key}")


def _opt_out(one: Partnership) -> list[str]:
    """The holders of patient data, whom to ask about opting out."""
    holders = {dataset.holder for dataset in one.agreement.datasets}
    return [
        f"{party.legal_name}: {party.privacy_officer.name}, {party.privacy_officer.email}"
        for party in one.agreement.parties
        if party.id in holders
    ]


ROUTES = (
    Route("GET", "/public/{key}", public, Open.ANYONE),
    Route("POST", "/partnerships/{key}/public", publish, Right.GOVERN),
)
