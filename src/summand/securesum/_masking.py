"""What a site does in a round: mask and upload, leave a stand-in for the next round, and give shares, once.

In symbols, for site i, b_i random, s_ij derived from the pair's key and the round's number:

    y_i = x_i + PRG(b_i) + Σ_{j>i} PRG(s_ij) − Σ_{j<i} PRG(s_ij)          over the members that i masks with
                                                                         [+ PRG(g), a mask of all sites, in a blind round]

The pair masks cancel in Σ y_i; t shares of each b_i open the rest. A member that does not upload leaves its pair masks
in the others' vectors. So each site lays up, one round ahead, its pair seeds of that round sealed under a fresh key D_i,
and shares D_i as it shares b_i: its *stand-in*. With t shares of D_j the hub takes the masks of j off, in that round and
in no other. A site gives for each holder a share of b_j or of D_j, never both, and for one set of survivors, ever. Nobody
ever gives b_i or a pair seed itself: sent as a shortcut, they would let a hub open sums of one (see the enumeration).

Source: double masking of Bonawitz et al. 2017 (ePrint 2017/281, §4), with pair keys agreed once and the recovery of a
lost site's masks bound to one round.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from summand.encoding import digest
from summand.errors import ShareInvalid, SumError
from summand.securesum import _shamir
from summand.securesum._codec import Codec
from summand.securesum._cohort import Cohort
from summand.securesum._kdf import KEY_BYTES, LABEL, expand
from summand.securesum._pair_keys import PairKeys
from summand.securesum._prg import apply_masks
from summand.securesum._ring import Words
from summand.securesum._round import Round

TAG_BYTES = 16
BOX_BYTES = _shamir.SHARE_BYTES + TAG_BYTES
_NONCE = bytes(12)  # each box has a key of its own


@dataclass(frozen=True)
class StandIn:
    """What lets the others do without a site in one round, should it not upload.

    Attributes:
        bundle: The site's pair seeds of that round with each neighbour, in the cohort's order, sealed under D: 32 bytes
            each and 16 more.
        share_boxes: For each neighbour, its share of D, sealed: 49 bytes.
    """

    bundle: bytes = field(repr=False)
    share_boxes: Mapping[str, bytes] = field(repr=False)


@dataclass(frozen=True)
class Upload:
    """What a site sends in a round, and the one share that it keeps.

    Attributes:
        masked: The masked vector's bytes, raw little-endian words, where it lies.
        share_boxes: For each peer, its share of this site's self-mask seed, sealed: 49 bytes.
        own_share: This site's own share of it, 33 bytes; stays at the site until `reveal`.
    """

    masked: memoryview = field(repr=False)
    share_boxes: Mapping[str, bytes] = field(repr=False)
    own_share: bytes = field(repr=False)


def mask_upload(keys: PairKeys, rnd: Round, me: str, ring: Words, codec: Codec, *, blind: bool = False) -> Upload:
    """Mask this site's vector for one round. **``ring`` is overwritten** with the masked vector.

    A round's number is used once: the caller stores context and upload before any of it leaves, and after a crash sends
    the stored upload again. A second masking under the same number would give away the difference of two vectors.

    Args:
        keys: This site's pair keys.
        rnd: The round.
        me: This site, a member.
        ring: The encoded vector, from ``codec.encode``.
        codec: The round's codec.
        blind: Whether the hub is not to see the total: every site adds the group's mask too; see `unblind`.

    Raises:
        SetupInvalid: if the keys are not this cohort's, or it has none of all sites together for a blind round.
        SumError: if the site does not take part.
    """
    cohort, here, self_seed = rnd.cohort, rnd.cohort.index(me), os.urandom(_shamir.SECRET_BYTES)
    keys.check(cohort, me)
    rnd.require_member(me)
    bound_mask = rnd.mask_digest(codec, ring)
    plus: list[bytes] = [self_seed]
    minus: list[bytes] = []
    for peer in rnd.peers(me):
        seed = mask_seed(keys.round_seed(peer, rnd.number), bound_mask)
        (plus if cohort.index(peer) > here else minus).append(seed)
    if blind:
        plus.append(_blind_seed(keys, rnd, bound_mask))
    apply_masks(codec.ring, ring, plus, minus)
    boxes, own_share = _share_out(keys, cohort, me, rnd.holders(me), self_seed, b"share", rnd.digest)
    return Upload(codec.view_bytes(ring), boxes, own_share)


def unblind(keys: PairKeys, rnd: Round, total: Words, codec: Codec, survivors: int) -> None:
    """Take the group's masks off a blind round's total, in place: what the hub could not do.

    Args:
        keys: This site's pair keys.
        rnd: The round.
        total: The total as the hub gave it. **Overwritten.**
        codec: The round's codec.
        survivors: Over how many sites it is.

    Raises:
        SumError: if the check bits are not zero: a mask did not cancel, or this is not the round's total.
    """
    seed = _blind_seed(keys, rnd, rnd.mask_digest(codec, total))
    apply_masks(codec.ring, total, (), [seed] * survivors)
    if codec.ring.check_words(total).any():
        raise SumError(
            "The total of a blind round does not open: a mask does not cancel, or it is another round's.",
            remedy="The study ends without a result. Start it again; if it happens twice, ask the hub's operator.",
        )


def _blind_seed(keys: PairKeys, rnd: Round, bound_mask: bytes) -> bytes:
    return keys.group_key(b"blind", digest(rnd.digest, bound_mask))


def stand_in(keys: PairKeys, cohort: Cohort, me: str, number: int) -> StandIn:
    """This site's stand-in for the round of that number: left with the hub before the round begins, once for a number.

    Reveals nothing, unless t neighbours answer that this site did not upload: then its pair seeds of that round.

    Raises:
        SetupInvalid: if the keys are not this cohort's.
    """
    keys.check(cohort, me)
    key, bound = os.urandom(KEY_BYTES), stand_in_digest(cohort, number)
    holders = sorted((*cohort.neighbours(me), me), key=cohort.index)
    boxes, _ = _share_out(keys, cohort, me, holders, key, b"stand-in", bound)
    seeds = b"".join(keys.round_seed(peer, number) for peer in cohort.neighbours(me))
    return StandIn(AESGCM(key).encrypt(_NONCE, seeds, bound), boxes)


def open_bundle(cohort: Cohort, site: str, number: int, key: bytes, bundle: bytes) -> dict[str, bytes]:
    """The pair seeds of a lost site in one round, by peer.

    Raises:
        ShareInvalid: if the bundle does not open under the key, or does not hold one seed for each neighbour.
    """
    neighbours = cohort.neighbours(site)
    try:
        seeds = AESGCM(key).decrypt(_NONCE, bundle, stand_in_digest(cohort, number))
    except (InvalidTag, ValueError):
        seeds = b""
    if len(seeds) != KEY_BYTES * len(neighbours):
        raise ShareInvalid(
            f"The stand-in that {site} left does not open in this round.", remedy="The round ends; start it again."
        )
    return {peer: seeds[k * KEY_BYTES : (k + 1) * KEY_BYTES] for k, peer in enumerate(neighbours)}


def reveal(
    keys: PairKeys,
    rnd: Round,
    me: str,
    survivors: Collection[str],
    boxes_to_me: Mapping[str, bytes],
    own_share: bytes,
    certificate: Mapping[str, bytes] | None = None,
) -> dict[str, bytes]:
    """This site's shares: of the self-mask seed of every survivor, and of the stand-in's key of every lost member.

    Called for a round in which this site uploaded, and for one set of survivors, ever: the caller stores which. Reveals,
    together with t − 1 other sites' answers: the sum over the survivors, and nothing else.

    Args:
        keys: This site's pair keys.
        rnd: The round.
        me: This site.
        survivors: The members that uploaded.
        boxes_to_me: Of each surviving peer the box that came with its upload, of each lost one its stand-in's box.
        own_share: This site's share of its own self-mask seed.
        certificate: The witnesses' signatures on the survivors; not needed where everybody uploaded and everybody masks
            with everybody.

    Returns:
        33 bytes for each of this site's holders.

    Raises:
        TooFewSites: if the survivors are fewer than the threshold.
        CertificateInvalid: if a certificate is needed and does not hold.
        ShareInvalid: if a box is missing or does not open, or the own share is malformed.
        SumError: if this site is not among the survivors, or one of them is no member.
    """
    cohort, here = rnd.cohort, rnd.cohort.index(me)
    keys.check(cohort, me)
    chosen = set(rnd.check_survivors(survivors))
    if me not in chosen:
        raise SumError("This site is said not to have uploaded, so it gives no share.", remedy="Start the study again.")
    if rnd.needs_certificate(chosen):
        rnd.check_certificate(chosen, certificate or {})
    bound_lost = stand_in_digest(cohort, rnd.number)
    shares = {me: own_share}
    for peer in rnd.peers(me):
        label, bound = (b"share", rnd.digest) if peer in chosen else (b"stand-in", bound_lost)
        key = keys.share_key(peer, label, bound, cohort.index(peer), here)
        shares[peer] = _open(key, boxes_to_me.get(peer), bound, peer)
    for share in shares.values():
        _shamir.parse(share)
    return {holder: shares[holder] for holder in rnd.holders(me)}


def mask_seed(round_seed: bytes, bound_mask: bytes) -> bytes:
    """The seed of the mask that a pair adds and subtracts under one context."""
    return expand(round_seed, LABEL + b"mask" + bound_mask)


def stand_in_digest(cohort: Cohort, number: int) -> bytes:
    """What stand-ins for one round are bound to."""
    return digest(LABEL + b"stand-in", cohort.digest(), number.to_bytes(4, "big"))


def _share_out(
    keys: PairKeys, cohort: Cohort, me: str, holders: Collection[str], secret: bytes, label: bytes, bound: bytes
) -> tuple[dict[str, bytes], bytes]:
    """A secret's shares, sealed for each other holder; and this site's own share."""
    here = cohort.index(me)
    places = [cohort.index(holder) for holder in holders]
    shares = _shamir.split(secret, cohort.shares_needed(me), [place + 1 for place in places])
    boxes = {}
    for holder, place, share in zip(holders, places, shares, strict=True):
        if place == here:
            own_share = share
        else:
            boxes[holder] = AESGCM(keys.share_key(holder, label, bound, here, place)).encrypt(_NONCE, share, bound)
    return boxes, own_share


def _open(key: bytes, box: bytes | None, bound: bytes, peer: str) -> bytes:
    try:
        return AESGCM(key).decrypt(_NONCE, box or b"", bound)
    except (InvalidTag, ValueError, TypeError):
        raise ShareInvalid(
            f"The share that {peer} sent to this site is missing or does not open in this round.",
            remedy="The round ends; start it again. If it happens twice, repeat the pair set-up.",
        ) from None
