"""The pseudorandom generator behind every mask, and its use on a vector.

Normative: byte k of a mask lies in segment s = ⌊k / 2^24⌋. Segment s is the AES-256-GCM keystream (NIST SP 800-38D,
the encryption of zeros without its tag) under the 32-byte seed with the 12-byte big-endian number s as nonce. The
same bytes are AES-256-CTR from the initial counter block nonce‖00000002, so a mask can be read from any block on. The
mask's bytes are added to the vector's bytes, read as little-endian words in the layout of `summand.securesum._ring`.
A seed masks one vector, ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from time import perf_counter
from typing import Literal

import numpy as np
from cryptography.hazmat.primitives.ciphers import AEADEncryptionContext, Cipher, CipherContext, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from summand.securesum._ring import BLOCK_BYTES, Ring, Term, Words, blocks

SEGMENT_BYTES = 1 << 24
Path = Literal["gcm", "ctr"]
PATHS: tuple[Path, Path] = ("gcm", "ctr")

_AES_BLOCK_BYTES = 16
_SHORT_BYTES = 1 << 16  # up to here one call of AESGCM is cheaper than setting up a stream [measured]
_ZEROS = memoryview(bytes(BLOCK_BYTES))


def segment_stream(seed: bytes, segment: int, path: Path = "gcm") -> AEADEncryptionContext | CipherContext:
    """The keystream of one segment from its start: feed it zeros. Both paths give the same bytes."""
    nonce = segment.to_bytes(12, "big")
    if path == "gcm":
        return Cipher(algorithms.AES256(seed), modes.GCM(nonce)).encryptor()
    return Cipher(algorithms.AES256(seed), modes.CTR(nonce + b"\x00\x00\x00\x02")).encryptor()


def _stream_at(seed: bytes, position: int, path: Path) -> AEADEncryptionContext | CipherContext:
    """The keystream from ``position``, a multiple of 16 bytes."""
    segment, offset = divmod(position, SEGMENT_BYTES)
    if offset == 0:
        return segment_stream(seed, segment, path)
    counter = 2 + offset // _AES_BLOCK_BYTES
    start = segment.to_bytes(12, "big") + counter.to_bytes(4, "big")
    return Cipher(algorithms.AES256(seed), modes.CTR(start)).encryptor()


@cache
def _faster_path() -> Path:
    """GCM where the processor has wide AES instructions (up to twice as fast), CTR elsewhere: tried once, 0.5 ms."""
    scratch, seconds = bytearray(BLOCK_BYTES), dict.fromkeys(PATHS, float("inf"))
    for _ in range(3):
        for path in PATHS:
            stream = segment_stream(bytes(32), 0, path)
            start = perf_counter()
            stream.update_into(_ZEROS, scratch)
            seconds[path] = min(seconds[path], perf_counter() - start)
    return "gcm" if seconds["gcm"] < seconds["ctr"] else "ctr"


def keystream(seed: bytes, length: int, path: Path = "gcm") -> bytes:
    """The first ``length`` bytes of a mask; for tests and vectors, since masking itself never allocates one."""
    parts = []
    for segment in range(-(-length // SEGMENT_BYTES)):
        count = min(SEGMENT_BYTES, length - segment * SEGMENT_BYTES)
        parts.append(segment_stream(seed, segment, path).update(bytes(count)))
    return b"".join(parts)


def apply_masks(
    ring: Ring,
    vector: Words,
    plus: Sequence[bytes],
    minus: Sequence[bytes],
    *,
    first_byte: int = 0,
    path: Path | None = None,
) -> None:
    """``vector`` plus the masks of ``plus`` minus those of ``minus``, in place.

    All masks are applied to one block while it lies in the processor's cache; no mask is ever held whole.

    Args:
        ring: The arithmetic.
        vector: Shape (words,), overwritten.
        plus: Seeds of 32 bytes.
        minus: Seeds of 32 bytes.
        first_byte: Where ``vector`` begins within the masked vector: a whole number of blocks.
        path: Which of the two equal ways to compute the keystream; None for the faster one here.
    """
    seeds = [(True, seed) for seed in plus] + [(False, seed) for seed in minus]
    if vector.nbytes <= _SHORT_BYTES and first_byte == 0 and path is None:
        ring.accumulate(vector, _short_terms(seeds, vector))
        return
    path = path or _faster_path()
    scratch = np.empty(BLOCK_BYTES // vector.itemsize, vector.dtype)
    streams: list[tuple[bool, AEADEncryptionContext | CipherContext]] = []
    position = first_byte
    for block in blocks(vector):
        if not streams or position % SEGMENT_BYTES == 0:
            streams = [(added, _stream_at(seed, position, path)) for added, seed in seeds]
        ring.accumulate(block, _stream_terms(streams, scratch[: block.size]))
        position += block.nbytes


def _short_terms(seeds: list[tuple[bool, bytes]], vector: Words) -> Iterator[Term]:
    zeros, nonce = _ZEROS[: vector.nbytes], bytes(12)
    for added, seed in seeds:
        sealed = AESGCM(seed).encrypt(nonce, zeros, None)
        yield added, np.frombuffer(sealed, vector.dtype, vector.size)


def _stream_terms(streams: list[tuple[bool, AEADEncryptionContext | CipherContext]], scratch: Words) -> Iterator[Term]:
    zeros, target = _ZEROS[: scratch.nbytes], scratch.view(np.uint8).data
    for added, stream in streams:
        stream.update_into(zeros, target)
        yield added, scratch
