"""One kept-alive HTTP/1.1 connection over TLS: a request in one piece, an answer read by its length.

The standard library's client reads every answer's headers with its parser for e-mail and sends header and body apart; for
messages of a kilobyte that cost a site more than TLS, and the hub a second reading (docs/decisions/0030). An answer has a
length, comes in chunks, or ends with the connection (RFC 9112 §6.3); anything else ends the connection.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Mapping
from typing import IO, NamedTuple

from summand.errors import SiteUnreachable, UsageError

LINE_BYTES_MAX = 65_536
HEADERS_MAX = 100
HTTPS_PORT = 443
_JOINED_BYTES_MAX = 1 << 16  # longer bodies are sent from where they lie
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9][0-9])(?: [^\r\n]*)?\r?\n")
_TARGET = re.compile(r"/[!-~]*")


class Answer(NamedTuple):
    """An answer: its status, its body, and whether the other end closes the connection."""

    status: int
    body: bytes
    closes: bool


class Channel:
    """A connection to one host; it is of no use any more once something was raised.

    Args:
        host, port: Where to.
        context: Whom to believe there.
        timeout_seconds: For connecting.
    """

    def __init__(self, host: str, port: int, context: ssl.SSLContext, timeout_seconds: float) -> None:
        plain = socket.create_connection((host, port), timeout_seconds)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket = context.wrap_socket(plain, server_hostname=host)
        except BaseException:
            plain.close()
            raise
        self._file = self._socket.makefile("rb")
        name = f"[{host}]" if ":" in host else host.encode("idna").decode()
        place = name if port == HTTPS_PORT else f"{name}:{port}"
        self._start = f" HTTP/1.1\r\nHost: {place}\r\nAccept-Encoding: identity\r\n"

    def ask(
        self,
        verb: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        timeout_seconds: float,
        most: int,
    ) -> Answer:
        """Send a request and read its answer, of at most ``most`` bytes.

        Raises:
            OSError: if the connection breaks, or nothing comes in time.
            SiteUnreachable: if what comes is no answer.
            UsageError: if the address holds what an address cannot.
        """
        if not _TARGET.fullmatch(target):
            raise UsageError("An address holds a space or a sign beyond ASCII.", remedy="Correct the name in it.")
        self._socket.settimeout(timeout_seconds)
        fields = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        length = "" if body is None else f"Content-Length: {len(body)}\r\n"
        head = f"{verb} {target}{self._start}{length}{fields}\r\n".encode("latin-1")
        if body is None or len(body) <= _JOINED_BYTES_MAX:
            self._socket.sendall(head + (body or b""))
        else:
            self._socket.sendall(head)
            self._socket.sendall(body)
        return read_answer(self._file, most)

    def close(self) -> None:
        """Close it."""
        self._file.close()
        self._socket.close()


def read_answer(file: IO[bytes], most: int) -> Answer:
    """The answer to a GET or PUT that begins here.

    Raises:
        SiteUnreachable: if it is none, ends early, or is longer than ``most`` bytes.
    """
    status, is_old, fields = _read_head(file)
    while status < 200:  # such as 100 Continue
        status, is_old, fields = _read_head(file)
    connection = fields.get(b"connection", b"").lower()
    closes = b"close" in connection or (is_old and b"keep-alive" not in connection)
    if fields.get(b"transfer-encoding", b"").lower() == b"chunked":
        return Answer(status, _read_chunks(file, most), closes)
    if b"transfer-encoding" in fields:
        raise _no_answer("it is encoded, unasked")
    length = fields.get(b"content-length")
    if status in (204, 304):
        return Answer(status, b"", closes)
    if length is None:
        body = file.read(most + 1)
        if len(body) > most:
            raise _no_answer("it is over the limit")
        return Answer(status, body, True)
    if not length.isdigit() or len(length) > 15 or int(length) > most:
        raise _no_answer("its length is none, or over the limit")
    return Answer(status, _read_exactly(file, int(length)), closes)


def _read_head(file: IO[bytes]) -> tuple[int, bool, dict[bytes, bytes]]:
    """An answer's status, whether it is of HTTP/1.0, and its headers by their names in small letters."""
    line = file.readline(LINE_BYTES_MAX)
    if not line:
        raise _no_answer("the connection ended")
    found = _STATUS.fullmatch(line)
    if found is None:
        raise _no_answer("its first line is none")
    fields: dict[bytes, bytes] = {}
    for _ in range(HEADERS_MAX + 1):
        line = file.readline(LINE_BYTES_MAX)
        if line in (b"\r\n", b"\n"):
            return int(found[2]), found[1] == b"0", fields
        name, colon, value = line.partition(b":")
        name, value = name.lower(), value.strip()
        if not (colon and line.endswith(b"\n") and name.strip() == name and name) or (
            name == b"content-length" and fields.get(name, value) != value
        ):
            raise _no_answer("a header is none")
        fields[name] = value
    raise _no_answer("it has too many headers")


def _read_chunks(file: IO[bytes], most: int) -> bytes:
    parts, total = [], 0
    while True:
        digits = file.readline(LINE_BYTES_MAX).split(b";", 1)[0].strip()
        if not re.fullmatch(rb"[0-9a-fA-F]{1,15}", digits):
            raise _no_answer("a chunk is none")
        size = int(digits, 16)
        total += size
        if total > most:
            raise _no_answer("it is over the limit")
        if not size:
            break
        parts.append(_read_exactly(file, size))
        if file.readline(3) not in (b"\r\n", b"\n"):
            raise _no_answer("a chunk is none")
    for _ in range(HEADERS_MAX + 1):  # trailers
        if file.readline(LINE_BYTES_MAX) in (b"\r\n", b"\n"):
            return b"".join(parts)
    raise _no_answer("a chunk is none")


def _read_exactly(file: IO[bytes], size: int) -> bytes:
    data = file.read(size)
    if len(data) != size:
        raise _no_answer("it ended early")
    return data


def _no_answer(why: str) -> SiteUnreachable:
    return SiteUnreachable(
        f"What came from the hub's address is no answer: {why}.",
        remedy="Check the address, and any proxy before it; it is tried again where that is safe.",
    )
