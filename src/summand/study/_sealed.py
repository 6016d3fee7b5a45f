"""A result that only the person who asked can read, and only once enough sites agree that it is right.

The sites of a blind study share a key. From it every one of them works out the same release key and the same polynomial
through it; the result is encrypted under the release key, and that ciphertext is what the sites confirm and the ledger
holds. With its confirmation each site seals its own point of the polynomial to the requester's reply key. So the hub,
which passes all of it on, reads nothing; and the requester reads nothing before a threshold of sites has agreed.

Source: Shamir 1979 for the shares; HPKE, RFC 9180, with the hybrid of ML-KEM-768 and X25519, for the seal; AES-256-GCM.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from summand.encoding import digest, dump, from_base64, parse, to_base64
from summand.errors import PeerProtocolError, ResultSealed, SummandError
from summand.securesum import Cohort, PairKeys, combine, share_of
from summand.signing import PrivateKey

_SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
_PUBLIC_BYTES = 1184
_NONCE = bytes(12)  # each key encrypts once
_LABEL = b"summand/reply/v1 "


def reply_key(key: PrivateKey, study_id: str) -> str:
    """The public key to which a study's result is sealed: the requester's own, made anew from their key whenever needed."""
    mlkem, x25519 = _reply_pair(key, study_id)
    return to_base64(mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw())


def seal_result(keys: PairKeys, ctx: bytes, result: Mapping[str, Any]) -> bytes:
    """The result under the study's release key: the same bytes at every site that has the same result."""
    return AESGCM(keys.group_key(b"release", ctx)).encrypt(_NONCE, dump(dict(result)), _LABEL)


def open_at_site(keys: PairKeys, ctx: bytes, sealed: bytes) -> dict[str, Any]:
    """The result behind `seal_result`, at a site.

    Raises:
        PeerProtocolError: if it is not sealed under this study's release key.
    """
    return _opened(keys.group_key(b"release", ctx), sealed)


def seal_share(keys: PairKeys, cohort: Cohort, me: str, ctx: bytes, study_id: str, reply: str) -> bytes:
    """This site's share of the release key, sealed to the requester.

    Raises:
        PeerProtocolError: if the reply key is none.
    """
    seeds = [keys.group_key(b"release share", digest(ctx, bytes([k]))) for k in range(1, cohort.threshold)]
    share = share_of(keys.group_key(b"release", ctx), seeds, cohort.index(me) + 1)
    return _SUITE.encrypt(share, _read_reply_key(reply), _info(study_id, me))


def open_release(key: PrivateKey, study_id: str, released: Mapping[str, Any]) -> dict[str, Any]:
    """The result, for the person who asked.

    Args:
        key: The requester's key, with which they signed the request.
        study_id: The study.
        released: ``{"sealed": base64, "shares": {site: base64}, "sites": [...], "threshold": t}`` as the hub shows it.

    Raises:
        ResultSealed: if the key is another one, or the shares are too few or do not fit.
    """
    try:
        pair = hpke.MLKEM768X25519PrivateKey(*_reply_pair(key, study_id))
        sites, threshold = [str(site) for site in released["sites"]], int(released["threshold"])
        shares = {
            sites.index(site) + 1: _SUITE.decrypt(from_base64(str(box), "share"), pair, _info(study_id, site))
            for site, box in list(released["shares"].items())[:threshold]
        }
        if len(shares) < threshold:
            raise ValueError
        return _opened(combine(list(shares), list(shares.values())), from_base64(str(released["sealed"]), "result"))
    except (SummandError, KeyError, TypeError, ValueError, InvalidTag):
        raise ResultSealed(
            "This result is sealed to the person who asked for it, and does not open with this key and these shares.",
            remedy="Read it with the key that signed the request.",
        ) from None


def _opened(key: bytes, sealed: bytes) -> dict[str, Any]:
    try:
        value = parse(AESGCM(key).decrypt(_NONCE, sealed, _LABEL), "result")
    except (InvalidTag, ValueError):
        value = None
    if not isinstance(value, dict):
        raise PeerProtocolError("A sealed result is not one of this study.", remedy="Start the study again.")
    return value


def _reply_pair(key: PrivateKey, study_id: str) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    root = key.sign(_LABEL + study_id.encode())  # Ed25519 signs the same bytes the same way, and this never leaves
    seed = digest(_LABEL + b"ml-kem-768 0", root) + digest(_LABEL + b"ml-kem-768 1", root)
    return (
        MLKEM768PrivateKey.from_seed_bytes(seed),
        X25519PrivateKey.from_private_bytes(digest(_LABEL + b"x25519", root)),
    )


def _read_reply_key(text: str) -> hpke.MLKEM768X25519PublicKey:
    try:
        raw = from_base64(text, "reply key")
        mlkem = MLKEM768PublicKey.from_public_bytes(raw[:_PUBLIC_BYTES])
        return hpke.MLKEM768X25519PublicKey(mlkem, X25519PublicKey.from_public_bytes(raw[_PUBLIC_BYTES:]))
    except ValueError:
        raise PeerProtocolError("The request's reply key is none.", remedy="Ask again with this version.") from None


def _info(study_id: str, site: str) -> bytes:
    return digest(_LABEL + b"share", study_id.encode(), site.encode())
