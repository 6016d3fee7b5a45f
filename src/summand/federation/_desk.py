"""The place from which a person or a party acts under an agreement: it states things, and reads what was stated."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, Self

from summand.agreement import Agreement, SignedAgreement, event_entry
from summand.errors import RequesterNotPermitted, UsageError
from summand.federation._federation import Federation
from summand.federation._remote import RemoteNetwork, analyst_key, describe
from summand.governance import GovernanceState, governance_state, read_act
from summand.guard import EVENT_TYPE
from summand.signing import Envelope, PrivateKey, seal
from summand.study import Statement, whole_entries
from summand.transport import FederationDescription, HubClient


class Records(Protocol):
    """What a desk needs of its messengers."""

    def state(self, statement: Statement) -> None:
        """Put a signed statement into the ledger."""

    def cause(self, agreement_hash: str, envelope: Envelope) -> None:
        """Put an event of an agreement's life, signed by the parties that cause it, into the ledger."""

    def ledger_entries(self) -> list[bytes]:
        """All leaves of the ledger, proved against the hub's checkpoint."""

    def close(self) -> None:
        """Let go of what is held open."""


class Desk:
    """One person's or party's desk under an agreement.

    Args:
        records: The way to the ledger.
        versions: The agreement's versions, the current one last.
        name: Under which name of the agreement the key signs.
        key: The key.
    """

    def __init__(self, records: Records, versions: list[Agreement], name: str, key: PrivateKey) -> None:
        self.records, self.versions, self.name, self._key = records, versions, name, key

    @property
    def agreement(self) -> Agreement:
        """The current version."""
        return self.versions[-1]

    def state(self, kind: str, document: Mapping[str, Any], *, study: str = "", inside: bool = True) -> str:
        """Put a document into the ledger, signed; its SHA-256 (hex)."""
        statement = Statement.sign(kind, self.agreement.hash, self.name, document, self._key, study, inside=inside)
        self.records.state(statement)
        return statement.document_sha256

    def federation(self) -> Federation:
        """The way to ask for studies from this desk.

        Raises:
            UsageError: if the desk is over a ledger alone.
        """
        network: Any = self.records
        if not hasattr(network, "submit"):
            raise UsageError("Studies are asked of a hub.", remedy="Open the desk with 'open_desk'.")
        return Federation(network, self.agreement, self.name, self._key)

    def act(self, act: str, **fields: Any) -> str:
        """State an act of governance; the SHA-256 (hex) of its document.

        Raises:
            ActInvalid: if it is out of form.
        """
        document = {"act": act, **{name: value for name, value in fields.items() if value is not None}}
        read_act(document)
        return self.state("governance.act", document)

    def event(self, name: str, reason: str, *, by_all: bool = False) -> Envelope:
        """An event of the agreement's life, signed by this desk's party; caused once all that it names have signed.

        Args:
            name: Such as ``suspend``, ``dispute``, or with ``by_all`` ``resume`` and ``settle``.
            reason: Why, in words.
            by_all: Whether all parties cause it together.

        Raises:
            RequesterNotPermitted: if the desk is not a party's.
            AgreementError: if these parties may not cause it.
        """
        self._require_party()
        parties = [party.id for party in self.agreement.parties] if by_all else [self.name]
        return seal(EVENT_TYPE, event_entry(self.agreement, name, parties, datetime.now(UTC), reason), self._key)

    def join_event(self, envelope: Envelope) -> Envelope:
        """An event of several parties with this desk's signature added."""
        self._require_party()
        return envelope.signed_by(self._key)

    def cause(self, envelope: Envelope) -> None:
        """Put an event that all its parties signed into the ledger.

        Raises:
            SignatureInvalid, AgreementError: if one has not signed, or it cannot happen now.
        """
        self.records.cause(self.agreement.hash, envelope)

    def _require_party(self) -> None:
        if self.name not in {party.id for party in self.agreement.parties}:
            raise _unknown("Events of the agreement are signed with a party's own key.")

    def entries(self) -> list[tuple[int, dict[str, Any]]]:
        """The ledger's entries with the numbers of their leaves."""
        return list(whole_entries(self.records.ledger_entries()))

    def governance(self, now: datetime | None = None) -> GovernanceState:
        """Where governance stands; now if no other time is given."""
        return governance_state(self.versions, self.entries(), now or datetime.now(UTC))

    def close(self) -> None:
        """Let go of what is held open."""
        self.records.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_desk(
    federation: FederationDescription | Path | str,
    *,
    key: PrivateKey | Path | str,
    agreement: str | None = None,
    name: str | None = None,
) -> Desk:
    """The desk of the person or party whose key this is.

    Args:
        federation: The federation's description, or its file.
        key: The private key, or its PEM file.
        agreement: Title or hash (or its beginning) of the agreement; the only one that names the key if not given.
        name: Which of the names that the key has there; the first if not given.

    Raises:
        RequesterNotPermitted: if no agreement here names the key.
        UsageError: if several fit.
        SignatureInvalid, AgreementError: if an agreement of the hub is not signed by its parties.
        TransportError: if the hub cannot be reached or does not know the key.
    """
    secret = analyst_key(key)
    network = RemoteNetwork(HubClient(describe(federation), secret))
    try:
        held = [network.agreement(digest) for digest in network.agreements()]
        chosen = _chosen(held, secret, agreement)
        names = names_of(chosen.agreement, secret)
        if name is not None and name not in names:
            raise _unknown(f"'{chosen.agreement.title}' does not name this key as that of '{name[:80]}'.")
        return Desk(network, _versions(held, chosen), name or names[0], secret)
    except BaseException:
        network.close()
        raise


def names_of(agreement: Agreement, key: PrivateKey) -> list[str]:
    """The people and parties of an agreement whose key this is."""
    text = key.public.text
    people = [person.name for person in agreement.people if person.key == text]
    return people + [party.id for party in agreement.parties if party.key == text]


def _chosen(held: list[SignedAgreement], key: PrivateKey, wanted: str | None) -> SignedAgreement:
    mine = [signed for signed in held if names_of(signed.agreement, key)]
    if wanted is not None:
        mine = [
            signed
            for signed in mine
            if signed.agreement.title == wanted
            or (len(wanted) >= 8 and signed.agreement.hash.startswith(wanted.lower()))
        ]
    if not mine:
        raise _unknown("No such agreement of this federation names this key.")
    newest = {signed.agreement.id: signed for signed in sorted(mine, key=lambda item: item.agreement.version)}
    if len(newest) > 1:
        listed = "; ".join(f"{item.agreement.hash[:16]} ({item.agreement.title[:60]})" for item in newest.values())
        raise UsageError("Several agreements name this key.", remedy=f"Choose one by its hash: {listed}.")
    return next(iter(newest.values()))


def _versions(held: list[SignedAgreement], current: SignedAgreement) -> list[Agreement]:
    """The versions before the current one that lead to it, hash by hash, oldest first."""
    by_hash = {signed.agreement.hash: signed.agreement for signed in held}
    found = [current.agreement]
    while (before := by_hash.get(found[0].previous_version_hash or "")) is not None:
        found.insert(0, before)
    return found


def _unknown(message: str) -> RequesterNotPermitted:
    return RequesterNotPermitted(
        message, clause="B.people", remedy="Use a key that clause B names, or ask for an amendment."
    )
