"""Sites with agreed pair keys, and a round's messages, for the tests of the secure sum."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from summand.securesum import (
    Codec,
    Cohort,
    HubSum,
    PairKeys,
    PairSetup,
    Round,
    StandIn,
    Upload,
    mask_upload,
    reveal,
    stand_in,
)
from summand.signing import PrivateKey

AGREEMENT_HASH = hashlib.sha256(b"agreement").digest()
EPOCH = b"epoch 1"


@dataclass(frozen=True)
class World:
    """A cohort and every site's pair keys."""

    cohort: Cohort
    keys: dict[str, PairKeys]
    private: dict[str, PrivateKey]

    @property
    def sites(self) -> tuple[str, ...]:
        """The cohort's sites, in its order."""
        return self.cohort.sites

    def round(self, ctx, number=0, members=()) -> Round:
        """A round of this cohort."""
        return Round(self.cohort, ctx, number, tuple(members))

    def stand_ins(self, number=0) -> dict[str, StandIn]:
        """Every site's stand-in for a round."""
        return {site: stand_in(self.keys[site], self.cohort, site, number) for site in self.sites}

    def certificate(self, rnd, survivors, signers=None) -> dict[str, bytes]:
        """The signatures of ``signers`` (all survivors if None) on who uploaded."""
        statement = rnd.survivors_statement(survivors)
        return {site: self.private[site].sign(statement) for site in (survivors if signers is None else signers)}

    def upload(self, ctx, codec, vectors, rnd=None) -> dict[str, Upload]:
        """Every site's upload of its row of ``vectors``, shape (sites, d); a number bounds them."""
        bound = codec.bound if codec.bound is not None else 2.0**61
        rnd = rnd or self.round(ctx)
        return {
            site: mask_upload(self.keys[site], rnd, site, codec.encode(row, bound), codec)
            for site, row in zip(self.sites, vectors, strict=True)
            if site in rnd.members
        }

    def boxes_to(self, me, uploads) -> dict[str, bytes]:
        """The share boxes that the hub hands on to one site."""
        return {peer: uploads[peer].share_boxes[me] for peer in self.cohort.neighbours(me)}

    def reveal(self, me, ctx, uploads, survivors=None) -> dict[str, bytes]:
        """One site's answer, told that ``survivors`` (all if None) uploaded."""
        told = self.sites if survivors is None else survivors
        return reveal(self.keys[me], self.round(ctx), me, told, self.boxes_to(me, uploads), uploads[me].own_share)

    def reveals(self, ctx, uploads) -> dict[str, dict[str, bytes]]:
        """Every site's answer."""
        return {me: self.reveal(me, ctx, uploads) for me in self.sites}

    def hub(self, ctx, codec, uploads, length) -> HubSum:
        """A hub that received all uploads."""
        hub = HubSum(self.round(ctx), codec, length)
        for site, upload in uploads.items():
            hub.add(site, upload.masked)
        return hub


@lru_cache(maxsize=16)
def world(count: int, threshold: int = 0) -> World:
    """``count`` sites that did the pair set-up with each other."""
    private = {f"site-{i:03d}": PrivateKey.generate() for i in range(count)}
    identity_keys = {site: key.public for site, key in private.items()}
    setups = {site: PairSetup(site, AGREEMENT_HASH, EPOCH, identity_keys) for site in identity_keys}
    records = {site: setup.key_record() for site, setup in setups.items()}
    sealed = {site: setup.seal_to(records) for site, setup in setups.items()}
    keys = {me: s.finish({peer: sealed[peer][me] for peer in sealed[me]}) for me, s in setups.items()}
    return World(Cohort.form(identity_keys, AGREEMENT_HASH, EPOCH, threshold), keys, private)


def codecs(sites: int, bound: float = 100.0) -> list[Codec]:
    """One codec of each kind."""
    return [Codec.q63_64(), Codec.fixed64(bound, sites), Codec.fixed32(bound, sites)]


def integers_of(codec: Codec, vector) -> list[int]:
    """The ring values of a vector as signed Python integers, read from its bytes by the documented layout."""
    data, width = vector.tobytes(), codec.bytes_per_value
    values = []
    if width < 16:
        values = [int.from_bytes(data[k : k + width], "little") for k in range(0, len(data), width)]
    else:
        for start in range(0, len(data), 1 << 18):
            block = data[start : start + (1 << 18)]
            half = len(block) // 2
            for k in range(0, half, 8):
                values.append(int.from_bytes(block[k : k + 8] + block[half + k : half + k + 8], "little"))
    modulus = 1 << (8 * width)
    return [value - modulus if value >= modulus // 2 else value for value in values]
