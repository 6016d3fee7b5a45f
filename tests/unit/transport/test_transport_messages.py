"""Signed messages and signed readings: what is said cannot be carried elsewhere, changed, or said twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.errors import PeerProtocolError, SignatureInvalid, StrangerRefused, SummandError
from summand.signing import PrivateKey
from summand.transport import LedgerGrowth, ReadGate, cut, read_message, sign_message, sign_read

KEY = PrivateKey.generate()
ORIGIN = "unit.example/log"


def message(**fields) -> bytes:
    """One signed message."""
    return sign_message("round.upload", "north", "ab" * 16, 3, KEY, ORIGIN, body=b"\x00\x01", **fields)


def test_a_message_is_read_back_and_verifies() -> None:
    """Header fields, body and signature come back, and the signature holds."""
    read = read_message(message(context="c"))
    read.verify(KEY.public, ORIGIN)
    assert (read.kind, read.sender, read.round, read.body, read.header["context"]) == (
        "round.upload", "north", 3, b"\x00\x01", "c",
    )  # fmt: skip


def test_it_cannot_be_carried_to_another_federation() -> None:
    """The origin is under the signature."""
    with pytest.raises(SignatureInvalid):
        read_message(message()).verify(KEY.public, "other.example/log")


def test_the_representation_of_a_message_shows_no_body() -> None:
    """Logs that print a message do not hold what is in it."""
    assert "\\x01" not in repr(read_message(message()))


@given(data=st.binary(max_size=300))
def test_any_bytes_are_a_message_or_an_error_of_the_tree(data: bytes) -> None:
    """Reading never raises anything else."""
    try:
        read_message(data)
    except SummandError as error:
        assert error.code == "transport.peer_protocol"


@pytest.fixture
def gate():
    """A gate that knows one key, and whose clock the test sets."""
    now = [1_000_000.0]
    made = ReadGate(
        ORIGIN, lambda fingerprint: KEY.public if fingerprint == KEY.public.fingerprint else None, lambda: now[0]
    )
    made.now = now
    return made


def test_a_reading_is_allowed_once(gate) -> None:
    """The same headers a second time are refused."""
    headers = sign_read("/v1/x?a=1", KEY, ORIGIN, gate.now[0])
    assert gate.check("/v1/x?a=1", headers) == KEY.public
    with pytest.raises(StrangerRefused):
        gate.check("/v1/x?a=1", headers)


@pytest.mark.parametrize("seconds", [-301, 301, 10**9])
def test_a_reading_of_another_time_is_refused(gate, seconds: int) -> None:
    """Five minutes either way, no more."""
    with pytest.raises(StrangerRefused):
        gate.check("/v1/x", sign_read("/v1/x", KEY, ORIGIN, gate.now[0] + seconds))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Summand-Time", ""), ("Summand-Time", "²"), ("Summand-Time", "1e6"), ("Summand-Time", "-1"),
        ("Summand-Time", "9" * 5000), ("Summand-Nonce", ""), ("Summand-Nonce", "x" * 32), ("Summand-Signature", ""),
        ("Summand-Signature", "not base64"), ("Summand-Signature", "AAAA"), ("Summand-Key", ""), ("Summand-Key", "00" * 32),
    ],
)  # fmt: skip
def test_odd_headers_are_errors_of_the_tree(gate, name: str, value: str) -> None:
    """Whatever a header holds, the answer is one of our errors."""
    headers = {**sign_read("/v1/x", KEY, ORIGIN, gate.now[0]), name: value}
    with pytest.raises((StrangerRefused, PeerProtocolError, SignatureInvalid)):
        gate.check("/v1/x", headers)


def test_a_signature_is_for_its_path_and_query(gate) -> None:
    """A reading signed for one address reads no other."""
    with pytest.raises(SignatureInvalid):
        gate.check("/v1/x?after=2", sign_read("/v1/x?after=1", KEY, ORIGIN, gate.now[0]))


def test_parts_that_do_not_fit_are_refused() -> None:
    """Lengths must add up to the body, none below zero."""
    assert cut(b"abc", [1, 2]) == [b"a", b"bc"]
    for sizes in ([1], [4], [4, -1], []):
        with pytest.raises(PeerProtocolError):
            cut(b"abc", sizes)


@given(data=st.binary(max_size=100))
def test_any_bytes_are_a_ledger_answer_or_an_error_of_the_tree(data: bytes) -> None:
    """Reading a hub's answer never raises anything else."""
    with pytest.raises(PeerProtocolError):
        LedgerGrowth.read(data)
