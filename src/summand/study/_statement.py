"""A statement about an agreement for the ledger: a goal measured, a vote cast, a settlement drawn up.

Its leaf proves that a document existed, unchanged, when it was signed. The document travels inside the statement where
everybody who reads the ledger may read it, and else by its hash alone and stays with those whom it concerns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from summand.encoding import canonical, parse_canonical, sha256_hex
from summand.errors import PeerProtocolError, UsageError
from summand.signing import Envelope, PrivateKey, PublicKey, seal

STATEMENT_TYPE = "application/vnd.summand.statement+json"
STATEMENT_KINDS = (
    "goal.measured",
    "goal.rebased",
    "goal.attached",
    "relationship.answered",
    "relationship.measured",
    "backup.tested",
    "governance.act",
    "site.stopped",
    "site.resumed",
    "settlement.statement",
    "settlement.act",
)
DOCUMENT_BYTES_MAX = 16_384
"""Of a document that travels inside: with its signatures it fits one leaf."""
TEXT_MAX = 500
_FIELDS = ("kind", "agreement_hash", "person", "study", "document_sha256", "at")


@dataclass(frozen=True)
class Statement:
    """Who states what about which agreement.

    Attributes:
        kind: One of `STATEMENT_KINDS`, the type of the ledger entry.
        agreement_hash: SHA-256 (hex) of the agreement.
        person: Who signs: a person of the agreement by name, a party or a certified site by its short name.
        study: The study it rests on, or empty.
        document_sha256: SHA-256 (hex) of the document's canonical JSON.
        at: UTC, ISO 8601.
        envelope: The signed form.
        document: What it is about, where it travels inside; None where only its hash does.
    """

    kind: str
    agreement_hash: str
    person: str
    study: str
    document_sha256: str
    at: str
    envelope: Envelope
    document: Mapping[str, Any] | None = None

    @classmethod
    def sign(
        cls,
        kind: str,
        agreement_hash: str,
        person: str,
        document: Mapping[str, Any],
        key: PrivateKey,
        study: str = "",
        *,
        inside: bool = False,
        at: datetime | None = None,
    ) -> Statement:
        """The statement on a document, signed by the person's key.

        Args:
            kind, agreement_hash, person, study: As the attributes.
            document: JSON values.
            key: The signer's.
            inside: Whether the document travels inside the statement; else its hash alone does.
            at: When; now if not given.

        Raises:
            UsageError: if a document that is to travel inside is longer than `DOCUMENT_BYTES_MAX`.
        """
        when = (at or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds")
        data = canonical(dict(document))
        if inside and len(data) > DOCUMENT_BYTES_MAX:
            raise UsageError(
                f"The document has {len(data)} bytes; {DOCUMENT_BYTES_MAX} fit into a statement.",
                remedy="Shorten its text, or state its hash alone and keep the document.",
            )
        values = (kind, agreement_hash, person, study, sha256_hex(data), when)
        fields: dict[str, Any] = dict(zip(_FIELDS, values, strict=True))
        if inside:
            fields["document"] = dict(document)
        return cls(*values, seal(STATEMENT_TYPE, fields, key), dict(document) if inside else None)

    @classmethod
    def from_dict(cls, fields: Any) -> Statement:
        """The statement in an envelope's JSON form; parsed, not verified.

        Raises:
            PeerProtocolError: if it is malformed or of an unknown kind.
        """
        envelope = Envelope.from_dict(fields)
        value = parse_canonical(envelope.payload, "statement")
        if not isinstance(value, dict) or set(value) - {"document"} != set(_FIELDS):
            raise _malformed("its fields are not those of this version")
        if not all(isinstance(value[name], str) and len(value[name]) <= TEXT_MAX for name in _FIELDS):
            raise _malformed(f"a field is not a text of at most {TEXT_MAX} characters")
        if value["kind"] not in STATEMENT_KINDS:
            raise _malformed(f"its kind is none of {', '.join(STATEMENT_KINDS)}")
        document = value.get("document")
        if "document" in value:
            _check_document(document, value["document_sha256"])
        kind, agreement_hash, person, study, document_sha256, at = (str(value[name]) for name in _FIELDS)
        return cls(kind, agreement_hash, person, study, document_sha256, at, envelope, document)

    def verify(self, key: PublicKey) -> None:
        """Check the person's signature.

        Raises:
            SignatureInvalid: if it does not hold.
        """
        self.envelope.verify(STATEMENT_TYPE, [key])


def _check_document(document: Any, digest: str) -> None:
    if not isinstance(document, dict):
        raise _malformed("the document inside is not an object")
    data = canonical(document)
    if len(data) > DOCUMENT_BYTES_MAX:
        raise _malformed(f"the document inside has more than {DOCUMENT_BYTES_MAX} bytes")
    if sha256_hex(data) != digest:
        raise _malformed("the document inside has another hash than it states")


def _malformed(why: str) -> PeerProtocolError:
    return PeerProtocolError(f"The statement is malformed: {why}.", remedy="Make it with this version.")
