"""The acts of governance: a closed list, each with its fields; anything else is no act.

An act is the document inside a statement of the kind ``governance.act``. A type is never removed and never changes its
meaning; new fields are optional.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from summand.errors import ActInvalid

TEXT_MAX = 4_000
LIST_MAX = 200
TOPICS = ("amendment", "accession", "study", "publication", "budget", "ip", "safety", "termination", "other")
VOTES = ("yes", "no", "abstain")
SUBJECTS = ("study", "amendment", "other")
THINGS = ("agreement", "study", "goal", "motion", "dispute")
PERMITS = ("ethics", "certificate", "insurance", "licence", "contract", "other")
INTERESTS = ("equity", "fees", "ip", "family", "board", "other")

Reader = Callable[[Any], Any]


def _malformed() -> ActInvalid:
    return ActInvalid("A field is malformed.", remedy="See docs/governance.md for its form.")


def _text(value: Any, most: int = TEXT_MAX) -> str:
    if not isinstance(value, str) or not 0 < len(value.strip()) <= most:
        raise _malformed()
    return value


def _name(value: Any) -> str:
    return _text(value, 500)


def _id(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", value):
        raise _malformed()
    return value


def _hash(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{64}", value):
        raise _malformed()
    return value


def _time(value: Any) -> datetime:
    found = datetime.fromisoformat(_name(value))
    if found.tzinfo is None:
        raise _malformed()
    return found.astimezone(UTC)


def _day(value: Any) -> date:
    return date.fromisoformat(_name(value))


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _malformed()
    return value


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _malformed()
    return value


def _one_of(*allowed: str) -> Reader:
    def read(value: Any) -> str:
        if value not in allowed:
            raise _malformed()
        return str(value)

    return read


def _list(item: Reader) -> Reader:
    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) > LIST_MAX:
            raise _malformed()
        return tuple(item(one) for one in value)

    return read


def _thing(value: Any) -> tuple[str, str]:
    found = _object(value)
    if set(found) != {"kind", "id"}:
        raise _malformed()
    return _one_of(*THINGS)(found["kind"]), _name(found["id"])


@dataclass(frozen=True)
class Form:
    """The fields of one act: those that must be there, and those that may."""

    needed: Mapping[str, Reader]
    optional: Mapping[str, Reader]
    words: str


def _form(words: str, optional: Mapping[str, Reader] | None = None, **needed: Reader) -> Form:
    return Form(needed, optional or {}, words)


FORMS: Mapping[str, Form] = {
    "motion.opened": _form(
        "opened a motion",
        {"text": _text, "text_sha256": _hash, "subject_hash": _hash, "datasets": _list(_name), "meeting_at": _time},
        id=_id, body=_id, topic=_one_of(*TOPICS), title=_name, subject=_one_of(*SUBJECTS), closes_at=_time,
    ),
    "motion.withdrawn": _form("withdrew a motion", motion=_id),
    "motion.closed": _form("closed a motion before its time", motion=_id),
    "notice.waived": _form("waived the notice of a motion", motion=_id),
    "presence.declared": _form("declared to be present", motion=_id),
    "vote.cast": _form("voted", {"reason": _text, "approval": _object}, motion=_id, vote=_one_of(*VOTES)),
    "veto.cast": _form(
        "vetoed the use of its data", {"motion": _id, "request_hash": _hash}, datasets=_list(_name), reason=_text
    ),
    "recusal.declared": _form("recused itself", motion=_id, reason=_text),
    "interest.declared": _form(
        "declared an interest", {"plan": _text},
        interest=_one_of(*INTERESTS), counterparty=_name, topics=_list(_one_of(*TOPICS)),
    ),
    "delegation.given": _form("let somebody vote for it", to=_name, body=_id, until=_day),
    "minutes.recorded": _form(
        "recorded minutes", {"text": _text, "text_sha256": _hash, "motions": _list(_id)},
        id=_id, body=_id, held_at=_time, present=_list(_name),
    ),
    "minutes.contested": _form("contested minutes", minutes=_id, reason=_text),
    "dispute.raised": _form("raised a dispute", {"against": _list(_name)}, id=_id, about=_thing, text=_text),
    "dispute.settled": _form("agreed to settle a dispute", dispute=_id, outcome=_text),
    "dispute.withdrawn": _form("withdrew a dispute", dispute=_id),
    "permit.recorded": _form(
        "recorded a permit", {"document_sha256": _hash, "scope": _text},
        id=_id, kind=_one_of(*PERMITS), reference=_name, granted=_day, expires=_day,
    ),
    "permit.revoked": _form("revoked a permit", permit=_id, reason=_text),
    "comment.posted": _form("wrote", {"reply_to": _id}, id=_id, on=_thing, text=_text),
    "task.opened": _form("gave a task", id=_id, on=_thing, title=_name, assignee=_name, due=_day),
    "task.done": _form("finished a task", task=_id),
    "task.reopened": _form("reopened a task", task=_id),
}  # fmt: skip
"""By name; ``words`` go behind the name of whoever acts."""


@dataclass(frozen=True)
class Act:
    """One act as it was read: its name and its fields, times in UTC."""

    name: str
    fields: Mapping[str, Any]

    def __getitem__(self, field: str) -> Any:
        return self.fields[field]

    def get(self, field: str, default: Any = None) -> Any:
        """An optional field."""
        return self.fields.get(field, default)


def read_act(document: Mapping[str, Any]) -> Act:
    """The act in a document.

    Raises:
        ActInvalid: if it is none of the list, or a field is missing, unknown or malformed.
    """
    name = document.get("act")
    form = FORMS.get(str(name))
    if form is None:
        raise ActInvalid(f"'{str(name)[:60]}' is no act of governance.", remedy=f"Use one of: {', '.join(FORMS)}.")
    given = {key: value for key, value in document.items() if key != "act"}
    readers = {**form.needed, **form.optional}
    missing, unknown = sorted(set(form.needed) - set(given)), sorted(set(given) - set(readers))
    if missing or unknown:
        what = f"lacks {', '.join(missing)}" if missing else f"has the unknown field {unknown[0][:60]}"
        raise ActInvalid(f"The act '{name}' {what}.", remedy="Give the fields that docs/governance.md lists.")
    found: dict[str, Any] = {}
    for key, value in given.items():
        try:
            found[key] = readers[key](value)
        except (ActInvalid, ValueError, TypeError, OverflowError):
            raise ActInvalid(
                f"The field '{key}' of the act '{name}' is malformed.", remedy="See docs/governance.md for its form."
            ) from None
    return Act(str(name), found)
