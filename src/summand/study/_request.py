"""A study request: who asks, under which agreement, for what purpose, which sum over which data."""

from __future__ import annotations

import math
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from summand.encoding import sha256_hex
from summand.errors import PeerProtocolError, SummandError
from summand.signing import Envelope, PrivateKey, PublicKey, open_sealed, seal

REQUEST_TYPE = "application/vnd.summand.study-request+json"
APPROVAL_TYPE = "application/vnd.summand.study-approval+json"

RELEASE_LEVELS = ("total", "site_level")
REPLY_KEY_CHARACTERS_MAX = 2_000
OPTIONAL = {"epsilon", "reply_key"}
_STUDY_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class StudyRequest:
    """What an analyst signs.

    Attributes:
        study_id: 32 hexadecimal digits, chosen once by the analyst.
        federation: The origin of the federation's ledger: a request cannot be carried to another federation.
        agreement_hash: SHA-256 (hex) of the agreement's canonical form.
        requester: The person's name as in the agreement's ``people``.
        purpose: ``{"system": "EHDS53", "code": "53(1)(e)", "text": "…"}``.
        datasets: The dataset identifiers asked for, each held by one party.
        method: The method's specification, ``{"name": "cox", …}``.
        release_level: ``total``, or ``site_level`` where the agreement permits it by name.
        disclosure_profile: The profile the result is released under: the agreement's, or a stricter one.
        title: What the study is called.
        created_at: UTC, ISO 8601 with seconds.
        epsilon: How much of the privacy budget to spend, where the agreement has one; as much as a study may if not given.
        reply_key: Where the agreement's hub is blind, the key to which the sites seal the result, in base64.
    """

    study_id: str
    federation: str
    agreement_hash: str
    requester: str
    purpose: Mapping[str, Any]
    datasets: tuple[str, ...]
    method: Mapping[str, Any]
    release_level: str
    disclosure_profile: str
    title: str
    created_at: str
    epsilon: float | None = None
    reply_key: str | None = None

    @classmethod
    def new(cls, **fields: Any) -> StudyRequest:
        """A request with a fresh identifier and the current time."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return cls(study_id=uuid.uuid4().hex, created_at=now, **fields)

    def to_dict(self) -> dict[str, Any]:
        """The request as it is signed."""
        spending = {} if self.epsilon is None else {"epsilon": self.epsilon}
        sealed = {} if self.reply_key is None else {"reply_key": self.reply_key}
        return {
            **spending, **sealed,
            "study_id": self.study_id, "federation": self.federation, "agreement_hash": self.agreement_hash,
            "requester": self.requester, "purpose": dict(self.purpose), "datasets": list(self.datasets),
            "method": dict(self.method), "release_level": self.release_level,
            "disclosure_profile": self.disclosure_profile, "title": self.title, "created_at": self.created_at,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, fields: Any) -> StudyRequest:
        """The request behind its JSON form.

        Raises:
            PeerProtocolError: if a field is missing, unknown or malformed.
        """
        expected = set(cls.__dataclass_fields__)
        if not isinstance(fields, dict) or set(fields) | OPTIONAL != expected:
            raise _malformed("its fields are not those of this version")
        epsilon, reply = fields.get("epsilon", 1.0), fields.get("reply_key", "")
        if isinstance(epsilon, bool) or not isinstance(epsilon, int | float) or not 0.0 < epsilon < math.inf:
            raise _malformed("'epsilon' is not a positive number")
        if not isinstance(reply, str) or len(reply) > REPLY_KEY_CHARACTERS_MAX:
            raise _malformed("'reply_key' is not a key in base64")
        texts = expected - {"purpose", "datasets", "method"} - OPTIONAL
        for name in sorted(texts):
            if not isinstance(fields[name], str) or not 0 < len(fields[name]) <= 500:
                raise _malformed(f"'{name}' is not a text of 1 to 500 characters")
        if not _STUDY_ID.fullmatch(fields["study_id"]):
            raise _malformed("'study_id' is not 32 hexadecimal digits")
        datasets = fields["datasets"]
        if not isinstance(datasets, list) or not datasets or not all(isinstance(item, str) for item in datasets):
            raise _malformed("'datasets' is not a list of dataset identifiers")
        if len(set(datasets)) != len(datasets):
            raise _malformed("'datasets' names a dataset twice")
        if not isinstance(fields["purpose"], dict) or not isinstance(fields["method"], dict):
            raise _malformed("'purpose' or 'method' is not an object")
        if fields["release_level"] not in RELEASE_LEVELS:
            raise _malformed("'release_level' is neither 'total' nor 'site_level'")
        try:
            created = datetime.fromisoformat(fields["created_at"])
        except ValueError:
            raise _malformed("'created_at' is not an ISO 8601 time") from None
        if created.tzinfo is None:
            raise _malformed("'created_at' has no time zone")
        return cls(**{**fields, "datasets": tuple(datasets)})


@dataclass(frozen=True)
class SignedStudy:
    """A request in its envelope, with the approvals it carries.

    Attributes:
        envelope: The DSSE envelope around the request, signed by the requester.
        approvals: DSSE envelopes around ``{"request_hash", "person", "decision": "approve", "at"}``.
        request: What is inside; parsed, **not** verified (`guard.decide` verifies).
    """

    envelope: Envelope
    approvals: tuple[Envelope, ...] = ()
    request: StudyRequest = field(init=False)

    def __post_init__(self) -> None:
        from summand.encoding import parse_canonical

        request = StudyRequest.from_dict(parse_canonical(self.envelope.payload, "study request"))
        object.__setattr__(self, "request", request)

    @classmethod
    def sign(cls, request: StudyRequest, key: PrivateKey) -> SignedStudy:
        """The request signed by the requester's own key."""
        return cls(seal(REQUEST_TYPE, request.to_dict(), key))

    @property
    def hash(self) -> str:
        """SHA-256 (hex) of the signed request's canonical form: what approvals refer to."""
        return sha256_hex(self.envelope.payload)

    def verify_requester(self, key: PublicKey) -> None:
        """Check the requester's signature.

        Raises:
            SignatureInvalid: if it does not hold.
        """
        self.envelope.verify(REQUEST_TYPE, [key])

    def approved_by(self, person: str, key: PrivateKey, at: datetime | None = None) -> SignedStudy:
        """This study with one more approval, signed by ``person``'s key."""
        when = (at or datetime.now(UTC)).isoformat(timespec="seconds")
        approval = {"request_hash": self.hash, "person": person, "decision": "approve", "at": when}
        return SignedStudy(self.envelope, (*self.approvals, seal(APPROVAL_TYPE, approval, key)))

    def approval_of(self, person: str, key: PublicKey) -> bool:
        """Whether ``person`` approved exactly this request with ``key``."""
        for envelope in self.approvals:
            try:
                approval = open_sealed(envelope, APPROVAL_TYPE, [key])
            except SummandError:
                continue
            if isinstance(approval, dict) and (
                approval.get("request_hash"), approval.get("person"), approval.get("decision")
            ) == (self.hash, person, "approve"):  # fmt: skip
                return True
        return False

    def to_dict(self) -> dict[str, Any]:
        """The JSON form that travels."""
        return {"request": self.envelope.to_dict(), "approvals": [item.to_dict() for item in self.approvals]}

    @classmethod
    def from_dict(cls, fields: Any) -> SignedStudy:
        """The signed study behind its JSON form.

        Raises:
            PeerProtocolError: if it is malformed.
        """
        if not isinstance(fields, dict) or set(fields) != {"request", "approvals"}:
            raise _malformed("a request and its approvals are expected, nothing else")
        approvals = fields["approvals"]
        if not isinstance(approvals, list) or len(approvals) > 100:
            raise _malformed("'approvals' is not a list of at most 100 envelopes")
        return cls(Envelope.from_dict(fields["request"]), tuple(Envelope.from_dict(item) for item in approvals))


def _malformed(why: str) -> PeerProtocolError:
    return PeerProtocolError(f"The study request is malformed: {why}.", remedy="Make the request with this version.")
