"""The outbound side: one connection, kept alive, that reconnects and tells apart what may be tried again.

A site does one thing at a time, answers in order, and starts 0.25 CPU-seconds sooner without an asynchronous framework
(docs/decisions/0002).
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from summand.encoding import parse
from summand.errors import PeerProtocolError, SiteUnreachable, SummandError, UsageError, from_dict
from summand.signing import PrivateKey
from summand.transport._channel import Answer, Channel
from summand.transport._federation import FederationDescription
from summand.transport._requests import sign_read
from summand.transport._tls import client_context

ANSWER_BYTES_MAX = 1 << 30


class HubClient:
    """A connection to a hub.

    Args:
        federation: The hub's description, compared by fingerprint before.
        key: Signs reading; None reads only what is public.
        timeout_seconds: How long one answer may take beyond a long poll's own waiting.
    """

    def __init__(
        self, federation: FederationDescription, key: PrivateKey | None = None, *, timeout_seconds: float = 60.0
    ) -> None:
        parts = urlsplit(federation.url)
        if parts.scheme != "https" or not parts.hostname:
            raise UsageError(
                f"The hub's address must be https://…, not '{parts.scheme}'.", remedy="Correct the address."
            )
        self.federation, self.key, self.timeout_seconds = federation, key, timeout_seconds
        self._host, self._port = parts.hostname, parts.port or 443
        self._context = client_context(federation.ca_pem)
        self._channel: Channel | None = None

    def get(self, path: str, *, wait_seconds: float = 0.0) -> bytes:
        """Read a path, signed; a long poll where ``wait_seconds`` is given.

        Raises:
            SiteUnreachable: if the hub does not answer.
            SummandError: the error that the hub answered with.
        """
        return self._ask("GET", path, None, wait_seconds, signed=True)

    def put(self, path: str, body: bytes, *, wait_seconds: float = 0.0) -> bytes:
        """Write a signed document to a path; writing it again changes nothing.

        With ``wait_seconds`` the path also asks for what comes next: then reading is signed too, and the hub answers
        when there is something, or that time is over.

        Raises:
            SiteUnreachable: if the hub does not answer.
            SummandError: the error that the hub answered with.
        """
        return self._ask("PUT", path, body, wait_seconds, signed=wait_seconds > 0)

    def put_until_taken(
        self,
        path: str,
        body: bytes,
        *,
        wait_seconds: float = 0.0,
        give_up_seconds: float = 600.0,
        before_each: Callable[[], None] = lambda: None,
    ) -> bytes:
        """As `put`, trying again with growing pauses while the hub cannot be reached.

        What ``before_each`` raises ends it, before anything is sent again.
        """
        pause, deadline = 0.05, time.monotonic() + give_up_seconds
        while True:
            before_each()
            try:
                return self.put(path, body, wait_seconds=wait_seconds)
            except SummandError as error:
                if not error.retryable or time.monotonic() > deadline:
                    raise
                time.sleep(pause)
                pause = min(2.0, pause * 2)

    def _ask(self, verb: str, path: str, body: bytes | None, wait_seconds: float, *, signed: bool) -> bytes:
        for attempt in (1, 2):  # a kept-alive connection may have been closed by the other end: once more, afresh
            fresh, headers = self._channel is None, {}
            if body is not None:
                headers["Content-Type"] = "application/octet-stream"
            if signed and self.key is not None:  # anew for each attempt: a nonce counts once
                headers |= sign_read(path, self.key, self.federation.origin, time.time())
            try:
                answer = self._exchange(verb, path, body, headers, wait_seconds)
            except ssl.SSLCertVerificationError as error:
                self.close()
                raise PeerProtocolError(
                    f"The hub at {self._host} does not show a certificate of this federation ({error.verify_message}).",
                    remedy="Do not go on. Compare the federation's fingerprint with the hub's operator.",
                ) from None
            except (SiteUnreachable, OSError) as error:
                self.close()
                if fresh or attempt == 2:
                    if isinstance(error, SiteUnreachable):
                        raise
                    raise SiteUnreachable(
                        f"The hub at {self._host}:{self._port} does not answer ({type(error).__name__}).",
                        remedy="Check the network and that the hub runs; it is tried again where that is safe.",
                    ) from None
            else:
                return self._read(answer)
        raise AssertionError("unreachable")  # pragma: no cover - the loop returns or raises

    def _exchange(
        self, verb: str, path: str, body: bytes | None, headers: dict[str, str], wait_seconds: float
    ) -> Answer:
        if self._channel is None:
            self._channel = Channel(self._host, self._port, self._context, self.timeout_seconds)
        patience = self.timeout_seconds + wait_seconds
        return self._channel.ask(verb, path, headers, body, timeout_seconds=patience, most=ANSWER_BYTES_MAX)

    def _read(self, answer: Answer) -> bytes:
        if answer.closes:
            self.close()
        if answer.status >= 400:
            raise _error(answer.status, answer.body)
        return answer.body

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        if self._channel is not None:
            self._channel.close()
            self._channel = None


def _error(status: int, data: bytes) -> SummandError:
    try:
        fields: Any = parse(data, "error")
    except PeerProtocolError:
        fields = None
    if isinstance(fields, dict) and "code" in fields:
        return from_dict(fields)
    if status in (502, 503, 504):
        return SiteUnreachable(
            f"A proxy answered {status} for the hub.", remedy="It is tried again where that is safe."
        )
    return PeerProtocolError(
        f"The hub answered {status} without an error of this protocol.", remedy="Check the address."
    )
