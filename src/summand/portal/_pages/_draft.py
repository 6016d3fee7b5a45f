"""A draft: what it says, what would come of it, and the way to sign it. The key never comes here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from summand.encoding import dump, parse
from summand.errors import FormRefused, SummandError
from summand.guard import foresee, unsigned_study
from summand.portal._drafts import Draft, envelope_in
from summand.portal._partnerships import Partnership
from summand.portal._roles import Right
from summand.portal._visit import Route, Visit, nothing_here
from summand.signing import PublicKey
from summand.study import REQUEST_TYPE, STATEMENT_TYPE, Plan, SignedStudy, StudyRequest


async def draft(visit: Visit) -> web.StreamResponse:
    """The draft, with each site's verdict foreseen where it is a study."""
    return _page(visit, *_found(visit))


async def unsigned_file(visit: Visit) -> web.StreamResponse:
    """What is to be signed: the envelope without a signature, or the signed request for one more approval."""
    made, _ = _found(visit)
    if made.study is not None:
        return visit.download(dump(made.study.to_dict()), f"request-{made.id[:8]}.json")
    return visit.download(dump(made.envelope.to_dict()), f"to-sign-{made.id[:8]}.json")


async def take(visit: Visit) -> web.StreamResponse:
    """Take the signed form: it must be this very draft, signed by whom it names; then it goes on to the hub."""
    made, one = _found(visit)
    try:
        if visit.portal.drafts.is_stale(made) or made.state not in ("unsigned", "approvals"):
            raise FormRefused("This draft counts no more.", remedy="Make it anew.", field="signed")
        data = visit.files.get("signed") or visit.form.get("signed_text", "").encode()
        if made.kind == "statement":
            return _state(visit, made, one, data)
        return _study(visit, made, one, data)
    except SummandError as error:
        return _page(visit, made, one, error=error)


async def drop(visit: Visit) -> web.StreamResponse:
    """Let a draft go; its author may."""
    made, one = _found(visit)
    if made.account != visit.who.id:
        raise nothing_here("draft")
    visit.portal.drafts.set_state(made.id, "dropped")
    return visit.to(f"/partnerships/{one.key}/studies")


def _study(visit: Visit, made: Draft, one: Partnership, data: bytes) -> web.StreamResponse:
    study = _signed_study(made, data)
    people = [person for person in one.agreement.people if person.name == study.request.requester]
    study.envelope.verify(REQUEST_TYPE, [PublicKey.from_text(person.key) for person in people])
    if made.study is not None:  # more approvals: those that are there stay
        known = {envelope.payload for envelope in made.study.approvals}
        fresh = [envelope for envelope in study.approvals if envelope.payload not in known]
        study = SignedStudy(made.study.envelope, (*made.study.approvals, *fresh))
    if any(found.waits_for for found in _foreseen(visit, one, study)):
        visit.portal.drafts.set_state(made.id, "approvals", study)
        return visit.to(f"/drafts/{made.id}")
    identifier = visit.portal.convener.submit(study.to_dict())
    visit.portal.drafts.set_state(made.id, "sent", study)
    return visit.to(f"/studies/{identifier}")


def _signed_study(made: Draft, data: bytes) -> SignedStudy:
    fields: Any = parse(data, "signed file")
    if isinstance(fields, dict) and "approvals" in fields:
        study = SignedStudy.from_dict(fields)
    else:
        study = SignedStudy(envelope_in(data))
    if study.envelope.payload != made.payload:
        raise FormRefused(
            "This file is signed, but not on this draft.", remedy="Sign the file from this very page.", field="signed"
        )
    return study


def _state(visit: Visit, made: Draft, one: Partnership, data: bytes) -> web.StreamResponse:
    envelope = envelope_in(data)
    if envelope.payload != made.payload or envelope.payload_type != STATEMENT_TYPE:
        raise FormRefused(
            "This file is signed, but not on this draft.", remedy="Sign the file from this very page.", field="signed"
        )
    visit.portal.convener.put_statement(envelope.to_dict())
    visit.portal.drafts.set_state(made.id, "sent")
    return visit.to(f"/partnerships/{one.key}/decisions")


def _found(visit: Visit) -> tuple[Draft, Partnership]:
    made = visit.portal.drafts.get(visit.path("draft"))
    one = visit.portal.partnerships.of_study(visit.who.organisation, made.agreement)
    if made.state == "unsigned" and made.account != visit.who.id:
        raise nothing_here("draft")
    return made, one


def _foreseen(visit: Visit, one: Partnership, study: SignedStudy) -> list[Any]:
    agreement = one.agreement
    holders = {agreement.dataset(name).holder for name in study.request.datasets}
    history = visit.portal.partnerships.history(agreement.hash, whole=True)
    now = datetime.now(UTC)
    origin = visit.portal.convener.origin
    return [
        foresee(study, one.signed, history, site=party, federation=origin, at=now) for party in sorted(holders)
    ]  # fmt: skip


def _page(visit: Visit, made: Draft, one: Partnership, error: SummandError | None = None) -> web.Response:
    value: Any = parse(made.payload)
    values: dict[str, Any] = {"foreseen": [], "reveals": [], "study": None}
    if made.kind == "study":
        study = made.study or unsigned_study(StudyRequest.from_dict(value))
        plan = Plan.of(study, one.agreement)
        reveals = [block for block in plan.method.layout(plan.method.start()) if block.reveals]
        values = {"foreseen": _foreseen(visit, one, study), "reveals": reveals, "study": study}
    return visit.page(
        "draft.html", status=200 if error is None else error.http_status, one=one, agreement=one.agreement, made=made,
        value=value, error=error, is_mine=made.account == visit.who.id, stale=visit.portal.drafts.is_stale(made),
        tab="studies", **values,
    )  # fmt: skip


ROUTES = (
    Route("GET", "/drafts/{draft}", draft, Right.READ),
    Route("GET", "/drafts/{draft}/file", unsigned_file, Right.READ),
    Route("POST", "/drafts/{draft}", take, Right.READ),
    Route("POST", "/drafts/{draft}/drop", drop, Right.READ),
)
