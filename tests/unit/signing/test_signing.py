"""Keys and envelopes: what verifies, what does not, and that no secret shows."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.errors import PeerProtocolError, SignatureInvalid, SummandError
from summand.signing import Envelope, PrivateKey, PublicKey, open_sealed, seal

TYPE = "application/vnd.summand.test+json"
KEY, OTHER = PrivateKey.generate(), PrivateKey.generate()


def test_an_envelope_opens_under_its_type_and_key() -> None:
    """The value comes back once type and signature hold."""
    assert open_sealed(seal(TYPE, {"a": [1, 2.5]}, KEY), TYPE, [KEY.public]) == {"a": [1, 2.5]}


def test_the_signed_bytes_are_those_of_dsse() -> None:
    """The pre-authentication encoding of DSSE v1, computed here by hand."""
    envelope = seal(TYPE, {"a": 1}, KEY)
    encoded = b"DSSEv1 %d %s %d %s" % (len(TYPE), TYPE.encode(), len(envelope.payload), envelope.payload)

    KEY.public.verify(envelope.signatures[0][1], encoded)


def test_a_signature_on_one_type_is_none_on_another() -> None:
    """The type is inside what is signed: renaming it breaks the signature."""
    envelope = seal(TYPE, {"a": 1}, KEY)

    with pytest.raises(SignatureInvalid):
        open_sealed(envelope, "application/vnd.summand.other+json", [KEY.public])
    renamed = Envelope(envelope.payload, "application/vnd.summand.other+json", envelope.signatures)
    with pytest.raises(SignatureInvalid):
        open_sealed(renamed, renamed.payload_type, [KEY.public])


def test_a_strangers_signature_does_not_count() -> None:
    """Neither under the stranger's own key, nor with the other key's identifier put over it."""
    envelope = seal(TYPE, {"a": 1}, OTHER)
    relabelled = Envelope(envelope.payload, TYPE, ((KEY.public.fingerprint, envelope.signatures[0][1]),))

    for forged in (envelope, relabelled, Envelope(envelope.payload, TYPE, ())):
        with pytest.raises(SignatureInvalid):
            open_sealed(forged, TYPE, [KEY.public])


def test_a_threshold_counts_different_keys() -> None:
    """Two of two needs both; the same key twice is one."""
    once, both = seal(TYPE, 1, KEY), seal(TYPE, 1, KEY, OTHER)

    both.verify(TYPE, [KEY.public, OTHER.public], 2)
    with pytest.raises(SignatureInvalid):
        once.verify(TYPE, [KEY.public, OTHER.public], 2)
    with pytest.raises(SignatureInvalid):
        once.verify(TYPE, [KEY.public, KEY.public], 2)


@given(st.integers(0, 10_000), st.integers(0, 7))
def test_any_flipped_bit_is_found(position: int, bit: int) -> None:
    """In payload or signature."""
    envelope = seal(TYPE, {"who": "north", "what": "permit"}, KEY)
    key, signature = envelope.signatures[0]
    whole = bytearray(envelope.payload + signature)
    whole[position % len(whole)] ^= 1 << bit
    cut = len(envelope.payload)

    with pytest.raises(SignatureInvalid):
        open_sealed(Envelope(bytes(whole[:cut]), TYPE, ((key, bytes(whole[cut:])),)), TYPE, [KEY.public])


@pytest.mark.parametrize(
    "change",
    [
        lambda e: e.pop("payload"),
        lambda e: e.update(extra=1),
        lambda e: e.update(payload="not base64!"),
        lambda e: e.update(payload=e["payload"] + "\n"),
        lambda e: e.update(payload=e["payload"].replace("=", "")+"_"),
        lambda e: e.update(payloadType=5),
        lambda e: e.update(signatures={}),
        lambda e: e.update(signatures=[1]),
        lambda e: e["signatures"].append(e["signatures"][0]),
        lambda e: e["signatures"][0].update(keyid=3),
        lambda e: e["signatures"][0].update(other=3),
    ],
)  # fmt: skip
def test_a_malformed_envelope_is_our_error(change: Any) -> None:
    """Missing, unknown and malformed fields, and a key that signs twice."""
    fields = json.loads(json.dumps(seal(TYPE, {"a": 1}, KEY).to_dict()))
    change(fields)

    with pytest.raises(SummandError):
        open_sealed(Envelope.from_dict(fields), TYPE, [KEY.public])


@pytest.mark.parametrize("value", [None, 3, [], "text", {}])
def test_what_is_no_object_is_no_envelope(value: object) -> None:
    """JSON of other kinds."""
    with pytest.raises(PeerProtocolError):
        Envelope.from_dict(value)


def test_a_payload_that_is_not_canonical_is_refused() -> None:
    """Two spellings of one document would have two hashes."""
    with pytest.raises(PeerProtocolError):
        open_sealed(Envelope(b'{"b": 1}', TYPE, ()).signed_by(KEY), TYPE, [KEY.public])


def test_a_key_file_is_its_owners_alone_and_never_overwritten(tmp_path: Path) -> None:
    """Mode 0600; a second save is refused and the first stays."""
    path = tmp_path / "key.pem"
    KEY.save(path)

    assert path.stat().st_mode & 0o777 == 0o600 and PrivateKey.load(path).public == KEY.public
    with pytest.raises(SignatureInvalid):
        OTHER.save(path)
    assert PrivateKey.load(path).public == KEY.public


@pytest.mark.parametrize("content", [b"", b"noise", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_file_without_a_key_is_our_error(tmp_path: Path, content: bytes) -> None:
    """Empty, noise, damaged; and a file that is not there."""
    path = tmp_path / "key.pem"
    path.write_bytes(content)

    for wrong in (path, tmp_path / "absent.pem"):
        with pytest.raises(SignatureInvalid):
            PrivateKey.load(wrong)


@pytest.mark.parametrize(
    "text", ["", "ed25519:", "rsa:AAAA", "ed25519:!!", "ed25519:" + base64.b64encode(b"short").decode()]
)
def test_a_malformed_public_key_is_our_error(text: str) -> None:
    """Another prefix, no base64, another length."""
    with pytest.raises(PeerProtocolError):
        PublicKey.from_text(text)


def test_no_secret_shows() -> None:
    """Neither in a repr nor in a traceback's arguments."""
    assert repr(KEY) == "PrivateKey()"
