"""The decision room: motions with quorum, recusals and votes, disputes, permits, tasks; votes and words are signed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from summand.encoding import canonical, sha256_hex
from summand.errors import FormRefused, SummandError
from summand.governance import SPEAKER_ROLES, GovernanceState, read_act
from summand.portal._partnerships import Partnership
from summand.portal._roles import Right
from summand.portal._visit import Route, Visit, nothing_here
from summand.study import STATEMENT_TYPE

Make = Callable[[Visit, Partnership], Mapping[str, Any]]


async def decisions(visit: Visit) -> web.StreamResponse:
    """Where governance stands now, as everybody who holds the ledger works it out."""
    one = visit.partnership()
    return _page(visit, one)


async def motion(visit: Visit) -> web.StreamResponse:
    """One motion: text, quorum, recusals, votes, vetoes, and what was written on it."""
    one = visit.partnership()
    return _motion(visit, one)


async def act(visit: Visit) -> web.StreamResponse:
    """An act as a draft to be signed: a motion, a vote, a recusal, a veto, a comment."""
    one = visit.partnership()
    make = ACTS.get(visit.form.get("act", ""))
    if make is None:
        raise nothing_here("act")
    try:
        document = {"act": visit.form["act"], **make(visit, one)}
        read_act(document)
        person = _signer(visit, one)
        _require_speaker(visit, one, person)
    except SummandError as error:
        return _motion(visit, one, error) if visit.form.get("motion") else _page(visit, one, error)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    payload = {
        "kind": "governance.act", "agreement_hash": one.agreement.hash, "person": person, "study": "",
        "document_sha256": sha256_hex(canonical(document)), "at": at, "document": document,
    }  # fmt: skip
    made = visit.portal.drafts.add(
        visit.who.id, f"{visit.who.name} ({visit.who.organisation})", (one.agreement.hash, one.agreement.id), "statement",
        _title(document), STATEMENT_TYPE, canonical(payload),
    )  # fmt: skip
    return visit.to(f"/drafts/{made}")


def _signer(visit: Visit, one: Partnership) -> str:
    """Who will sign: a person of my organisation that the agreement names, or the organisation with its own key."""
    wanted = visit.form.get("person", "")
    if wanted not in signers(visit, one):
        raise FormRefused("The agreement names no such person of yours.", remedy="Choose who signs.", field="person")
    return wanted


def _require_speaker(visit: Visit, one: Partnership, person: str) -> None:
    """Votes and recusals are a party's: its own key's, its governance lead's, or a delegate's."""
    me = visit.who.organisation
    leads = {found.name for found in one.agreement.people if found.party == me and found.role in SPEAKER_ROLES}
    delegates = {found.person for found in visit.portal.partnerships.governance(one).delegations if found.party == me}
    if visit.form["act"] in ("vote.cast", "recusal.declared") and person not in {me, *leads, *delegates}:
        raise FormRefused(
            f"{person} may not vote for {me}.", remedy="Have your governance lead sign, or your organisation's own key.",
            field="person", clause="H.bodies",
        )  # fmt: skip


def signers(visit: Visit, one: Partnership) -> list[str]:
    """The people of my organisation whom the agreement names, and the organisation itself."""
    today, me = datetime.now(UTC).date(), visit.who.organisation
    if one.party(me) is None:
        return []
    people = [person.name for person in one.agreement.people if person.party == me and person.holds_on(today)]
    return [*dict.fromkeys(people), me]


def _open(visit: Visit, one: Partnership) -> Mapping[str, Any]:
    get = visit.form.get
    days = get("days", "")
    if not days.isdigit() or not 1 <= int(days) <= 365:
        raise FormRefused("A motion is open for 1 to 365 days.", remedy="Write a whole number.", field="days")
    rules = {f"{rule.topic}:{rule.body}": rule for rule in one.agreement.governance.decision_rules}
    rule = rules.get(get("rule", ""))
    if rule is None:
        raise FormRefused("No body decides on that.", remedy="Choose a topic of clause H.", field="rule")
    if int(days) < rule.notice_days:
        raise FormRefused(
            f"Clause H gives notice of {rule.notice_days} days on this topic.", remedy="Keep it open longer.",
            field="days", clause="H.decision_rules",
        )  # fmt: skip
    closes = datetime.now(UTC) + timedelta(days=int(days))
    fields = {
        "id": f"m-{secrets.token_hex(6)}", "body": rule.body, "topic": rule.topic,
        "title": get("title", "").strip(), "subject": "other", "closes_at": closes.isoformat(timespec="seconds"),
    }  # fmt: skip
    return {**fields, "text": get("text", "").strip()} if get("text", "").strip() else fields


def _vote(visit: Visit, _one: Partnership) -> Mapping[str, Any]:
    fields = {"motion": visit.form.get("motion", ""), "vote": visit.form.get("vote", "")}
    reason = visit.form.get("reason", "").strip()
    return {**fields, "reason": reason} if reason else fields


def _recuse(visit: Visit, _one: Partnership) -> Mapping[str, Any]:
    return {"motion": visit.form.get("motion", ""), "reason": visit.form.get("reason", "").strip()}


def _veto(visit: Visit, one: Partnership) -> Mapping[str, Any]:
    mine = [dataset.id for dataset in one.agreement.datasets if dataset.holder == visit.who.organisation]
    return {"motion": visit.form.get("motion", ""), "datasets": mine, "reason": visit.form.get("reason", "").strip()}


def _comment(visit: Visit, _one: Partnership) -> Mapping[str, Any]:
    on = {"kind": "motion", "id": visit.form.get("motion", "")}
    return {"id": f"c-{secrets.token_hex(6)}", "on": on, "text": visit.form.get("reason", "").strip()}


ACTS: Mapping[str, Make] = {
    "motion.opened": _open, "vote.cast": _vote, "recusal.declared": _recuse, "veto.cast": _veto, "comment.posted": _comment,
}  # fmt: skip
_TITLES = {
    "motion.opened": "Open a motion", "vote.cast": "Vote", "recusal.declared": "Recusal", "veto.cast": "Veto",
    "comment.posted": "Comment",
}  # fmt: skip


def _title(document: Mapping[str, Any]) -> str:
    said = document.get("title") or document.get("vote") or document.get("reason") or document.get("text") or ""
    return f"{_TITLES[str(document['act'])]}: {said}"[:200]


def _page(visit: Visit, one: Partnership, error: SummandError | None = None) -> web.Response:
    state: GovernanceState = visit.portal.partnerships.governance(one)
    return visit.page(
        "decisions.html", status=200 if error is None else error.http_status, one=one, agreement=one.agreement,
        standing=state, error=error, given=visit.form, signers=signers(visit, one), tab="decisions",
    )  # fmt: skip


def _motion(visit: Visit, one: Partnership, error: SummandError | None = None) -> web.Response:
    state: GovernanceState = visit.portal.partnerships.governance(one)
    wanted = visit.form.get("motion") or visit.request.match_info.get("motion", "")
    found = next((item for item in state.motions if item.id == wanted), None)
    if found is None:
        raise nothing_here("motion")
    return visit.page(
        "motion.html", status=200 if error is None else error.http_status, one=one, agreement=one.agreement, motion=found,
        comments=state.thread("motion", found.id), error=error, given=visit.form, signers=signers(visit, one),
        tab="decisions",
    )  # fmt: skip


ROUTES = (
    Route("GET", "/partnerships/{key}/decisions", decisions, Right.READ),
    Route("GET", "/partnerships/{key}/decisions/{motion}", motion, Right.READ),
    Route("POST", "/partnerships/{key}/decisions", act, Right.READ),
)
