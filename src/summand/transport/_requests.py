"""Signed reading: a GET that proves whose key asks, once, now.

The signature covers origin, path with query, time and a nonce; the hub accepts a time within five minutes of its own
and each nonce once within that window. Writing needs none of this: what is written is itself a signed document.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Mapping

from summand.encoding import digest, from_base64, to_base64
from summand.errors import PeerProtocolError, StrangerRefused
from summand.signing import PrivateKey, PublicKey

WINDOW_SECONDS = 300
_DOMAIN = b"summand/read/v1"
_NONCES_MAX = 200_000


def sign_read(path: str, key: PrivateKey, origin: str, now: float) -> dict[str, str]:
    """The headers of a signed GET."""
    time_text, nonce = str(int(now)), os.urandom(16).hex()
    signature = key.sign(_to_sign(origin, path, time_text, nonce))
    return {
        "Summand-Key": key.public.fingerprint, "Summand-Time": time_text, "Summand-Nonce": nonce,
        "Summand-Signature": to_base64(signature),
    }  # fmt: skip


class ReadGate:
    """The hub's check of signed GETs.

    Args:
        find_key: The public key of a fingerprint, or None for strangers.
        clock: Seconds since the epoch.
    """

    def __init__(self, origin: str, find_key: Callable[[str], PublicKey | None], clock: Callable[[], float]) -> None:
        self.origin, self.find_key, self.clock = origin, find_key, clock
        self._seen: OrderedDict[str, float] = OrderedDict()

    def check(self, path: str, headers: Mapping[str, str]) -> PublicKey:
        """The key that asks.

        Raises:
            StrangerRefused: if the key is unknown, the time is off, or the nonce was used.
            SignatureInvalid, PeerProtocolError: if the signature does not hold.
        """
        fingerprint, nonce = headers.get("Summand-Key", ""), headers.get("Summand-Nonce", "")
        key = self.find_key(fingerprint)
        if key is None:
            raise _refused("its key is not one of this federation")
        time_text = headers.get("Summand-Time", "")
        if not (time_text.isascii() and time_text.isdigit()) or len(time_text) > 15 or len(nonce) != 32:
            raise PeerProtocolError("A signed request lacks its time or nonce.", remedy="Update the older program.")
        now = self.clock()
        if abs(now - int(time_text)) > WINDOW_SECONDS:
            raise _refused("its clock is off by more than five minutes, or the request is old")
        signature = from_base64(headers.get("Summand-Signature", ""), "signature")
        key.verify(signature, _to_sign(self.origin, path, time_text, nonce))
        self._once(nonce, now)
        return key

    def _once(self, nonce: str, now: float) -> None:
        while self._seen and (
            next(iter(self._seen.values())) < now - 2 * WINDOW_SECONDS or len(self._seen) > _NONCES_MAX
        ):
            self._seen.popitem(last=False)
        if nonce in self._seen:
            raise _refused("it was sent before")
        self._seen[nonce] = now


def _to_sign(origin: str, path: str, time_text: str, nonce: str) -> bytes:
    return digest(_DOMAIN, origin.encode(), path.encode(), time_text.encode(), nonce.encode())


def _refused(why: str) -> StrangerRefused:
    return StrangerRefused(f"The request is refused: {why}.", remedy="Use a key of the agreement and a correct clock.")
