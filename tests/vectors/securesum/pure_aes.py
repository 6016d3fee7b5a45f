"""AES-256 forward cipher and counter mode in plain Python, straight from FIPS 197: the independent truth for masks."""

from __future__ import annotations


def _xtime(a: int) -> int:
    return (a << 1 ^ 0x1B) & 0xFF if a & 0x80 else a << 1


def _multiply(a: int, b: int) -> int:
    product = 0
    while b:
        if b & 1:
            product ^= a
        a, b = _xtime(a), b >> 1
    return product


def _substitute(a: int) -> int:
    """Inverse in GF(2^8), then the affine map of FIPS 197 §5.1.1."""
    inverse = 1
    for _ in range(254):
        inverse = _multiply(inverse, a)
    result = 0x63
    for shift in range(5):
        result ^= (inverse << shift | inverse >> (8 - shift)) & 0xFF
    return result


SBOX = bytes(_substitute(a) for a in range(256))


def _round_keys(key: bytes) -> list[bytes]:
    words, constant = [key[k : k + 4] for k in range(0, 32, 4)], 1
    for k in range(8, 60):
        word = words[-1]
        if k % 8 == 0:
            word = bytes(SBOX[b] for b in word[1:] + word[:1])
            word = bytes([word[0] ^ constant]) + word[1:]
            constant = _xtime(constant)
        elif k % 8 == 4:
            word = bytes(SBOX[b] for b in word)
        words.append(bytes(a ^ b for a, b in zip(words[k - 8], word, strict=True)))
    return [b"".join(words[k : k + 4]) for k in range(0, 60, 4)]


def encrypt_block(key: bytes, block: bytes) -> bytes:
    """One 16-byte block under a 32-byte key (FIPS 197 §5.1)."""
    keys = _round_keys(key)
    state = [a ^ b for a, b in zip(block, keys[0], strict=True)]
    for number, round_key in enumerate(keys[1:], 1):
        state = [SBOX[b] for b in state]
        state = [state[(k + 4 * (k % 4)) % 16] for k in range(16)]
        if number < 14:
            mixed = []
            for c in range(0, 16, 4):
                column = state[c : c + 4]
                for r in range(4):
                    a, b, d, e = (column[(r + k) % 4] for k in range(4))
                    mixed.append(_xtime(a) ^ _xtime(b) ^ b ^ d ^ e)
            state = mixed
        state = [a ^ b for a, b in zip(state, round_key, strict=True)]
    return bytes(state)


def mask_bytes(seed: bytes, length: int, segment: int = 0) -> bytes:
    """The first bytes of one segment of a mask, block by block as the specification says."""
    nonce, output = segment.to_bytes(12, "big"), b""
    for counter in range(2, 2 + -(-length // 16)):
        output += encrypt_block(seed, nonce + counter.to_bytes(4, "big"))
    return output[:length]
