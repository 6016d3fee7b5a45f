"""Signatures: each party signs the canonical content in one DSSE envelope, with the key that the agreement names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from summand.agreement._document import Agreement
from summand.agreement._source import LARGEST_BYTES, bytes_of
from summand.encoding import canonical, parse, parse_canonical, to_base64
from summand.errors import AgreementSyntaxError, PeerProtocolError, SignatureInvalid
from summand.signing import Envelope, PrivateKey, PublicKey

PAYLOAD_TYPE = "application/vnd.summand.agreement+json"
Standing = Literal["valid", "invalid", "missing"]


@dataclass(frozen=True)
class PartySignature:
    """Whether one party's signature is there and holds."""

    party: str
    legal_name: str
    fingerprint: str
    standing: Standing


@dataclass(frozen=True)
class SignatureReport:
    """Every party's signature, and the fingerprints of keys that signed and are no party's."""

    parties: tuple[PartySignature, ...]
    strangers: tuple[str, ...]

    @property
    def signed(self) -> frozenset[str]:
        """Short names of the parties whose signatures hold."""
        return frozenset(row.party for row in self.parties if row.standing == "valid")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"parties": [vars(row) for row in self.parties], "strangers": list(self.strangers)}


@dataclass(frozen=True)
class SignedAgreement:
    """An agreement and the envelope that carries its signatures; made by `load_signed` or `sign`."""

    agreement: Agreement
    envelope: Envelope

    @classmethod
    def from_envelope(cls, envelope: Envelope) -> SignedAgreement:
        """The agreement inside an envelope. Signatures are read, not yet judged: see `verify_signatures`.

        Raises:
            SignatureInvalid: if the payload is of another type, or not the canonical form of an agreement.
            AgreementSyntaxError, AgreementIncomplete, AgreementError: as `load_agreement`.
        """
        if envelope.payload_type != PAYLOAD_TYPE:
            raise SignatureInvalid(
                f"The envelope holds {envelope.payload_type[:80]!r}, not an agreement.",
                remedy="Give the file that 'summand agreement sign' wrote.",
            )
        try:
            value = parse_canonical(envelope.payload, "signed agreement")
        except PeerProtocolError as error:
            raise SignatureInvalid(error.message, remedy=error.remedy) from None
        if not isinstance(value, dict):
            raise SignatureInvalid(
                "The envelope holds no agreement.", remedy="Ask the sender for the signed file again."
            )
        agreement = Agreement.from_dict(value)
        if agreement.canonical() != envelope.payload:
            # A default that is not written out, or a status inside the payload: then the hash of what was signed and
            # the hash that everybody computes would differ.
            raise SignatureInvalid(
                "What was signed is not the canonical content of this agreement.",
                remedy="Sign it again with 'summand agreement sign'.",
            )
        return cls(agreement, envelope)

    def to_bytes(self) -> bytes:
        """The ``*.signed.json`` file: the DSSE envelope as canonical JSON."""
        return canonical(self.envelope.to_dict())

    def joined(self, other: SignedAgreement) -> SignedAgreement:
        """Both counterparts' signatures on one envelope.

        Raises:
            SignatureInvalid: if they are not counterparts of one and the same content.
        """
        if other.envelope.payload != self.envelope.payload:
            raise SignatureInvalid(
                "These are signatures on different versions or contents.", remedy="Have all parties sign one file."
            )
        pairs = {**dict(self.envelope.signatures), **dict(other.envelope.signatures)}
        return SignedAgreement(self.agreement, Envelope(self.envelope.payload, PAYLOAD_TYPE, tuple(pairs.items())))

    @cached_property
    def report(self) -> SignatureReport:
        """Every party's signature, checked."""
        return verify_signatures(self)

    @property
    def is_fully_signed(self) -> bool:
        """Whether every party's signature holds and nobody else signed."""
        return not self.report.strangers and len(self.report.signed) == len(self.agreement.parties)

    @property
    def is_effective(self) -> bool:
        """Whether the signatures that clause O asks for hold, none is broken, and nobody else signed."""
        rule, report = self.agreement.execution.effective_when, self.report
        if report.strangers or any(row.standing == "invalid" for row in report.parties):
            return False
        if rule.rule == "all":
            return self.is_fully_signed
        return len(report.signed) >= (rule.k or len(report.parties)) and set(rule.core) <= report.signed

    def require_effective(self) -> None:
        """Return if `is_effective`.

        Raises:
            SignatureInvalid: naming the parties whose signatures are missing or broken.
        """
        if self.is_effective:
            return
        broken = [f"{row.party} ({row.standing})" for row in self.report.parties if row.standing != "valid"]
        broken += [f"stranger {fingerprint[:16]}…" for fingerprint in self.report.strangers]
        raise SignatureInvalid(
            f"The agreement is not signed as it asks: {', '.join(broken)}.",
            remedy="Ask these parties to sign the unchanged document with the key that clause B names.",
            clause="O.effective_when",
        )


def sign(agreement: Agreement, party_id: str, key: PrivateKey, envelope: Envelope | None = None) -> Envelope:
    """The envelope around the agreement with this party's signature added to those of ``envelope``, if given.

    Raises:
        SignatureInvalid: if the key is not the one that clause B names for the party, or ``envelope`` holds another
            content: any edit after a signature voids it.
        UsageError: if the agreement has no such party.
    """
    named = PublicKey.from_text(agreement.party(party_id).key)
    if key.public != named:
        raise SignatureInvalid(
            f"This key ({key.public.fingerprint[:16]}…) is not the one that the agreement names for {party_id} "
            f"({named.fingerprint[:16]}…).",
            remedy="Sign with that key, or have clause B changed before anybody signs.",
            clause="B.parties.key",
        )
    return _started(agreement, envelope).signed_by(key)


@dataclass(frozen=True)
class SigningRequest:
    """What a party's own device signs: the exact bytes, and what to show beside them.

    A browser holds the key as a WebCrypto ``CryptoKey``, shows ``hash`` and the agreement, and answers with the 64 bytes
    of ``crypto.subtle.sign("Ed25519", key, to_sign)`` to `add_signature`.
    """

    party: str
    key: str
    fingerprint: str
    hash: str
    payload_type: str
    to_sign: bytes

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; ``to_sign`` in base64."""
        return {**vars(self), "to_sign": to_base64(self.to_sign), "algorithm": "Ed25519"}


def signing_request(agreement: Agreement, party_id: str) -> SigningRequest:
    """The bytes that this party signs to sign the agreement.

    Raises:
        UsageError: if the agreement has no such party.
    """
    key = PublicKey.from_text(agreement.party(party_id).key)
    to_sign = _started(agreement, None).signed_bytes()
    return SigningRequest(party_id, key.text, key.fingerprint, agreement.hash, PAYLOAD_TYPE, to_sign)


def add_signature(agreement: Agreement, party_id: str, signature: bytes, envelope: Envelope | None = None) -> Envelope:
    """As `sign`, with a signature that the party's own device made on the bytes of `signing_request`.

    Raises:
        SignatureInvalid: if it is not the signature of the party's key on this very content, or ``envelope`` holds another.
        UsageError: if the agreement has no such party.
    """
    key = PublicKey.from_text(agreement.party(party_id).key)
    return _started(agreement, envelope).with_signature(key, signature)


def _started(agreement: Agreement, envelope: Envelope | None) -> Envelope:
    start = envelope or Envelope(agreement.canonical(), PAYLOAD_TYPE, ())
    if start.payload != agreement.canonical() or start.payload_type != PAYLOAD_TYPE:
        raise SignatureInvalid(
            "The agreement was edited after others signed; their signatures do not hold for it.",
            remedy="Have every party sign the new content, from the first on.",
            clause="O.signatures",
        )
    return start


def verify_signatures(signed: SignedAgreement) -> SignatureReport:
    """Each party's signature on the content, checked under the key that clause B names."""
    given = dict(signed.envelope.signatures)
    rows = []
    for party in signed.agreement.parties:
        key = PublicKey.from_text(party.key)
        standing = _standing(signed.envelope, key, given.pop(key.fingerprint, None))
        rows.append(PartySignature(party.id, party.legal_name, key.fingerprint, standing))
    return SignatureReport(tuple(rows), tuple(given))


def _standing(envelope: Envelope, key: PublicKey, signature: bytes | None) -> Standing:
    if signature is None:
        return "missing"
    try:
        Envelope(envelope.payload, envelope.payload_type, ((key.fingerprint, signature),)).verify(PAYLOAD_TYPE, [key])
    except SignatureInvalid:
        return "invalid"
    return "valid"


def load_signed(source: Path | str | bytes) -> SignedAgreement:
    """The signed agreement in a ``*.signed.json`` file or in its bytes.

    Raises:
        AgreementSyntaxError: if it is no DSSE envelope, or is too large or unreadable.
        SignatureInvalid, AgreementIncomplete, AgreementError: as `SignedAgreement.from_envelope`.
    """
    data = source if isinstance(source, bytes) else bytes_of(Path(source), 2 * LARGEST_BYTES)
    if len(data) > 2 * LARGEST_BYTES:
        raise AgreementSyntaxError("The signed file is too large to be an agreement.", remedy="Check the file.")
    try:
        envelope = Envelope.from_dict(parse(data, "signed agreement"))
    except PeerProtocolError as error:
        raise AgreementSyntaxError(error.message, remedy="Give the file that 'summand agreement sign' wrote.") from None
    return SignedAgreement.from_envelope(envelope)
