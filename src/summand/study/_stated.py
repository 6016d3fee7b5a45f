"""The statements of a ledger that count: signed by somebody whom the agreement names, and read in the ledger's order.

The hub writes the ledger, so nothing in an entry is believed but its signed envelope; of the hub's own words only the
time at which the entry came counts, and that no earlier than the signer's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from summand.agreement import Agreement
from summand.errors import EntryInvalid, SummandError
from summand.signing import Envelope, PublicKey
from summand.study._certificates import Certificate
from summand.study._statement import STATEMENT_KINDS, STATEMENT_TYPE, Statement

Numbered = tuple[int, Mapping[str, Any]]
"""A ledger entry behind the number of its leaf."""


@dataclass(frozen=True)
class Stated:
    """A statement that counts.

    Attributes:
        leaf: The number of its leaf.
        statement: What was stated.
        party: The party that answers for the signer.
        role: The signer's role in the agreement; ``party`` for a party's own key, ``site`` for a site's.
        at: When it came into the ledger (UTC), or when it was signed if that is later.
    """

    leaf: int
    statement: Statement
    party: str
    role: str
    at: datetime

    @property
    def document(self) -> Mapping[str, Any]:
        """What it is about; empty where only its hash travels."""
        return self.statement.document or {}


@dataclass(frozen=True)
class Ignored:
    """An entry that claims to be a statement and does not count, with the reason."""

    leaf: int
    kind: str
    reason: str


def read_statements(
    entries: Iterable[Numbered], agreements: Sequence[Agreement], kinds: Iterable[str] = STATEMENT_KINDS
) -> tuple[list[Stated], list[Ignored]]:
    """The statements about some versions of an agreement, in the ledger's order, and the entries that do not count.

    A statement that stands in the ledger twice counts once, where it stands first.

    Args:
        entries: Ledger entries with their leaves, as `whole_entries` gives them.
        agreements: The versions that statements may be about; who may state something is asked of the version named.
        kinds: Which kinds are wanted.
    """
    versions = {document.hash: document for document in agreements}
    wanted, sites = frozenset(kinds), _Sites(versions.values())
    counted: list[Stated] = []
    ignored: list[Ignored] = []
    seen: set[bytes] = set()
    for leaf, entry in entries:
        kind = entry.get("type")
        if kind == "site.certified":
            sites.take(entry)
        if kind not in wanted or entry.get("agreement_hash") not in versions:
            continue
        try:
            found = _read(leaf, entry, versions, sites)
        except (SummandError, KeyError, TypeError, ValueError, OverflowError) as error:
            why = error.message if isinstance(error, SummandError) else "It is malformed."
            ignored.append(Ignored(leaf, str(kind), why))
            continue
        if found.statement.envelope.payload not in seen:
            seen.add(found.statement.envelope.payload)
            counted.append(found)
    return counted, ignored


def _read(leaf: int, entry: Mapping[str, Any], versions: Mapping[str, Agreement], sites: _Sites) -> Stated:
    statement = Statement.from_dict(entry["envelope"])
    if (statement.kind, statement.agreement_hash) != (entry["type"], entry["agreement_hash"]):
        raise _invalid("The entry is not what its envelope says.")
    signed, came = _time(statement.at), _time(str(entry["at"]))
    at = max(signed, came)
    for party, role, key in _signers(versions[statement.agreement_hash], statement.person, at, sites):
        if _is_signed(statement.envelope, key):
            return Stated(leaf, statement, party, role, at)
    raise _invalid("Nobody whom the agreement names signed it.")


@lru_cache(maxsize=65_536)
def _is_signed(envelope: Envelope, key: PublicKey) -> bool:
    """Whether a statement carries this key's signature; remembered, since readers fold the same ledger again and again."""
    try:
        envelope.verify(STATEMENT_TYPE, [key])
    except SummandError:
        return False
    return True


def _signers(document: Agreement, name: str, at: datetime, sites: _Sites) -> Iterator[tuple[str, str, PublicKey]]:
    for person in document.people:
        if person.name == name and person.holds_on(at.date()):
            yield person.party, person.role, PublicKey.from_text(person.key)
    for party in document.parties:
        if party.id == name:
            yield party.id, "party", PublicKey.from_text(party.key)
    yield from sites.keys(name, {party.id for party in document.parties}, at)


class _Sites:
    """The certified sites as the ledger names them, each certificate checked against its party's key."""

    def __init__(self, documents: Iterable[Agreement]) -> None:
        self._party_keys = {
            (party.id, party.key): PublicKey.from_text(party.key)
            for document in documents
            for party in document.parties
        }
        self._entries: dict[str, list[Mapping[str, Any]]] = {}

    def take(self, entry: Mapping[str, Any]) -> None:
        self._entries.setdefault(str(entry.get("site")), []).append(entry)

    def keys(self, site: str, parties: set[str], at: datetime) -> Iterator[tuple[str, str, PublicKey]]:
        """The keys certified for a site of one of these parties, the newest first."""
        for entry in reversed(self._entries.get(site, [])):
            party = str(entry.get("party"))
            for (name, _), key in self._party_keys.items():
                if name != party or party not in parties:
                    continue
                try:
                    found = Certificate.read(Envelope.from_dict(entry["envelope"]), site, party, key, at)
                except (SummandError, KeyError, TypeError):
                    continue
                yield party, "site", found.key


def _time(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise _invalid("Its time has no zone.")
    return found.astimezone(UTC)


def _invalid(why: str) -> EntryInvalid:
    return EntryInvalid(why, remedy="Have its author state it anew.")
