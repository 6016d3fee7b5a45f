"""Sums that nobody can take apart: fixed point, masks, shares, and the round at the site and at the hub.

Promise: the total is exact (every site's value is rounded once, and no order of addition changes a bit); an overflow
is refused before data are read; whoever sees all messages of a round, and holds the secrets of at most c sites with
2t > n + c, learns the sum over the other sites that uploaded and nothing else; up to n − t sites may be lost at any
steps, and the sum over those that uploaded is exact all the same; with fewer left the round ends and opens nothing; a
mask that does not cancel ends the round. No secret appears in a repr or an error. Nothing here does input or output: the
caller carries the messages, signs and checks them, and stores what must outlive a crash.

What each message reveals: a key record, a sealed contribution, a stand-in and a certificate, nothing; an upload, its
size; t sites' answers to a reveal, the total over the survivors.

Source: K. Bonawitz et al., "Practical secure aggregation for privacy-preserving machine learning", CCS 2017 (ePrint
2017/281), with pair keys agreed once per epoch (RFC 9180, hybrid with ML-KEM-768) and, past 64 sites, the neighbour graph
of J. H. Bell et al., CCS 2020 (ePrint 2020/704).

Four sites, of which one is lost after it left its stand-in:

    >>> import numpy as np
    >>> from summand.signing import PrivateKey
    >>> private = {site: PrivateKey.generate() for site in ("bergen", "lyon", "porto", "turin")}
    >>> identity_keys, agreement_hash, epoch = {s: k.public for s, k in private.items()}, bytes(32), b"2026-1"
    >>> setups = {site: PairSetup(site, agreement_hash, epoch, identity_keys) for site in identity_keys}
    >>> records = {site: setup.key_record() for site, setup in setups.items()}
    >>> sealed = {site: setup.seal_to(records) for site, setup in setups.items()}
    >>> keys = {me: s.finish({p: sealed[p][me] for p in setups if p != me}) for me, s in setups.items()}
    >>> cohort, codec = Cohort.form(identity_keys, agreement_hash, epoch), Codec.q63_64()
    >>> codec.check(bound=100.0, sites=4)
    >>> stand_ins = {site: stand_in(keys[site], cohort, site, number=0) for site in cohort.sites}
    >>> rnd = Round(cohort, context(b"round 0"), number=0)
    >>> hub, uploads = HubSum(rnd, codec, length=2), {}
    >>> for site, values in {"bergen": [0.1, 1.0], "lyon": [0.2, 2.0], "turin": [-0.3, 4.0]}.items():
    ...     uploads[site] = mask_upload(keys[site], rnd, site, codec.encode(np.array(values), bound=100.0), codec)
    ...     hub.add(site, uploads[site].masked)
    True
    True
    True
    >>> survivors = hub.close()
    >>> certificate = {site: private[site].sign(rnd.survivors_statement(survivors)) for site in survivors}
    >>> reveals = {}
    >>> for me in survivors:
    ...     boxes = {p: uploads[p].share_boxes[me] for p in survivors if p != me}
    ...     boxes |= {lost: stand_ins[lost].share_boxes[me] for lost in hub.missing}
    ...     reveals[me] = reveal(keys[me], rnd, me, survivors, boxes, uploads[me].own_share, certificate)
    >>> codec.decode(hub.unmask(reveals, {lost: stand_ins[lost].bundle for lost in hub.missing})).tolist()
    [2.7755575615628914e-17, 7.0]
"""

from summand.securesum._codec import Codec
from summand.securesum._cohort import Cohort, default_threshold
from summand.securesum._hub import HubSum
from summand.securesum._kdf import context
from summand.securesum._masking import StandIn, Upload, mask_upload, reveal, stand_in, unblind
from summand.securesum._pair_keys import PairKeys
from summand.securesum._pair_setup import PairSetup
from summand.securesum._prg import apply_masks
from summand.securesum._round import Round
from summand.securesum._shamir import combine, share_of, split
from summand.securesum._shares import may_suffice

__all__ = [
    "Codec",
    "Cohort",
    "HubSum",
    "PairKeys",
    "PairSetup",
    "Round",
    "StandIn",
    "Upload",
    "apply_masks",
    "combine",
    "context",
    "default_threshold",
    "mask_upload",
    "may_suffice",
    "reveal",
    "share_of",
    "split",
    "stand_in",
    "unblind",
]
