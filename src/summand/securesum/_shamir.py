"""Threshold secret sharing over the field of p = 2^256 + 297 elements.

Source: A. Shamir, "How to share a secret", CACM 22 (1979). p is the smallest prime above 2^256, so that every 32-byte
secret is a field element; a share is a field element in 33 little-endian bytes.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import lru_cache

from summand.errors import ShareInvalid

PRIME = 2**256 + 297
SHARE_BYTES = 33
SECRET_BYTES = 32


def split(secret: bytes, threshold: int, points: Sequence[int]) -> list[bytes]:
    """One 33-byte share per point; any ``threshold`` of them give the secret, fewer nothing about it.

    Args:
        secret: 32 bytes.
        threshold: Degree of the polynomial plus one, at most ``len(points)``.
        points: Different integers from 1 to p − 1, one per holder.

    Raises:
        ShareInvalid: if the points, threshold or secret are not of this kind.
    """
    if len(secret) != SECRET_BYTES or not 1 <= threshold <= len(points):
        raise _invalid("A secret has 32 bytes, and its threshold lies between 1 and the number of holders.")
    _check_points(points)
    coefficients = [secrets.randbelow(PRIME) for _ in range(threshold - 1)]
    constant, shares = int.from_bytes(secret, "little"), []
    for point in points:
        value = 0
        for coefficient in coefficients:
            value = (value + coefficient) * point % PRIME
        shares.append(((value + constant) % PRIME).to_bytes(SHARE_BYTES, "little"))
    return shares


def share_of(secret: bytes, coefficients: Sequence[bytes], point: int) -> bytes:
    """One share of a secret under a polynomial that its holders work out alike: 33 bytes.

    Args:
        secret: 32 bytes.
        coefficients: The other coefficients, 32 bytes each: one less than the threshold.
        point: This holder's, from 1.

    Raises:
        ShareInvalid: if the point is not of this kind.
    """
    _check_points([point])
    value = 0
    for coefficient in coefficients:
        value = (value + int.from_bytes(coefficient, "little")) * point % PRIME
    return ((value + int.from_bytes(secret, "little")) % PRIME).to_bytes(SHARE_BYTES, "little")


def combine(points: Sequence[int], shares: Sequence[bytes]) -> bytes:
    """The 32-byte secret behind exactly as many shares as the threshold.

    Raises:
        ShareInvalid: if a share is no field element, or they do not lead to a 32-byte secret.
    """
    return combine_numbers(points, [parse(share) for share in shares])


def combine_numbers(points: Sequence[int], values: Sequence[int]) -> bytes:
    """As `combine`, from parsed shares."""
    weights = lagrange(tuple(points), 0)
    secret = sum(weight * value for weight, value in zip(weights, values, strict=True)) % PRIME
    if secret >> 256:
        raise _invalid("Some shares do not belong to one secret.")
    return secret.to_bytes(SECRET_BYTES, "little")


def parse(share: bytes) -> int:
    """The field element in a share.

    Raises:
        ShareInvalid: if it does not have 33 bytes or is not below p.
    """
    value = int.from_bytes(share, "little")
    if len(share) != SHARE_BYTES or value >= PRIME:
        raise _invalid("A share is not a field element of 33 bytes.")
    return value


@lru_cache(maxsize=256)
def lagrange(points: tuple[int, ...], at: int) -> tuple[int, ...]:
    """The weights that take a polynomial's values at ``points`` to its value at ``at``."""
    _check_points(points)
    weights = []
    for point in points:
        numerator = denominator = 1
        for other in points:
            if other != point:
                numerator = numerator * (at - other) % PRIME
                denominator = denominator * (point - other) % PRIME
        weights.append(numerator * pow(denominator, -1, PRIME) % PRIME)
    return tuple(weights)


def _check_points(points: Sequence[int]) -> None:
    if len(set(points)) != len(points) or not all(0 < point < PRIME for point in points):
        raise _invalid("The points of a secret's shares must be different and not zero.")


def _invalid(message: str) -> ShareInvalid:
    return ShareInvalid(message, remedy="The round ends; start it again with the shares as the sites sent them.")
