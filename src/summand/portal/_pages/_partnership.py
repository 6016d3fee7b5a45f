"""One partnership: its home, its agreement in plain words, its studies, and who was invited to read it."""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp import web

from summand.agreement import compare, plain_sections
from summand.errors import FormRefused
from summand.portal._roles import Right
from summand.portal._visit import Route, Visit, nothing_here

STUDIES_SHOWN = 25


async def home(visit: Visit) -> web.StreamResponse:
    """What the partnership is, where it stands, what it did."""
    one = visit.partnership()
    index = visit.portal.index
    agreement = one.agreement
    counts = index.study_counts([agreement.id]).get(agreement.id, {})
    today = datetime.now(UTC).date()
    return visit.page(
        "partnership.html", one=one, agreement=agreement, state=visit.portal.partnerships.state(one.signed),
        counts=counts, studies=index.studies([agreement.id], most=8), days_left=(agreement.term.end - today).days,
        leaves=index.recent_leaves(agreement=agreement.hash, most=8),
        readers=visit.portal.partnerships.readers_of(one.key), error=None, tab="home",
        is_public=visit.portal.partnerships.is_public(one.key),
    )  # fmt: skip


async def agreement(visit: Visit) -> web.StreamResponse:
    """One version of the agreement in plain words, with its signatures and the log of its leaves."""
    one = visit.partnership()
    digest = visit.query("version")
    signed = next((found for found in one.versions if found.agreement.hash == digest), None if digest else one.signed)
    if signed is None:
        raise nothing_here("version of the agreement")
    leaves = visit.portal.index.leaves_of_agreement(signed.agreement.hash, "agreement.executed")
    place = one.versions.index(signed)
    redline = compare(one.versions[place - 1].agreement, signed.agreement) if place else None
    return visit.page(
        "agreement.html", one=one, signed=signed, agreement=signed.agreement, sections=plain_sections(signed.agreement),
        state=visit.portal.partnerships.state(signed), leaf=leaves[0].leaf if leaves else None, tab="agreement",
        redline=redline,
    )  # fmt: skip


async def agreement_file(visit: Visit) -> web.StreamResponse:
    """The signed file, as every party holds it."""
    one = visit.partnership()
    digest = visit.path("digest")
    for signed in one.versions:
        if signed.agreement.hash == digest:
            return visit.download(signed.to_bytes(), f"agreement-{digest[:12]}.signed.json")
    raise nothing_here("version of the agreement")


async def studies(visit: Visit) -> web.StreamResponse:
    """The partnership's studies, newest first, by status."""
    one = visit.partnership()
    wanted = visit.query("status")
    statuses = ("deciding", "running", "confirming") if wanted == "open" else (wanted,) if wanted else ()
    index = visit.portal.index
    found = index.studies(
        [one.agreement.id], statuses=statuses, before=visit.number("before"), most=STUDIES_SHOWN + 1
    )  # fmt: skip
    older = found[STUDIES_SHOWN - 1].seq if len(found) > STUDIES_SHOWN else None
    counts = index.study_counts([one.agreement.id]).get(one.agreement.id, {})
    return visit.page(
        "studies.html", one=one, agreement=one.agreement, state=visit.portal.partnerships.state(one.signed),
        studies=found[:STUDIES_SHOWN], counts=counts, wanted=wanted, older=older, tab="studies",
        drafts=visit.portal.drafts.waiting([one.agreement.id], visit.who.id),
    )  # fmt: skip


async def invite(visit: Visit) -> web.StreamResponse:
    """Let an organisation that is no party read the partnership; or take that back."""
    one = visit.partnership()
    if one.party(visit.who.organisation) is None:
        raise FormRefused("Only a party invites readers.", remedy="Ask a party's governance lead.")
    name = visit.form.get("organisation", "").strip()
    if not name or len(name) > 100 or not all(letter.isalnum() or letter in "._-" for letter in name):
        raise FormRefused(
            "An organisation has a short name of letters, digits and . _ -", remedy="Write the one its accounts have."
        )
    if visit.form.get("act") == "remove":
        visit.portal.partnerships.disinvite(one.key, name)
    else:
        visit.portal.partnerships.invite(one.key, name, f"{visit.who.name} ({visit.who.organisation})")
    return visit.to(f"/partnerships/{one.key}")


ROUTES = (
    Route("GET", "/partnerships/{key}", home, Right.READ),
    Route("GET", "/partnerships/{key}/agreement", agreement, Right.READ),
    Route("GET", "/partnerships/{key}/agreement/{digest}.signed.json", agreement_file, Right.READ),
    Route("GET", "/partnerships/{key}/studies", studies, Right.READ),
    Route("POST", "/partnerships/{key}/readers", invite, Right.GOVERN),
)
