"""Signed webhooks in the form of Standard Webhooks (standardwebhooks.com), scheme ``v1a``: Ed25519.

The signature is over ``id.timestamp.body``: a receiver checks it with the sender's public key, refuses what is older than
five minutes, and remembers identifiers for as long.
"""

from __future__ import annotations

import http.client
import ssl
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from summand.encoding import dump, from_base64, to_base64
from summand.errors import DeliveryFailed, SignatureInvalid, StrangerRefused, SummandError
from summand.signing import PrivateKey, PublicKey

TOLERANCE_SECONDS = 300
ANSWER_BYTES_MAX = 65_536
TIMEOUT_SECONDS = 15.0
BODY_BYTES_MAX = 262_144


@dataclass(frozen=True)
class Webhook:
    """Where to send, for whom: ``url`` is ``https://``, its host one that the settings allow."""

    url: str
    name: str


def signed_headers(body: bytes, key: PrivateKey, at: float, identifier: str) -> dict[str, str]:
    """The three headers of a delivery."""
    seconds = str(int(at))
    signature = key.sign(f"{identifier}.{seconds}.".encode() + body)
    return {
        "webhook-id": identifier, "webhook-timestamp": seconds, "webhook-signature": f"v1a,{to_base64(signature)}",
    }  # fmt: skip


def verify_webhook(headers: Mapping[str, str], body: bytes, key: PublicKey, now: float) -> str:
    """The identifier of a delivery, once its signature and age are checked: what a receiver does.

    Raises:
        SignatureInvalid: if it is not signed by this key, or older or younger than five minutes.
    """
    given = {name.lower(): value for name, value in headers.items()}
    try:
        identifier, seconds = given["webhook-id"], given["webhook-timestamp"]
        if abs(now - int(seconds)) > TOLERANCE_SECONDS:
            raise _unsigned("it is too old, or from the future")
        signed = f"{identifier}.{seconds}.".encode() + body
        for part in given["webhook-signature"].split(" "):
            version, _, text = part.partition(",")
            if version == "v1a" and _holds(key, text, signed):
                return identifier
    except (KeyError, ValueError):
        raise _unsigned("a header is missing or malformed") from None
    raise _unsigned("no signature is by this key")


def send_webhook(
    hook: Webhook,
    allowed_hosts: frozenset[str],
    data: Mapping[str, Any],
    key: PrivateKey,
    *,
    ca_file: str | None = None,
) -> str:
    """Deliver one message; its identifier.

    Args:
        hook: Where to.
        allowed_hosts: ``host`` or ``host:port``, exactly as the settings list them.
        data: JSON values.
        key: Signs it.
        ca_file: Certificates to trust instead of the system's.

    Raises:
        StrangerRefused: if the address is not https, or its host is not listed; nothing is sent.
        DeliveryFailed: if the host does not answer with 2xx; a redirect is not followed.
    """
    host, port, path = _checked(hook.url, allowed_hosts)
    body = dump({"type": "summand.needs", "timestamp": int(time.time()), "data": dict(data)})
    if len(body) > BODY_BYTES_MAX:
        raise DeliveryFailed("The message is too long for a webhook.", remedy="Send a shorter digest.")
    identifier = f"msg_{uuid.uuid4().hex}"
    headers = {"Content-Type": "application/json", **signed_headers(body, key, time.time(), identifier)}
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    connection = http.client.HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS, context=context)
    try:
        connection.request("POST", path, body=body, headers=headers)
        answer = connection.getresponse()
        answer.read(ANSWER_BYTES_MAX)
    except (http.client.HTTPException, OSError) as error:
        raise _failed(host, type(error).__name__) from None
    finally:
        connection.close()
    if not 200 <= answer.status < 300:
        raise _failed(host, f"status {answer.status}")
    return identifier


def _checked(url: str, allowed_hosts: frozenset[str]) -> tuple[str, int, str]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 443
    except ValueError:
        parts, host, port = urlsplit(""), "", 443
    plain = parts.username is None and parts.password is None and not parts.fragment
    listed = (host in allowed_hosts and port == 443) or f"{host}:{port}" in allowed_hosts
    if parts.scheme != "https" or not host or not plain or not listed or any(ord(sign) <= 32 for sign in url):
        raise StrangerRefused(
            f"Nothing is sent to '{host[:80]}': the settings do not list it, or the address is not plain https.",
            remedy="List the host under 'allowed_hosts' if it may be told.",
        )
    return host, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _holds(key: PublicKey, text: str, signed: bytes) -> bool:
    try:
        key.verify(from_base64(text, "signature"), signed)
    except SummandError:
        return False
    return True


def _failed(host: str, why: str) -> DeliveryFailed:
    return DeliveryFailed(
        f"The webhook at {host} was not delivered ({why}).", remedy="Try again later, or ask its host."
    )


def _unsigned(why: str) -> SignatureInvalid:
    return SignatureInvalid(f"The webhook is not believed: {why}.", remedy="Look at who sent it; do not act on it.")
