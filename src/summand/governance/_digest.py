"""What needs somebody today, and a letter that says so. Pure text: sending is for who has a mail server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from summand.agreement import Agreement
from summand.governance._records import Motion
from summand.governance._setting import SPEAKER_ROLES, VETO_ROLES
from summand.governance._state import GovernanceState


@dataclass(frozen=True)
class Need:
    """One thing that waits for somebody.

    Attributes:
        kind: ``vote``, ``settle``, ``task``, ``permit``, ``stop``, ``reply`` or ``minutes``.
        text: What, in one sentence.
        due: By when, or None.
        leaf: Where it stands in the ledger, None for what the agreement says.
        urgent: Whether it is late or stops work.
    """

    kind: str
    text: str
    due: datetime | None
    leaf: int | None
    urgent: bool

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self), "due": None if self.due is None else self.due.isoformat(timespec="seconds")}


def needs_of(state: GovernanceState, agreement: Agreement, person: str) -> tuple[Need, ...]:
    """What waits for a person of the agreement, or for a party by its short name: the most urgent first."""
    found = [*_votes(state, agreement, person), *_rest(state, agreement, person)]
    far = datetime.max.replace(tzinfo=state.as_of.tzinfo)
    return tuple(sorted(found, key=lambda item: (not item.urgent, item.due or far)))


def digest(
    state: GovernanceState, agreement: Agreement, person: str, since: datetime
) -> tuple[str, str] | None:  # fmt: skip
    """Subject and text of a letter: what waits, and what was written since ``since``; None where there is neither."""
    needs = needs_of(state, agreement, person)
    news = list(_news(state, since))
    if not needs and not news:
        return None
    urgent = sum(need.urgent for need in needs)
    subject = f"{agreement.title}: {len(needs)} for you" + (f", {urgent} urgent" if urgent else "")
    lines = [f"{agreement.title}, {state.as_of:%Y-%m-%d %H:%M} UTC", ""]
    if needs:
        lines += ["Waits for you:", *(f"  {'! ' if need.urgent else ''}{_line(need)}" for need in needs), ""]
    if news:
        lines += ["New:", *(f"  {line}" for line in news), ""]
    return " ".join(subject.split()), "\n".join(lines)


def _line(need: Need) -> str:
    due = "" if need.due is None else f" (by {need.due:%Y-%m-%d %H:%M} UTC)"
    leaf = "" if need.leaf is None else f" [leaf {need.leaf}]"
    return f"{need.text}{due}{leaf}"


def _parties(agreement: Agreement, person: str, roles: frozenset[str]) -> set[str]:
    """The parties that somebody acts for in one of these roles; a party acts for itself."""
    found = {item.party for item in agreement.people if item.name == person and item.role in roles}
    return found | {party.id for party in agreement.parties if party.id == person}


def _anyhow(agreement: Agreement, person: str) -> set[str]:
    return _parties(agreement, person, frozenset(item.role for item in agreement.people))


def _votes(state: GovernanceState, agreement: Agreement, person: str) -> Iterator[Need]:
    speaks = _parties(agreement, person, SPEAKER_ROLES)
    for motion in state.motions:
        delegated = {
            item.party
            for item in state.delegations
            if (item.person, item.body) == (person, motion.body) and state.as_of.date() <= item.until
        }
        waiting = set(motion.waits_for) & (speaks | delegated)
        if waiting:
            text = f"Vote for {', '.join(sorted(waiting))}: {motion.title}"
            yield Need("vote", text, motion.closes_at, motion.leaf, _soon(motion, state.as_of))
    for item in state.disputes:
        if set(item.waits_for) & speaks:
            yield Need("settle", f"Dispute at '{item.step or 'its end'}': {item.text[:200]}", item.next_step_on, item.leaf,
                       item.next_step_on is None)  # fmt: skip


def _rest(state: GovernanceState, agreement: Agreement, person: str) -> Iterator[Need]:
    mine = _anyhow(agreement, person)
    for task in state.tasks:
        if not task.done and task.assignee in {person, *mine}:
            due = datetime.combine(task.due, datetime.max.time(), state.as_of.tzinfo)
            yield Need("task", task.title, due, task.leaf, task.reminder == "overdue")
    for permit in state.permits:
        if permit.status in ("lapses_soon", "lapsed", "revoked") and (permit.holder in mine or permit.kind == "ethics"):
            ends = datetime.combine(permit.expires, datetime.max.time(), state.as_of.tzinfo)
            words = f"{permit.reference} ({permit.kind}) {permit.status.replace('_', ' ')}"
            yield Need("permit", words, ends, permit.leaf, permit.status != "lapses_soon")
    for site in state.stopped:
        if site.party in _parties(agreement, person, VETO_ROLES):
            yield Need("stop", f"Your site {site.site} is stopped since {site.since}", None, site.leaf, True)
    written = {item.id for item in state.comments if item.person == person}
    for comment in state.comments:
        answered = any(item.reply_to == comment.id and item.person == person for item in state.comments)
        if comment.reply_to in written and comment.person != person and not answered:
            yield Need("reply", f"{comment.person} answered you: {comment.text[:200]}", None, comment.leaf, False)


def _soon(motion: Motion, now: datetime) -> bool:
    return (motion.closes_at - now).total_seconds() < 3 * 86_400


def _news(state: GovernanceState, since: datetime) -> Iterator[str]:
    for motion in state.motions:
        if motion.outcome != "open" and since < motion.closes_at <= state.as_of:
            yield f"Motion '{motion.title}': {motion.outcome}. {motion.why} [leaf {motion.leaf}]"
        elif motion.opened_at > since:
            yield f"Motion opened: {motion.title} [leaf {motion.leaf}]"
    for dispute in state.disputes:
        if dispute.raised_at > since:
            yield f"{dispute.raised_by} raised a dispute: {dispute.text[:200]} [leaf {dispute.leaf}]"
    for comment in state.comments:
        if comment.at > since:
            yield f"{comment.person} on {comment.on[0]} {comment.on[1][:40]}: {comment.text[:200]} [leaf {comment.leaf}]"
    for site in state.stopped:
        if datetime.fromisoformat(site.since) > since:
            yield f"{site.party} stopped its site {site.site} [leaf {site.leaf}]"
