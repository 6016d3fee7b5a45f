"""The pair keys of one site for one epoch, and what a round derives from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from summand.encoding import canonical, digest, from_base64, to_base64
from summand.errors import PeerProtocolError, SetupInvalid
from summand.securesum._cohort import Cohort
from summand.securesum._kdf import KEY_BYTES, LABEL, expand
from summand.securesum._records import read_record

PAIR_KEYS = "summand.securesum.pair-keys/1"


@dataclass(frozen=True)
class PairKeys:
    """What a site shares with each other site. No repr or error shows a key.

    Attributes:
        site: The site that holds them.
        agreement_hash: 32 bytes.
        epoch: The epoch they were agreed in.
    """

    site: str
    agreement_hash: bytes
    epoch: bytes
    _keys: Mapping[str, bytes] = field(repr=False)
    _group: bytes = field(default=b"", repr=False)

    def check(self, cohort: Cohort, site: str) -> None:
        """Check that these are ``site``'s keys for this cohort's agreement and epoch, and for all its neighbours.

        Raises:
            SetupInvalid: if not.
        """
        if (self.agreement_hash, self.epoch) != (cohort.agreement_hash, cohort.epoch):
            raise _invalid("The pair keys are of another agreement or epoch than the cohort.")
        if self.site != site:
            raise _invalid(f"The pair keys are those of {self.site}, not of {site}.")
        missing = [peer for peer in cohort.neighbours(site) if peer not in self._keys]
        if missing:
            raise _invalid(f"No pair key is there with {', '.join(missing)}.")

    def round_seed(self, peer: str, number: int) -> bytes:
        """What this pair's masks of one round come from; both sites get the same. A stand-in gives these, never a key."""
        return expand(self._keys[peer], LABEL + b"round seed" + number.to_bytes(4, "big"))

    def share_key(self, peer: str, label: bytes, bound: bytes, sender: int, receiver: int) -> bytes:
        """The key of the one box of its kind that ``sender`` sends to ``receiver`` under ``bound``, 32 bytes."""
        places = sender.to_bytes(4, "big") + receiver.to_bytes(4, "big")
        return expand(self._keys[peer], digest(LABEL + b"box", label, bound, places))

    def group_key(self, label: bytes, bound: bytes) -> bytes:
        """A key that all sites of the cohort share and the hub does not, for one use under ``bound``; 32 bytes.

        Raises:
            SetupInvalid: past 64 sites, where no such key is agreed.
        """
        if not self._group:
            raise _invalid("The sites of this cohort share no key of all of them together.")
        return expand(self._group, digest(LABEL + b"group", label, bound))

    def to_bytes(self) -> bytes:
        """The keys as canonical JSON, for this site's own disk only."""
        return canonical(
            {
                "type": PAIR_KEYS,
                "site": self.site,
                "agreement_hash": to_base64(self.agreement_hash),
                "epoch": to_base64(self.epoch),
                "keys": {peer: to_base64(key) for peer, key in self._keys.items()},
                "group": to_base64(self._group),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> PairKeys:
        """The keys behind `to_bytes`.

        Raises:
            SetupInvalid: if the bytes are anything else.
        """
        record = read_record(data, PAIR_KEYS, ("site", "agreement_hash", "epoch", "keys", "group"))
        try:
            keys = {peer: from_base64(text) for peer, text in record.mapping("keys").items()}
        except PeerProtocolError:
            keys = {"": b""}
        if any(len(key) != KEY_BYTES for key in keys.values()):
            raise _invalid("A stored pair key does not have 32 bytes.")
        group = record.binary("group")
        return cls(record.text("site"), record.binary("agreement_hash"), record.binary("epoch"), keys, group)


def _invalid(message: str) -> SetupInvalid:
    return SetupInvalid(message, remedy="Repeat the pair set-up for this agreement in a new epoch.")
