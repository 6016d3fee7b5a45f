"""Frozen and published vectors: contexts, keys, masks, codecs and whole masked vectors, by a second implementation.

`securesum_vectors.json` is the protocol's version 2 in numbers: it changes with the version only. Each entry is checked twice, against
this package and against the plain-Python reading of the specification in this folder.
"""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from pure_aes import encrypt_block, mask_bytes
from specification import FILE, LABEL, expanded, hashed, masked_vector, round_seed, share_key

from shared_files import shared_data
from summand.errors import SumError
from summand.securesum import Codec, Cohort, HubSum, PairKeys, Round, _masking, context, mask_upload, reveal
from summand.securesum._kdf import expand, extract
from summand.securesum._masking import mask_seed, stand_in_digest
from summand.securesum._prg import PATHS, SEGMENT_BYTES, segment_stream

FROZEN = json.loads(FILE.read_text())


def codec_of(name: str, sites: int) -> Codec:
    return Codec.q63_64() if name == "q63.64" else Codec.from_dict({"name": name, "bound": 100.0, "sites": sites})


def test_the_reference_cipher_is_aes():
    """FIPS 197 appendix C.3 (AES-256)."""
    plain = bytes.fromhex("00112233445566778899aabbccddeeff")
    assert encrypt_block(bytes(range(32)), plain).hex() == "8ea2b7ca516745bfeafc49904b496089"


def test_masks_begin_as_the_gcm_specification_says():
    """McGrew and Viega, GCM, test case 14: the all-zero key, nonce and plaintext give this ciphertext."""
    for path in PATHS:
        assert segment_stream(bytes(32), 0, path).update(bytes(16)).hex() == "cea7403d4d606b6e074ec5d3baf39d18"


@pytest.mark.parametrize("entry", FROZEN["context"])
def test_contexts_are_frozen(entry):
    """The context of a specification."""
    specification = bytes.fromhex(entry["specification"])

    assert context(specification).hex() == entry["context"]
    assert hashed(LABEL + b"context", specification).hex() == entry["context"]


@pytest.mark.parametrize("entry", FROZEN["keys"])
def test_derived_keys_are_frozen(entry):
    """Mask seeds and share keys from a pair's key."""
    pair, bound = bytes.fromhex(entry["pair_key"]), bytes.fromhex(entry["digest"])
    keys, number = PairKeys("a", bytes(32), b"", {"b": pair}), entry["number"]

    assert keys.round_seed("b", number).hex() == round_seed(pair, number).hex() == entry["round_seed"]
    assert mask_seed(keys.round_seed("b", number), bound).hex() == entry["mask_seed"]
    assert expanded(round_seed(pair, number), LABEL + b"mask" + bound).hex() == entry["mask_seed"]
    for label, name in ((b"share", "share_key"), (b"stand-in", "stand_in_key")):
        ends = (entry["sender"], entry["receiver"])
        assert keys.share_key("b", label, bound, *ends).hex() == entry[name]
        assert share_key(pair, label, bound, *ends).hex() == entry[name]


@pytest.mark.parametrize("entry", FROZEN["mask"])
def test_masks_are_frozen(entry):
    """The first bytes of a segment, by both fast paths and by plain AES."""
    seed, expected = bytes.fromhex(entry["seed"]), bytes.fromhex(entry["bytes"])
    for path in PATHS:
        assert segment_stream(seed, entry["segment"], path).update(bytes(len(expected))) == expected
    assert mask_bytes(seed, len(expected), entry["segment"]) == expected
    assert SEGMENT_BYTES == 2**24


@pytest.mark.parametrize("entry", FROZEN["codec"])
def test_encodings_are_frozen(entry):
    """Values to bytes and back; fixed32 rounds at random, so only its decoding is frozen."""
    codec = codec_of(entry["codec"], 3)
    values, data = [float.fromhex(v) for v in entry["values"]], bytes.fromhex(entry["bytes"])
    scale, width, count = Fraction(2) ** codec.fraction_bits, codec.bytes_per_value, len(values)
    units = [round(Fraction(v) * scale) % 2 ** (8 * width) for v in values] + [0] * (16 // width)
    if width == 16:
        plain = b"".join((u % 2**64).to_bytes(8, "little") for u in units)
        plain += b"".join((u >> 64).to_bytes(8, "little") for u in units)
    else:
        plain = b"".join(u.to_bytes(width, "little") for u in units)

    assert plain == data
    assert codec.fraction_bits == entry["fraction_bits"]
    assert codec.decode(codec.from_bytes(data, count)).tolist() == [
        float(round(Fraction(v) * scale) / scale) for v in values
    ]
    if entry["codec"] != "fixed32":
        assert codec.to_bytes(codec.encode(np.array(values), 100.0)) == data


@pytest.mark.parametrize("entry", FROZEN["round"])
def test_whole_masked_vectors_are_frozen(entry, monkeypatch):
    """Every byte of three sites' uploads, from pair keys and self-mask seeds; the total opens to the frozen one."""
    cohort, codec = Cohort.from_dict(entry["cohort"]), codec_of(entry["codec"], 3)
    ctx, sites, uploads = bytes.fromhex(entry["ctx"]), entry["cohort"]["sites"], {}
    names = [site["site"] for site in sites]
    pairs = {frozenset(pair.split("|")): bytes.fromhex(key) for pair, key in entry["pair_keys"].items()}
    keys = {
        me: PairKeys(me, cohort.agreement_hash, cohort.epoch, {p: pairs[frozenset((me, p))] for p in names if p != me})
        for me in names
    }
    rnd = Round(cohort, ctx, entry["number"])
    hub = HubSum(rnd, codec, len(entry["values"][0]))
    for me, row, self_seed, masked in zip(names, entry["values"], entry["self_seeds"], entry["masked"], strict=True):
        monkeypatch.setattr(_masking.os, "urandom", lambda _, seed=self_seed: bytes.fromhex(seed))
        ring = codec.encode(np.array([float.fromhex(v) for v in row]), 100.0)
        uploads[me] = mask_upload(keys[me], rnd, me, ring, codec)
        assert uploads[me].masked.hex() == masked
        assert (
            masked
            == masked_vector(entry, codec.to_dict(), codec.fraction_bits, codec.bytes_per_value, names.index(me)).hex()
        )
        hub.add(me, uploads[me].masked)
    boxes = {me: {p: uploads[p].share_boxes[me] for p in names if p != me} for me in names}
    reveals = {me: reveal(keys[me], rnd, me, names, boxes[me], uploads[me].own_share) for me in names}

    assert cohort.digest().hex() == entry["cohort_digest"]
    assert rnd.digest.hex() == entry["round_digest"]
    assert stand_in_digest(cohort, entry["number"]).hex() == entry["stand_in_digest"]
    assert rnd.survivors_statement(names).hex() == entry["survivors_statement"]
    assert [v.hex() for v in codec.decode(hub.unmask(reveals)).tolist()] == entry["total"]


def test_hkdf_matches_the_published_vectors():
    """RFC 5869 and Wycheproof, HKDF-SHA-256: every output, and a refusal past 255 blocks."""
    groups = json.loads(shared_data("vectors/hkdf_sha256_test.json").read_text())["testGroups"]
    tests = [test for group in groups for test in group["tests"]]
    for test in tests:
        key = extract(bytes.fromhex(test["salt"]), bytes.fromhex(test["ikm"]))
        info = bytes.fromhex(test["info"])
        if test["result"] == "invalid":
            with pytest.raises(SumError, match="8,160"):
                expand(key, info, test["size"])
        else:
            assert expand(key, info, test["size"]).hex() == test["okm"]
    assert len(tests) == 86


def test_x25519_of_the_pair_setup_matches_the_published_vectors():
    """Wycheproof, X25519: the library that the hybrid KEM is built on; zero results are refused, as RFC 7748 allows."""
    groups = json.loads(shared_data("vectors/x25519_test.json").read_text())["testGroups"]
    checked = 0
    for test in (test for group in groups for test in group["tests"]):
        private = X25519PrivateKey.from_private_bytes(bytes.fromhex(test["private"]))
        public = X25519PublicKey.from_public_bytes(bytes.fromhex(test["public"]))
        try:
            assert private.exchange(public).hex() == test["shared"]
        except ValueError:
            assert test["result"] == "acceptable"
            assert int(test["shared"], 16) == 0
        checked += 1
    assert checked == 518
