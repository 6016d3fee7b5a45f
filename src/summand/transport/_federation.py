"""A federation's description: everything that must be compared before anything is believed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from summand.encoding import canonical, parse, sha256_hex
from summand.errors import PeerProtocolError, UsageError
from summand.signing import PublicKey

FORMAT = "summand.federation/1"


@dataclass(frozen=True)
class FederationDescription:
    """What a site or an analyst needs to reach a hub and to recognise it.

    Attributes:
        origin: The ledger's origin, which names the federation.
        url: Where the hub answers; not part of the fingerprint.
        hub_key: The hub's key: signs messages and checkpoints.
        ca_pem: The transport authority's certificate.
    """

    origin: str
    url: str
    hub_key: PublicKey
    ca_pem: str

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) over origin, hub key and authority: what people compare by a second channel."""
        return sha256_hex(canonical({"origin": self.origin, "hub_key": self.hub_key.text, "ca_pem": self.ca_pem}))

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "format": FORMAT, "origin": self.origin, "url": self.url, "hub_key": self.hub_key.text,
            "ca_pem": self.ca_pem, "fingerprint": self.fingerprint,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, fields: Any) -> FederationDescription:
        """The description behind its JSON form.

        Raises:
            PeerProtocolError: if a field is missing or malformed, or the fingerprint is not that of the fields.
        """
        try:
            if fields["format"] != FORMAT:
                raise KeyError("format")
            found = cls(
                str(fields["origin"]), str(fields["url"]), PublicKey.from_text(fields["hub_key"]), str(fields["ca_pem"])
            )
            if fields["fingerprint"] != found.fingerprint:
                raise KeyError("fingerprint")
        except (KeyError, TypeError, AttributeError):
            raise PeerProtocolError(
                "This is not a federation's description, or its fingerprint does not fit it.",
                remedy="Fetch it again from the hub's operator.",
            ) from None
        return found

    @classmethod
    def load(cls, path: Path) -> FederationDescription:
        """The description in a file.

        Raises:
            UsageError: if the file cannot be read.
            PeerProtocolError: if it holds something else.
        """
        try:
            data = path.read_bytes()
        except OSError:
            raise UsageError(
                f"{path.name} cannot be read.", remedy="Give the federation.json that the hub's operator handed out."
            ) from None
        return cls.from_dict(parse(data, "federation description"))
