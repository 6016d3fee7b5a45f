"""Pair keys: once per epoch, each two neighbours come to share a key that the hub relaying for them cannot learn.

Each site publishes a key record (signed by the caller with its identity key); each site seals 32 bytes to each
neighbour (up to 64 sites: every other) by HPKE; the pair's key comes from both contributions, so it is secret if either site's randomness is good, and only
the two holders of the published keys can have it. With it goes a contribution to a key of all sites together, the same
for each, for studies whose hub stays blind. The key encapsulation is the hybrid of ML-KEM-768 and X25519: what
is recorded today stays closed to a later quantum computer.

Source: HPKE, RFC 9180, base mode, with the MLKEM768-X25519 KEM, HKDF-SHA-256 and AES-256-GCM; RFC 5869.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from summand.encoding import canonical, digest, to_base64
from summand.errors import PeerProtocolError, SetupInvalid
from summand.securesum._cohort import Cohort
from summand.securesum._kdf import KEY_BYTES, LABEL, expand, extract
from summand.securesum._pair_keys import PairKeys
from summand.securesum._records import read_record
from summand.signing import PublicKey

KEY_RECORD = "summand.securesum.key-record/1"
PAIR_SETUP = "summand.securesum.pair-setup/1"

_MLKEM_SEED_BYTES, _MLKEM_PUBLIC_BYTES, _X25519_BYTES = 64, 1184, 32
_SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


@dataclass(frozen=True)
class PairSetup:
    """One site's side of the set-up. Everything secret in it follows from 32 random bytes.

    So a site that stored `to_bytes` before it published its record continues after a crash with the same keys and the
    same contributions, whatever it had sent.

    Attributes:
        site: This site's identifier.
        agreement_hash: 32 bytes.
        epoch: Names this set-up; a new epoch gives new keys.
        identity_keys: The Ed25519 key of every site, this one included.
    """

    site: str
    agreement_hash: bytes
    epoch: bytes
    identity_keys: Mapping[str, PublicKey]
    _root: bytes = field(default_factory=lambda: os.urandom(KEY_BYTES), repr=False)

    def __post_init__(self) -> None:
        if self.site not in self.identity_keys or len(self.agreement_hash) != 32 or len(self._root) != KEY_BYTES:
            raise _invalid("A pair set-up needs this site's own identity key and a 32-byte agreement hash.")

    def key_record(self) -> bytes:
        """The public key record, canonical JSON, for the caller to sign and publish."""
        mlkem, x25519 = self._private_keys
        public = mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
        return canonical(
            {
                "type": KEY_RECORD,
                "site": self.site,
                "agreement_hash": to_base64(self.agreement_hash),
                "epoch": to_base64(self.epoch),
                "hpke_public_key": to_base64(public),
            }
        )

    def seal_to(self, records: Mapping[str, bytes]) -> dict[str, bytes]:
        """This site's contribution for each neighbour, sealed to its key record (signature checked by the caller).

        Raises:
            SetupInvalid: if a site's record is missing, or is not a key record of that site, agreement and epoch.
        """
        sealed = {}
        for peer in self._peers():
            public_key = self._read_key_record(peer, records.get(peer))
            contributions = self._contribution(peer) + self._group_contribution
            sealed[peer] = _SUITE.encrypt(contributions, public_key, self._info(self.site, peer))
        return sealed

    def finish(self, sealed_to_me: Mapping[str, bytes]) -> PairKeys:
        """The pair keys with each neighbour.

        Raises:
            SetupInvalid: if a sealed contribution is missing or does not open.
        """
        private_key = hpke.MLKEM768X25519PrivateKey(*self._private_keys)
        keys, group = {}, {self.site: self._group_contribution}
        for peer in self._peers():
            try:
                theirs = _SUITE.decrypt(sealed_to_me[peer], private_key, self._info(peer, self.site))
            except (KeyError, TypeError, ValueError, InvalidTag):
                theirs = b""
            if len(theirs) != 2 * KEY_BYTES:
                raise _invalid(f"The key sealed by {peer} to {self.site} is missing or does not open.")
            keys[peer] = self._pair_key(peer, theirs[:KEY_BYTES])
            group[peer] = theirs[KEY_BYTES:]
        return PairKeys(self.site, self.agreement_hash, self.epoch, keys, self._group_key(group))

    def to_bytes(self) -> bytes:
        """The set-up with its secret, for this site's own disk only."""
        return canonical(
            {
                "type": PAIR_SETUP,
                "site": self.site,
                "agreement_hash": to_base64(self.agreement_hash),
                "epoch": to_base64(self.epoch),
                "identity_keys": {site: key.text for site, key in self.identity_keys.items()},
                "root": to_base64(self._root),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> PairSetup:
        """The set-up behind `to_bytes`.

        Raises:
            SetupInvalid: if the bytes are anything else.
        """
        record = read_record(data, PAIR_SETUP, ("site", "agreement_hash", "epoch", "identity_keys", "root"))
        try:
            keys = {site: PublicKey.from_text(text) for site, text in record.mapping("identity_keys").items()}
        except PeerProtocolError:
            raise _invalid("An identity key of a stored pair set-up is malformed.") from None
        return cls(
            record.text("site"), record.binary("agreement_hash"), record.binary("epoch"), keys, record.binary("root")
        )

    def _peers(self) -> tuple[str, ...]:
        return self._neighbours

    @cached_property
    def _neighbours(self) -> tuple[str, ...]:
        return Cohort.form(self.identity_keys, self.agreement_hash, self.epoch).neighbours(self.site)

    @cached_property
    def _private_keys(self) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
        seed = expand(self._root, LABEL + b"ml-kem-768", _MLKEM_SEED_BYTES)
        scalar = expand(self._root, LABEL + b"x25519", _X25519_BYTES)
        return MLKEM768PrivateKey.from_seed_bytes(seed), X25519PrivateKey.from_private_bytes(scalar)

    def _contribution(self, peer: str) -> bytes:
        return expand(self._root, digest(LABEL + b"contribution", peer.encode()))

    @cached_property
    def _group_contribution(self) -> bytes:
        return expand(self._root, LABEL + b"group contribution")

    def _group_key(self, contributions: Mapping[str, bytes]) -> bytes:
        """The key of all sites together, from each one's contribution; empty where a site does not hear of all."""
        if len(contributions) != len(self.identity_keys):
            return b""
        salt = digest(LABEL + b"group salt", self.agreement_hash, self.epoch)
        return extract(salt, b"".join(contributions[site] for site in sorted(contributions)))

    def _info(self, sender: str, receiver: str) -> bytes:
        ends = (sender.encode(), self.identity_keys[sender].raw, receiver.encode(), self.identity_keys[receiver].raw)
        return digest(LABEL + b"sealed contribution", self.agreement_hash, self.epoch, *ends)

    def _pair_key(self, peer: str, theirs: bytes) -> bytes:
        low, high = sorted((self.site, peer))
        mine = self._contribution(peer)
        material = mine + theirs if low == self.site else theirs + mine
        key = extract(digest(LABEL + b"pair salt", self.agreement_hash, self.epoch), material)
        ends = (low.encode(), high.encode(), self.identity_keys[low].raw, self.identity_keys[high].raw)
        return expand(key, digest(LABEL + b"pair", *ends))

    def _read_key_record(self, peer: str, data: bytes | None) -> hpke.MLKEM768X25519PublicKey:
        if data is None:
            raise _invalid(f"The key record of {peer} is missing.")
        record = read_record(data, KEY_RECORD, ("site", "agreement_hash", "epoch", "hpke_public_key"))
        found = (record.text("site"), record.binary("agreement_hash"), record.binary("epoch"))
        if found != (peer, self.agreement_hash, self.epoch):
            raise _invalid(f"The key record given for {peer} is of another site, agreement or epoch.")
        raw = record.binary("hpke_public_key")
        try:
            mlkem = MLKEM768PublicKey.from_public_bytes(raw[:_MLKEM_PUBLIC_BYTES])
            return hpke.MLKEM768X25519PublicKey(mlkem, X25519PublicKey.from_public_bytes(raw[_MLKEM_PUBLIC_BYTES:]))
        except ValueError:
            raise _invalid(f"The key record of {peer} holds no ML-KEM-768 and X25519 keys.") from None


def _invalid(message: str) -> SetupInvalid:
    return SetupInvalid(message, remedy="Repeat the set-up in a new epoch, with records that their sites signed.")
