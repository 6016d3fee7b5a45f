"""A site's service key, certified by its organisation's key: the key in the agreement never has to be at the service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from summand.errors import PeerProtocolError, SignatureInvalid
from summand.signing import Envelope, PrivateKey, PublicKey, open_sealed, seal

CERTIFICATE_TYPE = "application/vnd.summand.site-certificate+json"


@dataclass(frozen=True)
class Certificate:
    """An organisation's word that ``key`` speaks for its site from ``valid_from`` to ``valid_to``.

    Attributes:
        site: The site's name: its party's identifier, or a dataset's where one party tries things out.
        party: The organisation's identifier in its agreements.
        key: The site's service key.
        valid_from, valid_to: UTC.
        envelope: The signed form.
    """

    site: str
    party: str
    key: PublicKey
    valid_from: datetime
    valid_to: datetime
    envelope: Envelope

    @classmethod
    def issue(
        cls, party: str, site_key: PublicKey, party_key: PrivateKey, *, site: str | None = None, days: int = 365
    ) -> Certificate:
        """A certificate signed by the organisation's key, valid from an hour ago for ``days`` days."""
        now = datetime.now(UTC)
        begin, end = now - timedelta(hours=1), now + timedelta(days=days)
        name = site or party
        fields = {
            "site": name, "party": party, "key": site_key.text,
            "from": begin.isoformat(timespec="seconds"), "to": end.isoformat(timespec="seconds"),
        }  # fmt: skip
        return cls(name, party, site_key, begin, end, seal(CERTIFICATE_TYPE, fields, party_key))

    @classmethod
    def read(cls, envelope: Envelope, site: str, party: str, party_key: PublicKey, at: datetime) -> Certificate:
        """The certificate in an envelope, checked against the organisation's key in the agreement.

        Raises:
            SignatureInvalid: if it is not this site's and party's, not signed by its key, or not valid at ``at``.
        """
        fields: Any = open_sealed(envelope, CERTIFICATE_TYPE, [party_key])
        try:
            if set(fields) != {"site", "party", "key", "from", "to"}:
                raise ValueError
            if (fields["site"], fields["party"]) != (site, party):
                raise ValueError
            begin, end = datetime.fromisoformat(fields["from"]), datetime.fromisoformat(fields["to"])
            key = PublicKey.from_text(fields["key"])
            if not begin <= at <= end:
                raise ValueError
        except (PeerProtocolError, ValueError, TypeError, KeyError):
            raise SignatureInvalid(
                f"The certificate of site {site} names another site or party, is malformed or is not valid today.",
                remedy="Issue a new one with 'summand site init' at the site.",
            ) from None
        return cls(site, party, key, begin, end, envelope)
