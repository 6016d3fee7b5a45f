"""What needs a person today: from the agreements' dates, the studies' states and the person's own roles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from summand.portal._partnerships import Partnership
from summand.portal._roles import Right
from summand.portal._visit import BASE, Visit

NOTICE_DAYS = 90


@dataclass(frozen=True)
class Task:
    """One thing to do: how pressing (``bad``, ``warn``, ``busy``, ``calm``), what, why, and where."""

    tone: str
    label: str
    title: str
    text: str
    href: str


def tasks_for(visit: Visit, mine: Sequence[Partnership]) -> list[Task]:
    """What needs the person who is signed in, the most pressing first."""
    today = datetime.now(UTC).date()
    found = [task for one in mine[:200] for task in _dates(one, today, visit)]
    if visit.may(Right.DESK):
        found += list(_waiting(visit))
    if visit.may(Right.ASK):
        found += list(_refused(visit, mine))
    found += list(_drafts(visit, mine))
    order = {"bad": 0, "warn": 1, "busy": 2, "calm": 3}
    return sorted(found, key=lambda task: order[task.tone])[:12]


def _dates(one: Partnership, today: date, visit: Visit) -> Iterator[Task]:
    agreement, at = one.agreement, f"{BASE}/partnerships/{one.key}"
    state = visit.portal.partnerships.state(one.signed)
    if state in ("suspended", "in_dispute", "unknown"):
        text = "No study runs until the parties settle it."
        yield Task("bad", "Stopped", agreement.title, text, at)
    left = (agreement.term.end - today).days
    if 0 <= left <= NOTICE_DAYS and state == "active":
        yield Task("warn", _within(left), f"{agreement.title} ends", f"Its term ends on {agreement.term.end}.", at)
    for approval in agreement.ethics.approvals:
        if approval.holds_on(today) and (approval.expires - today).days <= NOTICE_DAYS:
            days = (approval.expires - today).days
            text = f"Ethics approval {approval.reference} of {agreement.title} lapses on {approval.expires}."
            yield Task("warn", _within(days), "Ethics approval lapses", text, at)


def _waiting(visit: Visit) -> Iterator[Task]:
    for study in visit.portal.index.decisions_of(visit.who.organisation, "waiting", most=5):
        text = f"{study.requester} asks; your site has not decided yet."
        yield Task("busy", "Your site decides", study.title, text, f"{BASE}/studies/{study.id}")


def _drafts(visit: Visit, mine: Sequence[Partnership]) -> Iterator[Task]:
    for draft in visit.portal.drafts.waiting([one.agreement.id for one in mine], visit.who.id):
        is_mine = draft.state == "unsigned"
        label, text = ("Sign it", "Nothing happens before it is signed.") if is_mine else ("Approve it", draft.author)
        yield Task("busy", label, draft.title, text, f"{BASE}/drafts/{draft.id}")


def _refused(visit: Visit, mine: Sequence[Partnership]) -> Iterator[Task]:
    ids = [one.agreement.id for one in mine]
    for study in visit.portal.index.studies(ids, statuses=("refused", "failed"), most=20):
        if study.requester == visit.who.name:
            text = study.reason or "It ended without a result."
            yield Task("warn", "Look at the reason", study.title, text, f"{BASE}/studies/{study.id}")


def _within(days: int) -> str:
    return f"Within {next(limit for limit in (30, 60, 90) if days <= limit)} days"
