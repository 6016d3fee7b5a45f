"""Disputes, permits, minutes, comments, tasks and stops, each a fold of its own over its acts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from summand.agreement import Agreement
from summand.encoding import from_base64, parse
from summand.errors import SummandError
from summand.governance._motions import Said
from summand.governance._records import Comment, Dispute, Minutes, Permit, StoppedSite, Task
from summand.governance._setting import SPEAKER_ROLES, body_of
from summand.study import Ignored, Stated

LAPSES_SOON_DAYS = 60
DUE_SOON_DAYS = 7

Others = Mapping[str, list[Said]]
Numbered = tuple[int, Mapping[str, Any]]


def disputes(others: Others, agreement: Agreement, now: datetime, ignored: list[Ignored]) -> tuple[Dispute, ...]:
    """Disputes with the step that the clock has brought them to."""
    raised = _first_by_id(others.get("dispute.raised", []), ignored)
    settled: dict[str, dict[str, Stated]] = {}
    for stated, act in others.get("dispute.settled", []):
        if _known(stated, act["dispute"], raised, ignored) and _speaks(stated, ignored):
            settled.setdefault(act["dispute"], {})[stated.party] = stated
    gone = {
        act["dispute"]
        for stated, act in others.get("dispute.withdrawn", [])
        if _known(stated, act["dispute"], raised, ignored) and stated.party == raised[act["dispute"]][0].party
    }
    return tuple(
        _dispute(said, agreement, now, settled.get(name, {}), withdrawn=name in gone) for name, said in raised.items()
    )


def _dispute(
    said: Said, agreement: Agreement, now: datetime, agreed: Mapping[str, Stated], *, withdrawn: bool
) -> Dispute:
    stated, act = said
    against = tuple(act.get("against", ()))
    concerned = {stated.party, *(against or (party.id for party in agreement.parties))}
    waits = concerned - set(agreed)
    over = max((item.at for item in agreed.values()), default=now) if not waits else now
    number, begins = 0, stated.at
    steps = agreement.governance.escalation
    while number < len(steps) and begins + timedelta(days=steps[number].days) <= over:
        begins += timedelta(days=steps[number].days)
        number += 1
    status: Literal["open", "settled", "withdrawn"] = "withdrawn" if withdrawn else "open" if waits else "settled"
    running = status == "open" and number < len(steps)
    return Dispute(
        act["id"], act["about"], act["text"], stated.party, against, stated.at, stated.leaf,
        steps[number].step if number < len(steps) else "", number,
        begins + timedelta(days=steps[number].days) if running else None, status,
        tuple(sorted(set(agreed) & concerned)), tuple(sorted(waits)) if status == "open" else (),
    )  # fmt: skip


def permits(
    others: Others, agreement: Agreement, now: datetime, ignored: list[Ignored], entries: list[Numbered]
) -> tuple[Permit, ...]:
    """What the work stands on and when it lapses: clause F, people's keys, sites' certificates, and what was recorded."""
    today = now.astimezone(UTC).date()
    found = [
        _permit(f"ethics-{place}", "ethics", item.body, item.reference, item.granted, item.expires,
                item.document_hash or "", "agreement", None, today)
        for place, item in enumerate(agreement.ethics.approvals, 1)
    ] + [
        _permit(f"key-{place}", "key", item.party, f"key of {item.name}", item.from_, item.to, "", "agreement", None, today)
        for place, item in enumerate(agreement.people, 1)
    ]  # fmt: skip
    found += _certificates(agreement, entries, today)
    newest: dict[tuple[str, str], Permit] = {}
    moves = [*others.get("permit.recorded", []), *others.get("permit.revoked", [])]
    for stated, act in sorted(moves, key=lambda said: said[0].leaf):
        if act.name == "permit.revoked":
            place = (act["permit"], stated.party)
            if place in newest:
                newest[place] = replace(newest[place], status="revoked")
        elif act["expires"] < act["granted"]:
            ignored.append(Ignored(stated.leaf, "governance.act", "The permit ends before it begins."))
        else:
            newest[act["id"], stated.party] = _permit(
                act["id"], act["kind"], stated.party, act["reference"], act["granted"], act["expires"],
                act.get("document_sha256", ""), "recorded", stated.leaf, today,
            )  # fmt: skip
    return (*found, *newest.values())


def _permit(
    name: str, kind: str, holder: str, reference: str, granted: date, expires: date, document: str, source: str,
    leaf: int | None, today: date,
) -> Permit:  # fmt: skip
    left = (expires - today).days
    status = "not_yet" if granted > today else "lapsed" if left < 0 else "valid"
    if status == "valid" and left <= LAPSES_SOON_DAYS:
        status = "lapses_soon"
    return Permit(name, kind, holder, reference, granted, expires, document, source, leaf, status, left)


def _certificates(agreement: Agreement, entries: list[Numbered], today: date) -> list[Permit]:
    """The newest certificate of each site of a party here, as the ledger has it; its signature is the guards' concern."""
    parties, newest = {party.id for party in agreement.parties}, {}
    for leaf, entry in entries:
        if entry.get("type") != "site.certified" or entry.get("party") not in parties:
            continue
        try:
            inside = parse(from_base64(entry["envelope"]["payload"], "certificate"))
            begin, end = (datetime.fromisoformat(inside[name]).date() for name in ("from", "to"))
        except (SummandError, KeyError, TypeError, ValueError):
            continue
        site = str(entry.get("site"))
        newest[site] = _permit(
            f"site-{site}", "certificate", str(entry["party"]), f"certificate of site {site}", begin, end, "", "ledger",
            leaf, today,
        )  # fmt: skip
    return list(newest.values())


def minutes(others: Others, agreement: Agreement, _now: datetime, ignored: list[Ignored]) -> tuple[Minutes, ...]:
    """Minutes that a body's chair recorded, with whoever contests them."""
    contested: dict[str, list[tuple[str, str]]] = {}
    for stated, act in others.get("minutes.contested", []):
        contested.setdefault(act["minutes"], []).append((stated.party, act["reason"]))
    found = []
    for name, (stated, act) in _first_by_id(others.get("minutes.recorded", []), ignored).items():
        try:
            chair = body_of(agreement, act["body"]).chair
        except SummandError as error:
            ignored.append(Ignored(stated.leaf, "governance.act", error.message))
            continue
        if stated.party != chair:
            ignored.append(Ignored(stated.leaf, "governance.act", "Only the chair's party records minutes."))
            continue
        found.append(
            Minutes(
                name, act["body"], act["held_at"], tuple(act["present"]), tuple(act.get("motions", ())),
                act.get("text", ""), act.get("text_sha256", ""), stated.statement.person, stated.leaf,
                tuple(contested.get(name, ())),
            )
        )  # fmt: skip
    return tuple(found)


def comments(others: Others, _agreement: Agreement, _now: datetime, ignored: list[Ignored]) -> tuple[Comment, ...]:
    """All threads, oldest first."""
    return tuple(
        Comment(
            name, act["on"], act["text"], stated.statement.person, stated.party, stated.at, act.get("reply_to", ""),
            stated.leaf,
        )
        for name, (stated, act) in _first_by_id(others.get("comment.posted", []), ignored).items()
    )  # fmt: skip


def tasks(others: Others, _agreement: Agreement, now: datetime, ignored: list[Ignored]) -> tuple[Task, ...]:
    """Tasks with their reminder; done and reopened by whoever gave the task, or the party that it was given to."""
    given = _first_by_id(others.get("task.opened", []), ignored)
    done: dict[str, datetime | None] = {}
    moves = [*others.get("task.done", []), *others.get("task.reopened", [])]
    for stated, act in sorted(moves, key=lambda said: said[0].leaf):
        if not _known(stated, act["task"], given, ignored):
            continue
        owner, opened = given[act["task"]]
        if stated.party in (owner.party, opened["assignee"]) or stated.statement.person == opened["assignee"]:
            done[act["task"]] = stated.at if act.name == "task.done" else None
        else:
            ignored.append(Ignored(stated.leaf, "governance.act", "The task is neither this party's nor given by it."))
    return tuple(_task(name, said, done.get(name), now) for name, said in given.items())


def _task(name: str, said: Said, done_at: datetime | None, now: datetime) -> Task:
    stated, act = said
    left = (act["due"] - now.astimezone(UTC).date()).days
    reminder = "" if done_at is not None or left > DUE_SOON_DAYS else "overdue" if left < 0 else "due_soon"
    return Task(
        name, act["on"], act["title"], act["assignee"], act["due"], stated.statement.person, done_at is not None, done_at,
        stated.leaf, reminder,
    )  # fmt: skip


def stopped(statements: list[Stated]) -> tuple[StoppedSite, ...]:
    """The sites that their holders stopped and did not resume, as they themselves said."""
    found: dict[tuple[str, str], StoppedSite] = {}
    for stated in statements:
        place = (str(stated.document.get("site", "")), stated.statement.agreement_hash)
        if stated.document.get("party") != stated.party:
            continue
        if stated.statement.kind == "site.resumed":
            found.pop(place, None)
        else:
            since, reason = (str(stated.document.get(name, "")) for name in ("since", "reason"))
            found[place] = StoppedSite(place[0], stated.party, since, reason, stated.leaf)
    return tuple({item.site: item for item in found.values()}.values())


def _first_by_id(said: list[Said], ignored: list[Ignored]) -> dict[str, Said]:
    found: dict[str, Said] = {}
    for stated, act in said:
        if act["id"] in found:
            ignored.append(Ignored(stated.leaf, "governance.act", f"'{act['id']}' is taken already."))
        else:
            found[act["id"]] = (stated, act)
    return found


def _known(stated: Stated, name: str, among: Mapping[str, Said], ignored: list[Ignored]) -> bool:
    if name not in among:
        ignored.append(Ignored(stated.leaf, "governance.act", f"There is no '{name}'."))
    return name in among


def _speaks(stated: Stated, ignored: list[Ignored]) -> bool:
    if stated.role not in SPEAKER_ROLES:
        ignored.append(Ignored(stated.leaf, "governance.act", "This person does not speak for the party."))
    return stated.role in SPEAKER_ROLES
