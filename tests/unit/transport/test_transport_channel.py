"""The connection of a client: answers are read as the standard library reads them, and nothing else is taken for one."""

from __future__ import annotations

import http.client
import io
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from summand.errors import SiteUnreachable, UsageError
from summand.signing import PrivateKey
from summand.transport import FederationDescription, HubClient, create_tls, server_context
from summand.transport._channel import read_answer

MOST = 10_000


class Stream:
    """What the standard library takes for a socket."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def makefile(self, *_: object) -> io.BytesIO:
        """The bytes to read."""
        return io.BytesIO(self.data)


def by_the_library(data: bytes) -> tuple[int, bytes, bool]:
    """Status, body and whether the connection ends, as http.client reads them."""
    response = http.client.HTTPResponse(Stream(data), method="PUT")
    response.begin()
    return response.status, response.read(), response.will_close


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """An answer in one of the three ways that a body may end, perhaps behind an interim one."""
    body, way = draw(st.binary(max_size=200)), draw(st.sampled_from(["length", "chunks", "end"]))
    status = draw(st.sampled_from([200, 201, 204, 304, 400, 403, 413, 500, 502]))
    fields = draw(st.lists(st.sampled_from(["Server: x y", "Date: now", "X-Empty:"]), max_size=4))
    fields += draw(st.sampled_from([[], ["connection: keep-alive"], ["Connection: Close"]]))
    if way == "length":
        fields.append(f"CONTENT-LENGTH: {len(body)}")
    elif way == "chunks":
        fields.append("transfer-encoding: chunked")
        cuts = sorted({0, len(body), *draw(st.lists(st.integers(0, len(body)), max_size=3))})
        parts = [body[a:b] for a, b in pairwise(cuts)]
        body = b"".join(b"%x;a=b\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\nTrailer: 1\r\n\r\n"
    if status in (204, 304):
        body = b""
        fields = [field for field in fields if "transfer" not in field]
    interim = b"HTTP/1.1 100 Continue\r\n\r\n" if draw(st.booleans()) else b""
    head = "\r\n".join([f"HTTP/1.{draw(st.sampled_from([0, 1]))} {status} Some Reason", *fields, "", ""]).encode()
    return interim + head + body


@given(data=answers())
def test_an_answer_is_read_as_the_standard_library_reads_it(data: bytes) -> None:
    """Status, body and end of the connection are the same, however the body is framed."""
    status, body, closes = by_the_library(data)
    found = read_answer(io.BytesIO(data), MOST)
    assert (found.status, found.body) == (status, body)
    if status not in (204, 304):
        assert found.closes == closes


@given(data=st.binary(max_size=300).map(lambda tail: b"HTTP/1.1 200 OK\r\n" + tail) | st.binary(max_size=100))
@example(data=b"")
@example(data=b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc")
@example(data=b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabc")
@example(data=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n")
@example(data=b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500 + b"\r\n")
@example(data=b"HTTP/1.1 200 OK\r\nA: " + b"b" * 200_000)
def test_any_bytes_are_an_answer_or_an_error_of_the_tree(data: bytes) -> None:
    """A hub, or a proxy before it, that answers nonsense ends the connection and nothing else."""
    try:
        assert len(read_answer(io.BytesIO(data), MOST).body) <= MOST
    except SiteUnreachable as error:
        assert error.retryable


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10001\r\n\r\n" + bytes(10_001),
        b"HTTP/1.1 200 OK\r\n\r\n" + bytes(10_001),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2711\r\n" + bytes(10_001) + b"\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\na",
        b"HTTP/2 200 OK\r\n\r\n",
    ],
)
def test_what_is_too_long_or_has_two_readings_is_refused(data: bytes) -> None:
    """The limit holds in every framing, and two lengths are none."""
    with pytest.raises(SiteUnreachable):
        read_answer(io.BytesIO(data), MOST)


@contextmanager
def served(folder: Path, script: Callable[[int, bytes], bytes | None]) -> Iterator[HubClient]:
    """A TLS server that answers each request as the script says (None: closes the connection), and a client of it."""
    create_tls(folder, ["127.0.0.1"], "channel")
    listener = socket.create_server(("127.0.0.1", 0))
    context, count = server_context(folder), iter(range(10**6))

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            with plain, context.wrap_socket(plain, server_side=True) as connection:
                while (request := _request(connection)) is not None:
                    answer = script(next(count), request)
                    if answer is None:
                        break
                    connection.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    description = FederationDescription(
        "channel", f"https://127.0.0.1:{listener.getsockname()[1]}", PrivateKey.generate().public,
        (folder / "ca.pem").read_text(),
    )  # fmt: skip
    client = HubClient(description, timeout_seconds=20)
    try:
        yield client
    finally:
        client.close()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


def _request(connection: socket.socket) -> bytes | None:
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65_536)
        if not more:
            return None
        data += more
    head = data.partition(b"\r\n\r\n")[0].lower()
    wanted = int(head.partition(b"content-length: ")[2].split(b"\r\n")[0] or 0)
    while len(data) < len(head) + 4 + wanted:
        data += connection.recv(1 << 20)
    return data


def ok(body: bytes = b"") -> bytes:
    """An answer."""
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


@pytest.mark.parametrize("size", [0, 1_000, 3 << 20])
def test_a_request_arrives_whole(tmp_path, size: int) -> None:
    """Line, headers and body are those of RFC 9112, for short and for long bodies; and so is the answer."""
    seen: list[bytes] = []
    body = bytes(range(256)) * (size // 256 + 1)

    def script(_number: int, request: bytes) -> bytes:
        seen.append(request)
        return ok(body)

    with served(tmp_path, script) as client:
        assert client.put("/v1/x?after=1", body) == body
        assert client.get("/v1/y") == body
    first, _, sent = seen[0].partition(b"\r\n\r\n")
    line, *fields = first.split(b"\r\n")
    named = dict(field.lower().split(b": ", 1) for field in fields)
    assert line == b"PUT /v1/x?after=1 HTTP/1.1" and sent == body
    assert named[b"content-length"] == b"%d" % len(body) and named[b"host"].startswith(b"127.0.0.1:")
    assert seen[1].startswith(b"GET /v1/y HTTP/1.1\r\n") and seen[1].endswith(b"\r\n\r\n")


def test_a_connection_that_was_closed_meanwhile_is_opened_again(tmp_path) -> None:
    """The other end closed a kept-alive connection: the request goes out once more, on a fresh one."""
    closing = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nthree"
    script = {0: ok(b"one"), 1: None, 2: ok(b"two"), 3: closing, 4: None}
    with served(tmp_path, lambda number, _: script.get(number, ok(b"last"))) as client:
        assert [client.get("/v1/x") for _ in range(3)] == [b"one", b"two", b"three"]
        with pytest.raises(SiteUnreachable):
            client.get("/v1/x")  # closed on a fresh connection: it is not tried again here
        assert client.get("/v1/x") == b"last"


def test_an_answer_that_is_none_is_a_hub_that_does_not_answer(tmp_path) -> None:
    """Nonsense, or a proxy's own page, is an error that may be tried again."""
    script = [b"nonsense\r\n\r\n", b"nonsense\r\n\r\n", b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nbad"]
    with served(tmp_path, lambda number, _: script[number]) as client:
        for _ in range(2):
            with pytest.raises(SiteUnreachable) as found:
                client.get("/v1/x")
            assert found.value.retryable
        with pytest.raises(SiteUnreachable, match="502"):
            client.get("/v1/x")


@pytest.mark.parametrize("path", ["/v1/a b", "/v1/é", "/v1/x\r\nHost: y", ""])
def test_an_address_cannot_hold_another_request(tmp_path, path: str) -> None:
    """Spaces, line ends and signs beyond ASCII are refused before anything is sent."""
    with served(tmp_path, lambda _number, _request: ok()) as client, pytest.raises(UsageError):
        client.get(path)
