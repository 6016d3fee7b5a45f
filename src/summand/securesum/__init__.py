"""Sums that nobody can take apart: fixed point, masks, shares, and the round at the site and at the hub.

Promise: the total is exact (every site's value is rounded once, and no order of addition changes a bit); an overflow
is refused before data are read; whoever sees all messages of a round, and holds the secrets of at most c sites with
2t > n + c, learns the sum over the other sites and nothing else; a mask that does not cancel ends the round. No secret
appears in a repr or an error. Nothing here does input or output: the caller carries the messages, signs and checks
them, and stores what must outlive a crash.

What each message reveals: a key record and a sealed contribution, nothing; an upload, its size; t sites' answers to a
reveal, the cohort's total.

Source: K. Bonawitz et al., "Practical secure aggregation for privacy-preserving machine learning", CCS 2017 (ePrint
2017/281), with pair keys agreed once per epoch (RFC 9180, hybrid with ML-KEM-768).

    >>> import numpy as np
    >>> from summand.signing import PrivateKey
    >>> identity_keys = {site: PrivateKey.generate().public for site in ("bergen", "lyon", "turin")}
    >>> agreement_hash, epoch, ctx = bytes(32), b"2026-1", context(b"round 1")
    >>> setups = {site: PairSetup(site, agreement_hash, epoch, identity_keys) for site in identity_keys}
    >>> records = {site: setup.key_record() for site, setup in setups.items()}
    >>> sealed = {site: setup.seal_to(records) for site, setup in setups.items()}
    >>> keys = {me: s.finish({p: sealed[p][me] for p in setups if p != me}) for me, s in setups.items()}
    >>> cohort, codec = Cohort.form(identity_keys, agreement_hash, epoch), Codec.q63_64()
    >>> codec.check(bound=100.0, sites=3)
    >>> hub, uploads = HubSum(cohort, ctx, codec, length=2), {}
    >>> for site, values in {"bergen": [0.1, 1.0], "lyon": [0.2, 2.0], "turin": [-0.3, 4.0]}.items():
    ...     ring = codec.encode(np.array(values), bound=100.0)
    ...     uploads[site] = mask_upload(keys[site], cohort, site, ctx, ring, codec)
    ...     hub.add(site, uploads[site].masked)
    True
    True
    True
    >>> reveals = {
    ...     me: reveal(keys[me], cohort, me, ctx, cohort.sites,
    ...                {p: uploads[p].share_boxes[me] for p in cohort.sites if p != me}, uploads[me].own_share)
    ...     for me in cohort.sites
    ... }
    >>> codec.decode(hub.unmask(reveals)).tolist()
    [2.7755575615628914e-17, 7.0]
"""

from summand.securesum._codec import Codec
from summand.securesum._cohort import Cohort, default_threshold
from summand.securesum._hub import HubSum
from summand.securesum._kdf import context
from summand.securesum._pair_keys import PairKeys
from summand.securesum._pair_setup import PairSetup
from summand.securesum._prg import apply_masks
from summand.securesum._round import Upload, mask_upload, reveal
from summand.securesum._shamir import combine, split

__all__ = [
    "Codec",
    "Cohort",
    "HubSum",
    "PairKeys",
    "PairSetup",
    "Upload",
    "apply_masks",
    "combine",
    "context",
    "default_threshold",
    "mask_upload",
    "reveal",
    "split",
]
