"""How an entry is vouched for: taken from a register, declared by the organisation, or declared and signed by it.

What an organisation says about itself is its own word. A signature shows that the holder of the key named in the entry
said it, unchanged; whose key that is, people compare by its fingerprint, as at the founding of a federation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from summand.directory._organisation import Organisation
from summand.encoding import canonical, parse_canonical, sha256_hex
from summand.errors import OrganisationInvalid, SignatureInvalid
from summand.signing import Envelope, PrivateKey, PublicKey, open_sealed

ENTRY_TYPE = "application/vnd.summand.directory-entry+json"
Standing = Literal["registered", "declared", "signed"]
STANDINGS: dict[Standing, str] = {
    "registered": "as a public register knows it",
    "declared": "the organisation's own word, not signed",
    "signed": "the organisation's own word, signed with the key in the entry",
}


@dataclass(frozen=True)
class Entry:
    """An organisation and how it is vouched for; ``envelope`` is there where ``standing`` is signed."""

    organisation: Organisation
    standing: Standing
    envelope: Envelope | None = None

    @property
    def fingerprint(self) -> str | None:
        """Of the key that signed, to be compared; None if none did."""
        return PublicKey.from_text(self.organisation.key or "").fingerprint if self.standing == "signed" else None

    @property
    def sha256(self) -> str:
        """Of the entry's canonical form."""
        return sha256_hex(canonical(self.organisation.to_dict()))

    def to_dict(self) -> dict[str, Any]:
        """The read model: the organisation with its standing, in words too."""
        return {
            "organisation": self.organisation.to_dict(),
            "kind": self.organisation.kind,
            "country": self.organisation.country,
            "standing": self.standing,
            "standing_text": STANDINGS[self.standing],
            "key_fingerprint": self.fingerprint,
            "sha256": self.sha256,
        }


def sign_entry(organisation: Organisation, key: PrivateKey) -> Envelope:
    """The entry in an envelope signed by the organisation's key.

    Raises:
        SignatureInvalid: if the entry names another key, or none.
    """
    if organisation.key != key.public.text:
        raise SignatureInvalid(
            f"The entry of {organisation.id} does not name this key ({key.public.fingerprint[:16]}…).",
            remedy=f'Write "key": "{key.public.text}" into the entry, then sign it.',
        )
    return Envelope(canonical(organisation.to_dict()), ENTRY_TYPE, ()).signed_by(key)


def read_signed_entry(envelope: Envelope) -> Entry:
    """The entry in an envelope, once its signature holds under the key that it names.

    Raises:
        SignatureInvalid: if it does not, or the entry names no key.
        OrganisationInvalid: if the payload is no entry.
        PeerProtocolError: if it is not canonical JSON.
    """
    value = parse_canonical(envelope.payload, "entry")
    if not isinstance(value, dict):
        raise OrganisationInvalid("The envelope holds no entry.", remedy="Give what 'directory sign' wrote.")
    organisation = Organisation.from_dict(value)
    if organisation.key is None:
        raise SignatureInvalid(
            f"The entry of {organisation.id} names no key, so nobody's signature can hold for it.",
            remedy="Write the organisation's key into the entry and sign it again.",
        )
    open_sealed(envelope, ENTRY_TYPE, [PublicKey.from_text(organisation.key)])
    if canonical(organisation.to_dict()) != envelope.payload:
        raise SignatureInvalid(
            "What was signed is not the canonical form of this entry.", remedy="Sign it again with this version."
        )
    return Entry(organisation, "signed", envelope)


def require_successor(before: Entry | None, after: Entry) -> None:
    """Check that ``after`` may take the place of ``before``.

    Raises:
        SignatureInvalid: if a signed entry would be replaced by one that its key did not sign, or by an older one.
    """
    if before is None or before.standing != "signed":
        return
    name = after.organisation.id
    if after.standing != "signed" or after.organisation.key != before.organisation.key:
        raise SignatureInvalid(
            f"The entry of {name} is signed; only its key {str(before.fingerprint)[:16]}… may change it.",
            remedy="Have the organisation sign the new entry with the same key; a new key needs the entry removed first.",
        )
    if after.organisation.revision <= before.organisation.revision:
        raise SignatureInvalid(
            f"The entry of {name} has revision {before.organisation.revision}; the one given has "
            f"{after.organisation.revision}, which is not newer.",
            remedy="Raise the revision and sign again.",
        )
