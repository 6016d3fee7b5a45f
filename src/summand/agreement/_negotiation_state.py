"""Where a negotiation stands: offers, comments, who agreed and who signed, and the read model for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from summand.agreement._negotiation_acts import Kind, unsigned_act
from summand.agreement._reading import check
from summand.agreement._redline import Redline, compare
from summand.agreement._sealing import SignedAgreement
from summand.signing import Envelope, PublicKey


@dataclass(frozen=True)
class Comment:
    """A remark on one clause of one version, with the remarks that answer it."""

    number: int
    party: str
    at: str
    clause: str
    text: str
    version: int
    reply_to: int | None
    resolved_by: str | None = None


@dataclass(frozen=True)
class Offer:
    """A version on the table."""

    version: int
    party: str
    at: str
    hash: str
    document: Mapping[str, Any] = field(repr=False)
    note: str = ""


@dataclass(frozen=True)
class Voided:
    """A signature that no longer counts, because the text was changed after it."""

    party: str
    version: int
    by: str


@dataclass(frozen=True)
class Negotiation:
    """Where a negotiation stands after its acts."""

    id: str
    keys: Mapping[str, str]
    state: str
    number: int
    last: str
    at: datetime
    offers: tuple[Offer, ...]
    agreed_by: frozenset[str] = frozenset()
    comments: tuple[Comment, ...] = ()
    signed: Envelope | None = field(default=None, repr=False)
    signers: tuple[str, ...] = ()
    voided: tuple[Voided, ...] = ()

    @property
    def offer(self) -> Offer:
        """What is on the table."""
        return self.offers[-1]

    @property
    def version(self) -> int:
        """Number of the offer on the table, from 1."""
        return self.offer.version

    @property
    def turn(self) -> tuple[str, ...]:
        """The parties that may answer now: all that have not agreed to what is on the table, or not signed it."""
        if self.state in ("offered", "countered"):
            return tuple(party for party in self.keys if party not in self.agreed_by)
        if self.state == "agreed":
            return tuple(party for party in self.keys if party not in self.signers)
        return tuple(self.keys) if self.state == "draft" else ()

    @property
    def agreement(self) -> SignedAgreement | None:
        """The agreement with the signatures that count, once one was given."""
        return None if self.signed is None else SignedAgreement.from_envelope(self.signed)

    def changes(self) -> Redline:
        """What the offer on the table changed in the meaning of the one before."""
        before = self.offers[-2].document if len(self.offers) > 1 else self.offer.document
        return compare(before, self.offer.document)

    def prepare(self, kind: Kind, party: str, at: datetime, **fields: Any) -> Envelope:
        """The next act, unsigned."""
        return unsigned_act(self.id, self.number + 1, self.last, kind, party, at, **fields)

    def to_dict(self) -> dict[str, Any]:
        """The read model: plain JSON values, with what keeps the offer from being signed and what it changed."""
        open_findings = [item for item in check(self.offer.document) if item.fails]
        return {
            "negotiation": self.id,
            "state": self.state,
            "version": self.version,
            "hash": self.offer.hash,
            "offered_by": self.offer.party,
            "note": self.offer.note,
            "parties": [
                {"party": party, "fingerprint": PublicKey.from_text(key).fingerprint, "agreed": party in self.agreed_by,
                 "signed": party in self.signers}
                for party, key in self.keys.items()
            ],
            "turn": list(self.turn),
            "comments": [asdict(comment) for comment in self.comments],
            "open_comments": sum(c.resolved_by is None and c.reply_to is None for c in self.comments),
            "open_findings": len(open_findings),
            "voided": [asdict(item) for item in self.voided],
            "offers": [
                {"version": item.version, "party": item.party, "at": item.at, "hash": item.hash, "note": item.note}
                for item in self.offers
            ],
            "changes": self.changes().to_dict(),
            "acts": self.number,
            "last": self.last,
        }  # fmt: skip
