"""A statement about an agreement for the ledger, by its hash: a goal measured, a settlement drawn up.

The document itself stays with those whom it concerns; the leaf proves that it existed, unchanged, when it was signed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from summand.encoding import canonical, parse_canonical, sha256_hex
from summand.errors import PeerProtocolError
from summand.signing import Envelope, PrivateKey, PublicKey, seal

STATEMENT_TYPE = "application/vnd.summand.statement+json"
STATEMENT_KINDS = ("goal.measured", "settlement.statement")
_FIELDS = ("kind", "agreement_hash", "person", "study", "document_sha256", "at")


@dataclass(frozen=True)
class Statement:
    """Who states what about which agreement.

    Attributes:
        kind: One of `STATEMENT_KINDS`, the type of the ledger entry.
        agreement_hash: SHA-256 (hex) of the agreement.
        person: The name of a person of the agreement, who signs.
        study: The study it rests on, or empty.
        document_sha256: SHA-256 (hex) of the document's canonical JSON.
        at: UTC, ISO 8601.
        envelope: The signed form.
    """

    kind: str
    agreement_hash: str
    person: str
    study: str
    document_sha256: str
    at: str
    envelope: Envelope

    @classmethod
    def sign(
        cls, kind: str, agreement_hash: str, person: str, document: Mapping[str, Any], key: PrivateKey, study: str = ""
    ) -> Statement:
        """The statement on a document, signed by the person's key."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        found = sha256_hex(canonical(dict(document)))
        values = (kind, agreement_hash, person, study, found, at)
        envelope = seal(STATEMENT_TYPE, dict(zip(_FIELDS, values, strict=True)), key)
        return cls(kind, agreement_hash, person, study, found, at, envelope)

    @classmethod
    def from_dict(cls, fields: Any) -> Statement:
        """The statement in an envelope's JSON form; parsed, not verified.

        Raises:
            PeerProtocolError: if it is malformed or of an unknown kind.
        """
        envelope = Envelope.from_dict(fields)
        value = parse_canonical(envelope.payload, "statement")
        if not isinstance(value, dict) or set(value) != set(_FIELDS):
            raise _malformed("its fields are not those of this version")
        if not all(isinstance(value[name], str) and len(value[name]) <= 500 for name in _FIELDS):
            raise _malformed("a field is not a text of at most 500 characters")
        if value["kind"] not in STATEMENT_KINDS:
            raise _malformed(f"its kind is none of {', '.join(STATEMENT_KINDS)}")
        kind, agreement_hash, person, study, document_sha256, at = (str(value[name]) for name in _FIELDS)
        return cls(kind, agreement_hash, person, study, document_sha256, at, envelope)

    def verify(self, key: PublicKey) -> None:
        """Check the person's signature.

        Raises:
            SignatureInvalid: if it does not hold.
        """
        self.envelope.verify(STATEMENT_TYPE, [key])


def _malformed(why: str) -> PeerProtocolError:
    return PeerProtocolError(f"The statement is malformed: {why}.", remedy="Make it with this version.")
