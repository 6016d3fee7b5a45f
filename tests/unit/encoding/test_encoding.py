"""Canonical JSON, frames, hashes and base64: one form for one value, and our error for everything else."""

from __future__ import annotations

import hashlib
import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.encoding import canonical, digest, dump, from_base64, pack, parse, parse_canonical, to_base64, unpack
from summand.errors import OwnProtocolError, PeerProtocolError
from summand.tables import Count

# A whole float of 2^53 or more is written as an integer that cannot be read back exactly: refused on reading, below.
exact_floats = st.floats(min_value=-(2**53) + 1, max_value=2**53 - 1, allow_nan=False)
numbers = st.one_of(st.integers(-(2**53) + 1, 2**53 - 1), exact_floats)
values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [  # RFC 8785 §3.2.2 and appendix B
        ({"b": 1, "a": 2}, b'{"a":2,"b":1}'),
        ([333333333.33333329, 1e30, 4.50, 2e-3, 1e-27], b"[333333333.3333333,1e+30,4.5,0.002,1e-27]"),
        ("\u20ac$\u000f\nA'B\"\\\\\"/", b'"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'),
        ([None, True, False], b"[null,true,false]"),
        (0.0, b"0"), (-0.0, b"0"), (5e-324, b"5e-324"), (1.7976931348623157e308, b"1.7976931348623157e+308"),
        (9007199254740992.0, b"9007199254740992"), (295147905179352830000.0, b"295147905179352830000"),
        (1e21, b"1e+21"), (9.999999999999997e22, b"9.999999999999997e+22"),
        ({"\u20ac": 1, "\r": 2, "1": 3, "\U0001f600": 4, "\u0080": 5, "\u00f6": 6, "\ufb33": 7},
         '{"\\r":2,"1":3,"\u0080":5,"\u00f6":6,"\u20ac":1,"\U0001f600":4,"\ufb33":7}'.encode()),
    ],
)  # fmt: skip
def test_canonical_form_of_rfc_8785(value: object, expected: bytes) -> None:
    """The RFC's own examples: numbers as ECMAScript writes them, keys in UTF-16 order."""
    assert canonical(value) == expected


@given(values)
def test_canonical_reads_back_and_is_unique(value: object) -> None:
    """What is written reads back, and writing that again gives the same bytes."""
    written = canonical(value)

    assert canonical(json.loads(written)) == written
    assert parse_canonical(written) == json.loads(written)


def test_a_whole_number_past_2_53_is_not_read_as_canonical() -> None:
    """It has a form, but no reader could tell which integer was meant."""
    with pytest.raises(PeerProtocolError):
        parse_canonical(canonical(2.0**53))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53 + 1, object(), {1: 2}, Count(3), b"bytes"])
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    """Not-a-number, integers past 2^53, foreign types and raw counts of people."""
    with pytest.raises(OwnProtocolError):
        canonical(value)


@pytest.mark.parametrize(
    "data", [b'{"b":1,"a":2}', b'{"a": 1}', b'{"a":1,"a":2}', b"1.0", b'"\\u0041"', b"[1,]", b"", b"\xff"]
)
def test_only_the_canonical_form_is_read_as_such(data: bytes) -> None:
    """Other key orders, spaces, duplicate keys and other spellings of one value are refused."""
    with pytest.raises(PeerProtocolError):
        parse_canonical(data)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=20))
def test_floats_travel_to_the_last_bit(numbers: list[float]) -> None:
    """A dumped float64 reads back as the same 64 bits."""
    back = parse(dump(np.array(numbers)))

    assert struct.pack(f"{len(back)}d", *back) == struct.pack(f"{len(numbers)}d", *numbers)


def test_a_raw_count_cannot_be_sent() -> None:
    """A number of people that did not pass disclosure has no JSON form."""
    with pytest.raises(OwnProtocolError):
        dump({"n": Count(7)})


@given(st.dictionaries(st.text(max_size=6), st.integers(0, 100), max_size=4), st.binary(max_size=200))
def test_a_frame_reads_back(header: dict[str, int], body: bytes) -> None:
    """Header and body come back, and the header's bytes exactly as sent."""
    frame = unpack(pack(header, body))

    assert (frame.header, frame.body) == (header, body)
    assert parse(frame.header_bytes) == header


@given(st.binary(max_size=60))
def test_noise_is_no_frame(data: bytes) -> None:
    """Whatever bytes come, there is a frame or our error."""
    try:
        unpack(data)
    except PeerProtocolError:
        return
    assert data[:4] == b"SMD1"


@pytest.mark.parametrize(
    "data",
    [b"", b"SMD1", b"SMD1\xff\xff\xff\xff{}", b"XXXX\0\0\0\2{}", b"SMD1\0\0\0\2[]", b"SMD1\0\0\0\1{", b"SMD1\0\0\0\0"],
)
def test_malformed_frames_are_refused(data: bytes) -> None:
    """Cut off, too long a header, another magic, a header that is no object."""
    with pytest.raises(PeerProtocolError):
        unpack(data)


def test_a_digest_is_not_confused_by_moving_a_byte() -> None:
    """Each part carries its length; the construction is the one that is written down."""
    assert digest(b"ab", b"c") != digest(b"a", b"bc")
    assert digest(b"ab") == hashlib.sha256(struct.pack(">Q", 2) + b"ab").digest()


@given(st.binary(max_size=50))
def test_base64_has_one_form(data: bytes) -> None:
    """It reads back; a line break, missing padding or set spare bits are refused."""
    text = to_base64(data)

    assert from_base64(text) == data
    for wrong in (text + "\n", text.rstrip("=") + "-", text + "===="):
        with pytest.raises(PeerProtocolError):
            from_base64(wrong)
    if data and len(data) % 3 == 1:
        with pytest.raises(PeerProtocolError):
            from_base64(text[:-3] + chr(ord(text[-3]) + 1) + "==")
