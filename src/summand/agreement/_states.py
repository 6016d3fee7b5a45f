"""The life of an agreement: its states, what moves it from one to the next, and who may.

::

    draft → offered ⇄ countered → agreed → approvals_pending → executed → active
    active ⇄ amending, suspended, in_dispute → expired | terminated → closing → closed
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from summand.agreement._identity import Status
from summand.errors import AgreementError

STATES: tuple[str, ...] = get_args(Status)
By = Literal["any_party", "data_holder", "all_parties", "clock"]


@dataclass(frozen=True)
class Transition:
    """One event: from which states it leads to which, and who may cause it."""

    event: str
    sources: frozenset[str]
    target: str
    by: By


_NEGOTIATION = frozenset({"offered", "countered", "agreed", "approvals_pending"})
_LIVE = frozenset({"active", "amending", "suspended", "in_dispute"})


def _one(event: str, sources: Collection[str], target: str, by: By) -> tuple[str, Transition]:
    return event, Transition(event, frozenset(sources), target, by)


TRANSITIONS: Mapping[str, Transition] = dict(
    [
        _one("offer", {"draft", "countered"}, "offered", "any_party"),
        _one("counter", {"offered", "countered"}, "countered", "any_party"),
        _one("agree", {"offered", "countered"}, "agreed", "all_parties"),
        _one("request_approvals", {"agreed"}, "approvals_pending", "any_party"),
        _one("withdraw", _NEGOTIATION, "draft", "any_party"),
        _one("execute", {"approvals_pending"}, "executed", "all_parties"),
        _one("commence", {"executed"}, "active", "clock"),
        _one("amend", {"active"}, "amending", "any_party"),
        _one("adopt", {"amending"}, "active", "all_parties"),
        _one("abandon_amendment", {"amending"}, "active", "any_party"),
        _one("suspend", {"active", "amending", "in_dispute"}, "suspended", "data_holder"),
        _one("resume", {"suspended"}, "active", "all_parties"),
        _one("dispute", {"active", "amending", "suspended"}, "in_dispute", "any_party"),
        _one("settle", {"in_dispute"}, "active", "all_parties"),
        _one("expire", _LIVE, "expired", "clock"),
        _one("terminate", _LIVE | {"executed"}, "terminated", "any_party"),
        _one("begin_closing", {"expired", "terminated"}, "closing", "any_party"),
        _one("close", {"closing"}, "closed", "all_parties"),
    ]
)
"""By event. Studies run in state ``active`` alone."""


def next_state(state: str, event: str | Mapping[str, Any]) -> str:
    """The state after ``event``, given as its name or as an entry with the field ``event``.

    Raises:
        AgreementError: if the state or event is unknown, or the event cannot happen in this state.
    """
    name = event if isinstance(event, str) else str(event.get("event"))
    transition = TRANSITIONS.get(name)
    if transition is None or state not in STATES:
        raise AgreementError(
            f"{name[:60]!r} in state {state[:60]!r} is no event of an agreement's life.",
            remedy=f"Use one of: {', '.join(TRANSITIONS)}.",
        )
    if state not in transition.sources:
        allowed = ", ".join(events_in(state)) or "none"
        raise AgreementError(
            f"{name} cannot happen while the agreement is {state}.", remedy=f"Possible events now: {allowed}."
        )
    return transition.target


def events_in(state: str) -> tuple[str, ...]:
    """Names of the events that can happen in a state."""
    return tuple(name for name, transition in TRANSITIONS.items() if state in transition.sources)
