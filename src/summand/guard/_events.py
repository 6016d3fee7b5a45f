"""Events in an agreement's life (suspended, resumed, terminated …) as the ledger holds them: signed by who caused them.

The hub writes the ledger, so an event counts only with the signatures of the parties that it names. One that does not
verify is not passed over but objected to: it may be an emergency stop that was damaged on the way.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from summand.agreement import Agreement, SignedAgreement, event_entry, state_of
from summand.errors import PeerProtocolError, SignatureInvalid, SummandError
from summand.signing import Envelope, PrivateKey, PublicKey, open_sealed, seal
from summand.study import History

EVENT_TYPE = "application/vnd.summand.agreement-event+json"


def signed_event(
    agreement: Agreement, event: str, keys: Mapping[str, PrivateKey], at: datetime, reason: str = ""
) -> dict[str, Any]:
    """The fields of a ledger entry ``agreement.event``, signed by the parties that cause it.

    Args:
        agreement: The version in question.
        event: Such as ``suspend``, which any data holder may cause, or ``resume``, which takes all parties.
        keys: The parties' keys by party.
        at: When.
        reason: Why, in words.

    Raises:
        AgreementError: if these parties may not cause it.
    """
    value = event_entry(agreement, event, list(keys), at, reason)
    return {"agreement_hash": agreement.hash, "envelope": seal(EVENT_TYPE, value, *keys.values()).to_dict()}


def read_event(signed: SignedAgreement, history: History, envelope: Envelope, today: date) -> dict[str, Any]:
    """A new event, once it may follow those that the ledger holds.

    Raises:
        SignatureInvalid: if the parties that it names did not all sign it, or it is dated before the last one.
        AgreementError: if these parties may not cause it, or it cannot happen in the state reached.
    """
    try:
        event = _opened(signed.agreement, envelope)
        at = _time(event)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _unsigned() from None
    before = verified_events(signed.agreement, history)
    if at.tzinfo is None or (before and at < _time(before[-1])):
        raise _unsigned()
    state_of(signed, [*before, event], max(today, at.date()))
    return event


def verified_events(agreement: Agreement, history: History) -> list[dict[str, Any]]:
    """The events of this version in the order of the ledger, each signed by all parties that it names.

    An event that stands in the ledger twice counts once: nobody can undo a suspension by repeating an old event.

    Raises:
        SignatureInvalid: if an event is not so signed, or is dated before one that stands ahead of it.
    """
    events: list[dict[str, Any]] = []
    for entry in history.agreement_events(agreement.hash):
        try:
            event = _opened(agreement, Envelope.from_dict(entry.get("envelope")))
        except (SummandError, KeyError, TypeError, ValueError):
            raise _unsigned() from None
        if event in events:
            continue
        if events and _time(event) < _time(events[-1]):
            raise _unsigned()
        events.append(event)
    return events


def _opened(agreement: Agreement, envelope: Envelope) -> dict[str, Any]:
    parties = {party.id: PublicKey.from_text(party.key) for party in agreement.parties}
    claimed = open_sealed(envelope, EVENT_TYPE, list(parties.values()))
    keys = {parties[name] for name in claimed["by"]}
    event: Any = open_sealed(envelope, EVENT_TYPE, list(keys), threshold=len(keys))
    if not isinstance(event, dict) or event.get("agreement") != agreement.hash:
        raise PeerProtocolError("This is no event of the agreement.", remedy="Record it with 'signed_event'.")
    _time(event)
    return event


def _time(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["at"])


def _unsigned() -> SignatureInvalid:
    return SignatureInvalid(
        "The ledger holds an event of the agreement that is out of order, or not signed by the parties it names.",
        remedy="Find out with the parties where the agreement stands before any study runs.",
        clause="A.status",
    )
