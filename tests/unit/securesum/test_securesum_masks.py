"""Masks: the two ways to compute them, their arithmetic against Python integers, and that they cancel."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from securesum_kit import codecs, integers_of

from summand.securesum import _prg, _ring, apply_masks
from summand.securesum._prg import PATHS, SEGMENT_BYTES, keystream


def seeds(count: int) -> list[bytes]:
    return [hashlib.sha256(bytes([k])).digest() for k in range(count)]


def test_both_paths_give_the_same_bytes_over_segment_borders():
    """AES-256-GCM and AES-256-CTR keystreams are equal, at the start of the first, second and third segment."""
    length = 2 * SEGMENT_BYTES + 4096
    gcm, ctr = (keystream(seeds(1)[0], length, path) for path in PATHS)

    assert hashlib.sha256(gcm).digest() == hashlib.sha256(ctr).digest()
    assert gcm[:64] != gcm[SEGMENT_BYTES : SEGMENT_BYTES + 64] != gcm[2 * SEGMENT_BYTES :][:64]


@pytest.mark.parametrize("length", [1, 1000, 5000, 20_000, 70_001])
def test_masking_equals_adding_the_keystream(length):
    """One mask added to zero is the keystream itself, whichever path, one-shot or streamed."""
    for codec in codecs(3):
        for path in (None, *PATHS):
            vector = codec.zeros(length)
            apply_masks(codec.ring, vector, seeds(1), [], path=path)

            assert vector.tobytes() == keystream(seeds(1)[0], vector.nbytes)


def test_masking_runs_over_a_segment_border():
    """A vector longer than 16 MiB goes on with the next segment's nonce."""
    vector = np.zeros(SEGMENT_BYTES // 4 + 70_000, "<u4")
    apply_masks(_ring.WordRing(32), vector, seeds(1), [])

    assert hashlib.sha256(vector.data).digest() == hashlib.sha256(keystream(seeds(1)[0], vector.nbytes)).digest()


def test_masks_can_start_at_any_block():
    """Masking the blocks apart, the last first, equals masking them together."""
    for codec in codecs(3):
        whole = codec.zeros(200_000)
        apart, start = whole.copy(), _ring.last_block_start(whole)
        apply_masks(codec.ring, whole, seeds(3)[:2], seeds(3)[2:])
        for part, first in ((apart[start:], start), (apart[:start], 0)):
            apply_masks(codec.ring, part, seeds(3)[:2], seeds(3)[2:], first_byte=first * apart.itemsize)

        assert 0 < start < whole.size
        assert np.array_equal(whole, apart)


@given(st.integers(0, 2**63), st.integers(0, 6), st.integers(0, 6))
def test_masked_vectors_are_right_modulo_the_ring(seed, plus, minus):
    """Value by value: x + Σ masks − Σ masks modulo 2^w, in Python integers (carries and borrows included)."""
    rng, all_seeds = np.random.default_rng(seed), seeds(12)
    for codec in codecs(3):
        start = np.frombuffer(rng.bytes(codec.vector_bytes(9)), codec.ring.dtype).copy()
        masks = [np.frombuffer(keystream(s, start.nbytes), codec.ring.dtype) for s in all_seeds]
        expected, modulus = integers_of(codec, start), 1 << (8 * codec.bytes_per_value)
        for sign, some in ((1, masks[:plus]), (-1, masks[6 : 6 + minus])):
            for mask in some:
                expected = [e + sign * m for e, m in zip(expected, integers_of(codec, mask), strict=True)]
        apply_masks(codec.ring, start, all_seeds[:plus], all_seeds[6 : 6 + minus])

        assert [v % modulus for v in integers_of(codec, start)] == [e % modulus for e in expected]


def test_hundreds_of_masks_settle_their_carries():
    """More masks than the carry counter holds, all ones, added and taken off: 128-bit arithmetic stays right."""
    ring, ones = _ring.WideRing(), np.full(8, 2**64 - 1, "<u8")
    vector = np.zeros(8, "<u8")
    ring.accumulate(vector, [(True, ones)] * 457)

    assert vector[:4].tolist() == [2**64 - 457] * 4
    assert vector[4:].tolist() == [2**64 - 1] * 4
    ring.accumulate(vector, [(False, ones)] * 457)
    assert not vector.any()


def test_added_and_subtracted_masks_cancel():
    """Adding and then subtracting any masks gives the vector back; before, it looks nothing like it."""
    for codec in codecs(3):
        plain = codec.encode(np.linspace(-100, 100, 40_000), 100.0)
        vector = plain.copy()
        apply_masks(codec.ring, vector, seeds(4), [])
        assert np.mean(vector == plain) < 0.01
        apply_masks(codec.ring, vector, [], seeds(4)[::-1])
        assert np.array_equal(vector, plain)


def test_the_faster_path_is_one_of_the_two():
    """The trial at first use picks a path; both are right, so the choice is never visible in a byte."""
    assert _prg._faster_path() in PATHS
