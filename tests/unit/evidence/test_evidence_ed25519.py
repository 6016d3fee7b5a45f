"""The Ed25519 of the offline script against RFC 8032, Wycheproof and another implementation."""

from __future__ import annotations

import ast
import inspect
import json
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared_files import shared_data
from summand.errors import SummandError
from summand.evidence import verify
from summand.evidence.verify import is_signed
from summand.signing import PrivateKey, PublicKey

# RFC 8032 §7.1, tests 1, 2 and 3, and "SHA(abc)": public key, message, signature.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
        "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
]  # fmt: skip
ORDER = 2**252 + 27742317777372353535851937790883648493


@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_vectors_of_rfc_8032(key: str, message: str, signature: str) -> None:
    """Each verifies; with one bit of key, message or signature changed it does not."""
    parts = [bytes.fromhex(key), bytes.fromhex(signature), bytes.fromhex(message)]
    assert is_signed(*parts)
    for place, part in enumerate(parts):
        for at in range(0, len(part), 7):
            changed = part[:at] + bytes([part[at] ^ 1]) + part[at + 1 :]
            assert not is_signed(*[changed if n == place else other for n, other in enumerate(parts)])


def test_vectors_of_wycheproof() -> None:
    """Every valid signature verifies, every invalid one does not: malleable, truncated, out of range."""
    groups = json.loads(shared_data("vectors/ed25519_test.json").read_text())["testGroups"]
    judged = 0
    for group in groups:
        key = bytes.fromhex(group["publicKey"]["pk"])
        for test in group["tests"]:
            found = is_signed(key, bytes.fromhex(test["sig"]), bytes.fromhex(test["msg"]))
            assert found == (test["result"] == "valid"), test["comment"]
            judged += 1
    assert judged > 100


@given(st.binary(max_size=200), st.integers(0, 511), st.binary(min_size=32, max_size=32))
@settings(max_examples=60, deadline=None)
def test_agrees_with_the_library(message: bytes, bit: int, key: bytes) -> None:
    """On true signatures, on ones with a flipped bit, and on keys that are any bytes."""
    secret = PrivateKey.generate()
    signature = secret.sign(message)
    assert is_signed(secret.public.raw, signature, message)
    flipped = bytearray(signature)
    flipped[bit // 8] ^= 1 << bit % 8
    for public, given_signature in ((secret.public.raw, bytes(flipped)), (key, signature), (key, key + key)):
        assert is_signed(public, given_signature, message) == _library(public, given_signature, message)


def _library(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        PublicKey(key).verify(signature, message)
    except SummandError:
        return False
    return True


def test_a_signature_has_one_form() -> None:
    """S plus the order of the group verifies nowhere (RFC 8032 §5.1.7: S is below it)."""
    key, message = PrivateKey.generate(), b"once"
    signature = key.sign(message)
    other = (int.from_bytes(signature[32:], "little") + ORDER).to_bytes(32, "little")
    assert not is_signed(key.public.raw, signature[:32] + other, message)


def test_the_script_needs_nothing_but_python() -> None:
    """Every import is of the standard library, so that it runs where nothing is installed."""
    tree = ast.parse(inspect.getsource(verify))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} <= set(sys.stdlib_module_names)
    assert not names & {"socket", "urllib", "http", "subprocess", "ssl"}
