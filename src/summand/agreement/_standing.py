"""Where a signed agreement stands on a day: its signatures, the events in the ledger, and the calendar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from summand.agreement._document import Agreement
from summand.agreement._sealing import SignedAgreement
from summand.agreement._states import TRANSITIONS, next_state
from summand.errors import AgreementError, AgreementNotInForce

_BEFORE_EXECUTION = frozenset({"offer", "counter", "agree", "request_approvals", "withdraw"})
_BY_SIGNATURE_OR_CLOCK = frozenset({"execute", "commence", "expire"})
_LIVE = ("active", "amending", "suspended", "in_dispute")


def event_entry(agreement: Agreement, event: str, by: Sequence[str], at: datetime, reason: str = "") -> dict[str, Any]:
    """An event as an entry that a ledger can hold: ``event``, ``agreement`` (hash), ``by`` (parties), ``at``, ``reason``.

    Raises:
        AgreementError: if these parties may not cause it.
    """
    entry = {
        "event": event,
        "agreement": agreement.hash,
        "by": sorted(by),
        "at": at.astimezone(UTC).isoformat(timespec="seconds"),
        "reason": reason,
    }
    _may_cause(agreement, entry)
    return entry


def state_of(signed: SignedAgreement, events: Sequence[Mapping[str, Any]], today: date) -> str:
    """The state on ``today`` (a day in UTC).

    Signatures and the calendar move the agreement by themselves: it is ``executed`` once the signatures of clause O
    hold, ``active`` within its term while its ethics approvals hold, ``expired`` after it. Entries about other
    agreements or versions, and entries dated after ``today``, are passed over.

    Args:
        signed: The agreement and its signatures.
        events: Entries as `event_entry` makes them, in the order of the ledger, signatures on them already checked.
        today: The day.

    Raises:
        AgreementError: if an entry is malformed, its cause not entitled, or it cannot happen in the state reached.
    """
    agreement = signed.agreement
    mine = [entry for entry in events if entry.get("agreement") == agreement.hash and _day_of(entry) <= today]
    for entry in mine:
        _may_cause(agreement, entry)
    if not signed.is_effective:
        return _before_execution(signed, mine)
    state = "active"
    for entry in mine:
        if entry["event"] not in _BEFORE_EXECUTION | _BY_SIGNATURE_OR_CLOCK:
            state = next_state(_at_day(agreement, state, _day_of(entry)), entry)
    return _at_day(agreement, state, today)


def require_active(signed: SignedAgreement, events: Sequence[Mapping[str, Any]], today: date) -> None:
    """Return if studies may run on ``today``.

    Raises:
        SignatureInvalid: if signatures are missing or broken.
        AgreementNotInForce: if the state is any other than ``active``.
    """
    signed.require_effective()
    state = state_of(signed, events, today)
    if state != "active":
        term = signed.agreement.term
        raise AgreementNotInForce(
            f"The agreement is {state} on {today}; its term runs from {term.start} to {term.end}.",
            remedy="Studies run while it is active: see clauses F and N for approvals and term.",
            clause="N.term" if state in ("executed", "expired") else "A.status",
        )


def _at_day(agreement: Agreement, state: str, day: date) -> str:
    """What the calendar makes of a state."""
    if state in _LIVE and day > agreement.term.end:
        return "expired"
    if state != "active" or agreement.in_force_on(day):
        ready = all(approval.holds_on(day) for approval in agreement.ethics.approvals)
        return "approvals_pending" if state == "active" and not ready else state
    return "executed"


def _before_execution(signed: SignedAgreement, events: Sequence[Mapping[str, Any]]) -> str:
    written = signed.agreement.identity.status
    state: str = written if written in ("offered", "countered") else "draft"
    for entry in events:
        state = next_state(state, entry)
    return "agreed" if signed.report.signed and state in ("draft", "offered", "countered") else state


def _day_of(entry: Mapping[str, Any]) -> date:
    try:
        return datetime.fromisoformat(str(entry["at"])).astimezone(UTC).date()
    except (KeyError, ValueError, OverflowError):
        raise AgreementError(
            "An event in the ledger has no readable time.", remedy="Record events with 'event_entry'."
        ) from None


def _may_cause(agreement: Agreement, entry: Mapping[str, Any]) -> None:
    transition = TRANSITIONS.get(str(entry.get("event")))
    by = entry.get("by")
    named = set(by) if isinstance(by, list) and all(isinstance(name, str) for name in by) else set()
    parties = {party.id: party for party in agreement.parties}
    entitled = {
        "any_party": bool(named),
        "data_holder": any("data_holder" in parties[name].roles for name in named if name in parties),
        "all_parties": named == set(parties),
        "clock": False,
    }
    if transition is None or not named <= set(parties) or not entitled[transition.by]:
        who = transition.by.replace("_", " ") if transition else "nobody"
        raise AgreementError(
            f"The event {str(entry.get('event'))[:60]!r} was caused by {', '.join(sorted(named))[:200] or 'nobody'}.",
            remedy=f"It takes {who} of clause B.",
            clause="H.bodies",
        )
