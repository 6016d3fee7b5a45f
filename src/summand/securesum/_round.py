"""A round at a site, by its fast path: mask and upload, then give shares once everybody has uploaded.

Source: double masking of Bonawitz et al. 2017 (ePrint 2017/281, §4), with pair keys agreed once. In symbols, for site
i of n, b_i random, s_ij derived from the pair's key and the round:

    y_i = x_i + PRG(b_i) + Σ_{j>i} PRG(s_ij) − Σ_{j<i} PRG(s_ij)

The pair masks cancel in Σ y_i; t sites' shares of each b_i open the rest. Nobody ever reveals a pair seed or b_i
itself here, and shares are given for the whole cohort or not at all: so at most one sum can be opened per context,
that of all sites. (Sending b_i as a shortcut would let a hub open sums of one: see the equivocation test.)
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from summand.encoding import canonical, digest
from summand.errors import ShareInvalid, TooFewSites
from summand.securesum import _shamir
from summand.securesum._codec import Codec
from summand.securesum._cohort import Cohort
from summand.securesum._kdf import LABEL
from summand.securesum._pair_keys import PairKeys
from summand.securesum._prg import apply_masks
from summand.securesum._ring import CHECK_BYTES, Words

BOX_BYTES = _shamir.SHARE_BYTES + 16
_NONCE = bytes(12)  # each box has a key of its own


@dataclass(frozen=True)
class Upload:
    """What a site sends in a round, and the one share that it keeps.

    Attributes:
        masked: The masked vector, raw little-endian words.
        share_boxes: For each other site, its share of this site's self-mask seed, sealed: 49 bytes.
        own_share: This site's own share of it, 33 bytes; stays at the site until `reveal`.
    """

    masked: bytes = field(repr=False)
    share_boxes: Mapping[str, bytes] = field(repr=False)
    own_share: bytes = field(repr=False)


def mask_upload(keys: PairKeys, cohort: Cohort, me: str, ctx: bytes, ring: Words, codec: Codec) -> Upload:
    """Mask this site's vector for one round. **``ring`` is overwritten** with the masked vector.

    A context is used once: the caller stores ``ctx`` and the upload before any of it leaves, and after a crash sends
    the stored upload again. A second masking under the same context would give away the difference of two vectors.

    Args:
        keys: This site's pair keys.
        cohort: The sites that add.
        me: This site.
        ctx: The round's context, 32 bytes.
        ring: The encoded vector, from ``codec.encode``.
        codec: The round's codec.

    Raises:
        SetupInvalid: if the keys are not this cohort's.
    """
    keys.check(cohort, me)
    here, self_seed = cohort.index(me), os.urandom(_shamir.SECRET_BYTES)
    bound_mask = mask_digest(cohort, ctx, codec, ring)
    seeds = {peer: keys.mask_seed(peer, bound_mask) for peer in cohort.sites if peer != me}
    plus = [seeds[peer] for peer in cohort.sites[here + 1 :]]
    minus = [seeds[peer] for peer in cohort.sites[:here]]
    apply_masks(codec.ring, ring, [self_seed, *plus], minus)
    shares = _shamir.split(self_seed, cohort.threshold, range(1, len(cohort.sites) + 1))
    bound = cohort.round_digest(ctx)
    boxes = {
        peer: AESGCM(keys.share_key(peer, bound, here, there)).encrypt(_NONCE, shares[there], bound)
        for there, peer in enumerate(cohort.sites)
        if peer != me
    }
    return Upload(codec.to_bytes(ring), boxes, shares[here])


def reveal(
    keys: PairKeys,
    cohort: Cohort,
    me: str,
    ctx: bytes,
    survivors: Iterable[str],
    boxes_to_me: Mapping[str, bytes],
    own_share: bytes,
) -> dict[str, bytes]:
    """This site's share of every site's self-mask seed, 33 bytes each, its own included.

    Called only for a context under which this site uploaded. Reveals, together with t − 1 other sites' answers: the
    sum over the whole cohort, and nothing else.

    Raises:
        TooFewSites: if ``survivors`` are not exactly the cohort; no second set is ever answered for a context.
        ShareInvalid: if a box is missing or does not open, or the own share is malformed.
    """
    keys.check(cohort, me)
    if set(survivors) != set(cohort.sites):
        raise TooFewSites(
            f"Shares are given only when all {len(cohort.sites)} sites of the cohort have uploaded; the hub says "
            "otherwise.",
            remedy="End the study, or start it again when every site can be reached.",
        )
    here, bound = cohort.index(me), cohort.round_digest(ctx)
    shares = {me: own_share}
    for there, peer in enumerate(cohort.sites):
        if peer != me:
            shares[peer] = _open(keys.share_key(peer, bound, there, here), boxes_to_me.get(peer), bound, peer)
    for share in shares.values():
        _shamir.parse(share)
    return shares


def mask_digest(cohort: Cohort, ctx: bytes, codec: Codec, ring: Words) -> bytes:
    """What the pair masks are bound to: the round, the codec and the length. If sites differ in any, none cancels."""
    length = (ring.nbytes - CHECK_BYTES) // codec.bytes_per_value
    return digest(LABEL + b"mask", cohort.round_digest(ctx), canonical(codec.to_dict()), length.to_bytes(8, "big"))


def _open(key: bytes, box: bytes | None, bound: bytes, peer: str) -> bytes:
    try:
        return AESGCM(key).decrypt(_NONCE, box or b"", bound)
    except (InvalidTag, ValueError, TypeError):
        raise ShareInvalid(
            f"The share that {peer} sent to this site is missing or does not open in this round.",
            remedy="The round ends; start it again. If it happens twice, repeat the pair set-up.",
        ) from None
