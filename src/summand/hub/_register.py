"""Who is known here: the agreements that this hub holds, and the sites' certificates. What a key may read follows.

A hub believes strangers nothing. The first agreement founds the federation; a later one is taken in only if a party
that is known here signed it, and no party changes its key that way: else anybody who can reach the hub could name
itself "north", certify a site of that name and read its messages. The operator may admit what these rules keep out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from summand.agreement import Agreement, SignedAgreement
from summand.encoding import dump, parse
from summand.errors import AgreementError, PeerProtocolError, SignatureInvalid, StrangerRefused, SummandError
from summand.hub import _store as rows
from summand.signing import Envelope, PublicKey
from summand.study import Certificate, entry


class Register:
    """Agreements and certificates, in memory as in the store.

    Args:
        tx: A transaction to read them in.
        now: The current time (UTC).
    """

    def __init__(self, tx: Connection, now: Callable[[], datetime]) -> None:
        self._now = now
        self._agreements: dict[str, SignedAgreement] = {}
        self._certificates: dict[str, dict[str, Any]] = {}
        self._known: dict[str, tuple[dict[str, Any], Certificate]] = {}
        self._read_by: dict[str, frozenset[PublicKey]] = {}
        for data in rows.documents(tx, rows.agreements).values():
            signed = SignedAgreement.from_envelope(Envelope.from_dict(parse(data)))
            self._agreements[signed.agreement.hash] = signed
        for site, data in rows.documents(tx, rows.certificates).items():
            self._certificates[site] = parse(data)

    # ── agreements ───────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def agreements(self) -> dict[str, SignedAgreement]:
        """All agreements by hash."""
        return dict(self._agreements)

    def agreement(self, digest: str) -> SignedAgreement:
        """The agreement of that hash.

        Raises:
            AgreementError: if the hub does not hold it.
        """
        try:
            return self._agreements[digest]
        except KeyError:
            raise AgreementError(
                "This federation does not hold the agreement that the study names.",
                remedy="Publish the signed agreement to the hub first.",
            ) from None

    def read_agreement(self, fields: Any, *, by_operator: bool) -> SignedAgreement:
        """The agreement in an envelope, once it may stand here.

        Raises:
            AgreementError: if it is malformed or a signature is missing.
            StrangerRefused: if nobody known here signed it, or a party is known here under another key.
        """
        signed = SignedAgreement.from_envelope(Envelope.from_dict(fields))
        signed.require_effective()
        if not by_operator and self._agreements and signed.agreement.hash not in self._agreements:
            self._require_known(signed)
        return signed

    def _require_known(self, signed: SignedAgreement) -> None:
        known = {party.id: party.key for held in self._agreements.values() for party in held.agreement.parties}
        parties = signed.agreement.parties
        changed = [party.id for party in parties if known.get(party.id, party.key) != party.key]
        signers = [party.id for party in parties if party.id in known and party.id in signed.report.signed]
        if changed or not signers:
            why = f"{', '.join(changed)} has another key here" if changed else "nobody known here signed it"
            raise StrangerRefused(
                f"The agreement is not taken in: {why}.",
                remedy="Ask the hub's operator to compare fingerprints and run 'summand hub admit'.",
            )

    def put_agreement(self, tx: Connection, signed: SignedAgreement) -> tuple[str, bytes]:
        """Store an agreement; the key and the bytes of its ledger entry."""
        document = signed.agreement
        rows.put_document(tx, rows.agreements, document.hash, signed.to_bytes())
        recorded = entry(
            "agreement.executed",
            agreement_hash=document.hash,
            agreement_id=document.id,
            version=document.version,
            parties=[party.id for party in document.parties],
        )
        return f"agreement/{document.hash}", recorded

    def take_agreement(self, signed: SignedAgreement) -> None:
        """Know an agreement that is stored."""
        self._agreements[signed.agreement.hash] = signed
        self._read_by.clear()

    # ── certificates ─────────────────────────────────────────────────────────────────────────────────────────────────
    def read_certificate(self, fields: Any) -> Certificate:
        """A site's certificate, checked against its party's key in an agreement here.

        Raises:
            PeerProtocolError: if it is malformed.
            StrangerRefused: if no such agreement names that party, or the site's name is not the party's to give.
            SignatureInvalid: if it is not signed by the party's key, or not valid now.
        """
        if not isinstance(fields, dict) or set(fields) != {"site", "party", "envelope"}:
            raise PeerProtocolError("A certificate names its site and party.", remedy="Send it again.")
        site, party = str(fields["site"]), str(fields["party"])
        keys = self._keys_of_party(party)
        if not keys or not self._may_name(site, party):
            raise stranger(site[:80])
        envelope, broken = Envelope.from_dict(fields["envelope"]), None
        for key in keys:
            try:
                return Certificate.read(envelope, site, party, key, self._now())
            except SignatureInvalid as error:
                broken = error
        raise broken or stranger(site[:80])

    def _keys_of_party(self, party: str) -> list[PublicKey]:
        """The party's keys in agreements whose term has not ended; if all have, in those: its sites say why they refuse."""
        documents = [one for one in self._documents if any(found.id == party for found in one.parties)]
        current = [document for document in documents if document.term.end >= self._now().date()]
        return [PublicKey.from_text(text) for text in sorted({one.party(party).key for one in current or documents})]

    @property
    def _documents(self) -> list[Agreement]:
        return [held.agreement for held in self._agreements.values()]

    def _may_name(self, site: str, party: str) -> bool:
        """A site is called as its party, or as a dataset of its party's where nobody else is called so."""
        if site == party:
            return True
        documents = self._documents
        held = any(dataset.id == site and dataset.holder == party for one in documents for dataset in one.datasets)
        taken = any(found.id == site for document in documents for found in document.parties)
        taken |= any(dataset.id == site and dataset.holder != party for one in documents for dataset in one.datasets)
        return held and not taken

    def is_outdated(self, certificate: Certificate) -> bool:
        """Whether a newer certificate of the site is known: an old one that is sent again takes nobody's place."""
        fields = self._certificates.get(certificate.site)
        if fields is None:
            return False
        try:
            held = self.read_certificate(fields)
        except SummandError:
            return False
        return held.key != certificate.key and held.valid_from > certificate.valid_from

    def put_certificate(self, tx: Connection, certificate: Certificate, fields: dict[str, Any]) -> tuple[str, bytes]:
        """Store a certificate; the key and the bytes of its ledger entry."""
        rows.put_document(tx, rows.certificates, certificate.site, dump(fields))
        recorded = entry("site.certified", key=certificate.key.text, **fields)
        return f"certificate/{certificate.site}/{certificate.key.fingerprint}", recorded

    def take_certificate(self, certificate: Certificate, fields: dict[str, Any]) -> None:
        """Know a certificate that is stored."""
        self._certificates[certificate.site] = fields
        self._read_by.clear()

    def site_key(self, site: str) -> PublicKey:
        """The certified service key of a site.

        Raises:
            StrangerRefused: if the hub holds no certificate of it.
            SignatureInvalid: if that is not valid any more.
        """
        fields = self._certificates.get(site)
        if fields is None:
            raise stranger(site[:80])
        known = self._known.get(site)
        if known is None or known[0] is not fields or not known[1].valid_from <= self._now() <= known[1].valid_to:
            known = self._known[site] = (fields, self.read_certificate(fields))
        return known[1].key

    # ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────
    def find_key(self, fingerprint: str) -> PublicKey | None:
        """The key of that fingerprint, of a party or person of an agreement here or of a certified site."""
        keys = (key for digest in self._agreements for key in self._readers(digest))
        return next((key for key in keys if key.fingerprint == fingerprint), None)

    def keys_of(self, name: str, document: Agreement) -> list[PublicKey]:
        """The keys under which somebody of that name may state things about an agreement: people, parties, their sites."""
        keys = [PublicKey.from_text(person.key) for person in document.people if person.name == name]
        keys += [PublicKey.from_text(party.key) for party in document.parties if party.id == name]
        fields = self._certificates.get(name)
        if fields is not None and fields["party"] in {party.id for party in document.parties}:
            with suppress(SummandError):  # a certificate that ran out gives no key
                keys.append(self.site_key(name))
        return keys

    def may_read(self, key: PublicKey, agreement_hash: str) -> bool:
        """Whether a key belongs to a party, person or site of an agreement: who may see its studies."""
        return key in self._readers(agreement_hash)

    def _readers(self, agreement_hash: str) -> frozenset[PublicKey]:
        if agreement_hash not in self._read_by:
            signed = self._agreements.get(agreement_hash)
            self._read_by[agreement_hash] = (
                frozenset() if signed is None else frozenset(self._keys_in(signed.agreement))
            )
        return self._read_by[agreement_hash]

    def _keys_in(self, document: Agreement) -> Iterator[PublicKey]:
        yield from (PublicKey.from_text(party.key) for party in document.parties)
        yield from (PublicKey.from_text(person.key) for person in document.people)
        parties = {party.id for party in document.parties}
        for fields in self._certificates.values():
            if fields["party"] in parties:
                try:
                    yield self.read_certificate(fields).key
                except SummandError:
                    continue  # one site's certificate that ran out is no other reader's concern


def stranger(who: str) -> StrangerRefused:
    """The refusal of a key that nobody vouches for."""
    return StrangerRefused(
        f"This federation does not know the key of {who}.",
        remedy="Use the key that the agreement names, or register the site with 'summand site init'.",
    )
