"""Acts of a negotiation: one signed envelope each, chained by the hash of the one before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from summand.agreement._document import Agreement
from summand.agreement._findings import CLAUSES
from summand.encoding import canonical, parse_canonical, sha256_hex
from summand.errors import AgreementError, PeerProtocolError
from summand.signing import Envelope, PrivateKey

NEGOTIATION_TYPE = "application/vnd.summand.negotiation-act+json"
Kind = Literal["offer", "comment", "resolve", "agree", "withdraw", "sign"]
KINDS: dict[Kind, tuple[str, ...]] = {
    "offer": ("document", "note"),
    "comment": ("clause", "text", "reply_to"),
    "resolve": ("comment",),
    "agree": ("hash",),
    "withdraw": ("reason",),
    "sign": ("hash", "signature"),
}
"""What each kind of act says besides who, when and after which act. An offer after another's offer is a counter-offer."""
_HEAD = ("negotiation", "number", "previous", "kind", "party", "at")
_TEXTS = ("negotiation", "previous", "kind", "party", "at")
TEXT_MAX = 4000


@dataclass(frozen=True)
class Act:
    """One act, read from its envelope; the signature is judged by the fold, which knows the keys.

    Attributes:
        negotiation: URN of the agreement that is negotiated.
        number: Place in the chain, from 1.
        previous: SHA-256 (hex) of the payload of the act before; empty for the first.
        kind: See `KINDS`.
        party: Short name of the party that acts.
        at: UTC.
        fields: What the kind says.
        envelope: The signed form.
    """

    negotiation: str
    number: int
    previous: str
    kind: Kind
    party: str
    at: datetime
    fields: Mapping[str, Any]
    envelope: Envelope

    @property
    def sha256(self) -> str:
        """Hash of the payload, which the next act names."""
        return sha256_hex(self.envelope.payload)

    @classmethod
    def of(cls, envelope: Envelope) -> Act:
        """The act in an envelope.

        Raises:
            AgreementError: if it is none, or a field is missing or of the wrong kind.
        """
        if envelope.payload_type != NEGOTIATION_TYPE:
            raise _malformed(f"its type is {envelope.payload_type[:60]!r}")
        try:
            value = parse_canonical(envelope.payload, "act of a negotiation")
        except PeerProtocolError as error:
            raise _malformed(error.message) from None
        if not isinstance(value, dict) or value.get("kind") not in get_args(Kind):
            raise _malformed(f"its kind is none of {', '.join(KINDS)}")
        kind: Kind = value["kind"]
        own = KINDS[kind]
        if set(value) - {*_HEAD, *own} or not set(_HEAD) <= set(value):
            raise _malformed("its fields are not those of its kind")
        if not all(isinstance(value[name], str) for name in _TEXTS) or type(value["number"]) is not int:
            raise _malformed("a field is of the wrong kind")
        fields = {name: value[name] for name in own if name in value}
        _check_fields(kind, fields)
        return cls(
            value["negotiation"], value["number"], value["previous"], kind, value["party"], _time(value["at"]), fields,
            envelope,
        )  # fmt: skip


def unsigned_act(
    negotiation: str, number: int, previous: str, kind: Kind, party: str, at: datetime, **fields: Any
) -> Envelope:
    """An act without a signature; `Envelope.signed_by`, or a browser with `Envelope.signed_bytes`, signs it.

    Raises:
        AgreementError: if a field does not fit.
    """
    when = at.astimezone(UTC).isoformat(timespec="seconds")
    head = dict(zip(_HEAD, (negotiation, number, previous, kind, party, when), strict=True))
    given = {name: value for name, value in fields.items() if value is not None}
    envelope = Envelope(canonical({**head, **given}), NEGOTIATION_TYPE, ())
    Act.of(envelope)
    return envelope


def sign_act(envelope: Envelope, key: PrivateKey) -> Envelope:
    """The act signed with the party's key."""
    return envelope.signed_by(key)


def document_hash(document: Mapping[str, Any]) -> str:
    """The agreement's hash where a document is complete, else that of the draft as it stands, without its status."""
    try:
        return Agreement.from_dict(document).hash
    except AgreementError:
        return sha256_hex(canonical(bare(document)))


def bare(document: Mapping[str, Any]) -> dict[str, Any]:
    """A draft without its status and its notes of signatures, which are not negotiated."""
    page = {key: dict(value) if isinstance(value, Mapping) else value for key, value in document.items()}
    for clause, name in (("identity", "status"), ("execution", "signatures")):
        if isinstance(page.get(clause), dict):
            page[clause].pop(name, None)
    return page


def _check_fields(kind: Kind, fields: Mapping[str, Any]) -> None:
    optional = {"note", "reply_to", "reason"}
    if set(KINDS[kind]) - optional - set(fields):
        raise _malformed("a field of its kind is missing")
    for name, value in fields.items():
        wanted = dict if name == "document" else int if name in ("reply_to", "comment") else str
        if type(value) is not wanted or (isinstance(value, str) and len(value) > TEXT_MAX):
            raise _malformed(f"{name} is of the wrong kind or too long")
    letters = {letter for letter, _ in CLAUSES.values()}
    if kind == "comment" and str(fields["clause"])[:1] not in letters:
        raise _malformed("a comment names the clause that it is about, such as J.foreground_rule")


def _time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise _malformed("its time cannot be read") from None
    if found.tzinfo is None:
        raise _malformed("its time has no time zone")
    return found.astimezone(UTC)


def _malformed(why: str) -> AgreementError:
    return AgreementError(f"An act of the negotiation is malformed: {why}.", remedy="Make it with this version.")
